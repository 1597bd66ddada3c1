//! `POST /api/tickets/{id}/resume`: let the clock of a ticket run again.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::ticket;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Id, IfMatch, Signed};
use crate::state::AppState;

/// Let the clock of a ticket run again
///
/// Its due time moves by the working time that it was paused.
#[utoipa::path(
    post,
    path = "/api/tickets/{id}/resume",
    tag = "tickets",
    params(
        ("id" = i64, Path, description = "The ticket"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as its ETag"),
    ),
    responses((status = 200, description = "The ticket as it is now", body = ref("#/components/schemas/TicketOutcome")))
)]
pub(crate) async fn resume(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
) -> Result<Shown, ApiError> {
    let target = at.target(id);
    let work = async |unit: Unit| ticket::resume(&unit, &signed.0, target).await;
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
