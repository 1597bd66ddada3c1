//! `POST /api/quotes/{id}/revise`: make the next version of a quote.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::quote;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Id, Keyed, Signed};
use crate::quotes::body::QuoteBody;
use crate::state::AppState;

/// Make the next version of a quote
#[utoipa::path(
    post,
    path = "/api/quotes/{id}/revise",
    tag = "quotes",
    params(
        ("id" = i64, Path, description = "The quote"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key again makes nothing twice"),
    ),
    request_body = QuoteBody,
    responses((status = 201, description = "The quote", body = ref("#/components/schemas/QuoteOutcome")))
)]
pub(crate) async fn revise(
    State(state): State<AppState>,
    signed: Signed,
    Id(id): Id,
    Keyed { body, key }: Keyed<QuoteBody>,
) -> Result<Shown, ApiError> {
    let work = async |unit: Unit| quote::revise(&unit, &signed.0, id, body.clone().into()).await;
    state.create(&signed, key.as_ref(), work).await
}
