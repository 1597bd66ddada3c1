//! `POST /api/contracts/{id}/events`: enter an event that makes instalments due.

use axum::Json;
use axum::extract::State;
use chrono::NaiveDate;
use millrace_operations::Unit;
use millrace_operations::entity::payment_plan;
use millrace_operations::service::instalment;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::Rows;
use crate::error::ApiError;
use crate::extract::{Body, Id, Signed};
use crate::state::AppState;

/// What came.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Event {
    /// Goods were shipped.
    Shipment,
    /// The customer accepted them.
    Acceptance,
    /// An invoice was issued.
    Invoice,
}

impl Event {
    fn name(self) -> &'static str {
        match self {
            Self::Shipment => "shipment",
            Self::Acceptance => "acceptance",
            Self::Invoice => "invoice",
        }
    }
}

/// An event of a contract.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Happening {
    /// What came.
    event: Event,
    /// The day.
    on: NaiveDate,
}

/// Enter an event that makes instalments due
///
/// A shipment, an acceptance by the customer, or an invoice.
#[utoipa::path(
    post,
    path = "/api/contracts/{id}/events",
    tag = "contracts",
    params(("id" = i64, Path, description = "The contract")),
    request_body = Happening,
    responses((status = 200, description = "The instalments of the contract", body = ref("#/components/schemas/PaymentPlanPage")))
)]
pub(crate) async fn happened(
    State(state): State<AppState>,
    signed: Signed,
    Id(id): Id,
    Body(body): Body<Happening>,
) -> Result<Json<Rows>, ApiError> {
    let work = async |unit: Unit| {
        instalment::happened(&unit, &signed.0, id, body.event.name(), body.on).await
    };
    let plans = state.write(&signed, work).await?;
    let rows = plans.iter().map(|plan| signed.0.show(plan)).collect();
    let rows = Rows::of(&state, &signed, &payment_plan::RESOURCE, rows).await?;
    Ok(Json(rows))
}
