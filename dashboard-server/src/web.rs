//! The web app, embedded in the binary.

use axum::body::Body;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::error::ApiError;

#[derive(RustEmbed)]
#[folder = "web/dist"]
struct Assets;

const NOT_BUILT: &str = "<!doctype html><meta charset=utf-8><title>Millrace</title>\
    <p>This build has no web app: run <code>make build</code>. The API is at \
    <a href=/api/openapi.json>/api/openapi.json</a>.";

/// Serves a file of the web app, or its page for every address that the app routes itself.
pub(crate) async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path == "api" || path.starts_with("api/") {
        return ApiError::NotFound(uri.path().to_owned()).into_response();
    }
    if method != Method::GET && method != Method::HEAD {
        return ApiError::MethodNotAllowed(uri.path().to_owned()).into_response();
    }
    if !path.is_empty()
        && let Some(file) = Assets::get(path)
    {
        return answer(path, &file, &headers);
    }
    if path.starts_with("assets/") || path.rsplit('/').next().is_some_and(|p| p.contains('.')) {
        // A page of an older build asks for files that are gone; the index in their place
        // would be run as a script.
        return ApiError::NotFound(uri.path().to_owned()).into_response();
    }
    match Assets::get("index.html") {
        Some(file) => answer("index.html", &file, &headers),
        None => (
            StatusCode::OK,
            [(header::CONTENT_TYPE, "text/html; charset=utf-8")],
            NOT_BUILT,
        )
            .into_response(),
    }
}

fn answer(path: &str, file: &EmbeddedFile, headers: &HeaderMap) -> Response {
    let mut tag = String::with_capacity(34);
    tag.push('"');
    for byte in &file.metadata.sha256_hash()[..16] {
        use std::fmt::Write as _;
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    // Vite puts a hash of the content into the names below assets/: those never change.
    let caching = if path.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let known = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            value
                .split(',')
                .any(|one| one.trim().trim_start_matches("W/") == tag)
        });
    let mime = mime_guess::from_path(path).first_or_octet_stream();
    let mime = if mime.type_() == mime_guess::mime::TEXT {
        format!("{}; charset=utf-8", mime.essence_str())
    } else {
        mime.essence_str().to_owned()
    };
    let head = [
        (header::CACHE_CONTROL, caching.to_owned()),
        (header::ETAG, tag),
        (header::CONTENT_TYPE, mime),
    ];
    if known {
        return (StatusCode::NOT_MODIFIED, head, Body::empty()).into_response();
    }
    let body = match &file.data {
        std::borrow::Cow::Borrowed(bytes) => Body::from(*bytes),
        std::borrow::Cow::Owned(bytes) => Body::from(bytes.clone()),
    };
    (head, body).into_response()
}
