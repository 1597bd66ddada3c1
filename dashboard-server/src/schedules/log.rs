//! `GET /api/schedule-runs/{id}/log`: what a run said.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use millrace_operations::service::schedule;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::extract::{Id, Signed};
use crate::state::AppState;

/// What a run said.
#[derive(Serialize, ToSchema)]
pub(crate) struct RunLog {
    /// The earliest first; kept for 90 days.
    lines: Vec<RunLine>,
}

/// A line of it.
#[derive(Serialize, ToSchema)]
struct RunLine {
    /// When.
    at: DateTime<Utc>,
    /// What.
    text: String,
}

/// What a run said
#[utoipa::path(
    get,
    path = "/api/schedule-runs/{id}/log",
    tag = "schedules",
    params(("id" = i64, Path, description = "The run")),
    responses((status = 200, description = "Its lines", body = RunLog))
)]
pub(crate) async fn log(
    State(state): State<AppState>,
    Signed(caller): Signed,
    Id(id): Id,
) -> Result<Json<RunLog>, ApiError> {
    let lines = schedule::lines(state.store(), Some(&caller), id).await?;
    let lines = lines.into_iter().map(|line| RunLine {
        at: line.at,
        text: line.text,
    });
    Ok(Json(RunLog {
        lines: lines.collect(),
    }))
}
