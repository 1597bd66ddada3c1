//! The rows of raw tables, and what they are known by.

use std::fs::File;

use arrow::array::{Array, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType,
};
use hashbrown::{HashMap, HashSet};
use millrace_lake::{Table, TableFile};
use millrace_models::entity::Entity;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed, xxh3_128};

use super::{Hash, id_hash};
use crate::batch::{ACTOR, Block, LEADING, REASON};
use crate::error::IngestError;
use crate::reader::{damaged, unreadable};

/// What the record of an id, or of a name where there is none, is known by.
pub(crate) fn identity(id: Option<&str>, name: Option<&str>, version: Option<i64>) -> Option<u128> {
    let (mark, text) = id.map(|id| (b'i', id)).or(name.map(|name| (b'n', name)))?;
    let mut bytes = Vec::with_capacity(text.len() + 10);
    bytes.push(mark);
    bytes.extend_from_slice(text.as_bytes());
    if let Some(version) = version {
        bytes.push(0);
        bytes.extend_from_slice(&version.to_le_bytes());
    }
    Some(xxh3_128(&bytes))
}

/// What each row is known by: its id, or its name where the entity can be known by it; with its
/// version, for quotes. The other number tells ids apart, and nothing else.
pub(super) fn ids(block: &Block) -> Vec<Option<(u128, u64)>> {
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
    let versions = (block.entity == Entity::Quote)
        .then(|| Block::position(&schema, "version"))
        .flatten()
        .and_then(|position| block.columns.get(position)?.as_primitive_opt::<Int64Type>());
    (0..block.rows)
        .map(|row| {
            let (id, name) = (text_at(ids, row), text_at(names, row));
            let version = versions.filter(|column| column.is_valid(row));
            let known = identity(id, name, version.map(|column| column.value(row)))?;
            Some((known, id_hash(id.or(name)?)))
        })
        .collect()
}

fn text_at(column: Option<&StringArray>, row: usize) -> Option<&str> {
    let column = column.filter(|column| column.is_valid(row))?;
    Some(column.value(row))
}

/// The last row of each of these records that a raw table has, each alone.
pub(crate) fn last_rows(
    table: &Table,
    entity: Entity,
    system: &str,
    wanted: &HashSet<u128>,
) -> Result<Vec<Block>, IngestError> {
    let mut last: HashMap<u128, (i64, Block)> = HashMap::new();
    each_batch(table, &mut |batch| {
        let Some((systems, seqs)) = text(batch, "_source").zip(seqs(batch)) else {
            return Ok(());
        };
        let block = block_of(entity, batch);
        for (row, id) in ids(&block).into_iter().enumerate() {
            let Some((id, _)) = id.filter(|(id, _)| wanted.contains(id)) else {
                continue;
            };
            let seq = seqs.value(row);
            if systems.value(row) != system || last.get(&id).is_some_and(|(own, _)| *own > seq) {
                continue;
            }
            let place = u32::try_from(row).unwrap_or(u32::MAX);
            last.insert(id, (seq, block.taken(&[(place, true)])?));
        }
        Ok(())
    })?;
    let mut rows: Vec<(i64, Block)> = last.into_values().collect();
    rows.sort_by_key(|(seq, _)| *seq);
    Ok(rows.into_iter().map(|(_, block)| block).collect())
}

/// The files of a raw table, in the order in which their rows came in.
pub(super) fn in_order(table: &Table) -> Vec<&TableFile> {
    let mut files: Vec<&TableFile> = table.files().iter().collect();
    files.sort_by_key(|file| file.integer_bounds("_seq"));
    files
}

/// Calls with each batch of a raw table, in the order in which they came in.
pub(super) fn each_batch(
    table: &Table,
    on_batch: &mut dyn FnMut(&RecordBatch) -> Result<(), IngestError>,
) -> Result<(), IngestError> {
    for file in in_order(table) {
        let handle = File::open(&file.path).map_err(unreadable(&file.path))?;
        let broken = |error: parquet::errors::ParquetError| damaged(&file.path, "parquet", error);
        let reader = ParquetRecordBatchReaderBuilder::try_new(handle)
            .and_then(|builder| builder.with_batch_size(32 * 1024).build())
            .map_err(broken)?;
        for batch in reader {
            on_batch(&batch?)?;
        }
    }
    Ok(())
}

/// The rows of a batch of a raw table.
pub(super) fn block_of(entity: Entity, batch: &RecordBatch) -> Block {
    let columns = entity
        .raw_schema()
        .fields()
        .iter()
        .skip(LEADING)
        .filter(|field| ![ACTOR, REASON].contains(&field.name().as_str()))
        .map(|field| {
            let found = batch.column_by_name(field.name());
            found.cloned().unwrap_or_else(|| {
                arrow::array::new_null_array(field.data_type(), batch.num_rows())
            })
        })
        .collect();
    Block {
        entity,
        columns,
        rows: batch.num_rows(),
        deleted: None,
    }
}

pub(super) fn text<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a StringArray> {
    batch.column_by_name(name)?.as_string_opt::<i32>()
}

pub(super) fn seqs(batch: &RecordBatch) -> Option<&Int64Array> {
    batch
        .column_by_name("_seq")?
        .as_primitive_opt::<Int64Type>()
}

/// The hash of each row's content: fields and attributes, by name, so that columns that are added
/// later change nothing.
pub(super) fn contents(block: &Block) -> Vec<Hash> {
    let schema = block.entity.raw_schema();
    let mut low = vec![0_u64; block.rows];
    let mut high = vec![0_u64; block.rows];
    for (field, column) in schema.fields().iter().skip(LEADING).zip(&block.columns) {
        let is_content = ![ACTOR, REASON].contains(&field.name().as_str());
        if !is_content || column.null_count() == column.len() {
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
