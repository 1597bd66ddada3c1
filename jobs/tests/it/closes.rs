//! Closed months keep their numbers, whatever is done to their records; what is done is listed, and
//! ties.

#![allow(
    clippy::float_cmp,
    reason = "amounts are whole hundredths: the same to the fen, or not"
)]

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use millrace_lake::query::{AdjustmentsRequest, AdjustmentsResult, Engine};
use millrace_lake::{Close, PublishedSet};
use millrace_models::calendar::WorkingCalendar;
use millrace_models::metric::{Measure, Registry, TimeRole};
use millrace_models::query::{Condition, Period, Query};
use millrace_models::scope::Access;
use millrace_operations::entity::{account, order, user};
use millrace_operations::service::month_close;
use millrace_operations::{Actor, Caller};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};
use serde_json::Value;

use crate::live::Kept;
use crate::office::{Dice, Office};

const MARCH: &str = "2026-03-01";
const APRIL: &str = "2026-04-01";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn month_of(first: &str) -> Period {
    let first = day(first);
    let last = first + chrono::Months::new(1) - TimeDelta::days(1);
    Period::new(first, last).unwrap()
}

impl Kept {
    fn engine(&self) -> Engine {
        let company = &self.live.company;
        let calendar = WorkingCalendar::chinese(&company.hours, company.zone, &company.overrides);
        Engine::new(self.live.lake.clone(), company.zone, Arc::new(calendar))
    }

    fn now(&self) -> DateTime<Utc> {
        self.live.store.now()
    }

    fn turn_to(&self, time: &str) {
        let time: DateTime<Utc> = time.parse().unwrap();
        self.office.clock.advance(time - self.now());
    }

    async fn round(&self) {
        self.office.settle().await;
        self.live.round().await.unwrap();
    }

    async fn total(&self, access: &Access, metric: &str, month: &str) -> Value {
        let query = Query {
            metrics: vec![metric.to_owned()],
            period: Some(month_of(month)),
            ..Query::default()
        };
        let engine = self.engine();
        let answer = engine.query(access, &query, self.now()).await;
        Value::Object(answer.unwrap().total)
    }

    async fn amount(&self, month: &str) -> f64 {
        let total = self
            .total(&Access::everything(), "order_amount", month)
            .await;
        total["order_amount"].as_f64().unwrap()
    }

    async fn adjustments(&self, request: AdjustmentsRequest) -> AdjustmentsResult {
        let request = AdjustmentsRequest {
            limit: Some(1000),
            ..request
        };
        let (engine, access) = (self.engine(), Access::everything());
        let answer = engine.adjustments(&access, &request, self.now());
        answer.await.unwrap()
    }

    async fn order(&self, account_id: i64, owner_id: i64, at: &str, fen: i64) -> order::Model {
        let draft = order::ActiveModel {
            account_id: Set(account_id),
            owner_id: Set(Some(owner_id)),
            kind: Set("sale".to_owned()),
            status: Set("placed".to_owned()),
            ordered_at: Set(at.parse().unwrap()),
            currency: Set("CNY".to_owned()),
            amount: Set(Some(fen)),
            ..Default::default()
        };
        let draft = &draft;
        let work = async |unit: millrace_operations::Unit| {
            unit.insert::<order::Model>(draft.clone()).await
        };
        self.live
            .store
            .write(&Actor::system("test"), work)
            .await
            .unwrap()
    }

    async fn reprice(&self, order: &order::Model, actor: &Actor, fen: i64) -> order::Model {
        let work = async |unit: millrace_operations::Unit| {
            let change = order::ActiveModel {
                amount: Set(Some(fen)),
                ..Default::default()
            };
            unit.update(order, change).await
        };
        self.live.store.write(actor, work).await.unwrap()
    }

    async fn person(&self, username: &str) -> user::Model {
        let found = user::Entity::find().filter(user::Column::Username.eq(username));
        found.one(self.live.store.reader()).await.unwrap().unwrap()
    }

    async fn customer(&self, owner_id: i64) -> account::Model {
        let draft = account::ActiveModel {
            name: Set(format!("Customer of {owner_id}")),
            normalised_name: Set(format!("customer of {owner_id}")),
            owner_id: Set(Some(owner_id)),
            status: Set("active".to_owned()),
            pool_state: Set("owned".to_owned()),
            created_at: Set(self.now()),
            ..Default::default()
        };
        let draft = &draft;
        let work = async |unit: millrace_operations::Unit| {
            unit.insert::<account::Model>(draft.clone()).await
        };
        self.live
            .store
            .write(&Actor::system("test"), work)
            .await
            .unwrap()
    }
}

/// Everything that is counted by when it happened.
fn events() -> Vec<&'static millrace_models::metric::Metric> {
    let metrics = Registry::shipped().unwrap().metrics().iter();
    let counted = metrics.filter(|metric| {
        metric.time.role == TimeRole::Event
            && !matches!(metric.measure, Measure::Compression { .. })
    });
    counted.collect()
}

/// The same numbers to the fen; hours and days may be added up in another order.
fn same(now: &Value, closed: &Value, metric: &str) {
    let (now, closed) = (now.as_object().unwrap(), closed.as_object().unwrap());
    assert!(now.keys().eq(closed.keys()), "{metric}");
    for (name, value) in now {
        match (value.as_f64(), closed[name].as_f64()) {
            (Some(now), Some(closed)) => {
                let close = (now - closed).abs() <= 1e-12 * closed.abs();
                assert!(close, "{name} is {now}, and was closed at {closed}");
            }
            (now, closed) => assert_eq!(now, closed, "{name}"),
        }
    }
}

fn is_listed(measure: &Measure) -> bool {
    match measure {
        Measure::Ratio { per, .. } => per.is_none(),
        Measure::Quantile { .. } | Measure::KmMedian { .. } => false,
        _ => true,
    }
}

async fn a_closed_month_keeps_its_numbers_and_adjustments_tie(office: Office, seed: u64) {
    let kept = Kept::over(office).await;
    let mut dice = Dice::new(seed);
    kept.office.work(&mut dice, 130).await;
    kept.office.settle().await;
    kept.turn_to("2026-04-02T03:00:00Z");
    let march = kept.live.close_month(None, day(MARCH), Some("季末"));
    let march = Box::pin(march).await.unwrap();
    let all = Access::everything();
    let mut closed = Vec::new();
    for metric in events() {
        closed.push(kept.total(&all, &metric.name, MARCH).await);
    }
    for _ in 0..2 {
        kept.office.work(&mut dice, 60).await;
        // Work of the month is changed, taken away and added late, beside what the office does.
        let orders = order::Entity::find().all(kept.live.store.reader()).await;
        let orders = orders.unwrap();
        let of_march = |order: &&order::Model| {
            order.deleted_at.is_none() && order.ordered_at < march.closed_at
        };
        if let Some(order) = orders.iter().rfind(of_march) {
            kept.reprice(order, &Actor::system("test"), 12_345).await;
            kept.order(
                order.account_id,
                order.owner_id.unwrap_or(1),
                "2026-03-20T03:00:00Z",
                777,
            )
            .await;
        }
        kept.round().await;
        for (metric, closed) in events().into_iter().zip(&closed) {
            let now = kept.total(&all, &metric.name, MARCH).await;
            same(&now, closed, &metric.name);
        }
    }
    let mut changed = 0;
    let mut now = Vec::new();
    for (metric, closed) in events().into_iter().zip(&closed) {
        if !is_listed(&metric.measure) {
            continue;
        }
        let request = AdjustmentsRequest {
            metric: metric.name.clone(),
            ..AdjustmentsRequest::default()
        };
        let listed = kept.adjustments(request).await;
        let number = &listed.months[0];
        let value = number.closed.filter(|_| closed[&metric.name].is_number());
        let expected = closed[&metric.name].as_f64();
        let near = |left: f64, right: f64| (left - right).abs() <= 1e-9 * (1.0 + left.abs());
        match (value, expected) {
            (Some(value), Some(expected)) => assert!(near(value, expected), "{}", metric.name),
            (value, expected) => assert_eq!(value, expected, "{}", metric.name),
        }
        let sum: f64 = listed.made.iter().map(|made| made.value).sum();
        assert!(near(number.value + sum, number.value_now), "{listed:?}");
        let weights = listed.made.iter().filter_map(|made| made.weight);
        if let (Some(weight), Some(weight_now)) = (number.weight, number.weight_now) {
            assert!(
                near(weight + weights.sum::<f64>(), weight_now),
                "{listed:?}"
            );
        }
        let rows: f64 = listed.rows.iter().map(|row| row.difference).sum();
        assert!(near(rows, sum), "{listed:?}");
        changed += listed.count;
        now.push((&metric.name, number.now));
    }
    assert!(changed > 10, "{changed} changes are no test");
    let reopened = kept.live.reopen_month(None, day(MARCH), "漏记订单");
    Box::pin(reopened).await.unwrap();
    for (metric, now) in now {
        let open = kept.total(&all, metric, MARCH).await[metric].as_f64();
        match (open, now) {
            (Some(open), Some(now)) => assert!((open - now).abs() < 1e-6, "{metric}"),
            (open, now) => assert_eq!(open.unwrap_or(0.0), now.unwrap_or(0.0), "{metric}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_month_keeps_its_numbers_on_sqlite() {
    Box::pin(a_closed_month_keeps_its_numbers_and_adjustments_tie(
        Office::on_sqlite().await,
        21,
    ))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_month_keeps_its_numbers_on_postgres() {
    if let Some(office) = Office::on_postgres().await {
        Box::pin(a_closed_month_keeps_its_numbers_and_adjustments_tie(
            office, 22,
        ))
        .await;
    }
}

/// An office with two customers of two people, each with an order in March, and March closed.
async fn with_march_closed() -> (Kept, [order::Model; 2]) {
    let kept = Kept::over(Office::on_sqlite().await).await;
    let (rep, lead) = (kept.person("rep").await, kept.person("assistant").await);
    let mut orders = Vec::new();
    for (person, fen) in [(&rep, 100_000), (&lead, 20_001)] {
        let customer = kept.customer(person.id).await;
        let at = "2026-03-31T15:59:59Z";
        orders.push(kept.order(customer.id, person.id, at, fen).await);
    }
    kept.turn_to("2026-04-03T03:00:00Z");
    let closing = kept.live.close_month(None, day(MARCH), None);
    Box::pin(closing).await.unwrap();
    (kept, orders.try_into().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adjustment_says_who_and_why_and_belongs_to_the_month_in_which_it_is_made() {
    let (kept, [first, second]) = with_march_closed().await;
    let lead = kept.person("lead").await;
    let actor = Actor {
        user_id: Some(lead.id),
        name: lead.name.clone(),
        reason: Some("价格录错".to_owned()),
        request_id: None,
    };
    kept.turn_to("2026-04-20T03:00:00Z");
    let first = kept.reprice(&first, &actor, 90_000).await;
    kept.round().await;
    kept.turn_to("2026-05-02T03:00:00Z");
    let closing = kept.live.close_month(None, day(APRIL), None);
    Box::pin(closing).await.unwrap();
    kept.turn_to("2026-05-09T03:00:00Z");
    kept.reprice(&first, &actor, 95_000).await;
    let gone = async |unit: millrace_operations::Unit| unit.delete(&second).await;
    kept.live
        .store
        .write(&Actor::system("cleaner"), gone)
        .await
        .unwrap();
    kept.order(second.account_id, lead.id, "2026-03-05T03:00:00Z", 5_000)
        .await;
    kept.round().await;

    assert_eq!(kept.amount(MARCH).await, 1_200.01);
    let request = AdjustmentsRequest {
        metric: "order_amount".to_owned(),
        ..AdjustmentsRequest::default()
    };
    let listed = kept.adjustments(request.clone()).await;
    let made: Vec<_> = listed
        .made
        .iter()
        .map(|sum| (&*sum.made, &*sum.month, sum.value))
        .collect();
    assert_eq!(
        made,
        [
            ("2026-04", "2026-03", -100.0),
            ("2026-05", "2026-03", -100.01)
        ]
    );
    let march = &listed.months[0];
    assert_eq!((march.closed, march.now), (Some(1_200.01), Some(1_000.0)));
    let shown: Vec<_> = listed
        .rows
        .iter()
        .map(|row| {
            let (before, after) = (row.before, row.after);
            (row.actor.as_deref(), row.reason.as_deref(), before, after)
        })
        .collect();
    let (who, why) = (Some("Name of lead"), Some("价格录错"));
    assert_eq!(shown.len(), 4, "{shown:?}");
    assert!(
        shown.contains(&(who, why, Some(1_000.0), Some(900.0))),
        "{shown:?}"
    );
    assert!(
        shown.contains(&(who, why, Some(900.0), Some(950.0))),
        "{shown:?}"
    );
    assert!(
        shown.contains(&(Some("cleaner"), None, Some(200.01), None)),
        "{shown:?}"
    );
    assert!(
        shown.contains(&(Some("test"), None, None, Some(50.0))),
        "{shown:?}"
    );
    let april = kept.adjustments(AdjustmentsRequest {
        made: Some("2026-04".to_owned()),
        ..request.clone()
    });
    assert_eq!(april.await.count, 1);
    // By a dimension, what goes from one member to another is taken off there and added here.
    let by = kept.adjustments(AdjustmentsRequest {
        by: vec!["owner".to_owned()],
        ..request
    });
    let by = by.await;
    let of = |name: &str| -> f64 {
        let own = by.rows.iter().filter(|row| row.record["owner"] == name);
        own.map(|row| row.difference).sum()
    };
    assert_eq!((of("Name of rep"), of("Name of lead")), (-50.0, 50.0));
    assert!((of("Name of assistant") + 200.01).abs() < 1e-9);
    // Before the close there was none, and all that was known then counts.
    let query = Query {
        metrics: vec!["order_amount".to_owned()],
        period: Some(month_of(MARCH)),
        as_of: Some("2026-04-02T00:00:00Z".parse().unwrap()),
        ..Query::default()
    };
    let (engine, everything) = (kept.engine(), Access::everything());
    let answer = engine.query(&everything, &query, kept.now());
    let answer = answer.await.unwrap();
    assert_eq!(answer.total["order_amount"], 1_000.0);
    assert!(answer.closed_months.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_a_record_of_a_closed_month_is_is_decided_by_today() {
    let (kept, [first, second]) = with_march_closed().await;
    let (rep, lead) = (kept.person("rep").await, kept.person("assistant").await);
    let caller = async |person: &user::Model| {
        let caller = Caller::load(kept.live.store.reader(), person.id).await;
        caller.unwrap().access()
    };
    let access = caller(&rep).await;
    let seen = kept.total(&access, "order_amount", MARCH).await;
    assert_eq!(seen["order_amount"], 1_000.0);
    // The rep's order goes to the other one, and theirs to the rep.
    let work = async |unit: millrace_operations::Unit| {
        for (order, person) in [(&first, &lead), (&second, &rep)] {
            let change = order::ActiveModel {
                owner_id: Set(Some(person.id)),
                ..Default::default()
            };
            unit.update(order, change).await?;
        }
        Ok(())
    };
    kept.live
        .store
        .write(&Actor::system("test"), work)
        .await
        .unwrap();
    kept.round().await;
    let seen = kept.total(&access, "order_amount", MARCH).await;
    assert_eq!(seen["order_amount"], 200.01);
    let all = Query {
        metrics: vec!["order_amount".to_owned()],
        by: vec!["owner".to_owned()],
        conditions: vec![Condition::parse("current_owner=Name of rep").unwrap()],
        period: Some(month_of(MARCH)),
        ..Query::default()
    };
    let (engine, everything) = (kept.engine(), Access::everything());
    let answer = engine.query(&everything, &all, kept.now());
    let rows = answer.await.unwrap().rows;
    // who made it stays who made it
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["owner"], "Name of assistant");
    assert_eq!(rows[0]["order_amount"], 200.01);
    // A record that is gone is its account's, which is the rep's.
    let order = order::Entity::find_by_id(first.id).one(kept.live.store.reader());
    let order = order.await.unwrap().unwrap();
    let gone = async |unit: millrace_operations::Unit| unit.delete(&order).await;
    kept.live
        .store
        .write(&Actor::system("test"), gone)
        .await
        .unwrap();
    kept.round().await;
    let own = account::Entity::find_by_id(first.account_id).one(kept.live.store.reader());
    assert_eq!(own.await.unwrap().unwrap().owner_id, Some(rep.id));
    let seen = kept.total(&access, "order_amount", MARCH).await;
    assert_eq!(seen["order_amount"], 1_200.01);
    assert_eq!(kept.amount(MARCH).await, 1_200.01);
}

#[tokio::test(flavor = "multi_thread")]
async fn upkeep_keeps_what_months_are_closed_on() {
    let (kept, [first, _]) = with_march_closed().await;
    let lake = &kept.live.lake;
    let pinned = lake.latest_set().await.unwrap().unwrap().closes[0].set;
    for fen in [1, 2, 3] {
        let order = order::Entity::find_by_id(first.id).one(kept.live.store.reader());
        let order = order.await.unwrap().unwrap();
        kept.reprice(&order, &Actor::system("test"), fen).await;
        kept.round().await;
    }
    for _ in 0..70 {
        let set = lake.latest_set().await.unwrap().unwrap();
        lake.publish(set).await.unwrap();
    }
    let later = "2036-01-01T00:00:00Z".parse().unwrap();
    assert!(lake.forget_sets(later).await.unwrap() > 60);
    let ids: Vec<i64> = lake
        .sets()
        .await
        .unwrap()
        .iter()
        .map(|set| set.id)
        .collect();
    assert_eq!((ids.len(), ids[0]), (2, pinned));
    let cleaned = lake.clean(later).await.unwrap();
    assert!(cleaned.removed_files > 0, "{cleaned:?}");
    // as another process finds it
    let other = millrace_lake::Lake::open(lake.root()).await.unwrap();
    let kept = Kept::beside(kept, other);
    assert_eq!(kept.amount(MARCH).await, 1_200.01);
    let reopened = kept.live.reopen_month(None, day(MARCH), "重算");
    Box::pin(reopened).await.unwrap();
    assert_eq!(kept.amount(MARCH).await, 200.04);
    assert!(
        kept.live
            .lake
            .latest_set()
            .await
            .unwrap()
            .unwrap()
            .closes
            .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_close_that_was_broken_off_is_harmless_or_is_finished() {
    let (kept, [first, _]) = with_march_closed().await;
    let lake = &kept.live.lake;
    let round = async || kept.round().await;
    // Broken off behind the set: no month is closed on it, and a round lets go of it.
    kept.turn_to("2026-05-02T03:00:00Z");
    round().await;
    let base = lake.latest_set().await.unwrap().unwrap();
    let mut set = PublishedSet { ..base.clone() };
    set.closes.push(Close {
        month: day(APRIL),
        set: base.id + 1,
        closed_at: kept.now(),
        stands: false,
    });
    let id = lake.publish(set.clone()).await.unwrap();
    assert_eq!(id, base.id + 1);
    let order = kept
        .order(first.account_id, 1, "2026-04-05T03:00:00Z", 300)
        .await;
    round().await;
    assert_eq!(kept.amount(APRIL).await, 3.0);
    let closes = lake.latest_set().await.unwrap().unwrap().closes;
    assert_eq!(closes.len(), 1);
    // Broken off behind the record: it is closed on that set, though a run came first.
    let base = lake.latest_set().await.unwrap().unwrap();
    let mut set = PublishedSet { ..base.clone() };
    let closed_at = kept.now();
    set.closes.push(Close {
        month: day(APRIL),
        set: base.id + 1,
        closed_at,
        stands: false,
    });
    let id = lake.publish(set).await.unwrap();
    let work = async |unit: millrace_operations::Unit| {
        month_close::close(&unit, None, day(APRIL), closed_at, id, None).await
    };
    kept.live
        .store
        .write(&Actor::system("test"), work)
        .await
        .unwrap();
    kept.reprice(&order, &Actor::system("test"), 900).await;
    round().await;
    assert_eq!(kept.amount(APRIL).await, 3.0);
    assert_eq!(kept.amount(MARCH).await, 1_200.01);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_moment_is_answered_as_the_records_stood_then_to_who_may_see_them_now() {
    let kept = Kept::over(Office::on_sqlite().await).await;
    let (rep, assistant) = (kept.person("rep").await, kept.person("assistant").await);
    let customer = kept.customer(rep.id).await;
    kept.turn_to("2026-03-10T03:00:00Z");
    let at = "2026-03-05T03:00:00Z";
    let order = kept.order(customer.id, rep.id, at, 100_000).await;
    kept.round().await;
    kept.turn_to("2026-03-20T03:00:00Z");
    let before = kept.now();
    kept.turn_to("2026-03-20T04:00:00Z");
    let test = Actor::system("test");
    let order = kept.reprice(&order, &test, 70_000).await;
    kept.order(customer.id, rep.id, "2026-03-06T03:00:00Z", 4_000)
        .await;
    kept.round().await;
    kept.turn_to("2026-04-02T03:00:00Z");
    let work = async |unit: millrace_operations::Unit| {
        let change = order::ActiveModel {
            owner_id: Set(Some(assistant.id)),
            ..Default::default()
        };
        unit.update(&order, change).await
    };
    kept.live.store.write(&test, work).await.unwrap();
    kept.reprice(
        &order::Entity::find_by_id(order.id)
            .one(kept.live.store.reader())
            .await
            .unwrap()
            .unwrap(),
        &test,
        50_000,
    )
    .await;
    kept.round().await;

    let asked = async |access: &Access, as_of: Option<DateTime<Utc>>| {
        let query = Query {
            metrics: vec!["order_amount".to_owned()],
            period: Some(month_of(MARCH)),
            as_of,
            ..Query::default()
        };
        let answer = kept.engine().query(access, &query, kept.now()).await;
        let answer = answer.unwrap();
        (answer.total["order_amount"].as_f64(), answer.versions)
    };
    let everything = Access::everything();
    let (now, newest) = asked(&everything, None).await;
    assert_eq!(now, Some(540.0));
    // The first set that is complete to it has the correction that came an hour later, and not the
    // one of April; what it was made from the answer says.
    let (then, versions) = asked(&everything, Some(before)).await;
    assert_eq!(then, Some(740.0));
    assert!(versions["orders"] < newest["orders"], "{versions:?}");
    let (first, _) = asked(&everything, Some("2026-03-10T03:00:00Z".parse().unwrap())).await;
    assert_eq!(first, Some(1_000.0));
    // The order was the rep's then, and is the assistant's now, who sees the team's.
    let access = async |person: &user::Model| {
        let caller = Caller::load(kept.live.store.reader(), person.id).await;
        caller.unwrap().access()
    };
    assert_eq!(asked(&access(&rep).await, Some(before)).await.0, Some(40.0));
    let seen = asked(&access(&assistant).await, Some(before)).await.0;
    assert_eq!(seen, Some(740.0));
}
