//! What all fact tables share: their dimensions, and writing them from several threads.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;
use millrace_lake::{Lake, NewFile, TableWriter};
use rayon::prelude::*;

use crate::columns::Columns;
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
    lanes: Mutex<BTreeMap<LaneKey, Arc<Mutex<Lane>>>>,
}

/// The partition and, without partitions, the thread.
type LaneKey = (Option<String>, usize);

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
    ) -> Self {
        let table = table_name(name);
        Self {
            lake: lake.clone(),
            table,
            schema,
            partition,
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
        let thread = match self.partition {
            Some(_) => 0,
            None => rayon::current_thread_index().unwrap_or(0),
        };
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes
            .entry((partition, thread))
            .or_insert_with_key(|(partition, _)| Arc::new(Mutex::new(self.lane(partition.clone()))))
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

    /// Closes the files: the mart as it is to be.
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
        })
    }
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
}
