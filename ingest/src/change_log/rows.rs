//! Records to rows of the raw tables.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use chrono::{DateTime, NaiveDate, Utc};
use millrace_models::entity::Entity;
use millrace_models::identity::{SYSTEM, lake_id};
use millrace_operations::log::Change;
use millrace_operations::row::Row;

use crate::batch::{Builder, block};
use crate::convert::Value;
use crate::error::IngestError;

/// `_file` of the rows of the change log.
const FILE: &str = "change_log";

/// A row of a raw table.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RawRow {
    pub(super) op: &'static str,
    pub(super) changed_at: Option<DateTime<Utc>>,
    /// Values by field; a field without one is null.
    pub(super) values: Vec<(&'static str, Value<'static>)>,
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) author: Author,
}

/// Who made a record so, and why.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Author {
    actor: Option<String>,
    reason: Option<String>,
}

impl Author {
    pub(super) fn of(change: &Change) -> Self {
        let user = change.actor_id.map(|id| lake_id("user", id, None));
        Self {
            actor: Some(user.unwrap_or_else(|| change.actor.clone())),
            reason: change.reason.clone(),
        }
    }
}

impl RawRow {
    pub(super) fn new(op: &'static str, changed_at: Option<DateTime<Utc>>) -> Self {
        Self {
            op,
            changed_at,
            values: Vec::new(),
            attributes: BTreeMap::new(),
            author: Author::default(),
        }
    }

    /// With who made it so.
    pub(super) fn by(self, author: Author) -> Self {
        Self { author, ..self }
    }

    /// With that value, unless it is null.
    pub(super) fn with(mut self, field: &'static str, value: Value<'static>) -> Self {
        if value != Value::Null {
            self.values.push((field, value));
        }
        self
    }

    fn value(&self, field: &str) -> &Value<'static> {
        self.values
            .iter()
            .find(|(name, _)| *name == field)
            .map_or(&Value::Null, |(_, value)| value)
    }
}

/// The rows as a batch of the raw table, numbered from `seq`.
pub(super) fn to_batch(
    entity: Entity,
    rows: &[RawRow],
    ingested_at: DateTime<Utc>,
    seq: i64,
) -> Result<RecordBatch, IngestError> {
    let fields = entity.fields().iter().map(|field| {
        let mut builder = Builder::new(field.kind);
        for row in rows {
            builder.append(row.value(field.name));
        }
        let (column, is_date) = builder.finish();
        (field.name, column, is_date)
    });
    let attributes: StringArray = rows
        .iter()
        .map(|row| {
            serde_json::to_string(&row.attributes)
                .ok()
                .filter(|_| !row.attributes.is_empty())
        })
        .collect();
    let block = block(
        entity,
        fields.collect(),
        Some(Arc::new(attributes)),
        rows.len(),
    );
    let same = |text: &str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(std::iter::repeat_n(
            text,
            rows.len(),
        )))
    };
    let time =
        |times: TimestampMicrosecondArray| -> ArrayRef { Arc::new(times.with_timezone("UTC")) };
    let changed = rows
        .iter()
        .map(|row| row.changed_at.map(|at| at.timestamp_micros()));
    let end = seq + i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let mut columns: Vec<ArrayRef> = vec![
        same(SYSTEM),
        same(FILE),
        Arc::new(Int64Array::from_iter_values(seq..end)),
        Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.op))),
        time(changed.collect()),
        time(TimestampMicrosecondArray::from_value(
            ingested_at.timestamp_micros(),
            rows.len(),
        )),
    ];
    columns.extend(block.columns);
    let authors = [
        |row: &RawRow| row.author.actor.clone(),
        |row: &RawRow| row.author.reason.clone(),
    ];
    columns.extend(
        authors.map(|of| -> ArrayRef { Arc::new(rows.iter().map(of).collect::<StringArray>()) }),
    );
    Ok(RecordBatch::try_new(entity.raw_schema(), columns)?)
}

/// Reads the fields of a record as the change log has it.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a>(pub(super) &'a Row);

impl Reading<'_> {
    pub(super) fn integer(self, field: &str) -> Option<i64> {
        self.0.get(field)?.as_i64()
    }

    pub(super) fn moment(self, field: &str) -> Option<DateTime<Utc>> {
        self.0.get(field)?.as_str()?.parse().ok()
    }

    pub(super) fn str(&self, field: &str) -> Option<&str> {
        self.0.get(field)?.as_str()
    }

    pub(super) fn text(self, field: &str) -> Value<'static> {
        text(self.0.get(field).and_then(|value| value.as_str()))
    }

    pub(super) fn time(self, field: &str) -> Value<'static> {
        time(self.moment(field))
    }

    pub(super) fn date(self, field: &str) -> Value<'static> {
        let day = self.0.get(field).and_then(|value| value.as_str());
        day.and_then(|day| day.parse::<NaiveDate>().ok())
            .and_then(|day| i32::try_from((day - NaiveDate::default()).num_days()).ok())
            .map_or(Value::Null, Value::Date)
    }

    /// Fen: hundredths of a unit of the company's currency, as in the lake.
    pub(super) fn amount(self, field: &str) -> Value<'static> {
        amount(self.integer(field))
    }

    /// Millionths of a unit of the currency.
    pub(super) fn unit_price(self, field: &str) -> Value<'static> {
        let rounded = |millionths: i64| (i128::from(millionths) + 5_000).div_euclid(10_000);
        self.integer(field)
            .map_or(Value::Null, |price| Value::Amount(rounded(price)))
    }

    /// Basis points as a share.
    pub(super) fn share(self, field: &str) -> Value<'static> {
        self.integer(field).map_or(Value::Null, |points| {
            Value::Number(points as f64 / 10_000.0)
        })
    }

    pub(super) fn whole(self, field: &str) -> Value<'static> {
        self.integer(field).map_or(Value::Null, Value::Integer)
    }

    pub(super) fn number(self, field: &str) -> Value<'static> {
        self.integer(field)
            .map_or(Value::Null, |number| Value::Number(number as f64))
    }

    pub(super) fn flag(self, field: &str) -> Value<'static> {
        let flag = self.0.get(field).and_then(serde_json::Value::as_bool);
        flag.map_or(Value::Null, Value::Flag)
    }
}

pub(super) fn text(text: Option<&str>) -> Value<'static> {
    text.map_or(Value::Null, |text| Value::Text(text.to_owned().into()))
}

pub(super) fn time(at: Option<DateTime<Utc>>) -> Value<'static> {
    at.map_or(Value::Null, |at| Value::Time(at.timestamp_micros(), false))
}

pub(super) fn amount(fen: Option<i64>) -> Value<'static> {
    fen.map_or(Value::Null, |fen| Value::Amount(i128::from(fen)))
}
