//! `POST /api/receipts`: enter money received.

use axum::extract::State;
use chrono::NaiveDate;
use millrace_operations::Unit;
use millrace_operations::service::receipt::{self, NewReceipt};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Keyed, Signed};
use crate::money::body::{AllocationBody, allocations};
use crate::state::AppState;

/// What money received can be.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReceiptKind)]
enum Kind {
    /// A payment.
    Payment,
    /// Paid in advance.
    Advance,
    /// What was retained.
    Retention,
    /// Given back; it pays no instalment.
    Refund,
}

/// Money that came in.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReceiptBody {
    /// The customer.
    account_id: i64,
    /// The day it came in; today when not given.
    received_on: Option<NaiveDate>,
    /// What it is; a payment when not given.
    kind: Option<Kind>,
    /// How it was paid.
    #[schema(max_length = 40)]
    method: Option<String>,
    /// The reference of the bank.
    #[schema(max_length = 100)]
    reference: Option<String>,
    /// The currency, as in ISO 4217; the company's when not given.
    #[schema(pattern = "^[A-Z]{3}$")]
    currency: Option<String>,
    /// The amount in its hundredths.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_000_i64)]
    original_amount: i64,
    /// What one unit of another currency was worth in the company's, in millionths.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_000_i64)]
    rate: Option<i64>,
    /// What it pays.
    #[serde(default)]
    allocations: Vec<AllocationBody>,
}

impl From<ReceiptBody> for NewReceipt {
    fn from(body: ReceiptBody) -> Self {
        let kind = body.kind.map(|kind| match kind {
            Kind::Payment => "payment",
            Kind::Advance => "advance",
            Kind::Retention => "retention",
            Kind::Refund => "refund",
        });
        Self {
            account_id: body.account_id,
            received_on: body.received_on,
            kind: kind.map(ToOwned::to_owned),
            method: body.method,
            reference: body.reference,
            currency: body.currency,
            original_amount: body.original_amount,
            rate: body.rate,
            allocations: allocations(&body.allocations),
        }
    }
}

/// Enter money received
///
/// And which instalments it pays.
#[utoipa::path(
    post,
    path = "/api/receipts",
    tag = "money",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "The same key again makes nothing twice"),
    ),
    request_body = ReceiptBody,
    responses((status = 201, description = "The receipt", body = ref("#/components/schemas/ReceiptOutcome")))
)]
pub(crate) async fn receive(
    State(state): State<AppState>,
    signed: Signed,
    Keyed { body, key }: Keyed<ReceiptBody>,
) -> Result<Shown, ApiError> {
    let work = async |unit: Unit| receipt::receive(&unit, &signed.0, body.clone().into()).await;
    state.create(&signed, key.as_ref(), work).await
}
