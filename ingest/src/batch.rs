//! Values to Arrow columns in the order of the raw tables.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, BooleanArray, BooleanBuilder, Date32Builder, Decimal128Builder,
    Float64Builder, Int64Array, Int64Builder, RecordBatch, StringArray, StringBuilder,
    TimestampMicrosecondArray, TimestampMicrosecondBuilder, UInt32Array, new_null_array,
};
use arrow::compute::{filter, take};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::error::ArrowError;
use chrono::{DateTime, Utc};
use millrace_models::entity::{Entity, FieldKind};

use crate::convert::Value;

/// Columns that stand before the fields in every raw table.
pub(crate) const LEADING: usize = 6;

/// Columns that stand behind them: who made the record so, and why.
pub(crate) const ACTOR: &str = "_actor";
/// See [`ACTOR`].
pub(crate) const REASON: &str = "_reason";

/// Rows of one entity: the columns behind the leading ones, in the order of the raw schema.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub(crate) entity: Entity,
    pub(crate) columns: Vec<ArrayRef>,
    pub(crate) rows: usize,
    /// Which of them take a record back; none where all bring one.
    pub(crate) deleted: Option<BooleanArray>,
}

impl Block {
    /// Only the rows that the mask keeps.
    pub(crate) fn filtered(&self, mask: &BooleanArray) -> Result<Block, ArrowError> {
        let columns = self
            .columns
            .iter()
            .map(|column| filter(column, mask))
            .collect::<Result<Vec<_>, _>>()?;
        let deleted = match &self.deleted {
            Some(deleted) => Some(filter(deleted, mask)?.as_boolean().clone()),
            None => None,
        };
        Ok(Block {
            entity: self.entity,
            columns,
            rows: mask.true_count(),
            deleted,
        })
    }

    /// These rows, in that order; true for those that take a record back.
    pub(crate) fn taken(&self, rows: &[(u32, bool)]) -> Result<Block, ArrowError> {
        let places = UInt32Array::from_iter_values(rows.iter().map(|(row, _)| *row));
        let columns = self
            .columns
            .iter()
            .map(|column| take(column, &places, None))
            .collect::<Result<Vec<_>, _>>()?;
        let deleted: Vec<bool> = rows.iter().map(|(_, deleted)| *deleted).collect();
        Ok(Block {
            entity: self.entity,
            columns,
            rows: rows.len(),
            deleted: Some(deleted.into()),
        })
    }

    /// Whether a row takes a record back.
    pub(crate) fn is_deleted(&self, row: usize) -> bool {
        self.deleted
            .as_ref()
            .is_some_and(|deleted| deleted.value(row))
    }

    /// The position of a field's column.
    pub(crate) fn position(schema: &SchemaRef, name: &str) -> Option<usize> {
        schema
            .index_of(name)
            .ok()
            .and_then(|index| index.checked_sub(LEADING))
    }
}

/// Where rows come from and when.
#[derive(Debug, Clone)]
pub(crate) struct Stamp {
    pub(crate) system: String,
    pub(crate) file: String,
    pub(crate) ingested_at: DateTime<Utc>,
    /// `_op` of the rows that take nothing back: `upsert`, or `update` where a null is one.
    pub(crate) op: &'static str,
}

/// The block as a batch of its raw table, its rows numbered from `seq`.
pub(crate) fn assemble(block: Block, stamp: &Stamp, seq: i64) -> Result<RecordBatch, ArrowError> {
    let schema = block.entity.raw_schema();
    let rows = block.rows;
    let same = |text: &str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(std::iter::repeat_n(
            text, rows,
        )))
    };
    let timestamp = schema.field(5).data_type();
    let ingested_at =
        TimestampMicrosecondArray::from_value(stamp.ingested_at.timestamp_micros(), rows)
            .with_timezone("UTC");
    let end = seq + i64::try_from(rows).unwrap_or(i64::MAX);
    let op = |row| {
        if block.is_deleted(row) {
            "delete"
        } else {
            stamp.op
        }
    };
    let ops = StringArray::from_iter_values((0..rows).map(op));
    let mut columns: Vec<ArrayRef> = vec![
        same(&stamp.system),
        same(&stamp.file),
        Arc::new(Int64Array::from_iter_values(seq..end)),
        Arc::new(ops),
        new_null_array(timestamp, rows),
        Arc::new(ingested_at),
    ];
    columns.extend(block.columns);
    // a file does not say who changed what and why
    columns.extend([ACTOR, REASON].map(|_| new_null_array(&DataType::Utf8, rows)));
    RecordBatch::try_new(schema, columns)
}

/// Builds the column of one field.
pub(crate) enum Builder {
    Text(StringBuilder),
    Time(TimestampMicrosecondBuilder, BooleanBuilder),
    Date(Date32Builder),
    Amount(Decimal128Builder),
    Number(Float64Builder),
    Integer(Int64Builder),
    Flag(BooleanBuilder),
}

impl Builder {
    pub(crate) fn new(kind: FieldKind) -> Builder {
        match kind {
            FieldKind::Id | FieldKind::Text | FieldKind::Reference(_) | FieldKind::Choice(_) => {
                Builder::Text(StringBuilder::new())
            }
            FieldKind::Time => Builder::Time(
                TimestampMicrosecondBuilder::new()
                    .with_data_type(millrace_models::entity::timestamp()),
                BooleanBuilder::new(),
            ),
            FieldKind::Date => Builder::Date(Date32Builder::new()),
            FieldKind::Amount => Builder::Amount(
                Decimal128Builder::new().with_data_type(millrace_models::entity::money()),
            ),
            FieldKind::Number => Builder::Number(Float64Builder::new()),
            FieldKind::Integer => Builder::Integer(Int64Builder::new()),
            FieldKind::Flag => Builder::Flag(BooleanBuilder::new()),
        }
    }

    /// Appends a value of the builder's kind; anything else is null.
    pub(crate) fn append(&mut self, value: &Value<'_>) {
        match (self, value) {
            (Builder::Text(builder), Value::Text(text)) => builder.append_value(text),
            (Builder::Text(builder), _) => builder.append_null(),
            (Builder::Time(times, days), Value::Time(micros, is_date)) => {
                times.append_value(*micros);
                days.append_value(*is_date);
            }
            (Builder::Time(times, days), _) => {
                times.append_null();
                days.append_null();
            }
            (Builder::Date(builder), Value::Date(days)) => builder.append_value(*days),
            (Builder::Date(builder), _) => builder.append_null(),
            (Builder::Amount(builder), Value::Amount(hundredths)) => {
                builder.append_value(*hundredths);
            }
            (Builder::Amount(builder), _) => builder.append_null(),
            (Builder::Number(builder), Value::Number(number)) => builder.append_value(*number),
            (Builder::Number(builder), _) => builder.append_null(),
            (Builder::Integer(builder), Value::Integer(number)) => builder.append_value(*number),
            (Builder::Integer(builder), _) => builder.append_null(),
            (Builder::Flag(builder), Value::Flag(flag)) => builder.append_value(*flag),
            (Builder::Flag(builder), _) => builder.append_null(),
        }
    }

    /// The column, with its companion for times, and an empty builder again.
    pub(crate) fn finish(&mut self) -> (ArrayRef, Option<ArrayRef>) {
        match self {
            Builder::Text(builder) => (Arc::new(builder.finish()), None),
            Builder::Time(times, days) => (Arc::new(times.finish()), Some(Arc::new(days.finish()))),
            Builder::Date(builder) => (Arc::new(builder.finish()), None),
            Builder::Amount(builder) => (Arc::new(builder.finish()), None),
            Builder::Number(builder) => (Arc::new(builder.finish()), None),
            Builder::Integer(builder) => (Arc::new(builder.finish()), None),
            Builder::Flag(builder) => (Arc::new(builder.finish()), None),
        }
    }
}

/// Puts columns of fields, in the order of the entity, and attributes together; fields without a
/// column are null.
pub(crate) fn block(
    entity: Entity,
    mut fields: Vec<(&'static str, ArrayRef, Option<ArrayRef>)>,
    attributes: Option<ArrayRef>,
    rows: usize,
) -> Block {
    let mut columns = Vec::new();
    for field in entity.fields() {
        let found = fields.iter().position(|(name, ..)| *name == field.name);
        let (column, companion) = match found {
            Some(index) => {
                let (_, column, companion) = fields.swap_remove(index);
                (column, companion)
            }
            None => (new_null_array(&field.kind.data_type(), rows), None),
        };
        columns.push(column);
        if field.kind == FieldKind::Time {
            columns.push(companion.unwrap_or_else(|| new_null_array(&DataType::Boolean, rows)));
        }
    }
    columns.push(attributes.unwrap_or_else(|| new_null_array(&DataType::Utf8, rows)));
    Block {
        entity,
        columns,
        rows,
        deleted: None,
    }
}
