//! Arrow columns from iterators of optional values, and batches of a mart from named columns.

use std::sync::Arc;

use anyhow::Context;
use arrow::array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array,
    RecordBatch, StringArray, TimestampMicrosecondArray, new_null_array,
};
use arrow::datatypes::{DataType, Schema, SchemaRef};
use hashbrown::HashMap;

/// Text.
pub(crate) fn texts<'a>(values: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    Arc::new(values.collect::<StringArray>())
}

/// Microseconds in UTC.
pub(crate) fn times(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(
        values
            .collect::<TimestampMicrosecondArray>()
            .with_timezone("UTC"),
    )
}

/// Money in hundredths.
pub(crate) fn amounts(values: impl Iterator<Item = Option<i128>>) -> anyhow::Result<ArrayRef> {
    let amounts = values
        .collect::<Decimal128Array>()
        .with_precision_and_scale(18, 2)?;
    Ok(Arc::new(amounts))
}

/// Numbers.
pub(crate) fn numbers(values: impl Iterator<Item = Option<f64>>) -> ArrayRef {
    Arc::new(values.collect::<Float64Array>())
}

/// Whole numbers.
pub(crate) fn wholes(values: impl Iterator<Item = Option<i32>>) -> ArrayRef {
    Arc::new(values.collect::<Int32Array>())
}

/// Yes or no.
pub(crate) fn flags(values: impl Iterator<Item = Option<bool>>) -> ArrayRef {
    Arc::new(values.collect::<BooleanArray>())
}

/// Days since 1970.
pub(crate) fn dates(values: impl Iterator<Item = Option<i32>>) -> ArrayRef {
    Arc::new(values.collect::<Date32Array>())
}

/// The columns of a batch by name; those not set are null.
pub(crate) struct Columns {
    schema: SchemaRef,
    set: Vec<Option<ArrayRef>>,
    rows: usize,
}

impl Columns {
    /// No column set yet.
    pub(crate) fn new(schema: SchemaRef, rows: usize) -> Self {
        let set = vec![None; schema.fields().len()];
        Self { schema, set, rows }
    }

    /// Sets a column.
    pub(crate) fn set(&mut self, name: &str, column: ArrayRef) -> anyhow::Result<&mut Self> {
        let index = self
            .schema
            .index_of(name)
            .with_context(|| format!("no column {name}"))?;
        anyhow::ensure!(
            column.len() == self.rows,
            "column {name} has {} rows, must have {}",
            column.len(),
            self.rows
        );
        self.set[index] = Some(column);
        Ok(self)
    }

    /// The batch. Columns set as dictionaries are dictionaries of the column's type.
    pub(crate) fn finish(self) -> anyhow::Result<RecordBatch> {
        // Columns of nulls of one type are one array.
        let mut nulls: HashMap<DataType, ArrayRef> = HashMap::new();
        let columns = self
            .set
            .into_iter()
            .zip(self.schema.fields())
            .map(|(column, field)| {
                column.unwrap_or_else(|| {
                    let data_type = field.data_type();
                    let null = nulls.entry(data_type.clone());
                    null.or_insert_with(|| new_null_array(data_type, self.rows))
                        .clone()
                })
            })
            .collect();
        let columns: Vec<ArrayRef> = columns;
        let fields = self.schema.fields().iter().zip(&columns);
        let fields = fields.map(|(field, column)| {
            if field.data_type() == column.data_type() {
                field.clone()
            } else {
                let field = field.as_ref().clone();
                Arc::new(field.with_data_type(column.data_type().clone()))
            }
        });
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        Ok(RecordBatch::try_new(schema, columns)?)
    }
}
