//! `POST /api/contracts/{id}/close`: end a contract.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::contract::{self, Close};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Body, Id, IfMatch, Signed};
use crate::state::AppState;

/// How a contract ends.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum How {
    /// All of it is done.
    Completed,
    /// It was given up.
    Terminated,
}

impl From<How> for Close {
    fn from(how: How) -> Self {
        match how {
            How::Completed => Self::Completed,
            How::Terminated => Self::Terminated,
        }
    }
}

/// The end of a contract.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContractEnd {
    /// How it ends.
    how: How,
}

/// End a contract
#[utoipa::path(
    post,
    path = "/api/contracts/{id}/close",
    tag = "contracts",
    params(
        ("id" = i64, Path, description = "The contract"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as its ETag"),
    ),
    request_body = ContractEnd,
    responses((status = 200, description = "The contract as it is now", body = ref("#/components/schemas/ContractOutcome")))
)]
pub(crate) async fn close(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
    Body(body): Body<ContractEnd>,
) -> Result<Shown, ApiError> {
    let target = at.target(id);
    let work = async |unit: Unit| contract::close(&unit, &signed.0, target, body.how.into()).await;
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
