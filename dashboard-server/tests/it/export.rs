use std::io::{Cursor, Read};

use axum::http::{StatusCode, header};
use insta::assert_snapshot;
use serde_json::json;
use zip::ZipArchive;

use crate::app::App;

#[tokio::test]
async fn csv_has_all_records_a_mark_and_no_formula() {
    let app = App::with_deals().await;
    let answer = app
        .post(
            "/api/export",
            &json!({"query": {"metrics": ["win_rate"]}, "format": "csv", "lang": "zh"}),
        )
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(
        answer.header(header::CONTENT_TYPE),
        "text/csv; charset=utf-8"
    );
    assert_eq!(
        answer.header(header::CONTENT_DISPOSITION),
        "attachment; filename=\"win_rate-2026-10-08.csv\""
    );
    let text = answer.text();
    assert!(text.starts_with('\u{feff}'));
    assert!(text.contains("\"'=HYPERLINK("));
    assert_snapshot!(text.trim_start_matches('\u{feff}').replace("\r\n", "\n"));
}

#[tokio::test]
async fn xlsx_has_the_records_and_a_sheet_about_them() {
    let app = App::with_deals().await;
    let answer = app
        .post(
            "/api/export",
            &json!({
                "query": {
                    "metrics": ["opportunities_lost"],
                    "where": [{"dimension": "lost_reason", "values": ["价格"]}],
                    "period": {"from": "2026-08-01", "to": "2026-09-30"}
                },
                "format": "xlsx",
                "lang": "en"
            }),
        )
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    let mut archive = ZipArchive::new(Cursor::new(answer.body)).unwrap();
    let mut part = |name: &str| {
        let mut text = String::new();
        archive
            .by_name(name)
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        text
    };
    let workbook = part("xl/workbook.xml");
    assert!(workbook.contains("name=\"Records\"") && workbook.contains("name=\"About\""));
    let records = part("xl/worksheets/sheet1.xml");
    assert_eq!(records.matches("<row ").count(), 3);
    assert!(records.contains("<v>50000</v>") && records.contains("D2"));
    let about = format!(
        "{}{}",
        part("xl/worksheets/sheet2.xml"),
        part("xl/sharedStrings.xml")
    );
    assert!(about.contains("Opportunities lost") && about.contains("= 价格"));
    assert!(about.contains("2026-08-01 – 2026-09-30"));
}

#[tokio::test]
async fn an_unknown_format_is_refused() {
    let app = App::with_deals().await;
    let answer = app
        .post(
            "/api/export",
            &json!({"query": {"metrics": ["win_rate"]}, "format": "pdf"}),
        )
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(
        answer.json()["detail"]
            .as_str()
            .unwrap()
            .contains("unknown variant `pdf`")
    );
}
