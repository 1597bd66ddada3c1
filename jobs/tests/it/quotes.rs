use millrace_models::entity::Entity;
use serde_json::json;

use crate::support::{TestLake, columns};

#[tokio::test]
async fn one_row_stands_for_a_number() {
    let mut lake = TestLake::new().await;
    lake.raw(
        Entity::Quote,
        json!([
            {"id": "q1", "number": "N1", "version": 1, "sent_at": "2024-03-01T09:00", "outcome": "superseded"},
            {"id": "q2", "number": "N1", "version": 2, "sent_at": "2024-03-02T09:00", "outcome": "declined",
             "decided_at": "2024-03-05T09:00"},
            {"id": "q3", "number": "N1", "version": 2, "sent_at": "2024-03-02T08:00", "outcome": "accepted",
             "decided_at": "2024-03-04T09:00"},
            {"id": "q4", "sent_at": "2024-03-01T09:00", "outcome": "sent"},
            {"id": "q5", "sent_at": "2024-03-01T09:00", "outcome": "sent", "valid_until": "2024-03-10"},
        ]),
    )
    .await;
    lake.run().await;
    let rows = lake.mart("quote_outcomes", &["quote_id"]).await;
    assert_eq!(
        columns(
            &rows,
            &[
                "quote_id",
                "version",
                "counts",
                "first_version",
                "response_hours"
            ]
        ),
        json!([
            ["q1", 1, false, true, null],
            ["q2", 2, false, false, 96.0],
            ["q3", 2, true, false, 72.0],
            ["q4", 1, true, true, null],
            ["q5", 1, true, true, null],
        ])
    );
    assert_eq!(
        columns(&rows[3..], &["expires_at"]),
        json!([["2024-03-31T09:00"], ["2024-03-11T00:00"]])
    );
}
