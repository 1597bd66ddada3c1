//! `POST /api/invoice-applications/{id}/reject`: reject an application for an invoice.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::invoice::{self, Answer};

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Id, IfMatch, Signed};
use crate::state::AppState;

/// Reject an application for an invoice
#[utoipa::path(
    post,
    path = "/api/invoice-applications/{id}/reject",
    tag = "money",
    params(
        ("id" = i64, Path, description = "The application"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as its ETag"),
    ),
    responses((status = 200, description = "The application as it is now", body = ref("#/components/schemas/InvoiceApplicationOutcome")))
)]
pub(crate) async fn reject_invoice(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
) -> Result<Shown, ApiError> {
    let target = at.target(id);
    let work = async |unit: Unit| invoice::answer(&unit, &signed.0, target, Answer::Reject).await;
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
