//! From a table of somebody else's database to the numbers, and every change of it too.

use std::path::Path;

use millrace_operations::testing::Postgres;
use sea_orm::{ConnectionTrait, Database};
use serde_json::Value;

use crate::served::command;
use crate::writers::{json_of, published, runtime};

const MAPPING: &str = r#"
system = "crm"

[[source]]
database = "env:CRM_URL"
table = "sales.deals"
cursor = "updated_at"
deleted = { column = "status", value = "removed" }
vanished = "delete"
entity = "opportunity"
[source.columns]
id = "deal_no"
account = "customer"
opened_at = "opened_on"
closed_at = "closed_on"
outcome = "status"
amount = "value"
[source.values.outcome]
removed = "invalid"

[[source]]
database = "env:CRM_URL"
table = "sales.lines"
cursor = "version"
entity = "order"
[source.columns]
id = "order_no"
account = "customer"
ordered_at = "day"
amount = "amount"
"#;

/// Ingests as people do, and brings the marts up to date.
fn refresh(data: &Path, url: &str) -> Value {
    let mapping = data.with_file_name("crm.toml");
    std::fs::write(&mapping, MAPPING).unwrap();
    let done = command(data, None)
        .env("CRM_URL", url)
        .args(["--format", "json", "ingest", "--mapping"])
        .arg(&mapping)
        .output()
        .unwrap();
    let (told, errors) = (
        String::from_utf8(done.stdout).unwrap(),
        String::from_utf8(done.stderr).unwrap(),
    );
    assert!(done.status.success(), "{errors}");
    assert!(
        !format!("{told}{errors}").contains("hunter2"),
        "{told}{errors}"
    );
    json_of(data, None, &["run"]);
    serde_json::from_str(&told).unwrap()
}

fn number(data: &Path, metric: &str) -> Value {
    json_of(data, None, &["query", metric])["total"][metric].clone()
}

#[test]
fn marts_follow_a_table_of_another_database() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    json_of(&data, None, &["init"]);
    let runtime = runtime();
    let url = runtime.block_on(server.database()).unwrap();
    let crm = runtime.block_on(Database::connect(&url)).unwrap();
    let sql = |statement: &str| {
        runtime.block_on(crm.execute_unprepared(statement)).unwrap();
    };
    let secret = url.replace("postgres@", "postgres:hunter2@");
    sql("CREATE SCHEMA sales");
    sql(
        "CREATE TABLE sales.deals (deal_no text PRIMARY KEY, customer text, opened_on date, closed_on date, \
         status text, value numeric(18, 2), updated_at timestamptz)",
    );
    sql(
        "CREATE TABLE sales.lines (order_no text, customer text, day date, amount numeric(18, 2), version bigint)",
    );
    sql("INSERT INTO sales.deals VALUES \
         ('D-1', '甲', '2026-01-05', '2026-02-05', 'won', 100, '2026-02-05T08:00Z'), \
         ('D-2', '乙', '2026-01-05', '2026-02-06', 'lost', 200, '2026-02-06T08:00Z'), \
         ('D-3', '丙', '2026-01-05', '2026-02-07', 'won', 300, '2026-02-07T08:00Z'), \
         ('D-4', '丁', '2026-01-05', '2026-02-07', 'won', 400, '2026-02-07T08:00Z')");
    sql(
        "INSERT INTO sales.lines VALUES ('O-1', '甲', '2026-02-05', 10.10, 1), ('O-1', '甲', '2026-02-05', 20.20, 2), \
         ('O-2', '乙', '2026-02-05', 5, 3)",
    );
    let first = refresh(&data, &secret);
    assert_eq!(first["sources"][0]["added"], 4);
    assert_eq!(number(&data, "won_amount"), 800.0);
    assert_eq!(number(&data, "order_amount"), 35.3);

    // One is corrected, one deleted, one vanishes, one comes; an order loses a line's worth.
    sql(
        "UPDATE sales.deals SET status = 'won', value = 250, updated_at = '2026-02-08T08:00Z' WHERE deal_no = 'D-2'",
    );
    sql(
        "UPDATE sales.deals SET status = 'removed', updated_at = '2026-02-08T08:00Z' WHERE deal_no = 'D-3'",
    );
    sql("DELETE FROM sales.deals WHERE deal_no = 'D-4'");
    sql(
        "INSERT INTO sales.deals VALUES ('D-5', '戊', '2026-01-05', '2026-02-09', 'won', 1000, '2026-02-09T08:00Z')",
    );
    sql("UPDATE sales.lines SET amount = 0.20, version = 4 WHERE version = 2");
    let second = refresh(&data, &secret);
    assert_eq!(second["sources"][0]["deleted"], 2);
    assert_eq!(number(&data, "won_amount"), 1350.0);
    assert_eq!(number(&data, "order_amount"), 15.3);
    // A null is a null: who was the customer nobody says any more.
    sql(
        "UPDATE sales.deals SET closed_on = NULL, status = 'open', updated_at = '2026-02-10T08:00Z' WHERE deal_no = 'D-5'",
    );
    refresh(&data, &secret);
    assert_eq!(number(&data, "won_amount"), 350.0);
    assert_eq!(number(&data, "open_amount"), 1000.0);

    let step_by_step = runtime.block_on(published(&data));
    json_of(&data, None, &["run", "--full"]);
    assert_eq!(runtime.block_on(published(&data)), step_by_step);
    let status = json_of(&data, None, &["status"]).to_string();
    assert!(!status.contains("hunter2"));
}
