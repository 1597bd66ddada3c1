//! `POST /api/invoice-applications/{id}/void`: enter that an invoice is void.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::invoice::{self, Answer};

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Id, IfMatch, Signed};
use crate::state::AppState;

/// Enter that an invoice is void
#[utoipa::path(
    post,
    path = "/api/invoice-applications/{id}/void",
    tag = "money",
    params(
        ("id" = i64, Path, description = "The application"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as its ETag"),
    ),
    responses((status = 200, description = "The application as it is now", body = ref("#/components/schemas/InvoiceApplicationOutcome")))
)]
pub(crate) async fn void_invoice(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
) -> Result<Shown, ApiError> {
    let target = at.target(id);
    let work = async |unit: Unit| invoice::answer(&unit, &signed.0, target, Answer::Void).await;
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
