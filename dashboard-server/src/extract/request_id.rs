//! The id of a request: in its log lines, in the change log and in the answer.

use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;
use uuid::Uuid;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");
/// The longest id taken over from a client or proxy.
const LONGEST: usize = 64;

/// The id of a request.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for RequestId {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let known = parts.extensions.get::<Self>().cloned();
        Ok(known.unwrap_or_else(Self::new))
    }
}

impl RequestId {
    fn new() -> Self {
        Self(Uuid::new_v4().simple().to_string())
    }
}

/// Gives each request its id, that of its client where it has a fitting one, and traces it.
pub(crate) async fn identify(mut request: Request, next: Next) -> Response {
    let given = request
        .headers()
        .get(HEADER)
        .and_then(|value| value.to_str().ok())
        .filter(|id| (1..=LONGEST).contains(&id.len()))
        .filter(|id| {
            id.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        })
        .map(|id| RequestId(id.to_owned()));
    let id = given.unwrap_or_else(RequestId::new);
    let span = tracing::info_span!(
        "request",
        id = id.0,
        method = %request.method(),
        path = request.uri().path(),
    );
    let header = HeaderValue::from_str(&id.0);
    request.extensions_mut().insert(id);
    let mut response = next.run(request).instrument(span.clone()).await;
    if let Ok(header) = header {
        response.headers_mut().insert(HEADER, header);
    }
    span.in_scope(|| tracing::debug!(status = response.status().as_u16(), "answered"));
    response
}
