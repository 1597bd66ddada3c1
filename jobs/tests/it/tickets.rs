use millrace_models::entity::Entity;
use serde_json::json;

use crate::support::{TestLake, columns};

#[tokio::test]
async fn tickets_take_working_hours_without_pauses() {
    let mut lake = TestLake::new().await;
    lake.raw(
        Entity::Ticket,
        json!([
            // Friday 16:00 to Monday 10:00: 2 hours and 1, less half an hour
            {"id": "T1", "account": "A", "opened_at": "2024-03-01T16:00", "resolved_at": "2024-03-04T10:00",
             "due_at": "2024-03-04T10:00", "paused_hours": 0.5, "satisfaction": 4},
            {"id": "T2", "account": "A", "opened_at": "2024-03-01T16:00", "resolved_at": "2024-03-01T15:00",
             "due_at": "2024-03-01T14:00", "satisfaction": 9},
            // a due day is over with its end
            {"id": "T3", "account": "A", "opened_at": "2024-03-01", "resolved_at": "2024-03-04T17:00",
             "due_at": "2024-03-04"},
            {"id": "T4", "opened_at": "2024-03-04T09:00", "due_at": "2024-03-05T09:00"},
        ]),
    )
    .await;
    lake.run().await;
    let rows = lake.mart("ticket_service", &["ticket_id"]).await;
    assert_eq!(
        columns(
            &rows,
            &[
                "ticket_id",
                "resolution_hours",
                "in_time",
                "late_at",
                "satisfaction"
            ]
        ),
        json!([
            ["T1", 2.5, true, "2024-03-04T10:00", 4.0],
            ["T2", null, false, "2024-03-01T14:00", null],
            ["T3", 7.5, true, "2024-03-05T00:00", null],
            ["T4", null, null, "2024-03-05T09:00", null],
        ])
    );
    let wrong = lake.mart("record_quality", &["record_id"]).await;
    let wrong: Vec<_> = wrong
        .into_iter()
        .filter(|row| row["record_type"] == "ticket")
        .collect();
    assert_eq!(
        columns(&wrong, &["record_id", "defects", "problems"]),
        json!([["T2", 2, "resolved_before_opened, satisfaction_out_of_range"]])
    );
}

#[tokio::test]
async fn the_history_of_a_ticket_tells_its_pauses_and_its_people() {
    let mut lake = TestLake::new().await;
    lake.raw(
        Entity::User,
        json!([{"id": "u1", "name": "a", "team": "east"}, {"id": "u2", "name": "b", "team": "west"}]),
    )
    .await;
    for (at, owner, status, resolved) in [
        ("2024-03-04T09:00", "u1", "open", None),
        ("2024-03-04T10:00", "u1", "paused", None),
        ("2024-03-04T15:00", "u2", "in_progress", None),
        (
            "2024-03-04T16:00",
            "u2",
            "resolved",
            Some("2024-03-04T16:00"),
        ),
    ] {
        lake.raw(
            Entity::Ticket,
            json!([{"id": "T1", "account": "A", "opened_at": "2024-03-04T09:00", "status": status,
                "owner": owner, "requester": "u1", "team": "west", "resolved_at": resolved,
                "_op": "update", "_changed_at": at}]),
        )
        .await;
    }
    lake.run().await;
    let rows = lake.mart("ticket_service", &["ticket_id"]).await;
    let names = [
        "resolution_hours",
        "paused_hours",
        "owner",
        "requester",
        "current_team",
        "status",
    ];
    // 09:00 to 16:00 with the lunch break, without 10:00 to 15:00
    let whole = 2.0;
    assert_eq!(
        columns(&rows, &names),
        json!([[whole, 3.5, "u2", "u1", "west", "resolved"]])
    );
}
