//! `POST /api/quotes/{id}/request-approval`: ask for the approval of a quote.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::approval;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Id, IfMatch, Signed};
use crate::state::AppState;

/// Ask for the approval of a quote
///
/// For a discount beyond what the caller may give. It stays as it is until then.
#[utoipa::path(
    post,
    path = "/api/quotes/{id}/request-approval",
    tag = "quotes",
    params(
        ("id" = i64, Path, description = "The quote"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as its ETag"),
    ),
    responses((status = 200, description = "The quote as it is now", body = ref("#/components/schemas/QuoteOutcome")))
)]
pub(crate) async fn request_approval(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
) -> Result<Shown, ApiError> {
    let target = at.target(id);
    let work = async |unit: Unit| approval::request(&unit, &signed.0, target).await;
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
