//! `POST /api/quotes/{id}/approval`: approve a quote, or give it back.

use axum::extract::State;
use millrace_operations::Unit;
use millrace_operations::service::approval;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Body, Id, IfMatch, Signed};
use crate::state::AppState;

/// The answer to who asked for an approval.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Approval {
    /// Whether it is approved; otherwise it is a draft again.
    approved: bool,
}

/// Approve a quote, or give it back
#[utoipa::path(
    post,
    path = "/api/quotes/{id}/approval",
    tag = "quotes",
    params(
        ("id" = i64, Path, description = "The quote"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as its ETag"),
    ),
    request_body = Approval,
    responses((status = 200, description = "The quote as it is now", body = ref("#/components/schemas/QuoteOutcome")))
)]
pub(crate) async fn approval(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
    Body(body): Body<Approval>,
) -> Result<Shown, ApiError> {
    let target = at.target(id);
    let work = async |unit: Unit| approval::answer(&unit, &signed.0, target, body.approved).await;
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
