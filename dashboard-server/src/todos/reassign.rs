//! `POST /api/todos/{id}/reassign`: pass a to-do on.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::todo;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Body, Id, IfMatch, Signed};
use crate::shapes::Successor;
use crate::state::AppState;

/// Pass a to-do on
#[utoipa::path(
    post,
    path = "/api/todos/{id}/reassign",
    tag = "todos",
    params(
        ("id" = i64, Path, description = "The to-do"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as its ETag"),
    ),
    request_body = Successor,
    responses((status = 200, description = "The to-do as it is now", body = ref("#/components/schemas/TodoOutcome")))
)]
pub(crate) async fn reassign(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
    Body(body): Body<Successor>,
) -> Result<Shown, ApiError> {
    let target = at.target(id);
    let work = async |unit: Unit| todo::reassign(&unit, &signed.0, target, body.user_id).await;
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
