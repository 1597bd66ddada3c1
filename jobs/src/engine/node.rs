//! The physical node that makes marts.

use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

use arrow::array::{RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning,
    PlanProperties, ReplaceChildrenOptions, SendableRecordBatchStream,
};

use super::task::Task;
use crate::run::Progress;
use crate::visits::Share;

/// The column of its rows: what a partition has made, as JSON.
pub(super) const MADE: &str = "made";

/// Makes marts of the rows of raw tables. It has no inputs but the files that it names; each partition
/// gives one row, which says what files it has written.
pub struct MartsExec {
    task: Arc<Task>,
    /// Told of the steps where they are done in this process.
    progress: Arc<dyn Progress>,
    properties: Arc<PlanProperties>,
}

impl MartsExec {
    pub(super) fn new(task: Task, progress: Arc<dyn Progress>) -> Self {
        let schema = Schema::new(vec![Field::new(MADE, DataType::Utf8, false)]);
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::new(schema)),
            Partitioning::UnknownPartitioning(task.parts),
            EmissionType::Final,
            Boundedness::Bounded,
        );
        Self {
            task: Arc::new(task),
            progress,
            properties: Arc::new(properties),
        }
    }

    pub(super) fn task(&self) -> &Task {
        &self.task
    }
}

impl Debug for MartsExec {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MartsExec")
            .field("task", &self.task)
            .finish_non_exhaustive()
    }
}

impl DisplayAs for MartsExec {
    fn fmt_as(&self, _: DisplayFormatType, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "MartsExec: parts={}", self.task.parts)?;
        if !self.task.marts.is_empty() {
            write!(formatter, ", marts=[{}]", self.task.marts.join(", "))?;
        }
        Ok(())
    }
}

impl ExecutionPlan for MartsExec {
    fn name(&self) -> &'static str {
        "MartsExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        _: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mode = ChildrenPropertiesMode::Recompute;
        self.replace_children(children, ReplaceChildrenOptions::new(mode))
    }

    fn execute(&self, partition: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let share = Share {
            index: partition,
            of: self.task.parts,
        };
        let (task, progress) = (Arc::clone(&self.task), Arc::clone(&self.progress));
        let schema = self.schema();
        let own = Arc::clone(&schema);
        let made = async move {
            let made = tokio::task::spawn_blocking(move || task.make(share, progress));
            let made = made
                .await
                .map_err(|error| DataFusionError::External(error.into()))?;
            let made = made.map_err(|error| DataFusionError::External(error.into()))?;
            row(own, &made)
        };
        let rows = futures::stream::once(made);
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, rows)))
    }
}

fn row(schema: SchemaRef, made: &str) -> Result<RecordBatch> {
    let column = StringArray::from_iter_values([made]);
    Ok(RecordBatch::try_new(schema, vec![Arc::new(column)])?)
}
