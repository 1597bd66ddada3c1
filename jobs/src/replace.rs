//! Copy on write: which files of a mart stay when some of its rows are made anew, and what stays of
//! the others.
//!
//! Rows that are new, and what is left of small files, come into one file together; what is left of
//! a large file stays by itself, so that rows which change do not come to lie among many that do
//! not. Small files are put together when there are many.

use std::collections::BTreeMap;
use std::fs::File;

use anyhow::Context;
use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use millrace_lake::{Lake, NewFile, Table, TableFile};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use rayon::prelude::*;

use crate::facts::{Mart, Sink};
use crate::partial::{Partial, Rows};

/// A file of fewer rows is small.
const SMALL_ROWS: u64 = 32 * 1024;
/// So many small files of a partition are put together.
const SMALL_FILES: usize = 8;
const BATCH_ROWS: usize = 32 * 1024;

/// What stays of a mart.
#[derive(Default)]
pub(crate) struct Kept {
    files: Vec<TableFile>,
    /// What stays of large files that lose rows.
    rests: Vec<NewFile>,
}

impl Kept {
    /// The mart with its new rows.
    pub(crate) fn with(self, mut mart: Mart) -> Mart {
        mart.kept = self.files;
        mart.files.extend(self.rests);
        mart
    }
}

/// Finds what stays of a mart, and writes the rows that stay of files that do not.
pub(crate) fn keep(lake: &Lake, partial: &Partial, sink: &Sink) -> anyhow::Result<Kept> {
    if matches!(sink.rows(), Rows::All) {
        return Ok(Kept::default());
    }
    let table = partial.table(sink.table())?;
    let loses = table
        .files()
        .par_iter()
        .map(|file| loses_rows(file, sink.rows()))
        .collect::<anyhow::Result<Vec<bool>>>()?;
    let mut small: BTreeMap<Option<&str>, usize> = BTreeMap::new();
    for (file, loses) in table.files().iter().zip(&loses) {
        if !loses && file.rows < SMALL_ROWS {
            *small.entry(file.partition.as_deref()).or_default() += 1;
        }
    }
    let merged = |file: &TableFile| {
        let count = small.get(&file.partition.as_deref()).copied();
        file.rows < SMALL_ROWS && count.is_some_and(|count| count >= SMALL_FILES)
    };
    let mut kept = Kept::default();
    let mut large = Vec::new();
    for (file, loses) in table.files().iter().zip(loses) {
        if !loses && !merged(file) {
            kept.files.push(file.clone());
        } else if file.rows < SMALL_ROWS {
            each_rest(file, sink.rows(), |batch| {
                sink.write_all(batch, file.partition.clone())
            })?;
        } else {
            large.push(file);
        }
    }
    let rests = large
        .into_par_iter()
        .map(|file| rest(lake, table, file, sink))
        .collect::<anyhow::Result<Vec<_>>>()?;
    kept.rests = rests.into_iter().flatten().collect();
    Ok(kept)
}

fn rest(lake: &Lake, table: &Table, file: &TableFile, sink: &Sink) -> anyhow::Result<Vec<NewFile>> {
    let mut writer = lake.writer(table.name(), sink.schema(), table.partition_column());
    each_rest(file, sink.rows(), |batch| {
        Ok(writer.write(&batch, file.partition.as_deref())?)
    })?;
    Ok(writer.finish()?)
}

/// Whether any of the rows is in the file.
fn loses_rows(file: &TableFile, rows: &Rows) -> anyhow::Result<bool> {
    if !rows.may_be_in(file) {
        return Ok(false);
    }
    for batch in read(file, Some(&rows.columns()))? {
        if rows.of_batch(&batch?)?.true_count() > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Calls `take` with the rows of a file that stay.
fn each_rest(
    file: &TableFile,
    rows: &Rows,
    mut take: impl FnMut(RecordBatch) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    for batch in read(file, None)? {
        let batch = batch?;
        let gone = rows.of_batch(&batch)?;
        let stays = BooleanArray::new(!gone.values(), None);
        take(filter_record_batch(&batch, &stays)?)?;
    }
    Ok(())
}

/// Reads columns of a file; all without names.
pub(crate) fn read(
    file: &TableFile,
    columns: Option<&[&str]>,
) -> anyhow::Result<ParquetRecordBatchReader> {
    let context = || format!("reading {}", file.path.display());
    let handle = File::open(&file.path).with_context(context)?;
    let mut builder = ParquetRecordBatchReaderBuilder::try_new(handle)
        .with_context(context)?
        .with_batch_size(BATCH_ROWS);
    if let Some(columns) = columns {
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
        builder = builder.with_projection(mask);
    }
    builder.build().with_context(context)
}
