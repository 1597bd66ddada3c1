//! `POST /api/quotes/{id}/decide`: enter what the customer decided.

use axum::extract::State;
use chrono::{DateTime, Utc};
use millrace_operations::OperationsError;
use millrace_operations::Unit;
use millrace_operations::service::quote_decision::{self, Decision};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Body, Id, IfMatch, Signed};
use crate::state::AppState;

/// What the customer says.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CustomerAnswer)]
enum Answer {
    /// All of it is taken.
    Accepted,
    /// Some lines are.
    Partial,
    /// Nothing is.
    Declined,
}

/// A decision of the customer.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomerDecision {
    /// What it is.
    decision: Answer,
    /// The lines that are taken; required for a part.
    line_ids: Option<Vec<i64>>,
    /// Why not; required where it is declined.
    #[schema(max_length = 1000)]
    reason: Option<String>,
    /// When it was decided, when not now.
    decided_at: Option<DateTime<Utc>>,
}

impl TryFrom<CustomerDecision> for Decision {
    type Error = OperationsError;

    fn try_from(body: CustomerDecision) -> Result<Self, OperationsError> {
        let is = |answer| body.decision == answer;
        if body.line_ids.is_some() && !is(Answer::Partial) {
            return Err(OperationsError::field("line_ids", "is for a part"));
        }
        if body.reason.is_some() && !is(Answer::Declined) {
            return Err(OperationsError::field("reason", "is for what is declined"));
        }
        Ok(match body.decision {
            Answer::Accepted => Self::Accept,
            Answer::Partial => Self::AcceptLines(body.line_ids.unwrap_or_default()),
            Answer::Declined => Self::Decline {
                reason: body.reason.unwrap_or_default(),
            },
        })
    }
}

/// Enter what the customer decided
#[utoipa::path(
    post,
    path = "/api/quotes/{id}/decide",
    tag = "quotes",
    params(
        ("id" = i64, Path, description = "The quote"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as its ETag"),
    ),
    request_body = CustomerDecision,
    responses((status = 200, description = "The quote as it is now", body = ref("#/components/schemas/QuoteOutcome")))
)]
pub(crate) async fn decide(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
    Body(body): Body<CustomerDecision>,
) -> Result<Shown, ApiError> {
    let target = at.target(id);
    let decided_at = body.decided_at;
    let decision = Decision::try_from(body)?;
    let work = async |unit: Unit| {
        quote_decision::decide(&unit, &signed.0, target, decision.clone(), decided_at).await
    };
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
