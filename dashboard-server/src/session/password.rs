//! `PUT /api/password`: change one's password.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use millrace_operations::OperationsError;
use millrace_operations::sign_in::{Password, SignIn, change_password, profile, sign_in};
use serde::Deserialize;
use utoipa::ToSchema;

use super::device::Device;
use super::set_cookie;
use crate::error::ApiError;
use crate::extract::{Body, Person};
use crate::state::AppState;

/// The old and the new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordChange {
    /// The one that is known.
    #[schema(format = Password)]
    old: String,
    /// The new one, of at least 10 characters.
    #[schema(format = Password, min_length = 10)]
    new: String,
}

/// Change one's password
///
/// All sessions of the caller end; the answer sets a new one, with a new `csrf_token` at
/// `GET /api/session`.
#[utoipa::path(
    put,
    path = "/api/password",
    tag = "session",
    request_body = PasswordChange,
    responses(
        (status = 204, description = "The password is changed",
         headers(("Set-Cookie" = String, description = "The new session"))),
        (status = 422, description = "`weak-password`, or `invalid` when the old one is wrong"),
        (status = 429, description = "`locked-out`: there were too many failures"),
    )
)]
pub(crate) async fn change(
    State(state): State<AppState>,
    person: Person,
    device: Device,
    Body(change): Body<PasswordChange>,
) -> Result<Response, ApiError> {
    let store = state.store();
    let user_id = person.caller.user_id;
    let (old, new) = (Password::from(change.old), Password::from(change.new));
    let changed = change_password(store, user_id, &old, &new).await;
    changed.map_err(|error| match error {
        // Who is signed in stays so.
        OperationsError::Credentials => OperationsError::field("old", "is not the password"),
        other => other,
    })?;
    let with = SignIn {
        username: profile(store, &person.caller).await?.username,
        password: new,
        address: device.address,
        device: device.name,
    };
    let session = sign_in(store, AppState::session_rules(), &with).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Some(cookie) = set_cookie(&state, &session.token) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
