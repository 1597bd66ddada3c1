//! The unit of work: all writes of one transaction, each with its entry in the change log.
//!
//! A [`Unit`] reads by sea-orm (it is a connection that runs SELECT and nothing else) and writes by
//! its own functions only; so there is no way past the change log. Entries are kept until the end
//! and written in one statement before the commit.

mod draft;
mod reads;
mod target;
mod writes;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use millrace_models::calendar::WorkingCalendar;
use sea_orm::sea_query::ExprTrait as _;
use sea_orm::sea_query::{Condition, Expr, OnConflict, Query};
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, StatementBuilder};

use crate::error::{OperationsError, Result};
use crate::log::{self, Entry, Op};
use crate::record::{Draft, Record};
use crate::row::truncate;
use crate::store::Store;
pub use target::Target;
use writes::Change;

/// Who writes, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Actor {
    /// The user, when it is one.
    pub user_id: Option<i64>,
    /// The user's name, or that of the job or command.
    pub name: String,
    /// Why, where a reason was given.
    pub reason: Option<String>,
    /// The request that asked for it.
    pub request_id: Option<String>,
}

impl Actor {
    /// A job or a command.
    pub fn system(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// The same one, with a reason.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }
}

/// A unit of work under way; made by [`Store::write`].
pub struct Unit {
    shared: Arc<Shared>,
    actor: Arc<Actor>,
    now: DateTime<Utc>,
}

/// The store's side of a unit of work: ends it.
pub(crate) struct Finished {
    shared: Arc<Shared>,
}

struct Shared {
    transaction: DatabaseTransaction,
    numbers: Option<DatabaseConnection>,
    calendar: Arc<WorkingCalendar>,
    entries: Mutex<Vec<Entry>>,
    failed: AtomicBool,
}

impl Unit {
    pub(crate) fn begin(
        transaction: DatabaseTransaction,
        actor: Actor,
        store: &Store,
    ) -> (Self, Finished) {
        let shared = Arc::new(Shared {
            transaction,
            numbers: store.numbers.clone(),
            calendar: Arc::clone(&store.calendar),
            entries: Mutex::default(),
            failed: AtomicBool::new(false),
        });
        let finished = Finished {
            shared: Arc::clone(&shared),
        };
        let unit = Self {
            shared,
            actor: Arc::new(actor),
            now: store.now(),
        };
        (unit, finished)
    }

    /// The same unit of work in the name of somebody and at a time: for who writes down a history,
    /// as the demo does, with many acts of many people in one transaction. What is written by it
    /// carries that name and time in the record and in the change log. Acts are to follow each other
    /// in time.
    #[must_use]
    pub fn acting(&self, actor: Actor, at: DateTime<Utc>) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            actor: Arc::new(actor),
            now: truncate(at),
        }
    }

    /// The same unit of work once more; both must be gone at its end.
    pub(crate) fn same(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            actor: Arc::clone(&self.actor),
            now: self.now,
        }
    }

    /// The time of this unit of work: all of its changes carry it.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// The day of this unit of work in the company's zone.
    pub fn today(&self) -> NaiveDate {
        self.shared.calendar.date_of(self.now)
    }

    /// The company's working calendar.
    pub fn calendar(&self) -> &WorkingCalendar {
        &self.shared.calendar
    }

    /// Who writes.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Adds a record. Its times and version are set here; its number too, where the resource has
    /// numbers and the draft has none.
    ///
    /// # Errors
    ///
    /// When the database refuses a value.
    pub async fn insert<R: Record>(&self, draft: Draft<R>) -> Result<R> {
        let row = self
            .insert_row(R::RESOURCE, draft::values::<R>(&draft))
            .await?;
        draft::record(row)
    }

    /// Changes the fields that the draft sets, if the record is still at the version that was read.
    ///
    /// # Errors
    ///
    /// [`OperationsError::Stale`] when it is not; what the database refuses.
    pub async fn update<R: Record>(&self, read: &R, draft: Draft<R>) -> Result<R> {
        let values = draft::values::<R>(&draft);
        let row = self
            .update_row(R::RESOURCE, read.id(), read.version(), values)
            .await?;
        draft::record(row)
    }

    /// [`Unit::insert`] of what a client gave: its texts and numbers are checked, all faults at once.
    pub(crate) async fn insert_given<R: Record>(&self, draft: Draft<R>) -> Result<R> {
        self.insert(draft::checked::<R>(draft)?).await
    }

    /// [`Unit::update`] with what a client gave, checked likewise.
    pub(crate) async fn update_given<R: Record>(&self, read: &R, draft: Draft<R>) -> Result<R> {
        self.update(read, draft::checked::<R>(draft)?).await
    }

    /// Changes the fields that the draft sets if the record, whatever its version, meets the
    /// condition at the very moment of the change; none when it does not.
    ///
    /// # Errors
    ///
    /// When there is no such record, and what the database refuses.
    pub async fn update_if<R: Record>(
        &self,
        id: i64,
        condition: Condition,
        draft: Draft<R>,
    ) -> Result<Option<R>> {
        let before = self.get_row(R::RESOURCE, id).await?;
        let values = draft::values::<R>(&draft);
        let change = Change {
            resource: R::RESOURCE,
            before,
            condition: Some(condition),
            op: Op::Update,
        };
        self.change(change, values)
            .await?
            .map(draft::record)
            .transpose()
    }

    /// Marks the record as deleted, if it is still at the version that was read.
    ///
    /// # Errors
    ///
    /// [`OperationsError::Stale`] when it is not.
    pub async fn delete<R: Record>(&self, read: &R) -> Result<R> {
        let row = self
            .delete_row(R::RESOURCE, read.id(), read.version())
            .await?;
        draft::record(row)
    }

    /// The next human number: prefix, year, and a count that begins anew each year.
    ///
    /// On PostgreSQL a number is used up even when its unit of work fails.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn next_number(&self, prefix: &str) -> Result<String> {
        let year = i64::from(self.today().year());
        let next = Query::insert()
            .into_table("counters")
            .columns(["prefix", "year", "last"])
            .values_panic([prefix.into(), year.into(), 1_i64.into()])
            .on_conflict(
                OnConflict::columns(["prefix", "year"])
                    .value("last", Expr::col(("counters", "last")).add(1_i64))
                    .to_owned(),
            )
            .returning_col("last")
            .to_owned();
        let row = match &self.shared.numbers {
            Some(numbers) => numbers.query_one(&next).await?,
            None => self.query(&next).await?,
        };
        let last: i64 = match row {
            Some(row) => row.try_get_by_index(0)?,
            None => return Err(OperationsError::Poisoned),
        };
        Ok(format!("{prefix}-{year}-{last:05}"))
    }

    /// Runs a statement on one of the tables that the change log leaves out.
    pub(crate) async fn run<S: StatementBuilder>(&self, statement: &S) -> Result<u64> {
        let done = self.shared.transaction.execute(statement).await;
        Ok(self.watch(done)?.rows_affected())
    }
}

impl Finished {
    /// Writes the entries and commits; whether there were any.
    pub(crate) async fn commit(self) -> Result<bool> {
        let shared = Arc::try_unwrap(self.shared).map_err(|_| OperationsError::UnitKept)?;
        if shared.failed.load(Ordering::Acquire) {
            return Err(OperationsError::Poisoned);
        }
        let entries = shared
            .entries
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let changed = !entries.is_empty();
        log::append(&shared.transaction, entries).await?;
        shared.transaction.commit().await?;
        Ok(changed)
    }

    /// Undoes everything. Where the connection fails, the database does.
    pub(crate) async fn roll_back(self) {
        if let Ok(shared) = Arc::try_unwrap(self.shared)
            && let Err(error) = shared.transaction.rollback().await
        {
            tracing::warn!(%error, "a transaction could not be rolled back; its connection is dropped");
        }
    }
}
