//! A sales team at work: people, a customer, products, and the steps that tests begin with.

use millrace_operations::entity::{
    account, attachment, opportunity, price_list, price_list_item, product, quote, stage,
    stage_change,
};
use millrace_operations::resources::create;
use millrace_operations::service::pricing::NewLine;
use millrace_operations::service::quote::{NewQuote, draft};
use millrace_operations::service::quote_decision::{Decision, decide, send};
use millrace_operations::service::stage_move::{Move, move_stage};
use millrace_operations::service::{moves, quote as quotes};
use millrace_operations::{Actor, Caller, OperationsError, Result, Rule};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};

use crate::support::{Home, row};

/// Runs a service in a unit of work of the caller.
macro_rules! go {
    ($desk:expr, $caller:expr, $service:ident($($argument:expr),* $(,)?)) => {
        $desk
            .home
            .store
            .write(&$caller.actor(), async |unit| {
                $service(&unit, $caller, $($argument),*).await
            })
            .await
    };
}
pub(crate) use go;

pub(crate) struct Desk {
    pub(crate) home: Home,
    pub(crate) rep: Caller,
    pub(crate) lead: Caller,
    pub(crate) assistant: Caller,
    pub(crate) finance: Caller,
    pub(crate) account: i64,
    /// 100 each, costs 60, tax 13 %; 80 from 10 on by the price list.
    pub(crate) valve: i64,
    /// 50 each, without a cost.
    pub(crate) seal: i64,
    pub(crate) prices: i64,
}

impl Desk {
    pub(crate) async fn open(home: Home) -> Self {
        let home = home.initialised().await;
        let team = home.team("East", None).await;
        let rep = home.user("rep", "rep", Some(team)).await;
        let lead = home.user("lead", "team_lead", Some(team)).await;
        let assistant = home.user("assistant", "sales_assistant", Some(team)).await;
        let finance = home.user("finance", "finance", None).await;
        let account = account_of(&home, &rep, "上海阀门有限公司").await;
        let (valve, seal, prices) = home
            .store
            .write(&Actor::system("test"), async |unit| {
                let product = async |code: &str, price, cost| {
                    let product = product::ActiveModel {
                        code: Set(code.to_owned()),
                        name: Set(format!("The {code}")),
                        list_price: Set(Some(price)),
                        cost: Set(cost),
                        ..Default::default()
                    };
                    unit.insert::<product::Model>(product).await
                };
                let valve = product("valve", 100_000_000, Some(60_000_000)).await?.id;
                let seal = product("seal", 50_000_000, None).await?.id;
                let list = price_list::ActiveModel {
                    name: Set("2026".to_owned()),
                    valid_from: Set(unit.today()),
                    ..Default::default()
                };
                let list = unit.insert::<price_list::Model>(list).await?.id;
                let item = price_list_item::ActiveModel {
                    price_list_id: Set(list),
                    product_id: Set(valve),
                    minimum_quantity: Set(10_000),
                    unit_price: Set(80_000_000),
                    ..Default::default()
                };
                unit.insert::<price_list_item::Model>(item).await?;
                Ok((valve, seal, list))
            })
            .await
            .unwrap();
        Self {
            home,
            rep,
            lead,
            assistant,
            finance,
            account,
            valve,
            seal,
            prices,
        }
    }

    /// A new deal of the rep.
    pub(crate) async fn deal(&self) -> i64 {
        let input = row! {"name": "Valves", "account_id": self.account};
        let made = create(&self.home.store, &self.rep, &opportunity::RESOURCE, &input)
            .await
            .unwrap();
        made["id"].as_i64().unwrap()
    }

    pub(crate) async fn read(&self, deal: i64) -> opportunity::Model {
        let found = opportunity::Entity::find_by_id(deal);
        found.one(self.home.store.reader()).await.unwrap().unwrap()
    }

    pub(crate) async fn moves(&self, deal: i64) -> Vec<stage_change::Model> {
        moves::recorded(self.home.store.reader(), deal)
            .await
            .unwrap()
    }

    pub(crate) async fn kinds(&self, deal: i64) -> Vec<String> {
        let moves = self.moves(deal).await;
        moves.into_iter().map(|change| change.kind).collect()
    }

    /// The stage of that code in the default pipeline.
    pub(crate) async fn stage(&self, code: &str) -> i64 {
        let found = stage::Entity::find()
            .filter(stage::Column::Code.eq(code))
            .one(self.home.store.reader())
            .await
            .unwrap();
        found.unwrap().id
    }

    pub(crate) async fn to(
        &self,
        caller: &Caller,
        deal: i64,
        code: &str,
    ) -> Result<opportunity::Model> {
        let to_stage_id = self.stage(code).await;
        let to = Move {
            to_stage_id,
            ..Move::default()
        };
        go!(self, caller, move_stage(deal, to.clone()))
    }

    /// Attaches a file to a deal.
    pub(crate) async fn attach(&self, deal: i64, kind: &str) {
        self.home
            .store
            .write(&self.rep.actor(), async |unit| {
                let attachment = attachment::ActiveModel {
                    entity: Set("opportunity".to_owned()),
                    record_id: Set(deal),
                    account_id: Set(Some(self.account)),
                    kind: Set(kind.to_owned()),
                    file_name: Set("a.pdf".to_owned()),
                    media_type: Set("application/pdf".to_owned()),
                    bytes: Set(1),
                    sha256: Set("0".repeat(64)),
                    object_key: Set("a".to_owned()),
                    uploaded_by_id: Set(Some(self.rep.user_id)),
                    ..Default::default()
                };
                unit.insert::<attachment::Model>(attachment).await
            })
            .await
            .unwrap();
    }

    /// One valve at its price: 100.
    pub(crate) fn one_valve(&self) -> NewQuote {
        NewQuote {
            lines: vec![NewLine {
                product_id: Some(self.valve),
                quantity: 1_000,
                ..NewLine::default()
            }],
            ..NewQuote::default()
        }
    }

    /// A quote of the rep for a deal, sent.
    pub(crate) async fn sent(&self, deal: i64, input: NewQuote) -> quote::Model {
        let whose = quotes::For::Opportunity(deal);
        let made = go!(self, &self.rep, draft(whose, input.clone())).unwrap();
        go!(self, &self.rep, send(made.id, None)).unwrap()
    }

    /// A quote that was sent and accepted.
    pub(crate) async fn accepted(&self, deal: i64, input: NewQuote) -> quote::Model {
        let sent = self.sent(deal, input).await;
        go!(self, &self.rep, decide(sent.id, Decision::Accept, None)).unwrap()
    }
}

/// An account that the caller owns.
pub(crate) async fn account_of(home: &Home, caller: &Caller, name: &str) -> i64 {
    let input = row! {"name": name};
    let made = create(&home.store, caller, &account::RESOURCE, &input)
        .await
        .unwrap();
    made["id"].as_i64().unwrap()
}

/// The rule that something was refused by.
#[track_caller]
pub(crate) fn rule<T: std::fmt::Debug>(done: Result<T>) -> Rule {
    match done {
        Err(OperationsError::Refused { rule, .. }) => rule,
        other => panic!("not refused: {other:?}"),
    }
}

/// The state that something was refused for.
#[track_caller]
pub(crate) fn state<T: std::fmt::Debug>(done: Result<T>) -> String {
    match done {
        Err(OperationsError::State { state, .. }) => state,
        other => panic!("not refused: {other:?}"),
    }
}

/// The field that is wrong.
#[track_caller]
pub(crate) fn field<T: std::fmt::Debug>(done: Result<T>) -> String {
    match done {
        Err(OperationsError::Invalid { fields }) => fields[0].field.clone(),
        other => panic!("not invalid: {other:?}"),
    }
}
