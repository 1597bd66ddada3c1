//! `POST /api/todos/{id}/complete`: tick a to-do off.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::todo;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Body, Id, IfMatch, Signed};
use crate::state::AppState;

/// What came of a to-do.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Done {
    /// What came of it.
    #[schema(max_length = 2000)]
    result: Option<String>,
}

/// Tick a to-do off
#[utoipa::path(
    post,
    path = "/api/todos/{id}/complete",
    tag = "todos",
    params(
        ("id" = i64, Path, description = "The to-do"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as its ETag"),
    ),
    request_body = Done,
    responses((status = 200, description = "The to-do as it is now", body = ref("#/components/schemas/TodoOutcome")))
)]
pub(crate) async fn complete(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
    Body(body): Body<Done>,
) -> Result<Shown, ApiError> {
    let target = at.target(id);
    let work =
        async |unit: Unit| todo::complete(&unit, &signed.0, target, body.result.clone()).await;
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
