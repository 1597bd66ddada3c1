use axum::http::StatusCode;
use insta::assert_json_snapshot;
use serde_json::json;

use crate::app::App;

#[tokio::test]
async fn says_whose_numbers_these_are_and_how_fresh() {
    let app = App::with_deals().await;
    let mut status = app.get("/api/status").await.json();
    // How often the preparation of the test writes is no matter here.
    assert!(status["writes"].take().is_u64());
    assert_json_snapshot!(status);
    let empty = App::empty().await.get("/api/status").await;
    assert_eq!(empty.status, StatusCode::OK);
    let mut empty = empty.json();
    assert!(empty["writes"].take().is_u64());
    assert_json_snapshot!("status_of_an_empty_lake", empty);
}

#[tokio::test]
async fn lists_metrics_and_dimensions() {
    let app = App::with_deals().await;
    let registry = app.get("/api/metrics").await.json();
    let named = |list: &str, name: &str| {
        registry[list]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["name"] == name)
            .cloned()
            .unwrap()
    };
    let mut metric = named("metrics", "win_rate");
    let dimensions = metric["dimensions"].take();
    assert!(dimensions.as_array().unwrap().contains(&json!("region")));
    let drivers = metric["drivers"].take();
    assert!(drivers.as_array().unwrap().contains(&json!("owner")));
    assert_json_snapshot!("metric", metric);
    assert_json_snapshot!("dimension", named("dimensions", "region"));
}

#[tokio::test]
async fn lists_the_members_of_a_dimension() {
    let app = App::with_deals().await;
    let answer = app.get("/api/values?dimension=region").await.json();
    assert_eq!(answer, json!({"values": ["华东", "华南"]}));
    let answer = app.get("/api/values?dimension=regio").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(
        answer.json()["suggestions"]
            .as_array()
            .unwrap()
            .contains(&json!("region"))
    );
    let answer = app.get("/api/values").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(
        answer.json()["detail"]
            .as_str()
            .unwrap()
            .contains("dimension")
    );
}
