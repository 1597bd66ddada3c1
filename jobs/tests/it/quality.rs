use millrace_models::entity::Entity;
use serde_json::{Value, json};

use crate::support::{TestLake, columns};

async fn records(lake: &TestLake, kind: &str) -> Vec<Value> {
    lake.run().await;
    let rows = lake.mart("record_quality", &["record_id"]).await;
    let own = rows.into_iter().filter(|row| row["record_type"] == kind);
    own.collect()
}

#[tokio::test]
async fn accounts_are_judged_by_what_is_asked_of_them() {
    let mut lake = TestLake::new().await;
    lake.raw(
        Entity::Account,
        json!([
            {"id": "1", "name": "a", "region": "华东", "industry": "pumps", "status": "active",
             "credit_code": "91350100M000100Y43", "phone": "12345", "owner": "u1", "_source": "millrace"},
            {"id": "2", "name": "b", "status": "prospect", "_source": "millrace"},
            {"id": "3", "name": "c", "region": "华东", "status": "lost", "_source": "file"},
            {"id": "4", "name": "d", "_source": "file"},
        ]),
    )
    .await;
    lake.raw(
        Entity::Contact,
        json!([
            {"id": "k1", "account": "1", "name": "Li", "mobile": "13800138000", "_source": "millrace"},
            {"id": "k2", "account": "2", "name": "Wang", "_source": "millrace"},
        ]),
    )
    .await;
    let rows = records(&lake, "account").await;
    assert_eq!(
        columns(
            &rows,
            &[
                "record_id",
                "active",
                "filled",
                "applicable",
                "missing",
                "invalid"
            ]
        ),
        json!([
            [
                "1",
                true,
                9.0,
                14.0,
                "segment, size, source, address",
                "phone"
            ],
            [
                "2",
                false,
                0.0,
                14.0,
                "region, industry, segment, size, source, credit_code, phone, address",
                "contact"
            ],
            // of a file only what it carries is asked
            ["3", false, 2.0, 2.0, null, null],
            ["4", true, 0.0, 2.0, "region", null],
        ])
    );
}

#[tokio::test]
async fn key_fields_apply_by_how_a_deal_stands() {
    let mut lake = TestLake::new().await;
    lake.raw(
        Entity::Opportunity,
        json!([
            {"id": "1", "account": "A", "owner": "u", "amount": 10, "outcome": "open",
             "opened_at": "2024-03-01", "_source": "millrace"},
            {"id": "2", "account": "A", "owner": "u", "amount": 0, "outcome": "lost", "lost_reason": "price",
             "opened_at": "2024-03-01", "closed_at": "2024-02-01", "_source": "millrace"},
        ]),
    )
    .await;
    let rows = records(&lake, "opportunity").await;
    assert_eq!(
        columns(
            &rows,
            &[
                "record_id",
                "filled",
                "applicable",
                "missing",
                "invalid",
                "problems"
            ]
        ),
        json!([
            [
                "1",
                3.0,
                6.0,
                "product, source, expected_close_on",
                null,
                null
            ],
            [
                "2",
                3.0,
                6.0,
                "product, source",
                "amount",
                "ended_before_opened"
            ],
        ])
    );
}
