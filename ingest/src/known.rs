//! Which rows a raw table has already, so that the same content again adds nothing.
//!
//! Rows are known by hashes of their content. A record with an id is known when it equals the
//! newest version of that id, or the newest that came from the same file; where a file holds
//! several versions of one id, and for records without ids, a row is known as often as it is there.

use std::fs::File;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType,
};
use hashbrown::{HashMap, HashSet};
use millrace_lake::Table;
use millrace_models::entity::Entity;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed, xxh3_128};

use crate::batch::{Block, LEADING};
use crate::error::IngestError;
use crate::reader::{damaged, unreadable};

/// Two accumulators that are computed apart: 96 of their bits are kept where 64 could collide.
type Hash = (u64, u32);

#[derive(Debug, Clone, Copy)]
struct Version {
    content: Hash,
    file: u32,
    seq: i64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    known: u32,
    used: u32,
    epoch: u32,
}

/// What a raw table knows of one system.
pub(crate) struct Known {
    entity: Entity,
    files: HashMap<String, u32>,
    newest: HashMap<u128, Version>,
    /// The newest version from a file that is not the newest of all.
    older: HashMap<(u128, u32), Version>,
    counts: HashMap<Hash, Count>,
    /// Ids that a file of this run holds more than once.
    repeated: HashSet<u64>,
    epoch: u32,
}

/// Whether records of the entity are told apart by their ids: those of orders are shared by lines.
pub(crate) fn has_identity(entity: Entity) -> bool {
    entity.has_id() && entity != Entity::Order
}

/// What an id is looked up by while looking for ids that repeat.
pub(crate) fn id_hash(id: &str) -> u64 {
    xxh3_64(id.as_bytes())
}

impl Known {
    pub(crate) fn new(entity: Entity, repeated: HashSet<u64>) -> Self {
        Self {
            entity,
            files: HashMap::new(),
            newest: HashMap::new(),
            older: HashMap::new(),
            counts: HashMap::new(),
            repeated,
            epoch: 0,
        }
    }

    /// Reads what the table has of the system.
    pub(crate) fn load(&mut self, table: &Table, system: &str) -> Result<(), IngestError> {
        for file in table.files() {
            let handle = File::open(&file.path).map_err(unreadable(&file.path))?;
            let broken =
                |error: parquet::errors::ParquetError| damaged(&file.path, "parquet", error);
            let reader = ParquetRecordBatchReaderBuilder::try_new(handle)
                .and_then(|builder| builder.with_batch_size(32 * 1024).build())
                .map_err(broken)?;
            for batch in reader {
                self.load_batch(&batch?, system);
            }
        }
        Ok(())
    }

    fn load_batch(&mut self, batch: &RecordBatch, system: &str) {
        let schema = self.entity.raw_schema();
        let text = |name: &str| {
            batch
                .column_by_name(name)
                .and_then(|column| column.as_string_opt::<i32>())
        };
        let (Some(systems), Some(files), Some(ops)) = (text("_source"), text("_file"), text("_op"))
        else {
            return;
        };
        let seqs = batch
            .column_by_name("_seq")
            .and_then(|column| column.as_primitive_opt::<Int64Type>());
        let Some(seqs) = seqs else { return };
        let columns: Vec<ArrayRef> = schema
            .fields()
            .iter()
            .skip(LEADING)
            .map(|field| {
                let found = batch.column_by_name(field.name());
                found.cloned().unwrap_or_else(|| {
                    arrow::array::new_null_array(field.data_type(), batch.num_rows())
                })
            })
            .collect();
        let block = Block {
            entity: self.entity,
            columns,
            rows: batch.num_rows(),
        };
        let contents = contents(&block);
        let ids = ids(&block);
        for row in 0..batch.num_rows() {
            if systems.value(row) != system {
                continue;
            }
            let file = self.file(files.value(row));
            let mut content = contents[row];
            // A deletion equals no row that a file can hold.
            content.0 ^= u64::from(ops.value(row) == "delete");
            let version = Version {
                content,
                file,
                seq: seqs.value(row),
            };
            match ids[row].filter(|_| has_identity(self.entity)) {
                Some((id, short)) => {
                    if self.repeated.contains(&short) {
                        self.counts.entry(content).or_default().known += 1;
                    }
                    self.remember(id, version);
                }
                None => self.counts.entry(content).or_default().known += 1,
            }
        }
    }

    fn file(&mut self, name: &str) -> u32 {
        if let Some(file) = self.files.get(name) {
            return *file;
        }
        let file = u32::try_from(self.files.len()).unwrap_or(u32::MAX);
        self.files.insert(name.to_owned(), file);
        file
    }

    fn remember(&mut self, id: u128, version: Version) {
        let Some(newest) = self.newest.get_mut(&id) else {
            self.newest.insert(id, version);
            return;
        };
        let (first, second) = if version.seq >= newest.seq {
            (version, *newest)
        } else {
            (*newest, version)
        };
        *newest = first;
        if first.file != second.file {
            let entry = self.older.entry((id, second.file)).or_insert(second);
            if second.seq > entry.seq {
                *entry = second;
            }
        }
    }

    /// A new file begins: what it holds is counted from none.
    pub(crate) fn begin(&mut self) {
        self.epoch += 1;
    }

    /// Which rows of the block are new; they are known from here on. `seq` is the number that the
    /// first new one will have.
    pub(crate) fn new_rows(&mut self, block: &Block, file: &str, seq: i64) -> BooleanArray {
        let contents = contents(block);
        let ids = ids(block);
        let file = self.file(file);
        let mut seq = seq;
        let mut new = Vec::with_capacity(block.rows);
        for (content, id) in contents.into_iter().zip(ids) {
            let id = id.filter(|_| has_identity(self.entity));
            let is_new = match id {
                Some((id, short)) if !self.repeated.contains(&short) => {
                    self.is_new_version(id, content, file)
                }
                _ => self.is_beyond_count(content),
            };
            if is_new {
                if let Some((id, _)) = id {
                    self.remember(id, Version { content, file, seq });
                }
                seq += 1;
            }
            new.push(is_new);
        }
        BooleanArray::from(new)
    }

    fn is_new_version(&self, id: u128, content: Hash, file: u32) -> bool {
        let Some(newest) = self.newest.get(&id) else {
            return true;
        };
        if newest.content == content {
            return false;
        }
        newest.file == file
            || self
                .older
                .get(&(id, file))
                .is_none_or(|version| version.content != content)
    }

    fn is_beyond_count(&mut self, content: Hash) -> bool {
        let epoch = self.epoch;
        let count = self.counts.entry(content).or_default();
        if count.epoch != epoch {
            count.epoch = epoch;
            count.used = 0;
        }
        count.used += 1;
        if count.used <= count.known {
            return false;
        }
        count.known += 1;
        true
    }
}

/// The id of each row, or its name where the entity can be known by it.
fn ids(block: &Block) -> Vec<Option<(u128, u64)>> {
    let schema = block.entity.raw_schema();
    let column = |name: &str| {
        let position = Block::position(&schema, name)?;
        block.columns.get(position)?.as_string_opt::<i32>()
    };
    let (ids, names) = (
        column("id"),
        if block.entity.is_named() {
            column("name")
        } else {
            None
        },
    );
    let hashed = |mark: u8, text: &str| {
        let mut bytes = Vec::with_capacity(text.len() + 1);
        bytes.push(mark);
        bytes.extend_from_slice(text.as_bytes());
        (xxh3_128(&bytes), id_hash(text))
    };
    (0..block.rows)
        .map(|row| match (ids, names) {
            (Some(ids), _) if ids.is_valid(row) => Some(hashed(b'i', ids.value(row))),
            (_, Some(names)) if names.is_valid(row) => Some(hashed(b'n', names.value(row))),
            _ => None,
        })
        .collect()
}

/// The hash of each row's content: fields and attributes, by name, so that columns that are added
/// later change nothing.
fn contents(block: &Block) -> Vec<Hash> {
    let schema = block.entity.raw_schema();
    let mut low = vec![0_u64; block.rows];
    let mut high = vec![0_u64; block.rows];
    for (field, column) in schema.fields().iter().skip(LEADING).zip(&block.columns) {
        if column.null_count() == column.len() {
            continue;
        }
        let seed = xxh3_64(field.name().as_bytes());
        let mut add = |row: usize, bytes: &[u8]| {
            low[row] = low[row].wrapping_add(xxh3_64_with_seed(bytes, seed));
            high[row] = high[row].wrapping_add(xxh3_64_with_seed(bytes, !seed));
        };
        let valid = |row: &usize| column.is_valid(*row);
        let rows = (0..block.rows).filter(valid);
        match column.data_type() {
            DataType::Utf8 => {
                let column = column.as_string::<i32>();
                rows.for_each(|row| add(row, column.value(row).as_bytes()));
            }
            DataType::Boolean => {
                let column = column.as_boolean();
                rows.for_each(|row| add(row, &[u8::from(column.value(row))]));
            }
            DataType::Int64 => {
                let column = column.as_primitive::<Int64Type>();
                rows.for_each(|row| add(row, &column.value(row).to_le_bytes()));
            }
            DataType::Float64 => {
                let column = column.as_primitive::<Float64Type>();
                // -0 equals 0.
                rows.for_each(|row| add(row, &(column.value(row) + 0.0).to_le_bytes()));
            }
            DataType::Date32 => {
                let column = column.as_primitive::<Date32Type>();
                rows.for_each(|row| add(row, &column.value(row).to_le_bytes()));
            }
            DataType::Decimal128(..) => {
                let column = column.as_primitive::<Decimal128Type>();
                rows.for_each(|row| add(row, &column.value(row).to_le_bytes()));
            }
            _ => {
                let Some(column) = column.as_primitive_opt::<TimestampMicrosecondType>() else {
                    continue;
                };
                rows.for_each(|row| add(row, &column.value(row).to_le_bytes()));
            }
        }
    }
    #[allow(clippy::cast_possible_truncation, reason = "the upper half of 64 bits")]
    low.into_iter()
        .zip(high)
        .map(|(low, high)| (low, (high >> 32) as u32))
        .collect()
}
