//! `POST /api/invoice-applications/{id}/issue`: enter that an invoice was issued.

use axum::extract::State;
use chrono::NaiveDate;
use millrace_operations::Unit;
use millrace_operations::service::invoice::{self, Answer};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Body, Id, IfMatch, Signed};
use crate::state::AppState;

/// An invoice that was issued.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InvoiceIssue {
    /// Its number.
    #[schema(min_length = 1, max_length = 64)]
    invoice_number: String,
    /// The day of issue; today when not given.
    issued_on: Option<NaiveDate>,
}

impl InvoiceIssue {
    fn answer(&self) -> Answer {
        Answer::Issue {
            invoice_number: self.invoice_number.clone(),
            issued_on: self.issued_on,
        }
    }
}

/// Enter that an invoice was issued
///
/// Finance does. It makes the instalments due that wait for one.
#[utoipa::path(
    post,
    path = "/api/invoice-applications/{id}/issue",
    tag = "money",
    params(
        ("id" = i64, Path, description = "The application"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as its ETag"),
    ),
    request_body = InvoiceIssue,
    responses((status = 200, description = "The application as it is now", body = ref("#/components/schemas/InvoiceApplicationOutcome")))
)]
pub(crate) async fn issue_invoice(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
    Body(body): Body<InvoiceIssue>,
) -> Result<Shown, ApiError> {
    let target = at.target(id);
    let work = async |unit: Unit| invoice::answer(&unit, &signed.0, target, body.answer()).await;
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
