//! `POST /api/invoice-applications`: apply for an invoice.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::invoice::{self, Application};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Keyed, Signed};
use crate::state::AppState;

/// The kinds of invoices.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = InvoiceKind)]
enum Kind {
    /// With which the customer deducts tax (专用发票).
    Special,
    /// Without (普通发票).
    Ordinary,
}

/// An application for an invoice.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InvoiceBody {
    /// The contract.
    contract_id: i64,
    /// The instalment, where it is for one.
    payment_plan_id: Option<i64>,
    /// The name on the invoice; that of the customer when not given.
    #[schema(min_length = 1, max_length = 200)]
    title: Option<String>,
    /// The unified social credit code on it; that of the customer when not given.
    #[schema(max_length = 18)]
    credit_code: Option<String>,
    /// What kind of invoice.
    kind: Kind,
    /// The tax rate in basis points; that of the contract when not given.
    #[schema(minimum = 0, maximum = 10_000)]
    tax_rate: Option<i64>,
    /// The amount, tax included, in fen; that of the instalment when not given.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_000_i64)]
    amount: Option<i64>,
}

impl From<InvoiceBody> for Application {
    fn from(body: InvoiceBody) -> Self {
        let kind = match body.kind {
            Kind::Special => "special",
            Kind::Ordinary => "ordinary",
        };
        Self {
            contract_id: body.contract_id,
            payment_plan_id: body.payment_plan_id,
            title: body.title,
            credit_code: body.credit_code,
            kind: kind.to_owned(),
            tax_rate: body.tax_rate,
            amount: body.amount,
        }
    }
}

/// Apply for an invoice
#[utoipa::path(
    post,
    path = "/api/invoice-applications",
    tag = "money",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "The same key again makes nothing twice"),
    ),
    request_body = InvoiceBody,
    responses((status = 201, description = "The application", body = ref("#/components/schemas/InvoiceApplicationOutcome")))
)]
pub(crate) async fn apply_for_invoice(
    State(state): State<AppState>,
    signed: Signed,
    Keyed { body, key }: Keyed<InvoiceBody>,
) -> Result<Shown, ApiError> {
    let work = async |unit: Unit| invoice::apply(&unit, &signed.0, body.clone().into()).await;
    state.create(&signed, key.as_ref(), work).await
}
