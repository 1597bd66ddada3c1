//! Parquet files, by columns and by rows.

use std::fs::File;
use std::path::Path;

use ::parquet::arrow::ProjectionMask;
use ::parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float64Type, Int64Type, SchemaRef, TimeUnit,
    TimestampMicrosecondType,
};
use arrow::temporal_conversions::{date32_to_datetime, timestamp_us_to_datetime};
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::{Flow, OnRow, Row, damaged, guarded, unreadable};
use crate::error::IngestError;
use crate::value::Cell;

/// Rows of a batch.
pub(crate) const BATCH_ROWS: usize = 32 * 1024;

/// An open Parquet file.
pub(crate) struct ParquetInput {
    metadata: ArrowReaderMetadata,
    columns: Vec<String>,
}

impl ParquetInput {
    pub(super) fn open(path: &Path) -> Result<Self, IngestError> {
        let file = File::open(path).map_err(unreadable(path))?;
        let options = ArrowReaderOptions::new();
        let metadata = guarded(path, "parquet", || {
            ArrowReaderMetadata::load(&file, options)
        })?
        .map_err(|error| damaged(path, "parquet", error))?;
        let columns = metadata
            .schema()
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect();
        Ok(Self { metadata, columns })
    }

    pub(super) fn columns(&self) -> &[String] {
        &self.columns
    }

    pub(crate) fn schema(&self) -> &SchemaRef {
        self.metadata.schema()
    }

    /// Rows of each row group.
    pub(crate) fn row_groups(&self) -> Vec<u64> {
        let groups = self.metadata.metadata().row_groups();
        groups
            .iter()
            .map(|group| u64::try_from(group.num_rows()).unwrap_or_default())
            .collect()
    }

    /// Reads some columns of some row groups. The columns come in the order of the file.
    pub(crate) fn batches(
        &self,
        path: &Path,
        columns: &[usize],
        groups: Vec<usize>,
    ) -> Result<ParquetRecordBatchReader, IngestError> {
        // A handle of its own: clones of one share their position, which threads must not.
        let file = File::open(path).map_err(unreadable(path))?;
        let metadata = self.metadata.clone();
        guarded(path, "parquet", || {
            let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
            let mask = ProjectionMask::roots(builder.parquet_schema(), columns.iter().copied());
            builder
                .with_batch_size(BATCH_ROWS)
                .with_projection(mask)
                .with_row_groups(groups)
                .build()
        })?
        .map_err(|error| damaged(path, "parquet", error))
    }

    pub(super) fn scan(&self, path: &Path, on_row: OnRow<'_>) -> Result<(), IngestError> {
        let all: Vec<usize> = (0..self.columns.len()).collect();
        let groups = (0..self.row_groups().len()).collect();
        let mut batches = self.batches(path, &all, groups)?;
        let mut number = 0;
        while let Some(batch) = guarded(path, "parquet", || batches.next())? {
            let batch = batch.map_err(|error| damaged(path, "parquet", error))?;
            let columns = readable_columns(&batch);
            for index in 0..batch.num_rows() {
                number += 1;
                if on_row(
                    number,
                    &ArrayRow {
                        columns: &columns,
                        index,
                    },
                )? == Flow::Stop
                {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

fn readable_columns(batch: &RecordBatch) -> Vec<ArrayRef> {
    batch.columns().iter().map(readable).collect()
}

/// The column in one of the types that [`ArrayRow`] reads.
pub(crate) fn readable(column: &ArrayRef) -> ArrayRef {
    let target = match column.data_type() {
        DataType::Utf8
        | DataType::Boolean
        | DataType::Int64
        | DataType::Float64
        | DataType::Date32
        | DataType::Timestamp(TimeUnit::Microsecond, _)
        | DataType::Decimal128(_, _)
        | DataType::Null => return column.clone(),
        DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32 => DataType::Int64,
        DataType::Float16 | DataType::Float32 => DataType::Float64,
        DataType::Timestamp(_, zone) => DataType::Timestamp(TimeUnit::Microsecond, zone.clone()),
        DataType::Date64 => DataType::Timestamp(TimeUnit::Microsecond, None),
        DataType::Dictionary(_, value) if !value.is_nested() => {
            return cast(column, value).map_or_else(|_| column.clone(), |column| readable(&column));
        }
        _ => DataType::Utf8,
    };
    cast(column, &target)
        .or_else(|_| formatted(column))
        .unwrap_or_else(|_| column.clone())
}

/// Lists, structures and the like as text.
fn formatted(column: &ArrayRef) -> Result<ArrayRef, arrow::error::ArrowError> {
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(column, &options)?;
    let texts: arrow::array::StringArray = (0..column.len())
        .map(|row| {
            column
                .is_valid(row)
                .then(|| formatter.value(row).to_string())
        })
        .collect();
    Ok(std::sync::Arc::new(texts))
}

/// A row of columns that [`readable`] made.
pub(crate) struct ArrayRow<'a> {
    pub(crate) columns: &'a [ArrayRef],
    pub(crate) index: usize,
}

impl Row for ArrayRow<'_> {
    fn len(&self) -> usize {
        self.columns.len()
    }

    fn cell(&self, index: usize) -> Cell<'_> {
        let row = self.index;
        let Some(column) = self
            .columns
            .get(index)
            .filter(|column| column.is_valid(row))
        else {
            return Cell::Empty;
        };
        match column.data_type() {
            DataType::Utf8 => Cell::Text(column.as_string::<i32>().value(row)),
            DataType::Boolean => Cell::Flag(column.as_boolean().value(row)),
            DataType::Int64 => Cell::Integer(column.as_primitive::<Int64Type>().value(row)),
            DataType::Float64 => Cell::Number(column.as_primitive::<Float64Type>().value(row)),
            DataType::Date32 => {
                let days = column.as_primitive::<Date32Type>().value(row);
                date32_to_datetime(days).map_or(Cell::Empty, |time| Cell::Day(time.date()))
            }
            DataType::Timestamp(TimeUnit::Microsecond, zone) => {
                let micros = column.as_primitive::<TimestampMicrosecondType>().value(row);
                match (timestamp_us_to_datetime(micros), zone) {
                    (Some(time), Some(_)) => Cell::Moment(time.and_utc()),
                    (Some(time), None) => Cell::Local(time),
                    (None, _) => Cell::Empty,
                }
            }
            DataType::Decimal128(_, scale) => {
                Cell::Decimal(column.as_primitive::<Decimal128Type>().value(row), *scale)
            }
            _ => Cell::Empty,
        }
    }
}
