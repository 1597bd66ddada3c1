//! All tables of a store at one moment, as text that either database takes in: what a backup holds,
//! and how a firm moves from SQLite to PostgreSQL.
//!
//! The rows are lines in the form of PostgreSQL's COPY (columns between tabs, `\N` for null, `\\`,
//! `\n`, `\r` and `\t` escaped). Values are as SQLite keeps them: whole numbers, `1` and `0` for yes and
//! no, times in UTC as `2026-11-30T04:03:35.123456+00:00`, days, JSON as text.
//!
//! # One moment
//!
//! All tables are read in one transaction that holds nobody up: on SQLite a reader of the write-ahead
//! log, on PostgreSQL REPEATABLE READ. What commits later is not in it.
//!
//! # The change log
//!
//! It is written in the order in which its entries take effect, each with its mark in front (see
//! [`Store::changes_after`](crate::Store::changes_after)). Marks mean nothing in another database; so
//! [`Loading`] gives new ones and says which is which, for the lake to go on behind what it has read.
//!
//! # What is left out
//!
//! Sessions and failed sign-ins: nobody is signed in after a restore. Hashes of passwords and tokens stay.
//! Leases keep their tokens, since later ones must be greater, and are over.

mod load;
mod text;

use futures::TryStreamExt as _;
use sea_orm::DbBackend;
use sea_orm::sqlx::{self, AssertSqlSafe, Postgres, Row as _, Sqlite, Transaction};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::{Receiver, Sender};

pub use load::{Loading, Marks};

use crate::error::Result;
use crate::migrations;
use crate::store::Store;

/// Tables that are not taken along.
const LEFT_OUT: [&str; 2] = ["sessions", "sign_in_attempts"];
/// The change log, whose rows begin with their marks.
const LOG: &str = "change_log";
/// What the mark is called among the columns.
const MARK: &str = "mark";
/// A moment long ago: when leases end in a snapshot.
const OVER: &str = "1970-01-01T00:00:00+00:00";
/// How large a piece becomes before it is handed over.
const PIECE_BYTES: usize = 4 << 20;

/// A table: its name and its columns in the order of the values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableShape {
    /// Its name.
    pub name: String,
    /// Its columns.
    pub columns: Vec<String>,
}

/// A migration that was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// Its name.
    pub name: String,
    /// The SHA-256 of its text.
    pub checksum: String,
}

/// How long the change log is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogExtent {
    /// Its entries.
    pub entries: u64,
    /// The mark of the last.
    pub mark: i64,
}

/// What a snapshot holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// The database that it was taken of: `sqlite` or `postgres`.
    pub database: String,
    /// The migrations that its tables came by.
    pub migrations: Vec<Applied>,
    /// The tables.
    pub tables: Vec<TableShape>,
    /// The change log.
    pub log: LogExtent,
}

/// Whole rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// As text.
    pub text: Vec<u8>,
    /// How many.
    pub rows: u64,
}

/// What a snapshot needs to say when nobody takes its pieces any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped;

/// All tables of a store at one moment.
pub struct Snapshot {
    source: Source,
    shape: Shape,
}

enum Source {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Snapshot")
            .field("database", &self.shape.database)
            .finish_non_exhaustive()
    }
}

impl Snapshot {
    /// Begins one: what is committed from here on is not in it.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn begin(store: &Store) -> Result<Self> {
        let mut source = match store.backend() {
            DbBackend::Postgres => {
                let pool = store.reader.get_postgres_connection_pool();
                let mut own = pool.begin().await?;
                let once = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";
                sqlx::raw_sql(once).execute(&mut *own).await?;
                Source::Postgres(own)
            }
            _ => Source::Sqlite(store.reader.get_sqlite_connection_pool().begin().await?),
        };
        // The first statement that reads is what fixes the moment on both.
        let migrations = source.pairs("SELECT name, checksum FROM migrations ORDER BY name");
        let migrations = migrations.await?.into_iter();
        let migrations = migrations.map(|(name, checksum)| Applied { name, checksum });
        let shape = Shape {
            database: source.name().to_owned(),
            migrations: migrations.collect(),
            tables: source.tables().await?,
            log: source.log().await?,
        };
        Ok(Self { source, shape })
    }

    /// What it holds.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Sends the rows of a table, in pieces of some megabytes; how many there are. Ends early when the
    /// receiver is gone.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn rows(
        &mut self,
        table: &TableShape,
        into: &Sender<Piece>,
    ) -> Result<Result<u64, Stopped>> {
        let mut pieces = Pieces::new(into);
        match &mut self.source {
            Source::Sqlite(own) => {
                let select = select_sqlite(table);
                let mut rows = sqlx::query(AssertSqlSafe(select)).fetch(&mut **own);
                while let Some(row) = rows.try_next().await? {
                    for column in 0..row.len() {
                        let value: Option<&str> = row.try_get(column)?;
                        text::push(&mut pieces.text, value, column + 1 == row.len());
                    }
                    pieces.rows += 1;
                    if !pieces.hand_over_when_full().await {
                        return Ok(Err(Stopped));
                    }
                }
            }
            Source::Postgres(own) => {
                let columns = column_types(own, &table.name).await?;
                let copy = format!("COPY ({}) TO STDOUT", select_postgres(table, &columns));
                let mut rows = own.copy_out_raw(&copy).await?;
                while let Some(bytes) = rows.try_next().await? {
                    // Each is a row: PostgreSQL sends one at a time, and a line feed in a value is escaped.
                    pieces.rows += u64::from(bytes.ends_with(b"\n"));
                    pieces.text.extend_from_slice(&bytes);
                    if bytes.ends_with(b"\n") && !pieces.hand_over_when_full().await {
                        return Ok(Err(Stopped));
                    }
                }
            }
        }
        Ok(pieces.end().await)
    }

    /// The files that the attachments name, with their sizes, each once and in order. Ends early when
    /// the receiver is gone.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn attachments(&mut self, into: &Sender<(String, u64)>) -> Result<()> {
        const SELECT: &str = "SELECT object_key, CAST(MAX(bytes) AS TEXT) FROM attachments \
                              WHERE object_key > $1 GROUP BY object_key \
                              ORDER BY object_key LIMIT 1000";
        let mut last = String::new();
        loop {
            let page: Vec<(String, String)> = match &mut self.source {
                Source::Sqlite(own) => {
                    let select = sqlx::query_as(SELECT).bind(&last);
                    select.fetch_all(&mut **own).await?
                }
                Source::Postgres(own) => {
                    let select = sqlx::query_as(SELECT).bind(&last);
                    select.fetch_all(&mut **own).await?
                }
            };
            let Some((key, _)) = page.last() else {
                return Ok(());
            };
            key.clone_into(&mut last);
            for (key, bytes) in page {
                if into.send((key, bytes.parse().unwrap_or(0))).await.is_err() {
                    return Ok(());
                }
            }
        }
    }

    /// Ends it, so that the database need not keep what it saw.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn end(self) -> Result<()> {
        match self.source {
            Source::Sqlite(own) => own.rollback().await?,
            Source::Postgres(own) => own.rollback().await?,
        }
        Ok(())
    }
}

impl Source {
    fn name(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }

    async fn pairs(&mut self, select: &'static str) -> Result<Vec<(String, String)>> {
        Ok(match self {
            Self::Sqlite(own) => sqlx::query_as(select).fetch_all(&mut **own).await?,
            Self::Postgres(own) => sqlx::query_as(select).fetch_all(&mut **own).await?,
        })
    }

    /// The tables that migrations make, with their columns: what else lies in the database is not ours.
    async fn tables(&mut self) -> Result<Vec<TableShape>> {
        let select = match self {
            Self::Sqlite(_) => {
                "SELECT own.name, columns.name FROM sqlite_master AS own, \
                 pragma_table_info(own.name) AS columns WHERE own.type = 'table' \
                 ORDER BY own.name, columns.cid"
            }
            Self::Postgres(_) => {
                "SELECT table_name::text, column_name::text FROM information_schema.columns \
                 WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position"
            }
        };
        let known = migrations::tables();
        let mut tables: Vec<TableShape> = Vec::new();
        for (name, column) in self.pairs(select).await? {
            if !known.contains(name.as_str()) || LEFT_OUT.contains(&name.as_str()) {
                continue;
            }
            if name == LOG && column == "xid" {
                continue;
            }
            if tables.last().is_none_or(|last| last.name != name) {
                let mark = (name == LOG).then(|| MARK.to_owned());
                tables.push(TableShape {
                    columns: mark.into_iter().collect(),
                    name,
                });
            }
            if let Some(last) = tables.last_mut() {
                last.columns.push(column);
            }
        }
        // In one order for both databases.
        tables.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(tables)
    }

    async fn log(&mut self) -> Result<LogExtent> {
        let (entries, mark): (i64, i64) = match self {
            Self::Sqlite(own) => {
                let select = "SELECT COUNT(*), COALESCE(MAX(seq), 0) FROM change_log";
                sqlx::query_as(select).fetch_one(&mut **own).await?
            }
            Self::Postgres(own) => {
                let select = "SELECT COUNT(*), COALESCE(MAX(xid::text::bigint), 0) FROM change_log";
                sqlx::query_as(select).fetch_one(&mut **own).await?
            }
        };
        Ok(LogExtent {
            entries: entries.unsigned_abs(),
            mark,
        })
    }
}

/// Pieces under way.
struct Pieces<'a> {
    into: &'a Sender<Piece>,
    text: Vec<u8>,
    rows: u64,
    all: u64,
}

impl<'a> Pieces<'a> {
    fn new(into: &'a Sender<Piece>) -> Self {
        Self {
            into,
            text: Vec::new(),
            rows: 0,
            all: 0,
        }
    }

    /// Whether somebody still takes them.
    async fn hand_over_when_full(&mut self) -> bool {
        self.text.len() < PIECE_BYTES || self.hand_over().await
    }

    async fn hand_over(&mut self) -> bool {
        self.all += self.rows;
        let piece = Piece {
            text: std::mem::take(&mut self.text),
            rows: std::mem::take(&mut self.rows),
        };
        self.into.send(piece).await.is_ok()
    }

    async fn end(mut self) -> Result<u64, Stopped> {
        if !self.text.is_empty() && !self.hand_over().await {
            return Err(Stopped);
        }
        Ok(self.all)
    }
}

fn select_sqlite(table: &TableShape) -> String {
    let columns = table.columns.iter().map(|column| {
        if is_end_of_lease(table, column) {
            return format!("'{OVER}'");
        }
        let column = if column == MARK && table.name == LOG {
            "seq"
        } else {
            column
        };
        format!("CAST(\"{column}\" AS TEXT)")
    });
    let columns = columns.collect::<Vec<_>>().join(", ");
    // The log's order is that of its entries; the others' is that in which they lie.
    let order = if table.name == LOG {
        " ORDER BY seq"
    } else {
        ""
    };
    format!("SELECT {columns} FROM \"{}\"{order}", table.name)
}

fn select_postgres(table: &TableShape, types: &[(String, String)]) -> String {
    let is_log = table.name == LOG;
    let columns = table.columns.iter().map(|column| {
        if is_end_of_lease(table, column) {
            return format!("'{OVER}'");
        }
        if is_log && column == MARK {
            return "xid::text".to_owned();
        }
        // Whoever reads a log by `seq` alone must find it in the order in which it took effect.
        if is_log && column == "seq" {
            return "ROW_NUMBER() OVER (ORDER BY xid, seq)".to_owned();
        }
        let own = types.iter().find(|(name, _)| name == column);
        as_sqlite_keeps_it(column, own.map_or("", |(_, own)| own))
    });
    let columns = columns.collect::<Vec<_>>().join(", ");
    let order = if is_log {
        " ORDER BY change_log.xid, change_log.seq"
    } else {
        ""
    };
    format!("SELECT {columns} FROM \"{}\"{order}", table.name)
}

/// The value of a column of PostgreSQL as the text that SQLite has for it.
fn as_sqlite_keeps_it(column: &str, kind: &str) -> String {
    match kind {
        "boolean" => format!("\"{column}\"::int"),
        // As chrono writes them: as many digits of the second, in threes, as there are.
        "timestamp with time zone" => format!(
            "regexp_replace(regexp_replace(to_char(\"{column}\" AT TIME ZONE 'UTC', \
             'YYYY-MM-DD\"T\"HH24:MI:SS.US'), '\\.000000$', ''), '(\\.\\d{{3}})000$', '\\1') || '+00:00'"
        ),
        "date" => format!("to_char(\"{column}\", 'YYYY-MM-DD')"),
        _ => format!("\"{column}\""),
    }
}

fn is_end_of_lease(table: &TableShape, column: &str) -> bool {
    table.name == "leases" && column == "expires_at"
}

async fn column_types(
    source: &mut Transaction<'static, Postgres>,
    table: &str,
) -> Result<Vec<(String, String)>> {
    let select = "SELECT column_name::text, data_type::text FROM information_schema.columns \
                  WHERE table_schema = current_schema() AND table_name = $1";
    Ok(sqlx::query_as(select)
        .bind(table)
        .fetch_all(&mut **source)
        .await?)
}

/// The pieces of a table that is being loaded.
pub type Pieced = Receiver<Vec<u8>>;
