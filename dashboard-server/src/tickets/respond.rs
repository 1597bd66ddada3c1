//! `POST /api/tickets/{id}/respond`: enter the first answer to a ticket.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::ticket;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Body, Id, IfMatch, Signed};
use crate::state::AppState;

/// The first answer.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FirstResponse {
    /// What was answered.
    #[schema(min_length = 1, max_length = 20_000)]
    response: String,
}

/// Enter the first answer to a ticket
#[utoipa::path(
    post,
    path = "/api/tickets/{id}/respond",
    tag = "tickets",
    params(
        ("id" = i64, Path, description = "The ticket"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as its ETag"),
    ),
    request_body = FirstResponse,
    responses((status = 200, description = "The ticket as it is now", body = ref("#/components/schemas/TicketOutcome")))
)]
pub(crate) async fn respond(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
    Body(body): Body<FirstResponse>,
) -> Result<Shown, ApiError> {
    let target = at.target(id);
    let work =
        async |unit: Unit| ticket::respond(&unit, &signed.0, target, body.response.clone()).await;
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
