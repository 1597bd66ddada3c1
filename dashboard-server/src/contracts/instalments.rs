//! `POST /api/contracts/{id}/instalments`: plan the instalments of a contract.

use axum::Json;
use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::entity::payment_plan;
use millrace_operations::service::instalment;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::Rows;
use crate::contracts::body::{InstalmentBody, instalments};
use crate::error::ApiError;
use crate::extract::{Body, Id, Signed};
use crate::state::AppState;

/// The instalments of a contract.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = InstalmentPlan)]
pub(crate) struct Plan {
    /// In their order.
    #[schema(min_items = 1)]
    instalments: Vec<InstalmentBody>,
}

/// Plan the instalments of a contract
///
/// In the place of those there were, as long as nothing was paid. Together they are the contract.
#[utoipa::path(
    post,
    path = "/api/contracts/{id}/instalments",
    tag = "contracts",
    params(("id" = i64, Path, description = "The contract")),
    request_body = Plan,
    responses((status = 200, description = "The instalments of the contract", body = ref("#/components/schemas/PaymentPlanPage")))
)]
pub(crate) async fn plan(
    State(state): State<AppState>,
    signed: Signed,
    Id(id): Id,
    Body(body): Body<Plan>,
) -> Result<Json<Rows>, ApiError> {
    let work = async |unit: Unit| {
        instalment::plan(&unit, &signed.0, id, instalments(&body.instalments)).await
    };
    let plans = state.write(&signed, work).await?;
    let rows = plans.iter().map(|plan| signed.0.show(plan)).collect();
    let rows = Rows::of(&state, &signed, &payment_plan::RESOURCE, rows).await?;
    Ok(Json(rows))
}
