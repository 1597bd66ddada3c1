//! The change log: what was changed, when, by whom and why; the audit trail, the outbox and the
//! source of ingest.
//!
//! # Order
//!
//! On SQLite one transaction writes at a time, so `seq` is the order of commits. On PostgreSQL it is
//! not: a transaction may take a lower `seq` and commit later, and a reader that remembers the last
//! `seq` would skip it. There each entry carries its transaction's id, and a reader sees only
//! entries of transactions below `pg_snapshot_xmin`: all of these have ended, so nothing can appear
//! behind a cursor of (transaction, seq). Since writes are serialisable, a transaction that builds
//! on another's change has the higher id (ids are given after the snapshot is taken), so the
//! versions of a record come in their order. The price: a transaction that is long open, in any
//! database of the server, keeps later entries waiting.

mod replay;
mod window;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::sea_query::ExprTrait as _;
use sea_orm::sea_query::{Expr, Order, Query};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, JsonValue, QueryResult, Statement};
use serde::{Deserialize, Serialize};

pub use replay::replay;
pub use window::{Behind, Window};

use crate::error::{OperationsError, Result};
use crate::store::Store;
use crate::unit::Actor;

/// What was done to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// It was added.
    Insert,
    /// It was changed.
    Update,
    /// It was marked as deleted.
    Delete,
}

/// An entry of the change log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Its place in the log.
    pub seq: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// The user who did it, when it was one.
    pub actor_id: Option<i64>,
    /// Their name, or that of the job or command.
    pub actor: String,
    /// Why, where a reason was given.
    pub reason: Option<String>,
    /// The request that asked for it.
    pub request_id: Option<String>,
    /// The resource.
    pub entity: String,
    /// The id of the record.
    pub record_id: i64,
    /// What was done.
    pub op: Op,
    /// The record before, without what the log does not keep.
    pub before: Option<JsonValue>,
    /// The record after.
    pub after: JsonValue,
}

/// How far a reader has come. The default is the beginning.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    /// The transaction of the last entry read; 0 on SQLite.
    pub transaction: i64,
    /// The last entry read.
    pub seq: i64,
}

/// Entries that follow a position.
#[derive(Debug, Clone, PartialEq)]
pub struct Changes {
    /// The entries, in the order in which they take effect.
    pub changes: Vec<Change>,
    /// The position behind them.
    pub next: Position,
    /// Whether there were more than the limit.
    pub more: bool,
}

/// An entry to be written.
pub(crate) struct Entry {
    pub(crate) actor: Arc<Actor>,
    pub(crate) at: DateTime<Utc>,
    pub(crate) entity: &'static str,
    pub(crate) record_id: i64,
    pub(crate) op: Op,
    pub(crate) before: Option<JsonValue>,
    pub(crate) after: JsonValue,
}

const COLUMNS: [&str; 11] = [
    "seq",
    "at",
    "actor_id",
    "actor",
    "reason",
    "request_id",
    "entity",
    "record_id",
    "op",
    "before",
    "after",
];
/// Entries of one INSERT; ten values each, below the limits of both databases.
const CHUNK: usize = 1_000;

impl Store {
    /// The entries after a position, at most `limit`, complete to the position that it gives: a
    /// transaction that is still open is waited for by not being seen, never skipped.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn changes_since(&self, position: Position, limit: u64) -> Result<Changes> {
        let (rows, more) = self.page(position, limit).await?;
        let next = rows
            .last()
            .map_or(position, |(transaction, change)| Position {
                transaction: *transaction,
                seq: change.seq,
            });
        Ok(Changes {
            changes: rows.into_iter().map(|(_, change)| change).collect(),
            next,
            more,
        })
    }

    /// At most `limit` entries after a position, each with its transaction (0 on SQLite), and
    /// whether there were more.
    async fn page(&self, position: Position, limit: u64) -> Result<(Vec<(i64, Change)>, bool)> {
        let wanted = i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX);
        let columns = COLUMNS.join(", ");
        let statement = match self.backend() {
            DbBackend::Postgres => Statement::from_sql_and_values(
                DbBackend::Postgres,
                format!(
                    "SELECT {columns}, xid::text::bigint FROM change_log \
                     WHERE (xid, seq) > ($1::text::xid8, $2) \
                     AND xid < pg_snapshot_xmin(pg_current_snapshot()) \
                     ORDER BY change_log.xid, seq LIMIT $3"
                ),
                [
                    position.transaction.to_string().into(),
                    position.seq.into(),
                    wanted.into(),
                ],
            ),
            backend => Statement::from_sql_and_values(
                backend,
                format!("SELECT {columns}, 0 FROM change_log WHERE seq > ? ORDER BY seq LIMIT ?"),
                [position.seq.into(), wanted.into()],
            ),
        };
        let mut rows = self.reader.query_all_raw(statement).await?;
        let more = rows.len() as u64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let entries = rows
            .iter()
            .map(|row| Ok((row.try_get_by_index(COLUMNS.len())?, read(row)?)))
            .collect::<Result<_>>()?;
        Ok((entries, more))
    }

    /// The history of a record, the latest change first. It asks nothing about rights: the caller
    /// must have been given the record before.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn history(&self, entity: &str, record_id: i64, limit: u64) -> Result<Vec<Change>> {
        self.history_before(entity, record_id, None, limit).await
    }

    /// [`Store::history`], of the changes before a place in the log.
    pub(crate) async fn history_before(
        &self,
        entity: &str,
        record_id: i64,
        before: Option<i64>,
        limit: u64,
    ) -> Result<Vec<Change>> {
        let mut select = Query::select()
            .columns(COLUMNS)
            .from("change_log")
            .and_where(Expr::col("entity").eq(entity))
            .and_where(Expr::col("record_id").eq(record_id))
            .order_by("seq", Order::Desc)
            .limit(limit)
            .to_owned();
        if let Some(before) = before {
            select.and_where(Expr::col("seq").lt(before));
        }
        let rows = self.reader.query_all(&select).await?;
        rows.iter().map(read).collect()
    }
}

/// Writes the entries of a unit of work.
pub(crate) async fn append(transaction: &DatabaseTransaction, entries: Vec<Entry>) -> Result<()> {
    let mut entries = entries.into_iter().peekable();
    while entries.peek().is_some() {
        let mut insert = Query::insert();
        insert
            .into_table("change_log")
            .columns(COLUMNS[1..].iter().copied());
        for entry in entries.by_ref().take(CHUNK) {
            let actor = &entry.actor;
            insert.values_panic([
                entry.at.into(),
                actor.user_id.into(),
                actor.name.as_str().into(),
                actor.reason.clone().into(),
                actor.request_id.clone().into(),
                entry.entity.into(),
                entry.record_id.into(),
                entry.op.name().into(),
                entry.before.into(),
                entry.after.into(),
            ]);
        }
        transaction.execute(&insert).await?;
    }
    Ok(())
}

fn read(row: &QueryResult) -> Result<Change> {
    let seq: i64 = row.try_get_by_index(0)?;
    let op: String = row.try_get_by_index(8)?;
    Ok(Change {
        seq,
        at: row.try_get_by_index(1)?,
        actor_id: row.try_get_by_index(2)?,
        actor: row.try_get_by_index(3)?,
        reason: row.try_get_by_index(4)?,
        request_id: row.try_get_by_index(5)?,
        entity: row.try_get_by_index(6)?,
        record_id: row.try_get_by_index(7)?,
        op: Op::from_name(&op).ok_or_else(|| OperationsError::Damaged {
            entity: "change_log",
            id: seq,
            detail: format!("op is {op:?}"),
        })?,
        before: row.try_get_by_index(9)?,
        after: row.try_get_by_index(10)?,
    })
}

impl Op {
    /// Its name in the log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Insert, Self::Update, Self::Delete]
            .into_iter()
            .find(|op| op.name() == name)
    }
}
