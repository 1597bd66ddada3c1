//! `POST /api/tickets/{id}/resolve`: say what resolved a ticket.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::ticket;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Body, Id, IfMatch, Signed};
use crate::state::AppState;

/// What resolved a ticket.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Resolution {
    /// What was done.
    #[schema(min_length = 1, max_length = 20_000)]
    resolution: String,
}

/// Say what resolved a ticket
#[utoipa::path(
    post,
    path = "/api/tickets/{id}/resolve",
    tag = "tickets",
    params(
        ("id" = i64, Path, description = "The ticket"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as its ETag"),
    ),
    request_body = Resolution,
    responses((status = 200, description = "The ticket as it is now", body = ref("#/components/schemas/TicketOutcome")))
)]
pub(crate) async fn resolve(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
    Body(body): Body<Resolution>,
) -> Result<Shown, ApiError> {
    let target = at.target(id);
    let work =
        async |unit: Unit| ticket::resolve(&unit, &signed.0, target, body.resolution.clone()).await;
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
