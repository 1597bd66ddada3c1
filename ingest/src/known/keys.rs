//! Which rows of a raw table a block of new rows is compared with: those of the same keys.
//!
//! Rows that are equal have the same key. Of a long history only those of some keys are read: the
//! Bloom filters of the files say which row groups may have them, and of those the columns of the key
//! are decoded first.

use std::fs::File;

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch, StringArray};
use hashbrown::HashSet;
use millrace_lake::{Table, TableFile, may_hold};
use millrace_models::entity::{Entity, FieldKind};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowPredicateFn, ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
    RowFilter,
};
use parquet::errors::ParquetError;
use xxhash_rust::xxh3::xxh3_128;

use super::rows::in_order;
use crate::batch::Block;
use crate::error::IngestError;
use crate::reader::{damaged, unreadable};

const BATCH_ROWS: usize = 32 * 1024;

/// The columns that the key of a row is in: the first of them that has a value.
fn columns(entity: Entity) -> Vec<&'static str> {
    if entity.is_named() {
        return vec!["id", "name"];
    }
    let required = |kinds: fn(&FieldKind) -> bool| {
        let fields = entity.fields().iter();
        let mut fields = fields.filter(move |field| field.required && kinds(&field.kind));
        fields.next().map(|field| field.name)
    };
    let reference = required(|kind| matches!(kind, FieldKind::Reference(_)));
    let text = required(|kind| matches!(kind, FieldKind::Text));
    let fallback = reference.or(text);
    if entity.has_id() {
        std::iter::once("id").chain(fallback).collect()
    } else {
        fallback.into_iter().collect()
    }
}

/// The key of a row: the column, and a hash of the text in it; nothing where all are empty.
type Key = Option<(u8, u128)>;

/// The keys of rows, by their columns.
fn keys<'a>(
    rows: usize,
    columns: &'a [Option<&'a StringArray>],
) -> impl Iterator<Item = (Key, &'a str)> {
    (0..rows).map(move |row| {
        for (place, column) in (0_u8..).zip(columns) {
            if let Some(column) = column.filter(|column| column.is_valid(row)) {
                let text = column.value(row);
                return (Some((place, xxh3_128(text.as_bytes()))), text);
            }
        }
        (None, "")
    })
}

/// Keys, with their texts by column.
#[derive(Debug, Default)]
pub(super) struct Keys {
    columns: Vec<&'static str>,
    all: HashSet<Key>,
    /// For each column, in order.
    texts: Vec<Vec<String>>,
}

impl Keys {
    /// Those of a block that are not among others.
    pub(super) fn of(block: &Block, others: &Self) -> Self {
        let names = columns(block.entity);
        let schema = block.entity.raw_schema();
        let own: Vec<_> = names
            .iter()
            .map(|name| {
                let position = Block::position(&schema, name)?;
                block.columns.get(position)?.as_string_opt::<i32>()
            })
            .collect();
        let mut found = Self {
            texts: vec![Vec::new(); names.len()],
            all: HashSet::new(),
            columns: names,
        };
        for (key, text) in keys(block.rows, &own) {
            if !others.all.contains(&key)
                && found.all.insert(key)
                && let Some((place, _)) = key
            {
                found.texts[usize::from(place)].push(text.to_owned());
            }
        }
        for texts in &mut found.texts {
            texts.sort_unstable();
        }
        found
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Takes in others; their texts are not needed any more.
    pub(super) fn join(&mut self, other: Self) {
        self.columns = other.columns;
        self.all.extend(other.all);
    }

    /// Which rows of a batch of a raw table have one of the keys.
    pub(super) fn of_batch(&self, batch: &RecordBatch) -> BooleanArray {
        let columns: Vec<_> = (self.columns.iter())
            .map(|name| batch.column_by_name(name)?.as_string_opt::<i32>())
            .collect();
        let keys = keys(batch.num_rows(), &columns);
        keys.map(|(key, _)| Some(self.all.contains(&key))).collect()
    }

    /// Calls with the rows of a raw table that have one of the keys, in the order in which they came
    /// in.
    pub(super) fn each_row(
        &self,
        table: &Table,
        on_batch: &mut dyn FnMut(&RecordBatch),
    ) -> Result<(), IngestError> {
        for file in in_order(table) {
            if !self.may_be_in(file) {
                continue;
            }
            let handle = File::open(&file.path).map_err(unreadable(&file.path))?;
            let read = self.each_of_file(handle, on_batch);
            read.map_err(|error| damaged(&file.path, "parquet", error))?;
        }
        Ok(())
    }

    /// Whether a file may have a key, by its statistics.
    fn may_be_in(&self, file: &TableFile) -> bool {
        if self.all.contains(&None) || self.columns.is_empty() {
            return true;
        }
        let mut columns = self.columns.iter().zip(&self.texts);
        columns.any(|(column, texts)| match file.text_bounds(column) {
            Some((least, greatest)) => {
                let place = texts.partition_point(|text| *text < least);
                texts.get(place).is_some_and(|text| *text <= greatest)
            }
            None => !texts.is_empty() && !file.is_null(column),
        })
    }

    fn each_of_file(
        &self,
        handle: File,
        on_batch: &mut dyn FnMut(&RecordBatch),
    ) -> Result<(), ParquetError> {
        let metadata = ArrowReaderMetadata::load(&handle, ArrowReaderOptions::new())?;
        let mut groups = Vec::new();
        for group in 0..metadata.metadata().num_row_groups() {
            if self.may_be_in_group(&handle, &metadata, group)? {
                groups.push(group);
            }
        }
        if groups.is_empty() {
            return Ok(());
        }
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(handle, metadata);
        let mask = ProjectionMask::columns(builder.parquet_schema(), self.columns.iter().copied());
        let own = Self {
            columns: self.columns.clone(),
            all: self.all.clone(),
            texts: Vec::new(),
        };
        let is_wanted = ArrowPredicateFn::new(mask, move |batch| Ok(own.of_batch(&batch)));
        let reader = builder
            .with_row_groups(groups)
            .with_row_filter(RowFilter::new(vec![Box::new(is_wanted)]))
            .with_batch_size(BATCH_ROWS)
            .build()?;
        for batch in reader {
            on_batch(&batch?);
        }
        Ok(())
    }

    fn may_be_in_group(
        &self,
        handle: &File,
        metadata: &ArrowReaderMetadata,
        group: usize,
    ) -> Result<bool, ParquetError> {
        if self.all.contains(&None) || self.columns.is_empty() {
            return Ok(true);
        }
        for (column, texts) in self.columns.iter().zip(&self.texts) {
            let texts = texts.iter().map(|text| text.trim());
            if texts.len() > 0 && may_hold(handle, metadata, group, column, texts)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
