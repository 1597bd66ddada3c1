//! Published sets: which versions of the marts belong together.
//!
//! Delta commits one table at a time. A run that has committed all its marts appends one row to
//! the table `published`; readers take the versions of one row, so that two numbers on a page
//! never come from two runs, and a run that is half done is never seen.
//!
//! A month is closed on a set: its numbers are taken from that set for as long as the close stands.
//! Which set that is, each later set says, so that one set still is all that a number is made of.
//! A set that is named so is kept by upkeep, with all its files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use chrono::{DateTime, NaiveDate, Utc};
use millrace_models::catalog::Catalog;
use millrace_models::entity;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::{Deserialize, Serialize};

use crate::error::LakeError;
use crate::table::Table;

/// Name of the table of published sets.
pub(crate) const PUBLISHED: &str = "published";

/// The versions of the marts that one run made, and what they are complete to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedSet {
    /// Number of the set, from 1; given by [`Lake::publish`](crate::Lake::publish).
    pub id: i64,
    /// When the set was published.
    pub published_at: DateTime<Utc>,
    /// Up to when everything that was brought in is contained.
    pub complete_to: DateTime<Utc>,
    /// Table (`marts/orders`) to version.
    pub versions: BTreeMap<String, i64>,
    /// Which fields and attributes carry values.
    pub catalog: Catalog,
    /// The rows of each table (`raw/order`) that the marts were built from; empty where it is not
    /// known, or the set is of an earlier time.
    #[serde(default)]
    pub inputs: BTreeMap<String, u64>,
    /// Time of the last event in the marts.
    #[serde(default)]
    pub last_event_at: Option<DateTime<Utc>>,
    /// Time of the first event in the marts.
    #[serde(default)]
    pub first_event_at: Option<DateTime<Utc>>,
    /// What beside the inputs the marts were made by: a run by another basis makes all anew.
    #[serde(default)]
    pub basis: String,
    /// The systems whose records are in the raw tables.
    #[serde(default)]
    pub systems: BTreeSet<String>,
    /// The fields that are asked of the records of each system, as bits by their order; by entity.
    #[serde(default)]
    pub asked: BTreeMap<String, BTreeMap<String, u32>>,
    /// The token of the lease that it was published under; 0 without one.
    #[serde(default)]
    pub fence: i64,
    /// How it was made.
    #[serde(default)]
    pub made: Made,
    /// The closed months and those being closed, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closes: Vec<Close>,
}

/// A month whose numbers are those of an earlier set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Close {
    /// The first day of the month.
    pub month: NaiveDate,
    /// The number of that set.
    pub set: i64,
    /// The moment that the month is closed at: what was known then is what counts.
    pub closed_at: DateTime<Utc>,
    /// Whether the close is recorded. Until then the set is kept for it, and no number changes.
    pub stands: bool,
}

impl PublishedSet {
    /// The closed months at a moment, in their order.
    pub fn closed(&self, at: DateTime<Utc>) -> impl Iterator<Item = &Close> {
        let closes = self.closes.iter();
        closes.filter(move |close| close.stands && close.closed_at <= at)
    }
}

/// How a set was made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// Why all marts were built anew; none when only what had changed was.
    pub full: Option<String>,
    /// Rows that were written.
    pub rows: u64,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// Columns of the table `published`: the set as JSON, and what others may want to select by.
pub(crate) fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("id", DataType::Int64, true),
        Field::new("published_at", entity::timestamp(), true),
        Field::new("complete_to", entity::timestamp(), true),
        Field::new("body", DataType::Utf8, true),
    ]))
}

pub(crate) fn to_batch(set: &PublishedSet) -> Result<RecordBatch, LakeError> {
    let time = |at: DateTime<Utc>| -> ArrayRef {
        Arc::new(TimestampMicrosecondArray::from(vec![at.timestamp_micros()]).with_timezone("UTC"))
    };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(vec![set.id])),
        time(set.published_at),
        time(set.complete_to),
        Arc::new(StringArray::from(vec![serde_json::to_string(set)?])),
    ];
    Ok(RecordBatch::try_new(schema(), columns)?)
}

/// The sets of one file, in its order.
pub(crate) fn read(path: &Path) -> Result<Vec<PublishedSet>, LakeError> {
    let damaged = |reason: String| LakeError::PublishedSet {
        path: path.to_owned(),
        reason,
    };
    let file = File::open(path).map_err(LakeError::file(path))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .and_then(ParquetRecordBatchReaderBuilder::build)
        .map_err(LakeError::parquet(path))?;
    let mut sets = Vec::new();
    for batch in reader {
        let batch = batch?;
        let bodies = batch
            .column_by_name("body")
            .and_then(|column| column.as_string_opt::<i32>())
            .ok_or_else(|| damaged("column `body` must be text".into()))?;
        for body in bodies.iter().flatten() {
            sets.push(serde_json::from_str(body).map_err(|error| damaged(error.to_string()))?);
        }
    }
    Ok(sets)
}

/// The file that holds the newest set, found by the statistics of the log alone.
pub(crate) fn newest_file(table: &Table) -> Option<std::path::PathBuf> {
    let newest = table
        .state()
        .log_data()
        .into_iter()
        .filter_map(|view| {
            let statistics: serde_json::Value = serde_json::from_str(&view.stats()?).ok()?;
            let id = statistics.get("maxValues")?.get("id")?.as_i64()?;
            Some((id, view.path().into_owned()))
        })
        .max()?;
    Some(table.root().join(newest.1))
}
