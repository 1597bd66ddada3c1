use millrace_models::entity::Entity;
use serde_json::json;

use crate::support::{TestLake, columns};

#[tokio::test]
async fn lines_of_an_id_are_one_order() {
    let mut lake = TestLake::new().await;
    lake.raw(
        Entity::Order,
        json!([
            {"id": "o1", "account": "A", "ordered_at": "2024-03-02", "amount": 100},
            {"id": "o1", "account": "A", "ordered_at": "2024-03-01", "amount": 50, "product": "P"},
            {"id": "o1", "account": "A", "ordered_at": "2024-04-01", "amount": 30, "kind": "return"},
            {"id": "o1", "account": "A", "ordered_at": "2024-05-01", "amount": 100, "kind": "cancel"},
            {"id": "o2", "account": "A", "ordered_at": "2024-05-01", "amount": 70, "kind": "cancel"},
            {"account": "B", "ordered_at": "2024-05-02", "amount": 7},
            {"account": "B", "ordered_at": "2024-05-02", "amount": 7},
        ]),
    )
    .await;
    lake.run().await;
    let rows = lake
        .mart("orders", &["account_id", "ordered_at", "kind", "line"])
        .await;
    assert_eq!(
        columns(
            &rows[..5],
            &[
                "order_id",
                "kind",
                "line",
                "ordered_at",
                "amount",
                "product"
            ]
        ),
        json!([
            ["o1", "sale", 1, "2024-03-01T00:00", 100.0, null],
            ["o1", "sale", 2, "2024-03-01T00:00", 50.0, "P"],
            ["o1", "return", 1, "2024-04-01T00:00", -30.0, null],
            ["o1", "cancel", 1, "2024-05-01T00:00", -100.0, null],
            ["o2", "cancel", 1, "2024-05-01T00:00", 0.0, null],
        ])
    );
    let ids: Vec<_> = rows[5..]
        .iter()
        .map(|row| row["order_id"].clone())
        .collect();
    assert!(ids.len() == 2 && ids[0] != ids[1], "{ids:?}");
    let before = ids;
    lake.run().await;
    let rows = lake
        .mart("orders", &["account_id", "ordered_at", "kind", "line"])
        .await;
    let mut after: Vec<_> = rows[5..]
        .iter()
        .map(|row| row["order_id"].clone())
        .collect();
    after.sort_by_key(ToString::to_string);
    let mut before = before;
    before.sort_by_key(ToString::to_string);
    assert_eq!(before, after, "made ids are the same on every run");
    let accounts = lake.mart("accounts", &["account_id"]).await;
    assert_eq!(
        columns(&accounts, &["account_id", "first_order_at"]),
        json!([["A", "2024-03-01T00:00"], ["B", "2024-05-02T00:00"]])
    );
}
