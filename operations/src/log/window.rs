//! The change log in whole transactions, for a reader that keeps its place in one number.

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::{Change, Position};
use crate::error::Result;
use crate::store::Store;

/// Entries that follow a mark.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// The entries with the mark of each, in the order in which they take effect.
    pub changes: Vec<(i64, Change)>,
    /// The mark behind them.
    pub next: i64,
    /// Whether there were more.
    pub more: bool,
}

impl Store {
    /// The entries after a mark, about `limit` of them and complete to the mark that it gives. The
    /// mark of an entry is its transaction on PostgreSQL, where a window holds whole transactions,
    /// and its `seq` on SQLite; 0 is before all.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn changes_after(&self, mark: i64, limit: u64) -> Result<Window> {
        let postgres = self.backend() == DbBackend::Postgres;
        let from = if postgres {
            Position {
                transaction: mark,
                seq: i64::MAX,
            }
        } else {
            Position {
                transaction: 0,
                seq: mark,
            }
        };
        let mut limit = limit.max(1);
        loop {
            let (mut rows, more) = self.page(from, limit).await?;
            if postgres && more {
                // The last transaction may be cut: it waits for the next window, unless it is alone.
                let last = rows.last().map(|(transaction, _)| *transaction);
                let whole = rows.partition_point(|(transaction, _)| Some(*transaction) < last);
                if whole == 0 {
                    limit = limit.saturating_mul(2);
                    continue;
                }
                rows.truncate(whole);
            }
            let changes: Vec<(i64, Change)> = rows
                .into_iter()
                .map(|(transaction, change)| {
                    (if postgres { transaction } else { change.seq }, change)
                })
                .collect();
            return Ok(Window {
                next: changes.last().map_or(mark, |(mark, _)| *mark),
                changes,
                more,
            });
        }
    }

    /// How many entries follow a mark, counted up to `most`, and when the first of them was made:
    /// how far a reader lags behind.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn changes_behind(&self, mark: i64, most: u64) -> Result<Behind> {
        let (backend, condition) = match self.backend() {
            DbBackend::Postgres => (DbBackend::Postgres, "xid > $1::text::xid8"),
            backend => (backend, "seq > CAST($1 AS INTEGER)"),
        };
        let statement = Statement::from_sql_and_values(
            backend,
            format!(
                "SELECT COUNT(*), MIN(at) FROM \
                 (SELECT at FROM change_log WHERE {condition} LIMIT {most}) AS behind"
            ),
            [mark.to_string().into()],
        );
        let row = self.reader.query_one_raw(statement).await?;
        Ok(match row {
            Some(row) => Behind {
                entries: row.try_get_by_index::<i64>(0)?.unsigned_abs(),
                since: row.try_get_by_index(1)?,
            },
            None => Behind::default(),
        })
    }

    /// Whether the log reaches to that mark: if not, it is not the log that the mark is of.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn has_reached(&self, mark: i64) -> Result<bool> {
        let (backend, last) = match self.backend() {
            DbBackend::Postgres => (
                DbBackend::Postgres,
                "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint",
            ),
            backend => (backend, "SELECT COALESCE(MAX(seq), 0) FROM change_log"),
        };
        let statement = Statement::from_string(backend, last);
        let row = self.reader.query_one_raw(statement).await?;
        let last: i64 = match row {
            Some(row) => row.try_get_by_index(0)?,
            None => 0,
        };
        Ok(mark <= last)
    }
}

/// How far a reader of the log lags behind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Behind {
    /// Entries that it has not read.
    pub entries: u64,
    /// When the first of them was made.
    pub since: Option<chrono::DateTime<chrono::Utc>>,
}
