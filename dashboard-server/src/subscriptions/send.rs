//! `POST /api/subscriptions/{id}/send`: send copies now.

use axum::Json;
use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::entity::dispatch::RESOURCE;
use millrace_operations::service::subscription::{self, To};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::Rows;
use crate::error::ApiError;
use crate::extract::{Id, Parameters, Signed};
use crate::state::AppState;

/// To whom copies are sent.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct SentTo {
    /// `me`: one copy, for the one who asks; all recipients where left out.
    #[param(inline)]
    to: Option<Only>,
}

/// One recipient.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Only {
    /// The one who asks.
    Me,
}

/// Send copies of a subscription now, beside its rule
///
/// They are on their way when this is answered; their receipts say what became of them.
#[utoipa::path(
    post,
    path = "/api/subscriptions/{id}/send",
    tag = "subscriptions",
    params(("id" = i64, Path, description = "The subscription"), SentTo),
    responses((status = 200, description = "The copies", body = ref("#/components/schemas/DispatchPage")))
)]
pub(crate) async fn send(
    State(state): State<AppState>,
    signed: Signed,
    Id(id): Id,
    Parameters(wish): Parameters<SentTo>,
) -> Result<Json<Rows>, ApiError> {
    let to = match wish.to {
        Some(Only::Me) => To::One(signed.0.user_id),
        None => To::All,
    };
    let work = async |unit: Unit| subscription::send_now(&unit, Some(&signed.0), id, to).await;
    let copies = state.write(&signed, work).await?;
    let rows = copies.iter().map(|copy| signed.0.show(copy)).collect();
    Ok(Json(Rows::of(&state, &signed, &RESOURCE, rows).await?))
}
