//! `POST /api/tickets/{id}/reopen`: take a ticket up again.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::ticket;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Body, Id, IfMatch, Signed};
use crate::shapes::Reason;
use crate::state::AppState;

/// Take a ticket up again
///
/// One that was not resolved after all; the time that it rested moves its due time.
#[utoipa::path(
    post,
    path = "/api/tickets/{id}/reopen",
    tag = "tickets",
    params(
        ("id" = i64, Path, description = "The ticket"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as its ETag"),
    ),
    request_body = Reason,
    responses((status = 200, description = "The ticket as it is now", body = ref("#/components/schemas/TicketOutcome")))
)]
pub(crate) async fn reopen(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
    Body(body): Body<Reason>,
) -> Result<Shown, ApiError> {
    let target = at.target(id);
    let work = async |unit: Unit| ticket::reopen(&unit, &signed.0, target, &body.reason).await;
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
