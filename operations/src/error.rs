//! What can go wrong in operations.

mod refusal;

use chrono::{DateTime, Utc};
use millrace_models::scope::Action;
use sea_orm::DbErr;

use crate::row::Row;
use crate::service::criteria::Missing;

pub use refusal::Rule;

/// The result of an operation.
pub type Result<T, E = OperationsError> = std::result::Result<T, E>;

/// An error of operations.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OperationsError {
    /// There is no such record, or the caller does not see it: the two are not told apart.
    #[error("there is no {entity} {id}")]
    NotFound {
        /// The resource.
        entity: &'static str,
        /// The id asked for.
        id: i64,
    },
    /// The caller's role does not allow it.
    #[error("your role may not {action} {entity} records")]
    Forbidden {
        /// The resource.
        entity: &'static str,
        /// What was to be done, as a verb.
        action: &'static str,
    },
    /// The record moved on since it was read.
    #[error(
        "{entity} {id} is at version {} now, not {expected}: read it again",
        version_of(current)
    )]
    Stale {
        /// The resource.
        entity: &'static str,
        /// Its id.
        id: i64,
        /// The version that the change was made from.
        expected: i64,
        /// The record as it is now.
        current: Box<Row>,
    },
    /// Fields that do not hold what they should.
    #[error("{}", list(fields))]
    Invalid {
        /// The fields, each with what would be right.
        fields: Vec<FieldError>,
    },
    /// A value that only one record may have.
    #[error("another record has this value already: {constraint}")]
    Taken {
        /// The constraint, or the columns, that say so.
        constraint: String,
    },
    /// The database refuses the value: a reference to nothing, or a value out of its bounds.
    #[error("the value does not fit the other records: {constraint}")]
    Constraint {
        /// The constraint that says so.
        constraint: String,
    },
    /// The text is no cursor of this list.
    #[error("the cursor is not one of this list: begin again without it")]
    Cursor,
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request: take a new one")]
    KeyReused,
    /// Somebody has claimed it before.
    #[error("{entity} {id} was claimed by {owner}")]
    AlreadyClaimed {
        /// The resource.
        entity: &'static str,
        /// Its id.
        id: i64,
        /// Who has it.
        owner_id: i64,
        /// Their name.
        owner: String,
    },
    /// The pipeline asks for more before the deal moves.
    #[error("opportunity {id} lacks {}", refusal::lacking(missing))]
    Unmet {
        /// The deal.
        id: i64,
        /// All that is missing.
        missing: Vec<Missing>,
    },
    /// The record stands otherwise than it would have to.
    #[error("{entity} {id} is {state}: it would have to be {}", needs.join(" or "))]
    State {
        /// The resource.
        entity: &'static str,
        /// Its id.
        id: i64,
        /// How it stands.
        state: String,
        /// How it would have to stand.
        needs: &'static [&'static str],
    },
    /// A rule of the firm forbids it.
    #[error("{entity} {id}: {rule}")]
    Refused {
        /// The resource.
        entity: &'static str,
        /// Its id.
        id: i64,
        /// The rule.
        rule: Rule,
    },
    /// The caller has made all the claims of the day.
    #[error("you have made all {limit} claims of the day: claim again after {until}")]
    ClaimLimit {
        /// How many claims a day has.
        limit: i64,
        /// When the next day begins.
        until: DateTime<Utc>,
    },
    /// The person holds as many accounts as the role may.
    #[error("{holder} may hold {capacity} accounts and holds {held}: release one first")]
    PoolCapacity {
        /// Their name.
        holder: String,
        /// How many they may hold.
        capacity: i64,
        /// How many they hold.
        held: i64,
    },
    /// The caller has lost or given up the record a short while ago.
    #[error("you had {entity} {id} until lately: claim it again after {until}")]
    Cooldown {
        /// The resource.
        entity: &'static str,
        /// Its id.
        id: i64,
        /// When the caller may claim it again.
        until: DateTime<Utc>,
    },
    /// The record waits in the pool for another team.
    #[error("{entity} {id} is routed to another team: request it")]
    RoutedElsewhere {
        /// The resource.
        entity: &'static str,
        /// Its id.
        id: i64,
    },
    /// Name and password do not fit, or the person may not sign in.
    #[error("the name or the password is wrong")]
    Credentials,
    /// Too many failures.
    #[error("too many attempts: try again after {until}")]
    LockedOut {
        /// When it may be tried again.
        until: DateTime<Utc>,
    },
    /// The session or token is unknown, expired or revoked.
    #[error("sign in first")]
    Unauthenticated,
    /// The password must be changed before anything else.
    #[error("change the password first")]
    PasswordExpired,
    /// The new password is too weak.
    #[error("the password must have at least {least} characters and not be the name")]
    WeakPassword {
        /// The least number of characters.
        least: usize,
    },
    /// The database could not serialise the transaction; running it again can succeed.
    #[error("too many people change the same records at once: try again")]
    Busy,
    /// The database is too busy to be reached in time.
    #[error("the database is too busy: try again later")]
    Overloaded,
    /// The store is no database that can be opened.
    #[error("the operational store cannot be opened at {place}: {source}")]
    Open {
        /// Where it was looked for, without its password.
        place: String,
        /// What the database says.
        source: DbErr,
    },
    /// A migration that was applied is not the one that the program carries.
    #[error(
        "migration {name} was changed after it was applied: restore its file, and write a new one"
    )]
    MigrationChanged {
        /// The migration.
        name: String,
    },
    /// The store was written by a newer program.
    #[error(
        "the store has the migration {name}, which this program does not know: use a newer one"
    )]
    MigrationUnknown {
        /// The migration.
        name: String,
    },
    /// A snapshot is to be loaded where there are records already.
    #[error("the database is not empty: it has the table {table}")]
    NotEmpty {
        /// One of its tables.
        table: String,
    },
    /// A line of a snapshot that is no row of its table.
    #[error("row {row} of the table {table} cannot be read: {reason}")]
    Row {
        /// The table.
        table: String,
        /// Which row, from 1.
        row: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// A row of a snapshot refers to one that is not there.
    #[error("row {row} of the table {table} refers to a row of {parent} that is not there")]
    Dangling {
        /// The table.
        table: String,
        /// The table that it refers to.
        parent: String,
        /// The row's id.
        row: i64,
    },
    /// The lease that the work was done under has ended, or another process has it now.
    #[error("another process took over the work")]
    Overtaken,
    /// A statement failed earlier in the same unit of work, so it cannot be committed.
    #[error("a statement of this unit of work failed, so nothing of it was kept")]
    Poisoned,
    /// A unit of work was kept beyond its end.
    #[error("the unit of work was kept beyond its end, so nothing of it was kept")]
    UnitKept,
    /// A row that does not hold what its resource says.
    #[error("{entity} {id} cannot be read: {detail}")]
    Damaged {
        /// The resource.
        entity: &'static str,
        /// Its id, 0 when it is not known.
        id: i64,
        /// What is wrong.
        detail: String,
    },
    /// A password could not be hashed.
    #[error("the password cannot be hashed: {0}")]
    Hash(argon2::password_hash::Error),
    /// The system gives no random bytes.
    #[error("no random bytes: {0}")]
    Random(getrandom::Error),
    /// The object store that holds the bytes of attachments.
    #[error("the store of files failed: {0}")]
    Files(Box<dyn std::error::Error + Send + Sync>),
    /// The database.
    #[error("the database failed: {0}")]
    Database(DbErr),
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FieldError {
    /// The field.
    pub field: String,
    /// What would be right.
    pub message: String,
}

/// What an error means to the one who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// What was asked for is wrong.
    Invalid,
    /// Sign in first.
    Unauthenticated,
    /// Not allowed.
    Forbidden,
    /// Not there.
    NotFound,
    /// It contradicts what is there.
    Conflict,
    /// The record moved on.
    Stale,
    /// Too often.
    Limited,
    /// Not now.
    Unavailable,
    /// A failure of ours.
    Internal,
}

impl OperationsError {
    /// What it means to the one who asked.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Invalid { .. } | Self::Cursor | Self::KeyReused | Self::WeakPassword { .. } => {
                ErrorKind::Invalid
            }
            Self::Unauthenticated | Self::Credentials => ErrorKind::Unauthenticated,
            Self::Forbidden { .. } | Self::PasswordExpired | Self::RoutedElsewhere { .. } => {
                ErrorKind::Forbidden
            }
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::Taken { .. }
            | Self::Constraint { .. }
            | Self::AlreadyClaimed { .. }
            | Self::Unmet { .. }
            | Self::State { .. }
            | Self::Refused { .. }
            | Self::PoolCapacity { .. }
            | Self::Cooldown { .. } => ErrorKind::Conflict,
            Self::Stale { .. } => ErrorKind::Stale,
            Self::LockedOut { .. } | Self::ClaimLimit { .. } => ErrorKind::Limited,
            Self::Busy | Self::Overloaded => ErrorKind::Unavailable,
            _ => ErrorKind::Internal,
        }
    }

    /// Whether the very same request can succeed when it is made again.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Busy | Self::Overloaded)
    }

    /// Whether its message may be shown to the one who asked.
    pub fn is_public(&self) -> bool {
        self.kind() != ErrorKind::Internal && !matches!(self, Self::Constraint { .. })
    }

    /// One field that does not hold what it should.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid {
            fields: vec![FieldError {
                field: field.into(),
                message: message.into(),
            }],
        }
    }

    pub(crate) fn forbidden(entity: &'static str, action: Action) -> Self {
        Self::Forbidden {
            entity,
            action: match action {
                Action::Create => "create",
                Action::Read => "read",
                Action::Update => "update",
                Action::Delete => "delete",
                Action::Export => "export",
                Action::Claim => "claim",
                Action::Assign => "assign",
            },
        }
    }
}

impl From<object_store::Error> for OperationsError {
    fn from(error: object_store::Error) -> Self {
        Self::Files(Box::new(error))
    }
}

impl From<sea_orm::sqlx::Error> for OperationsError {
    fn from(error: sea_orm::sqlx::Error) -> Self {
        let cause = sea_orm::RuntimeErr::SqlxError(std::sync::Arc::new(error));
        DbErr::Query(cause).into()
    }
}

impl From<DbErr> for OperationsError {
    fn from(error: DbErr) -> Self {
        let (DbErr::Exec(sea_orm::RuntimeErr::SqlxError(cause))
        | DbErr::Query(sea_orm::RuntimeErr::SqlxError(cause))
        | DbErr::Conn(sea_orm::RuntimeErr::SqlxError(cause))) = &error
        else {
            return match error {
                DbErr::ConnectionAcquire(_) => Self::Overloaded,
                other => Self::Database(other),
            };
        };
        let sea_orm::sqlx::Error::Database(database) = cause.as_ref() else {
            return Self::Database(error);
        };
        let code = database.code().unwrap_or_default();
        let constraint = || {
            let named = database.constraint().map(ToOwned::to_owned);
            named.unwrap_or_else(|| {
                let message = database.message();
                message.rsplit(": ").next().unwrap_or(message).to_owned()
            })
        };
        match code.as_ref() {
            // PostgreSQL: serialisation failure, deadlock.
            "40001" | "40P01" => Self::Busy,
            // PostgreSQL: lock not available, too many connections. SQLite: busy and locked, when
            // another process writes for longer than the busy timeout.
            "55P03" | "53300" | "5" | "6" | "517" | "261" => Self::Overloaded,
            "23505" | "2067" | "1555" => Self::Taken {
                constraint: constraint(),
            },
            "23503" | "23514" | "23502" | "787" | "275" | "1299" => Self::Constraint {
                constraint: constraint(),
            },
            _ => Self::Database(error),
        }
    }
}

fn version_of(row: &Row) -> i64 {
    row.get("version")
        .and_then(serde_json::Value::as_i64)
        .unwrap_or_default()
}

fn list(fields: &[FieldError]) -> String {
    let texts: Vec<String> = fields
        .iter()
        .map(|field| format!("{}: {}", field.field, field.message))
        .collect();
    texts.join("; ")
}
