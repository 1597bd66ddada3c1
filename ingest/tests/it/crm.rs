//! Databases of somebody else, on real servers that live as long as this process.

use std::process::Child;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use millrace_operations::testing::{Postgres, serve};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};

/// A `MariaDB` server.
struct MariaDb {
    socket: String,
    /// Holds the pipe whose end stops the server.
    _server: Child,
}

static SERVER: OnceLock<Option<MariaDb>> = OnceLock::new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

impl MariaDb {
    /// Started by the first who asks; none where it is not installed, and then it says so.
    fn shared() -> Option<&'static Self> {
        SERVER.get_or_init(Self::start).as_ref()
    }

    fn start() -> Option<Self> {
        let (socket, server) = serve("mariadb.sh", "MariaDB")?;
        Some(Self {
            socket,
            _server: server,
        })
    }

    fn url(&self, database: &str) -> String {
        format!("mysql://root@localhost/{database}?socket={}", self.socket)
    }
}

/// A database of a customer's own CRM.
pub(crate) struct Crm {
    pub(crate) url: String,
    connection: DatabaseConnection,
    pub(crate) is_postgres: bool,
}

impl Crm {
    pub(crate) async fn on_postgres() -> Option<Self> {
        let url = Postgres::shared()?.database().await.unwrap();
        let in_utc = format!("{url}&options=-c%20timezone%3DUTC");
        Some(Self {
            connection: Database::connect(in_utc).await.unwrap(),
            url,
            is_postgres: true,
        })
    }

    pub(crate) async fn on_mariadb() -> Option<Self> {
        let server = MariaDb::shared()?;
        let name = format!("crm_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        let connection = Database::connect(server.url("mysql")).await.unwrap();
        let create = format!("CREATE DATABASE {name} CHARACTER SET utf8mb4");
        connection.execute_unprepared(&create).await.unwrap();
        connection.close().await.unwrap();
        let url = server.url(&name);
        Some(Self {
            connection: Database::connect(&url).await.unwrap(),
            url,
            is_postgres: false,
        })
    }

    /// Runs statements, each a line of its own; `TIME` is a time in a zone, `LOCAL` one without,
    /// both to the microsecond, as this database calls them.
    pub(crate) async fn run(&self, statements: &str) {
        let (time, local) = if self.is_postgres {
            ("timestamptz", "timestamp")
        } else {
            ("timestamp(6) NULL", "datetime(6)")
        };
        for statement in statements.split(";\n") {
            let statement = statement.replace("TIME", time).replace("LOCAL", local);
            if !statement.trim().is_empty() {
                let done = self.connection.execute_unprepared(&statement).await;
                done.unwrap_or_else(|error| panic!("{statement}: {error}"));
            }
        }
    }

    /// Waits for every transaction that is running now.
    pub(crate) async fn settle(&self) {
        if !self.is_postgres {
            return;
        }
        let number = async |sql: &str| -> i64 {
            let statement = Statement::from_string(DbBackend::Postgres, sql);
            let row = self.connection.query_one_raw(statement).await;
            row.unwrap().unwrap().try_get_by_index(0).unwrap()
        };
        let next = number("SELECT txid_current()").await;
        while number("SELECT txid_snapshot_xmin(txid_current_snapshot())").await <= next {
            tokio::task::yield_now().await;
        }
    }

    /// A connection besides.
    pub(crate) async fn another(&self) -> DatabaseConnection {
        Database::connect(&self.url).await.unwrap()
    }

    /// A mapping with sources that read tables of this database, of what follows `table = `.
    pub(crate) fn mapping(&self, sources: &[&str]) -> String {
        let head = "system = \"crm\"\nzone = \"Asia/Shanghai\"\n".to_owned();
        let sources = sources.iter().map(|source| {
            format!(
                "[[source]]\ndatabase = \"{}\"\ntable = {source}\n",
                self.url
            )
        });
        sources.fold(head, |all, source| all + &source)
    }
}
