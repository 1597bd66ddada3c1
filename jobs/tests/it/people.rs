use millrace_jobs::RunOptions;
use millrace_models::entity::Entity;
use serde_json::json;

use crate::support::{TestLake, columns, options};

#[tokio::test]
async fn days_of_people_are_those_on_which_they_are_to_work_or_do() {
    let mut lake = TestLake::new().await;
    lake.raw(
        Entity::User,
        json!([
            {"id": "u1", "name": "a", "team": "east", "recorded_at": "2024-03-04T09:00", "_op": "insert"},
            {"id": "u2", "name": "b", "team": "east", "recorded_at": "2024-03-05T09:00", "_op": "insert"},
            {"id": "u3", "name": "c", "recorded_at": "2024-03-04T09:00", "left_on": "2024-03-05", "_op": "insert"},
        ]),
    )
    .await;
    // u1 is on leave from Wednesday to Thursday, u2 may not sign in from Friday on
    lake.raw(
        Entity::User,
        json!([
            {"id": "u1", "name": "a", "team": "east", "recorded_at": "2024-03-04T09:00",
             "on_leave_until": "2024-03-07", "_op": "update", "_changed_at": "2024-03-06T08:00"},
            {"id": "u2", "name": "b", "team": "east", "recorded_at": "2024-03-05T09:00",
             "enabled": false, "_op": "update", "_changed_at": "2024-03-08T08:00"},
        ]),
    )
    .await;
    lake.raw(
        Entity::BusinessWrite,
        json!([
            {"user": "u1", "at": "2024-03-04T10:00", "entity": "quote"},
            {"user": "u1", "at": "2024-03-04T23:59", "entity": "quote"},
            {"user": "u1", "at": "2024-03-06T10:00", "entity": "account"},
            {"user": "u1", "at": "2024-03-09T10:00", "entity": "account"},
        ]),
    )
    .await;
    let until = RunOptions {
        now: "2024-03-10T00:00:00Z".parse().unwrap(),
        ..options()
    };
    millrace_jobs::run(&lake.lake, &until).await.unwrap();
    let rows = lake.mart("user_days", &["at", "user_id"]).await;
    assert_eq!(
        columns(&rows, &["at", "user_id", "working", "expected", "writes"]),
        json!([
            ["2024-03-04T00:00", "u1", true, true, 2],
            ["2024-03-04T00:00", "u3", true, true, 0],
            ["2024-03-05T00:00", "u1", true, true, 0],
            ["2024-03-05T00:00", "u2", true, true, 0],
            ["2024-03-06T00:00", "u1", true, false, 1],
            ["2024-03-06T00:00", "u2", true, true, 0],
            ["2024-03-07T00:00", "u2", true, true, 0],
            ["2024-03-08T00:00", "u1", true, true, 0],
            ["2024-03-09T00:00", "u1", false, false, 1],
        ])
    );
    assert_eq!(rows[0]["current_team"], "east");
}

#[tokio::test]
async fn interactions_belong_to_who_it_was_and_are_their_writes() {
    let mut lake = TestLake::new().await;
    lake.raw(
        Entity::Interaction,
        json!([
            {"account": "A", "at": "2024-03-04T10:00", "kind": "call", "by": "Ann", "two_way": true},
            {"id": "i1", "account": "B", "at": "2024-03-05T10:00", "by": "Ann"},
            {"id": "i2", "account": "B", "at": "2024-03-05T11:00", "by": "Ann"},
        ]),
    )
    .await;
    lake.raw(
        Entity::Interaction,
        json!([
            {"id": "i1", "account": "B", "at": "2024-03-06T10:00", "by": "Bob", "two_way": true, "_op": "update"},
            {"id": "i2", "account": "B", "at": "2024-03-05T11:00", "_op": "delete"},
        ]),
    )
    .await;
    lake.run().await;
    let rows = lake.mart("activity", &["at"]).await;
    assert_eq!(
        columns(&rows, &["at", "account_id", "owner", "two_way"]),
        json!([
            ["2024-03-04T10:00", "A", "Ann", true],
            ["2024-03-06T10:00", "B", "Bob", true],
        ])
    );
    let days = lake.mart("user_days", &["at", "user_id"]).await;
    assert_eq!(
        columns(&days[..2], &["at", "user_id", "writes"]),
        json!([
            ["2024-03-04T00:00", "Ann", 1],
            ["2024-03-05T00:00", "Ann", 0]
        ])
    );
}
