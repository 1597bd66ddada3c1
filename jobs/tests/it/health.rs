use chrono::NaiveDate;
use millrace_jobs::health::OrderHistory;
use millrace_models::config::Company;
use millrace_models::entity::Entity;
use millrace_models::health::scorecard::{Rating, Reading};
use millrace_models::health::{Factor, Held, Model};
use serde_json::json;

use crate::support::TestLake;

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
