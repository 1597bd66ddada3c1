//! What the resources say and what the databases hold are the same.

use millrace_models::config::Company;
use millrace_operations::OperationsError;
use millrace_operations::entity::RESOURCES;
use millrace_operations::log::Position;
use millrace_operations::resource::Path;
use sea_orm::{ConnectionTrait, Database, DbBackend, Statement};

use crate::support::{Home, contract};

contract! {
    resources_are_the_tables,
    opening_again_changes_nothing,
    many_may_open_at_once,
    an_edited_migration_is_refused,
    readers_cannot_write,
}

/// Records, password hashes and sessions are no business of others on the machine.
#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_reads_the_file() {
    use std::os::unix::fs::PermissionsExt as _;

    let home = Home::sqlite().await;
    let mut found = 0;
    for entry in std::fs::read_dir(home.folder()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", entry.file_name());
        found += 1;
    }
    assert!(found >= 2, "the database and its log");
}

async fn resources_are_the_tables(home: Home) {
    let backend = home.store.backend();
    for resource in RESOURCES {
        let sql = match backend {
            DbBackend::Postgres => format!(
                "SELECT column_name::text, is_nullable = 'YES', column_default IS NOT NULL OR is_identity = 'YES' \
                 FROM information_schema.columns WHERE table_name = '{}' ORDER BY ordinal_position",
                resource.table
            ),
            _ => format!(
                "SELECT name, NOT \"notnull\" AND NOT pk, dflt_value IS NOT NULL OR pk FROM pragma_table_info('{}') ORDER BY cid",
                resource.table
            ),
        };
        let rows = home
            .store
            .reader()
            .query_all_raw(Statement::from_string(backend, sql))
            .await
            .unwrap();
        let columns: Vec<(String, bool, bool)> = rows
            .iter()
            .map(|row| {
                let get = |index| row.try_get_by_index(index).unwrap();
                (row.try_get_by_index(0).unwrap(), get(1), get(2))
            })
            .collect();
        let mut names: Vec<&str> = columns.iter().map(|(name, ..)| name.as_str()).collect();
        let mut fields: Vec<&str> = resource.fields.iter().map(|field| field.name).collect();
        names.sort_unstable();
        fields.sort_unstable();
        assert_eq!(names, fields, "{}", resource.table);
        for (name, nullable, default) in &columns {
            let field = resource.field(name).unwrap();
            assert_eq!(*nullable, field.nullable, "{}.{name}", resource.table);
            let needs_default = !field.nullable && !field.required && field.given;
            assert!(
                !needs_default || *default,
                "{}.{name} has no default",
                resource.table
            );
        }
        for path in resource.paths {
            let (Path::Owner(column)
            | Path::Team(column)
            | Path::Author(column)
            | Path::Unowned(column)
            | Path::About(column)
            | Path::Announced(column, _)
            | Path::Through(column, _)) = path
            else {
                continue;
            };
            assert!(
                resource.field(column).is_some(),
                "{}.{column}",
                resource.table
            );
        }
    }
}

async fn opening_again_changes_nothing(home: Home) {
    let home = home.initialised().await;
    let again = home.reopen().await.unwrap();
    home.settle().await;
    let changes = again.changes_since(Position::default(), 1).await.unwrap();
    assert_eq!(changes.changes[0].entity, "role");
}

async fn many_may_open_at_once(home: Home) {
    let other = home.another().await;
    let place = other.place.clone();
    let opened = (0..4).map(|_| {
        let (place, clock) = (place.clone(), other.clock.clone());
        tokio::spawn(async move {
            millrace_operations::Store::open(&place, clock, &Company::default()).await
        })
    });
    for store in opened.collect::<Vec<_>>() {
        store.await.unwrap().unwrap().close().await.unwrap();
    }
}

async fn an_edited_migration_is_refused(home: Home) {
    let url = match &home.place {
        millrace_operations::Place::File(path) => format!("sqlite://{}", path.display()),
        millrace_operations::Place::Url(url) => url.clone(),
    };
    let raw = Database::connect(url).await.unwrap();
    for (sql, edited) in [
        (
            "UPDATE migrations SET checksum = 'other' WHERE name = '0001_records'",
            true,
        ),
        (
            "UPDATE migrations SET name = '9999_later' WHERE name = '0001_records'",
            false,
        ),
    ] {
        raw.execute_unprepared(sql).await.unwrap();
        let error = home.reopen().await.unwrap_err();
        match error {
            OperationsError::MigrationChanged { name } => {
                assert!(edited);
                assert_eq!(name, "0001_records");
            }
            OperationsError::MigrationUnknown { name } => {
                assert!(!edited);
                assert_eq!(name, "9999_later");
            }
            other => panic!("{other}"),
        }
    }
}

async fn readers_cannot_write(home: Home) {
    let delete = home
        .store
        .reader()
        .execute_unprepared("DELETE FROM users")
        .await;
    let error = delete.unwrap_err().to_string();
    assert!(
        error.contains("read-only") || error.contains("readonly"),
        "{error}"
    );
}
