//! Errors of the API as `application/problem+json` (RFC 9457).

mod operations;
mod problem;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use millrace_lake::LakeError;
use millrace_lake::query::QueryError;
use millrace_operations::{FieldError, OperationsError};

use crate::answer::Row;
pub use problem::Problem;

/// Everything that a request can fail with.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The body or the address is not what the operation takes.
    #[error("{0}")]
    BadRequest(String),
    /// The body holds a character that no database takes for text.
    #[error("the body must not hold the character U+0000")]
    Nul,
    /// Parameters of a list that do not fit its resource.
    #[error("the list cannot be asked for that: {}", say(.0))]
    Parameters(Vec<FieldError>),
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
    /// The request came in under a host name that is not this server's own.
    #[error("the host {0:?} is not served here; name it in the settings as server.hosts")]
    ForeignHost(String),
    /// A page of another origin sent it in its user's name.
    #[error("the request comes from a page of another origin")]
    ForeignOrigin,
    /// The request does not repeat the token of its session.
    #[error("the header X-CSRF-Token must repeat the csrf_token of GET /api/session")]
    Csrf,
    /// A program with a token asked for what only people do.
    #[error("only a person who is signed in may do this, not a token")]
    PersonOnly,
    /// A record is changed only by who says which version of it they have read.
    #[error("the header If-Match must be the ETag of the record that was read")]
    PreconditionRequired,
    /// What operations refuse.
    #[error("{}", operations::detail(.error))]
    Operations {
        /// Why.
        error: Box<OperationsError>,
        /// What the client sent, when it was stale.
        submitted: Option<Row>,
    },
    /// The query names something unknown or asks for something impossible.
    #[error("{detail}")]
    Query {
        /// What was wrong with which value.
        detail: String,
        /// The nearest right values, best first.
        suggestions: Vec<String>,
    },
    /// A number that is not the caller's to see.
    #[error("{0}")]
    Withheld(String),
    /// No run has published anything yet.
    #[error("there are no numbers yet; run `millrace ingest` and `millrace run`")]
    NothingPublished,
    /// Anything that is not the caller's fault; logged, never shown.
    #[error("the server could not do this; its log says why")]
    Internal(#[source] anyhow::Error),
}

/// The fields with what would be right, in one line.
fn say(fields: &[FieldError]) -> String {
    let texts = fields
        .iter()
        .map(|fault| format!("{}: {}", fault.field, fault.message));
    texts.collect::<Vec<_>>().join("; ")
}

impl ApiError {
    /// The same, with what the client sent, so that a stale change can be shown beside the record.
    pub(crate) fn submitting(self, body: &Row) -> Self {
        match self {
            Self::Operations { error, .. } if matches!(*error, OperationsError::Stale { .. }) => {
                Self::Operations {
                    error,
                    submitted: Some(body.clone()),
                }
            }
            other => other,
        }
    }

    /// The same, where what was wrong stood in the address.
    pub(crate) fn of_parameters(error: OperationsError) -> Self {
        match error {
            OperationsError::Invalid { fields } => Self::Parameters(fields),
            other => other.into(),
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) | Self::Parameters(_) | Self::Query { .. } => {
                StatusCode::BAD_REQUEST
            }
            Self::Nul => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotJson(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::ForeignHost(_) => StatusCode::MISDIRECTED_REQUEST,
            Self::ForeignOrigin | Self::Csrf | Self::PersonOnly | Self::Withheld(_) => {
                StatusCode::FORBIDDEN
            }
            Self::PreconditionRequired => StatusCode::PRECONDITION_REQUIRED,
            Self::Operations { error, .. } => operations::status(error),
            Self::NothingPublished => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn code_and_title(&self) -> (&'static str, &'static str) {
        match self {
            Self::BadRequest(_) | Self::Parameters(_) => {
                ("bad-request", "The request cannot be read")
            }
            Self::Nul => ("invalid", "Some values are wrong"),
            Self::TooLarge { .. } => ("too-large", "The request is too large"),
            Self::NotJson(_) => ("not-json", "The request is not JSON"),
            Self::NotFound(_) => ("not-found", "Nothing is there"),
            Self::MethodNotAllowed(_) => ("method-not-allowed", "The method is not allowed"),
            Self::ForeignHost(_) => ("foreign-host", "The host is not served here"),
            Self::ForeignOrigin => ("foreign-origin", "The request comes from another page"),
            Self::Csrf => ("csrf", "The request does not prove that its user wants it"),
            Self::PersonOnly => ("person-only", "Tokens may not do this"),
            Self::PreconditionRequired => (
                "precondition-required",
                "The version that was read is missing",
            ),
            Self::Operations { error, .. } => operations::code_and_title(error),
            Self::Query { .. } => ("invalid-query", "The query cannot be answered as written"),
            Self::Withheld(_) => ("forbidden", "The role does not allow it"),
            Self::NothingPublished => ("nothing-published", "There are no numbers yet"),
            Self::Internal(_) => ("internal", "The server failed"),
        }
    }

    /// What the caller is told. An internal failure is logged here, once, and not shown.
    pub fn into_problem(self) -> Problem {
        match &self {
            Self::Internal(cause) => {
                tracing::error!(error = format!("{cause:#}"), "request failed");
            }
            Self::Operations { error, .. } if !error.is_public() => {
                tracing::error!(%error, "request failed");
            }
            _ => {}
        }
        let (code, title) = self.code_and_title();
        let problem = Problem {
            kind: format!("urn:millrace:problem:{code}"),
            title: title.to_owned(),
            status: self.status().as_u16(),
            detail: self.to_string(),
            ..Problem::default()
        };
        match self {
            Self::Query { suggestions, .. } => Problem {
                suggestions,
                ..problem
            },
            Self::Parameters(fields) => Problem {
                fields: Some(fields),
                ..problem
            },
            Self::Operations { error, submitted } => Problem {
                submitted,
                ..operations::members(*error, problem)
            },
            _ => problem,
        }
    }

    /// When it is worth trying again.
    fn until(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Operations { error, .. } => operations::until(error),
            _ => None,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = self.status();
        let retry_after = match self.until() {
            // The time itself: seconds would have to be counted by a clock.
            Some(until) => Some(until.format("%a, %d %b %Y %H:%M:%S GMT").to_string()),
            None => (status == StatusCode::SERVICE_UNAVAILABLE).then(|| "1".to_owned()),
        };
        let mut response = (status, axum::Json(self.into_problem())).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(value) = retry_after.and_then(|text| HeaderValue::from_str(&text).ok()) {
            headers.insert(header::RETRY_AFTER, value);
        }
        if status == StatusCode::UNAUTHORIZED {
            // Not a scheme that browsers ask a name and password for.
            let scheme = HeaderValue::from_static("Bearer realm=\"millrace\"");
            headers.insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}

impl From<OperationsError> for ApiError {
    fn from(error: OperationsError) -> Self {
        Self::Operations {
            error: Box::new(error),
            submitted: None,
        }
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
            QueryError::Forbidden { .. } => Self::Withheld(error.to_string()),
            error if error.is_input() => Self::Query {
                detail: error.to_string(),
                suggestions: error.suggestions().to_vec(),
            },
            error => Self::Internal(error.into()),
        }
    }
}
