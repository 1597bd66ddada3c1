//! `POST /api/drill`: the records behind a number.

use axum::Json;
use axum::extract::State;
use millrace_lake::query::{DrillRequest, DrillResult};

use crate::error::ApiError;
use crate::extract::Body;
use crate::numbers::Numbers;
use crate::schema;
use crate::state::AppState;

/// The records behind a number, a page at a time
#[utoipa::path(
    post,
    path = "/api/drill",
    tag = "numbers",
    request_body = schema::DrillRequest,
    responses((status = 200, description = "A page of records", body = schema::DrillResult))
)]
pub(crate) async fn drill(
    State(state): State<AppState>,
    Numbers(access): Numbers,
    Body(request): Body<DrillRequest>,
) -> Result<Json<DrillResult>, ApiError> {
    Ok(Json(
        state.engine().drill(&access, &request, state.now()).await?,
    ))
}
