//! `POST /api/query`: numbers.

use axum::Json;
use axum::extract::State;
use millrace_models::query::Query;

use crate::error::ApiError;
use crate::extract::{Body, Signed};
use crate::schema;
use crate::state::AppState;
use crate::targets::{self, Marked};

/// Numbers by any dimension
///
/// Beside a number of a whole month, quarter or year of the company, a team or a person stands its
/// target, where there is one that the caller sees.
#[utoipa::path(
    post,
    path = "/api/query",
    tag = "numbers",
    request_body = schema::Query,
    responses((status = 200, description = "The numbers", body = schema::QueryResult))
)]
pub(crate) async fn query(
    State(state): State<AppState>,
    Signed(caller): Signed,
    Body(query): Body<Query>,
) -> Result<Json<Marked>, ApiError> {
    let now = state.now();
    Ok(Json(targets::numbers(&state, &caller, &query, now).await?))
}
