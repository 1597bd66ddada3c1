//! Reading the raw tables: their row groups in the order in which their rows came in.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema};
use millrace_lake::Table;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::statistics::Statistics;

/// How strings are decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strings {
    /// As Utf8.
    Plain,
    /// Ids as views, columns of few values as dictionaries: the fast way for the fold.
    Compact,
}

/// A row group of a raw table.
pub(crate) struct Piece {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
    row_group: usize,
    first_seq: i64,
}

/// What the statistics of a column say about all its rows.
pub(crate) enum Constant {
    /// All are null.
    Null,
    /// All are this text.
    Text(String),
    /// All are false, or null.
    No,
    /// They differ, or it is not known.
    Unknown,
}

/// The row groups of a table by their first `_seq`. Within a row group rows are in order: raw
/// tables are only appended to, in order.
pub(crate) fn pieces(table: &Table, strings: Strings) -> anyhow::Result<Vec<Piece>> {
    let mut pieces = Vec::new();
    for (order, file) in table.files().iter().enumerate() {
        let context = || format!("reading {}", file.path.display());
        let handle = File::open(&file.path).with_context(context)?;
        let mut metadata =
            ArrowReaderMetadata::load(&handle, ArrowReaderOptions::new()).with_context(context)?;
        if strings == Strings::Compact {
            let options = ArrowReaderOptions::new().with_schema(compact(metadata.schema()));
            metadata = ArrowReaderMetadata::try_new(metadata.metadata().clone(), options)
                .with_context(context)?;
        }
        for (row_group, group) in metadata.metadata().row_groups().iter().enumerate() {
            let first_seq = match column(group, "_seq").and_then(|column| column.1) {
                Some(Statistics::Int64(seq)) => seq.min_opt().copied(),
                _ => None,
            };
            pieces.push(Piece {
                path: file.path.clone(),
                metadata: metadata.clone(),
                row_group,
                first_seq: first_seq.unwrap_or(i64::try_from(order).unwrap_or(i64::MAX)),
            });
        }
    }
    pieces.sort_by_key(|piece| piece.first_seq);
    Ok(pieces)
}

/// The greatest value of a time column, by the statistics of the files.
pub(crate) fn latest(table: &Table, name: &str) -> anyhow::Result<Option<i64>> {
    let mut latest = None;
    for piece in pieces(table, Strings::Plain)? {
        if let Some((_, Some(Statistics::Int64(found)))) = column(piece.group(), name) {
            latest = latest.max(found.max_opt().copied());
        }
    }
    Ok(latest)
}

fn compact(schema: &Schema) -> Arc<Schema> {
    let fields = schema.fields().iter().map(|field| {
        let field_type = match (field.name().as_str(), field.data_type()) {
            (
                "_source" | "_op" | "stage" | "by" | "account" | "owner" | "product" | "outcome"
                | "lost_reason" | "competitor" | "source" | "team",
                DataType::Utf8,
            ) => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
            (_, DataType::Utf8) => DataType::Utf8View,
            (_, other) => other.clone(),
        };
        Field::new(field.name(), field_type, field.is_nullable())
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn column<'a>(group: &'a RowGroupMetaData, name: &str) -> Option<(usize, Option<&'a Statistics>)> {
    let index = group
        .columns()
        .iter()
        .position(|column| column.column_path().string() == name)?;
    Some((index, group.column(index).statistics()))
}

impl Piece {
    /// Its number of rows.
    pub(crate) fn rows(&self) -> usize {
        usize::try_from(self.group().num_rows()).unwrap_or(0)
    }

    fn group(&self) -> &RowGroupMetaData {
        self.metadata.metadata().row_group(self.row_group)
    }

    /// What the statistics say about a column.
    pub(crate) fn constant(&self, name: &str) -> Constant {
        let Some((_, statistics)) = column(self.group(), name) else {
            return Constant::Null;
        };
        let Some(statistics) = statistics else {
            return Constant::Unknown;
        };
        let nulls = statistics.null_count_opt();
        if nulls == Some(self.rows() as u64) {
            return Constant::Null;
        }
        match statistics {
            Statistics::Boolean(found) if found.max_opt() == Some(&false) => Constant::No,
            Statistics::ByteArray(found)
                if nulls == Some(0) && found.min_is_exact() && found.max_is_exact() =>
            {
                match (found.min_opt(), found.max_opt()) {
                    (Some(least), Some(greatest)) if least == greatest => least
                        .as_utf8()
                        .map_or(Constant::Unknown, |text| Constant::Text(text.to_owned())),
                    _ => Constant::Unknown,
                }
            }
            _ => Constant::Unknown,
        }
    }

    /// Reads columns (those that the file has), `batch_rows` at a time; all without names.
    pub(crate) fn read(
        &self,
        names: Option<&[&str]>,
        batch_rows: usize,
    ) -> anyhow::Result<Batches<'_>> {
        let handle =
            File::open(&self.path).with_context(|| format!("reading {}", self.path.display()))?;
        let mut builder =
            ParquetRecordBatchReaderBuilder::new_with_metadata(handle, self.metadata.clone())
                .with_row_groups(vec![self.row_group])
                .with_batch_size(batch_rows);
        if let Some(names) = names {
            let mask = ProjectionMask::columns(builder.parquet_schema(), names.iter().copied());
            builder = builder.with_projection(mask);
        }
        let reader = builder
            .build()
            .with_context(|| format!("reading {}", self.path.display()))?;
        Ok(Batches {
            reader,
            piece: self,
        })
    }
}

/// The batches of a row group.
pub(crate) struct Batches<'a> {
    reader: ParquetRecordBatchReader,
    piece: &'a Piece,
}

impl Iterator for Batches<'_> {
    type Item = anyhow::Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.reader.next()?;
        Some(batch.with_context(|| format!("reading {}", self.piece.path.display())))
    }
}
