//! `POST /api/opportunities/{id}/reopen`: take up a deal again that was given up.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::ending;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Body, Id, IfMatch, Signed};
use crate::shapes::OptionalReason;
use crate::state::AppState;

/// Take up a deal again that was given up
#[utoipa::path(
    post,
    path = "/api/opportunities/{id}/reopen",
    tag = "opportunities",
    params(
        ("id" = i64, Path, description = "The deal"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as its ETag"),
    ),
    request_body = OptionalReason,
    responses((status = 200, description = "The deal that is open now: the same one within 90 days of its end, later a new one that continues it", body = ref("#/components/schemas/OpportunityOutcome")))
)]
pub(crate) async fn reopen(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
    Body(body): Body<OptionalReason>,
) -> Result<Shown, ApiError> {
    let target = at.target(id);
    let work =
        async |unit: Unit| ending::reopen(&unit, &signed.0, target, body.reason.clone()).await;
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
