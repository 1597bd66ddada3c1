//! Request bodies.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use millrace_operations::once::RequestKey;
use millrace_operations::resource::Field;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::ApiError;

/// The largest request body, in bytes; a query object is a few hundred.
pub(crate) const BODY_LIMIT_BYTES: usize = 256 * 1024;
/// The longest idempotency key, in characters.
const KEY_LIMIT: usize = 200;

/// A JSON body. Only `application/json` is accepted: a form on a foreign page cannot send it.
pub(crate) struct Body<T>(pub(crate) T);

/// A JSON body with the key by which a client may send it again.
pub(crate) struct Keyed<T> {
    /// What was sent.
    pub(crate) body: T,
    /// `Idempotency-Key`, with what tells this request from others under the same key.
    pub(crate) key: Option<RequestKey>,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = read(request, state).await?;
        parse(&bytes).map(Self)
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Keyed<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let key = key(request.headers())?;
        let what = format!("{} {}", request.method(), request.uri().path());
        let bytes = read(request, state).await?;
        let body = parse(&bytes)?;
        Ok(Self {
            body,
            key: key.map(|key| RequestKey::new(key, &what, &bytes)),
        })
    }
}

async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, ApiError> {
    let written = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = written.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(ApiError::NotJson(written.to_owned()));
    }
    Bytes::from_request(request, state)
        .await
        .map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                ApiError::TooLarge {
                    limit_bytes: BODY_LIMIT_BYTES,
                }
            } else {
                ApiError::BadRequest(rejection.body_text())
            }
        })
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    if has_nul(bytes) {
        return Err(ApiError::Nul);
    }
    let wrong = |error: serde_json::Error| {
        ApiError::BadRequest(format!("the body cannot be read: {error}"))
    };
    if bytes.contains(&b'.') || bytes.contains(&b'e') || bytes.contains(&b'E') {
        let mut value: Value = serde_json::from_slice(bytes).map_err(wrong)?;
        if make_whole(&mut value) {
            return T::deserialize(value).map_err(wrong);
        }
    }
    serde_json::from_slice(bytes).map_err(wrong)
}

/// Makes `3.0` the `3` that it is: JSON has one kind of numbers, and some programs write all of them
/// with a point. Says whether there were any.
fn make_whole(value: &mut Value) -> bool {
    match value {
        Value::Number(number) if number.is_f64() => {
            let float = number.as_f64().unwrap_or_default();
            // Beyond that a float is no exact number any more.
            if float.fract() != 0.0 || float.abs() > Field::GREATEST as f64 {
                return false;
            }
            #[allow(
                clippy::cast_possible_truncation,
                reason = "it is whole and within what a float holds exactly"
            )]
            let whole = float as i64;
            *value = whole.into();
            true
        }
        Value::Array(values) => values
            .iter_mut()
            .fold(false, |any, one| make_whole(one) | any),
        Value::Object(fields) => fields
            .values_mut()
            .fold(false, |any, one| make_whole(one) | any),
        _ => false,
    }
}

/// Whether a JSON text has the character U+0000, which can only be there as an escape.
fn has_nul(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(position) = rest.iter().position(|byte| *byte == b'\\') {
        if rest[position..].starts_with(b"\\u0000") {
            return true;
        }
        // The escaped character, too: it may be a backslash.
        rest = rest.get(position + 2..).unwrap_or_default();
    }
    false
}

fn key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let key = value.to_str().unwrap_or_default();
    let fits =
        (1..=KEY_LIMIT).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    if fits {
        return Ok(Some(key.to_owned()));
    }
    Err(ApiError::BadRequest(format!(
        "Idempotency-Key must be 1 to {KEY_LIMIT} visible ASCII characters, as a UUID"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_escape_of_nul_is_nul() {
        let check = |text: &str, expected| assert_eq!(has_nul(text.as_bytes()), expected, "{text}");
        check(r#"{"a":"\u0000"}"#, true);
        check(r#"{"a":"\\\u0000"}"#, true);
        check(r#"{"a":"\\u0000"}"#, false);
        check(r#"{"a":"\u0001\n"}"#, false);
        check("\\", false);
    }

    #[test]
    fn a_whole_number_is_one_however_it_is_written() {
        let check = |text: &str, expected: &str| {
            let value: Value = parse(text.as_bytes()).unwrap();
            assert_eq!(value.to_string(), expected);
        };
        check(
            r#"{"a":[3.0,1e2,-0.0],"b":1.5}"#,
            r#"{"a":[3,100,0],"b":1.5}"#,
        );
        check("1e300", "1e+300");
        assert!(parse::<Vec<i64>>(b"[1.5]").is_err());
        assert_eq!(parse::<Vec<i64>>(b"[1.0]").unwrap(), [1]);
    }
}
