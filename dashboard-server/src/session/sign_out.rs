//! `DELETE /api/session`: sign out.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use millrace_operations::sign_in;

use super::clear_cookie;
use crate::error::ApiError;
use crate::extract::Person;
use crate::state::AppState;

/// Sign out
#[utoipa::path(
    delete,
    path = "/api/session",
    tag = "session",
    responses((status = 204, description = "The session is over"))
)]
pub(crate) async fn sign_out(
    State(state): State<AppState>,
    person: Person,
) -> Result<Response, ApiError> {
    sign_in::sign_out(state.store(), &person.token).await?;
    Ok(gone(&state))
}

/// The answer that takes the cookie away.
pub(super) fn gone(state: &AppState) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Some(cookie) = clear_cookie(state) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}
