use axum::http::StatusCode;
use insta::assert_json_snapshot;
use serde_json::json;

use crate::app::App;

#[tokio::test]
async fn shows_the_records_behind_a_number_page_by_page() {
    let app = App::with_deals().await;
    let mut request = json!({
        "query": {"metrics": ["win_rate"], "period": {"from": "2026-09-01", "to": "2026-09-30"}},
        "limit": 2,
        "order": "-amount"
    });
    let first = app.post("/api/drill", &request).await;
    assert_eq!(first.status, StatusCode::OK);
    let first = first.json();
    assert_json_snapshot!(first);
    request["cursor"] = first["next_cursor"].clone();
    let second = app.post("/api/drill", &request).await.json();
    assert_eq!(second["rows"].as_array().unwrap().len(), 1);
    assert_eq!(second["rows"][0]["opportunity_id"], "D5");
    assert!(second["next_cursor"].is_null());
}

#[tokio::test]
async fn a_made_up_cursor_is_refused() {
    let app = App::with_deals().await;
    let request = json!({"query": {"metrics": ["win_rate"]}, "cursor": "page2"});
    let answer = app.post("/api/drill", &request).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        answer.json()["detail"],
        "\"page2\" is not a cursor of a drill-down"
    );
}
