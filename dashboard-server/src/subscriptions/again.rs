//! `POST /api/dispatches/{id}/again`: send a copy that did not come once more.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::dispatch;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Id, Signed};
use crate::state::AppState;

/// Send a copy that did not come once more
///
/// Of a copy of which it is not known whether it came it may be the second; a mail keeps its
/// Message-ID, a webhook its id.
#[utoipa::path(
    post,
    path = "/api/dispatches/{id}/again",
    tag = "subscriptions",
    params(("id" = i64, Path, description = "The copy")),
    responses((status = 200, description = "The copy as it is now", body = ref("#/components/schemas/DispatchOutcome")))
)]
pub(crate) async fn again(
    State(state): State<AppState>,
    signed: Signed,
    Id(id): Id,
) -> Result<Shown, ApiError> {
    let work = async |unit: Unit| dispatch::again(&unit, Some(&signed.0), id).await;
    let copy = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &copy).await
}
