//! One connection that reads in one snapshot.

use futures::TryStreamExt as _;
use sqlx::mysql::MySqlConnection;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, Row as _};

use super::Kind;
use super::address::{Address, Options};
use crate::error::IngestError;

/// The cells of a row as text, nothing where they are null.
pub(crate) type Texts = Vec<Option<String>>;

/// A connection to a database.
pub(super) enum Connection {
    Postgres(Box<PgConnection>),
    MySql(Box<MySqlConnection>),
}

/// Why a statement was not done to its end.
pub(super) enum Failure {
    /// The database says so.
    Database(sqlx::Error),
    /// Who takes the rows says so.
    Taker(IngestError),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Failure::Database(error)
    }
}

/// What takes the rows of a statement, one by one.
pub(super) type Each<'a> = &'a mut dyn FnMut(Texts) -> Result<(), IngestError>;

/// Runs a statement and gives its rows to a closure, one by one.
macro_rules! stream {
    ($connection:expr, $sql:expr, $bound:expr, $each:expr) => {{
        let mut query = sqlx::query(AssertSqlSafe($sql));
        for value in $bound {
            query = query.bind(value);
        }
        let mut rows = query.fetch(&mut **$connection);
        while let Some(row) = rows.try_next().await? {
            let texts: Result<Texts, sqlx::Error> =
                (0..row.len()).map(|index| row.try_get(index)).collect();
            $each(texts?).map_err(Failure::Taker)?;
        }
        Ok(())
    }};
}

impl Connection {
    pub(super) async fn open(address: &Address) -> Result<Self, sqlx::Error> {
        Ok(match &address.options {
            Options::Postgres(options) => {
                Self::Postgres(Box::new(PgConnection::connect_with(options).await?))
            }
            Options::MySql(options) => {
                Self::MySql(Box::new(MySqlConnection::connect_with(options).await?))
            }
        })
    }

    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Postgres(_) => Kind::Postgres,
            Self::MySql(_) => Kind::MySql,
        }
    }

    /// From here on everything is seen as it stands now, and nothing can be written. Times with a
    /// zone come in UTC: so the driver sets it on `MySQL`.
    pub(super) async fn begin(&mut self) -> Result<(), sqlx::Error> {
        match self {
            Self::Postgres(connection) => {
                connection
                    .execute(
                        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
                         SET LOCAL datestyle TO 'ISO'; SET LOCAL timezone TO 'UTC'; \
                         SET LOCAL extra_float_digits TO 1",
                    )
                    .await?;
            }
            Self::MySql(connection) => {
                for statement in [
                    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
                    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
                ] {
                    sqlx::raw_sql(statement).execute(&mut **connection).await?;
                }
            }
        }
        Ok(())
    }

    /// Gives the rows of a statement to `each`; every column of it must be text.
    pub(super) async fn each(
        &mut self,
        sql: String,
        bound: &[String],
        each: Each<'_>,
    ) -> Result<(), Failure> {
        match self {
            Self::Postgres(connection) => stream!(connection, sql, bound, each),
            Self::MySql(connection) => stream!(connection, sql, bound, each),
        }
    }

    /// The rows of a statement.
    pub(super) async fn all(
        &mut self,
        sql: &str,
        bound: &[String],
    ) -> Result<Vec<Texts>, sqlx::Error> {
        let mut rows = Vec::new();
        let mut take = |row: Texts| {
            rows.push(row);
            Ok(())
        };
        match self.each(sql.to_owned(), bound, &mut take).await {
            Err(Failure::Database(error)) => Err(error),
            // Nothing above refuses a row.
            Ok(()) | Err(Failure::Taker(_)) => Ok(rows),
        }
    }

    pub(super) async fn close(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Postgres(connection) => connection.close().await,
            Self::MySql(connection) => connection.close().await,
        }
    }
}
