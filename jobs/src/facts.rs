//! What all fact tables share: their dimensions, and writing them from several threads.

use std::sync::{Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use millrace_lake::{Lake, NewFile, TableWriter};

use crate::columns::{Columns, texts};
use crate::world::Dimensions;

/// Sets the dimension columns of a fact.
pub(crate) fn set_dimensions<'a, R>(
    columns: &mut Columns,
    rows: &[R],
    dimensions: impl Fn(&R) -> Dimensions<'a>,
) -> anyhow::Result<()> {
    let all: Vec<Dimensions<'a>> = rows.iter().map(dimensions).collect();
    columns
        .set("owner", texts(all.iter().map(|own| own.owner)))?
        .set("team", texts(all.iter().map(|own| own.team)))?
        .set("manager", texts(all.iter().map(|own| own.manager)))?
        .set(
            "current_owner",
            texts(all.iter().map(|own| own.current_owner)),
        )?
        .set(
            "current_team",
            texts(all.iter().map(|own| own.current_team)),
        )?
        .set("account_id", texts(all.iter().map(|own| own.account)))?
        .set("region", texts(all.iter().map(|own| own.region)))?
        .set("industry", texts(all.iter().map(|own| own.industry)))?
        .set("segment", texts(all.iter().map(|own| own.segment)))?
        .set("product", texts(all.iter().map(|own| own.product)))?;
    Ok(())
}

/// The writers of one mart, one for each thread that writes at the same time.
pub(crate) struct Sink {
    lake: Lake,
    table: String,
    schema: SchemaRef,
    partition: Option<&'static str>,
    idle: Mutex<Vec<TableWriter>>,
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
            idle: Mutex::default(),
        }
    }

    /// The columns of the mart.
    pub(crate) fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    /// Lets `write` write with a writer that no other thread uses meanwhile.
    pub(crate) fn with<T>(
        &self,
        write: impl FnOnce(&mut TableWriter) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let mut writer = idle.unwrap_or_else(|| {
            self.lake
                .writer(&self.table, self.schema.clone(), self.partition)
        });
        let done = write(&mut writer)?;
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(writer);
        Ok(done)
    }

    /// Writes a batch of a mart without partitions.
    pub(crate) fn write(&self, batch: &RecordBatch) -> anyhow::Result<()> {
        self.with(|writer| Ok(writer.write(batch, None)?))
    }

    /// Closes the files: the mart as it is to be.
    pub(crate) fn finish(self) -> anyhow::Result<Mart> {
        let Self {
            table,
            schema,
            idle,
            ..
        } = self;
        let writers = idle.into_inner().unwrap_or_else(PoisonError::into_inner);
        let files = rayon::iter::ParallelIterator::collect::<Result<Vec<_>, _>>(
            rayon::iter::ParallelIterator::map(
                rayon::iter::IntoParallelIterator::into_par_iter(writers),
                TableWriter::finish,
            ),
        )?;
        Ok(Mart {
            table,
            schema,
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
