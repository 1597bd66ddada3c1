//! `POST /api/opportunities/{id}/shelve-idle`: shelve a deal that nothing moved for long.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::ending;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Id, Signed};
use crate::state::AppState;

/// Shelve a deal that nothing moved for long
///
/// As it was proposed; refused when something moved it since.
#[utoipa::path(
    post,
    path = "/api/opportunities/{id}/shelve-idle",
    tag = "opportunities",
    params(
        ("id" = i64, Path, description = "The deal"),
    ),
    responses((status = 200, description = "The deal as it is now", body = ref("#/components/schemas/OpportunityOutcome")))
)]
pub(crate) async fn shelve_idle(
    State(state): State<AppState>,
    signed: Signed,
    Id(id): Id,
) -> Result<Shown, ApiError> {
    let work = async |unit: Unit| ending::shelve_idle(&unit, &signed.0, id).await;
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
