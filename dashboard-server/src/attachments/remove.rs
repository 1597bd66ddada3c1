//! `DELETE /api/attachments/{id}`: remove a file.

use axum::extract::State;
use axum::http::StatusCode;
use millrace_operations::Unit;
use millrace_operations::service::attachment;

use crate::error::ApiError;
use crate::extract::{Id, IfMatch, Signed};
use crate::state::AppState;

/// Remove a file
#[utoipa::path(
    delete,
    path = "/api/attachments/{id}",
    tag = "attachments",
    params(
        ("id" = i64, Path, description = "The file"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as its ETag"),
    ),
    responses((status = 204, description = "It is marked as deleted"))
)]
pub(crate) async fn remove(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
) -> Result<StatusCode, ApiError> {
    let target = at.target(id);
    let work = async |unit: Unit| attachment::remove(&unit, &signed.0, target).await;
    state.write(&signed, work).await?;
    Ok(StatusCode::NO_CONTENT)
}
