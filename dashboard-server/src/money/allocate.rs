//! `POST /api/receipts/{id}/allocate`: say what a receipt pays.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::receipt;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Body, Id, IfMatch, Signed};
use crate::money::body::{AllocationBody, allocations};
use crate::state::AppState;

/// What a receipt pays.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Allocations {
    /// The instalments, and how much of each.
    #[schema(min_items = 1)]
    allocations: Vec<AllocationBody>,
}

/// Say what a receipt pays
#[utoipa::path(
    post,
    path = "/api/receipts/{id}/allocate",
    tag = "money",
    params(
        ("id" = i64, Path, description = "The receipt"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as its ETag"),
    ),
    request_body = Allocations,
    responses((status = 200, description = "The receipt as it is now", body = ref("#/components/schemas/ReceiptOutcome")))
)]
pub(crate) async fn allocate(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
    Body(body): Body<Allocations>,
) -> Result<Shown, ApiError> {
    let target = at.target(id);
    let work = async |unit: Unit| {
        receipt::allocate(&unit, &signed.0, target, &allocations(&body.allocations)).await
    };
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
