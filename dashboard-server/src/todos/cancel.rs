//! `POST /api/todos/{id}/cancel`: give a to-do up.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::todo;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Body, Id, IfMatch, Signed};
use crate::shapes::Reason;
use crate::state::AppState;

/// Give a to-do up
#[utoipa::path(
    post,
    path = "/api/todos/{id}/cancel",
    tag = "todos",
    params(
        ("id" = i64, Path, description = "The to-do"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as its ETag"),
    ),
    request_body = Reason,
    responses((status = 200, description = "The to-do as it is now", body = ref("#/components/schemas/TodoOutcome")))
)]
pub(crate) async fn cancel(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
    Body(body): Body<Reason>,
) -> Result<Shown, ApiError> {
    let target = at.target(id);
    let work = async |unit: Unit| todo::cancel(&unit, &signed.0, target, &body.reason).await;
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
