//! `POST /api/opportunities/{id}/end`: end an open deal.

use axum::extract::State;
use chrono::{DateTime, Utc};
use millrace_operations::OperationsError;
use millrace_operations::Unit;
use millrace_operations::service::ending::{self, End};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Body, Id, IfMatch, Signed};
use crate::state::AppState;

/// How a deal ends.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    /// Somebody else won it, or nobody.
    Lost,
    /// It is put aside.
    Shelved,
    /// It never was a deal.
    Invalid,
    /// It is the same as another one.
    Duplicate,
}

/// The end of a deal.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ending {
    /// How it ends.
    end: Outcome,
    /// Why; required for a lost one.
    #[schema(max_length = 400)]
    reason: Option<String>,
    /// Who won it instead; of a lost one.
    #[schema(max_length = 200)]
    competitor: Option<String>,
    /// What was lost, in fen; the amount of the deal when not given.
    #[schema(minimum = 0, maximum = 1_000_000_000_000_000_i64)]
    lost_amount: Option<i64>,
    /// The deal that it doubles; required for a duplicate.
    duplicate_of_id: Option<i64>,
    /// When it ended, when not now.
    closed_at: Option<DateTime<Utc>>,
}

impl TryFrom<Ending> for End {
    type Error = OperationsError;

    fn try_from(body: Ending) -> Result<Self, OperationsError> {
        let lost = matches!(body.end, Outcome::Lost);
        let duplicate = matches!(body.end, Outcome::Duplicate);
        for (given, fits, field) in [
            (body.competitor.is_some(), lost, "competitor"),
            (body.lost_amount.is_some(), lost, "lost_amount"),
            (body.duplicate_of_id.is_some(), duplicate, "duplicate_of_id"),
            (body.reason.is_some(), !duplicate, "reason"),
        ] {
            if given && !fits {
                return Err(OperationsError::field(field, "is not for this end"));
            }
        }
        Ok(match body.end {
            Outcome::Lost => Self::Lost {
                reason: body.reason.unwrap_or_default(),
                competitor: body.competitor,
                amount: body.lost_amount,
            },
            Outcome::Shelved => Self::Shelved {
                reason: body.reason,
            },
            Outcome::Invalid => Self::Invalid {
                reason: body.reason,
            },
            Outcome::Duplicate => Self::Duplicate {
                of: body
                    .duplicate_of_id
                    .ok_or_else(|| OperationsError::field("duplicate_of_id", "is required"))?,
            },
        })
    }
}

/// End an open deal
///
/// Lost takes a reason and, where there is one, the competitor; a duplicate the deal that it doubles.
#[utoipa::path(
    post,
    path = "/api/opportunities/{id}/end",
    tag = "opportunities",
    params(
        ("id" = i64, Path, description = "The deal"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as its ETag"),
    ),
    request_body = Ending,
    responses((status = 200, description = "The deal as it is now", body = ref("#/components/schemas/OpportunityOutcome")))
)]
pub(crate) async fn end(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
    Body(body): Body<Ending>,
) -> Result<Shown, ApiError> {
    let target = at.target(id);
    let closed_at = body.closed_at;
    let end = End::try_from(body)?;
    let work =
        async |unit: Unit| ending::end(&unit, &signed.0, target, end.clone(), closed_at).await;
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
