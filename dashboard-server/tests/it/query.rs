use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use insta::assert_json_snapshot;
use serde_json::json;

use crate::app::App;

#[tokio::test]
async fn answers_by_dimension_with_a_total() {
    let app = App::with_deals().await;
    let answer = app
        .post(
            "/api/query",
            &json!({"metrics": ["win_rate", "won_amount"], "by": ["region"]}),
        )
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_json_snapshot!(answer.json());
}

#[tokio::test]
async fn compares_with_the_period_before() {
    let app = App::with_deals().await;
    let answer = app
        .post(
            "/api/query",
            &json!({
                "metrics": ["win_rate"],
                "where": [{"dimension": "region", "op": "in", "values": ["华东"]}],
                "period": {"from": "2026-09-01", "to": "2026-09-30"},
                "compare": "previous"
            }),
        )
        .await;
    assert_json_snapshot!(answer.json());
}

#[tokio::test]
async fn unknown_names_are_problems_with_suggestions() {
    let app = App::with_deals().await;
    let check = async |query| {
        let answer = app.post("/api/query", &query).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(
            answer.header(header::CONTENT_TYPE),
            "application/problem+json"
        );
        answer.json()
    };
    assert_json_snapshot!(
        "unknown_metric",
        check(json!({"metrics": ["win_rat"]})).await
    );
    assert_json_snapshot!(
        "unknown_dimension",
        check(json!({"metrics": ["win_rate"], "by": ["regio"]})).await
    );
    assert_json_snapshot!(
        "unknown_value",
        check(json!({
            "metrics": ["win_rate"],
            "where": [{"dimension": "region", "values": ["华冬"]}]
        }))
        .await
    );
    assert_json_snapshot!("no_metric", check(json!({})).await);
    assert_json_snapshot!(
        "unknown_key",
        check(json!({"metrics": ["win_rate"], "filter": "region"})).await
    );
}

#[tokio::test]
async fn a_form_of_a_foreign_page_is_refused() {
    let app = App::with_deals().await;
    let request = app
        .request(Method::POST, "/api/query")
        .header(header::CONTENT_TYPE, "text/plain")
        .body(Body::from(r#"{"metrics":["win_rate"]}"#))
        .unwrap();
    let answer = app.send(request).await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(
        answer.json()["detail"],
        "the content type is \"text/plain\", it must be application/json"
    );
}

#[tokio::test]
async fn a_lake_without_numbers_says_what_to_do() {
    let app = App::empty().await;
    let answer = app
        .post("/api/query", &json!({"metrics": ["win_rate"]}))
        .await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_json_snapshot!(answer.json());
}
