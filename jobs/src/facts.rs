//! What all fact tables share: their dimensions, and writing them from several threads.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use arrow::array::{ArrayRef, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::SchemaRef;
use millrace_lake::{Lake, NewFile, TableFile, TableWriter};
use rayon::prelude::*;

use crate::columns::Columns;
use crate::partial::Rows;
use crate::raw::Keys;
use crate::texts::{NONE, coded};
use crate::world::{Dictionaries, Dimensions};

/// Sets the dimension columns of a fact.
pub(crate) fn set_dimensions<R>(
    columns: &mut Columns,
    dictionaries: &Dictionaries,
    rows: &[R],
    dimensions: impl Fn(&R) -> Dimensions,
) -> anyhow::Result<()> {
    let all: Vec<Dimensions> = rows.iter().map(dimensions).collect();
    let Dictionaries {
        users,
        accounts,
        products,
        texts,
    } = dictionaries;
    let mut set = |name: &str, number: fn(&Dimensions) -> u32, values: &ArrayRef| {
        if all.iter().any(|own| number(own) != NONE) {
            columns.set(name, coded(all.iter().map(number), values)?)?;
        }
        anyhow::Ok(())
    };
    set("owner", |own| own.owner, users)?;
    set("team", |own| own.team, texts)?;
    set("manager", |own| own.manager, texts)?;
    set("current_owner", |own| own.current_owner, users)?;
    set("current_team", |own| own.current_team, texts)?;
    set("account_id", |own| own.account, accounts)?;
    set("region", |own| own.region, texts)?;
    set("industry", |own| own.industry, texts)?;
    set("segment", |own| own.segment, texts)?;
    set("product", |own| own.product, products)
}

/// Rows of a row group of a partition: rows wait until there are so many, so that only the row
/// groups that are being written hold encoders and compressors.
const ROW_GROUP_ROWS: usize = 64 * 1024;

/// The writers of one mart, to be used from several threads: one writer per partition, or per
/// thread where there are no partitions.
pub(crate) struct Sink {
    lake: Lake,
    table: String,
    schema: SchemaRef,
    partition: Option<&'static str>,
    /// Of the rows that it is given only these are written.
    rows: Rows,
    lanes: Mutex<BTreeMap<LaneKey, Arc<Mutex<Lane>>>>,
}

/// The partition; without partitions the thread, and whether the rows are of open deals.
type LaneKey = (Option<String>, usize, bool);

/// A writer and the rows that wait for it.
struct Lane {
    writer: TableWriter,
    partition: Option<String>,
    waiting: Vec<RecordBatch>,
    rows: usize,
}

impl Lane {
    fn push(&mut self, batch: RecordBatch) -> anyhow::Result<()> {
        self.rows += batch.num_rows();
        self.waiting.push(batch);
        let whole = self.rows - self.rows % ROW_GROUP_ROWS;
        if whole > 0 {
            self.write(whole)?;
        }
        Ok(())
    }

    /// Writes the first `rows` rows that wait.
    fn write(&mut self, mut rows: usize) -> anyhow::Result<()> {
        self.rows -= rows;
        for batch in std::mem::take(&mut self.waiting) {
            let now = rows.min(batch.num_rows());
            if now > 0 {
                self.writer
                    .write(&batch.slice(0, now), self.partition.as_deref())?;
            }
            if now < batch.num_rows() {
                self.waiting.push(batch.slice(now, batch.num_rows() - now));
            }
            rows -= now;
        }
        Ok(())
    }

    fn finish(mut self) -> anyhow::Result<Vec<NewFile>> {
        self.write(self.rows)?;
        Ok(self.writer.finish()?)
    }
}

impl Sink {
    /// Of the mart `name`.
    pub(crate) fn new(
        lake: &Lake,
        name: &str,
        schema: SchemaRef,
        partition: Option<&'static str>,
        rows: Rows,
    ) -> Self {
        let table = table_name(name);
        Self {
            lake: lake.clone(),
            table,
            schema,
            partition,
            rows,
            lanes: Mutex::default(),
        }
    }

    /// The columns of the mart.
    pub(crate) fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    /// Writes a batch, to a partition where the mart has them.
    pub(crate) fn write(
        &self,
        batch: RecordBatch,
        partition: Option<String>,
    ) -> anyhow::Result<()> {
        let batch = self.rows.only(batch)?;
        self.write_all(batch, partition)
    }

    /// Writes a batch as it is: rows that stay.
    pub(crate) fn write_all(
        &self,
        batch: RecordBatch,
        partition: Option<String>,
    ) -> anyhow::Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let thread = match (self.partition, &self.rows) {
            (None, Rows::All) => rayon::current_thread_index().unwrap_or(0),
            _ => 0,
        };
        if self.partition.is_some() {
            return self.push((partition, thread, false), batch);
        }
        // Deals that are open change; the others hardly ever do. Apart from each other, a change
        // costs the files of the open ones.
        let Some(open) = open_rows(&batch) else {
            return self.push((None, thread, false), batch);
        };
        let ended = BooleanArray::new(!open.values(), None);
        self.push((None, thread, true), filter_record_batch(&batch, &open)?)?;
        self.push((None, thread, false), filter_record_batch(&batch, &ended)?)
    }

    fn push(&self, key: LaneKey, batch: RecordBatch) -> anyhow::Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes
            .entry(key)
            .or_insert_with_key(|key| Arc::new(Mutex::new(self.lane(key.0.clone()))))
            .clone();
        drop(lanes);
        lane.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(batch)
    }

    fn lane(&self, partition: Option<String>) -> Lane {
        let writer = self
            .lake
            .writer(&self.table, self.schema.clone(), self.partition)
            .with_row_group_rows(ROW_GROUP_ROWS);
        Lane {
            writer,
            partition,
            waiting: Vec::new(),
            rows: 0,
        }
    }

    /// The name of the table in the lake.
    pub(crate) fn table(&self) -> &str {
        &self.table
    }

    /// The rows that are written of those that it is given.
    pub(crate) fn rows(&self) -> &Rows {
        &self.rows
    }

    /// Closes the files: the rows of the mart that are new.
    pub(crate) fn finish(self) -> anyhow::Result<Mart> {
        let lanes = self.lanes.into_inner();
        let lanes = lanes.unwrap_or_else(PoisonError::into_inner);
        let files = lanes
            .into_values()
            .collect::<Vec<_>>()
            .into_par_iter()
            .map(|lane| {
                let lane = Arc::into_inner(lane).context("a writer is still in use")?;
                lane.into_inner()
                    .unwrap_or_else(PoisonError::into_inner)
                    .finish()
            })
            .collect::<anyhow::Result<Vec<_>>>()?;
        Ok(Mart {
            table: self.table,
            schema: self.schema,
            files: files.into_iter().flatten().collect(),
            kept: Vec::new(),
        })
    }
}

/// Which rows are of deals that are open; `None` where the rows are not of deals.
fn open_rows(batch: &RecordBatch) -> Option<BooleanArray> {
    batch.column_by_name("opportunity_id")?;
    batch.column_by_name("lost_reason")?;
    let outcomes = batch.column_by_name("outcome")?;
    let open: Keys = ["open"].into_iter().collect();
    Some(BooleanArray::new(open.of_column(outcomes), None))
}

/// The name of a mart in the lake.
pub(crate) fn table_name(mart: &str) -> String {
    format!("marts/{mart}")
}

/// The files of a mart, written and not committed.
pub(crate) struct Mart {
    pub(crate) table: String,
    pub(crate) schema: SchemaRef,
    pub(crate) files: Vec<NewFile>,
    /// The files of the set before that stay.
    pub(crate) kept: Vec<TableFile>,
}
