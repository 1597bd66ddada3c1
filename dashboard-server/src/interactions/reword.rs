//! `PATCH /api/interactions/{id}`: correct the words of an interaction.

use axum::extract::State;
use chrono::{DateTime, Utc};
use millrace_operations::Unit;
use millrace_operations::service::interaction::{self, Words};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Body, Id, IfMatch, Signed};
use crate::state::AppState;

/// What is corrected.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WordsBody {
    /// What was said.
    #[schema(min_length = 1, max_length = 10_000)]
    content: Option<String>,
    /// What comes next.
    #[schema(max_length = 1000)]
    next_step: Option<String>,
    /// When it comes.
    next_at: Option<DateTime<Utc>>,
}

impl From<WordsBody> for Words {
    fn from(body: WordsBody) -> Self {
        Self {
            content: body.content,
            next_step: body.next_step,
            next_at: body.next_at,
        }
    }
}

/// Correct the words of an interaction
///
/// Its author does; what it counts for stays.
#[utoipa::path(
    patch,
    path = "/api/interactions/{id}",
    tag = "interactions",
    params(
        ("id" = i64, Path, description = "The interaction"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as its ETag"),
    ),
    request_body = WordsBody,
    responses((status = 200, description = "The interaction as it is now", body = ref("#/components/schemas/InteractionOutcome")))
)]
pub(crate) async fn reword(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
    Body(body): Body<WordsBody>,
) -> Result<Shown, ApiError> {
    let target = at.target(id);
    let work =
        async |unit: Unit| interaction::reword(&unit, &signed.0, target, body.clone().into()).await;
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
