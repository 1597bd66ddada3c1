//! `POST /api/tickets/{id}/assign`: give a ticket to somebody.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::ticket;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Body, Id, IfMatch, Signed};
use crate::shapes::Successor;
use crate::state::AppState;

/// Give a ticket to somebody
///
/// Who answers it passes it on; others assign it in their teams.
#[utoipa::path(
    post,
    path = "/api/tickets/{id}/assign",
    tag = "tickets",
    params(
        ("id" = i64, Path, description = "The ticket"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as its ETag"),
    ),
    request_body = Successor,
    responses((status = 200, description = "The ticket as it is now", body = ref("#/components/schemas/TicketOutcome")))
)]
pub(crate) async fn assign(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
    Body(body): Body<Successor>,
) -> Result<Shown, ApiError> {
    let target = at.target(id);
    let work = async |unit: Unit| ticket::assign(&unit, &signed.0, target, body.user_id).await;
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
