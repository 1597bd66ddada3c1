use millrace_jobs::{RunOptions, run};
use millrace_models::entity::Entity;
use serde_json::{Value, json};

use crate::support::{TestLake, columns, options};

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

/// Lines that belong together are in one part: those of an id, also of another system, what takes
/// one back, and who had the order later.
#[tokio::test]
async fn orders_made_in_parts_are_those_made_at_once() {
    let mut lake = TestLake::new().await;
    let mut lines: Vec<Value> = (0..40)
        .map(|number| {
            let account = format!("A{}", number % 7);
            let day = format!("2024-03-{:02}", number % 28 + 1);
            json!({"id": format!("o{}", number % 17), "account": account, "ordered_at": day,
                "amount": number + 1, "owner": "Li", "_changed_at": day})
        })
        .collect();
    lines.extend([
        json!({"id": "o3", "_source": "erp", "account": "E", "ordered_at": "2024-01-05", "amount": 9}),
        json!({"account": "B", "ordered_at": "2024-05-02", "amount": 7}),
        json!({"account": "B", "ordered_at": "2024-05-02", "amount": 7}),
        json!({"account": "B", "ordered_at": "2024-05-02", "amount": 8}),
        json!({"account": "B", "ordered_at": "2024-05-02", "amount": 7, "_op": "delete"}),
        json!({"id": "o5", "account": "A5", "ordered_at": "2024-03-06", "_op": "delete"}),
        json!({"id": "o5", "account": "A5", "ordered_at": "2024-06-01", "amount": 1}),
        json!({"id": "o6", "account": "A6", "ordered_at": "2024-06-01", "amount": 2,
            "owner": "Wang", "_changed_at": "2024-03-20"}),
        json!({"id": "o7", "account": "A0", "ordered_at": "2024-06-01", "amount": 5, "kind": "cancel"}),
    ]);
    lake.raw(Entity::Order, Value::Array(lines)).await;
    lake.run().await;
    let order = ["order_id", "kind", "line"];
    let at_once = lake.mart("orders", &order).await;
    let accounts = lake.published("accounts").await;
    let made = |row: &&Value| row["account_id"] == "B";
    assert_eq!(at_once.iter().filter(made).count(), 2);
    let named = |id: &str| at_once.iter().filter(|row| row["order_id"] == id).count();
    // 3, 20 and 37 of the first system, and one of the other
    assert_eq!([named("crm:o3"), named("erp:o3"), named("o5")], [3, 1, 1]);
    let parts = RunOptions {
        rows_at_once: 4,
        ..options()
    };
    run(&lake.lake, &parts).await.unwrap();
    assert_eq!(lake.mart("orders", &order).await, at_once);
    assert_eq!(lake.published("accounts").await, accounts);
}
