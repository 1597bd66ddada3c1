//! The store: one database, SQLite or PostgreSQL, and the one way to write to it.
//!
//! # SQLite
//!
//! Write-ahead log, `synchronous = FULL`, foreign keys on. One connection writes; its pool is a
//! queue in order of arrival, and every write begins IMMEDIATE, so that a transaction that reads
//! before it writes never fails as "locked". Readers have connections of their own that refuse to
//! write.
//!
//! # PostgreSQL
//!
//! Writes are SERIALIZABLE and run again when the database could not serialise them. So a service
//! that reads, checks and writes means the same on both databases, without a lock that its author
//! could forget; and the change log, ordered by transaction, never tells of a record's second
//! version before its first (see [`crate::log`]). Human numbers come from a connection of their own
//! (see [`Unit`]), since a counter that every transaction updates would make them all collide.
//! Readers' connections are read-only.

mod connect;

pub(crate) use connect::{connect, make_file};

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use millrace_models::calendar::WorkingCalendar;
use millrace_models::clock::Clock;
use millrace_models::config::Company;
use sea_orm::{
    DatabaseConnection, DbBackend, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use tokio::sync::watch;

use crate::caller::Cache;
use crate::error::{OperationsError, Result};
use crate::migrations;
use crate::row::truncate;
use crate::unit::{Actor, Unit};

/// How often a write is run again when the database could not serialise it.
const ATTEMPTS: u32 = 20;

/// Where a store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A SQLite file, made when it is not there.
    File(PathBuf),
    /// A PostgreSQL database: `postgres://…`.
    Url(String),
}

impl Place {
    /// The place that a setting names: a URL of PostgreSQL, or else a file.
    pub fn parse(text: &str) -> Self {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            Self::Url(text.to_owned())
        } else {
            Self::File(Path::new(text.strip_prefix("sqlite:").unwrap_or(text)).to_owned())
        }
    }
}

/// The operational store. Cloning it is cheap and gives the same store.
#[derive(Clone)]
pub struct Store {
    pub(crate) reader: DatabaseConnection,
    writer: DatabaseConnection,
    pub(crate) numbers: Option<DatabaseConnection>,
    clock: Arc<dyn Clock>,
    pub(crate) calendar: Arc<WorkingCalendar>,
    pub(crate) directory: Arc<Cache>,
    written: Arc<watch::Sender<u64>>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Store")
            .field("backend", &self.backend())
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the store, bringing its tables up to date.
    ///
    /// # Errors
    ///
    /// When there is no database that can be opened, or its migrations are not this program's.
    pub async fn open(place: &Place, clock: Arc<dyn Clock>, company: &Company) -> Result<Self> {
        let connections = connect(place).await?;
        let store = Self {
            reader: connections.reader,
            writer: connections.writer,
            numbers: connections.numbers,
            clock,
            calendar: Arc::new(WorkingCalendar::chinese(
                &company.hours,
                company.zone,
                &company.overrides,
            )),
            directory: Arc::default(),
            written: Arc::default(),
        };
        migrations::apply(&store.writer, store.now()).await?;
        Ok(store)
    }

    /// Which database it is.
    pub fn backend(&self) -> DbBackend {
        self.writer.get_database_backend()
    }

    /// The present moment, to the microsecond.
    pub fn now(&self) -> DateTime<Utc> {
        truncate(self.clock.now())
    }

    /// The company's working calendar, in its zone.
    pub fn calendar(&self) -> &WorkingCalendar {
        &self.calendar
    }

    /// A connection that reads and refuses to write, for queries by sea-orm.
    pub fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// Runs a unit of work in one transaction: all of its changes and their entries in the change
    /// log are kept, or none.
    ///
    /// The work may run more than once; it must do nothing outside the unit that cannot be done
    /// twice.
    ///
    /// # Errors
    ///
    /// Those of the work, and those of the database. After an error nothing of it is kept.
    pub async fn write<T, F, Fut>(&self, actor: &Actor, mut work: F) -> Result<T>
    where
        F: FnMut(Unit) -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        let mut attempt = 0;
        loop {
            match self.write_once(actor, &mut work).await {
                Err(OperationsError::Busy) if attempt < ATTEMPTS => {
                    attempt += 1;
                    tracing::debug!(attempt, "a write could not be serialised and runs again");
                    tokio::time::sleep(pause(attempt)).await;
                }
                done => return done,
            }
        }
    }

    async fn write_once<T, F, Fut>(&self, actor: &Actor, work: &mut F) -> Result<T>
    where
        F: FnMut(Unit) -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        let options = TransactionOptions {
            sqlite_transaction_mode: (self.backend() == DbBackend::Sqlite)
                .then_some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let transaction = self.writer.begin_with_options(options).await?;
        let (unit, finished) = Unit::begin(transaction, actor.clone(), self);
        let result = work(unit).await;
        match result {
            Ok(value) => {
                if finished.commit().await? {
                    self.written.send_modify(|count| *count += 1);
                }
                Ok(value)
            }
            Err(error) => {
                finished.roll_back().await;
                Err(error)
            }
        }
    }

    /// Counts the units of work of this process that changed records, once each is committed: who
    /// waits for the change log waits for this. Other processes are not heard of.
    pub fn written(&self) -> watch::Receiver<u64> {
        self.written.subscribe()
    }

    /// Closes all connections, after what is under way.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn close(self) -> Result<()> {
        let connections = [Some(self.reader), self.numbers, Some(self.writer)];
        for connection in connections.into_iter().flatten() {
            connection.close().await?;
        }
        Ok(())
    }
}

/// How long to wait before an attempt: longer each time, and not the same for all who collided.
fn pause(attempt: u32) -> Duration {
    let spread = getrandom::u32().unwrap_or_default() % 1_000;
    let longest = 1_u64 << attempt.min(6);
    Duration::from_micros(longest * u64::from(spread))
}
