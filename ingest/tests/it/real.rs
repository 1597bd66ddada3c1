//! Data that nobody here wrote, through mappings as a user would write them.

use std::path::Path;

use crate::support::{Bench, test_data};

fn at(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}

#[tokio::test]
async fn maven_crm() {
    let Some(folder) = test_data("maven-crm") else {
        return;
    };
    let bench = Bench::new().await;
    let mapping = format!(
        r#"
[[source]]
file = "{}"
entity = "account"
[source.columns]
name = "account"
parent = "subsidiary_of"
region = "office_location"
size = "employees"
[source.values.sector]
technolgy = "technology"
[source.attributes]
sector = "sector"
revenue = "revenue"

[[source]]
file = "{}"
entity = "user"
[source.columns]
name = "sales_agent"
manager = "manager"
region = "regional_office"

[[source]]
file = "{}"
entity = "opportunity"
[source.columns]
id = "opportunity_id"
account = "account"
owner = "sales_agent"
opened_at = "engage_date"
closed_at = "close_date"
outcome = "deal_stage"
amount = "close_value"
product = "product"
[source.values.outcome]
Engaging = "open"
Prospecting = "open"
[source.values.product]
GTXPro = "GTX Pro"
"#,
        at(&folder, "accounts.csv"),
        at(&folder, "sales_teams.csv"),
        at(&folder, "sales_pipeline.csv"),
    );
    let report = bench.ingest(&mapping).await.unwrap();
    let added: Vec<u64> = report.sources.iter().map(|source| source.added).collect();
    assert_eq!(added, [85, 35, 8800]);
    let deals = bench
        .rows(
            "opportunity",
            &[
                "id",
                "product",
                "outcome",
                "opened_at",
                "opened_at_is_date",
                "amount",
            ],
        )
        .await;
    assert_eq!(
        deals[0],
        "1C1I7A6R|GTX Plus Basic|won|2016-10-19T16:00:00Z|true|1054.00"
    );
    assert_eq!(
        deals
            .iter()
            .filter(|deal| deal.contains("|GTX Pro|"))
            .count(),
        1480
    );
    assert_eq!(
        deals.iter().filter(|deal| deal.contains("|-|-|")).count(),
        500
    );
    let accounts = bench.rows("account", &["id", "name", "attributes"]).await;
    assert_eq!(
        accounts[0],
        "-|Acme Corporation|{\"revenue\":\"1100.04\",\"sector\":\"technology\"}"
    );
}

#[tokio::test]
async fn stage_logs() {
    let Some(folder) = test_data("eventlogs") else {
        return;
    };
    let bench = Bench::new().await;
    let source = |name: &str| {
        format!(
            "[[source]]\nfile = \"{}\"\nentity = \"stage_change\"\n[source.columns]\nopportunity = \"case:concept:name\"\nstage = \"concept:name\"\nchanged_at = \"time:timestamp\"\nby = \"org:resource\"\n",
            at(&folder, name)
        )
    };
    let report = bench
        .ingest(&(source("helpdesk.csv") + &source("receipt.csv")))
        .await
        .unwrap();
    let added: Vec<u64> = report.sources.iter().map(|source| source.added).collect();
    assert_eq!(added, [21_348, 8_577]);
    let events = bench
        .rows(
            "stage_change",
            &["opportunity", "stage", "changed_at", "changed_at_is_date"],
        )
        .await;
    assert_eq!(
        events[0],
        "Case 1|Assign seriousness|2012-10-09T14:50:17Z|false"
    );
    assert_eq!(
        events[21_348],
        "case-10011|Confirmation of receipt|2011-10-11T11:45:40.276Z|false"
    );
}

#[tokio::test]
async fn cdnow_by_blanks_and_by_widths() {
    let Some(folder) = test_data("cdnow") else {
        return;
    };
    for options in ["delimiter = \"blank\"", "widths = [6, 9, 3, 8]", ""] {
        let bench = Bench::new().await;
        let mapping = format!(
            "[[source]]\nfile = \"{}\"\nentity = \"order\"\n{options}\n[source.columns]\naccount = \"customer_id\"\nordered_at = \"date\"\nquantity = \"number_of_cds\"\namount = \"dollar_value\"\n",
            at(&folder, "CDNOW_master.txt")
        );
        let report = bench
            .ingest(&mapping)
            .await
            .unwrap_or_else(|error| panic!("{options}: {error}"));
        assert_eq!(report.sources[0].added, 69_659, "{options}");
        let rows = bench
            .rows("order", &["account", "ordered_at", "quantity", "amount"])
            .await;
        assert_eq!(rows[0], "00001|1996-12-31T16:00:00Z|1.0|11.77", "{options}");
    }
}

#[tokio::test]
async fn adventureworks_parquet() {
    let Some(folder) = test_data("adventureworks") else {
        return;
    };
    let bench = Bench::new().await;
    let mapping = format!(
        "[[source]]\nfile = \"{}\"\nentity = \"order\"\n[source.columns]\nid = \"SalesOrderNumber\"\naccount = \"ResellerKey\"\nproduct = \"ProductKey\"\nordered_at = \"OrderDate\"\nquantity = \"OrderQuantity\"\namount = \"SalesAmount\"\n",
        at(&folder, "FactResellerSales.parquet")
    );
    let report = bench.ingest(&mapping).await.unwrap();
    assert_eq!(report.sources[0].added, 60_855);
}
