use millrace_models::entity::Entity;
use serde_json::{Value, json};

use crate::support::{TestLake, columns};

/// Instalment, receipt, what counts of it and its day.
fn parts(rows: &[Value]) -> Value {
    let parts: Vec<Value> = rows
        .iter()
        .filter(|row| row["entry"] == "receipt")
        .cloned()
        .collect();
    columns(
        &parts,
        &["plan_id", "receipt_id", "allocated_amount", "received_at"],
    )
}

async fn payments(lake: &TestLake) -> Vec<Value> {
    lake.run().await;
    lake.mart("payment_performance", &["plan_id", "entry", "line"])
        .await
}

#[tokio::test]
async fn a_receipt_pays_what_it_names_and_counts_up_to_its_amount() {
    let mut lake = TestLake::new().await;
    lake.raw(
        Entity::PaymentPlan,
        json!([
            {"id": "P1", "account": "A", "due_on": "2024-03-10", "amount": 100},
            {"id": "P2", "account": "A", "due_on": "2024-03-20", "amount": 50.50},
        ]),
    )
    .await;
    lake.raw(
        Entity::Receipt,
        json!([
            {"id": "R3", "received_on": "2024-03-25", "amount": 60, "plan": "P1"},
            {"id": "R1", "received_on": "2024-03-01", "amount": 30, "plan": "P1"},
            {"id": "R2", "received_on": "2024-03-12", "amount": 50, "plan": "P1"},
            {"id": "R4", "received_on": "2024-03-26", "amount": 10, "plan": "gone"},
            {"id": "R5", "received_on": "2024-03-28", "amount": 45, "plan": "P1", "kind": "refund"},
        ]),
    )
    .await;
    let rows = payments(&lake).await;
    // 30 and 50 come before the last 20; the 40 beyond the amount go nowhere, and are the first to
    // be given back: of 45, 5 are missing of the instalment then
    assert_eq!(
        parts(&rows),
        json!([
            ["P1", "R1", 30.0, "2024-03-01T00:00"],
            ["P1", "R2", 50.0, "2024-03-12T00:00"],
            ["P1", "R3", 20.0, "2024-03-25T00:00"],
            ["P1", "R5", -5.0, "2024-03-28T00:00"],
        ])
    );
    let due: Vec<Value> = rows
        .iter()
        .filter(|row| row["entry"] == "due")
        .cloned()
        .collect();
    assert_eq!(
        columns(
            &due,
            &[
                "plan_id",
                "account_id",
                "amount",
                "received_amount",
                "due_at",
                "overdue_at",
                "paid_at"
            ]
        ),
        json!([
            [
                "P1",
                "A",
                100.0,
                95.0,
                "2024-03-10T00:00",
                "2024-03-11T00:00",
                null
            ],
            [
                "P2",
                "A",
                50.5,
                0.0,
                "2024-03-20T00:00",
                "2024-03-21T00:00",
                null
            ],
        ])
    );
    let wrong = lake.mart("record_quality", &["record_id"]).await;
    assert_eq!(
        columns(&wrong, &["record_type", "record_id", "problems"])
            .as_array()
            .unwrap()
            .iter()
            .filter(|row| !row[2].is_null())
            .cloned()
            .collect::<Value>(),
        json!([["receipt", "R4", "unknown_instalment"]])
    );
}

#[tokio::test]
async fn a_receipt_that_names_none_pays_the_oldest_of_its_account() {
    let mut lake = TestLake::new().await;
    lake.raw(
        Entity::PaymentPlan,
        json!([
            {"id": "P2", "account": "A", "due_on": "2024-03-20", "amount": 50},
            {"id": "P1", "account": "A", "due_on": "2024-03-10", "amount": 100},
            {"id": "P3", "account": "B", "due_on": "2024-03-01", "amount": 70},
            {"id": "P0", "account": "A", "due_on": "2024-02-01", "amount": 0},
        ]),
    )
    .await;
    lake.raw(
        Entity::Receipt,
        json!([
            {"id": "R1", "account": "A", "received_on": "2024-03-15", "amount": 120},
            {"id": "R2", "account": "A", "received_on": "2024-03-16", "amount": 100},
            {"id": "R3", "account": "A", "received_on": "2024-03-18", "amount": 40, "kind": "refund"},
            {"id": "R4", "received_on": "2024-03-18", "amount": 40},
        ]),
    )
    .await;
    let rows = payments(&lake).await;
    assert_eq!(
        parts(&rows),
        json!([
            ["P1", "R1", 100.0, "2024-03-15T00:00"],
            ["P2", "R1", 20.0, "2024-03-15T00:00"],
            ["P2", "R2", 30.0, "2024-03-16T00:00"],
            ["P2", "R3", -40.0, "2024-03-18T00:00"],
        ])
    );
    assert_eq!(rows[0]["paid_at"], "2024-03-15T00:00");
    assert_eq!(rows.iter().filter(|row| row["entry"] == "due").count(), 3);
}

#[tokio::test]
async fn one_receipt_pays_several_instalments_in_parts() {
    let mut lake = TestLake::new().await;
    lake.raw(
        Entity::User,
        json!([{"id": "u1", "name": "a", "team": "east"}, {"id": "u2", "name": "b", "team": "west"}]),
    )
    .await;
    lake.raw(
        Entity::Contract,
        json!([
            {"id": "C1", "account": "A", "owner": "u1", "signed_on": "2024-01-05", "amount": 300,
             "_changed_at": "2024-01-05"},
        ]),
    )
    .await;
    lake.raw(
        Entity::Contract,
        json!([
            {"id": "C1", "account": "A", "owner": "u2", "team": "north", "signed_on": "2024-01-05",
             "amount": 300, "_op": "update", "_changed_at": "2024-03-15"},
        ]),
    )
    .await;
    lake.raw(
        Entity::PaymentPlan,
        json!([
            {"id": "P1", "account": "A", "contract": "C1", "due_on": "2024-03-10", "amount": 100},
            {"id": "P2", "account": "A", "contract": "C1", "due_on": "2024-03-20", "amount": 200,
             "written_off": false},
            {"id": "P3", "account": "A", "contract": "C1", "amount": 10},
        ]),
    )
    .await;
    lake.raw(
        Entity::PaymentPlan,
        json!([
            {"id": "P2", "account": "A", "contract": "C1", "due_on": "2024-03-20", "amount": 200,
             "written_off": true, "_op": "update", "_changed_at": "2024-05-01"},
        ]),
    )
    .await;
    // rows of operations that nobody allocated pay nothing by themselves
    lake.raw(
        Entity::Receipt,
        json!([
            {"id": "R1", "account": "A", "received_on": "2024-03-15", "amount": 150},
            {"id": "R2", "account": "A", "received_on": "2024-03-16", "amount": 999, "_source": "millrace"},
        ]),
    )
    .await;
    lake.raw(
        Entity::ReceiptAllocation,
        json!([
            {"id": "1", "receipt": "R1", "plan": "P2", "amount": 90},
            {"id": "2", "receipt": "R1", "plan": "P1", "amount": 60},
            {"id": "3", "receipt": "R1", "plan": "P1", "amount": 5},
        ]),
    )
    .await;
    lake.raw(
        Entity::ReceiptAllocation,
        json!([{"id": "3", "receipt": "R1", "plan": "P1", "amount": 5, "_op": "delete"}]),
    )
    .await;
    let rows = payments(&lake).await;
    assert_eq!(
        parts(&rows),
        json!([
            ["P1", "R1", 60.0, "2024-03-15T00:00"],
            ["P2", "R1", 90.0, "2024-03-15T00:00"],
        ])
    );
    // people are those of the contract: at the due day, and now
    let due: Vec<Value> = rows
        .iter()
        .filter(|row| row["entry"] == "due")
        .cloned()
        .collect();
    assert_eq!(
        columns(
            &due,
            &[
                "plan_id",
                "contract_id",
                "owner",
                "current_owner",
                "current_team",
                "written_off_at"
            ]
        ),
        json!([
            ["P1", "C1", "u1", "u2", "north", null],
            ["P2", "C1", "u2", "u2", "north", "2024-05-01T00:00"],
            ["P3", "C1", "u2", "u2", "north", null],
        ])
    );
}

#[tokio::test]
async fn contracts_find_their_successors() {
    let mut lake = TestLake::new().await;
    lake.raw(
        Entity::Contract,
        json!([
            {"id": "C1", "account": "A", "effective_on": "2023-01-01", "expires_on": "2023-12-31"},
            {"id": "C2", "account": "A", "signed_on": "2024-03-30", "expires_on": "2024-12-31", "renews": "C1"},
            {"id": "C3", "account": "A", "signed_on": "2025-04-01", "renews": "C2"},
            {"id": "C4", "account": "A", "signed_on": "2024-02-01", "renews": "C1"},
        ]),
    )
    .await;
    // nobody says what renews what: the next of the same account and kind
    lake.raw(
        Entity::Contract,
        json!([
            {"id": "D1", "account": "A", "kind": "service", "effective_on": "2023-01-01",
             "expires_on": "2023-12-31", "_source": "erp"},
            {"id": "D2", "account": "A", "kind": "service", "effective_on": "2024-01-01", "_source": "erp"},
            {"id": "D3", "account": "A", "kind": "sale", "effective_on": "2023-01-01",
             "expires_on": "2023-12-31", "_source": "erp"},
            {"id": "D4", "account": "A", "kind": "sale", "effective_on": "2023-02-01", "_source": "erp"},
        ]),
    )
    .await;
    lake.run().await;
    let rows = lake.mart("contracts", &["contract_id"]).await;
    assert_eq!(
        columns(
            &rows,
            &["contract_id", "renewed_by", "renewed_at", "decided_at"]
        ),
        json!([
            ["C1", "C4", "2024-02-01T00:00", "2024-03-31T00:00"],
            // one day too late
            ["C2", null, null, "2025-04-01T00:00"],
            ["C3", null, null, null],
            ["C4", null, null, null],
            ["D1", "D2", "2024-01-01T00:00", "2024-03-31T00:00"],
            ["D2", null, null, null],
            ["D3", null, null, "2024-03-31T00:00"],
            ["D4", null, null, null],
        ])
    );
}
