//! `POST /api/opportunities/{id}/release`: give a lead back to be claimed by others.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::release;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Body, Id, Signed};
use crate::shapes::Reason;
use crate::state::AppState;

/// Give a lead back to be claimed by others
#[utoipa::path(
    post,
    path = "/api/opportunities/{id}/release",
    tag = "opportunities",
    params(
        ("id" = i64, Path, description = "The deal"),
    ),
    request_body = Reason,
    responses((status = 200, description = "The deal as it is now", body = ref("#/components/schemas/OpportunityOutcome")))
)]
pub(crate) async fn release(
    State(state): State<AppState>,
    signed: Signed,
    Id(id): Id,
    Body(body): Body<Reason>,
) -> Result<Shown, ApiError> {
    let work = async |unit: Unit| release::release_lead(&unit, &signed.0, id, &body.reason).await;
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
