//! `POST /api/contracts/{id}/deposit`: enter that the deposit is in.

use axum::extract::State;
use chrono::NaiveDate;
use millrace_operations::Unit;
use millrace_operations::service::contract;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Body, Id, IfMatch, Signed};
use crate::state::AppState;

/// The deposit of a contract.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Deposit {
    /// The day it came in.
    received_on: NaiveDate,
}

/// Enter that the deposit is in
///
/// Where no allocated receipt says it.
#[utoipa::path(
    post,
    path = "/api/contracts/{id}/deposit",
    tag = "contracts",
    params(
        ("id" = i64, Path, description = "The contract"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as its ETag"),
    ),
    request_body = Deposit,
    responses((status = 200, description = "The contract as it is now", body = ref("#/components/schemas/ContractOutcome")))
)]
pub(crate) async fn deposit(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
    Body(body): Body<Deposit>,
) -> Result<Shown, ApiError> {
    let target = at.target(id);
    let work = async |unit: Unit| {
        contract::deposit_received(&unit, &signed.0, target, body.received_on).await
    };
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
