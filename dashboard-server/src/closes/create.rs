//! `POST /api/month-closes`: close a month.

use axum::extract::State;
use chrono::NaiveDate;
use millrace_operations::entity::month_close;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{live, refused};
use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Body, Signed};
use crate::state::AppState;

/// A month to be closed.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MonthCloseBody {
    /// The first day of the month: the one after the last that is closed.
    month: NaiveDate,
    /// What is to be said of it.
    #[schema(max_length = 1000)]
    note: Option<String>,
}

/// Close a month
///
/// Its numbers stay as they are known now: everything that was written is brought in first. What is
/// changed of its records later is an adjustment of the month in which it is changed. Months are
/// closed in their order, when they are over.
#[utoipa::path(
    post,
    path = "/api/month-closes",
    tag = "month-closes",
    request_body = MonthCloseBody,
    responses((status = 201, description = "The close", body = ref("#/components/schemas/MonthCloseOutcome")))
)]
pub(crate) async fn create(
    State(state): State<AppState>,
    signed: Signed,
    Body(body): Body<MonthCloseBody>,
) -> Result<Shown, ApiError> {
    let live = live(&state);
    let closing = live.close_month(Some(&signed.0), body.month, body.note.as_deref());
    let closed = Box::pin(closing).await.map_err(refused)?;
    let shown = Shown::record(&state, &signed, &closed).await?;
    Ok(shown.created(&month_close::RESOURCE))
}
