//! `GET /api/opportunities/idle`: deals that are proposed as shelved.

use axum::Json;
use axum::extract::State;
use millrace_operations::OperationsError;
use millrace_operations::entity::opportunity;
use millrace_operations::service::ending;
use serde::Deserialize;

use crate::answer::Rows;
use crate::error::ApiError;
use crate::extract::{Parameters, Signed};
use crate::state::AppState;

/// How many.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// At most so many; 50 without it.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u64>,
}

/// Open deals that nothing moved for 60 days
///
/// Of those that the caller may end, the longest still first.
#[utoipa::path(
    get,
    path = "/api/opportunities/idle",
    tag = "opportunities",
    params(Asked),
    responses((status = 200, description = "The deals", body = ref("#/components/schemas/OpportunityPage")))
)]
pub(crate) async fn idle(
    State(state): State<AppState>,
    signed: Signed,
    Parameters(asked): Parameters<Asked>,
) -> Result<Json<Rows>, ApiError> {
    let limit = asked.limit.unwrap_or(50);
    if !(1..=100).contains(&limit) {
        return Err(OperationsError::field("limit", "must be from 1 to 100").into());
    }
    let deals = ending::idle(state.store(), &signed.0, limit).await?;
    let rows = deals.iter().map(|deal| signed.0.show(deal)).collect();
    let rows = Rows::of(&state, &signed, &opportunity::RESOURCE, rows).await?;
    Ok(Json(rows))
}
