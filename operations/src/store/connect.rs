//! The connections to each kind of database.

use std::fs::OpenOptions;
use std::path::Path;
use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{ConnectOptions, Database, DatabaseConnection};

use super::Place;
use crate::error::{OperationsError, Result};

/// How long a reader or writer waits for a connection.
const QUEUE: Duration = Duration::from_secs(30);
/// How long SQLite waits for another process that writes.
const BUSY: Duration = Duration::from_secs(15);
/// Connections that read.
const READERS: u32 = 8;
/// Connections that write to PostgreSQL.
const WRITERS: u32 = 16;
/// Statements kept prepared on each connection.
const STATEMENTS: usize = 512;

pub(crate) struct Connections {
    pub(crate) reader: DatabaseConnection,
    pub(crate) writer: DatabaseConnection,
    /// PostgreSQL: where human numbers come from.
    pub(crate) numbers: Option<DatabaseConnection>,
}

pub(crate) async fn connect(place: &Place) -> Result<Connections> {
    match place {
        Place::File(path) => {
            let name = path.display().to_string();
            make_file(path)?;
            // The writer comes first: it makes the file, and only it changes the journal mode.
            let writer = open(&name, sqlite(path, false)).await?;
            let reader = open(&name, sqlite(path, true)).await?;
            Ok(Connections {
                reader,
                writer,
                numbers: None,
            })
        }
        Place::Url(url) => {
            let name = without_password(url);
            let writer = [("default_transaction_isolation", "serializable")];
            let reader = [("default_transaction_read_only", "on")];
            // A number that is lost in a crash was not used: its commit would have followed.
            let numbers = [("synchronous_commit", "off")];
            Ok(Connections {
                writer: open(&name, postgres(url, WRITERS, writer)).await?,
                reader: open(&name, postgres(url, READERS, reader)).await?,
                numbers: Some(open(&name, postgres(url, 2, numbers)).await?),
            })
        }
    }
}

/// [`make`], its error that of the store.
pub(crate) fn make_file(path: &Path) -> Result<()> {
    make(path).map_err(|error| OperationsError::Open {
        place: path.display().to_string(),
        source: sea_orm::DbErr::Custom(error.to_string()),
    })
}

/// Makes the file, for its owner alone, where there is none: SQLite would let everybody on the
/// machine read it, and gives its log the rights of the file.
fn make(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent().filter(|own| !own.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

async fn open(name: &str, options: ConnectOptions) -> Result<DatabaseConnection> {
    Database::connect(options)
        .await
        .map_err(|source| OperationsError::Open {
            place: name.to_owned(),
            source,
        })
}

fn common(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(QUEUE)
        .sqlx_logging(false)
        .record_stmt_in_spans(false);
    options
}

fn sqlite(path: &Path, reads: bool) -> ConnectOptions {
    let mut options = common("sqlite::memory:", if reads { READERS } else { 1 });
    let path = path.to_owned();
    options
        .test_before_acquire(false)
        .idle_timeout(None::<Duration>)
        .max_lifetime(None::<Duration>)
        .map_sqlx_sqlite_opts(move |options| {
            let options = options
                .filename(&path)
                .in_memory(false)
                .shared_cache(false)
                .create_if_missing(!reads)
                .foreign_keys(true)
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(BUSY)
                .statement_cache_capacity(STATEMENTS)
                .pragma("cache_size", "-65536")
                .pragma("temp_store", "memory");
            if reads {
                options.pragma("query_only", "on")
            } else {
                options.journal_mode(SqliteJournalMode::Wal)
            }
        });
    options
}

fn postgres<const N: usize>(
    url: &str,
    connections: u32,
    settings: [(&'static str, &'static str); N],
) -> ConnectOptions {
    let mut options = common(url, connections);
    options.map_sqlx_postgres_opts(move |options| {
        options
            .application_name("millrace")
            .statement_cache_capacity(STATEMENTS)
            .options(settings)
    });
    options
}

/// The URL as it may be shown.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let rest = match rest[..end].rfind('@') {
        Some(at) => &rest[at + 1..],
        None => rest,
    };
    format!("{scheme}://{}", rest.split('?').next().unwrap_or(rest))
}

#[cfg(test)]
mod tests {
    use super::without_password;

    #[test]
    fn a_url_is_shown_without_its_password() {
        let shown = without_password("postgres://ann:p@ss@host:5432/sales?sslmode=require");
        assert_eq!(shown, "postgres://host:5432/sales");
        assert_eq!(
            without_password("postgres://host/sales"),
            "postgres://host/sales"
        );
    }
}
