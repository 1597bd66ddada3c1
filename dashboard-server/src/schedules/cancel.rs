//! `POST /api/schedule-runs/{id}/cancel`: end a run.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::schedule;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Id, Signed};
use crate::state::AppState;

/// End a run
///
/// One that waits ends at once; one that is under way when who runs it has seen it, within seconds.
/// What it has done until then stays.
#[utoipa::path(
    post,
    path = "/api/schedule-runs/{id}/cancel",
    tag = "schedules",
    params(("id" = i64, Path, description = "The run")),
    responses((status = 200, description = "The run as it is now", body = ref("#/components/schemas/ScheduleRunOutcome")))
)]
pub(crate) async fn cancel(
    State(state): State<AppState>,
    signed: Signed,
    Id(id): Id,
) -> Result<Shown, ApiError> {
    let work = async |unit: Unit| schedule::cancel(&unit, Some(&signed.0), id).await;
    let run = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &run).await
}
