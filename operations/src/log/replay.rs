//! The change log played again: from an empty store to the same tables.

use sea_orm::sea_query::{Alias, Expr, OnConflict, Query};
use sea_orm::{ConnectionTrait, DbBackend, JsonValue, Statement};

use super::{Change, Position};
use crate::entity;
use crate::error::{OperationsError, Result};
use crate::resource::{Kind, Resource};
use crate::row;
use crate::store::Store;
use crate::unit::{Actor, Unit};

/// How many entries are read and applied together.
const CHUNK: u64 = 500;

/// Plays the change log of one store into another, empty one. What the log does not keep (what a
/// private note says, passwords, sessions, tokens, leases) is not there afterwards. Gives the number
/// of entries played.
///
/// # Errors
///
/// Those of the databases, and an entry of a resource that this program does not know.
pub async fn replay(from: &Store, to: &Store) -> Result<u64> {
    let mut position = Position::default();
    let mut played = 0;
    loop {
        let changes = from.changes_since(position, CHUNK).await?;
        if changes.changes.is_empty() {
            break;
        }
        played += changes.changes.len() as u64;
        position = changes.next;
        let changes = &changes.changes;
        to.write(&Actor::system("replay"), async |unit| {
            for change in changes {
                apply(&unit, change).await?;
            }
            Ok(())
        })
        .await?;
    }
    to.write(&Actor::system("replay"), async |unit| catch_up(&unit).await)
        .await?;
    Ok(played)
}

async fn apply(unit: &Unit, change: &Change) -> Result<()> {
    let damaged = |detail: String| OperationsError::Damaged {
        entity: "change_log",
        id: change.seq,
        detail,
    };
    let resource = entity::resource(&change.entity)
        .ok_or_else(|| damaged(format!("there is no resource {:?}", change.entity)))?;
    let JsonValue::Object(after) = &change.after else {
        return Err(damaged("`after` is no object".to_owned()));
    };
    let mut columns = Vec::new();
    let mut cells: Vec<Expr> = Vec::new();
    for field in resource.logged_fields() {
        let value = after.get(field.name).unwrap_or(&JsonValue::Null);
        let cell = if value.is_null() {
            row::null(field.kind)
        } else {
            row::logged_to_sql(field, value)
                .map_err(|error| damaged(format!("{}: {}", error.field, error.message)))?
        };
        columns.push(field.name);
        cells.push(cell.into());
    }
    let others = columns.iter().filter(|column| **column != "id");
    let upsert = Query::insert()
        .into_table(Alias::new(resource.table))
        .columns(columns.iter().copied())
        .values_panic(cells)
        .on_conflict(
            OnConflict::column("id")
                .update_columns(others.copied())
                .to_owned(),
        )
        .to_owned();
    unit.run(&upsert).await?;
    let before = change.before.as_ref().and_then(JsonValue::as_object);
    unit.index(resource, before, after).await
}

/// New ids and numbers go on behind those that were played.
async fn catch_up(unit: &Unit) -> Result<()> {
    for resource in entity::RESOURCES {
        if unit.get_database_backend() == DbBackend::Postgres {
            let text = format!(
                "SELECT setval(pg_get_serial_sequence('{0}', 'id'), GREATEST(MAX(id), 1)) FROM {0}",
                resource.table
            );
            unit.query_one_raw(Statement::from_string(DbBackend::Postgres, text))
                .await?;
        }
        if resource.prefix.is_some() {
            count_on(unit, resource).await?;
        }
    }
    Ok(())
}

/// Sets the counters of a resource to the highest of its numbers in each year.
async fn count_on(unit: &Unit, resource: &'static Resource) -> Result<()> {
    let Some(field) = resource
        .field("number")
        .filter(|field| field.kind == Kind::Text)
    else {
        return Ok(());
    };
    let select = Query::select()
        .column(field.name)
        .from(Alias::new(resource.table))
        .to_owned();
    let mut last = std::collections::BTreeMap::new();
    for row in unit.query_all(&select).await? {
        let number: String = row.try_get_by_index(0)?;
        let mut parts = number.splitn(3, '-');
        if let (Some(prefix), Some(Ok(year)), Some(Ok(count))) = (
            parts.next(),
            parts.next().map(str::parse::<i64>),
            parts.next().map(str::parse::<i64>),
        ) {
            let highest = last.entry((prefix.to_owned(), year)).or_insert(count);
            *highest = count.max(*highest);
        }
    }
    for ((prefix, year), count) in last {
        let upsert = Query::insert()
            .into_table("counters")
            .columns(["prefix", "year", "last"])
            .values_panic([prefix.into(), year.into(), count.into()])
            .on_conflict(
                OnConflict::columns(["prefix", "year"])
                    .update_column("last")
                    .to_owned(),
            )
            .to_owned();
        unit.run(&upsert).await?;
    }
    Ok(())
}
