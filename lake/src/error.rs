//! What can go wrong with a lake.

use std::path::PathBuf;

use arrow::error::ArrowError;
use deltalake_core::DeltaTableError;
use parquet::errors::ParquetError;

/// An error of the lake.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// The directory holds no lake.
    #[error("no lake in {}: create it with `millrace init` first", root.display())]
    NotInitialised {
        /// The directory that was opened.
        root: PathBuf,
    },
    /// The lake has no such table.
    #[error("the lake has no table `{table}`: `millrace init` creates the tables that are missing")]
    NoTable {
        /// The name asked for.
        table: String,
    },
    /// The table has no such version.
    #[error("table `{table}` has no version {version}: its newest is {newest}")]
    NoVersion {
        /// The table.
        table: String,
        /// The version asked for.
        version: i64,
        /// The newest version that there is.
        newest: i64,
    },
    /// A month is closed on a set that is not there.
    #[error(
        "a month is closed on the published set {set}, which is not in the lake: reopen the month, or restore the lake"
    )]
    NoSet {
        /// The number of the set.
        set: i64,
    },
    /// A file that another process wrote is not there, or another one is.
    #[error("{} was to be a new file of {expected} bytes, but {}", path.display(), found.map_or_else(|| "is not there".to_owned(), |bytes| format!("has {bytes}")))]
    NotTheFile {
        /// Where it should be.
        path: PathBuf,
        /// Its size in bytes as it was told.
        expected: u64,
        /// The size of the one that is there.
        found: Option<u64>,
    },
    /// The path cannot be written as a URL.
    #[error("{} is not an absolute path of a directory", path.display())]
    Path {
        /// The path.
        path: PathBuf,
    },
    /// A batch does not fit the schema of the table.
    #[error("column `{column}` of `{table}` is {found}, but must be {expected}")]
    Column {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Its type in the batch, or `missing`.
        found: String,
        /// Its type in the table.
        expected: String,
    },
    /// A partition was named for a table that has none.
    #[error("table `{table}` is not partitioned, so `{partition}` cannot be its partition")]
    NotPartitioned {
        /// The table.
        table: String,
        /// The partition named.
        partition: String,
    },
    /// Files of one table were given to another, or the partition column differs.
    #[error("file {} was not written for table `{table}` (partitioned by {})", path.display(), column.as_deref().unwrap_or("nothing"))]
    ForeignFile {
        /// The table of the commit.
        table: String,
        /// The partition column of the table.
        column: Option<String>,
        /// The file.
        path: PathBuf,
    },
    /// The schema of the table changed between writing and committing, or an append brings another.
    #[error("the columns of table `{table}` are not those that were written: read the table again")]
    SchemaChanged {
        /// The table.
        table: String,
    },
    /// The table moved since it was read, so what was computed from it is stale.
    #[error("table `{table}` moved on from version {read}: read it again and recompute")]
    Moved {
        /// The table.
        table: String,
        /// The version that the change was computed from.
        read: i64,
    },
    /// The change is in the table already.
    #[error("`{application}` {version} is in table `{table}` already")]
    AlreadyApplied {
        /// The table.
        table: String,
        /// The application id of the transaction.
        application: String,
        /// The version of the transaction.
        version: i64,
    },
    /// Another process took the lease meanwhile, and has published under it.
    #[error(
        "a set was published under lease {newest}, and this run holds lease {token}: it was overtaken"
    )]
    Fenced {
        /// The token of the lease of the run.
        token: i64,
        /// That of the newest set.
        newest: i64,
    },
    /// The program is ending.
    #[error("the work was stopped")]
    Stopped,
    /// A published set cannot be read.
    #[error("published set in {} is damaged: {reason}", path.display())]
    PublishedSet {
        /// The file of the set.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A log entry or checkpoint cannot be read.
    #[error("log entry {} is damaged: {source}", path.display())]
    LogEntry {
        /// The file of the log.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The value cannot be written as JSON.
    #[error("cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// Delta.
    #[error("table `{table}`: {source}")]
    Delta {
        /// The table.
        table: String,
        /// What Delta says.
        source: Box<DeltaTableError>,
    },
    /// Arrow.
    #[error(transparent)]
    Arrow(#[from] ArrowError),
    /// Parquet.
    #[error("{}: {source}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// What Parquet says.
        source: ParquetError,
    },
    /// Reading or writing a file.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

impl LakeError {
    /// Whether reading the table again, recomputing and committing again can succeed.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::Moved { .. } | Self::SchemaChanged { .. } | Self::Fenced { .. }
        )
    }

    pub(crate) fn delta(table: &str) -> impl FnOnce(DeltaTableError) -> Self {
        let table = table.to_owned();
        move |source| Self::Delta {
            table,
            source: Box::new(source),
        }
    }

    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }

    pub(crate) fn parquet(path: impl Into<PathBuf>) -> impl FnOnce(ParquetError) -> Self {
        let path = path.into();
        move |source| Self::Parquet { path, source }
    }
}
