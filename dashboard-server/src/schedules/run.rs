//! `POST /api/schedules/{id}/run`: run a schedule now.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::schedule;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Id, Signed};
use crate::state::AppState;

/// Run a schedule now, beside its rule
///
/// It begins when no other run of it is under way. While one that was asked for waits, the same is given.
#[utoipa::path(
    post,
    path = "/api/schedules/{id}/run",
    tag = "schedules",
    params(("id" = i64, Path, description = "The schedule")),
    responses((status = 200, description = "The run that waits", body = ref("#/components/schemas/ScheduleRunOutcome")))
)]
pub(crate) async fn run(
    State(state): State<AppState>,
    signed: Signed,
    Id(id): Id,
) -> Result<Shown, ApiError> {
    let work = async |unit: Unit| schedule::run_now(&unit, Some(&signed.0), id).await;
    let run = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &run).await
}
