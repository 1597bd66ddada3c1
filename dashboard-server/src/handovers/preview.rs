//! `POST /api/handovers/preview`: what a handover would do.

use axum::Json;
use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::handover::{self, Plan};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::extract::{Body, Signed};
use crate::handovers::body::HandoverRule;
use crate::shapes;
use crate::state::AppState;

/// Who hands over, and to whom.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewBody {
    /// Who hands over.
    from_user_id: i64,
    /// By which rule successors are chosen.
    rule: HandoverRule,
}

/// See what a handover would do
///
/// Nothing is changed.
#[utoipa::path(
    post,
    path = "/api/handovers/preview",
    tag = "handovers",
    request_body = PreviewBody,
    responses((status = 200, description = "What each successor would get", body = shapes::Plan))
)]
pub(crate) async fn preview(
    State(state): State<AppState>,
    signed: Signed,
    Body(body): Body<PreviewBody>,
) -> Result<Json<Plan>, ApiError> {
    let rule = body.rule.into();
    let work =
        async |unit: Unit| handover::preview(&unit, &signed.0, body.from_user_id, &rule).await;
    Ok(Json(state.write(&signed, work).await?))
}
