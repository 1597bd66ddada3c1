//! `POST /api/accounts/{id}/release`: give an account back to the pool.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::release;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Body, Id, Signed};
use crate::shapes::Reason;
use crate::state::AppState;

/// Give an account back to the pool
///
/// Its owner does, or who may assign it. Deals, quotes and tickets stay with who has them.
#[utoipa::path(
    post,
    path = "/api/accounts/{id}/release",
    tag = "accounts",
    params(
        ("id" = i64, Path, description = "The account"),
    ),
    request_body = Reason,
    responses((status = 200, description = "The account as it is now", body = ref("#/components/schemas/AccountOutcome")))
)]
pub(crate) async fn release(
    State(state): State<AppState>,
    signed: Signed,
    Id(id): Id,
    Body(body): Body<Reason>,
) -> Result<Shown, ApiError> {
    let work = async |unit: Unit| release::release(&unit, &signed.0, id, &body.reason).await;
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
