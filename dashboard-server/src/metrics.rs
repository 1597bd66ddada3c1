//! `GET /api/metrics`: what there is to ask for.

use axum::Json;
use axum::extract::State;
use millrace_lake::query::Metrics;

use crate::error::ApiError;
use crate::numbers::Numbers;
use crate::schema;
use crate::state::AppState;

/// All metrics and dimensions
#[utoipa::path(
    get,
    path = "/api/metrics",
    tag = "about",
    responses((status = 200, description = "Metrics and dimensions", body = schema::Registry))
)]
pub(crate) async fn metrics(
    State(state): State<AppState>,
    Numbers(access): Numbers,
) -> Result<Json<Metrics>, ApiError> {
    Ok(Json(state.engine().metrics(&access).await?))
}
