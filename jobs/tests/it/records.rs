use millrace_jobs::RunOptions;
use millrace_models::entity::Entity;
use serde_json::json;

use crate::support::{TestLake, columns, options};

#[tokio::test]
async fn later_rows_fill_and_override() {
    let mut lake = TestLake::new().await;
    lake.raw(
        Entity::Account,
        json!([
            {"id": "1", "name": "Acme", "region": "华东", "attributes": {"sector": "water"}},
            {"id": "2", "name": "Acme"},
        ]),
    )
    .await;
    lake.raw(
        Entity::Account,
        json!([{"id": "1", "industry": "chemicals", "region": "华南", "parent": "2"}]),
    )
    .await;
    lake.raw(
        Entity::Interaction,
        json!([{"account": "Newcomer", "at": "2024-01-01", "by": "Ann"}]),
    )
    .await;
    let report = lake.run().await;
    let rows = lake.mart("accounts", &["account_id"]).await;
    let names = [
        "account_id",
        "label",
        "region",
        "industry",
        "parent_account",
        "attr_sector",
    ];
    assert_eq!(
        columns(&rows, &names),
        json!([
            ["1", "Acme (1)", "华南", "chemicals", "2", "water"],
            ["2", "Acme (2)", null, null, null, null],
            ["Newcomer", "Newcomer", null, null, null, null],
        ])
    );
    let set = lake.lake.latest_set().await.unwrap().unwrap();
    assert_eq!(set.id, report.set);
    assert!(set.catalog.has("account", "region") && set.catalog.is_attribute("account", "sector"));
    assert!(!set.catalog.has("account", "size"));
    assert_eq!(set.versions.len(), millrace_models::marts::built().count());
}

#[tokio::test]
async fn an_empty_lake_gives_empty_marts() {
    let lake = TestLake::new().await;
    let report = lake.run().await;
    assert_eq!(report.marts.len(), millrace_models::marts::built().count());
    let rows: Vec<_> = report
        .marts
        .iter()
        .filter(|mart| mart.name != "calendar")
        .collect();
    assert!(rows.iter().all(|mart| mart.rows == 0), "{rows:?}");
}

#[tokio::test]
async fn a_run_of_one_job_keeps_the_other_marts() {
    let mut lake = TestLake::new().await;
    lake.raw(
        Entity::Order,
        json!([{"account": "A", "ordered_at": "2024-03-02", "amount": 100}]),
    )
    .await;
    lake.run().await;
    let before = lake.lake.latest_set().await.unwrap().unwrap();
    let only = RunOptions {
        jobs: vec!["orders".to_owned()],
        ..options()
    };
    let report = millrace_jobs::run(&lake.lake, &only).await.unwrap();
    assert_eq!(report.marts.len(), 1);
    let after = lake.lake.latest_set().await.unwrap().unwrap();
    assert_eq!(
        after.versions["marts/accounts"],
        before.versions["marts/accounts"]
    );
    assert!(after.versions["marts/orders"] > before.versions["marts/orders"]);
    assert_eq!(after.last_event_at, before.last_event_at);
}

#[tokio::test]
async fn an_unknown_job_is_refused_with_the_known_ones() {
    let lake = TestLake::new().await;
    let wrong = RunOptions {
        jobs: vec!["visits".to_owned()],
        ..options()
    };
    let error = millrace_jobs::run(&lake.lake, &wrong)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("there is no job \"visits\": the jobs are calendar,"),
        "{error}"
    );
}

#[tokio::test]
async fn an_id_that_is_written_like_that_of_another_system_is_a_row_of_its_own() {
    let mut lake = TestLake::new().await;
    let deal = |system: &str, id: &str, account: &str| json!({"_source": system, "id": id, "account": account});
    lake.raw(
        Entity::Opportunity,
        json!([
            deal("crm", "1", "Acme"),
            deal("erp", "1", "Acme"),
            {"_source": "erp", "id": "crm:1", "account": "Bo", "outcome": "won", "won_at": "2025-01-02"},
        ]),
    )
    .await;
    lake.raw(
        Entity::Account,
        json!([{"_source": "erp", "name": "Zed", "region": "华南"}]),
    )
    .await;
    lake.run().await;
    assert_eq!(lake.published("opportunities").await.len(), 3);
    lake.raw(
        Entity::Account,
        json!([{"_source": "erp", "name": "Bo", "region": "华东"}]),
    )
    .await;
    let part = RunOptions {
        full: false,
        ..options()
    };
    let report = millrace_jobs::run(&lake.lake, &part).await.unwrap();
    assert_eq!(report.full, None);
    let rows = lake
        .mart("opportunities", &["opportunity_id", "outcome"])
        .await;
    assert_eq!(
        columns(&rows, &["opportunity_id", "account_id"]),
        json!([["crm:1", "Acme"], ["crm:1", "Bo"], ["erp:1", "Acme"]])
    );
}
