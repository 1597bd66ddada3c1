//! A snapshot into a database that is empty, SQLite or PostgreSQL, whichever it was taken of.
//!
//! Everything is one transaction: broken off anywhere, nothing is there. Tables are made by the
//! migrations that the snapshot names; those that came since are applied when the store is opened.
//! References are checked at the end, so that tables may come in any order.

use std::collections::BTreeMap;

use sea_orm::DbBackend;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection, PgDatabaseError};
use sea_orm::sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous,
};
use sea_orm::sqlx::{self, AssertSqlSafe, Connection as _};

use super::{LOG, MARK, Pieced, Shape, TableShape, text};
use crate::error::{OperationsError, Result};
use crate::migrations;
use crate::store::Place;

/// Values of one INSERT, below the limit of SQLite.
const VALUES: usize = 8_000;
/// Entries of the change log that the lake has not read and that get one mark, at least.
const ENTRIES: u64 = 5_000;
/// Transactions of a new cluster that are left alone.
const FIRST_TRANSACTIONS: i64 = 100;

/// Marks of the log that a snapshot was taken of, and what they are in the new one.
pub type Marks = BTreeMap<i64, i64>;

/// A snapshot being loaded. Dropped before [`Loading::commit`], nothing is there.
pub struct Loading {
    target: Target,
    shape: Shape,
    marks: Marking,
}

enum Target {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl std::fmt::Debug for Loading {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Loading")
            .field("database", &self.shape.database)
            .finish_non_exhaustive()
    }
}

impl Loading {
    /// Makes the tables of a snapshot, where there are none. With `aside`, tables of ours that are
    /// there are kept in the schema of that name (PostgreSQL). The marks are those that the lake has
    /// read up to.
    ///
    /// # Errors
    ///
    /// [`OperationsError::NotEmpty`] when there are tables already,
    /// [`OperationsError::MigrationUnknown`] and [`OperationsError::MigrationChanged`] when the
    /// snapshot is of another program; those of the database.
    pub async fn begin(
        place: &Place,
        shape: &Shape,
        marks: impl IntoIterator<Item = i64>,
        aside: Option<&str>,
    ) -> Result<Self> {
        let applied = shape.migrations.iter();
        let texts = migrations::texts(applied.map(|own| (&*own.name, &*own.checksum)))?;
        let mut target = Target::connect(place).await?;
        target.execute("BEGIN").await?;
        target.make_room(aside).await?;
        for text in texts {
            let text = migrations::dialect(text, target.backend());
            target.execute(&text).await?;
        }
        for table in &shape.tables {
            // What migrations have put in is in the snapshot.
            target
                .execute(&format!("DELETE FROM \"{}\"", table.name))
                .await?;
        }
        let references = target.without_references().await?;
        let first = target.first_mark().await?;
        Ok(Self {
            marks: Marking::new(shape, marks, first, references),
            target,
            shape: shape.clone(),
        })
    }

    /// Takes the rows of a table: pieces of text, of whole rows each; how many there were.
    ///
    /// # Errors
    ///
    /// [`OperationsError::Row`] when a row is not one of the table; those of the database.
    pub async fn rows(&mut self, table: &TableShape, mut pieces: Pieced) -> Result<u64> {
        let mut rows = 0;
        let is_log = table.name == LOG;
        let mut columns = table.columns.clone();
        if is_log {
            columns.retain(|column| column != MARK);
        }
        match &mut self.target {
            Target::Sqlite(connection) => {
                while let Some(piece) = pieces.recv().await {
                    let mut values = Vec::new();
                    for line in lines(&piece) {
                        let mut row = text::values(line);
                        if let Some(row) = row.as_mut().filter(|_| is_log) {
                            let mark = row.remove(0);
                            let seq = self.marks.next(table, mark.as_deref())?;
                            if let Some(own) = row.first_mut() {
                                *own = Some(seq.to_string());
                            }
                        }
                        let row = row.filter(|row| row.len() == columns.len());
                        rows += 1;
                        let row = row.ok_or_else(|| wrong_row(table, rows))?;
                        values.extend(row);
                        if values.len() + columns.len() > VALUES {
                            insert(connection, table, &columns, &mut values).await?;
                        }
                    }
                    insert(connection, table, &columns, &mut values).await?;
                }
            }
            Target::Postgres(connection) => {
                let mut names: Vec<String> = columns.iter().map(|own| quoted(own)).collect();
                if is_log {
                    names.insert(0, quoted("xid"));
                }
                let copy = format!(
                    "COPY {} ({}) FROM STDIN",
                    quoted(&table.name),
                    names.join(", ")
                );
                let mut into = connection.copy_in_raw(&copy).await?;
                let mut failed = None;
                while let Some(piece) = pieces.recv().await {
                    let counted = rows + lines(&piece).count() as u64;
                    let sent = if is_log {
                        match self.marks.rewritten(table, &piece) {
                            Ok(text) => into.send(text).await.map(drop),
                            Err(error) => {
                                failed = Some(error);
                                break;
                            }
                        }
                    } else {
                        into.send(piece).await.map(drop)
                    };
                    sent.map_err(|error| refused(table, error))?;
                    rows = counted;
                }
                if let Some(error) = failed {
                    into.abort("a row is none").await?;
                    return Err(error);
                }
                into.finish().await.map_err(|error| refused(table, error))?;
            }
        }
        Ok(rows)
    }

    /// Checks what the rows refer to, and lets new ids go on behind those that there are.
    ///
    /// # Errors
    ///
    /// [`OperationsError::Dangling`] when a row refers to none; those of the database.
    pub async fn check(&mut self) -> Result<()> {
        match &mut self.target {
            Target::Sqlite(connection) => {
                let check = "SELECT \"table\", \"parent\", COALESCE(rowid, 0) \
                             FROM pragma_foreign_key_check LIMIT 1";
                let found: Option<(String, String, i64)> =
                    sqlx::query_as(check).fetch_optional(connection).await?;
                match found {
                    None => Ok(()),
                    Some((table, parent, row)) => {
                        Err(OperationsError::Dangling { table, parent, row })
                    }
                }
            }
            Target::Postgres(connection) => {
                for (table, name, definition) in &self.marks.references {
                    let add = format!("ALTER TABLE {table} ADD CONSTRAINT {name} {definition}");
                    sqlx::raw_sql(AssertSqlSafe(add))
                        .execute(&mut *connection)
                        .await?;
                }
                let select = "SELECT table_name::text, column_name::text \
                              FROM information_schema.columns \
                              WHERE table_schema = current_schema() AND is_identity = 'YES'";
                let counted: Vec<(String, String)> =
                    sqlx::query_as(select).fetch_all(&mut *connection).await?;
                let known = migrations::tables();
                for (table, column) in counted {
                    if !known.contains(table.as_str()) {
                        continue;
                    }
                    let set = format!(
                        "SELECT setval(pg_get_serial_sequence('{table}', '{column}'), \
                         GREATEST(COALESCE(MAX(\"{column}\"), 1), 1), COUNT(*) > 0) FROM \"{table}\""
                    );
                    sqlx::raw_sql(AssertSqlSafe(set))
                        .execute(&mut *connection)
                        .await?;
                }
                Ok(())
            }
        }
    }

    /// The marks of the new log, for those that were given. To be asked when the change log is loaded.
    pub fn marks(&self) -> Marks {
        let now = self.marks.transaction.unwrap_or(self.marks.placed);
        let behind_all = self.marks.ahead.iter().map(|mark| (*mark, now));
        behind_all.chain(self.marks.new.clone()).collect()
    }

    /// Keeps what was loaded.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn commit(mut self) -> Result<()> {
        self.target.execute("COMMIT").await?;
        match self.target {
            Target::Sqlite(connection) => connection.close().await?,
            Target::Postgres(connection) => connection.close().await?,
        }
        Ok(())
    }
}

impl Target {
    async fn connect(place: &Place) -> Result<Self> {
        Ok(match place {
            Place::File(path) => {
                if std::fs::metadata(path).is_ok_and(|own| own.len() > 0) {
                    return Err(OperationsError::Open {
                        place: path.display().to_string(),
                        source: sea_orm::DbErr::Custom("there is a database already".to_owned()),
                    });
                }
                crate::store::make_file(path)?;
                let options = SqliteConnectOptions::new()
                    .filename(path)
                    .foreign_keys(false)
                    // What is broken off is thrown away as a whole.
                    .journal_mode(SqliteJournalMode::Memory)
                    .synchronous(SqliteSynchronous::Full)
                    .pragma("cache_size", "-65536");
                Self::Sqlite(SqliteConnection::connect_with(&options).await?)
            }
            Place::Url(url) => {
                let options: PgConnectOptions = url.parse()?;
                let options = options.application_name("millrace");
                Self::Postgres(PgConnection::connect_with(&options).await?)
            }
        })
    }

    fn backend(&self) -> DbBackend {
        match self {
            Self::Sqlite(_) => DbBackend::Sqlite,
            Self::Postgres(_) => DbBackend::Postgres,
        }
    }

    async fn execute(&mut self, text: &str) -> Result<()> {
        let text = sqlx::raw_sql(AssertSqlSafe(text));
        match self {
            Self::Sqlite(connection) => text.execute(connection).await.map(drop)?,
            Self::Postgres(connection) => text.execute(connection).await.map(drop)?,
        }
        Ok(())
    }

    /// Sees to it that no table of ours is there, and makes the one of the migrations.
    async fn make_room(&mut self, aside: Option<&str>) -> Result<()> {
        if let Self::Postgres(connection) = self {
            let lock = format!("SELECT pg_advisory_xact_lock({})", migrations::LOCK);
            sqlx::raw_sql(AssertSqlSafe(lock))
                .execute(&mut *connection)
                .await?;
            let there = ours(connection).await?;
            match (there.first(), aside) {
                (None, _) => {}
                (Some(table), None) => {
                    return Err(OperationsError::NotEmpty {
                        table: table.clone(),
                    });
                }
                (Some(_), Some(aside)) => {
                    let mut text = format!("CREATE SCHEMA {};", quoted(aside));
                    for table in there {
                        let table = quoted(&table);
                        text.push_str(&format!(
                            "ALTER TABLE {table} SET SCHEMA {};",
                            quoted(aside)
                        ));
                    }
                    sqlx::raw_sql(AssertSqlSafe(text))
                        .execute(&mut *connection)
                        .await?;
                }
            }
        }
        let table = self.backend().build(&migrations::table());
        self.execute(&table.sql).await
    }

    /// Takes the references between tables away until all rows are there (PostgreSQL).
    async fn without_references(&mut self) -> Result<Vec<Reference>> {
        let Self::Postgres(connection) = self else {
            return Ok(Vec::new());
        };
        let select = "SELECT conrelid::regclass::text, quote_ident(conname::text), \
                      pg_get_constraintdef(oid) FROM pg_constraint \
                      WHERE contype = 'f' AND connamespace = current_schema()::regnamespace \
                      ORDER BY conname";
        let all: Vec<Reference> = sqlx::query_as(select).fetch_all(&mut *connection).await?;
        let known = migrations::tables();
        let ours = |own: &Reference| known.contains(own.0.trim_matches('"'));
        let all: Vec<Reference> = all.into_iter().filter(ours).collect();
        for (table, name, _) in &all {
            let drop = format!("ALTER TABLE {table} DROP CONSTRAINT {name}");
            sqlx::raw_sql(AssertSqlSafe(drop))
                .execute(&mut *connection)
                .await?;
        }
        Ok(all)
    }

    /// The greatest mark that may be given: on PostgreSQL the transaction's own id.
    async fn first_mark(&mut self) -> Result<Option<i64>> {
        let Self::Postgres(connection) = self else {
            return Ok(None);
        };
        let select = "SELECT pg_current_xact_id()::text::bigint";
        let (own,): (i64,) = sqlx::query_as(select).fetch_one(connection).await?;
        Ok(Some(own))
    }
}

/// A reference between tables: the table, its name and its definition.
type Reference = (String, String, String);

/// The tables of ours that are there.
async fn ours(connection: &mut PgConnection) -> Result<Vec<String>> {
    let select = "SELECT table_name::text FROM information_schema.tables \
                  WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY 1";
    let there: Vec<(String,)> = sqlx::query_as(select).fetch_all(connection).await?;
    let known = migrations::tables();
    let there = there.into_iter().map(|(name,)| name);
    Ok(there.filter(|name| known.contains(name.as_str())).collect())
}

/// Gives marks to the entries of the log.
///
/// On SQLite a mark is the place of the entry. On PostgreSQL it is a transaction: all entries up to a
/// mark of the lake get one, and those that the lake has not read some, so that it reads them in
/// windows. They lie below the transaction that loads them, so whatever is written later is behind.
struct Marking {
    references: Vec<Reference>,
    /// The marks of the lake that no entry has passed yet, in their order.
    ahead: Vec<i64>,
    new: Marks,
    /// The mark of the entries now; `None` on SQLite.
    transaction: Option<i64>,
    /// The greatest that may be given.
    greatest: i64,
    /// Entries of one mark behind those of the lake.
    step: u64,
    in_step: u64,
    last: Option<i64>,
    placed: i64,
}

impl Marking {
    fn new(
        shape: &Shape,
        marks: impl IntoIterator<Item = i64>,
        own: Option<i64>,
        references: Vec<Reference>,
    ) -> Self {
        let mut ahead: Vec<i64> = marks.into_iter().collect();
        ahead.sort_unstable();
        ahead.dedup();
        let known = i64::try_from(ahead.len()).unwrap_or(i64::MAX);
        let own = own.map(|own| {
            let room = (own - FIRST_TRANSACTIONS - known).max(1);
            let wanted = i64::try_from(shape.log.entries / ENTRIES + 1).unwrap_or(i64::MAX);
            (own, wanted.min(room))
        });
        let (greatest, parts) = own.unwrap_or((i64::MAX, 1));
        Self {
            references,
            new: Marks::new(),
            transaction: own.map(|_| greatest - parts - known),
            greatest,
            step: ENTRIES.max(shape.log.entries.div_ceil(parts.unsigned_abs().max(1))),
            in_step: 0,
            last: None,
            placed: 0,
            ahead,
        }
    }

    /// The place of an entry on SQLite, its transaction on PostgreSQL.
    fn next(&mut self, table: &TableShape, mark: Option<&str>) -> Result<i64> {
        let mark: Option<i64> = mark.and_then(|text| text.parse().ok());
        let place = self.placed + 1;
        let mark = mark.ok_or_else(|| wrong_row(table, place.unsigned_abs()))?;
        while self.ahead.first().is_some_and(|ahead| *ahead < mark) {
            self.pass();
        }
        if self.last.is_some_and(|last| last != mark) && self.in_step >= self.step {
            self.in_step = 0;
            if self.ahead.is_empty() {
                self.count_on();
            }
        }
        self.in_step += 1;
        self.last = Some(mark);
        self.placed = place;
        Ok(self.transaction.unwrap_or(place))
    }

    /// Everything up to a mark of the lake has been given one.
    fn pass(&mut self) {
        let mark = self.ahead.remove(0);
        self.new
            .insert(mark, self.transaction.unwrap_or(self.placed));
        self.in_step = 0;
        self.count_on();
    }

    fn count_on(&mut self) {
        if let Some(transaction) = &mut self.transaction {
            *transaction = (*transaction + 1).min(self.greatest);
        }
    }

    /// The rows of the log with their new transactions in place of their marks.
    fn rewritten(&mut self, table: &TableShape, piece: &[u8]) -> Result<Vec<u8>> {
        let mut text = Vec::with_capacity(piece.len());
        for line in lines(piece) {
            let tab = line.iter().position(|byte| *byte == b'\t');
            let mark = tab.and_then(|tab| std::str::from_utf8(line.get(..tab)?).ok());
            let transaction = self.next(table, mark)?;
            text.extend_from_slice(transaction.to_string().as_bytes());
            text.extend_from_slice(line.get(tab.unwrap_or(0)..).unwrap_or_default());
            text.push(b'\n');
        }
        Ok(text)
    }
}

fn lines(piece: &[u8]) -> impl Iterator<Item = &[u8]> {
    let whole = piece.strip_suffix(b"\n").unwrap_or(piece);
    let none = piece.is_empty();
    whole.split(|byte| *byte == b'\n').filter(move |_| !none)
}

async fn insert(
    connection: &mut SqliteConnection,
    table: &TableShape,
    columns: &[String],
    values: &mut Vec<Option<String>>,
) -> Result<()> {
    if values.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = columns.iter().map(|own| quoted(own)).collect();
    let row = format!("({})", vec!["?"; columns.len()].join(", "));
    let rows = vec![row; values.len() / columns.len().max(1)].join(", ");
    let text = format!(
        "INSERT INTO {} ({}) VALUES {rows}",
        quoted(&table.name),
        names.join(", ")
    );
    let mut insert = sqlx::query(AssertSqlSafe(text));
    for value in values.drain(..) {
        insert = insert.bind(value);
    }
    insert.execute(connection).await?;
    Ok(())
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn wrong_row(table: &TableShape, row: u64) -> OperationsError {
    OperationsError::Row {
        table: table.name.clone(),
        row,
        reason: format!("it has not the {} values of a row", table.columns.len()),
    }
}

/// What PostgreSQL says of a row that it was sent, with the place of the row.
fn refused(table: &TableShape, error: sqlx::Error) -> OperationsError {
    let said = error.as_database_error();
    let said = said.and_then(|said| said.try_downcast_ref::<PgDatabaseError>());
    let row = said.and_then(|said| {
        let (_, line) = said.r#where()?.split_once(", line ")?;
        let digits = line.split(|own: char| !own.is_ascii_digit()).next()?;
        Some((digits.parse().ok()?, said.message().to_owned()))
    });
    match row {
        Some((row, reason)) => OperationsError::Row {
            table: table.name.clone(),
            row,
            reason,
        },
        None => error.into(),
    }
}
