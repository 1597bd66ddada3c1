//! A run over a part of the records: which marts it makes, which of their rows, and what it takes
//! from the set before.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::sync::Arc;

use anyhow::Context;
use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use arrow::buffer::BooleanBuffer;
use arrow::compute::filter_record_batch;
use arrow::datatypes::TimestampMicrosecondType;
use hashbrown::{HashMap, HashSet};
use millrace_lake::{PublishedSet, Table, TableFile};
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use parquet::errors::ParquetError;

use crate::raw::Keys;
use crate::store::Text;
use crate::world::Known;

/// What a run over a part of the records makes.
pub(crate) struct Partial {
    /// The marts, with their rows that are made anew; the others stay.
    pub(crate) marts: BTreeMap<&'static str, Rows>,
    pub(crate) known: Known,
    /// Writes by person and day, of the set before and what came since; unless they are counted
    /// from all records.
    pub(crate) days: Option<HashMap<(Text, i32), i32>>,
    /// The set that is gone on from.
    pub(crate) base: PublishedSet,
    /// Its tables, by their names in the lake.
    pub(crate) tables: BTreeMap<String, Table>,
}

/// Rows of a mart.
#[derive(Debug, Clone)]
pub(crate) enum Rows {
    /// All.
    All,
    /// Those whose column holds one of the keys.
    Of(&'static str, Arc<Keys>),
    /// Those of records: by their type, the ids.
    Records(BTreeMap<&'static str, Arc<Keys>>),
    /// Those at one of these moments, in microseconds.
    At(&'static str, Arc<HashSet<i64>>),
}

const RECORD_TYPE: &str = "record_type";
const RECORD_ID: &str = "record_id";

impl Rows {
    /// The columns that say whether a row is one.
    pub(crate) fn columns(&self) -> Vec<&'static str> {
        match self {
            Self::All => Vec::new(),
            Self::Of(column, _) | Self::At(column, _) => vec![column],
            Self::Records(_) => vec![RECORD_TYPE, RECORD_ID],
        }
    }

    /// Whether a file may have any, by its statistics.
    pub(crate) fn may_be_in(&self, file: &TableFile) -> bool {
        let within = |column: &str, keys: &Keys| match file.text_bounds(column) {
            Some((least, greatest)) => keys.any_within(&least, &greatest),
            None => true,
        };
        match self {
            Self::All | Self::At(..) => true,
            Self::Of(column, keys) => within(column, keys),
            Self::Records(types) => {
                let Some((least, greatest)) = file.text_bounds(RECORD_TYPE) else {
                    return true;
                };
                types.iter().any(|(name, keys)| {
                    (&*least..=&*greatest).contains(name) && within(RECORD_ID, keys)
                })
            }
        }
    }

    /// Whether a row group of a file may have any, by its filters.
    pub(crate) fn may_be_in_group(
        &self,
        file: &File,
        metadata: &ArrowReaderMetadata,
        row_group: usize,
    ) -> Result<bool, ParquetError> {
        match self {
            Self::All | Self::At(..) => Ok(true),
            Self::Of(column, keys) => keys.may_be_in(file, metadata, row_group, column),
            Self::Records(types) => {
                for keys in types.values() {
                    if keys.may_be_in(file, metadata, row_group, RECORD_ID)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
        }
    }

    /// Without the rows of some keys, where they are found by one column.
    pub(crate) fn without(&self, keys: &HashSet<Text>) -> Self {
        match self {
            Self::Of(column, all) if !keys.is_empty() => {
                Self::Of(column, Arc::new(all.without(keys)))
            }
            rows => rows.clone(),
        }
    }

    /// Which rows of a batch are such.
    pub(crate) fn of_batch(&self, batch: &RecordBatch) -> anyhow::Result<BooleanArray> {
        let column = |name: &str| {
            let column = batch.column_by_name(name);
            column.with_context(|| format!("no column {name}"))
        };
        let is = match self {
            Self::All => BooleanBuffer::new_set(batch.num_rows()),
            Self::Of(name, keys) => keys.of_column(column(name)?),
            Self::At(name, moments) => {
                let times = column(name)?.as_primitive::<TimestampMicrosecondType>();
                BooleanBuffer::collect_bool(times.len(), |row| {
                    times.is_valid(row) && moments.contains(&times.value(row))
                })
            }
            Self::Records(types) => {
                let (kinds, ids) = (column(RECORD_TYPE)?, column(RECORD_ID)?);
                let none = BooleanBuffer::new_unset(batch.num_rows());
                types.iter().fold(none, |is, (name, keys)| {
                    let kind: Keys = [name].into_iter().collect();
                    &is | &(&kind.of_column(kinds) & &keys.of_column(ids))
                })
            }
        };
        Ok(BooleanArray::new(is, None))
    }

    /// Only those of a batch.
    pub(crate) fn only(&self, batch: RecordBatch) -> anyhow::Result<RecordBatch> {
        if matches!(self, Self::All) {
            return Ok(batch);
        }
        let mask = self.of_batch(&batch)?;
        Ok(filter_record_batch(&batch, &mask)?)
    }
}

impl Partial {
    /// A table of the set that is gone on from.
    pub(crate) fn table(&self, name: &str) -> anyhow::Result<&Table> {
        let table = self.tables.get(name);
        table.with_context(|| format!("the set has no table {name}"))
    }

    /// The names of the marts.
    pub(crate) fn names(&self) -> BTreeSet<&'static str> {
        self.marts.keys().copied().collect()
    }
}

/// That a run over a part cannot know what all records would say: all are to be read.
#[derive(Debug)]
pub(crate) struct NeedsAll(pub(crate) &'static str);

impl std::fmt::Display for NeedsAll {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.0)
    }
}

impl std::error::Error for NeedsAll {}
