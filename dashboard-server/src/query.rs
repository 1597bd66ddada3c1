//! `POST /api/query`: numbers.

use axum::Json;
use axum::extract::State;
use millrace_lake::query::QueryResult;
use millrace_models::query::Query;

use crate::error::ApiError;
use crate::extract::Body;
use crate::numbers::Numbers;
use crate::schema;
use crate::state::AppState;

/// Numbers by any dimension
#[utoipa::path(
    post,
    path = "/api/query",
    tag = "numbers",
    request_body = schema::Query,
    responses((status = 200, description = "The numbers", body = schema::QueryResult))
)]
pub(crate) async fn query(
    State(state): State<AppState>,
    Numbers(access): Numbers,
    Body(query): Body<Query>,
) -> Result<Json<QueryResult>, ApiError> {
    Ok(Json(
        state.engine().query(&access, &query, state.now()).await?,
    ))
}
