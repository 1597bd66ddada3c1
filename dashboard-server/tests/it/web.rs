use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};

use crate::app::App;

#[tokio::test]
async fn every_page_of_the_app_is_its_index() {
    let app = App::empty().await;
    for address in ["/", "/dashboard", "/some/deep/page?region=%E5%8D%8E"] {
        let answer = app.get(address).await;
        assert_eq!(answer.status, StatusCode::OK, "{address}");
        assert!(
            answer.header(header::CONTENT_TYPE).starts_with("text/html"),
            "{address}"
        );
    }
}

#[tokio::test]
async fn files_that_are_gone_are_not_the_index() {
    let app = App::empty().await;
    for address in [
        "/assets/index-0ld.js",
        "/favicon.ico",
        "/api",
        "/api/",
        "/api/nothing",
    ] {
        let answer = app.get(address).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{address}");
        let path = answer.json()["detail"].as_str().unwrap().to_owned();
        assert_eq!(path, format!("there is nothing at {address}"));
    }
}

#[tokio::test]
async fn wrong_methods_are_problems() {
    let app = App::empty().await;
    for (method, address) in [(Method::GET, "/api/query"), (Method::POST, "/dashboard")] {
        let request = Request::builder()
            .method(method)
            .uri(address)
            .body(Body::empty())
            .unwrap();
        let answer = app.send(request).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{address}");
        assert_eq!(
            answer.header(header::CONTENT_TYPE),
            "application/problem+json"
        );
        assert_eq!(
            answer.json()["detail"],
            format!("{address} does not answer this method")
        );
    }
}
