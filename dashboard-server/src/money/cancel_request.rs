//! `POST /api/payment-requests/{id}/cancel`: take a request back.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::payment_request;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Id, IfMatch, Signed};
use crate::state::AppState;

/// Take a request back
#[utoipa::path(
    post,
    path = "/api/payment-requests/{id}/cancel",
    tag = "money",
    params(
        ("id" = i64, Path, description = "The request"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as its ETag"),
    ),
    responses((status = 200, description = "The request as it is now", body = ref("#/components/schemas/PaymentRequestOutcome")))
)]
pub(crate) async fn cancel_request(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
) -> Result<Shown, ApiError> {
    let target = at.target(id);
    let work = async |unit: Unit| payment_request::cancel(&unit, &signed.0, target).await;
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
