//! `POST /api/opportunities/{id}/move`: move a deal to another stage.

use axum::extract::State;
use chrono::{DateTime, Utc};
use millrace_operations::Unit;
use millrace_operations::service::stage_move::{self, Move};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Body, Id, IfMatch, Signed};
use crate::state::AppState;

/// A move to another stage.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StageMove {
    /// The stage to enter.
    stage_id: i64,
    /// Go on without what is missing, and why; for who leads.
    #[schema(max_length = 1000)]
    override_reason: Option<String>,
    /// When it happened, when not now.
    moved_at: Option<DateTime<Utc>>,
}

impl From<StageMove> for Move {
    fn from(body: StageMove) -> Self {
        Self {
            to_stage_id: body.stage_id,
            changed_at: body.moved_at,
            override_criteria: body.override_reason.is_some(),
            reason: body.override_reason,
        }
    }
}

/// Move a deal to another stage
///
/// What the stages ask for and the deal lacks is answered as `unmet` with all that is missing. Who leads
/// may go on without it by giving a reason.
#[utoipa::path(
    post,
    path = "/api/opportunities/{id}/move",
    tag = "opportunities",
    params(
        ("id" = i64, Path, description = "The deal"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as its ETag"),
    ),
    request_body = StageMove,
    responses((status = 200, description = "The deal as it is now", body = ref("#/components/schemas/OpportunityOutcome")))
)]
pub(crate) async fn advance(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
    Body(body): Body<StageMove>,
) -> Result<Shown, ApiError> {
    let target = at.target(id);
    let work = async |unit: Unit| {
        stage_move::move_stage(&unit, &signed.0, target, body.clone().into()).await
    };
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
