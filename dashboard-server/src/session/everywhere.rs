//! `DELETE /api/sessions`: sign out everywhere.

use axum::extract::State;
use axum::response::Response;
use millrace_operations::sign_in;

use super::sign_out::gone;
use crate::error::ApiError;
use crate::extract::Person;
use crate::state::AppState;

/// Sign out everywhere
#[utoipa::path(
    delete,
    path = "/api/sessions",
    tag = "session",
    responses((status = 204, description = "All sessions of the caller are over"))
)]
pub(crate) async fn sign_out_everywhere(
    State(state): State<AppState>,
    person: Person,
) -> Result<Response, ApiError> {
    sign_in::sign_out_everywhere(state.store(), person.caller.user_id).await?;
    Ok(gone(&state))
}
