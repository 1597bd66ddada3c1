//! Migrations: files of SQL, applied in order, each in one transaction, and never edited.
//!
//! They are texts and not built from the entities, so that a migration stays what it was when an
//! entity changes. The tool of sea-orm is not used: it takes no lock (two servers that start at once
//! would race), does not notice an edited migration, and turns on features that nothing here needs.
//!
//! The files are in PostgreSQL's dialect. For SQLite its types become those of STRICT tables (times
//! and dates are texts, whose order is that of time), and `/*postgres … */` stays a comment, as
//! `/*sqlite … */` does on PostgreSQL.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Alias, ColumnDef, Expr, Query, Table, TableCreateStatement};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};
use sha2::{Digest, Sha256};

use crate::error::{OperationsError, Result};

/// A migration: its name and its text.
type Migration = (&'static str, &'static str);

const MIGRATIONS: &[Migration] = &[
    ("0001_records", include_str!("migrations/0001_records.sql")),
    ("0002_pool", include_str!("migrations/0002_pool.sql")),
    ("0003_sales", include_str!("migrations/0003_sales.sql")),
    ("0005_desk", include_str!("migrations/0005_desk.sql")),
    (
        "0008_month_closes",
        include_str!("migrations/0008_month_closes.sql"),
    ),
    (
        "0009_health_steps",
        include_str!("migrations/0009_health_steps.sql"),
    ),
    (
        "0010_success_managers",
        include_str!("migrations/0010_success_managers.sql"),
    ),
    ("0011_targets", include_str!("migrations/0011_targets.sql")),
    (
        "0012_schedules",
        include_str!("migrations/0012_schedules.sql"),
    ),
];

/// What PostgreSQL locks while migrating; any number that nothing else uses.
pub(crate) const LOCK: i64 = 0x6d69_6c6c_7261_6365;

/// Applies the migrations that are missing. Several may try at once: one does it, the others wait.
pub(crate) async fn apply(writer: &DatabaseConnection, now: DateTime<Utc>) -> Result<()> {
    let backend = writer.get_database_backend();
    let options = match backend {
        DbBackend::Sqlite => TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        },
        _ => TransactionOptions {
            isolation_level: Some(sea_orm::IsolationLevel::ReadCommitted),
            ..TransactionOptions::default()
        },
    };
    let transaction = writer.begin_with_options(options).await?;
    if backend == DbBackend::Postgres {
        let lock = format!("SELECT pg_advisory_xact_lock({LOCK})");
        transaction.execute_unprepared(&lock).await?;
    }
    let applied = applied(&transaction).await?;
    for (name, checksum) in &applied {
        check(name, checksum)?;
    }
    for (name, text) in MIGRATIONS {
        if applied.iter().any(|(known, _)| known == name) {
            continue;
        }
        transaction
            .execute_unprepared(&dialect(text, backend))
            .await?;
        let record = Query::insert()
            .into_table("migrations")
            .columns(["name", "checksum", "applied_at"])
            .values_panic([(*name).into(), sum(text).into(), now.into()])
            .to_owned();
        transaction.execute(&record).await?;
        tracing::info!(migration = name, "applied");
    }
    transaction.commit().await?;
    Ok(())
}

/// The tables that the migrations make, under any name that they have on the way.
pub(crate) fn tables() -> BTreeSet<&'static str> {
    let lines = MIGRATIONS.iter().flat_map(|(_, text)| text.lines());
    let made = lines.filter_map(|line| line.split_once("CREATE TABLE ")?.1.split_once(" ("));
    made.map(|(name, _)| name).chain(["migrations"]).collect()
}

/// The texts of migrations that were applied elsewhere, in their order.
///
/// # Errors
///
/// When this program does not know one of them, or knows another text.
pub(crate) fn texts<'a>(
    applied: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<Vec<&'static str>> {
    let mut named = BTreeSet::new();
    for (name, checksum) in applied {
        check(name, checksum)?;
        named.insert(name);
    }
    let all = MIGRATIONS.iter().filter(|(name, _)| named.contains(name));
    Ok(all.map(|(_, text)| *text).collect())
}

/// What was applied must be what this program carries.
pub(crate) fn check(name: &str, checksum: &str) -> Result<()> {
    let name = || name.to_owned();
    match MIGRATIONS.iter().find(|(known, _)| *known == name()) {
        None => Err(OperationsError::MigrationUnknown { name: name() }),
        Some((_, text)) if sum(text) != checksum => {
            Err(OperationsError::MigrationChanged { name: name() })
        }
        Some(_) => Ok(()),
    }
}

/// The names of all migrations, in their order.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    MIGRATIONS.iter().map(|(name, _)| *name)
}

/// Where it is kept which were applied.
pub(crate) fn table() -> TableCreateStatement {
    let text = |name: &'static str| {
        ColumnDef::new(Alias::new(name))
            .text()
            .not_null()
            .to_owned()
    };
    Table::create()
        .table("migrations")
        .if_not_exists()
        .col(text("name").primary_key())
        .col(text("checksum"))
        .col(
            ColumnDef::new("applied_at")
                .timestamp_with_time_zone()
                .not_null(),
        )
        .to_owned()
}

/// The migrations that were applied, with their checksums.
async fn applied(transaction: &DatabaseTransaction) -> Result<Vec<(String, String)>> {
    transaction.execute(&table()).await?;
    let select = Query::select()
        .expr(Expr::col("name"))
        .expr(Expr::col("checksum"))
        .from("migrations")
        .to_owned();
    let rows = transaction.query_all(&select).await?;
    rows.iter()
        .map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?)))
        .collect()
}

fn sum(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The text as that database takes it.
pub(crate) fn dialect(text: &str, backend: DbBackend) -> String {
    const SQLITE: [(&str, &str); 7] = [
        (
            "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
            "INTEGER PRIMARY KEY AUTOINCREMENT",
        ),
        ("BIGINT", "INTEGER"),
        ("BOOLEAN", "INTEGER"),
        ("TIMESTAMPTZ", "TEXT"),
        (" DATE", " TEXT"),
        ("JSONB", "TEXT"),
        ("\n);", "\n) STRICT;"),
    ];
    if backend == DbBackend::Sqlite {
        let text = uncomment(text, "/*sqlite ");
        SQLITE
            .iter()
            .fold(text, |text, (from, to)| text.replace(from, to))
    } else {
        uncomment(text, "/*postgres ")
    }
}

fn uncomment(text: &str, opening: &str) -> String {
    let mut parts = text.split(opening);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(&part.replacen("*/", "", 1));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_database_reads_its_own_parts() {
        let text = "CREATE TABLE t (\n    a BIGINT /*sqlite REFERENCES u (id)*/,\n    on_day DATE\n);\n/*postgres ALTER TABLE t;*/";
        assert_eq!(
            dialect(text, DbBackend::Sqlite),
            "CREATE TABLE t (\n    a INTEGER REFERENCES u (id),\n    on_day TEXT\n) STRICT;\n/*postgres ALTER TABLE t;*/"
        );
        assert_eq!(
            dialect(text, DbBackend::Postgres),
            "CREATE TABLE t (\n    a BIGINT /*sqlite REFERENCES u (id)*/,\n    on_day DATE\n);\nALTER TABLE t;"
        );
    }
}
