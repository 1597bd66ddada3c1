//! `POST /api/contracts`: make a contract by itself.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::contract_draft;

use crate::answer::Shown;
use crate::contracts::body::ContractBody;
use crate::error::ApiError;
use crate::extract::{Keyed, Signed};
use crate::state::AppState;

/// Make a contract by itself
///
/// A framework contract may have no worth; with one, it is the most that may be called off.
#[utoipa::path(
    post,
    path = "/api/contracts",
    tag = "contracts",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "The same key again makes nothing twice"),
    ),
    request_body = ContractBody,
    responses((status = 201, description = "The contract", body = ref("#/components/schemas/ContractOutcome")))
)]
pub(crate) async fn create(
    State(state): State<AppState>,
    signed: Signed,
    Keyed { body, key }: Keyed<ContractBody>,
) -> Result<Shown, ApiError> {
    let work = async |unit: Unit| {
        contract_draft::draft(
            &unit,
            &signed.0,
            body.kind.into(),
            body.party(),
            body.worth(),
            body.terms(),
        )
        .await
    };
    state.create(&signed, key.as_ref(), work).await
}
