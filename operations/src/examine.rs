//! A look at the database as it is, without changing it: what `doctor` says about it.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use millrace_models::clock::Clock;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

use crate::entity;
use crate::error::{OperationsError, Result};
use crate::migrations;
use crate::store::{Place, connect};

/// So many of the newest records of each table are compared with the change log.
const RECORDS: u32 = 5_000;

/// What a look at the database shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examination {
    /// Which database it is, with its version.
    pub version: String,
    /// Its size.
    pub bytes: u64,
    /// What its own check complains of.
    pub complaint: Option<String>,
    /// How writers are kept apart, on PostgreSQL.
    pub isolation: Option<String>,
    /// How far its clock is ahead of ours, on PostgreSQL.
    pub ahead: Option<TimeDelta>,
    /// How the migrations stand.
    pub migrations: Migrations,
    /// How the change log stands; none before the first migration.
    pub log: Option<Log>,
    /// The leases that are held.
    pub leases: Vec<HeldLease>,
}

/// How the migrations stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Migrations {
    /// How many are applied as this program knows them.
    pub applied: usize,
    /// Those that the next start will apply.
    pub missing: Vec<String>,
    /// Those that this program does not know.
    pub unknown: Vec<String>,
    /// Those whose text is another.
    pub changed: Vec<String>,
}

/// How the change log stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Log {
    /// Its entries.
    pub entries: u64,
    /// Places without an entry, on SQLite, where there should be none.
    pub gaps: u64,
    /// Tables with how many of their newest records have another number of entries than versions.
    pub untold: Vec<(String, u64)>,
}

/// A lease that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldLease {
    /// Of what.
    pub name: String,
    /// By whom.
    pub holder: String,
    /// Until when.
    pub until: DateTime<Utc>,
}

/// Looks at a database. Nothing is made, migrated or repaired.
///
/// # Errors
///
/// When there is none, or it cannot be read.
pub async fn examine(place: &Place, clock: &dyn Clock) -> Result<Examination> {
    if let Place::File(path) = place
        && !path.exists()
    {
        return Err(OperationsError::Open {
            place: path.display().to_string(),
            source: sea_orm::DbErr::Custom("there is no such file".to_owned()),
        });
    }
    let connections = connect(place).await?;
    let looked = look(place, clock, &connections.reader, &connections.writer).await;
    let all = [
        Some(connections.reader),
        connections.numbers,
        Some(connections.writer),
    ];
    for connection in all.into_iter().flatten() {
        connection.close().await?;
    }
    looked
}

async fn look(
    place: &Place,
    clock: &dyn Clock,
    reader: &DatabaseConnection,
    writer: &DatabaseConnection,
) -> Result<Examination> {
    let is_postgres = reader.get_database_backend() == DbBackend::Postgres;
    let version = if is_postgres {
        format!("PostgreSQL {}", text(reader, "SHOW server_version").await?)
    } else {
        format!("SQLite {}", text(reader, "SELECT sqlite_version()").await?)
    };
    let complaint = if is_postgres {
        None
    } else {
        let said = text(reader, "PRAGMA quick_check(1)").await?;
        (said != "ok").then_some(said)
    };
    let isolation = if is_postgres {
        Some(text(writer, "SHOW default_transaction_isolation").await?)
    } else {
        None
    };
    let ahead = if is_postgres {
        let before = clock.now();
        let theirs: DateTime<Utc> = one(reader, "SELECT clock_timestamp()").await?;
        let after = clock.now();
        Some(theirs - (before + (after - before) / 2))
    } else {
        None
    };
    let bytes = match place {
        Place::File(path) => ["", "-wal"].iter().map(|end| size(path, end)).sum(),
        Place::Url(_) => {
            let select = "SELECT pg_database_size(current_database())";
            let size: i64 = one(reader, select).await?;
            size.unsigned_abs()
        }
    };
    let migrations = standing(reader).await?;
    let is_whole = migrations.missing.is_empty() && migrations.unknown.is_empty();
    let now = clock.now();
    Ok(Examination {
        version,
        bytes,
        complaint,
        isolation,
        ahead,
        log: if is_whole {
            Some(log(reader, is_postgres).await?)
        } else {
            None
        },
        leases: if is_whole {
            leases(reader, now).await?
        } else {
            Vec::new()
        },
        migrations,
    })
}

fn size(path: &Path, end: &str) -> u64 {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    std::fs::metadata(name).map_or(0, |own| own.len())
}

async fn standing(reader: &DatabaseConnection) -> Result<Migrations> {
    let there = match reader.get_database_backend() {
        DbBackend::Postgres => {
            "SELECT COUNT(*) FROM information_schema.tables \
                                WHERE table_schema = current_schema() AND table_name = 'migrations'"
        }
        _ => "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'migrations'",
    };
    let is_there: i64 = one(reader, there).await?;
    let mut applied = Vec::new();
    if is_there > 0 {
        let select = "SELECT name, checksum FROM migrations ORDER BY name";
        for row in all(reader, select).await? {
            let name: String = row.try_get_by_index(0)?;
            let checksum: String = row.try_get_by_index(1)?;
            applied.push((name, checksum));
        }
    }
    let mut found = Migrations::default();
    for (name, checksum) in &applied {
        match migrations::check(name, checksum) {
            Ok(()) => found.applied += 1,
            Err(OperationsError::MigrationChanged { name }) => found.changed.push(name),
            Err(_) => found.unknown.push(name.clone()),
        }
    }
    let is_missing = |own: &&str| !applied.iter().any(|(name, _)| name == own);
    let missing = migrations::names().filter(is_missing);
    found.missing = missing.map(ToOwned::to_owned).collect();
    Ok(found)
}

async fn log(reader: &DatabaseConnection, is_postgres: bool) -> Result<Log> {
    let entries: i64 = one(reader, "SELECT COUNT(*) FROM change_log").await?;
    // A transaction of PostgreSQL that is rolled back leaves a gap.
    let gaps: i64 = if is_postgres {
        0
    } else {
        one(
            reader,
            "SELECT COALESCE(MAX(seq), 0) - COUNT(*) FROM change_log",
        )
        .await?
    };
    let mut untold = Vec::new();
    for resource in entity::RESOURCES {
        let count = format!(
            "SELECT COUNT(*) FROM (SELECT id, version FROM {table} ORDER BY id DESC LIMIT {RECORDS}) \
             AS own WHERE own.version <> (SELECT COUNT(*) FROM change_log \
             WHERE entity = '{name}' AND record_id = own.id)",
            table = resource.table,
            name = resource.name,
        );
        let count: i64 = one(reader, &count).await?;
        if count > 0 {
            untold.push((resource.table.to_owned(), count.unsigned_abs()));
        }
    }
    Ok(Log {
        entries: entries.unsigned_abs(),
        gaps: gaps.unsigned_abs(),
        untold,
    })
}

async fn leases(reader: &DatabaseConnection, now: DateTime<Utc>) -> Result<Vec<HeldLease>> {
    let rows = all(
        reader,
        "SELECT name, holder, expires_at FROM leases ORDER BY name",
    )
    .await?;
    let mut held = Vec::new();
    for row in rows {
        let lease = HeldLease {
            name: row.try_get_by_index(0)?,
            holder: row.try_get_by_index(1)?,
            until: row.try_get_by_index(2)?,
        };
        if lease.until > now {
            held.push(lease);
        }
    }
    Ok(held)
}

async fn all(reader: &DatabaseConnection, select: &str) -> Result<Vec<sea_orm::QueryResult>> {
    let statement = Statement::from_string(reader.get_database_backend(), select);
    Ok(reader.query_all_raw(statement).await?)
}

async fn one<T: sea_orm::TryGetable>(reader: &DatabaseConnection, select: &str) -> Result<T> {
    let rows = all(reader, select).await?;
    let row = rows.first().ok_or_else(|| {
        sea_orm::DbErr::RecordNotFound(format!("nothing was answered to {select}"))
    })?;
    Ok(row.try_get_by_index(0)?)
}

async fn text(reader: &DatabaseConnection, select: &str) -> Result<String> {
    one(reader, select).await
}
