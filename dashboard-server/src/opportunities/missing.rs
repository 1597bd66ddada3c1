//! `GET /api/opportunities/{id}/missing`: what a move of a deal would lack.

use axum::Json;
use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::criteria::Missing;
use millrace_operations::service::stage_move;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::extract::{Id, Parameters, Signed};
use crate::schema;
use crate::state::AppState;

/// Which move.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// The stage to enter.
    stage_id: i64,
}

/// What is missing.
#[derive(Serialize, ToSchema)]
pub(crate) struct Lacking {
    /// All that the stages ask for and the deal lacks; nothing where the way is free.
    #[schema(value_type = Vec<schema::Missing>)]
    missing: Vec<Missing>,
}

/// What a move to a stage would lack
#[utoipa::path(
    get,
    path = "/api/opportunities/{id}/missing",
    tag = "opportunities",
    params(("id" = i64, Path, description = "The deal"), Asked),
    responses((status = 200, description = "What is missing", body = Lacking))
)]
pub(crate) async fn missing(
    State(state): State<AppState>,
    signed: Signed,
    Id(id): Id,
    Parameters(asked): Parameters<Asked>,
) -> Result<Json<Lacking>, ApiError> {
    let work = async |unit: Unit| stage_move::lacking(&unit, &signed.0, id, asked.stage_id).await;
    let missing = state.write(&signed, work).await?;
    Ok(Json(Lacking { missing }))
}
