//! `POST /api/orders/{id}/status`: enter how an order comes along.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::order;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Body, Id, IfMatch, Signed};
use crate::state::AppState;

/// How an order comes along; each may be passed over, none comes back.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OrderStanding)]
enum Status {
    /// It is made.
    InProduction,
    /// It is delivered.
    Delivered,
    /// The customer accepted it.
    Accepted,
    /// It was cancelled before anything was delivered.
    Cancelled,
}

impl From<Status> for order::Status {
    fn from(status: Status) -> Self {
        match status {
            Status::InProduction => Self::InProduction,
            Status::Delivered => Self::Delivered,
            Status::Accepted => Self::Accepted,
            Status::Cancelled => Self::Cancelled,
        }
    }
}

/// How an order stands now.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderStatus {
    /// How it stands.
    status: Status,
}

/// Enter how an order comes along
#[utoipa::path(
    post,
    path = "/api/orders/{id}/status",
    tag = "orders",
    params(
        ("id" = i64, Path, description = "The order"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as its ETag"),
    ),
    request_body = OrderStatus,
    responses((status = 200, description = "The order as it is now", body = ref("#/components/schemas/OrderOutcome")))
)]
pub(crate) async fn set_status(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
    Body(body): Body<OrderStatus>,
) -> Result<Shown, ApiError> {
    let target = at.target(id);
    let work =
        async |unit: Unit| order::set_status(&unit, &signed.0, target, body.status.into()).await;
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
