//! Where the marts of all records are made: the one interface between a run and what computes it.
//!
//! A full run is a physical plan of one node, [`MartsExec`]: each of its partitions makes the marts
//! of a part of the deals (the first one everything else, too), from the lists of the raw tables'
//! files, writes the new files into the lake's folder, and answers with one row that says which. The
//! run takes the files over and commits them, so an engine commits nothing, and a file that nobody
//! took over is swept away by upkeep. An engine that computes elsewhere sends the plan by
//! [`MillraceCodec`]. What a few records changed is made where the run is: it costs less than asking.

mod codec;
mod node;
mod task;

use std::fmt::Debug;
use std::sync::Arc;

use anyhow::Context;
use arrow::array::RecordBatch;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::{ExecutionPlan, collect};
use futures::future::BoxFuture;
use millrace_lake::Lake;

pub use self::codec::MillraceCodec;
pub use self::node::MartsExec;
use self::task::{Outcome, Task};
use crate::build::{Built, Inputs};
use crate::run::RunOptions;

/// What computes the marts of all records.
pub trait Engine: Debug + Send + Sync {
    /// In how many parts the deals are to be made, each by itself; rounded up to a power of two.
    fn parts(&self) -> usize;

    /// Executes all partitions of a plan, and gives their rows.
    fn execute(
        &self,
        plan: Arc<dyn ExecutionPlan>,
    ) -> BoxFuture<'static, datafusion::error::Result<Vec<RecordBatch>>>;
}

/// Computes in this process, on all its processors.
#[derive(Debug, Clone, Copy, Default)]
pub struct Local;

impl Engine for Local {
    fn parts(&self) -> usize {
        1
    }

    fn execute(
        &self,
        plan: Arc<dyn ExecutionPlan>,
    ) -> BoxFuture<'static, datafusion::error::Result<Vec<RecordBatch>>> {
        Box::pin(collect(plan, Arc::new(TaskContext::default())))
    }
}

/// Makes the marts that the options name of all records.
pub(crate) async fn build_all(
    lake: &Lake,
    inputs: &Inputs,
    options: &RunOptions,
) -> anyhow::Result<Built> {
    let task = Task::new(lake, inputs, options);
    let parts = task.parts;
    let plan = MartsExec::new(task, Arc::clone(&options.progress));
    let rows = options.engine.execute(Arc::new(plan)).await;
    let rows = rows.map_err(task::cause)?;
    let outcomes = Outcome::of_rows(&rows, parts)?;
    let (lake, options) = (lake.clone(), options.clone());
    let joined = tokio::task::spawn_blocking(move || task::join(&lake, outcomes, &options));
    joined.await.context("the run stopped")?
}
