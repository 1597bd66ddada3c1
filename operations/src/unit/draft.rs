//! Typed records to and from rows.

use sea_orm::strum::IntoEnumIterator;
use sea_orm::{ActiveModelTrait, ActiveValue, EntityTrait, IdenStatic, JsonValue, Value};

use crate::error::{OperationsError, Result};
use crate::record::{Draft, EntityOf, Record};
use crate::row::{Row, Values, integer, to_sql, truncate};

/// The fields that a draft sets.
pub(super) fn values<R: Record>(draft: &Draft<R>) -> Values {
    let mut values = Values::new();
    for column in <EntityOf<R> as EntityTrait>::Column::iter() {
        let ActiveValue::Set(value) = draft.get(column) else {
            continue;
        };
        if let Some(field) = R::RESOURCE.field(column.as_str()) {
            values.push((field, precise(value)));
        }
    }
    values
}

/// The draft, if its texts and numbers are as the resource wants them: for what clients give. The
/// bounds are in the database too, which says no more than that one was passed.
///
/// # Errors
///
/// [`OperationsError::Invalid`] with all faults.
pub(super) fn checked<R: Record>(draft: Draft<R>) -> Result<Draft<R>> {
    let mut fields = Vec::new();
    for (field, value) in values::<R>(&draft) {
        let plain = match value {
            Value::String(text) => JsonValue::from(text),
            Value::BigInt(number) => JsonValue::from(number),
            Value::ChronoDate(day) => day.map(|day| day.to_string()).into(),
            Value::ChronoDateTimeUtc(at) => at.map(|at| at.to_rfc3339()).into(),
            _ => continue,
        };
        if let Err(fault) = to_sql(field, &plain) {
            fields.push(fault);
        }
    }
    if fields.is_empty() {
        return Ok(draft);
    }
    Err(OperationsError::Invalid { fields })
}

/// The record that a row holds.
pub(super) fn record<R: Record>(row: Row) -> Result<R> {
    let id = integer(&row, "id").unwrap_or_default();
    serde_json::from_value(JsonValue::Object(row)).map_err(|error| OperationsError::Damaged {
        entity: R::RESOURCE.name,
        id,
        detail: error.to_string(),
    })
}

fn precise(value: Value) -> Value {
    match value {
        Value::ChronoDateTimeUtc(Some(at)) => truncate(at).into(),
        other => other,
    }
}
