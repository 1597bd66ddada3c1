//! A record as JSON, to and from the columns of its table.
//!
//! A [`Row`] is what the change log keeps, what the HTTP layer sends, and what a typed record is
//! read from. The same value has the same text on both databases: times are UTC to the microsecond.

use chrono::{DateTime, Datelike as _, NaiveDate, SubsecRound, Utc};
use sea_orm::sea_query::{Alias, Expr, Query, ReturningClause, SelectStatement};
use sea_orm::{JsonValue, QueryResult, Value};

use crate::error::{FieldError, OperationsError, Result};
use crate::resource::{Field, Kind, Resource};

/// A record as a JSON object; a field that is hidden from its reader is absent.
pub type Row = serde_json::Map<String, JsonValue>;

/// Values of fields, to be written.
pub type Values = Vec<(&'static Field, Value)>;

/// Years of four digits, so that the order of texts is that of time.
pub(crate) const YEARS: std::ops::RangeInclusive<i32> = 1..=9_999;

/// Rounds down to the microsecond, the precision of both databases.
pub fn truncate(at: DateTime<Utc>) -> DateTime<Utc> {
    at.trunc_subsecs(6)
}

/// A select of all fields of the resource, in their order.
pub(crate) fn select(resource: &'static Resource) -> SelectStatement {
    let mut select = Query::select();
    select.from(Alias::new(resource.table));
    for field in resource.fields {
        select.expr(Expr::col((
            Alias::new(resource.table),
            Alias::new(field.name),
        )));
    }
    select
}

/// All fields of the resource, returned in their order.
pub(crate) fn returning(resource: &'static Resource) -> ReturningClause {
    Query::returning().columns(resource.fields.iter().map(|field| Alias::new(field.name)))
}

/// Reads a row whose columns are the fields of the resource, in their order.
pub(crate) fn read(resource: &'static Resource, result: &QueryResult) -> Result<Row> {
    let mut row = Row::with_capacity(resource.fields.len());
    for (index, field) in resource.fields.iter().enumerate() {
        let value =
            read_value(result, index, field.kind).map_err(|error| OperationsError::Damaged {
                entity: resource.name,
                id: row
                    .get("id")
                    .and_then(JsonValue::as_i64)
                    .unwrap_or_default(),
                detail: format!("{}: {error}", field.name),
            })?;
        row.insert(field.name.to_owned(), value);
    }
    Ok(row)
}

fn read_value(result: &QueryResult, index: usize, kind: Kind) -> Result<JsonValue, sea_orm::DbErr> {
    fn json<T: serde::Serialize>(value: Option<T>) -> JsonValue {
        serde_json::to_value(value).unwrap_or_default()
    }
    Ok(match kind {
        Kind::Text | Kind::Choice(_) => json(result.try_get_by_index::<Option<String>>(index)?),
        Kind::Flag => json(result.try_get_by_index::<Option<bool>>(index)?),
        Kind::Time => json(result.try_get_by_index::<Option<DateTime<Utc>>>(index)?),
        Kind::Date => json(result.try_get_by_index::<Option<NaiveDate>>(index)?),
        Kind::Json => result
            .try_get_by_index::<Option<JsonValue>>(index)?
            .unwrap_or_default(),
        _ => json(result.try_get_by_index::<Option<i64>>(index)?),
    })
}

/// The value of a field as the database takes it.
///
/// # Errors
///
/// When the value is not of the field's kind, out of its bounds, too long, or no word of its list.
pub fn to_sql(field: &'static Field, value: &JsonValue) -> Result<Value, FieldError> {
    let wrong = |message: String| FieldError {
        field: field.name.to_owned(),
        message,
    };
    if value.is_null() {
        return if field.nullable {
            Ok(null(field.kind))
        } else {
            Err(wrong("must not be empty".to_owned()))
        };
    }
    let text = |expected: &str| {
        value
            .as_str()
            .ok_or_else(|| wrong(format!("must be {expected}")))
    };
    match field.kind {
        Kind::Text => {
            let text = text("a text")?;
            if field.required && text.trim().is_empty() {
                return Err(wrong("must not be empty".to_owned()));
            }
            if text.chars().count() > field.max_length {
                return Err(wrong(format!(
                    "must have at most {} characters",
                    field.max_length
                )));
            }
            if text.contains('\0') {
                return Err(wrong("must not hold the character U+0000".to_owned()));
            }
            Ok(Value::from(text))
        }
        Kind::Choice(words) => {
            let text = text("a word")?;
            if words.contains(&text) {
                Ok(Value::from(text))
            } else {
                Err(wrong(format!("must be one of {}", words.join(", "))))
            }
        }
        Kind::Flag => value
            .as_bool()
            .map(Value::from)
            .ok_or_else(|| wrong("must be true or false".to_owned())),
        Kind::Time => text("a time")?
            .parse::<DateTime<Utc>>()
            .ok()
            .filter(|at| YEARS.contains(&at.year()))
            .map(|at| Value::from(truncate(at)))
            .ok_or_else(|| wrong("must be a time such as 2026-11-01T09:30:00+08:00".to_owned())),
        Kind::Date => text("a date")?
            .parse::<NaiveDate>()
            .ok()
            .filter(|day| YEARS.contains(&day.year()))
            .map(Value::from)
            .ok_or_else(|| wrong("must be a date such as 2026-11-01".to_owned())),
        Kind::Json => Ok(Value::from(value.clone())),
        _ => {
            let number = value
                .as_i64()
                .ok_or_else(|| wrong("must be a whole number".to_owned()))?;
            let (least, greatest) = field.bounds();
            if number < least {
                return Err(wrong(format!("must be at least {least}")));
            }
            if number > greatest {
                return Err(wrong(format!("must be at most {greatest}")));
            }
            Ok(Value::from(number))
        }
    }
}

/// The value of a field as the change log has it: what was written once is written again, also where
/// clients may not give it any more.
///
/// # Errors
///
/// When the value is not of the field's kind.
pub(crate) fn logged_to_sql(field: &'static Field, value: &JsonValue) -> Result<Value, FieldError> {
    match value.as_i64() {
        Some(number) if field.kind.is_integer() => Ok(Value::from(number)),
        _ => to_sql(field, value),
    }
}

/// The null of a kind.
pub(crate) fn null(kind: Kind) -> Value {
    match kind {
        Kind::Text | Kind::Choice(_) => Value::String(None),
        Kind::Flag => Value::Bool(None),
        Kind::Time => Value::ChronoDateTimeUtc(None),
        Kind::Date => Value::ChronoDate(None),
        Kind::Json => Value::Json(None),
        _ => Value::BigInt(None),
    }
}

/// The row without what the change log must not keep.
pub(crate) fn logged(resource: &'static Resource, row: &Row) -> Row {
    let kept = resource.logged_fields().filter_map(|field| {
        let value = row.get(field.name)?;
        Some((field.name.to_owned(), value.clone()))
    });
    kept.collect()
}

/// The whole number in a field of a row, if it holds one.
pub(crate) fn integer(row: &Row, field: &str) -> Option<i64> {
    row.get(field).and_then(JsonValue::as_i64)
}

/// A record as a row, with all its fields.
pub fn of<R: crate::record::Record>(record: &R) -> Row {
    match serde_json::to_value(record) {
        Ok(JsonValue::Object(row)) => row,
        _ => Row::new(),
    }
}
