//! `POST /api/opportunities/{id}/claim`: take a lead out of the pool.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::claim;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Id, Signed};
use crate::state::AppState;

/// Take a lead out of the pool
///
/// And its account, where that waits in the pool too. Of several who claim it at once, one wins.
#[utoipa::path(
    post,
    path = "/api/opportunities/{id}/claim",
    tag = "opportunities",
    params(
        ("id" = i64, Path, description = "The deal"),
    ),
    responses((status = 200, description = "The deal as it is now", body = ref("#/components/schemas/OpportunityOutcome")))
)]
pub(crate) async fn claim(
    State(state): State<AppState>,
    signed: Signed,
    Id(id): Id,
) -> Result<Shown, ApiError> {
    let work = async |unit: Unit| claim::claim_lead(&unit, &signed.0, id).await;
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
