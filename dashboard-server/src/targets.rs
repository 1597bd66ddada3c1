//! Targets beside numbers, and targets as a sheet.

pub(crate) mod import;
pub(crate) mod template;

use chrono::{DateTime, Utc};
use millrace_lake::query::QueryResult;
use millrace_models::query::Query;
use millrace_operations::Caller;
use millrace_operations::service::target::{Marks, marks};
use serde::Serialize;

use crate::error::ApiError;
use crate::state::AppState;

/// Numbers with their targets.
#[derive(Serialize)]
pub(crate) struct Marked {
    #[serde(flatten)]
    answer: QueryResult,
    #[serde(skip_serializing_if = "Option::is_none")]
    targets: Option<Marks>,
}

/// Answers a query, with the targets beside its numbers that the caller sees.
pub(crate) async fn numbers(
    state: &AppState,
    caller: &Caller,
    query: &Query,
    now: DateTime<Utc>,
) -> Result<Marked, ApiError> {
    let answer = state.engine().query(&caller.access(), query, now).await?;
    let at = query.as_of.unwrap_or(now);
    let numbers = (answer.rows.as_slice(), &answer.total);
    let targets = marks(state.store(), Some(caller), query, numbers, at).await?;
    Ok(Marked { answer, targets })
}
