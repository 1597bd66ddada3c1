//! `POST /api/todos/{id}/snooze`: put a to-do off.

use axum::extract::State;
use chrono::{DateTime, Utc};
use millrace_operations::Unit;
use millrace_operations::service::todo;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Body, Id, IfMatch, Signed};
use crate::state::AppState;

/// Until when a to-do is put off, and why.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Snoozing {
    /// Until when.
    until: DateTime<Utc>,
    /// Why.
    #[schema(min_length = 1, max_length = 400)]
    reason: String,
}

/// Put a to-do off
#[utoipa::path(
    post,
    path = "/api/todos/{id}/snooze",
    tag = "todos",
    params(
        ("id" = i64, Path, description = "The to-do"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as its ETag"),
    ),
    request_body = Snoozing,
    responses((status = 200, description = "The to-do as it is now", body = ref("#/components/schemas/TodoOutcome")))
)]
pub(crate) async fn snooze(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
    Body(body): Body<Snoozing>,
) -> Result<Shown, ApiError> {
    let target = at.target(id);
    let work =
        async |unit: Unit| todo::snooze(&unit, &signed.0, target, body.until, &body.reason).await;
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
