//! `POST /api/accounts/{id}/assign`: give an account to somebody.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::assign;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Body, Id, Signed};
use crate::shapes::Assignment;
use crate::state::AppState;

/// Give an account to somebody
///
/// Out of the pool or from another, within the teams that the caller assigns in.
#[utoipa::path(
    post,
    path = "/api/accounts/{id}/assign",
    tag = "accounts",
    params(
        ("id" = i64, Path, description = "The account"),
    ),
    request_body = Assignment,
    responses((status = 200, description = "The account as it is now", body = ref("#/components/schemas/AccountOutcome")))
)]
pub(crate) async fn assign(
    State(state): State<AppState>,
    signed: Signed,
    Id(id): Id,
    Body(body): Body<Assignment>,
) -> Result<Shown, ApiError> {
    let work =
        async |unit: Unit| assign::assign(&unit, &signed.0, id, body.user_id, &body.reason).await;
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
