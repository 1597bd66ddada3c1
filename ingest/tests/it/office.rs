//! An office at work on a real database: random calls of services, for what must hold of the lake
//! whatever is done in operations. Shared by the tests of ingest and of jobs.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use millrace_models::config::Company;
use millrace_operations::entity::{
    account, account_tag, contract, delivery, interaction, opportunity, order, order_line,
    payment_plan, product, quote, role, stage, stage_change, tag, team, ticket, user,
};
use millrace_operations::resources::{create, delete, update};
use millrace_operations::row::Row;
use millrace_operations::service::contract::{Terms, sign};
use millrace_operations::service::contract_draft::from_quote;
use millrace_operations::service::correction::{Correction, correct};
use millrace_operations::service::ending::{End, end, reopen};
use millrace_operations::service::instalment::NewInstalment;
use millrace_operations::service::interaction::{NewInteraction, register};
use millrace_operations::service::pricing::NewLine;
use millrace_operations::service::quote::{For, NewQuote, draft};
use millrace_operations::service::quote_decision::{Decision, decide, expire_due, send};
use millrace_operations::service::receipt::{Allocation, NewReceipt, receive};
use millrace_operations::service::stage_move::{Move, complete, move_stage};
use millrace_operations::setup::initialise;
use millrace_operations::testing::{ManualClock, Postgres};
use millrace_operations::{Actor, Caller, ErrorKind, Place, Record, Result, Store};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, ModelTrait, QueryFilter, QueryOrder,
    QueryResult, Set, Statement,
};
use tempfile::TempDir;

/// A small generator, so that the work is the same in every run.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % end
    }

    fn one_of<T: Copy>(&mut self, items: &[T]) -> T {
        items[usize::try_from(self.below(items.len() as u64)).unwrap()]
    }
}

macro_rules! go {
    ($office:expr, $caller:expr, $service:ident($($argument:expr),* $(,)?)) => {
        $office
            .store
            .write(&$caller.actor(), async |unit| {
                $service(&unit, $caller, $($argument),*).await
            })
            .await
    };
}

pub(crate) struct Office {
    pub(crate) store: Store,
    pub(crate) clock: Arc<ManualClock>,
    #[allow(dead_code, reason = "not all who share this ask")]
    pub(crate) place: Place,
    rep: Caller,
    lead: Caller,
    assistant: Caller,
    finance: Caller,
    products: [i64; 2],
    _folder: TempDir,
}

fn object(value: serde_json::Value) -> Row {
    match value {
        serde_json::Value::Object(row) => row,
        other => panic!("{other} is no object"),
    }
}

/// Whether it was done, and not refused for a reason that a client is told.
fn settled<T>(done: Result<T>) -> bool {
    match done {
        Ok(_) => true,
        Err(error) => {
            let expected = [
                ErrorKind::Invalid,
                ErrorKind::Forbidden,
                ErrorKind::NotFound,
                ErrorKind::Conflict,
            ];
            assert!(expected.contains(&error.kind()), "{error}");
            false
        }
    }
}

impl Office {
    pub(crate) async fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::File(folder.path().join("operations.db"));
        Self::open(place, folder).await
    }

    /// None where PostgreSQL is not installed.
    pub(crate) async fn on_postgres() -> Option<Self> {
        let url = Postgres::shared()?.database().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        Some(Self::open(Place::Url(url), folder).await)
    }

    async fn open(place: Place, folder: TempDir) -> Self {
        let start: DateTime<Utc> = "2026-03-02T01:30:00.123456Z".parse().unwrap();
        let clock = Arc::new(ManualClock::at(start));
        let store = Store::open(&place, clock.clone(), &Company::default())
            .await
            .unwrap();
        initialise(&store).await.unwrap();
        let actor = Actor::system("test");
        let (people, products) = store
            .write(&actor, async |unit| {
                let mut teams = Vec::new();
                for (name, parent) in [("China", None), ("East", Some(0)), ("South", Some(0))] {
                    let team = team::ActiveModel {
                        name: Set(name.to_owned()),
                        parent_id: Set(parent.map(|parent: usize| teams[parent])),
                        ..Default::default()
                    };
                    teams.push(unit.insert::<team::Model>(team).await?.id);
                }
                let mut people: Vec<i64> = Vec::new();
                for (name, code, team) in [
                    ("lead", "team_lead", Some(teams[1])),
                    ("rep", "rep", Some(teams[1])),
                    ("assistant", "sales_assistant", Some(teams[1])),
                    ("finance", "finance", None),
                ] {
                    let role = role::Entity::find()
                        .filter(role::Column::Code.eq(code))
                        .one(&unit)
                        .await?
                        .unwrap();
                    let user = user::ActiveModel {
                        username: Set(name.to_owned()),
                        name: Set(format!("Name of {name}")),
                        role_id: Set(role.id),
                        team_id: Set(team),
                        manager_id: Set((name == "rep").then(|| people[0])),
                        ..Default::default()
                    };
                    people.push(unit.insert::<user::Model>(user).await?.id);
                }
                let mut products = Vec::new();
                for code in ["valve", "seal"] {
                    let product = product::ActiveModel {
                        code: Set(code.to_owned()),
                        name: Set(format!("The {code}")),
                        list_price: Set(Some(100_004_999)),
                        ..Default::default()
                    };
                    products.push(unit.insert::<product::Model>(product).await?.id);
                }
                for name in ["key", "new"] {
                    let tag = tag::ActiveModel {
                        name: Set(name.to_owned()),
                        ..Default::default()
                    };
                    unit.insert::<tag::Model>(tag).await?;
                }
                Ok((people, [products[0], products[1]]))
            })
            .await
            .unwrap();
        let caller = async |place: usize| {
            let caller = Caller::load(store.reader(), people[place]).await;
            caller.unwrap()
        };
        let (lead, rep) = (caller(0).await, caller(1).await);
        let (assistant, finance) = (caller(2).await, caller(3).await);
        Self {
            store,
            clock,
            place,
            rep,
            lead,
            assistant,
            finance,
            products,
            _folder: folder,
        }
    }

    /// Waits until every transaction before this moment has ended, also those that other tests
    /// have open in their databases of the same server.
    pub(crate) async fn settle(&self) {
        if self.store.backend() != DbBackend::Postgres {
            return;
        }
        let ask = async |sql: &str| -> i64 {
            let statement = Statement::from_string(DbBackend::Postgres, sql);
            let row = self.store.reader().query_one_raw(statement).await.unwrap();
            row.unwrap().try_get_by_index(0).unwrap()
        };
        let next = ask("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint").await;
        while ask("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint").await < next {
            tokio::task::yield_now().await;
        }
    }

    /// The rows of a statement.
    pub(crate) async fn ask(&self, sql: &str) -> Vec<QueryResult> {
        let statement = Statement::from_string(self.store.backend(), sql);
        self.store.reader().query_all_raw(statement).await.unwrap()
    }

    async fn any<R: Record>(&self, dice: &mut Dice, fits: impl Fn(&R) -> bool) -> Option<R> {
        let mut found: Vec<R> = <R as ModelTrait>::Entity::find()
            .all(self.store.reader())
            .await
            .unwrap();
        found.retain(|record| fits(record));
        found.sort_by_key(Record::id);
        if found.is_empty() {
            return None;
        }
        let place = usize::try_from(dice.below(found.len() as u64)).unwrap();
        Some(found.swap_remove(place))
    }

    /// Does so many random things.
    pub(crate) async fn work(&self, dice: &mut Dice, calls: usize) {
        let mut done = 0;
        for _ in 0..calls {
            self.clock
                .advance(TimeDelta::minutes(i64::try_from(dice.below(400)).unwrap()));
            done += usize::from(self.step(dice).await);
        }
        assert!(done * 3 > calls, "a world of refusals: {done} of {calls}");
    }

    /// Does one random thing; whether it was allowed.
    pub(crate) async fn step(&self, dice: &mut Dice) -> bool {
        match dice.below(30) {
            0..=1 => self.account(dice).await,
            2..=4 => self.deal(dice).await,
            5..=10 => self.moving(dice).await,
            11 => self.ending(dice).await,
            12..=13 => self.correcting(dice).await,
            14..=16 => self.quoting(dice).await,
            17..=18 => self.contracting(dice).await,
            19 => self.paying(dice).await,
            20..=21 => self.ordering(dice).await,
            22..=23 => self.talking(dice).await,
            24 => self.ticket(dice).await,
            25..=26 => self.tagging(dice).await,
            27 => self.people(dice).await,
            28 => self.deleting(dice).await,
            _ => {
                let job = Actor::system("expire");
                let work = async |unit| expire_due(&unit, 10).await;
                settled(self.store.write(&job, work).await)
            }
        }
    }

    async fn account(&self, dice: &mut Dice) -> bool {
        let known = self.any::<account::Model>(dice, |own| own.deleted_at.is_none());
        let known = known.await;
        let input = object(serde_json::json!({
            "name": format!("Company {}", dice.below(1 << 40)),
            "region": dice.one_of(&["East", "South"]),
            "industry": if dice.below(3) == 0 { None } else { Some("power") },
        }));
        let resource = &account::RESOURCE;
        match known {
            Some(own) if dice.below(2) == 0 => {
                let input = object(serde_json::json!({
                    "region": if dice.below(2) == 0 { None } else { Some("North") },
                    "level": "A",
                }));
                settled(
                    update(
                        &self.store,
                        &self.rep,
                        resource,
                        own.id,
                        own.version,
                        &input,
                    )
                    .await,
                )
            }
            _ => settled(create(&self.store, &self.rep, resource, &input).await),
        }
    }

    async fn deal(&self, dice: &mut Dice) -> bool {
        let account = self
            .any::<account::Model>(dice, |own| {
                own.deleted_at.is_none() && own.owner_id.is_some()
            })
            .await;
        let Some(account) = account else {
            return self.account(dice).await;
        };
        let input = object(serde_json::json!({
            "name": "Valves", "account_id": account.id, "product_id": self.products[0],
            "original_amount": dice.below(1_000_000),
        }));
        settled(create(&self.store, &self.rep, &opportunity::RESOURCE, &input).await)
    }

    async fn open_deal(&self, dice: &mut Dice) -> Option<opportunity::Model> {
        let open = |own: &opportunity::Model| {
            own.deleted_at.is_none() && ["open", "won"].contains(&own.outcome.as_str())
        };
        self.any(dice, open).await
    }

    async fn moving(&self, dice: &mut Dice) -> bool {
        let Some(deal) = self.open_deal(dice).await else {
            return self.deal(dice).await;
        };
        let stages = stage::Entity::find()
            .order_by_asc(stage::Column::Position)
            .all(self.store.reader())
            .await
            .unwrap();
        let next = stages.iter().find(|stage| stage.id > deal.stage_id);
        let wild = dice.one_of(&stages.iter().map(|stage| stage.id).collect::<Vec<_>>());
        let ago = TimeDelta::hours(i64::try_from(dice.below(30)).unwrap());
        let at = (dice.below(3) == 0).then(|| self.store.now() - ago);
        if deal.outcome == "won" {
            return settled(go!(self, &self.lead, complete(deal.id, at)));
        }
        let to = Move {
            to_stage_id: match next {
                Some(next) if dice.below(4) > 0 => next.id,
                _ => wild,
            },
            changed_at: at,
            reason: Some("on with it".to_owned()),
            override_criteria: true,
        };
        settled(go!(self, &self.lead, move_stage(deal.id, to.clone())))
    }

    async fn ending(&self, dice: &mut Dice) -> bool {
        let Some(deal) = self
            .any::<opportunity::Model>(dice, |own| own.deleted_at.is_none())
            .await
        else {
            return false;
        };
        if !["open", "won"].contains(&deal.outcome.as_str()) {
            return settled(go!(self, &self.rep, reopen(deal.id, None)));
        }
        let how = match dice.below(3) {
            0 => End::Shelved { reason: None },
            1 => End::Invalid { reason: None },
            _ => End::Lost {
                reason: "price".to_owned(),
                competitor: Some("ACME".to_owned()),
                amount: None,
            },
        };
        settled(go!(self, &self.rep, end(deal.id, how.clone(), None)))
    }

    /// Corrects a move, often to the very moment of another one.
    async fn correcting(&self, dice: &mut Dice) -> bool {
        let Some(change) = self
            .any::<stage_change::Model>(dice, |own| own.kind != "open" && own.corrects_id.is_none())
            .await
        else {
            return false;
        };
        let others = stage_change::Entity::find()
            .filter(stage_change::Column::OpportunityId.eq(change.opportunity_id))
            .all(self.store.reader())
            .await
            .unwrap();
        let times: Vec<DateTime<Utc>> = others.iter().map(|own| own.changed_at).collect();
        let stages = stage::Entity::find()
            .all(self.store.reader())
            .await
            .unwrap();
        let stages: Vec<i64> = stages.iter().map(|stage| stage.id).collect();
        let correction = Correction {
            stage_id: (dice.below(3) == 0).then(|| dice.one_of(&stages)),
            changed_at: Some(match dice.below(2) {
                0 => dice.one_of(&times),
                _ => change.changed_at - TimeDelta::minutes(1),
            }),
            reason: "a slip".to_owned(),
        };
        settled(go!(
            self,
            &self.lead,
            correct(change.id, correction.clone())
        ))
    }

    async fn quoting(&self, dice: &mut Dice) -> bool {
        let rep = &self.rep;
        let sent = |own: &quote::Model| own.outcome == "sent";
        if dice.below(2) == 0
            && let Some(quote) = self.any::<quote::Model>(dice, sent).await
        {
            let decision = match dice.below(2) {
                0 => Decision::Decline {
                    reason: "price".to_owned(),
                },
                _ => Decision::Accept,
            };
            return settled(go!(self, rep, decide(quote.id, decision.clone(), None)));
        }
        let Some(deal) = self.open_deal(dice).await else {
            return false;
        };
        let input = NewQuote {
            lines: vec![NewLine {
                product_id: Some(self.products[1]),
                quantity: 1_000 + i64::try_from(dice.below(9_000)).unwrap(),
                ..NewLine::default()
            }],
            ..NewQuote::default()
        };
        let made = go!(self, rep, draft(For::Opportunity(deal.id), input.clone()));
        let id = made.as_ref().map_or(0, |made| made.id);
        settled(made) && (dice.below(3) == 0 || settled(go!(self, rep, send(id, None))))
    }

    async fn contracting(&self, dice: &mut Dice) -> bool {
        let assistant = &self.assistant;
        let unsigned = |own: &contract::Model| own.status == "draft";
        let today = self.store.calendar().date_of(self.store.now());
        if let Some(contract) = self.any::<contract::Model>(dice, unsigned).await {
            return settled(go!(self, assistant, sign(contract.id, today, None)));
        }
        let accepted = |own: &quote::Model| own.accepted_amount.is_some();
        let Some(quote) = self.any::<quote::Model>(dice, accepted).await else {
            return self.quoting(dice).await;
        };
        let terms = Terms {
            instalments: vec![NewInstalment {
                kind: "advance".to_owned(),
                due_by: "signing".to_owned(),
                share: Some(10_000),
                credit_days: 30,
                ..NewInstalment::default()
            }],
            ..Terms::default()
        };
        settled(go!(self, assistant, from_quote(quote.id, terms.clone())))
    }

    async fn paying(&self, dice: &mut Dice) -> bool {
        let due = |own: &payment_plan::Model| own.received_amount < own.amount;
        let Some(plan) = self.any::<payment_plan::Model>(dice, due).await else {
            return false;
        };
        let amount = 1 + i64::try_from(dice.below(9_999)).unwrap();
        let money = NewReceipt {
            account_id: plan.account_id,
            original_amount: amount,
            allocations: vec![Allocation {
                payment_plan_id: plan.id,
                amount: amount.min(plan.amount - plan.received_amount),
                on: None,
            }],
            ..NewReceipt::default()
        };
        settled(go!(self, &self.finance, receive(money.clone())))
    }

    async fn ordering(&self, dice: &mut Dice) -> bool {
        let Some(account) = self
            .any::<account::Model>(dice, |own| own.deleted_at.is_none())
            .await
        else {
            return false;
        };
        let known = match dice.below(3) {
            0 => {
                self.any::<order::Model>(dice, |own| own.deleted_at.is_none())
                    .await
            }
            _ => None,
        };
        let line = self.any::<order_line::Model>(dice, |_| true).await;
        let (cancel, other) = (dice.below(2) == 0, dice.below(2) == 0);
        let amounts: Vec<i64> = (0..dice.below(4))
            .map(|_| i64::try_from(dice.below(100_000)).unwrap())
            .collect();
        let kind = if dice.below(5) == 0 { "return" } else { "sale" };
        let store = &self.store;
        settled(
            store
                .write(&self.rep.actor(), async |unit| {
                    if let Some(known) = &known {
                        let change = order::ActiveModel {
                            status: Set(if cancel { "cancelled" } else { "delivered" }.to_owned()),
                            ..Default::default()
                        };
                        unit.update(known, change).await?;
                        if let Some(line) = line.as_ref().filter(|_| other) {
                            let change = order_line::ActiveModel {
                                amount: Set(line.amount + 1),
                                ..Default::default()
                            };
                            unit.update(line, change).await?;
                        }
                        return Ok(());
                    }
                    let total: i64 = amounts.iter().sum();
                    let order = order::ActiveModel {
                        account_id: Set(account.id),
                        owner_id: Set(account.owner_id),
                        team_id: Set(account.team_id),
                        ordered_at: Set(unit.now()),
                        kind: Set(kind.to_owned()),
                        // In another currency the lines do not add up to it.
                        amount: Set(Some(if other { total } else { total * 7 + 3 })),
                        ..Default::default()
                    };
                    let order = unit.insert::<order::Model>(order).await?;
                    for (position, amount) in (1..).zip(&amounts) {
                        let line = order_line::ActiveModel {
                            order_id: Set(order.id),
                            position: Set(position),
                            product_id: Set(Some(self.products[0])),
                            description: Set("阀门".to_owned()),
                            quantity: Set(1_500),
                            unit_price: Set(1),
                            amount: Set(*amount),
                            amount_without_tax: Set(*amount),
                            ..Default::default()
                        };
                        unit.insert::<order_line::Model>(line).await?;
                    }
                    let delivery = delivery::ActiveModel {
                        account_id: Set(account.id),
                        order_id: Set(Some(order.id)),
                        promised_on: Set(Some(unit.today())),
                        ..Default::default()
                    };
                    unit.insert::<delivery::Model>(delivery).await?;
                    Ok(())
                })
                .await,
        )
    }

    async fn talking(&self, dice: &mut Dice) -> bool {
        let Some(account) = self
            .any::<account::Model>(dice, |own| own.deleted_at.is_none())
            .await
        else {
            return false;
        };
        let call = NewInteraction {
            account_id: account.id,
            kind: "call".to_owned(),
            content: "a secret of the customer".to_owned(),
            two_way: dice.below(2) == 0,
            ..NewInteraction::default()
        };
        settled(go!(self, &self.rep, register(call.clone())))
    }

    async fn ticket(&self, dice: &mut Dice) -> bool {
        let known = self.any::<ticket::Model>(dice, |_| true).await;
        let account = self.any::<account::Model>(dice, |_| true).await;
        let other = dice.below(2) == 0;
        settled(
            self.store
                .write(&self.rep.actor(), async |unit| {
                    if let Some(known) = known.as_ref().filter(|_| other) {
                        let change = ticket::ActiveModel {
                            resolved_at: Set(Some(unit.now())),
                            satisfaction: Set(Some(4)),
                            ..Default::default()
                        };
                        unit.update(known, change).await?;
                    } else {
                        let ticket = ticket::ActiveModel {
                            kind: Set("complaint".to_owned()),
                            title: Set("leaks".to_owned()),
                            account_id: Set(account.as_ref().map(|own| own.id)),
                            requester_id: Set(Some(self.rep.user_id)),
                            opened_at: Set(unit.now()),
                            ..Default::default()
                        };
                        unit.insert::<ticket::Model>(ticket).await?;
                    }
                    Ok(())
                })
                .await,
        )
    }

    /// Tags an account, takes a tag away, renames one.
    async fn tagging(&self, dice: &mut Dice) -> bool {
        let account = self.any::<account::Model>(dice, |own| own.deleted_at.is_none());
        let Some(account) = account.await else {
            return false;
        };
        let (what, name) = (dice.below(3), format!("tag {}", dice.below(1 << 40)));
        let tag = self.any::<tag::Model>(dice, |_| true).await.unwrap();
        let live = |own: &account_tag::Model| own.deleted_at.is_none();
        let known = self.any::<account_tag::Model>(dice, live).await;
        let has = account_tag::Entity::find()
            .filter(account_tag::Column::AccountId.eq(account.id))
            .filter(account_tag::Column::TagId.eq(tag.id))
            .filter(account_tag::Column::DeletedAt.is_null())
            .one(self.store.reader())
            .await
            .unwrap();
        settled(
            self.store
                .write(&self.lead.actor(), async |unit| {
                    match (&known, what) {
                        (Some(known), 0) => {
                            unit.delete(known).await?;
                        }
                        (_, 1) => {
                            let change = tag::ActiveModel {
                                name: Set(name.clone()),
                                ..Default::default()
                            };
                            unit.update(&tag, change).await?;
                        }
                        _ if has.is_none() => {
                            let own = account_tag::ActiveModel {
                                account_id: Set(account.id),
                                tag_id: Set(tag.id),
                                ..Default::default()
                            };
                            unit.insert::<account_tag::Model>(own).await?;
                        }
                        _ => {}
                    }
                    Ok(())
                })
                .await,
        )
    }

    /// People change teams and names, teams change names, accounts and deals change hands.
    async fn people(&self, dice: &mut Dice) -> bool {
        let team = self.any::<team::Model>(dice, |_| true).await.unwrap();
        let user = self.any::<user::Model>(dice, |own| own.username == "finance");
        let user = user.await.unwrap();
        let deal = self.open_deal(dice).await;
        let account = self.any::<account::Model>(dice, |own| own.deleted_at.is_none());
        let account = account.await;
        let (what, number) = (dice.below(4), dice.below(1 << 40));
        settled(
            self.store
                .write(&self.lead.actor(), async |unit| {
                    match what {
                        0 => {
                            let change = team::ActiveModel {
                                name: Set(format!("Team {number}")),
                                ..Default::default()
                            };
                            unit.update(&team, change).await?;
                        }
                        1 => {
                            let change = user::ActiveModel {
                                team_id: Set((number % 3 > 0).then_some(team.id)),
                                name: Set(format!("Person {number}")),
                                ..Default::default()
                            };
                            unit.update(&user, change).await?;
                        }
                        2 if deal.is_some() => {
                            let deal = deal.as_ref().unwrap();
                            let owner = [Some(self.rep.user_id), Some(self.lead.user_id), None];
                            let change = opportunity::ActiveModel {
                                owner_id: Set(owner[usize::try_from(number % 3).unwrap()]),
                                ..Default::default()
                            };
                            unit.update(deal, change).await?;
                        }
                        _ => {
                            let Some(account) = &account else {
                                return Ok(());
                            };
                            let owner = [Some(self.rep.user_id), None];
                            let owner = owner[usize::try_from(number % 2).unwrap()];
                            let pool = if owner.is_some() { "owned" } else { "pooled" };
                            let change = account::ActiveModel {
                                owner_id: Set(owner),
                                pool_state: Set(pool.to_owned()),
                                ..Default::default()
                            };
                            unit.update(account, change).await?;
                        }
                    }
                    Ok(())
                })
                .await,
        )
    }

    async fn deleting(&self, dice: &mut Dice) -> bool {
        let admin = Caller::load(self.store.reader(), 1).await.unwrap();
        if dice.below(4) == 0 {
            let live = |own: &interaction::Model| own.deleted_at.is_none();
            let Some(own) = self.any::<interaction::Model>(dice, live).await else {
                return false;
            };
            let work = async |unit: millrace_operations::Unit| unit.delete(&own).await;
            return settled(self.store.write(&admin.actor(), work).await);
        }
        let live = |own: &opportunity::Model| own.deleted_at.is_none() && own.outcome == "open";
        let Some(own) = self.any::<opportunity::Model>(dice, live).await else {
            return false;
        };
        let resource = &opportunity::RESOURCE;
        settled(delete(&self.store, &admin, resource, own.id, own.version).await)
    }
}
