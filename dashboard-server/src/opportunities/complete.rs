//! `POST /api/opportunities/{id}/complete`: end the stage after winning.

use axum::extract::State;
use chrono::{DateTime, Utc};
use millrace_operations::Unit;
use millrace_operations::service::stage_move;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Body, Id, IfMatch, Signed};
use crate::state::AppState;

/// The completion of a won deal.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Completion {
    /// When it was completed, when not now.
    completed_at: Option<DateTime<Utc>>,
}

/// End the stage after winning
///
/// Everything is delivered and paid.
#[utoipa::path(
    post,
    path = "/api/opportunities/{id}/complete",
    tag = "opportunities",
    params(
        ("id" = i64, Path, description = "The deal"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as its ETag"),
    ),
    request_body = Completion,
    responses((status = 200, description = "The deal as it is now", body = ref("#/components/schemas/OpportunityOutcome")))
)]
pub(crate) async fn complete(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
    Body(body): Body<Completion>,
) -> Result<Shown, ApiError> {
    let target = at.target(id);
    let work =
        async |unit: Unit| stage_move::complete(&unit, &signed.0, target, body.completed_at).await;
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
