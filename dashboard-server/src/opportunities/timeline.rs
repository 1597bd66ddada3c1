//! `GET /api/opportunities/{id}/timeline`: what happened with a deal.

use axum::Json;
use axum::extract::State;
use millrace_operations::service::timeline::Of;

use crate::error::ApiError;
use crate::extract::{Id, Parameters, Signed};
use crate::state::AppState;
use crate::timelines::{Asked, Timeline};

/// What happened, the latest first
///
/// Interactions, moves, quotes, contracts, orders, receipts, tickets, deliveries, attachments and ways
/// in and out of the pool, each as the caller sees it.
#[utoipa::path(
    get,
    path = "/api/opportunities/{id}/timeline",
    tag = "opportunities",
    params(("id" = i64, Path, description = "The deal"), Asked),
    responses((status = 200, description = "A page of it", body = Timeline))
)]
pub(crate) async fn timeline(
    State(state): State<AppState>,
    signed: Signed,
    Id(id): Id,
    Parameters(asked): Parameters<Asked>,
) -> Result<Json<Timeline>, ApiError> {
    let page = Timeline::of(&state, &signed, Of::Opportunity(id), &asked).await?;
    Ok(Json(page))
}
