//! Marts that are made elsewhere: the plan is sent as bytes, in parts that know nothing of each other.

use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::placeholder_row::PlaceholderRowExec;
use datafusion::physical_plan::{ExecutionPlan, common, displayable};
use datafusion_proto::bytes::{
    physical_plan_from_bytes_with_extension_codec, physical_plan_to_bytes_with_extension_codec,
};
use datafusion_proto::physical_plan::PhysicalExtensionCodec;
use futures::future::BoxFuture;
use millrace_jobs::engine::{Engine, MillraceCodec};
use millrace_jobs::{RunOptions, run};
use millrace_models::entity::Entity;
use millrace_models::marts;
use serde_json::{Value, json};

use crate::support::{TestLake, options};

/// Reads a plan anew from its bytes for every part.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Elsewhere(pub(crate) usize);

impl Engine for Elsewhere {
    fn parts(&self) -> usize {
        self.0
    }

    fn execute(
        &self,
        plan: Arc<dyn ExecutionPlan>,
    ) -> BoxFuture<'static, Result<Vec<RecordBatch>>> {
        let parts = plan.properties().output_partitioning().partition_count();
        Box::pin(async move {
            let bytes = physical_plan_to_bytes_with_extension_codec(plan, &MillraceCodec)?;
            let mut rows = Vec::new();
            for part in 0..parts {
                let context = Arc::new(TaskContext::default());
                let plan = physical_plan_from_bytes_with_extension_codec(
                    &bytes,
                    &context,
                    &MillraceCodec,
                )?;
                rows.extend(common::collect(plan.execute(part, context)?).await?);
            }
            Ok(rows)
        })
    }
}

/// Says what it was asked for, and does nothing.
#[derive(Debug)]
struct Down;

impl Engine for Down {
    fn parts(&self) -> usize {
        3
    }

    fn execute(
        &self,
        plan: Arc<dyn ExecutionPlan>,
    ) -> BoxFuture<'static, Result<Vec<RecordBatch>>> {
        let asked = displayable(plan.as_ref()).one_line().to_string();
        let error = DataFusionError::Execution(format!("no host: {}", asked.trim()));
        Box::pin(std::future::ready(Err(error)))
    }
}

/// Forty deals of two systems, ten of them without a stage change, and an order.
async fn lake() -> TestLake {
    let mut lake = TestLake::new().await;
    let mut deals = Vec::new();
    let mut changes = Vec::new();
    for number in 0..40 {
        let (source, id) = (["crm", "erp"][number % 2], format!("D{}", number / 2));
        let day = format!("2024-{:02}-{:02}", 1 + number % 9, 1 + number % 25);
        deals.push(json!({"_source": source, "id": id, "account": "A", "opened_at": day}));
        for (stage, hour) in [("lead", 9), ("quote", 11)] {
            if number >= 10 {
                let at = format!("{day}T{hour:02}:00");
                changes.push(json!({
                    "_source": source, "opportunity": id, "stage": stage, "changed_at": at,
                }));
            }
        }
    }
    changes.push(json!({"opportunity": "D3", "stage": "quote"}));
    lake.raw(Entity::Opportunity, Value::Array(deals)).await;
    lake.raw(Entity::StageChange, Value::Array(changes)).await;
    let order = json!([{"id": "O1", "account": "B", "ordered_at": "2025-01-02", "amount": 5}]);
    lake.raw(Entity::Order, order).await;
    lake
}

#[tokio::test]
async fn parts_that_are_made_elsewhere_are_the_whole() {
    let here = lake().await;
    let whole = run(&here.lake, &options()).await.unwrap();
    let mut made = Vec::new();
    for mart in marts::built() {
        made.push(here.published(mart).await);
    }
    let elsewhere = RunOptions {
        engine: Arc::new(Elsewhere(4)),
        ..options()
    };
    let parts = run(&here.lake, &elsewhere).await.unwrap();
    assert!(parts.warnings[0].starts_with("1 stage changes were left out"));
    assert_eq!(parts.warnings, whole.warnings);
    for (mart, made) in marts::built().zip(made) {
        assert!(here.published(mart).await == made, "{mart}");
    }
    // each part has written files of its own
    let visits = here.lake.table("marts/stage_visits").await.unwrap();
    let open = visits.files().iter();
    let open = open.filter(|file| file.partition.as_deref() == Some(marts::VISITS_OPEN));
    assert_eq!(open.count(), 4);
}

#[tokio::test]
async fn an_engine_that_is_down_changes_nothing() {
    let here = lake().await;
    let set = run(&here.lake, &options()).await.unwrap().set;
    let options = RunOptions {
        engine: Arc::new(Down),
        jobs: vec!["stage_visits".to_owned()],
        ..options()
    };
    let error = run(&here.lake, &options).await.unwrap_err().to_string();
    assert!(
        error.ends_with("no host: MartsExec: parts=4, marts=[stage_visits]"),
        "{error}"
    );
    let newest = here.lake.latest_set().await.unwrap().unwrap();
    assert_eq!(newest.id, set);
}

/// Forgets one of its parts.
#[derive(Debug)]
struct Forgetful;

impl Engine for Forgetful {
    fn parts(&self) -> usize {
        2
    }

    fn execute(
        &self,
        plan: Arc<dyn ExecutionPlan>,
    ) -> BoxFuture<'static, Result<Vec<RecordBatch>>> {
        let whole = Elsewhere(2).execute(plan);
        Box::pin(async move {
            let mut rows = whole.await?;
            rows.pop();
            Ok(rows)
        })
    }
}

#[tokio::test]
async fn a_part_that_is_not_there_is_missed() {
    let here = lake().await;
    let set = run(&here.lake, &options()).await.unwrap().set;
    let options = RunOptions {
        engine: Arc::new(Forgetful),
        ..options()
    };
    let error = run(&here.lake, &options).await.unwrap_err().to_string();
    assert_eq!(error, "the engine made 1 of 2 parts");
    let newest = here.lake.latest_set().await.unwrap().unwrap();
    assert_eq!(newest.id, set);
}

#[test]
fn the_codec_knows_its_own_node_only() {
    let other: Arc<dyn ExecutionPlan> = Arc::new(PlaceholderRowExec::new(Arc::new(
        arrow::datatypes::Schema::empty(),
    )));
    let converter = datafusion_proto::physical_plan::DefaultPhysicalProtoConverter {};
    let refused = MillraceCodec.try_encode(other, &mut Vec::new(), &converter);
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("PlaceholderRowExec")
    );
    let refused = MillraceCodec.try_decode(b"{}", &[], &TaskContext::default(), &converter);
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("no task of Millrace")
    );
}
