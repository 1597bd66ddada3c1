use axum::http::StatusCode;
use insta::assert_json_snapshot;
use serde_json::json;

use crate::app::App;

#[tokio::test]
async fn answers_each_question_and_fails_only_the_wrong_one() {
    let app = App::with_deals().await;
    let answer = app
        .post(
            "/api/batch",
            &json!({"queries": [
                {"id": "tiles", "query": {"metrics": ["opportunities_won"]}},
                {"id": "wrong", "query": {"metrics": ["nothing"]}},
                {"id": "records", "drill": {"query": {"metrics": ["opportunities_lost"]}, "limit": 1}},
            ]}),
        )
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    let results = answer.json()["results"].clone();
    assert_eq!(results[0]["id"], "tiles");
    assert_eq!(results[0]["result"]["total"]["opportunities_won"], 2.0);
    assert_json_snapshot!(results[1]);
    assert_eq!(results[2]["result"]["count"], 3);
}

#[tokio::test]
async fn a_batch_that_makes_no_sense_is_refused_whole() {
    let app = App::with_deals().await;
    let check = async |queries, expected: &str| {
        let answer = app.post("/api/batch", &json!({ "queries": queries })).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(answer.json()["detail"], expected);
    };
    let query = json!({"metrics": ["win_rate"]});
    check(
        json!([{"id": "a", "query": query}, {"id": "a", "query": query}]),
        "two queries have the id \"a\"; give each its own",
    )
    .await;
    check(
        json!([{"id": "a"}]),
        "query \"a\" must have either \"query\" or \"drill\"",
    )
    .await;
    let many: Vec<_> = (0..65)
        .map(|number| json!({"id": number.to_string(), "query": query}))
        .collect();
    check(
        json!(many),
        "the request has 65 queries; send at most 64 at a time",
    )
    .await;
}
