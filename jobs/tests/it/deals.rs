use millrace_models::entity::Entity;
use serde_json::json;

use crate::support::{TestLake, columns, options};

#[tokio::test]
async fn visits_follow_the_stage_changes() {
    let mut lake = TestLake::new().await;
    lake.raw(
        Entity::User,
        json!([{"id": "u1", "name": "李雷", "team": "华东"}]),
    )
    .await;
    lake.raw(
        Entity::Account,
        json!([{"id": "a1", "name": "阀门厂", "region": "上海"}]),
    )
    .await;
    lake.raw(
        Entity::Opportunity,
        json!([{"id": "00123", "account": "a1", "owner": "李雷", "amount": 800_000}]),
    )
    .await;
    lake.raw(
        Entity::StageChange,
        json!([
            {"opportunity": "00123", "stage": "线索登记", "changed_at": "2024-03-04T09:00", "by": "u1"},
            {"opportunity": "00123", "stage": "方案报价", "changed_at": "2024-03-04T11:00", "by": "韩梅梅"},
            {"opportunity": "00123", "stage": "quotation", "changed_at": "2024-03-04T12:00"},
            {"opportunity": "other", "stage": "自定义", "changed_at": "2024-02-01",
             "recorded_at": "2024-02-20"},
        ]),
    )
    .await;
    let report = lake.run().await;
    assert_eq!(report.warnings, Vec::<String>::new());
    let rows = lake
        .mart("stage_visits", &["opportunity_id", "visit"])
        .await;
    let names = [
        "opportunity_id",
        "visit",
        "stage",
        "next_stage",
        "dwell_hours",
        "partition",
    ];
    assert_eq!(
        columns(&rows, &names),
        json!([
            ["00123", 1, "lead", "quotation", 2.0, "running"],
            ["00123", 2, "quotation", null, null, "open"],
            ["other", 1, "自定义", null, null, "open"],
        ])
    );
    let names = [
        "owner",
        "team",
        "account_id",
        "region",
        "amount",
        "entered_by",
        "late_entry",
    ];
    assert_eq!(
        columns(&rows, &names),
        json!([
            ["u1", "华东", "a1", "上海", 800_000.0, "u1", false],
            ["u1", "华东", "a1", "上海", 800_000.0, "韩梅梅", false],
            [null, null, null, null, null, null, true],
        ])
    );
    assert_eq!(rows[0]["advanced_at"], "2024-03-04T11:00");
    // The deal that only a stage change names, and the user, are there.
    let deals = lake.mart("opportunities", &["opportunity_id"]).await;
    assert_eq!(
        columns(&deals, &["opportunity_id", "opened_at", "stage", "outcome"]),
        json!([
            ["00123", "2024-03-04T09:00", "quotation", "open"],
            ["other", "2024-02-01T00:00", "自定义", "open"],
        ])
    );
    let users = lake.mart("users", &["user_id"]).await;
    assert_eq!(columns(&users, &["user_id"]), json!([["u1"], ["韩梅梅"]]));
}

#[tokio::test]
async fn cycles_come_from_records_and_from_stages() {
    let mut lake = TestLake::new().await;
    lake.raw(
        Entity::Opportunity,
        json!([
            {"id": "days", "opened_at": "2024-01-01", "closed_at": "2024-01-31", "outcome": "won", "amount": 10},
            {"id": "negative", "opened_at": "2024-01-31", "closed_at": "2024-01-01", "outcome": "lost"},
            {"id": "open", "opened_at": "2024-01-31T09:00", "outcome": "open"},
        ]),
    )
    .await;
    lake.raw(
        Entity::StageChange,
        json!([
            {"opportunity": "won", "stage": "lead", "changed_at": "2024-03-01T09:00"},
            {"opportunity": "won", "stage": "delivery_payment", "changed_at": "2024-03-02T21:00"},
            {"opportunity": "soon", "stage": "lead", "changed_at": "2024-01-01T00:00"},
            {"opportunity": "soon", "stage": "lost", "changed_at": "2024-01-11T00:00"},
            {"opportunity": "soon", "stage": "signing", "changed_at": "2024-03-01T00:00"},
            {"opportunity": "soon", "stage": "won", "changed_at": "2024-03-11T00:00"},
            {"opportunity": "late", "stage": "lead", "changed_at": "2024-01-01T00:00"},
            {"opportunity": "late", "stage": "lost", "changed_at": "2024-01-11T00:00"},
            {"opportunity": "late", "stage": "signing", "changed_at": "2024-06-01T00:00"},
        ]),
    )
    .await;
    lake.run().await;
    let rows = lake
        .mart("conversion_cycles", &["opportunity_id", "episode"])
        .await;
    let names = [
        "opportunity_id",
        "episode",
        "outcome",
        "cycle_days",
        "whole_days",
        "won_at",
    ];
    assert_eq!(
        columns(&rows, &names),
        json!([
            ["days", 1, "won", 30.0, true, "2024-01-31T00:00"],
            ["late", 1, "lost", 10.0, false, null],
            ["late", 2, "open", null, false, null],
            ["negative", 1, "lost", null, true, null],
            ["open", 1, "open", null, false, null],
            ["soon", 1, "won", 70.0, false, "2024-03-11T00:00"],
            ["won", 1, "won", 1.5, false, "2024-03-02T21:00"],
        ])
    );
}

#[tokio::test]
async fn a_deal_that_its_record_ends_leaves_its_stage() {
    let mut lake = TestLake::new().await;
    lake.raw(
        Entity::Opportunity,
        json!([{"id": "a", "outcome": "won", "closed_at": "2024-03-05T09:00"}]),
    )
    .await;
    lake.raw(
        Entity::StageChange,
        json!([{"opportunity": "a", "stage": "signing", "changed_at": "2024-03-04T09:00"}]),
    )
    .await;
    lake.run().await;
    let rows = lake.mart("stage_visits", &["visit"]).await;
    let names = [
        "next_stage",
        "dwell_hours",
        "dwell_business_hours",
        "advanced_at",
    ];
    assert_eq!(
        columns(&rows, &names),
        json!([["won", 24.0, 7.5, "2024-03-05T09:00"]])
    );
}

#[tokio::test]
async fn people_are_as_they_were_at_the_event() {
    let mut lake = TestLake::new().await;
    lake.raw(
        Entity::User,
        json!([{"name": "a", "team": "north"}, {"name": "b", "team": "south"}]),
    )
    .await;
    lake.raw(Entity::Opportunity, json!([{"id": "1", "owner": "a"}]))
        .await;
    lake.raw(
        Entity::Opportunity,
        json!([{"id": "1", "owner": "b", "_changed_at": "2024-03-10", "_ingested_at": "2024-04-01"}]),
    )
    .await;
    lake.raw(
        Entity::StageChange,
        json!([
            {"opportunity": "1", "stage": "lead", "changed_at": "2024-03-01"},
            {"opportunity": "1", "stage": "quotation", "changed_at": "2024-03-05"},
            {"opportunity": "1", "stage": "signing", "changed_at": "2024-03-15"},
        ]),
    )
    .await;
    lake.run().await;
    let rows = lake.mart("stage_visits", &["visit"]).await;
    assert_eq!(
        columns(&rows, &["owner", "team", "current_owner", "current_team"]),
        json!([
            ["a", "north", "b", "south"],
            ["b", "south", "b", "south"],
            ["b", "south", "b", "south"],
        ])
    );
}

#[tokio::test]
async fn as_of_sees_nothing_later() {
    let mut lake = TestLake::new().await;
    lake.raw(
        Entity::Opportunity,
        json!([
            {"id": "1", "opened_at": "2024-01-01", "closed_at": "2024-02-01", "outcome": "won"},
            {"id": "2", "opened_at": "2024-02-01"},
        ]),
    )
    .await;
    lake.raw(
        Entity::StageChange,
        json!([
            {"opportunity": "1", "stage": "lead", "changed_at": "2024-01-01"},
            {"opportunity": "1", "stage": "signing", "changed_at": "2024-01-20"},
        ]),
    )
    .await;
    let as_of = Some("2024-01-10T00:00:00Z".parse().unwrap());
    millrace_jobs::run(
        &lake.lake,
        &millrace_jobs::RunOptions { as_of, ..options() },
    )
    .await
    .unwrap();
    let cycles = lake.mart("conversion_cycles", &["opportunity_id"]).await;
    assert_eq!(
        columns(&cycles, &["opportunity_id", "outcome", "stage"]),
        json!([["1", "open", "lead"]])
    );
    let visits = lake.mart("stage_visits", &["visit"]).await;
    assert_eq!(
        columns(&visits, &["stage", "left_at"]),
        json!([["lead", null]])
    );
}

#[tokio::test]
async fn ids_of_two_systems_stay_apart() {
    let mut lake = TestLake::new().await;
    lake.raw(
        Entity::StageChange,
        json!([
            {"opportunity": "1", "stage": "lead", "changed_at": "2024-01-01"},
            {"opportunity": "1", "stage": "signing", "changed_at": "2024-01-02", "_source": "old"},
            {"opportunity": "2", "stage": "signing", "changed_at": "2024-01-03", "_source": "old"},
        ]),
    )
    .await;
    lake.run().await;
    let visits = lake.mart("stage_visits", &["opportunity_id"]).await;
    assert_eq!(
        columns(&visits, &["opportunity_id", "stage"]),
        json!([["2", "signing"], ["crm:1", "lead"], ["old:1", "signing"]])
    );
}
