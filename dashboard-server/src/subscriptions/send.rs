//! `POST /api/subscriptions/{id}/send`: send copies now.

use axum::Json;
use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::entity::dispatch::RESOURCE;
use millrace_operations::service::subscription;

use crate::answer::Rows;
use crate::error::ApiError;
use crate::extract::{Id, Signed};
use crate::state::AppState;

/// Send copies of a subscription now, beside its rule
///
/// They are on their way when this is answered; their receipts say what became of them.
#[utoipa::path(
    post,
    path = "/api/subscriptions/{id}/send",
    tag = "subscriptions",
    params(("id" = i64, Path, description = "The subscription")),
    responses((status = 200, description = "The copies", body = ref("#/components/schemas/DispatchPage")))
)]
pub(crate) async fn send(
    State(state): State<AppState>,
    signed: Signed,
    Id(id): Id,
) -> Result<Json<Rows>, ApiError> {
    let work = async |unit: Unit| subscription::send_now(&unit, Some(&signed.0), id).await;
    let copies = state.write(&signed, work).await?;
    let rows = copies.iter().map(|copy| signed.0.show(copy)).collect();
    Ok(Json(Rows::of(&state, &signed, &RESOURCE, rows).await?))
}
