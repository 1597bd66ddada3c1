//! Writing the Parquet files of a table, before they are part of it.
//!
//! A [`TableWriter`] writes to the local disk from the thread that it is used in; several writers
//! of one table may work at once in several threads, each with files of its own. A file becomes
//! part of the table by [`Lake::commit`](crate::Lake::commit); dropped before that, it is removed.
//! Files are not synced to the device: a commit survives `kill -9`, not the loss of power.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::File;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, new_null_array};
use arrow::datatypes::{DataType, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::{KeyValue, ParquetMetaData};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::LakeError;
use crate::lake::Lake;
use crate::lookup::{self, PADDED};
use crate::statistics::file_statistics;

/// Rows of a row group: the unit of pruning and of parallel reading.
const ROW_GROUP_ROWS: usize = 256 * 1024;
/// A file that has grown to this many bytes is closed and another begun.
const FILE_BYTES: usize = 256 << 20;
/// Bytes that the unfinished row groups of all partitions may hold before the largest is written.
const BUFFERED_BYTES: usize = 96 << 20;
/// The directory of the partition without a value, as Hive and Spark call it.
const NULL_PARTITION: &str = "__HIVE_DEFAULT_PARTITION__";

/// Writes the rows of one table to new Parquet files. See the module for its guarantees.
pub struct TableWriter {
    table: String,
    root: PathBuf,
    partition_column: Option<String>,
    /// Columns of the table.
    schema: SchemaRef,
    /// Columns in the files: those of the table without the partition column.
    file_schema: SchemaRef,
    properties: WriterProperties,
    /// The same, with filters of what rows are looked up by.
    filtered: WriterProperties,
    open: BTreeMap<Option<String>, OpenFile>,
    finished: Vec<NewFile>,
}

/// A file being written; removed when it is dropped.
struct OpenFile {
    writer: ArrowWriter<File>,
    file: UnfinishedFile,
    /// Looked-up columns of which a value has blanks around it.
    padded: BTreeSet<String>,
}

/// Removes its file when dropped.
#[derive(Debug)]
struct UnfinishedFile {
    path: PathBuf,
    relative: String,
    keep: bool,
}

impl Drop for UnfinishedFile {
    fn drop(&mut self) {
        if !self.keep
            && let Err(error) = std::fs::remove_file(&self.path)
        {
            tracing::warn!(path = %self.path.display(), %error, "file left behind");
        }
    }
}

/// A Parquet file that was written but is no part of its table yet; removed when it is dropped.
#[derive(Debug)]
pub struct NewFile {
    file: UnfinishedFile,
    pub(crate) table: String,
    pub(crate) schema: SchemaRef,
    pub(crate) partition_column: Option<String>,
    pub(crate) partition: Option<String>,
    pub(crate) statistics: String,
    pub(crate) modified_ms: i64,
    size: u64,
    rows: u64,
}

impl NewFile {
    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.file.path
    }

    /// Its size in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Its number of rows.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The path relative to the table, with `/` between its parts.
    pub(crate) fn relative(&self) -> &str {
        &self.file.relative
    }

    /// Leaves the file to the process that commits it: it stays until that one drops it.
    pub fn hand_over(mut self) -> WrittenFile {
        self.keep();
        WrittenFile {
            relative: self.file.relative.clone(),
            partition: self.partition.clone(),
            statistics: self.statistics.clone(),
            modified_ms: self.modified_ms,
            size: self.size,
            rows: self.rows,
        }
    }

    /// From here on the file stays when this is dropped.
    pub(crate) fn keep(&mut self) {
        self.file.keep = true;
    }

    /// The file is removed again when this is dropped.
    pub(crate) fn discard(&mut self) {
        self.file.keep = false;
    }
}

/// A file that was written for a table by another process than the one that commits it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenFile {
    /// Its path relative to the table.
    relative: String,
    partition: Option<String>,
    /// Delta's statistics, as JSON.
    statistics: String,
    modified_ms: i64,
    size: u64,
    rows: u64,
}

impl Lake {
    /// Takes over a file that another process wrote for the table `name`; `schema` has all columns
    /// of the table. It is removed when it is dropped without a commit.
    ///
    /// # Errors
    /// [`LakeError::NotTheFile`] when there is no such file in the table's folder, or one of another
    /// size.
    pub fn take_over(
        &self,
        name: &str,
        schema: SchemaRef,
        partition_column: Option<&str>,
        written: WrittenFile,
    ) -> Result<NewFile, LakeError> {
        let WrittenFile {
            relative,
            partition,
            statistics,
            modified_ms,
            size,
            rows,
        } = written;
        let mut parts = Path::new(&relative).components();
        let is_within = parts.all(|part| matches!(part, Component::Normal(_)));
        let path = self.directory(name).join(&relative);
        let found = std::fs::metadata(&path).ok().filter(|_| is_within);
        let found = found.map(|found| found.len());
        if found != Some(size) {
            return Err(LakeError::NotTheFile {
                path,
                expected: size,
                found,
            });
        }
        Ok(NewFile {
            file: UnfinishedFile {
                path,
                relative,
                keep: false,
            },
            table: name.to_owned(),
            schema,
            partition_column: partition_column.map(str::to_owned),
            partition,
            statistics,
            modified_ms,
            size,
            rows,
        })
    }
}

impl TableWriter {
    pub(crate) fn new(
        root: PathBuf,
        table: &str,
        schema: SchemaRef,
        partition_column: Option<&str>,
    ) -> Self {
        let fields: Vec<_> = schema
            .fields()
            .iter()
            .filter(|field| Some(field.name().as_str()) != partition_column)
            .cloned()
            .collect();
        let file_schema = Arc::new(Schema::new(fields));
        Self {
            table: table.to_owned(),
            root,
            partition_column: partition_column.map(str::to_owned),
            properties: properties(&file_schema).build(),
            filtered: filtered(table, &file_schema),
            schema,
            file_schema,
            open: BTreeMap::new(),
            finished: Vec::new(),
        }
    }

    /// Begins a new row group every so many rows: smaller ones where many files are open at once.
    #[must_use]
    pub fn with_row_group_rows(mut self, rows: usize) -> Self {
        for own in [&mut self.properties, &mut self.filtered] {
            let properties = own.clone().into_builder();
            *own = properties.set_max_row_group_row_count(Some(rows)).build();
        }
        self
    }

    /// Writes a batch to the partition `partition`; `None` is the whole table, or in a partitioned
    /// table the partition without a value. Columns are taken by name; those that the table does
    /// not have, and the partition column, are left out.
    ///
    /// # Errors
    /// When a column is missing or of another type, when a partition is named for a table that has
    /// none, and when the file cannot be written.
    pub fn write(&mut self, batch: &RecordBatch, partition: Option<&str>) -> Result<(), LakeError> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        if self.partition_column.is_none()
            && let Some(partition) = partition
        {
            return Err(LakeError::NotPartitioned {
                table: self.table.clone(),
                partition: partition.to_owned(),
            });
        }
        let batch = self.project(batch)?;
        // Delta cannot tell an empty text from none in a partition.
        let key = partition
            .filter(|value| !value.is_empty())
            .map(str::to_owned);
        let open = match self.open.entry(key.clone()) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                // A filter begins with room for a whole row group; a file of a few rows is read sooner.
                let properties = if batch.num_rows() < lookup::ROWS {
                    &self.properties
                } else {
                    &self.filtered
                };
                let file = create(
                    &self.root,
                    self.partition_column.as_deref(),
                    key.as_deref(),
                    &self.file_schema,
                    properties,
                )?;
                entry.insert(file)
            }
        };
        open.writer
            .write(&batch)
            .map_err(LakeError::parquet(&open.file.path))?;
        for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
            let name = field.name();
            if lookup::is_looked_up(&self.table, name)
                && !open.padded.contains(name)
                && is_padded(column)
            {
                open.padded.insert(name.clone());
            }
        }
        if open.writer.bytes_written() + open.writer.in_progress_size() >= FILE_BYTES
            && let Some(full) = self.open.remove(&key)
        {
            self.close(key, full)?;
        }
        self.bound_memory()
    }

    /// Writes a batch whose columns may be fewer than those of the table: the others are null.
    pub(crate) fn write_widened(&mut self, batch: &RecordBatch) -> Result<(), LakeError> {
        let columns = self.file_schema.fields().iter().map(|field| {
            let found = batch.column_by_name(field.name()).cloned();
            found.unwrap_or_else(|| new_null_array(field.data_type(), batch.num_rows()))
        });
        let batch = RecordBatch::try_new(Arc::clone(&self.file_schema), columns.collect())?;
        self.write(&batch, None)
    }

    /// Closes all files. A table or partition to which nothing was written gets none.
    ///
    /// # Errors
    /// When a file cannot be written; all of them are removed then.
    pub fn finish(mut self) -> Result<Vec<NewFile>, LakeError> {
        for (partition, open) in std::mem::take(&mut self.open) {
            self.close(partition, open)?;
        }
        Ok(self.finished)
    }

    /// The columns of the file; a column may be a dictionary of the column's type.
    fn project(&self, batch: &RecordBatch) -> Result<RecordBatch, LakeError> {
        if batch.schema_ref() == &self.file_schema {
            return Ok(batch.clone());
        }
        let columns = self.file_schema.fields().iter().map(|field| {
            let found = batch.column_by_name(field.name());
            let fits = |found: &DataType| match found {
                DataType::Dictionary(_, values) => values.as_ref() == field.data_type(),
                found => found == field.data_type(),
            };
            match found {
                Some(column) if fits(column.data_type()) => {
                    let data_type = column.data_type().clone();
                    let field = field.as_ref().clone().with_data_type(data_type);
                    Ok((Arc::new(field), column.clone()))
                }
                _ => Err(LakeError::Column {
                    table: self.table.clone(),
                    column: field.name().clone(),
                    found: found
                        .map_or_else(|| "missing".into(), |column| column.data_type().to_string()),
                    expected: field.data_type().to_string(),
                }),
            }
        });
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let (fields, columns): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        Ok(RecordBatch::try_new(
            Arc::new(Schema::new(fields)),
            columns,
        )?)
    }

    fn bound_memory(&mut self) -> Result<(), LakeError> {
        if self.open.len() < 2 {
            return Ok(());
        }
        let buffered: usize = self
            .open
            .values()
            .map(|open| open.writer.memory_size())
            .sum();
        if buffered > BUFFERED_BYTES
            && let Some(largest) = self
                .open
                .values_mut()
                .max_by_key(|open| open.writer.memory_size())
        {
            largest
                .writer
                .flush()
                .map_err(LakeError::parquet(&largest.file.path))?;
        }
        Ok(())
    }

    fn close(&mut self, partition: Option<String>, open: OpenFile) -> Result<(), LakeError> {
        let OpenFile {
            mut writer,
            file,
            padded,
        } = open;
        if !padded.is_empty() {
            let columns: Vec<String> = padded.into_iter().collect();
            writer.append_key_value_metadata(KeyValue::new(PADDED.to_owned(), columns.join(",")));
        }
        let metadata: ParquetMetaData = writer.close().map_err(LakeError::parquet(&file.path))?;
        let on_disk = std::fs::metadata(&file.path).map_err(LakeError::file(&file.path))?;
        let modified = on_disk.modified().map_err(LakeError::file(&file.path))?;
        let modified_ms = modified
            .duration_since(UNIX_EPOCH)
            .map_or(0, |age| age.as_millis());
        self.finished.push(NewFile {
            table: self.table.clone(),
            schema: self.schema.clone(),
            partition_column: self.partition_column.clone(),
            partition,
            statistics: file_statistics(&metadata),
            modified_ms: i64::try_from(modified_ms).unwrap_or(i64::MAX),
            size: on_disk.len(),
            rows: u64::try_from(metadata.file_metadata().num_rows()).unwrap_or_default(),
            file,
        });
        Ok(())
    }
}

fn create(
    root: &Path,
    partition_column: Option<&str>,
    partition: Option<&str>,
    schema: &SchemaRef,
    properties: &WriterProperties,
) -> Result<OpenFile, LakeError> {
    let name = format!("part-{}.zstd.parquet", Uuid::new_v4());
    let relative = match partition_column {
        None => name,
        Some(column) => {
            let value = partition.map_or_else(|| NULL_PARTITION.to_owned(), hive_escape);
            format!("{}={value}/{name}", hive_escape(column))
        }
    };
    let path = root.join(&relative);
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory).map_err(LakeError::file(directory))?;
    }
    let handle = File::create_new(&path).map_err(LakeError::file(&path))?;
    let file = UnfinishedFile {
        path,
        relative,
        keep: false,
    };
    let writer = ArrowWriter::try_new(handle, schema.clone(), Some(properties.clone()))
        .map_err(LakeError::parquet(&file.path))?;
    Ok(OpenFile {
        writer,
        file,
        padded: BTreeSet::new(),
    })
}

/// Whether a text of a column has blanks around it.
fn is_padded(column: &ArrayRef) -> bool {
    let texts = match column.data_type() {
        DataType::Dictionary(..) => column.as_any_dictionary().values(),
        _ => column,
    };
    let is = |text: Option<&str>| text.is_some_and(|text| text.trim().len() < text.len());
    texts
        .as_string_opt::<i32>()
        .is_none_or(|texts| texts.iter().any(is))
}

/// A partition value as part of a path: everything but letters, digits, `-`, `_` and `.` escaped.
fn hive_escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') {
            escaped.push(char::from(byte));
        } else {
            // Writing into a string cannot fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

fn filtered(table: &str, schema: &Schema) -> WriterProperties {
    let names = schema.fields().iter().map(|field| field.name());
    let looked_up = names.filter(|name| lookup::is_looked_up(table, name));
    let with = |properties: WriterPropertiesBuilder, name: &String| {
        let column = ColumnPath::from(name.as_str());
        properties.set_column_bloom_filter_fpp(column, lookup::FALSE_POSITIVES)
    };
    looked_up.fold(properties(schema), with).build()
}

fn properties(schema: &Schema) -> WriterPropertiesBuilder {
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_statistics_enabled(EnabledStatistics::Chunk);
    for field in schema.fields() {
        let column = ColumnPath::from(field.name().as_str());
        match field.data_type() {
            // Times and sequences hardly repeat, but follow each other closely.
            DataType::Timestamp(..) | DataType::Int64 => {
                builder = builder
                    .set_column_dictionary_enabled(column.clone(), false)
                    .set_column_encoding(column, Encoding::DELTA_BINARY_PACKED);
            }
            DataType::Float64 | DataType::Decimal128(..) => {
                builder = builder.set_column_dictionary_enabled(column, false);
            }
            DataType::Utf8 if is_key(field.name()) => {
                builder = builder.set_column_dictionary_enabled(column, false);
            }
            _ => {}
        }
    }
    builder
}

/// Whether nearly every row has a value of its own, so that a dictionary would only cost.
fn is_key(column: &str) -> bool {
    const KEYS: [&str; 7] = [
        "id",
        "opportunity",
        "quote",
        "contract",
        "order",
        "attributes",
        "body",
    ];
    KEYS.contains(&column) || column.ends_with("_id") || column.ends_with("number")
}

#[cfg(test)]
mod tests {
    use super::{hive_escape, is_key};

    #[test]
    fn escapes_partition_values() {
        assert_eq!(hive_escape("2024-03"), "2024-03");
        assert_eq!(hive_escape("a b/华"), "a%20b%2F%E5%8D%8E");
    }

    #[test]
    fn knows_keys() {
        assert!(is_key("opportunity_id") && is_key("quote_number") && !is_key("owner"));
    }
}
