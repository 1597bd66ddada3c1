//! `POST /api/adjustments`: what was changed of closed months since.

use axum::Json;
use axum::extract::State;
use millrace_lake::query::{AdjustmentsRequest, AdjustmentsResult};

use crate::error::ApiError;
use crate::extract::Body;
use crate::numbers::Numbers;
use crate::schema;
use crate::state::AppState;

/// What was changed of closed months since
///
/// Record by record, with who changed it and why, and summed by the month of the change. The closed
/// number and all adjustments add up to the number that the records have now.
#[utoipa::path(
    post,
    path = "/api/adjustments",
    tag = "numbers",
    request_body = schema::AdjustmentsRequest,
    responses((status = 200, description = "The adjustments", body = schema::AdjustmentsResult))
)]
pub(crate) async fn adjustments(
    State(state): State<AppState>,
    Numbers(access): Numbers,
    Body(request): Body<AdjustmentsRequest>,
) -> Result<Json<AdjustmentsResult>, ApiError> {
    let answer = state.engine().adjustments(&access, &request, state.now());
    Ok(Json(answer.await?))
}
