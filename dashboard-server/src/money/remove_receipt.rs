//! `DELETE /api/receipts/{id}`: remove a receipt that was entered by mistake.

use axum::extract::State;
use axum::http::StatusCode;
use millrace_operations::Unit;
use millrace_operations::service::receipt;

use crate::error::ApiError;
use crate::extract::{Id, IfMatch, Signed};
use crate::state::AppState;

/// Remove a receipt that was entered by mistake
#[utoipa::path(
    delete,
    path = "/api/receipts/{id}",
    tag = "money",
    params(
        ("id" = i64, Path, description = "The receipt"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as its ETag"),
    ),
    responses((status = 204, description = "It is marked as deleted"))
)]
pub(crate) async fn remove_receipt(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
) -> Result<StatusCode, ApiError> {
    let target = at.target(id);
    let work = async |unit: Unit| receipt::remove(&unit, &signed.0, target).await;
    state.write(&signed, work).await?;
    Ok(StatusCode::NO_CONTENT)
}
