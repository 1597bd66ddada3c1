//! Handover (交接): everything that somebody is working on goes to successors, in one action.
//!
//! What goes: all accounts, open deals, quotes that are not decided, open tickets that they answer,
//! and pending to-dos. What stays: deals that ended, decided quotes, contracts, orders, and every
//! stage change, interaction and receipt: results stay with the person who made them, and the
//! history of a record stays attached to it, for only owner and team change. Other fields, stages and
//! follow-ups are not touched.
//!
//! What belongs to one account goes to one successor, whatever the rule; what belongs to none is
//! shared out by the rule by itself. The clock of [`super::countdown`] begins anew for the successor.
//! Successors may come to hold more accounts than their role may claim; the preview says so.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, Set};
use serde::{Deserialize, Serialize};

use super::{assign, pool};
use crate::caller::Caller;
use crate::entity::{account, handover, opportunity, quote, role, ticket, todo, user};
use crate::error::{OperationsError, Result};
use crate::record::{EntityOf, Record};
use crate::resource::Resource;
use crate::unit::Unit;

/// How quotes stand that are not decided.
const OPEN_QUOTES: [&str; 4] = ["draft", "in_approval", "approved", "sent"];
/// How tickets stand that are not done.
const OPEN_TICKETS: [&str; 3] = ["open", "in_progress", "paused"];
/// How to-dos stand that are not done.
const PENDING: [&str; 2] = ["open", "snoozed"];

/// What goes, in the order in which it goes.
static HANDED: [&Resource; 5] = [
    &account::RESOURCE,
    &opportunity::RESOURCE,
    &quote::RESOURCE,
    &ticket::RESOURCE,
    &todo::RESOURCE,
];

/// By which rule successors are chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Rule {
    /// In turn.
    RoundRobin {
        /// The successors.
        successors: Vec<i64>,
    },
    /// By the region of the account.
    Region {
        /// The successor for each region.
        regions: BTreeMap<String, i64>,
        /// The successor for all else.
        otherwise: i64,
    },
    /// By the team that the account or record is of.
    Team {
        /// The successor for each team.
        teams: BTreeMap<i64, i64>,
        /// The successor for all else.
        otherwise: i64,
    },
    /// As listed.
    Accounts {
        /// The successor for each account.
        accounts: BTreeMap<i64, i64>,
        /// The successor for all else.
        otherwise: i64,
    },
}

/// A record that goes to a successor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// Its resource.
    pub entity: String,
    /// Its id.
    pub id: i64,
    /// The successor.
    pub to_user_id: i64,
}

/// What a successor gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Share {
    /// The successor.
    pub user_id: i64,
    /// Their name.
    pub name: String,
    /// How many records of each resource.
    pub records: BTreeMap<String, i64>,
    /// How many accounts they hold afterwards.
    pub accounts_held: i64,
    /// How many their role may claim.
    pub capacity: Option<i64>,
}

/// What a handover does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Who hands over.
    pub from_user_id: i64,
    /// What each successor gets.
    pub shares: Vec<Share>,
    /// Every record.
    pub moved: Vec<Moved>,
}

/// What a handover would do now; nothing is changed.
///
/// # Errors
///
/// When the caller may not assign the records of these people, or one of the successors is not at
/// work or is the one who leaves.
pub async fn preview(unit: &Unit, caller: &Caller, from_user_id: i64, rule: &Rule) -> Result<Plan> {
    let successors = people(unit, caller, from_user_id, rule).await?;
    let moved = Work::of(unit, from_user_id).await?.share_out(rule);
    let mut shares = Vec::new();
    for person in successors.values() {
        let mut records = BTreeMap::new();
        for one in moved.iter().filter(|one| one.to_user_id == person.id) {
            *records.entry(one.entity.clone()).or_insert(0) += 1;
        }
        let held = account::Entity::find()
            .filter(account::Column::OwnerId.eq(person.id))
            .filter(account::Column::DeletedAt.is_null())
            .count(unit)
            .await?;
        let role_of = role::Entity::find_by_id(person.role_id);
        let capacity = role_of.one(unit).await?.and_then(|role| role.pool_capacity);
        shares.push(Share {
            user_id: person.id,
            name: person.name.clone(),
            accounts_held: i64::try_from(held).unwrap_or(i64::MAX)
                + records.get(account::RESOURCE.name).copied().unwrap_or(0),
            records,
            capacity,
        });
    }
    Ok(Plan {
        from_user_id,
        shares,
        moved,
    })
}

/// Hands everything over, and gives the receipt. A second time there is nothing left to go.
///
/// # Errors
///
/// Those of [`preview`], and when there is no reason.
pub async fn hand_over(
    unit: &Unit,
    caller: &Caller,
    from_user_id: i64,
    rule: &Rule,
    reason: &str,
) -> Result<handover::Model> {
    super::release::given(reason)?;
    let successors = people(unit, caller, from_user_id, rule).await?;
    let work = Work::of(unit, from_user_id).await?;
    let moved = work.share_out(rule);
    let mut to = moved
        .iter()
        .filter_map(|one| successors.get(&one.to_user_id));
    let mut next = || to.next().ok_or_else(nobody);
    for read in &work.accounts {
        assign::hand_to(unit, read, next()?, reason.trim()).await?;
        pool::cancel_warnings(unit, read.id).await?;
    }
    for read in &work.opportunities {
        let person = next()?;
        let change = opportunity::ActiveModel {
            owner_id: Set(Some(person.id)),
            team_id: Set(person.team_id),
            ..Default::default()
        };
        unit.update(read, change).await?;
    }
    for read in &work.quotes {
        let person = next()?;
        let change = quote::ActiveModel {
            owner_id: Set(Some(person.id)),
            team_id: Set(person.team_id),
            ..Default::default()
        };
        unit.update(read, change).await?;
    }
    for read in &work.tickets {
        let person = next()?;
        let change = ticket::ActiveModel {
            owner_id: Set(Some(person.id)),
            team_id: Set(person.team_id),
            ..Default::default()
        };
        unit.update(read, change).await?;
    }
    for read in &work.todos {
        let person = next()?;
        let change = todo::ActiveModel {
            owner_id: Set(Some(person.id)),
            team_id: Set(person.team_id),
            ..Default::default()
        };
        unit.update(read, change).await?;
    }
    let receipt = handover::ActiveModel {
        from_user_id: Set(from_user_id),
        by_id: Set(unit.actor().user_id),
        at: Set(unit.now()),
        reason: Set(Some(reason.trim().to_owned())),
        rule: Set(json(rule)?),
        moved: Set(json(&moved)?),
        ..Default::default()
    };
    unit.insert::<handover::Model>(receipt).await
}

/// What somebody is working on.
struct Work {
    accounts: Vec<account::Model>,
    opportunities: Vec<opportunity::Model>,
    quotes: Vec<quote::Model>,
    tickets: Vec<ticket::Model>,
    todos: Vec<todo::Model>,
    /// Region and team of every account that any of it belongs to.
    places: BTreeMap<i64, (Option<String>, Option<i64>)>,
}

impl Work {
    async fn of(unit: &Unit, user_id: i64) -> Result<Self> {
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
                opportunity::Column::Outcome.eq("open"),
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
        let tickets = found(
            unit,
            all(
                ticket::Column::OwnerId.eq(user_id),
                ticket::Column::Status.is_in(OPEN_TICKETS),
            ),
        )
        .await?;
        let todos = pending(unit, user_id).await?;
        let mut work = Self {
            accounts,
            opportunities,
            quotes,
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

    /// Every record, in the order of [`HANDED`].
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
            .map(move |read| one(HANDED[0], read.id, Some(read.id), read.team_id));
        let opportunities = self
            .opportunities
            .iter()
            .map(move |read| one(HANDED[1], read.id, Some(read.account_id), read.team_id));
        let quotes = self
            .quotes
            .iter()
            .map(move |read| one(HANDED[2], read.id, Some(read.account_id), read.team_id));
        let tickets = self
            .tickets
            .iter()
            .map(move |read| one(HANDED[3], read.id, read.account_id, read.team_id));
        let todos = self
            .todos
            .iter()
            .map(move |read| one(HANDED[4], read.id, read.account_id, read.team_id));
        accounts
            .chain(opportunities)
            .chain(quotes)
            .chain(tickets)
            .chain(todos)
    }

    /// To whom each record goes.
    fn share_out(&self, rule: &Rule) -> Vec<Moved> {
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
                    .and_then(|team| teams.get(&team))
                    .copied()
                    .unwrap_or(*otherwise),
                Rule::Accounts {
                    accounts,
                    otherwise,
                } => record
                    .account
                    .and_then(|account| accounts.get(&account))
                    .copied()
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

/// The successors that the rule names, by id, if the caller may do it at all.
async fn people(
    unit: &Unit,
    caller: &Caller,
    from_user_id: i64,
    rule: &Rule,
) -> Result<BTreeMap<i64, user::Model>> {
    for resource in HANDED {
        let from = assign::within_reach(unit, caller, resource, from_user_id).await?;
        if from.is_none() {
            return Err(OperationsError::field(
                "from_user_id",
                format!("there is no person {from_user_id} in your teams"),
            ));
        }
    }
    let mut people = BTreeMap::new();
    for id in rule.successors() {
        if id == from_user_id {
            return Err(OperationsError::field(
                "rule",
                "the one who hands over cannot be a successor",
            ));
        }
        for resource in HANDED {
            let person = assign::person(unit, caller, resource, id).await?;
            people.insert(id, person);
        }
    }
    if people.is_empty() {
        return Err(nobody());
    }
    Ok(people)
}

impl Rule {
    fn successors(&self) -> BTreeSet<i64> {
        match self {
            Self::RoundRobin { successors } => successors.iter().copied().collect(),
            Self::Region { regions, otherwise } => {
                regions.values().chain([otherwise]).copied().collect()
            }
            Self::Team { teams, otherwise } => teams.values().chain([otherwise]).copied().collect(),
            Self::Accounts {
                accounts,
                otherwise,
            } => accounts.values().chain([otherwise]).copied().collect(),
        }
    }
}

fn nobody() -> OperationsError {
    OperationsError::field("rule", "names no successor")
}

/// The to-dos of somebody that are not done; but for the warnings of the pool, which end with them.
async fn pending(unit: &Unit, user_id: i64) -> Result<Vec<todo::Model>> {
    let mine = Condition::all()
        .add(todo::Column::OwnerId.eq(user_id))
        .add(todo::Column::State.is_in(PENDING));
    let mut todos: Vec<todo::Model> = found(unit, mine).await?;
    todos.retain(|todo| !pool::is_warning(todo));
    Ok(todos)
}

/// The records that meet the condition, oldest first.
async fn found<R: Record>(unit: &Unit, condition: Condition) -> Result<Vec<R>> {
    use sea_orm::IdenStatic as _;
    use sea_orm::strum::IntoEnumIterator as _;
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

fn json<T: Serialize>(value: &T) -> Result<serde_json::Value> {
    serde_json::to_value(value).map_err(|error| OperationsError::Damaged {
        entity: handover::RESOURCE.name,
        id: 0,
        detail: error.to_string(),
    })
}
