//! `POST /api/rule-preview`: when a rule would be due.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use millrace_operations::service::schedule;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::extract::{Body, Signed};
use crate::state::AppState;

/// Moments that are shown.
const SHOWN: usize = 5;

/// A rule that is being written.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleBody {
    /// Such as `working-day 1 08:00`, `weekly mon 09:00 next` or `cron 30 8 * * 1-5`.
    #[schema(default = "working-day 1 08:00", max_length = 200)]
    rule: String,
    /// The time zone; the company's without one.
    #[schema(default = "Asia/Shanghai", max_length = 60)]
    zone: Option<String>,
}

/// When a rule is due.
#[derive(Serialize, ToSchema)]
pub(crate) struct RuleMoments {
    /// The next moments, five at most.
    next: Vec<DateTime<Utc>>,
}

/// When a rule would be due
#[utoipa::path(
    post,
    path = "/api/rule-preview",
    tag = "schedules",
    request_body = RuleBody,
    responses((status = 200, description = "Its next moments", body = RuleMoments))
)]
pub(crate) async fn preview(
    State(state): State<AppState>,
    _signed: Signed,
    Body(body): Body<RuleBody>,
) -> Result<Json<RuleMoments>, ApiError> {
    let next = schedule::preview(state.store(), &body.rule, body.zone.as_deref(), SHOWN)?;
    Ok(Json(RuleMoments { next }))
}
