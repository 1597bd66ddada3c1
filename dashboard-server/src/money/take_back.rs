//! `DELETE /api/receipt-allocations/{id}`: takes back that a receipt pays an instalment.

use axum::extract::State;
use axum::http::StatusCode;
use millrace_operations::Unit;
use millrace_operations::service::receipt;

use crate::error::ApiError;
use crate::extract::{Id, Signed};
use crate::state::AppState;

/// Take back what a receipt pays of an instalment
///
/// The instalment is open again for it. What followed from the money meanwhile, as a contract that took
/// effect, stays.
#[utoipa::path(
    delete,
    path = "/api/receipt-allocations/{id}",
    tag = "money",
    params(("id" = i64, Path, description = "The allocation")),
    responses((status = 204, description = "It is marked as deleted"))
)]
pub(crate) async fn take_back(
    State(state): State<AppState>,
    signed: Signed,
    Id(id): Id,
) -> Result<StatusCode, ApiError> {
    let work = async |unit: Unit| receipt::take_back(&unit, &signed.0, id).await;
    state.write(&signed, work).await?;
    Ok(StatusCode::NO_CONTENT)
}
