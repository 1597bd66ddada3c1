//! `POST /api/accounts/{id}/request`: asks for an account of the pool that one may not claim.

use axum::Json;
use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::request::{self, Asked};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::extract::{Body, Id, Signed};
use crate::shapes::{self, Reason};
use crate::state::AppState;

/// Who was asked.
#[derive(Serialize, ToSchema)]
pub(crate) struct Requested {
    /// Who decides.
    #[schema(value_type = shapes::Asked)]
    asked: Asked,
}

/// Ask for an account of the pool
///
/// For one that the caller sees and may not claim. Who leads its team gets a to-do; a second request on
/// the same day changes nothing.
#[utoipa::path(
    post,
    path = "/api/accounts/{id}/request",
    tag = "accounts",
    params(("id" = i64, Path, description = "The account")),
    request_body = Reason,
    responses((status = 200, description = "Who was asked", body = Requested))
)]
pub(crate) async fn request(
    State(state): State<AppState>,
    signed: Signed,
    Id(id): Id,
    Body(body): Body<Reason>,
) -> Result<Json<Requested>, ApiError> {
    let work = async |unit: Unit| request::request(&unit, &signed.0, id, &body.reason).await;
    let asked = state.write(&signed, work).await?;
    Ok(Json(Requested { asked }))
}
