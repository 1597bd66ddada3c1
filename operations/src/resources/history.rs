//! What happened to a record, field by field, as far as its reader sees it.

use chrono::{DateTime, Utc};
use sea_orm::JsonValue;
use serde::Serialize;

use super::get;
use crate::caller::Caller;
use crate::error::{OperationsError, Result};
use crate::log::{Change, Op};
use crate::resource::Resource;
use crate::row::Row;
use crate::store::Store;

/// A part of a history, the latest change first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct History {
    /// The changes.
    pub changes: Vec<HistoryEntry>,
    /// What to ask for as `before`, if there are earlier ones.
    pub next: Option<i64>,
}

/// One change of a record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HistoryEntry {
    /// Its place in the change log.
    pub seq: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// The user who did it, when it was one.
    pub actor_id: Option<i64>,
    /// Their name, or that of the job or command.
    pub actor: String,
    /// Why, where a reason was given.
    pub reason: Option<String>,
    /// What was done.
    pub op: Op,
    /// The fields that it changed. A change of what the log does not keep shows none.
    pub fields: Vec<FieldChange>,
}

/// What became of a field.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldChange {
    /// The field.
    pub field: &'static str,
    /// What it held.
    pub before: JsonValue,
    /// What it holds since.
    pub after: JsonValue,
}

/// What every change sets.
const BOOKKEEPING: [&str; 5] = ["id", "recorded_at", "updated_at", "deleted_at", "version"];

/// The changes of a record that the caller may read, before a place in the log where one is given.
/// What they do not see of the record now is not told of its past either.
///
/// # Errors
///
/// [`OperationsError::NotFound`] when there is no such record that the caller may read; a limit out
/// of bounds.
pub async fn history(
    store: &Store,
    caller: &Caller,
    resource: &'static Resource,
    id: i64,
    before: Option<i64>,
    limit: u64,
) -> Result<History> {
    if !(1..=super::MOST_ROWS).contains(&limit) {
        let message = format!("must be from 1 to {}", super::MOST_ROWS);
        return Err(OperationsError::field("limit", message));
    }
    let current = get(store, caller, resource, id).await?;
    let mut changes = store
        .history_before(resource.name, id, before, limit + 1)
        .await?;
    let more = changes.len() as u64 > limit;
    changes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = changes.last().filter(|_| more).map(|change| change.seq);
    let changes = changes
        .into_iter()
        .map(|change| entry(caller, resource, &current, change))
        .collect();
    Ok(History { changes, next })
}

fn entry(
    caller: &Caller,
    resource: &'static Resource,
    current: &Row,
    change: Change,
) -> HistoryEntry {
    let held = |version: &Option<JsonValue>, field: &str| {
        let value = version.as_ref().and_then(|row| row.get(field));
        value.cloned().unwrap_or_default()
    };
    let after = Some(change.after);
    // A value of the past is shown as one of today would be.
    let shown = |field: &str, value: JsonValue| {
        let mut row = current.clone();
        row.insert(field.to_owned(), value);
        let masked = caller.mask(resource, row).remove(field);
        masked.unwrap_or_default()
    };
    let fields = resource.fields.iter().filter_map(|field| {
        if BOOKKEEPING.contains(&field.name) || !current.contains_key(field.name) {
            return None;
        }
        let (before, after) = (held(&change.before, field.name), held(&after, field.name));
        (before != after).then(|| FieldChange {
            field: field.name,
            before: shown(field.name, before),
            after: shown(field.name, after),
        })
    });
    HistoryEntry {
        seq: change.seq,
        at: change.at,
        actor_id: change.actor_id,
        actor: change.actor,
        reason: change.reason,
        op: change.op,
        fields: fields.collect(),
    }
}
