//! `GET /api/values`: the members of a dimension.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::extract::Parameters;
use crate::numbers::Numbers;
use crate::state::AppState;

/// Which dimension.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    /// The dimension.
    #[param(example = "region")]
    dimension: String,
}

/// The members of a dimension.
#[derive(Serialize, ToSchema)]
pub(crate) struct Values {
    /// In order.
    values: Vec<String>,
}

/// The members of a dimension
#[utoipa::path(
    get,
    path = "/api/values",
    tag = "about",
    params(Which),
    responses((status = 200, description = "The members, in order", body = Values))
)]
pub(crate) async fn values(
    State(state): State<AppState>,
    Numbers(access): Numbers,
    Parameters(parameters): Parameters<Which>,
) -> Result<Json<Values>, ApiError> {
    let values = state
        .engine()
        .values(&access, &parameters.dimension, state.now())
        .await?;
    Ok(Json(Values { values }))
}
