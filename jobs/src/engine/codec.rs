//! How the node is sent to another process.

use std::sync::Arc;

use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto::physical_plan::{PhysicalExtensionCodec, PhysicalProtoConverterExtension};

use super::node::MartsExec;
use super::task::Task;
use crate::run::Silent;

/// Writes [`MartsExec`] into a plan and reads it, as JSON: it is a few kilobytes, and readable.
#[derive(Debug, Clone, Copy, Default)]
pub struct MillraceCodec;

impl PhysicalExtensionCodec for MillraceCodec {
    fn try_decode(
        &self,
        bytes: &[u8],
        _: &[Arc<dyn ExecutionPlan>],
        _: &TaskContext,
        _: &dyn PhysicalProtoConverterExtension,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let task: Task = serde_json::from_slice(bytes)
            .map_err(|error| DataFusionError::Plan(format!("no task of Millrace: {error}")))?;
        Ok(Arc::new(MartsExec::new(task, Arc::new(Silent))))
    }

    fn try_encode(
        &self,
        node: Arc<dyn ExecutionPlan>,
        bytes: &mut Vec<u8>,
        _: &dyn PhysicalProtoConverterExtension,
    ) -> Result<()> {
        let Some(node) = node.downcast_ref::<MartsExec>() else {
            let name = node.name();
            return Err(DataFusionError::Plan(format!("{name} is none of Millrace")));
        };
        serde_json::to_writer(bytes, node.task())
            .map_err(|error| DataFusionError::External(error.into()))
    }
}
