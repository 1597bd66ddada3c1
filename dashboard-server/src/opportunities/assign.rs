//! `POST /api/opportunities/{id}/assign`: give a deal to somebody.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::assign;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Body, Id, Signed};
use crate::shapes::Assignment;
use crate::state::AppState;

/// Give a deal to somebody
#[utoipa::path(
    post,
    path = "/api/opportunities/{id}/assign",
    tag = "opportunities",
    params(
        ("id" = i64, Path, description = "The deal"),
    ),
    request_body = Assignment,
    responses((status = 200, description = "The deal as it is now", body = ref("#/components/schemas/OpportunityOutcome")))
)]
pub(crate) async fn assign(
    State(state): State<AppState>,
    signed: Signed,
    Id(id): Id,
    Body(body): Body<Assignment>,
) -> Result<Shown, ApiError> {
    let work = async |unit: Unit| {
        assign::assign_lead(&unit, &signed.0, id, body.user_id, &body.reason).await
    };
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
