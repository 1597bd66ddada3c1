//! `PUT /api/quotes/{id}`: rewrite a draft with its lines.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::quote;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Body, Id, IfMatch, Signed};
use crate::quotes::body::QuoteBody;
use crate::state::AppState;

/// Rewrite a draft with its lines
#[utoipa::path(
    put,
    path = "/api/quotes/{id}",
    tag = "quotes",
    params(
        ("id" = i64, Path, description = "The quote"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as its ETag"),
    ),
    request_body = QuoteBody,
    responses((status = 200, description = "The quote as it is now", body = ref("#/components/schemas/QuoteOutcome")))
)]
pub(crate) async fn rewrite(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
    Body(body): Body<QuoteBody>,
) -> Result<Shown, ApiError> {
    let target = at.target(id);
    let work =
        async |unit: Unit| quote::rewrite(&unit, &signed.0, target, body.clone().into()).await;
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
