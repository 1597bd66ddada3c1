//! `POST /api/quotes/{id}/send`: send a quote.

use axum::extract::State;
use chrono::{DateTime, Utc};
use millrace_operations::Unit;
use millrace_operations::service::quote_decision;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Body, Id, IfMatch, Signed};
use crate::state::AppState;

/// The sending of a quote.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sending {
    /// When it was sent, when not now.
    sent_at: Option<DateTime<Utc>>,
}

/// Send a quote
///
/// From now on it stays as it is, and older versions of it are superseded.
#[utoipa::path(
    post,
    path = "/api/quotes/{id}/send",
    tag = "quotes",
    params(
        ("id" = i64, Path, description = "The quote"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as its ETag"),
    ),
    request_body = Sending,
    responses((status = 200, description = "The quote as it is now", body = ref("#/components/schemas/QuoteOutcome")))
)]
pub(crate) async fn send(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
    Body(body): Body<Sending>,
) -> Result<Shown, ApiError> {
    let target = at.target(id);
    let work =
        async |unit: Unit| quote_decision::send(&unit, &signed.0, target, body.sent_at).await;
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
