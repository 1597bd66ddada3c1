//! `POST /api/quotes/{id}/withdraw`: take a quote back.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::quote_decision;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Id, IfMatch, Signed};
use crate::state::AppState;

/// Take a quote back
///
/// One that the customer has not decided on.
#[utoipa::path(
    post,
    path = "/api/quotes/{id}/withdraw",
    tag = "quotes",
    params(
        ("id" = i64, Path, description = "The quote"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as its ETag"),
    ),
    responses((status = 200, description = "The quote as it is now", body = ref("#/components/schemas/QuoteOutcome")))
)]
pub(crate) async fn withdraw(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
) -> Result<Shown, ApiError> {
    let target = at.target(id);
    let work = async |unit: Unit| quote_decision::withdraw(&unit, &signed.0, target).await;
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
