//! `GET /api/quotes/{id}/lines`: the lines of a quote.

use axum::Json;
use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::entity::{quote, quote_line};
use millrace_operations::resources::get;
use millrace_operations::service::quote::lines_of;

use crate::answer::Rows;
use crate::error::ApiError;
use crate::extract::{Id, Signed};
use crate::state::AppState;

/// The lines of a quote, in their order
#[utoipa::path(
    get,
    path = "/api/quotes/{id}/lines",
    tag = "quotes",
    params(("id" = i64, Path, description = "The quote")),
    responses((status = 200, description = "The lines", body = ref("#/components/schemas/QuoteLinePage")))
)]
pub(crate) async fn lines(
    State(state): State<AppState>,
    signed: Signed,
    Id(id): Id,
) -> Result<Json<Rows>, ApiError> {
    get(state.store(), &signed.0, &quote::RESOURCE, id).await?;
    let work = async |unit: Unit| lines_of(&unit, id).await;
    let lines = state.write(&signed, work).await?;
    let rows = lines.iter().map(|line| signed.0.show(line)).collect();
    let rows = Rows::of(&state, &signed, &quote_line::RESOURCE, rows).await?;
    Ok(Json(rows))
}
