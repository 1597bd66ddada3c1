//! `POST /api/stage-changes/{id}/correct`: corrects a move that was recorded wrongly.

use axum::extract::State;
use chrono::{DateTime, Utc};
use millrace_operations::Unit;
use millrace_operations::service::correction::{self, Correction};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Body, Id, Signed};
use crate::state::AppState;

/// What a move should have been.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoveCorrection {
    /// The stage that was entered, when it was another one.
    stage_id: Option<i64>,
    /// When it happened, when it was another time.
    changed_at: Option<DateTime<Utc>>,
    /// Why it is corrected.
    #[schema(min_length = 1, max_length = 1000)]
    reason: String,
}

/// Correct a move of a deal
///
/// The move stays as it was recorded; the correction is a record of its own, made by who leads.
#[utoipa::path(
    post,
    path = "/api/stage-changes/{id}/correct",
    tag = "opportunities",
    params(("id" = i64, Path, description = "The move")),
    request_body = MoveCorrection,
    responses((status = 200, description = "The correction", body = ref("#/components/schemas/StageChangeOutcome")))
)]
pub(crate) async fn correct(
    State(state): State<AppState>,
    signed: Signed,
    Id(id): Id,
    Body(body): Body<MoveCorrection>,
) -> Result<Shown, ApiError> {
    let work = async |unit: Unit| {
        let body = body.clone();
        let correction = Correction {
            stage_id: body.stage_id,
            changed_at: body.changed_at,
            reason: body.reason,
        };
        correction::correct(&unit, &signed.0, id, correction).await
    };
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
