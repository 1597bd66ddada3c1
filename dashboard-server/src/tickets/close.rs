//! `POST /api/tickets/{id}/close`: close a resolved ticket.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::ticket;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Body, Id, IfMatch, Signed};
use crate::state::AppState;

/// The closing of a ticket.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Closing {
    /// How satisfied the asker was.
    #[schema(minimum = 1, maximum = 5)]
    satisfaction: Option<i64>,
}

/// Close a resolved ticket
///
/// With how satisfied the asker was, which who answered it does not say.
#[utoipa::path(
    post,
    path = "/api/tickets/{id}/close",
    tag = "tickets",
    params(
        ("id" = i64, Path, description = "The ticket"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as its ETag"),
    ),
    request_body = Closing,
    responses((status = 200, description = "The ticket as it is now", body = ref("#/components/schemas/TicketOutcome")))
)]
pub(crate) async fn close(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
    Body(body): Body<Closing>,
) -> Result<Shown, ApiError> {
    let target = at.target(id);
    let work = async |unit: Unit| ticket::close(&unit, &signed.0, target, body.satisfaction).await;
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
