use chrono::NaiveDate;
use millrace_jobs::RunOptions;
use millrace_jobs::health::{Again, OrderHistory, Scored, score};
use millrace_models::config::Company;
use millrace_models::entity::Entity;
use millrace_models::health::scorecard::{Rating, Reading};
use millrace_models::health::{Factor, Held, Model, ScorecardRules};
use serde_json::{Value, json};

use crate::support::{Shut, TestLake, options};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[tokio::test]
async fn scores_are_read_from_the_published_orders_and_see_no_later_ones() {
    let mut lake = TestLake::new().await;
    assert!(
        OrderHistory::read(&lake.lake, &Company::default())
            .await
            .unwrap()
            .is_none(),
        "nothing is published"
    );
    let account = |name: &str| json!({"id": name, "name": format!("Firm {name}")});
    lake.raw(Entity::Account, json!([account("A"), account("B")]))
        .await;
    lake.raw(
        Entity::Order,
        json!([
            {"id": "b1", "account": "B", "ordered_at": "2024-03-01T23:30", "amount": 5, "product": "P"},
            {"id": "a1", "account": "A", "ordered_at": "2024-01-01", "amount": 100, "product": "P"},
            {"id": "a2", "account": "A", "ordered_at": "2024-02-01T09:00", "amount": 100, "product": "Q"},
            {"id": "a3", "account": "A", "ordered_at": "2024-02-01T15:00", "amount": 60, "product": "Q"},
            {"id": "a2", "account": "A", "ordered_at": "2024-02-10", "amount": 20, "kind": "return"},
            {"id": "a3", "account": "A", "ordered_at": "2024-02-12", "amount": 60, "kind": "cancel"},
            {"id": "a4", "account": "A", "ordered_at": "2024-03-02T00:30", "amount": 900, "product": "R"},
        ]),
    )
    .await;
    lake.run().await;
    let history = OrderHistory::read(&lake.lake, &Company::default())
        .await
        .unwrap()
        .unwrap();

    let ranking = history.rank(day("2024-03-01"));
    assert_eq!(
        ranking.model,
        Model::PurchaseProcess,
        "too short to learn from"
    );
    let labels: Vec<&str> = ranking
        .accounts
        .iter()
        .map(|own| &*own.account.label)
        .collect();
    assert_eq!(labels, ["Firm A", "Firm B"]);
    let firm = &ranking.accounts[0];
    assert_eq!(
        firm.orders, 2,
        "two orders of a day are one, and the next day is not seen"
    );
    assert_eq!(firm.last_order_on, day("2024-02-01"));
    assert!((firm.amount_12_months - 180.0).abs() < 1e-9);
    assert_eq!(ranking.accounts[1].last_order_on, day("2024-03-01"));
    let value = |factor| {
        let factors: &[Reading] = &firm.rating.factors;
        factors
            .iter()
            .find(|own| own.factor == factor)
            .unwrap()
            .value
    };
    assert_eq!(value(Factor::Breadth), Some(2.0));
    assert_eq!(
        value(Factor::Returns),
        Some(0.1),
        "20 of what was sold and not cancelled"
    );
    assert_eq!(value(Factor::Payment), None);

    let account = history.find("Firm A")[0].clone();
    let explained = history.explain(&account, day("2024-03-02")).unwrap();
    assert_eq!(explained.health.orders, 3);
    assert!(explained.before.is_some());
    assert!(history.explain(&account, day("2023-12-31")).is_none());
    assert!(history.find("C").is_empty());
}

#[tokio::test]
async fn the_scorecard_reads_payments_tickets_quotes_and_conversations() {
    let mut lake = TestLake::new().await;
    let order = |id: usize| json!({"id": format!("o{id}"), "account": "A", "ordered_at": format!("2024-0{id}-15"), "amount": 100});
    lake.raw(Entity::Order, json!((1..=6).map(order).collect::<Vec<_>>()))
        .await;
    lake.raw(
        Entity::PaymentPlan,
        json!([
            {"id": "P1", "account": "A", "due_on": "2024-03-10", "amount": 100},
            {"id": "P2", "account": "A", "due_on": "2024-04-10", "amount": 300},
            {"id": "P3", "account": "nobody", "due_on": "2024-04-10", "amount": 300},
        ]),
    )
    .await;
    lake.raw(
        Entity::Receipt,
        json!([
            {"id": "R1", "account": "A", "received_on": "2024-03-10", "amount": 100, "plan": "P1"},
            {"id": "R2", "account": "A", "received_on": "2024-06-20", "amount": 300, "plan": "P2"},
        ]),
    )
    .await;
    lake.raw(
        Entity::Ticket,
        json!([
            {"id": "T1", "account": "A", "kind": "Complaint", "severity": "urgent", "opened_at": "2024-05-01T09:00",
                "due_at": "2024-05-02T09:00", "resolved_at": "2024-05-20T09:00", "status": "resolved"},
            {"id": "T2", "account": "A", "kind": "samples", "severity": "normal", "opened_at": "2024-05-03T09:00"},
        ]),
    )
    .await;
    lake.raw(
        Entity::Quote,
        json!([
            {"id": "Q1", "account": "A", "sent_at": "2024-02-01", "decided_at": "2024-02-05", "outcome": "accepted"},
            {"id": "Q2", "account": "A", "sent_at": "2024-02-01", "valid_until": "2024-02-20"},
            {"id": "Q3", "account": "A", "sent_at": "2024-06-30", "decided_at": "2024-07-05", "outcome": "declined"},
        ]),
    )
    .await;
    let talk = |at: &str, two_way: bool| json!({"account": "A", "at": at, "kind": "call", "by": "U", "two_way": two_way});
    let talks = [
        talk("2024-05-01T10:00", true),
        talk("2024-06-01T10:00", false),
        talk("2024-06-02T10:00", true),
    ];
    lake.raw(Entity::Interaction, json!(talks)).await;
    lake.run().await;
    let history = OrderHistory::read(&lake.lake, &Company::default())
        .await
        .unwrap()
        .unwrap();
    let account = history.find("A")[0].clone();
    let on = |text: &str| history.explain(&account, day(text)).unwrap().health.rating;
    let value = |rating: &Rating, factor| {
        let mut factors = rating.factors.iter();
        factors.find(|own| own.factor == factor).unwrap().value
    };
    let june = on("2024-06-19");
    assert_eq!(value(&june, Factor::Payment), Some(0.25));
    assert_eq!(june.held_by, Some(Held::Overdue), "70 days");
    assert_eq!(value(&june, Factor::Interaction), Some(2.0));
    // one complaint that was late, on six days with an order
    assert_eq!(value(&june, Factor::Service), Some(1.0 / 6.0));
    assert_eq!(value(&june, Factor::QuoteAcceptance), Some(0.5));
    assert_eq!(on("2024-06-20").held_by, None, "it was paid that day");
    assert_eq!(on("2024-05-19").held_by, Some(Held::OpenComplaint));
    assert_eq!(
        value(&on("2024-07-05"), Factor::QuoteAcceptance),
        Some(1.0 / 3.0)
    );
}

/// Three accounts that order every month of 2024 and 2025, two of them until autumn.
async fn buyers() -> TestLake {
    let mut lake = TestLake::new().await;
    let mut orders = Vec::new();
    for (account, until, amount) in [("A", 24, 100), ("B", 22, 40), ("C", 20, 10)] {
        for month in 0..until {
            let (year, month) = (2024 + month / 12, month % 12 + 1);
            orders.push(json!({
                "id": format!("{account}{year}{month:02}"), "account": account, "amount": amount,
                "ordered_at": format!("{year}-{month:02}-10"), "product": "P",
            }));
        }
    }
    lake.raw(Entity::Order, json!(orders)).await;
    lake.run().await;
    lake
}

/// The scores that readers see.
async fn told(lake: &TestLake, mart: &str) -> Vec<Value> {
    let name = format!("marts/{mart}");
    let newest = lake.lake.table(&name).await.unwrap().version();
    let set = lake.lake.latest_set().await.unwrap().unwrap();
    assert_eq!(
        set.versions.get(&name),
        Some(&newest),
        "{mart} is published"
    );
    lake.mart(mart, &["account_id", "as_of"]).await
}

/// Options of a run in the morning of a day.
fn morning(day: &str) -> RunOptions {
    RunOptions {
        now: format!("{day}T01:00:00Z").parse().unwrap(),
        full: false,
        ..options()
    }
}

/// What is scored in the morning of a day.
async fn scored(lake: &TestLake, day: &str, again: Again) -> anyhow::Result<Option<Scored>> {
    score(&lake.lake, &morning(day), ScorecardRules::shipped(), again).await
}

/// The score of an account on a day.
fn last(rows: &[Value], account: &str, at: &str) -> Value {
    let mut rows = rows.iter();
    let is = |row: &&Value| row["account_id"] == account && row["as_of"] == at;
    rows.find(is).unwrap().clone()
}

#[tokio::test]
async fn a_day_is_scored_when_it_is_over() {
    let lake = buyers().await;
    let done = scored(&lake, "2026-01-01", Again::Grown).await;
    let done = done.unwrap().unwrap();
    let days: Vec<String> = done.days.iter().map(ToString::to_string).collect();
    assert_eq!(
        days.len(),
        14,
        "a year of month ends, 30 days before, and the last day"
    );
    assert!(days.contains(&"2025-01-31".to_owned()) && days.contains(&"2025-12-31".to_owned()));
    let first = told(&lake, "account_health").await;
    assert_eq!(first.len(), 14 * 3);
    // the same as on the fly
    let history = OrderHistory::read(&lake.lake, &Company::default()).await;
    let ranking = history.unwrap().unwrap().rank(day("2025-12-31"));
    let factors = told(&lake, "health_factors").await;
    for own in &ranking.accounts {
        let row = last(&first, &own.account.account_id, "2025-12-31T23:59");
        assert_eq!(row["score"], json!(own.rating.score));
        assert_eq!(row["status"], own.rating.status.name());
        assert_eq!(row["value_tier"], own.value_tier.name());
        let probability = &row["repurchase_probability"];
        assert_eq!(*probability, json!(own.repurchase_probability));
        let of = factors.iter().filter(|row| {
            row["account_id"] == *own.account.account_id && row["as_of"] == "2025-12-31T23:59"
        });
        let points: f64 = of.map(|row| row["points"].as_f64().unwrap()).sum();
        let held = row["held_down"].as_f64().unwrap();
        assert!((points + held - own.rating.score).abs() < 1e-9);
    }
    // of 1680 in a year A brings 71 %, and both 95 %
    let tiers = ["A", "B", "C"].map(|own| last(&first, own, "2025-12-31T23:59"));
    let tiers: Vec<&str> = tiers
        .iter()
        .map(|row| row["value_tier"].as_str().unwrap())
        .collect();
    assert_eq!(tiers, ["A", "B", "C"]);
}

#[tokio::test]
async fn what_was_told_of_a_day_stays() {
    let mut lake = buyers().await;
    scored(&lake, "2026-01-01", Again::Grown)
        .await
        .unwrap()
        .unwrap();
    let first = told(&lake, "account_health").await;
    // nothing is new, and the marts do not forget the scores when they are made anew
    for again in [Again::Grown, Again::Changed] {
        let nothing = scored(&lake, "2026-01-01", again).await;
        assert!(nothing.unwrap().is_none());
    }
    lake.run().await;
    assert_eq!(told(&lake, "account_health").await, first);

    // an order of December comes in late: the days before do not change, nor does the last one by
    // itself
    let more = json!([{"id": "B-late", "account": "B", "amount": 5, "ordered_at": "2025-12-20"}]);
    lake.raw(Entity::Order, more).await;
    lake.run().await;
    let nothing = scored(&lake, "2026-01-01", Again::Grown).await;
    assert!(nothing.unwrap().is_none());
    let done = scored(&lake, "2026-01-02", Again::Grown).await;
    assert_eq!(done.unwrap().unwrap().days, [day("2026-01-01")]);
    let later = told(&lake, "account_health").await;
    assert!(
        first.iter().all(|row| later.contains(row)),
        "what was told stays"
    );
    let now = last(&later, "B", "2026-01-01T23:59");
    assert_eq!(now["last_order_at"], "2025-12-20T00:00");
    assert_eq!(now["orders"], 23);
    let held = last(&later, "A", "2026-01-01T23:59");
    let before = last(&later, "A", "2025-12-31T23:59");
    assert_eq!(held["settled_since"], before["settled_since"]);
    // asked for, it is scored again
    let more = json!([{"id": "C-late", "account": "C", "amount": 5, "ordered_at": "2025-12-20"}]);
    lake.raw(Entity::Order, more).await;
    lake.run().await;
    let done = scored(&lake, "2026-01-02", Again::Changed).await;
    assert_eq!(done.unwrap().unwrap().days, [day("2026-01-01")]);
    let again = told(&lake, "account_health").await;
    assert_eq!(again.len(), later.len());
    assert_eq!(last(&again, "C", "2026-01-01T23:59")["orders"], 21);
}

#[tokio::test]
async fn scoring_that_is_broken_off_anywhere_is_done_whole_by_the_next() {
    let lake = buyers().await;
    let before = lake.lake.latest_set().await.unwrap().unwrap();
    for commits in 0..3 {
        let gate = Shut::after(commits);
        let options = RunOptions {
            gate: gate.clone(),
            ..morning("2026-01-01")
        };
        assert!(
            score(
                &lake.lake,
                &options,
                ScorecardRules::shipped(),
                Again::Grown
            )
            .await
            .is_err()
        );
        assert!(gate.was_shut());
        let set = lake.lake.latest_set().await.unwrap().unwrap();
        assert_eq!(set, before, "no reader has seen it");
    }
    scored(&lake, "2026-01-01", Again::Grown)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(told(&lake, "account_health").await.len(), 14 * 3);
    let rows = 14 * 3 * Factor::WEIGHTS.len();
    assert_eq!(told(&lake, "health_factors").await.len(), rows);
}

#[tokio::test]
async fn a_lake_whose_records_ended_long_ago_has_scores_of_its_last_year() {
    let lake = buyers().await;
    let done = scored(&lake, "2031-06-15", Again::Grown).await;
    let days: Vec<String> = done
        .unwrap()
        .unwrap()
        .days
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(days.len(), 12 + 1 + 12 + 1 + 1, "{days:?}");
    assert_eq!(days.first().unwrap(), "2024-12-31");
    assert!(
        days.contains(&"2025-12-10".to_owned()),
        "the day of the last order"
    );
    assert_eq!(days.last().unwrap(), "2031-06-14");
}
