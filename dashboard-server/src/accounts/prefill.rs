//! `GET /api/accounts/{id}/prefill`: what new records of an account are filled in with.

use axum::Json;
use axum::extract::State;
use millrace_operations::service::prefill::{self, Prefill};

use crate::error::ApiError;
use crate::extract::{Id, Signed};
use crate::shapes;
use crate::state::AppState;

/// What a new opportunity or quote is filled in with
///
/// From what the account bought and was quoted; each value says which record it was read from.
#[utoipa::path(
    get,
    path = "/api/accounts/{id}/prefill",
    tag = "accounts",
    params(("id" = i64, Path, description = "The account")),
    responses((status = 200, description = "What is known", body = shapes::Prefill))
)]
pub(crate) async fn prefill(
    State(state): State<AppState>,
    signed: Signed,
    Id(id): Id,
) -> Result<Json<Prefill>, ApiError> {
    Ok(Json(prefill::prefill(state.store(), &signed.0, id).await?))
}
