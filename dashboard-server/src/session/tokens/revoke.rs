//! `DELETE /api/tokens/{id}`: end a token.

use axum::extract::State;
use axum::http::StatusCode;
use millrace_operations::sign_in::revoke_token;

use crate::error::ApiError;
use crate::extract::{Id, Person};
use crate::state::AppState;

/// End a token
#[utoipa::path(
    delete,
    path = "/api/tokens/{id}",
    tag = "session",
    params(("id" = i64, Path, description = "The token")),
    responses(
        (status = 204, description = "It is of no use any more"),
        (status = 404, description = "The caller has no such token"),
    )
)]
pub(crate) async fn revoke(
    State(state): State<AppState>,
    person: Person,
    Id(id): Id,
) -> Result<StatusCode, ApiError> {
    let caller = person.ready()?.caller;
    revoke_token(state.store(), &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
