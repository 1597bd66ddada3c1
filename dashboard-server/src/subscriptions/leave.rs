//! `POST /api/subscriptions/{id}/leave`: get no more copies of it.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::subscription;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Id, Signed};
use crate::state::AppState;

/// Get no more copies of a subscription, whosever it is
#[utoipa::path(
    post,
    path = "/api/subscriptions/{id}/leave",
    tag = "subscriptions",
    params(("id" = i64, Path, description = "The subscription")),
    responses((status = 200, description = "The subscription, where the caller may see it", body = ref("#/components/schemas/SubscriptionOutcome")))
)]
pub(crate) async fn leave(
    State(state): State<AppState>,
    signed: Signed,
    Id(id): Id,
) -> Result<Shown, ApiError> {
    let work = async |unit: Unit| subscription::leave(&unit, &signed.0, id).await;
    let left = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &left).await
}
