//! Which record, and at which version.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use millrace_operations::Target;

use crate::error::ApiError;

/// The `{id}` of the address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Id(pub(crate) i64);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let found = Path::<i64>::from_request_parts(parts, state).await;
        // What is no number is the id of nothing.
        found
            .map(|Path(id)| Self(id))
            .map_err(|_| ApiError::NotFound(parts.uri.path().to_owned()))
    }
}

/// `If-Match: "<version>"`, where it is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IfMatch(pub(crate) Option<i64>);

impl IfMatch {
    /// The record, at the version that was read where the client says which.
    pub(crate) fn target(self, Id(id): Id) -> Target {
        Target {
            id,
            version: self.0,
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        version(&parts.headers).map(Self)
    }
}

/// `If-Match: "<version>"`, without which a record is not changed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequiredIfMatch(pub(crate) i64);

impl<S: Send + Sync> FromRequestParts<S> for RequiredIfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        version(&parts.headers)?
            .map(Self)
            .ok_or(ApiError::PreconditionRequired)
    }
}

fn version(headers: &HeaderMap) -> Result<Option<i64>, ApiError> {
    let mut values = headers.get_all(header::IF_MATCH).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    value
        .to_str()
        .ok()
        .filter(|_| values.next().is_none())
        .and_then(|text| text.trim().strip_prefix('"')?.strip_suffix('"'))
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|digits| digits.parse().ok())
        .map(Some)
        .ok_or_else(|| {
            ApiError::BadRequest(
                "If-Match must be the ETag of the record, as \"3\" with its quotes".to_owned(),
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_quoted_version_is_a_condition() {
        let check = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_MATCH, text.parse().unwrap());
            version(&headers).ok()
        };
        assert_eq!(check("\"3\""), Some(Some(3)));
        for wrong in [
            "3",
            "*",
            "W/\"3\"",
            "\"3\", \"4\"",
            "\"\"",
            "\"-1\"",
            "\"99999999999999999999\"",
        ] {
            assert_eq!(check(wrong), None, "{wrong}");
        }
        assert_eq!(version(&HeaderMap::new()).ok(), Some(None));
    }
}
