//! `POST /api/payment-plans/{id}/write-off`: give up what is left of an instalment.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::instalment;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Id, IfMatch, Signed};
use crate::state::AppState;

/// Give up what is left of an instalment
#[utoipa::path(
    post,
    path = "/api/payment-plans/{id}/write-off",
    tag = "money",
    params(
        ("id" = i64, Path, description = "The instalment"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as its ETag"),
    ),
    responses((status = 200, description = "The instalment as it is now", body = ref("#/components/schemas/PaymentPlanOutcome")))
)]
pub(crate) async fn write_off(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
) -> Result<Shown, ApiError> {
    let target = at.target(id);
    let work = async |unit: Unit| instalment::write_off(&unit, &signed.0, target).await;
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
