//! `POST /api/contracts/from-quote`: make a contract from what the customer accepted.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::contract_draft;

use crate::answer::Shown;
use crate::contracts::body::FromQuoteBody;
use crate::error::ApiError;
use crate::extract::{Keyed, Signed};
use crate::state::AppState;

/// Make a contract from what the customer accepted
#[utoipa::path(
    post,
    path = "/api/contracts/from-quote",
    tag = "contracts",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "The same key again makes nothing twice"),
    ),
    request_body = FromQuoteBody,
    responses((status = 201, description = "The contract", body = ref("#/components/schemas/ContractOutcome")))
)]
pub(crate) async fn from_quote(
    State(state): State<AppState>,
    signed: Signed,
    Keyed { body, key }: Keyed<FromQuoteBody>,
) -> Result<Shown, ApiError> {
    let work = async |unit: Unit| {
        contract_draft::from_quote(&unit, &signed.0, body.quote_id, body.terms()).await
    };
    state.create(&signed, key.as_ref(), work).await
}
