//! `POST /api/drivers`: what moved a number.

use axum::Json;
use axum::extract::State;
use millrace_lake::query::{DriversRequest, DriversResult};

use crate::error::ApiError;
use crate::extract::Body;
use crate::numbers::Numbers;
use crate::schema;
use crate::state::AppState;

/// What moved a number between two periods
#[utoipa::path(
    post,
    path = "/api/drivers",
    tag = "numbers",
    request_body = schema::DriversRequest,
    responses((status = 200, description = "The driver report", body = schema::DriversResult))
)]
pub(crate) async fn drivers(
    State(state): State<AppState>,
    Numbers(access): Numbers,
    Body(request): Body<DriversRequest>,
) -> Result<Json<DriversResult>, ApiError> {
    let report = state.engine().drivers(&access, &request, state.now());
    Ok(Json(report.await?))
}
