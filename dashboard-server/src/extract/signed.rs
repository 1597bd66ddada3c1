//! Who asks.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use chrono::{DateTime, Utc};
use cookie::Cookie;
use millrace_operations::sign_in::{authenticate, authenticate_token, look_at};
use millrace_operations::{Caller, OperationsError};
use percent_encoding::percent_decode_str;
use sha2::{Digest, Sha256};

use super::RequestId;
use super::origin::check_origin;
use crate::error::ApiError;
use crate::state::AppState;

/// The cookie that holds a session.
pub(crate) const COOKIE: &str = "millrace_session";
const CSRF_HEADER: &str = "x-csrf-token";
const REASON_HEADER: &str = "x-reason";
/// The longest reason, in characters.
const REASON_LIMIT: usize = 1_000;

/// The one who asks, signed in by session or token. Every handler takes it, but for the few that
/// take an [`Identity`] and those that ask for no sign-in at all.
#[derive(Debug)]
pub(crate) struct Signed(pub(crate) Caller);

/// The one who asks, who may have to change the password before anything else.
#[derive(Debug)]
pub(crate) struct Identity {
    /// Who it is.
    pub(crate) caller: Caller,
    /// Whether the password must be changed first.
    pub(crate) must_change_password: bool,
    /// The session; none where a program came with a token.
    pub(crate) session: Option<OpenSession>,
}

/// The session of a request.
#[derive(Debug)]
pub(crate) struct OpenSession {
    /// The secret.
    pub(crate) token: String,
    /// When it ends at the latest.
    pub(crate) expires_at: DateTime<Utc>,
}

/// A person with a session, and no program with a token: whoever finds a token must not be able to
/// make it a longer one.
#[derive(Debug)]
pub(crate) struct Person {
    /// Who it is.
    pub(crate) caller: Caller,
    /// Whether the password must be changed first.
    pub(crate) must_change_password: bool,
    /// The secret of the session.
    pub(crate) token: String,
}

impl FromRequestParts<AppState> for Person {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let identity = Identity::from_request_parts(parts, state).await?;
        let session = identity.session.ok_or(ApiError::PersonOnly)?;
        Ok(Self {
            caller: identity.caller,
            must_change_password: identity.must_change_password,
            token: session.token,
        })
    }
}

impl Person {
    /// The same, who need not change the password first.
    pub(crate) fn ready(self) -> Result<Self, ApiError> {
        if self.must_change_password {
            return Err(OperationsError::PasswordExpired.into());
        }
        Ok(self)
    }
}

impl FromRequestParts<AppState> for Signed {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let identity = Identity::from_request_parts(parts, state).await?;
        if identity.must_change_password {
            return Err(OperationsError::PasswordExpired.into());
        }
        Ok(Self(identity.caller))
    }
}

impl FromRequestParts<AppState> for Identity {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let mut identity = match bearer(&parts.headers) {
            Some(token) => Self {
                caller: authenticate_token(state.store(), token).await?,
                must_change_password: false,
                session: None,
            },
            None => by_cookie(parts, state).await?,
        };
        let Ok(RequestId(id)) = RequestId::from_request_parts(parts, state).await;
        identity.caller.request_id = Some(id);
        identity.caller.reason = reason(&parts.headers)?;
        Ok(identity)
    }
}

/// Somebody signed in who waits for news: looked at again for as long as they wait, which is no use of
/// their session.
#[derive(Debug)]
pub(crate) enum Waiting {
    /// By the secret of a session.
    Session(String),
    /// By a token.
    Token(String),
}

impl Waiting {
    /// Who it is, if they may still be here.
    pub(crate) async fn caller(&self, state: &AppState) -> Result<Caller, ApiError> {
        match self {
            Self::Token(token) => Ok(authenticate_token(state.store(), token).await?),
            Self::Session(token) => {
                let found = look_at(state.store(), AppState::session_rules(), token).await?;
                if found.must_change_password {
                    return Err(OperationsError::PasswordExpired.into());
                }
                Ok(found.caller)
            }
        }
    }
}

impl FromRequestParts<AppState> for Waiting {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let waiting = match bearer(&parts.headers) {
            Some(token) => Self::Token(token.to_owned()),
            None => Self::Session(cookie(&parts.headers).ok_or(OperationsError::Unauthenticated)?),
        };
        waiting.caller(state).await?;
        Ok(waiting)
    }
}

async fn by_cookie(parts: &Parts, state: &AppState) -> Result<Identity, ApiError> {
    let token = cookie(&parts.headers).ok_or(OperationsError::Unauthenticated)?;
    let found = authenticate(state.store(), AppState::session_rules(), &token).await?;
    if !parts.method.is_safe() {
        check_intent(parts, state, &token)?;
    }
    Ok(Identity {
        caller: found.caller,
        must_change_password: found.must_change_password,
        session: Some(OpenSession {
            token,
            expires_at: found.expires_at,
        }),
    })
}

/// That the web app itself sent the request, and not a foreign page in its user's name.
fn check_intent(parts: &Parts, state: &AppState, token: &str) -> Result<(), ApiError> {
    check_origin(parts, state)?;
    let sent = parts.headers.get(CSRF_HEADER);
    if sent.is_some_and(|sent| sent.as_bytes() == csrf_token(token).as_bytes()) {
        return Ok(());
    }
    Err(ApiError::Csrf)
}

/// The token that requests of a session must repeat in `X-CSRF-Token`. It follows from the session
/// and does not betray it; another page can neither read nor guess it.
pub(crate) fn csrf_token(session: &str) -> String {
    use std::fmt::Write as _;
    let hash = Sha256::digest(format!("millrace csrf {session}"));
    hash.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The token of a program.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(header::COOKIE).iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == COOKIE)
        .map(|cookie| cookie.value().to_owned())
}

/// `X-Reason`: why, for the change log; percent-encoded UTF-8, as a header takes ASCII only.
fn reason(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get(REASON_HEADER) else {
        return Ok(None);
    };
    let text = value.to_str().ok().map(percent_decode_str);
    let text = text.and_then(|text| text.decode_utf8().ok());
    let text = text.filter(|text| !text.contains('\0') && text.chars().count() <= REASON_LIMIT);
    match text {
        Some(text) if text.trim().is_empty() => Ok(None),
        Some(text) => Ok(Some(text.trim().to_owned())),
        None => Err(ApiError::BadRequest(format!(
            "X-Reason must be percent-encoded UTF-8 of at most {REASON_LIMIT} characters"
        ))),
    }
}
