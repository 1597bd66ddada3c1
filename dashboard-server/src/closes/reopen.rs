//! `POST /api/month-closes/{id}/reopen`: open the last closed month again.

use axum::extract::State;
use millrace_operations::service::month_close;

use super::{live, refused};
use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Body, Id, Signed};
use crate::shapes::Reason;
use crate::state::AppState;

/// Open the last closed month again
///
/// Its numbers follow its records, until it is closed anew.
#[utoipa::path(
    post,
    path = "/api/month-closes/{id}/reopen",
    tag = "month-closes",
    params(("id" = i64, Path, description = "The close")),
    request_body = Reason,
    responses((status = 200, description = "The close, with who opened the month again and why", body = ref("#/components/schemas/MonthCloseOutcome")))
)]
pub(crate) async fn reopen(
    State(state): State<AppState>,
    signed: Signed,
    Id(id): Id,
    Body(body): Body<Reason>,
) -> Result<Shown, ApiError> {
    let month = month_close::month_of(state.store(), &signed.0, id).await?;
    let live = live(&state);
    let opening = live.reopen_month(Some(&signed.0), month, &body.reason);
    let opened = Box::pin(opening).await.map_err(refused)?;
    Shown::record(&state, &signed, &opened).await
}
