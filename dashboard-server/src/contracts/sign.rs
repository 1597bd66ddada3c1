//! `POST /api/contracts/{id}/sign`: sign a contract.

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

/// The signing of a contract.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Signing {
    /// The day it was signed.
    signed_on: NaiveDate,
    /// What one unit of another currency is worth in the company's, in millionths.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_000_i64)]
    rate: Option<i64>,
}

/// Sign a contract
///
/// It takes effect with that, unless it waits for its deposit; taking effect wins its deal. The rate of
/// exchange is frozen with it.
#[utoipa::path(
    post,
    path = "/api/contracts/{id}/sign",
    tag = "contracts",
    params(
        ("id" = i64, Path, description = "The contract"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as its ETag"),
    ),
    request_body = Signing,
    responses((status = 200, description = "The contract as it is now", body = ref("#/components/schemas/ContractOutcome")))
)]
pub(crate) async fn sign(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
    Body(body): Body<Signing>,
) -> Result<Shown, ApiError> {
    let target = at.target(id);
    let work = async |unit: Unit| {
        contract::sign(&unit, &signed.0, target, body.signed_on, body.rate).await
    };
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
