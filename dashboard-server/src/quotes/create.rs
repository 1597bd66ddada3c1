//! `POST /api/quotes`: make a quote.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::quote;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Keyed, Signed};
use crate::quotes::body::NewQuoteBody;
use crate::state::AppState;

/// Make a quote
///
/// Of a deal, or of a customer without one. Prices come from the price list or the product, less the
/// discount, unless a line gives its own.
#[utoipa::path(
    post,
    path = "/api/quotes",
    tag = "quotes",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "The same key again makes nothing twice"),
    ),
    request_body = NewQuoteBody,
    responses((status = 201, description = "The quote", body = ref("#/components/schemas/QuoteOutcome")))
)]
pub(crate) async fn create(
    State(state): State<AppState>,
    signed: Signed,
    Keyed { body, key }: Keyed<NewQuoteBody>,
) -> Result<Shown, ApiError> {
    let (whose, input) = body.read()?;
    let work = async |unit: Unit| quote::draft(&unit, &signed.0, whose, input.clone()).await;
    state.create(&signed, key.as_ref(), work).await
}
