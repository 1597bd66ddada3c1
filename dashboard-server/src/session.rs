//! Coming in and going out: sessions, the password, tokens for programs.

mod device;
pub(crate) mod everywhere;
pub(crate) mod list;
pub(crate) mod me;
pub(crate) mod password;
pub(crate) mod sign_in;
pub(crate) mod sign_out;
pub(crate) mod tokens;

use axum::http::HeaderValue;
use cookie::{Cookie, SameSite};

use crate::extract::COOKIE;
use crate::state::AppState;

/// The value of `Set-Cookie` that gives a session to the browser.
fn set_cookie(state: &AppState, token: &str) -> Option<HeaderValue> {
    let cookie = Cookie::build((COOKIE, token))
        .http_only(true)
        .same_site(SameSite::Lax)
        .path("/")
        .secure(is_secure(state))
        .max_age(cookie::time::Duration::seconds(
            AppState::session_rules().absolute.num_seconds(),
        ));
    HeaderValue::from_str(&cookie.to_string()).ok()
}

/// The value of `Set-Cookie` that takes it away.
fn clear_cookie(state: &AppState) -> Option<HeaderValue> {
    let cookie = Cookie::build((COOKIE, ""))
        .http_only(true)
        .same_site(SameSite::Lax)
        .path("/")
        .secure(is_secure(state))
        .max_age(cookie::time::Duration::ZERO);
    HeaderValue::from_str(&cookie.to_string()).ok()
}

/// Whether people reach the server by TLS.
fn is_secure(state: &AppState) -> bool {
    let public = state.settings().public_url.as_ref();
    public.is_some_and(|url| url.scheme() == "https")
}
