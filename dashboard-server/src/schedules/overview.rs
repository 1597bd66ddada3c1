//! `GET /api/schedule-overview`: all schedules with what is before and behind them.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use millrace_operations::service::schedule;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::extract::Signed;
use crate::state::AppState;

/// All schedules with what is before and behind them.
#[derive(Serialize, ToSchema)]
pub(crate) struct ScheduleOverview {
    schedules: Vec<ScheduleState>,
}

/// What is before and behind a schedule.
#[derive(Serialize, ToSchema)]
struct ScheduleState {
    /// The schedule.
    id: i64,
    /// Its next moments, three at most; none where it is not enabled.
    next: Vec<DateTime<Utc>>,
    /// Whether the holidays of the year of one of them are not known yet: only weekends rest there.
    holidays_unknown: bool,
    /// Its last runs, the latest first, five at most.
    runs: Vec<RunState>,
}

/// How a run stands.
#[derive(Serialize, ToSchema)]
struct RunState {
    /// The run.
    id: i64,
    /// The moment that it is due.
    planned_at: DateTime<Utc>,
    /// How it stands.
    state: String,
    /// Whether somebody asked for it.
    manual: bool,
    /// When it began.
    began_at: Option<DateTime<Utc>>,
    /// When it ended.
    ended_at: Option<DateTime<Utc>>,
    /// What it did.
    result: Option<String>,
    /// Why it failed.
    error: Option<String>,
}

/// All schedules with their next moments and last runs
#[utoipa::path(
    get,
    path = "/api/schedule-overview",
    tag = "schedules",
    responses((status = 200, description = "What is before and behind them", body = ScheduleOverview))
)]
pub(crate) async fn overview(
    State(state): State<AppState>,
    Signed(caller): Signed,
) -> Result<Json<ScheduleOverview>, ApiError> {
    let all = schedule::overview(state.store(), Some(&caller)).await?;
    let schedules = all.into_iter().map(|own| ScheduleState {
        id: own.id,
        next: own.next,
        holidays_unknown: own.holidays_unknown,
        runs: own
            .runs
            .into_iter()
            .map(|run| RunState {
                id: run.id,
                planned_at: run.planned_at,
                state: run.state,
                manual: run.manual,
                began_at: run.began_at,
                ended_at: run.ended_at,
                result: run.result,
                error: run.error,
            })
            .collect(),
    });
    Ok(Json(ScheduleOverview {
        schedules: schedules.collect(),
    }))
}
