//! Reading the raw tables, or some of their rows: the row groups in the order in which their rows
//! came in.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{DataType, Field, Int32Type, Int64Type, Schema};
use arrow::error::ArrowError;
use hashbrown::HashSet;
use millrace_lake::FileList;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowPredicate, ArrowPredicateFn, ArrowReaderMetadata, ArrowReaderOptions,
    ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowFilter,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::statistics::Statistics;
use rayon::prelude::*;

use crate::store::Text;

/// More keys than this are not looked up in filters.
const MOST_PROBED: usize = 20_000;

/// How strings are decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strings {
    /// As Utf8.
    Plain,
    /// Ids as views, columns of few values as dictionaries: the fast way for the fold.
    Compact,
}

/// A raw table, or those of its rows that are wanted.
#[derive(Debug, Clone)]
pub(crate) struct Raw {
    pub(crate) table: Arc<FileList>,
    pub(crate) rows: Rows,
}

/// Which rows of a raw table are wanted.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    /// By their `_seq`: from, and until before.
    pub(crate) from: i64,
    pub(crate) until: i64,
    /// Those that hold one of the keys in its column, of any of these; `None` for all.
    pub(crate) any: Option<Vec<(&'static str, Arc<Keys>)>>,
}

impl Rows {
    /// All rows.
    pub(crate) const ALL: Self = Self {
        from: i64::MIN,
        until: i64::MAX,
        any: None,
    };

    /// The rows that came in from a number on.
    pub(crate) fn since(from: i64) -> Self {
        Self { from, ..Self::ALL }
    }

    /// The rows that hold one of the keys in its column.
    pub(crate) fn of(any: Vec<(&'static str, Arc<Keys>)>) -> Self {
        let any = any.into_iter().filter(|(_, keys)| !keys.is_empty());
        Self {
            any: Some(any.collect()),
            ..Self::ALL
        }
    }

    /// Those of these rows that came in before a number.
    pub(crate) fn before(self, until: i64) -> Self {
        Self { until, ..self }
    }
}

/// Texts that rows are looked up by, without blanks around them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Keys {
    set: HashSet<Text>,
    sorted: Vec<Text>,
}

impl Keys {
    pub(crate) fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// The keys that are not among others.
    pub(crate) fn without(&self, others: &HashSet<Text>) -> Self {
        self.sorted
            .iter()
            .filter(|key| !others.contains(*key))
            .collect()
    }

    pub(crate) fn contains(&self, text: &str) -> bool {
        self.set.contains(text.trim())
    }

    /// Whether a key lies between these bounds.
    pub(crate) fn any_within(&self, least: &str, greatest: &str) -> bool {
        // Blanks in front of a value are not in its key.
        if least.starts_with(char::is_whitespace) {
            return !self.is_empty();
        }
        let place = self.sorted.partition_point(|key| &**key < least);
        self.sorted.get(place).is_some_and(|key| &**key <= greatest)
    }

    /// Whether a row group of a file may hold a key in a column, by the filter of the column. Of many
    /// keys it is not asked: one of them is nearly always there.
    pub(crate) fn may_be_in(
        &self,
        file: &File,
        metadata: &ArrowReaderMetadata,
        row_group: usize,
        column: &str,
    ) -> Result<bool, ParquetError> {
        if self.sorted.len() > MOST_PROBED {
            return Ok(true);
        }
        let texts = self.sorted.iter().map(|key| &**key);
        millrace_lake::may_hold(file, metadata, row_group, column, texts)
    }

    /// Which values of a column are keys: of texts, views of texts, or a dictionary of texts.
    pub(crate) fn of_column(&self, column: &dyn Array) -> BooleanBuffer {
        let has = |text: Option<&str>| text.is_some_and(|text| self.contains(text));
        let each = |is: &dyn Fn(usize) -> bool| BooleanBuffer::collect_bool(column.len(), is);
        match column.data_type() {
            DataType::Utf8View => {
                let texts = column.as_string_view();
                each(&|row| has(texts.is_valid(row).then(|| texts.value(row))))
            }
            DataType::Dictionary(..) => {
                let coded = column.as_dictionary::<Int32Type>();
                let values = coded.values().as_string::<i32>();
                let known: Vec<bool> = values.iter().map(has).collect();
                each(&|row| coded.key(row).is_some_and(|key| known[key]))
            }
            _ => {
                let texts = column.as_string::<i32>();
                each(&|row| has(texts.is_valid(row).then(|| texts.value(row))))
            }
        }
    }
}

impl<T: AsRef<str>> FromIterator<T> for Keys {
    fn from_iter<I: IntoIterator<Item = T>>(texts: I) -> Self {
        let texts = texts.into_iter();
        let trimmed = texts.map(|text| Text::from(text.as_ref().trim()));
        let set: HashSet<Text> = trimmed.filter(|text| !text.is_empty()).collect();
        let mut sorted: Vec<Text> = set.iter().cloned().collect();
        sorted.sort_unstable();
        Self { set, sorted }
    }
}

/// A key has seldom more rows.
const ROWS_OF_A_KEY: usize = 64;

/// A row group of a raw table.
pub(crate) struct Piece {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
    row_group: usize,
    first_seq: i64,
    /// The rows of it that are wanted, unless all are.
    wanted: Option<Rows>,
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
pub(crate) fn pieces(raw: &Raw, strings: Strings) -> anyhow::Result<Vec<Piece>> {
    let mut pieces = Vec::new();
    if raw.rows.any.as_ref().is_some_and(Vec::is_empty) {
        return Ok(pieces);
    }
    for (order, file) in raw.table.files.iter().enumerate() {
        if !raw.rows.may_be_in(
            |column| file.text_bounds(column),
            |column| file.is_null(column),
        ) {
            continue;
        }
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
            let (first_seq, last_seq) = match column(group, "_seq").and_then(|column| column.1) {
                Some(Statistics::Int64(seq)) => (seq.min_opt().copied(), seq.max_opt().copied()),
                _ => (None, None),
            };
            let Rows { from, until, any } = &raw.rows;
            let all_from = first_seq.is_some_and(|first| first >= *from);
            let all_until = last_seq.is_some_and(|last| last < *until);
            let none = last_seq.is_some_and(|last| last < *from)
                || first_seq.is_some_and(|first| first >= *until);
            if none
                || !raw
                    .rows
                    .may_be_in(|name| bounds(group, name), |name| nulls(group, name))
            {
                continue;
            }
            let every = all_from && all_until || *from == i64::MIN && *until == i64::MAX;
            let wanted = (any.is_some() || !every).then(|| Rows {
                from: if every { i64::MIN } else { *from },
                until: if every { i64::MAX } else { *until },
                any: any.clone(),
            });
            pieces.push(Piece {
                path: file.path.clone(),
                metadata: metadata.clone(),
                row_group,
                first_seq: first_seq.unwrap_or(i64::try_from(order).unwrap_or(i64::MAX)),
                wanted,
            });
        }
    }
    if let Some(any) = raw.rows.any.as_deref() {
        let held = pieces.into_par_iter().map(|piece| {
            let holds = piece.may_hold(any)?;
            Ok(holds.then_some(piece))
        });
        let held = held.collect::<anyhow::Result<Vec<_>>>()?;
        pieces = held.into_iter().flatten().collect();
    }
    pieces.sort_by_key(|piece| piece.first_seq);
    Ok(pieces)
}

/// The greatest value of a time column, by the statistics of the files.
pub(crate) fn latest(raw: &Raw, name: &str) -> anyhow::Result<Option<i64>> {
    let mut latest = None;
    for piece in pieces(raw, Strings::Plain)? {
        if let Some((_, Some(Statistics::Int64(found)))) = column(piece.group(), name) {
            latest = latest.max(found.max_opt().copied());
        }
    }
    Ok(latest)
}

impl Rows {
    /// How many of so many rows are wanted, about: of a key there are seldom more than some.
    pub(crate) fn about(&self, rows: usize) -> usize {
        let Some(any) = &self.any else { return rows };
        let keys: usize = any.iter().map(|(_, keys)| keys.sorted.len()).sum();
        rows.min(keys.saturating_mul(ROWS_OF_A_KEY))
    }

    /// Whether a part of the table may have any of them, by what its statistics say of a column.
    fn may_be_in(
        &self,
        bounds: impl Fn(&str) -> Option<(String, String)>,
        is_null: impl Fn(&str) -> bool,
    ) -> bool {
        let Some(any) = &self.any else { return true };
        any.iter().any(|(column, keys)| match bounds(column) {
            Some((least, greatest)) => keys.any_within(&least, &greatest),
            None => !is_null(column),
        })
    }
}

fn bounds(group: &RowGroupMetaData, name: &str) -> Option<(String, String)> {
    let (_, Some(Statistics::ByteArray(found))) = column(group, name)? else {
        return None;
    };
    let text = |bytes: &[u8]| std::str::from_utf8(bytes).ok().map(str::to_owned);
    Some((text(found.min_bytes_opt()?)?, text(found.max_bytes_opt()?)?))
}

fn nulls(group: &RowGroupMetaData, name: &str) -> bool {
    let Some((_, statistics)) = column(group, name) else {
        return true;
    };
    let nulls = statistics.and_then(Statistics::null_count_opt);
    nulls.is_some_and(|nulls| i64::try_from(nulls) == Ok(group.num_rows()))
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

    /// Whether it may have rows that hold one of the keys in its column, by the filters of the file.
    fn may_hold(&self, any: &[(&'static str, Arc<Keys>)]) -> anyhow::Result<bool> {
        let context = || format!("reading {}", self.path.display());
        let file = File::open(&self.path).with_context(context)?;
        for (column, keys) in any {
            let may = keys.may_be_in(&file, &self.metadata, self.row_group, column);
            if may.with_context(context)? {
                return Ok(true);
            }
        }
        Ok(false)
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
        if let Some(wanted) = &self.wanted {
            builder = only(builder, wanted);
        }
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

type Builder = ParquetRecordBatchReaderBuilder<File>;

/// Decodes the columns by which rows are wanted first, and of the others only those rows.
fn only(builder: Builder, wanted: &Rows) -> Builder {
    let wanted = wanted.clone();
    let mut names: Vec<&str> = wanted.any.iter().flatten().map(|own| own.0).collect();
    let by_seq = wanted.from > i64::MIN || wanted.until < i64::MAX;
    if by_seq {
        names.push("_seq");
    }
    let mask = ProjectionMask::columns(builder.parquet_schema(), names);
    let holds = move |batch: RecordBatch| -> Result<BooleanArray, ArrowError> {
        let rows = batch.num_rows();
        let mut is = match &wanted.any {
            None => BooleanBuffer::new_set(rows),
            Some(any) => {
                any.iter().fold(
                    BooleanBuffer::new_unset(rows),
                    |is, (name, keys)| match batch.column_by_name(name) {
                        Some(column) => &is | &keys.of_column(column),
                        None => is,
                    },
                )
            }
        };
        if by_seq && let Some(column) = batch.column_by_name("_seq") {
            let seq = column.as_primitive::<Int64Type>();
            let (from, until) = (wanted.from, wanted.until);
            let within = |row| (from..until).contains(&seq.value(row));
            is = &is & &BooleanBuffer::collect_bool(rows, within);
        }
        Ok(BooleanArray::new(is, None))
    };
    let filter: Box<dyn ArrowPredicate> = Box::new(ArrowPredicateFn::new(mask, holds));
    builder.with_row_filter(RowFilter::new(vec![filter]))
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
