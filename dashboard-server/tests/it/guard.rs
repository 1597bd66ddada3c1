use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use serde_json::json;

use crate::app::App;

#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let app = App::empty().await;
    for address in ["/", "/api/status", "/api/nothing", "/assets/gone.js"] {
        let answer = app.get(address).await;
        assert!(
            answer
                .header(header::CONTENT_SECURITY_POLICY)
                .contains("default-src 'self'"),
            "{address}"
        );
        assert_eq!(
            answer.header(header::X_CONTENT_TYPE_OPTIONS),
            "nosniff",
            "{address}"
        );
        assert_eq!(answer.header(header::X_FRAME_OPTIONS), "DENY", "{address}");
    }
    assert_eq!(
        app.get("/api/status").await.header(header::CACHE_CONTROL),
        "no-store"
    );
}

#[tokio::test]
async fn a_foreign_host_name_is_refused() {
    let app = App::with_deals().await;
    let request = |host: &str| {
        app.request(Method::GET, "/api/status")
            .header(header::HOST, host)
            .body(Body::empty())
            .unwrap()
    };
    let answer = app.send(request("evil.example:7300")).await;
    assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST);
    assert_eq!(
        answer.json()["detail"],
        "the host \"evil.example:7300\" is not served here; name it in the settings as server.hosts"
    );
    assert_eq!(
        app.send(request("localhost:7300")).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused() {
    let app = App::empty().await;
    let query = json!({"metrics": ["x".repeat(300_000)]});
    let answer = app.post("/api/query", &query).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(
        answer.json()["detail"],
        "the body is larger than 262144 bytes"
    );
}

#[tokio::test]
async fn large_answers_are_compressed_for_who_can_read_it() {
    let app = App::with_deals().await;
    let request = app
        .request(Method::GET, "/api/metrics")
        .header(header::ACCEPT_ENCODING, "gzip")
        .body(Body::empty())
        .unwrap();
    let answer = app.send(request).await;
    assert_eq!(answer.header(header::CONTENT_ENCODING), "gzip");
    assert_eq!(answer.body[..2], [0x1f, 0x8b]);
}
