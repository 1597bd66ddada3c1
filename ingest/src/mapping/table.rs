//! A source that is a table of a database.

use std::fmt;

use chrono::TimeDelta;
use millrace_models::entity::Entity;
use toml::Value;

use super::parse::{Section, plain};
use super::{FieldMapping, Origin, Reads, Source};
use crate::error::IngestError;

const DELETED_KEYS: &[&str] = &["column", "value"];

/// A table of a database.
#[derive(Clone)]
pub struct TableSource {
    /// The URL of the database, or `env:NAME` for one that the environment holds. It may have a
    /// password in it, and is not for showing.
    pub database: String,
    /// The table or view, with its schema where it is not in the usual one.
    pub table: String,
    /// The column that grows whenever a row is written: a time or a whole number.
    pub cursor: String,
    /// How far behind what was read it is read again.
    pub overlap: Option<Overlap>,
    /// Which rows are no more.
    pub deleted: Option<DeletedWhen>,
    /// Whether rows that are not in the table any more are deletions.
    pub deletes_vanished: bool,
}

impl fmt::Debug for TableSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TableSource")
            .field("table", &self.table)
            .field("cursor", &self.cursor)
            .field("overlap", &self.overlap)
            .field("deleted", &self.deleted)
            .field("deletes_vanished", &self.deletes_vanished)
            .finish_non_exhaustive()
    }
}

/// How far behind what was read a table is read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlap {
    /// By time, where the cursor is one.
    Time(TimeDelta),
    /// By count, where the cursor is a number.
    Count(i64),
}

/// Which rows of a table are no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletedWhen {
    /// The column that says so.
    pub column: String,
    /// The value that says so; without one: yes, a number other than 0, any time.
    pub value: Option<String>,
}

pub(super) fn table(
    section: &Section<'_>,
    entity: Entity,
    fields: &[FieldMapping],
) -> Result<TableSource, IngestError> {
    let database = section.needed_text(
        "database",
        "the URL of a database such as \"postgres://…\" or \"mysql://…\", or \"env:NAME\"",
    )?;
    let table = section.needed_text("table", "the name of a table of the database")?;
    if table.split('.').count() > 2 || table.split('.').any(str::is_empty) {
        return Err(section.setting("table", table, "a table, or schema.table"));
    }
    let cursor = section.needed_text(
        "cursor",
        "the column that grows whenever a row is written, such as \"updated_at\"",
    )?;
    let deleted = deleted(section)?;
    let deletes_vanished = match section.text("vanished")? {
        None | Some("keep") => false,
        Some("delete") => true,
        Some(other) => return Err(section.setting("vanished", other, "\"keep\" or \"delete\"")),
    };
    let mapped = |name: &str| {
        let mut fields = fields.iter();
        let found = fields.find(|mapping| mapping.field.name == name);
        found.is_some_and(|mapping| matches!(mapping.origin, Origin::Column(_)))
    };
    if !mapped("id") && entity.has_id() && !(entity.is_named() && mapped("name")) {
        let expected = "a column: a row of a table is known again by its id";
        return Err(section.setting("columns.id", "", expected));
    }
    if !entity.has_id() && deletes_vanished {
        let expected = format!(
            "\"keep\": a {} has no id by which one that is gone could be found",
            entity.name()
        );
        return Err(section.setting("vanished", "delete", &expected));
    }
    Ok(TableSource {
        database: database.trim().to_owned(),
        table: table.trim().to_owned(),
        cursor: cursor.trim().to_owned(),
        overlap: overlap(section)?,
        deleted,
        deletes_vanished,
    })
}

/// Whether both would say the same of the same rows.
pub(super) fn is_same(left: &Source, right: &Source) -> bool {
    match (&left.reads, &right.reads) {
        (Reads::Table(own), Reads::Table(other)) => {
            left.entity == right.entity
                && own.database == other.database
                && own.table == other.table
        }
        _ => false,
    }
}

fn deleted(section: &Section<'_>) -> Result<Option<DeletedWhen>, IngestError> {
    const SHAPES: &str = "a column, or { column = \"…\", value = \"…\" }";
    match section.table.get("deleted") {
        None => Ok(None),
        Some(Value::String(column)) if !column.trim().is_empty() => Ok(Some(DeletedWhen {
            column: column.trim().to_owned(),
            value: None,
        })),
        Some(Value::Table(table)) => {
            let shape = section.child("deleted", table);
            shape.check_keys("key", DELETED_KEYS)?;
            let value = table.get("value").and_then(plain);
            let Some(value) = value else {
                return Err(shape.setting("value", "", "the value of a row that is no more"));
            };
            let column = shape.needed_text("column", "the column that says so")?;
            Ok(Some(DeletedWhen {
                column: column.trim().to_owned(),
                value: Some(value.trim().to_owned()),
            }))
        }
        Some(value) => Err(section.setting("deleted", &value.to_string(), SHAPES)),
    }
}

/// `"10m"` or a count.
fn overlap(section: &Section<'_>) -> Result<Option<Overlap>, IngestError> {
    const EXPECTED: &str =
        "a length of time such as \"10m\", \"2h\" or \"1d\" for a time, or a count for a number";
    match section.table.get("overlap") {
        None => Ok(None),
        Some(Value::Integer(count)) if *count >= 0 => Ok(Some(Overlap::Count(*count))),
        Some(Value::String(text)) => match length(text.trim()) {
            Some(length) => Ok(Some(Overlap::Time(length))),
            None => Err(section.setting("overlap", text, EXPECTED)),
        },
        Some(value) => Err(section.setting("overlap", &value.to_string(), EXPECTED)),
    }
}

/// Up to a year.
fn length(text: &str) -> Option<TimeDelta> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    let seconds = digits.trim().parse::<u32>().ok()?;
    let length = TimeDelta::try_seconds(i64::from(seconds) * unit)?;
    (length <= TimeDelta::days(366)).then_some(length)
}
