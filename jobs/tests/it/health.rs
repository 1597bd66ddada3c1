use chrono::NaiveDate;
use millrace_jobs::RunOptions;
use millrace_jobs::health::{Again, OrderHistory, Scored, kept_models, score};
use millrace_lake::query::DriversRequest;
use millrace_models::config::Company;
use millrace_models::entity::Entity;
use millrace_models::health::scorecard::{Rating, Reading};
use millrace_models::health::{Factor, Held, Model, ScorecardRules, Status};
use millrace_models::query::{Compare, Period, Query};
use millrace_models::scope::Access;
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

#[tokio::test]
async fn the_scorecard_reads_deliveries_persons_contracts_and_amounts_without_tax() {
    let mut lake = TestLake::new().await;
    let order = |id: usize| {
        json!({"id": format!("o{id}"), "account": "A", "ordered_at": format!("2024-0{id}-15"),
            "amount": 113, "amount_without_tax": 100})
    };
    lake.raw(Entity::Order, json!((1..=6).map(order).collect::<Vec<_>>()))
        .await;
    lake.raw(
        Entity::Order,
        json!([
            {"id": "b1", "account": "B", "ordered_at": "2024-05-01", "amount": 113, "amount_without_tax": 100},
            {"id": "b2", "account": "B", "ordered_at": "2024-05-02", "amount": 113},
        ]),
    )
    .await;
    lake.raw(
        Entity::Delivery,
        json!([
            {"id": "D1", "order": "o1", "promised_on": "2024-02-01", "delivered_on": "2024-02-01"},
            {"id": "D2", "account": "A", "promised_on": "2024-03-01", "delivered_on": "2024-03-20"},
            {"id": "D3", "order": "o3", "promised_on": "2024-05-01"},
            {"id": "D4", "account": "A", "order": "cancelled", "promised_on": "2024-05-01"},
            {"id": "D5", "account": "A", "promised_on": "2024-12-01"},
        ]),
    )
    .await;
    let talk = |at: &str, contact: &str| json!({"account": "A", "at": at, "kind": "call", "by": "U", "two_way": true, "contact": contact});
    let talks = [
        talk("2024-02-01T10:00", "K1"),
        talk("2024-05-01T10:00", "K1"),
        talk("2024-06-02T10:00", "K2"),
    ];
    lake.raw(Entity::Interaction, json!(talks)).await;
    lake.raw(
        Entity::Contract,
        json!([
            {"id": "C1", "account": "A", "signed_on": "2023-07-01", "effective_on": "2023-07-01", "expires_on": "2024-06-30"},
            {"id": "C2", "account": "A", "signed_on": "2024-06-20", "effective_on": "2024-07-01", "expires_on": "2025-06-30",
                "renews": "C1"},
        ]),
    )
    .await;
    lake.run().await;
    let history = OrderHistory::read(&lake.lake, &Company::default())
        .await
        .unwrap()
        .unwrap();
    let account = |name: &str| history.find(name)[0].clone();
    let on = |text: &str| history.explain(&account("A"), day(text)).unwrap().health;
    let value = |on: &str, factor| {
        let health = history.explain(&account("A"), day(on)).unwrap().health;
        let mut factors = health.rating.factors.into_iter();
        factors.find(|own| own.factor == factor).unwrap().value
    };
    assert_eq!(
        value("2024-03-01", Factor::Delivery),
        Some(1.0),
        "today is not over"
    );
    assert_eq!(value("2024-03-02", Factor::Delivery), Some(0.5));
    assert_eq!(value("2024-06-19", Factor::Delivery), Some(1.0 / 3.0));
    assert_eq!(value("2024-05-31", Factor::Contacts), Some(1.0));
    assert_eq!(value("2024-06-02", Factor::Contacts), Some(2.0));
    assert_eq!(value("2024-06-19", Factor::Contract), Some(11.0));
    assert_eq!(value("2024-06-20", Factor::Contract), Some(375.0));
    assert_eq!(value("2024-06-19", Factor::InteractionTrend), Some(1.0));
    assert!((on("2024-06-20").amount_12_months - 600.0).abs() < 1e-9);
    let amount = |text: &str| {
        history
            .explain(&account("B"), day(text))
            .unwrap()
            .health
            .amount_12_months
    };
    assert!((amount("2024-05-01") - 100.0).abs() < 1e-9);
    assert!(
        (amount("2024-05-02") - 226.0).abs() < 1e-9,
        "with tax, since it is not known of all"
    );
}

/// Scores of an earlier program, whose tables had neither the probabilities nor the new factors.
#[tokio::test]
async fn a_lake_of_an_earlier_program_gets_the_columns_with_the_next_scoring() {
    const NEW: [&str; 3] = ["shrink_probability", "non_renewal_probability", "delivery"];
    let lake = buyers().await;
    scored(&lake, "2026-01-01", Again::Grown)
        .await
        .unwrap()
        .unwrap();
    lake.without("account_health", &NEW).await;
    let before = told(&lake, "account_health").await;
    assert!(
        before
            .iter()
            .all(|row| NEW.iter().all(|name| row.get(*name).is_none()))
    );
    let engine = lake.engine();
    let access = Access::everything();
    let now = "2026-01-02T01:00:00Z".parse().unwrap();
    let standing = engine.standing(&access, "A", now).await.unwrap().unwrap();
    assert_eq!(standing.now.scored["shrink_probability"], Value::Null);
    assert_eq!(standing.days.len(), 14);
    let done = scored(&lake, "2026-01-02", Again::Grown).await;
    assert_eq!(done.unwrap().unwrap().days, [day("2026-01-01")]);
    let after = told(&lake, "account_health").await;
    assert!(
        before.iter().all(|row| after.contains(row)),
        "what was told stays"
    );
    let standing = engine.standing(&access, "A", now).await.unwrap().unwrap();
    assert_eq!(standing.days.len(), 15);
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
    // the models that the probabilities of each day came from
    let models = told(&lake, "health_models").await;
    assert_eq!(models.len(), 14 * 3);
    let kept = kept_models(&lake.lake, &Company::default()).await.unwrap();
    assert_eq!(kept.len(), 14);
    assert_eq!(kept[0].as_of, day("2025-12-31"));
    assert_eq!(kept[0].models, ranking.models);
    let targets: Vec<&str> = kept[0].models.iter().map(|own| &*own.target).collect();
    assert_eq!(targets, ["order", "shrink", "non_renewal"]);
    assert_eq!(
        kept[0].models[1].kind, "not_enough_history",
        "three accounts"
    );
    assert!(
        first
            .iter()
            .all(|row| row.get("shrink_probability").is_none())
    );
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
    for commits in 0..4 {
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

/// What moved the health of a portfolio between two scored days, and by whom.
#[tokio::test]
async fn the_change_of_a_portfolio_is_told_to_the_last_part() {
    let mut lake = TestLake::new().await;
    let account = |place: usize| {
        let region = ["华东", "华南", "华北"][place % 3];
        json!({"id": format!("A{place}"), "name": format!("Firm {place}"), "region": region})
    };
    lake.raw(
        Entity::Account,
        json!((0..60).map(account).collect::<Vec<_>>()),
    )
    .await;
    let mut lines = Vec::new();
    for place in 0..60 {
        // those of the south stop in the middle of the last year
        let until = if place % 3 == 1 { 42 } else { 48 };
        for month in 0..until {
            let (year, month) = (2022 + month / 12, month % 12 + 1);
            let of = |kind: &str, amount: usize| {
                json!({"id": format!("{place}-{year}-{month}-{kind}"), "account": format!("A{place}"), "kind": kind,
                    "amount": amount, "ordered_at": format!("{year}-{month:02}-10"), "product": "P"})
            };
            lines.push(of("sale", 100 + place));
            if month % 6 == 0 {
                lines.push(of("return", 1));
            }
        }
    }
    lake.raw(Entity::Order, json!(lines)).await;
    lake.run().await;
    scored(&lake, "2026-01-01", Again::Grown)
        .await
        .unwrap()
        .unwrap();
    let engine = lake.engine();
    let period = |from: &str, to: &str| Period::new(day(from), day(to)).unwrap();
    let now = "2026-01-01T01:00:00Z".parse().unwrap();
    let mut told = Vec::new();
    for metric in [
        "health_score_mean",
        "accounts_at_risk",
        "accounts_scored",
        "amount_at_risk",
    ] {
        let request = DriversRequest {
            metric: metric.to_owned(),
            period: Some(period("2025-12-01", "2025-12-31")),
            compare: Some(Compare::Baseline(period("2025-06-01", "2025-06-30"))),
            ..DriversRequest::default()
        };
        let found = engine
            .drivers(&Access::everything(), &request, now)
            .await
            .unwrap();
        let parts = found.segments.iter().map(|own| own.contribution);
        let sum = parts.sum::<f64>() + found.rest.contribution;
        let change = found.change.unwrap();
        assert!(
            (sum - change).abs() <= 1e-9 * change.abs().max(1.0),
            "{metric}: {sum} {change}"
        );
        told.push((found.n_before, change, found));
    }
    let (accounts, change, mean) = &told[0];
    assert_eq!(*accounts, 60);
    assert!(*change < -10.0, "{change}");
    let south = mean
        .segments
        .iter()
        .find(|own| own.values.get("region") == Some(&json!("华南")));
    let south = south.unwrap();
    assert!(south.significant && south.contribution < -10.0, "{south:?}");
    assert!((told[1].1 - 20.0).abs() < 1e-9, "the twenty of the south");
    // the same two days as scored
    let rows = self::told(&lake, "account_health").await;
    let mean_of = |at: &str| {
        let of = rows.iter().filter(|row| row["as_of"] == at);
        let scores: Vec<f64> = of.map(|row| row["score"].as_f64().unwrap()).collect();
        scores.iter().sum::<f64>() / scores.len() as f64
    };
    let expected = mean_of("2025-12-31T23:59") - mean_of("2025-06-30T23:59");
    assert!((change - expected).abs() < 1e-9);
}

/// A group is as ill as its worst member, and brings what all bring.
#[tokio::test]
async fn accounts_with_a_parent_roll_up_and_a_change_tells_what_happened() {
    let mut lake = buyers().await;
    lake.raw(
        Entity::Account,
        json!([
            {"id": "A", "name": "Top", "owner": "U"},
            {"id": "B", "name": "Below", "parent": "A", "owner": "U"},
            {"id": "C", "name": "Lowest", "parent": "B"},
            {"id": "D", "name": "No orders", "parent": "A"},
        ]),
    )
    .await;
    let plan = json!([{"id": "P1", "account": "B", "due_on": "2025-12-05", "amount": 40}]);
    lake.raw(Entity::PaymentPlan, plan).await;
    let plan = json!([{"id": "P0", "account": "B", "due_on": "2025-10-05", "amount": 40}]);
    lake.raw(Entity::PaymentPlan, plan).await;
    let paid = json!([{"id": "R0", "account": "B", "received_on": "2025-10-01", "amount": 40, "plan": "P0"}]);
    lake.raw(Entity::Receipt, paid).await;
    lake.run().await;
    scored(&lake, "2026-01-01", Again::Grown)
        .await
        .unwrap()
        .unwrap();
    let (engine, access) = (lake.engine(), Access::everything());
    let groups = engine.groups(&access).await.unwrap();
    assert_eq!(groups.len(), 1);
    let group = &groups[0];
    assert_eq!((&*group.account_id, &*group.label), ("A", "Top"));
    let mut members: Vec<&str> = group.members.iter().map(|own| &*own.account_id).collect();
    members.sort_unstable();
    assert_eq!(members, ["A", "B", "C"], "who never ordered has no score");
    let ranked = OrderHistory::read(&lake.lake, &Company::default())
        .await
        .unwrap()
        .unwrap();
    let ranked = ranked.rank(day("2025-12-31")).accounts;
    let sum: f64 = ranked.iter().map(|own| own.amount_12_months).sum();
    assert!((group.amount_12_months.unwrap() - sum).abs() < 0.01);
    let worst = ["red", "yellow", "green", "unrated"].into_iter();
    let worst = worst.map(|name| Status::named(name).unwrap());
    let mut worst = worst.filter(|status| ranked.iter().any(|own| own.rating.status == *status));
    assert_eq!(Some(group.status), worst.next());

    let now = "2026-01-01T01:00:00Z".parse().unwrap();
    // numbers of health by the direct parent
    let query = Query {
        metrics: vec!["accounts_scored".to_owned(), "amount_at_risk".to_owned()],
        by: vec!["parent_account".to_owned()],
        ..Query::default()
    };
    let found = engine.query(&access, &query, now).await.unwrap();
    let of = |row: &millrace_lake::query::Row| {
        (
            row["parent_account"].clone(),
            row["accounts_scored"].clone(),
        )
    };
    let mut by_parent: Vec<(Value, Value)> = found.rows.iter().map(of).collect();
    by_parent.sort_by_key(|own| own.0.to_string());
    let expected = [
        (json!("Below"), json!(1)),
        (json!("Top"), json!(1)),
        (json!(null), json!(1)),
    ];
    assert_eq!(by_parent, expected);

    let standing = engine.standing(&access, "C", now).await.unwrap().unwrap();
    assert_eq!(standing.group.as_ref(), Some(group));
    let rhythm = standing
        .moves
        .iter()
        .find(|own| own.factor == "rhythm")
        .unwrap();
    assert_eq!((rhythm.count, rhythm.events.len()), (0, 0), "time passed");
    assert!(rhythm.points < 0.0);
    let standing = engine.standing(&access, "B", now).await.unwrap().unwrap();
    let payment = standing
        .moves
        .iter()
        .find(|own| own.factor == "payment")
        .unwrap();
    let events: Vec<(&str, &str, &str)> = payment
        .events
        .iter()
        .map(|own| (&*own.what, &own.at[..10], &*own.record))
        .collect();
    assert_eq!(events, [("overdue", "2025-12-06", "P1")]);
    assert_eq!(payment.events[0].amount, Some(40.0));
    // the points that are told are those between both scores
    let of = |scoring: &millrace_lake::query::Scoring| {
        let mut factors = scoring.factors.iter();
        factors.find(|own| own.factor == "payment").unwrap().points
    };
    let moved = of(&standing.now) - of(standing.before.as_ref().unwrap());
    assert!((payment.points - moved).abs() < 1e-9);
}
