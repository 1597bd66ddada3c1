//! The change log of operations into the raw tables, each entry exactly once.
//!
//! The log is read in windows of whole transactions. The rows that a window means are committed
//! table by table, and each commit carries the mark of the window's end as the table's application
//! transaction; the table of users is committed last, with or without rows, and its mark is where
//! the next window begins. Broken off in between, some tables are ahead of that mark: what they
//! have is left out when the window is read again. Two processes at once do the same work; of two
//! commits to one table one is refused, and its process looks again.
//!
//! # What becomes a row
//!
//! A row of the log holds the whole record, so a null in it is one (`_op` is `insert` or `update`,
//! where files have `upsert`). `_changed_at` is when the record became as the row says. Records
//! are called as [`millrace_models::identity`] says, and name each other so.
//!
//! - A correction of a stage change takes the wrong event back and puts the right one in its place.
//! - The lines of an order are written together: when one changes, all are replaced.
//! - An account carries its tags, so it is written again when they change.
//!
//! Such rows are made from the records as they are when the log is read, which may be later than
//! the entry that called for them; the entry of the later change then writes the same again.

mod lookup;
mod moves;
mod orders;
mod records;
mod rows;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use millrace_lake::{Change as Commit, Lake, LakeError, Mode, Table};
use millrace_models::entity::Entity;
use millrace_operations::Store;
use millrace_operations::log::{Behind, Change, Op, Window};
use sea_orm::DbBackend;
use serde::Serialize;

use self::lookup::Lookup;
use self::rows::{Author, RawRow, to_batch};
use crate::error::IngestError;
use crate::run::table_name;

/// Entries of the log that are read and committed together.
pub const WINDOW: u64 = 10_000;
/// A window is tried again so often when another process committed meanwhile.
const ATTEMPTS: usize = 8;
/// Committed last in every window: its mark is where the next begins.
const LAST: Entity = Entity::User;
/// Entries behind are counted up to so many.
const COUNTED: u64 = 100_000;

/// What reading the change log did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ChangeLogReport {
    /// Entries that were read.
    pub entries: u64,
    /// Rows that were added, by entity.
    pub rows: BTreeMap<&'static str, u64>,
    /// Up to where the log is in the lake: a transaction on PostgreSQL, a `seq` on SQLite.
    pub mark: i64,
}

/// Brings everything of the change log that is not in the raw tables into them, `window` entries
/// at a time ([`WINDOW`]); the rows are marked as ingested at `now`.
///
/// # Errors
///
/// Those of the database and of the lake; [`IngestError::OtherLog`] when the lake is ahead of the
/// log. What was committed before stays, and the next call goes on behind it.
pub async fn ingest_changes(
    lake: &Lake,
    store: &Store,
    window: u64,
    now: DateTime<Utc>,
) -> Result<ChangeLogReport, IngestError> {
    let mut report = ChangeLogReport::default();
    let mut attempt = 1;
    loop {
        match one_window(lake, store, window, now, &mut report).await {
            Ok(true) => attempt = 1,
            Ok(false) => return Ok(report),
            Err(IngestError::Lake(error)) if is_conflict(&error) && attempt < ATTEMPTS => {
                tracing::debug!(%error, "another process brought the same changes in; once more");
                attempt += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

/// How far the raw tables lag behind the change log.
///
/// # Errors
///
/// Those of the database and of the lake.
pub async fn changes_behind(lake: &Lake, store: &Store) -> Result<Behind, IngestError> {
    let mark = mark_of(store, &lake.table(&table_name(LAST)).await?);
    Ok(store.changes_behind(mark, COUNTED).await?)
}

/// Up to where the change log is in the raw tables.
///
/// # Errors
///
/// Those of the lake.
pub async fn ingested_mark(lake: &Lake, store: &Store) -> Result<i64, IngestError> {
    let table = lake.table(&table_name(LAST)).await?;
    Ok(mark_of(store, &table))
}

fn is_conflict(error: &LakeError) -> bool {
    error.is_retryable() || matches!(error, LakeError::AlreadyApplied { .. })
}

/// What raw tables call the change log of a database. The marks of the two cannot be compared.
pub fn log_application(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => "change_log:postgres",
        _ => "change_log:sqlite",
    }
}

/// The raw table whose mark says where the next window begins: the others have at least what it has.
pub fn last_table() -> String {
    table_name(LAST)
}

fn application(store: &Store) -> &'static str {
    log_application(store.backend())
}

fn mark_of(store: &Store, table: &Table) -> i64 {
    table.transaction(application(store)).unwrap_or(0)
}

/// Brings one window in; whether there may be more.
async fn one_window(
    lake: &Lake,
    store: &Store,
    limit: u64,
    now: DateTime<Utc>,
    report: &mut ChangeLogReport,
) -> Result<bool, IngestError> {
    let mut tables = BTreeMap::new();
    for entity in Entity::all() {
        tables.insert(*entity, lake.table(&table_name(*entity)).await?);
    }
    let done: BTreeMap<Entity, i64> = tables
        .iter()
        .map(|(entity, table)| (*entity, mark_of(store, table)))
        .collect();
    let from = done.get(&LAST).copied().unwrap_or(0);
    report.mark = from;
    let window = store.changes_after(from, limit).await?;
    if window.changes.is_empty() {
        if !store.has_reached(from).await? {
            return Err(IngestError::OtherLog { mark: from });
        }
        return Ok(false);
    }
    let rows = rows_of(store, &window, &done).await?;
    let order = tables.keys().filter(|entity| **entity != LAST);
    for entity in order.copied().chain([LAST]).collect::<Vec<_>>() {
        let own = rows.get(&entity).map_or(&[][..], Vec::as_slice);
        if own.is_empty() && entity != LAST {
            continue;
        }
        let Some(table) = tables.get(&entity) else {
            continue;
        };
        let seq = i64::try_from(table.rows()).unwrap_or(i64::MAX);
        let mut writer = lake.writer(table.name(), entity.raw_schema(), None);
        writer.write(&to_batch(entity, own, now, seq)?, None)?;
        let commit = Commit {
            mode: Mode::AppendUnmoved,
            files: writer.finish()?,
            kept: Vec::new(),
            schema: None,
            transactions: vec![(application(store).to_owned(), window.next)],
        };
        lake.commit(table, commit).await?;
        if !own.is_empty() {
            *report.rows.entry(entity.name()).or_default() += own.len() as u64;
        }
    }
    report.entries += window.changes.len() as u64;
    report.mark = window.next;
    Ok(window.more)
}

/// The rows that a window means, of those that the tables do not have.
async fn rows_of(
    store: &Store,
    window: &Window,
    done: &BTreeMap<Entity, i64>,
) -> Result<BTreeMap<Entity, Vec<RawRow>>, IngestError> {
    let lookup = Lookup::load(store, window.changes.iter().map(|(_, change)| change)).await?;
    let mut rows: BTreeMap<Entity, Vec<RawRow>> = BTreeMap::new();
    let mut again = Again::default();
    for (mark, change) in &window.changes {
        let is_new = |entity: Entity| done.get(&entity).is_none_or(|done| mark > done);
        if let Some(entity) = records::entity_of(&change.entity)
            && is_new(entity)
            && let Some(row) = records::row(change, &lookup)
        {
            rows.entry(entity)
                .or_default()
                .push(row.by(Author::of(change)));
        }
        if is_new(Entity::BusinessWrite)
            && let Some(row) = records::business_write(change)
        {
            let writes = rows.entry(Entity::BusinessWrite).or_default();
            // what one unit of work writes of an entity is one write
            if writes.last() != Some(&row) {
                writes.push(row);
            }
        }
        if is_new(Entity::StageChange) {
            let own = moves::rows(store, change, &lookup).await?;
            let own = own.into_iter().map(|row| row.by(Author::of(change)));
            rows.entry(Entity::StageChange).or_default().extend(own);
        }
        if is_new(Entity::Order) {
            again.order(change);
        }
        if is_new(Entity::Account) {
            again.accounts(store, change).await?;
        }
    }
    let orders = orders::rows(store, &again.orders, &again.new_orders).await?;
    rows.entry(Entity::Order).or_default().extend(orders);
    let accounts = records::accounts(store, &again.accounts).await?;
    rows.entry(Entity::Account).or_default().extend(accounts);
    Ok(rows)
}

/// Records that are written again because something that they carry changed.
#[derive(Default)]
struct Again {
    /// Who changed each last.
    orders: BTreeMap<i64, Author>,
    /// Orders that no table has yet.
    new_orders: BTreeSet<i64>,
    accounts: BTreeSet<i64>,
}

impl Again {
    fn order(&mut self, change: &Change) {
        match change.entity.as_str() {
            "order" => {
                self.orders.insert(change.record_id, Author::of(change));
                if change.op == Op::Insert {
                    self.new_orders.insert(change.record_id);
                }
            }
            "order_line" => self.orders.extend(
                change
                    .after
                    .get("order_id")
                    .and_then(serde_json::Value::as_i64)
                    .map(|order| (order, Author::of(change))),
            ),
            _ => {}
        }
    }

    async fn accounts(&mut self, store: &Store, change: &Change) -> Result<(), IngestError> {
        match change.entity.as_str() {
            "account_tag" => self.accounts.extend(
                change
                    .after
                    .get("account_id")
                    .and_then(serde_json::Value::as_i64),
            ),
            "tag" if change.op != Op::Insert => self
                .accounts
                .extend(lookup::accounts_with_tag(store, change.record_id).await?),
            _ => {}
        }
        Ok(())
    }
}
