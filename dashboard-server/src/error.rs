//! Errors of the API as `application/problem+json` (RFC 9457).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use millrace_lake::LakeError;
use millrace_lake::query::QueryError;
use serde::Serialize;
use utoipa::ToSchema;

/// A failed request, as its caller sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// What kind of problem it is, a stable name for programs.
    #[serde(rename = "type")]
    #[schema(example = "urn:millrace:problem:invalid-query")]
    pub kind: String,
    /// The kind of problem in words.
    #[schema(example = "The query cannot be answered as written")]
    pub title: String,
    /// The HTTP status.
    #[schema(example = 400)]
    pub status: u16,
    /// What was wrong with which value.
    #[schema(example = "there is no metric \"win_rat\"")]
    pub detail: String,
    /// The nearest right values, best first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub suggestions: Vec<String>,
}

/// Everything that a request can fail with.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The body or the address is not what the operation takes.
    #[error("{0}")]
    BadRequest(String),
    /// The body is larger than the operation takes.
    #[error("the body is larger than {limit_bytes} bytes")]
    TooLarge {
        /// The largest body, in bytes.
        limit_bytes: usize,
    },
    /// The body is not declared as JSON.
    #[error("the content type is {0:?}, it must be application/json")]
    NotJson(String),
    /// There is nothing at this address.
    #[error("there is nothing at {0}")]
    NotFound(String),
    /// The address exists, the method does not.
    #[error("{0} does not answer this method")]
    MethodNotAllowed(String),
    /// The request came in under a host name that is not this machine's own.
    #[error("the host {0:?} is not served here; open http://localhost")]
    ForeignHost(String),
    /// The query names something unknown or asks for something impossible.
    #[error("{detail}")]
    Query {
        /// What was wrong with which value.
        detail: String,
        /// The nearest right values, best first.
        suggestions: Vec<String>,
    },
    /// No run has published anything yet.
    #[error("there are no numbers yet; run `millrace ingest` and `millrace run`")]
    NothingPublished,
    /// Anything that is not the caller's fault; logged, never shown.
    #[error("the server could not do this; its log says why")]
    Internal(#[source] anyhow::Error),
}

impl ApiError {
    fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) | Self::Query { .. } => StatusCode::BAD_REQUEST,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotJson(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::ForeignHost(_) => StatusCode::MISDIRECTED_REQUEST,
            Self::NothingPublished => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn name_and_title(&self) -> (&'static str, &'static str) {
        match self {
            Self::BadRequest(_) => ("bad-request", "The request cannot be read"),
            Self::TooLarge { .. } => ("too-large", "The request is too large"),
            Self::NotJson(_) => ("not-json", "The request is not JSON"),
            Self::NotFound(_) => ("not-found", "Nothing is there"),
            Self::MethodNotAllowed(_) => ("method-not-allowed", "The method is not allowed"),
            Self::ForeignHost(_) => ("foreign-host", "The host is not served here"),
            Self::Query { .. } => ("invalid-query", "The query cannot be answered as written"),
            Self::NothingPublished => ("nothing-published", "There are no numbers yet"),
            Self::Internal(_) => ("internal", "The server failed"),
        }
    }

    /// What the caller is told. An internal failure is logged here, once, and not shown.
    pub fn into_problem(self) -> Problem {
        if let Self::Internal(cause) = &self {
            tracing::error!(error = format!("{cause:#}"), "request failed");
        }
        let (name, title) = self.name_and_title();
        Problem {
            kind: format!("urn:millrace:problem:{name}"),
            title: title.to_owned(),
            status: self.status().as_u16(),
            detail: self.to_string(),
            suggestions: match self {
                Self::Query { suggestions, .. } => suggestions,
                _ => Vec::new(),
            },
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut response = (status, axum::Json(self.into_problem())).into_response();
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        response
    }
}

impl From<LakeError> for ApiError {
    fn from(error: LakeError) -> Self {
        Self::Internal(error.into())
    }
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::NothingPublished => Self::NothingPublished,
            error if error.is_input() => Self::Query {
                detail: error.to_string(),
                suggestions: error.suggestions().to_vec(),
            },
            error => Self::Internal(error.into()),
        }
    }
}
