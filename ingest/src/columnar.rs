//! Parquet by columns: most columns only change their type, or not even that.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringBuilder, TimestampMicrosecondArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, TimeUnit, TimestampMicrosecondType};
use arrow::temporal_conversions::{date32_to_datetime, timestamp_us_to_datetime};
use millrace_models::entity::{Entity, FieldKind};

use crate::batch::{Block, Builder, block};
use crate::convert::{AttributePlan, FieldPlan, Place, Value, attributes};
use crate::reader::{ArrayRow, Row, readable};
use crate::value::{is_placeholder, trim};

/// A cell that does not hold what it should.
pub(crate) struct Bad {
    /// Its row within the batch.
    pub(crate) row: usize,
    /// Its position within the batch; `None` for what the row as a whole lacks.
    pub(crate) column: Option<usize>,
    pub(crate) field: &'static str,
    pub(crate) expected: String,
}

/// The rows of a batch, and the cells that do not hold what they should, by row: their values are
/// null.
pub(crate) fn convert(
    entity: Entity,
    fields: &[FieldPlan],
    extra: &[AttributePlan],
    batch: &RecordBatch,
) -> (Block, Vec<Bad>, Vec<ArrayRef>) {
    let columns: Vec<ArrayRef> = batch.columns().iter().map(readable).collect();
    let rows = batch.num_rows();
    let mut bad = Vec::new();
    let mut built = Vec::with_capacity(fields.len());
    for plan in fields {
        let first_bad = bad.len();
        let (column, companion) = field(plan, &columns, rows, &mut bad);
        if plan.field.required && column.null_count() > 0 {
            // Cells that are bad are null too, and named already, in the order of the rows.
            let named: Vec<usize> = bad[first_bad..].iter().map(|bad| bad.row).collect();
            for row in (0..rows).filter(|row| column.is_null(*row)) {
                if named.binary_search(&row).is_err() {
                    bad.push(Bad {
                        row,
                        column: position(plan),
                        field: plan.field.name,
                        expected: plan.expected(),
                    });
                }
            }
        }
        built.push((plan.field.name, column, companion));
    }
    if entity.is_named() {
        let known = |name: &str, row: usize| {
            built
                .iter()
                .any(|(field, column, _)| *field == name && column.is_valid(row))
        };
        for row in (0..rows).filter(|row| !known("id", *row) && !known("name", *row)) {
            bad.push(Bad {
                row,
                column: None,
                field: "id",
                expected: "an id or a name".into(),
            });
        }
    }
    bad.sort_by_key(|bad| bad.row);
    let attributes = (!extra.is_empty()).then(|| -> ArrayRef {
        let mut texts = StringBuilder::new();
        for index in 0..rows {
            texts.append_option(attributes(
                extra,
                &ArrayRow {
                    columns: &columns,
                    index,
                },
            ));
        }
        Arc::new(texts.finish())
    });
    (block(entity, built, attributes, rows), bad, columns)
}

fn position(plan: &FieldPlan) -> Option<usize> {
    match plan.place {
        Place::Column(index) => Some(index),
        Place::Constant(_) => None,
    }
}

fn field(
    plan: &FieldPlan,
    columns: &[ArrayRef],
    rows: usize,
    bad: &mut Vec<Bad>,
) -> (ArrayRef, Option<ArrayRef>) {
    if plan.rules.is_empty()
        && plan.format.is_none()
        && let Some(column) = position(plan).and_then(|index| columns.get(index))
        && let Some(direct) = direct(plan, column)
    {
        return direct;
    }
    let mut builder = Builder::new(plan.field.kind);
    for index in 0..rows {
        let row = ArrayRow { columns, index };
        let value = plan
            .convert(plan.place.cell(&row), false)
            .unwrap_or_else(|expected| {
                bad.push(Bad {
                    row: index,
                    column: position(plan),
                    field: plan.field.name,
                    expected,
                });
                Value::Null
            });
        builder.append(&value);
    }
    builder.finish()
}

/// The column without looking at it cell by cell, where that gives the same.
fn direct(plan: &FieldPlan, column: &ArrayRef) -> Option<(ArrayRef, Option<ArrayRef>)> {
    match (plan.field.kind, column.data_type()) {
        (FieldKind::Id | FieldKind::Text, DataType::Utf8) => {
            is_clean(column, false).then(|| (column.clone(), None))
        }
        (FieldKind::Reference(_), DataType::Utf8) => {
            is_clean(column, true).then(|| (column.clone(), None))
        }
        (FieldKind::Id | FieldKind::Text | FieldKind::Reference(_), DataType::Int64) => {
            Some((cast(column, &DataType::Utf8).ok()?, None))
        }
        (FieldKind::Time, DataType::Timestamp(TimeUnit::Microsecond, zone)) => {
            let times = column.as_primitive::<TimestampMicrosecondType>();
            let times: TimestampMicrosecondArray = match zone {
                Some(_) => times.clone(),
                None => {
                    times.unary_opt(|micros| plan.clock.local(timestamp_us_to_datetime(micros)?))
                }
            };
            if times.null_count() != column.null_count() {
                return None;
            }
            Some((
                Arc::new(times.with_timezone("UTC")),
                Some(same_where_valid(column, false)),
            ))
        }
        (FieldKind::Time, DataType::Date32) => {
            let days = column.as_primitive::<Date32Type>();
            let times: TimestampMicrosecondArray =
                days.unary_opt(|days| plan.clock.midnight(date32_to_datetime(days)?.date()));
            if times.null_count() != column.null_count() {
                return None;
            }
            Some((
                Arc::new(times.with_timezone("UTC")),
                Some(same_where_valid(column, true)),
            ))
        }
        (FieldKind::Date, DataType::Date32)
        | (FieldKind::Integer, DataType::Int64)
        | (FieldKind::Flag, DataType::Boolean) => Some((column.clone(), None)),
        (FieldKind::Amount, DataType::Decimal128(precision, 2)) if *precision <= 18 => {
            Some((cast(column, &millrace_models::entity::money()).ok()?, None))
        }
        (FieldKind::Number, DataType::Int64) => {
            Some((cast(column, &DataType::Float64).ok()?, None))
        }
        _ => None,
    }
}

/// One truth where the column has a value.
fn same_where_valid(column: &ArrayRef, truth: bool) -> ArrayRef {
    let values = if truth {
        arrow::buffer::BooleanBuffer::new_set(column.len())
    } else {
        arrow::buffer::BooleanBuffer::new_unset(column.len())
    };
    Arc::new(BooleanArray::new(values, column.logical_nulls()))
}

/// Whether no text is empty, has blanks around it or stands for nothing.
fn is_clean(column: &ArrayRef, no_placeholders: bool) -> bool {
    let texts = column.as_string::<i32>();
    texts.iter().flatten().all(|text| {
        let bytes = text.as_bytes();
        let trimmed = match (bytes.first(), bytes.last()) {
            (Some(first), Some(last)) if first.is_ascii_graphic() && last.is_ascii_graphic() => {
                true
            }
            (None, _) => false,
            _ => trim(text).len() == text.len(),
        };
        trimmed && !(no_placeholders && text.len() <= 6 && is_placeholder(text))
    })
}

/// A row of converted columns, for messages.
pub(crate) fn cell_text(columns: &[ArrayRef], bad: &Bad) -> String {
    let row = ArrayRow {
        columns,
        index: bad.row,
    };
    bad.column
        .map(|index| row.cell(index).text().into_owned())
        .unwrap_or_default()
}
