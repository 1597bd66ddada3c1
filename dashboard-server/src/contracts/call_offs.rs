//! `POST /api/contracts/{id}/call-offs`: call off from a framework contract.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::contract_draft;

use crate::answer::Shown;
use crate::contracts::body::CallOffBody;
use crate::error::ApiError;
use crate::extract::{Id, Keyed, Signed};
use crate::state::AppState;

/// Call off from a framework contract
#[utoipa::path(
    post,
    path = "/api/contracts/{id}/call-offs",
    tag = "contracts",
    params(
        ("id" = i64, Path, description = "The framework contract"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key again makes nothing twice"),
    ),
    request_body = CallOffBody,
    responses((status = 201, description = "The contract", body = ref("#/components/schemas/ContractOutcome")))
)]
pub(crate) async fn call_off(
    State(state): State<AppState>,
    signed: Signed,
    Id(id): Id,
    Keyed { body, key }: Keyed<CallOffBody>,
) -> Result<Shown, ApiError> {
    let work = async |unit: Unit| {
        contract_draft::call_off(
            &unit,
            &signed.0,
            id,
            body.opportunity_id,
            body.worth(),
            body.terms(),
        )
        .await
    };
    state.create(&signed, key.as_ref(), work).await
}
