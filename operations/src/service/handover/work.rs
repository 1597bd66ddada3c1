//! What somebody is working on, and who gets it.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::sea_query::ExprTrait as _;
use sea_orm::strum::IntoEnumIterator as _;
use sea_orm::{ColumnTrait, Condition, EntityTrait, IdenStatic as _, QueryFilter, QueryOrder};

use super::{Heir, Moved, Rule};
use crate::entity::{account, contract, opportunity, quote, ticket, todo};
use crate::error::Result;
use crate::record::{EntityOf, Record};
use crate::resource::Resource;
use crate::service::pool;
use crate::unit::Unit;

/// How quotes stand that are not decided.
const OPEN_QUOTES: [&str; 4] = ["draft", "in_approval", "approved", "sent"];
/// How contracts stand that run or are to be signed.
const RUNNING: [&str; 3] = ["draft", "signed", "effective"];
/// How tickets stand that are not done.
const OPEN_TICKETS: [&str; 3] = ["open", "in_progress", "paused"];
/// How to-dos stand that are not done.
const PENDING: [&str; 2] = ["open", "snoozed"];

/// What somebody is working on.
pub(super) struct Work {
    pub(super) accounts: Vec<account::Model>,
    opportunities: Vec<opportunity::Model>,
    quotes: Vec<quote::Model>,
    contracts: Vec<contract::Model>,
    tickets: Vec<ticket::Model>,
    todos: Vec<todo::Model>,
    /// Region and team of every account that any of it belongs to.
    places: BTreeMap<i64, (Option<String>, Option<i64>)>,
}

impl Work {
    pub(super) async fn of(unit: &Unit, user_id: i64) -> Result<Self> {
        let all = |owner: sea_orm::sea_query::Expr, state: sea_orm::sea_query::Expr| {
            Condition::all().add(owner).add(state)
        };
        let accounts = found(
            unit,
            Condition::all().add(account::Column::OwnerId.eq(user_id)),
        )
        .await?;
        let opportunities = found(
            unit,
            all(
                opportunity::Column::OwnerId.eq(user_id),
                opportunity::Column::Outcome
                    .eq("open")
                    .or(opportunity::Column::Outcome
                        .eq("won")
                        .and(opportunity::Column::CompletedAt.is_null())),
            ),
        )
        .await?;
        let quotes = found(
            unit,
            all(
                quote::Column::OwnerId.eq(user_id),
                quote::Column::Outcome.is_in(OPEN_QUOTES),
            ),
        )
        .await?;
        let contracts = found(
            unit,
            all(
                contract::Column::OwnerId.eq(user_id),
                contract::Column::Status.is_in(RUNNING),
            ),
        )
        .await?;
        let tickets = found(
            unit,
            all(
                ticket::Column::OwnerId.eq(user_id),
                ticket::Column::Status.is_in(OPEN_TICKETS),
            ),
        )
        .await?;
        let todos = found(
            unit,
            all(
                todo::Column::OwnerId.eq(user_id),
                todo::Column::State.is_in(PENDING),
            ),
        )
        .await?;
        let mut work = Self {
            accounts,
            opportunities,
            quotes,
            contracts,
            tickets,
            todos,
            places: BTreeMap::new(),
        };
        let ids: BTreeSet<i64> = work.records().filter_map(|record| record.account).collect();
        for ids in ids.into_iter().collect::<Vec<_>>().chunks(1_000) {
            let accounts = account::Entity::find()
                .filter(account::Column::Id.is_in(ids.iter().copied()))
                .all(unit)
                .await?;
            let places = accounts
                .into_iter()
                .map(|account| (account.id, (account.region, account.team_id)));
            work.places.extend(places);
        }
        Ok(work)
    }

    /// What of it goes to successors: the warnings of the pool end with who was warned.
    pub(super) async fn to_hand_over(unit: &Unit, user_id: i64) -> Result<Self> {
        let mut work = Self::of(unit, user_id).await?;
        work.todos.retain(|todo| !pool::is_warning(todo));
        Ok(work)
    }

    /// Every record but the accounts, with its version, in the order in which it goes.
    pub(super) fn others(&self) -> impl Iterator<Item = (&'static Resource, i64, i64)> {
        let versions = |records: Vec<(i64, i64)>, resource: &'static Resource| {
            let records = records.into_iter();
            records.map(move |(id, version)| (resource, id, version))
        };
        versions(ids(&self.opportunities), &opportunity::RESOURCE)
            .chain(versions(ids(&self.quotes), &quote::RESOURCE))
            .chain(versions(ids(&self.contracts), &contract::RESOURCE))
            .chain(versions(ids(&self.tickets), &ticket::RESOURCE))
            .chain(versions(ids(&self.todos), &todo::RESOURCE))
    }

    /// Every record, first the accounts, then as in [`Work::others`].
    fn records(&self) -> impl Iterator<Item = Handed> {
        let one = |entity: &'static Resource, id, account, team| Handed {
            entity: entity.name,
            id,
            account,
            team,
        };
        let accounts = self
            .accounts
            .iter()
            .map(move |read| one(&account::RESOURCE, read.id, Some(read.id), read.team_id));
        let opportunities = self.opportunities.iter().map(move |read| {
            let account = Some(read.account_id);
            one(&opportunity::RESOURCE, read.id, account, read.team_id)
        });
        let quotes = self.quotes.iter().map(move |read| {
            one(
                &quote::RESOURCE,
                read.id,
                Some(read.account_id),
                read.team_id,
            )
        });
        let contracts = self.contracts.iter().map(move |read| {
            let account = Some(read.account_id);
            one(&contract::RESOURCE, read.id, account, read.team_id)
        });
        let tickets = self
            .tickets
            .iter()
            .map(move |read| one(&ticket::RESOURCE, read.id, read.account_id, read.team_id));
        let todos = self
            .todos
            .iter()
            .map(move |read| one(&todo::RESOURCE, read.id, read.account_id, read.team_id));
        accounts
            .chain(opportunities)
            .chain(quotes)
            .chain(contracts)
            .chain(tickets)
            .chain(todos)
    }

    /// To whom each record goes.
    pub(super) fn share_out(&self, rule: &Rule) -> Vec<Moved> {
        let mut turn = 0;
        let mut chosen: BTreeMap<i64, i64> = BTreeMap::new();
        let mut choose = |record: &Handed| {
            if let Some(successor) = record.account.and_then(|account| chosen.get(&account)) {
                return *successor;
            }
            let place = record.account.and_then(|account| self.places.get(&account));
            let successor = match rule {
                Rule::RoundRobin { successors } => {
                    turn += 1;
                    successors[(turn - 1) % successors.len()]
                }
                Rule::Region { regions, otherwise } => place
                    .and_then(|(region, _)| regions.get(region.as_ref()?))
                    .copied()
                    .unwrap_or(*otherwise),
                Rule::Team { teams, otherwise } => place
                    .map_or(record.team, |(_, team)| *team)
                    .and_then(|team| heir(teams, team))
                    .unwrap_or(*otherwise),
                Rule::Accounts {
                    accounts,
                    otherwise,
                } => record
                    .account
                    .and_then(|account| heir(accounts, account))
                    .unwrap_or(*otherwise),
            };
            if let Some(account) = record.account {
                chosen.insert(account, successor);
            }
            successor
        };
        self.records()
            .map(|record| Moved {
                to_user_id: choose(&record),
                entity: record.entity.to_owned(),
                id: record.id,
            })
            .collect()
    }
}

/// A record that goes, with what rules go by.
struct Handed {
    entity: &'static str,
    id: i64,
    account: Option<i64>,
    team: Option<i64>,
}

fn heir(heirs: &[Heir], of: i64) -> Option<i64> {
    let found = heirs.iter().find(|heir| heir.of == of);
    found.map(|heir| heir.user_id)
}

fn ids<R: Record>(records: &[R]) -> Vec<(i64, i64)> {
    let records = records.iter();
    records.map(|read| (read.id(), read.version())).collect()
}

/// The records that meet the condition, oldest first.
async fn found<R: Record>(unit: &Unit, condition: Condition) -> Result<Vec<R>> {
    let column = |name: &str| {
        <EntityOf<R> as EntityTrait>::Column::iter().find(|column| column.as_str() == name)
    };
    let mut select = EntityOf::<R>::find().filter(condition);
    if let Some(deleted_at) = column("deleted_at") {
        select = select.filter(deleted_at.is_null());
    }
    if let Some(id) = column("id") {
        select = select.order_by_asc(id);
    }
    Ok(select.all(unit).await?)
}
