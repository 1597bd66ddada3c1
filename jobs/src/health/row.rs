//! A row of a mart, cell by cell.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float64Type, Int32Type,
    TimestampMicrosecondType,
};
use chrono::NaiveDate;

use super::date;

/// A row of a mart; what is null, or not there, is nothing.
pub(super) struct Row<'a> {
    batch: &'a RecordBatch,
    row: usize,
}

impl<'a> Row<'a> {
    /// All rows of a batch.
    pub(super) fn all(batch: &'a RecordBatch) -> impl Iterator<Item = Self> {
        (0..batch.num_rows()).map(move |row| Self { batch, row })
    }

    fn cell<T: ArrowPrimitiveType>(&self, name: &str) -> Option<T::Native> {
        let column = self.batch.column_by_name(name)?.as_primitive_opt::<T>()?;
        column.is_valid(self.row).then(|| column.value(self.row))
    }

    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        let column = self.batch.column_by_name(name)?.as_string_opt::<i32>()?;
        column.is_valid(self.row).then(|| column.value(self.row))
    }

    /// In microseconds.
    pub(super) fn time(&self, name: &str) -> Option<i64> {
        self.cell::<TimestampMicrosecondType>(name)
    }

    pub(super) fn day(&self, name: &str) -> Option<NaiveDate> {
        self.cell::<Date32Type>(name).map(date)
    }

    pub(super) fn amount(&self, name: &str) -> Option<f64> {
        let hundredths = self.cell::<Decimal128Type>(name)?;
        Some(hundredths as f64 / 100.0)
    }

    pub(super) fn number(&self, name: &str) -> Option<f64> {
        self.cell::<Float64Type>(name)
    }

    pub(super) fn whole(&self, name: &str) -> Option<i32> {
        self.cell::<Int32Type>(name)
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        let column = self.batch.column_by_name(name);
        let column = column.and_then(|own| own.as_boolean_opt());
        column.is_some_and(|own| own.is_valid(self.row) && own.value(self.row))
    }
}
