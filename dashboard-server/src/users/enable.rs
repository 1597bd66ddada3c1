//! `POST /api/users/{id}/enable`: let a person sign in again.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::user;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Id, IfMatch, Signed};
use crate::state::AppState;

/// Let a person sign in again
#[utoipa::path(
    post,
    path = "/api/users/{id}/enable",
    tag = "users",
    params(
        ("id" = i64, Path, description = "The person"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as its ETag"),
    ),
    responses((status = 200, description = "The person as it is now", body = ref("#/components/schemas/UserOutcome")))
)]
pub(crate) async fn enable(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
) -> Result<Shown, ApiError> {
    let target = at.target(id);
    let work = async |unit: Unit| user::enable(&unit, &signed.0, target).await;
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
