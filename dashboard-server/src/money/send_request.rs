//! `POST /api/payment-requests/{id}/send`: enter that a request went out.

use axum::extract::State;
use chrono::NaiveDate;
use millrace_operations::Unit;
use millrace_operations::service::payment_request;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Body, Id, IfMatch, Signed};
use crate::state::AppState;

/// The sending of a request.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestSending {
    /// The day it went out; today when not given.
    sent_on: Option<NaiveDate>,
}

/// Enter that a request went out
#[utoipa::path(
    post,
    path = "/api/payment-requests/{id}/send",
    tag = "money",
    params(
        ("id" = i64, Path, description = "The request"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as its ETag"),
    ),
    request_body = RequestSending,
    responses((status = 200, description = "The request as it is now", body = ref("#/components/schemas/PaymentRequestOutcome")))
)]
pub(crate) async fn send_request(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
    Body(body): Body<RequestSending>,
) -> Result<Shown, ApiError> {
    let target = at.target(id);
    let work =
        async |unit: Unit| payment_request::send(&unit, &signed.0, target, body.sent_on).await;
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
