//! `POST /api/quotes/{id}/alternative`: offer another alternative beside a quote.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::quote;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Id, Keyed, Signed};
use crate::quotes::body::AlternativeBody;
use crate::state::AppState;

/// Offer another alternative beside a quote
#[utoipa::path(
    post,
    path = "/api/quotes/{id}/alternative",
    tag = "quotes",
    params(
        ("id" = i64, Path, description = "The quote"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key again makes nothing twice"),
    ),
    request_body = AlternativeBody,
    responses((status = 201, description = "The quote", body = ref("#/components/schemas/QuoteOutcome")))
)]
pub(crate) async fn alternative(
    State(state): State<AppState>,
    signed: Signed,
    Id(id): Id,
    Keyed { body, key }: Keyed<AlternativeBody>,
) -> Result<Shown, ApiError> {
    let (name, input) = body.read();
    let work = async |unit: Unit| {
        quote::alternative(&unit, &signed.0, id, name.clone(), input.clone()).await
    };
    state.create(&signed, key.as_ref(), work).await
}
