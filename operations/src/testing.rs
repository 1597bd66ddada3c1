//! For tests, of this crate and of others: a clock that is set, and a PostgreSQL of one's own.

use std::io::{BufRead, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use millrace_models::clock::Clock;
use sea_orm::{ConnectionTrait, Database};

use crate::error::Result;

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct ManualClock(Mutex<DateTime<Utc>>);

impl ManualClock {
    /// A clock at that time.
    pub fn at(time: DateTime<Utc>) -> Self {
        Self(Mutex::new(time))
    }

    /// Moves it on.
    pub fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A PostgreSQL server that lives as long as this process, in a temporary folder.
#[derive(Debug)]
pub struct Postgres {
    folder: String,
    /// Holds the pipe whose end stops the server.
    _server: Child,
}

static SERVER: OnceLock<Option<Postgres>> = OnceLock::new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// Starts a server of the tests by its script in `scripts/`: the line that the script prints when it
/// serves, and the process, which ends when its standard input does. None where the database is not
/// installed, and then it says so.
pub fn serve(script: &str, database: &str) -> Option<(String, Child)> {
    let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts");
    let mut server = Command::new("sh")
        .arg(format!("{scripts}/{script}"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let mut place = String::new();
    let read = BufReader::new(server.stdout.take()?).read_line(&mut place);
    if read.is_ok() && !place.trim().is_empty() {
        return Some((place.trim().to_owned(), server));
    }
    // Written past the capture of the test harness: a skipped test must be seen.
    let _ = writeln!(
        std::io::stderr(),
        "skipped: there is no {database} to run the tests on"
    );
    None
}

impl Postgres {
    /// The server of this process, started by the first who asks; none where PostgreSQL is not
    /// installed, and then it says so.
    pub fn shared() -> Option<&'static Self> {
        SERVER.get_or_init(Self::start).as_ref()
    }

    fn start() -> Option<Self> {
        let (folder, server) = serve("postgres.sh", "PostgreSQL")?;
        Some(Self {
            folder,
            _server: server,
        })
    }

    /// The URL of a database of this server.
    pub fn url(&self, database: &str) -> String {
        format!(
            "postgres://postgres@localhost/{database}?host={}",
            self.folder
        )
    }

    /// Makes an empty database and gives its URL.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn database(&self) -> Result<String> {
        let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        let connection = Database::connect(self.url("postgres")).await?;
        let create = format!("CREATE DATABASE {name} TEMPLATE template0");
        connection.execute_unprepared(&create).await?;
        connection.close().await?;
        Ok(self.url(&name))
    }
}
