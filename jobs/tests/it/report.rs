//! Monthly reports over small lakes.

use std::sync::Arc;

use chrono::NaiveDate;
use millrace_jobs::health::{Again, score};
use millrace_jobs::report::{Aims, Fonts, Language, MonthlyReport, MonthlyRequest, monthly};
use millrace_models::config::Company;
use millrace_models::entity::Entity;
use millrace_models::health::ScorecardRules;
use millrace_models::scope::Access;
use millrace_models::target::Whom;
use millrace_operations::service::target::{self, Item};
use millrace_operations::setup::initialise;
use millrace_operations::testing::ManualClock;
use millrace_operations::{Actor, Place, Store, Unit};
use serde_json::{Value, json};

use crate::support::{TestLake, options};

/// Whether there is a font to write a report in; says so where there is none.
fn can_write() -> bool {
    let found = Fonts::system().is_ok();
    if !found {
        eprintln!("skipped: no font with Chinese letters is installed");
    }
    found
}

async fn report(lake: &TestLake, month: &str, language: Language) -> anyhow::Result<MonthlyReport> {
    report_with(lake, month, language, None).await
}

async fn report_with(
    lake: &TestLake,
    month: &str,
    language: Language,
    aims: Option<Aims<'_>>,
) -> anyhow::Result<MonthlyReport> {
    let company = Company::default();
    let engine = lake.engine();
    let asked = MonthlyRequest {
        month: month.parse::<NaiveDate>().unwrap(),
        language,
        scope: "all".to_owned(),
        conditions: Vec::new(),
        set: None,
    };
    monthly(
        &lake.lake,
        &engine,
        &company,
        &Access::everything(),
        aims,
        &asked,
    )
    .await
}

fn parts(report: &MonthlyReport) -> Vec<&'static str> {
    let sections = report.document().sections.iter();
    sections.map(|section| section.id).collect()
}

fn order(id: &str, account: &str, on: &str, amount: i64) -> Value {
    json!({"id": id, "account": account, "ordered_at": on, "amount": amount})
}

#[tokio::test]
async fn what_there_are_no_records_of_is_left_out() {
    if !can_write() {
        return;
    }
    let mut lake = TestLake::new().await;
    let orders = [
        order("1", "A", "2025-11-03", 900),
        order("2", "A", "2025-12-05", 1200),
        order("3", "B", "2025-12-09", 300),
    ];
    lake.raw(Entity::Order, json!(orders)).await;
    lake.run().await;
    for language in [Language::Zh, Language::En] {
        let report = report(&lake, "2025-12-15", language).await.unwrap();
        assert_eq!(report.month.to_string(), "2025-12-01");
        // of the accounts it is known whether anybody talked to them
        let expected = ["results", "people", "records", "definitions"];
        assert_eq!(parts(&report), expected);
        let figures = &report.document().figures;
        let at = figures
            .metrics
            .iter()
            .position(|name| name == "order_amount");
        let row = &figures.rows[at.unwrap()];
        // 1,200 and 300, against 900 the month before
        assert_eq!(
            [&*row[1].text, &*row[2].text],
            match language {
                Language::Zh => ["1,500", "900"],
                Language::En => ["1.5k", "900"],
            }
        );
        let grown = match language {
            Language::Zh => "▲ 66.7 %",
            Language::En => "▲ 66.7%",
        };
        assert_eq!((&*row[3].text, row[3].tone), (grown, "good"));
        assert!(report.pdf().unwrap().starts_with(b"%PDF"));
        assert!(report.workbook().unwrap().starts_with(b"PK"));
    }
}

#[tokio::test]
async fn a_firm_without_accounts_at_risk_has_a_report() {
    if !can_write() {
        return;
    }
    let mut lake = TestLake::new().await;
    let months = (1..=12).map(|month| format!("2025-{month:02}-10"));
    let orders = months.map(|on| order(&on, "A", &on, 1000));
    lake.raw(Entity::Order, json!(orders.collect::<Vec<_>>()))
        .await;
    lake.run().await;
    score(
        &lake.lake,
        &options(),
        ScorecardRules::shipped(),
        Again::Grown,
    )
    .await
    .unwrap();
    let report = report(&lake, "2025-12-01", Language::Zh).await.unwrap();
    assert!(parts(&report).contains(&"health"), "{:?}", parts(&report));
    let of_health = report
        .document()
        .sections
        .iter()
        .find(|own| own.id == "health");
    let titles: Vec<&str> = of_health
        .unwrap()
        .tables
        .iter()
        .map(|table| &*table.title)
        .collect();
    assert!(
        !titles.iter().any(|title| title.contains("风险客户")),
        "{titles:?}"
    );
}

#[tokio::test]
async fn the_same_set_gives_the_same_bytes_and_part_of_a_month_is_not_compared() {
    if !can_write() {
        return;
    }
    let mut lake = TestLake::new().await;
    let orders = [
        order("1", "A", "2025-12-05", 1200),
        order("2", "A", "2026-01-01", 100),
    ];
    lake.raw(Entity::Order, json!(orders)).await;
    lake.run().await;
    let made = [
        report(&lake, "2026-01-01", Language::Zh).await.unwrap(),
        report(&lake, "2026-01-01", Language::Zh).await.unwrap(),
    ];
    let [one, other] = &made;
    assert_eq!(one.pdf().unwrap(), other.pdf().unwrap());
    assert_eq!(one.workbook().unwrap(), other.workbook().unwrap());
    let mail = one.mail(Some("https://crm.example/"), None).unwrap();
    assert_eq!(
        mail,
        other.mail(Some("https://crm.example/"), None).unwrap()
    );
    assert!(mail.html.contains("https://crm.example/") && mail.files.len() == 2);
    for picture in &mail.pictures {
        assert!(mail.html.contains(&format!("cid:{}", picture.id)));
        assert!(picture.png.starts_with(b"\x89PNG"));
    }
    let row = &one.document().figures.rows[0];
    assert_eq!(row[3].text, "–", "a sum of a day against one of a month");
    let long_ago = report(&lake, "1900-02-01", Language::En).await.unwrap();
    let told = &long_ago.document().conclusions;
    let heads: Vec<&str> = told.iter().map(|sentence| &*sentence.head).collect();
    assert_eq!(heads, ["Nothing"], "{told:?}");
    let error = report(&lake, "2026-02-01", Language::En).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "2026-02 has not begun: the records end on 2026-01-01"
    );
}

#[tokio::test]
async fn what_was_to_be_reached_stands_beside_what_was() {
    if !can_write() {
        return;
    }
    let mut lake = TestLake::new().await;
    let orders = [
        order("1", "A", "2025-11-05", 1000),
        order("2", "A", "2025-12-05", 1499),
        order("3", "B", "2025-12-06", 500),
        order("4", "B", "2026-01-02", 1),
    ];
    lake.raw(Entity::Order, json!(orders)).await;
    lake.run().await;
    let folder = tempfile::tempdir().unwrap();
    let place = Place::File(folder.path().join("operations.db"));
    let clock = Arc::new(ManualClock::at("2025-11-01T00:00:00Z".parse().unwrap()));
    let store = Store::open(&place, clock, &Company::default()).await;
    let store = store.unwrap();
    initialise(&store).await.unwrap();
    let aims = Some(Aims {
        store: &store,
        caller: None,
    });
    let without = report_with(&lake, "2025-12-01", Language::Zh, aims).await;
    let without = without.unwrap();
    assert_eq!(without.document().figures.columns.len(), 7);
    let items = [Item {
        metric: target::metric("order_amount").unwrap(),
        period: "2025-12".parse().unwrap(),
        whom: Whom::Company,
        parts: 200_000,
    }];
    let work = async |unit: Unit| target::take(&unit, None, &items).await;
    store.write(&Actor::system("test"), work).await.unwrap();
    let report = report_with(&lake, "2025-12-01", Language::Zh, aims).await;
    let report = report.unwrap();
    let figures = &report.document().figures;
    let names: Vec<&str> = figures.columns.iter().map(|own| &*own.name).collect();
    assert_eq!(names[6..], ["目标", "完成", "记录数"]);
    let row = &figures.rows[0];
    // 1,999 of 2,000 is not reached, and does not read so
    assert_eq!([&*row[6].text, &*row[7].text], ["2,000", "99 %"]);
    assert_eq!(row[7].tone, "bad");
    let told = &report.document().conclusions;
    let of_orders = told.iter().find(|own| own.head == "订单").unwrap();
    assert!(
        of_orders.text.contains("; 完成目标(2,000)的 99 %"),
        "{}",
        of_orders.text
    );
    let book = report.workbook().unwrap();
    assert!(book.len() > without.workbook().unwrap().len());
}
