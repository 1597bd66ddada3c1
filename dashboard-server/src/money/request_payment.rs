//! `POST /api/payment-requests`: ask a customer to pay an instalment.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::payment_request;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Keyed, Signed};
use crate::state::AppState;

/// A request to pay.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PaymentRequestBody {
    /// The instalment.
    payment_plan_id: i64,
    /// The amount, in fen.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_000_i64)]
    amount: Option<i64>,
    /// Remarks.
    #[schema(max_length = 2000)]
    note: Option<String>,
}

/// Ask a customer to pay an instalment
///
/// For all that is left of it, when no amount is given.
#[utoipa::path(
    post,
    path = "/api/payment-requests",
    tag = "money",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "The same key again makes nothing twice"),
    ),
    request_body = PaymentRequestBody,
    responses((status = 201, description = "The request", body = ref("#/components/schemas/PaymentRequestOutcome")))
)]
pub(crate) async fn request_payment(
    State(state): State<AppState>,
    signed: Signed,
    Keyed { body, key }: Keyed<PaymentRequestBody>,
) -> Result<Shown, ApiError> {
    let work = async |unit: Unit| {
        payment_request::draft(
            &unit,
            &signed.0,
            body.payment_plan_id,
            body.amount,
            body.note.clone(),
        )
        .await
    };
    state.create(&signed, key.as_ref(), work).await
}
