use chrono::NaiveDate;
use millrace_jobs::health::OrderHistory;
use millrace_models::config::Company;
use millrace_models::entity::Entity;
use millrace_models::health::scorecard::Reading;
use millrace_models::health::{Factor, Model};
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
