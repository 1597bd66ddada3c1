//! Pipelines and their stages, as they are configured.
//!
//! A stage keeps its code for ever: it is the name of the stage in all history. While deals stand in
//! it, it is neither removed nor put on the other side of winning.

use millrace_models::scope::Action;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, Set};

use super::criteria::{self, Criterion};
use crate::caller::Caller;
use crate::entity::{opportunity, pipeline, stage};
use crate::error::{OperationsError, Result, Rule};
use crate::unit::{Target, Unit};

/// What of a pipeline is to be changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PipelineChange {
    /// The Chinese name.
    pub name_zh: Option<String>,
    /// The English name.
    pub name_en: Option<String>,
    /// Whether a deal may skip stages.
    pub may_skip: Option<bool>,
    /// Whether a deal may move back.
    pub may_move_back: Option<bool>,
    /// Whether new deals enter this one; it takes that from the one that had it.
    pub default_pipeline: bool,
}

/// A stage as it is to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StageDesign {
    /// The Chinese name.
    pub name_zh: String,
    /// The English name.
    pub name_en: String,
    /// Its place in the pipeline, from 1.
    pub position: i64,
    /// The working days that a deal may stay; none when it may stay for ever.
    pub expected_days: Option<i64>,
    /// How likely a deal in it is won, in basis points.
    pub probability: i64,
    /// What must hold to enter.
    pub entry_criteria: Vec<Criterion>,
    /// What must hold to leave.
    pub exit_criteria: Vec<Criterion>,
    /// Whether it is the last one.
    pub terminal: bool,
    /// Whether it comes after winning.
    pub after_winning: bool,
}

/// Makes a pipeline without stages; deals enter it when it becomes the default.
///
/// # Errors
///
/// When the caller's role may not, or a name is missing.
pub async fn create(
    unit: &Unit,
    caller: &Caller,
    name_zh: String,
    name_en: String,
) -> Result<pipeline::Model> {
    caller.require(&pipeline::RESOURCE, Action::Create)?;
    let draft = pipeline::ActiveModel {
        name_zh: Set(name_zh),
        name_en: Set(name_en),
        ..Default::default()
    };
    unit.insert_given::<pipeline::Model>(draft).await
}

/// Changes a pipeline.
///
/// # Errors
///
/// When the caller's role may not; when it would become the default without a stage to enter.
pub async fn configure(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
    input: PipelineChange,
) -> Result<pipeline::Model> {
    let read: pipeline::Model = unit.take(caller, Action::Update, target.into()).await?;
    let mut change = pipeline::ActiveModel::default();
    if let Some(name) = input.name_zh {
        change.name_zh = Set(name);
    }
    if let Some(name) = input.name_en {
        change.name_en = Set(name);
    }
    if let Some(may) = input.may_skip {
        change.may_skip = Set(may);
    }
    if let Some(may) = input.may_move_back {
        change.may_move_back = Set(may);
    }
    if input.default_pipeline && !read.default_pipeline {
        let stages = super::moves::stages(unit, read.id).await?;
        if stages.first().is_none_or(|first| first.after_winning) {
            let fault = "needs a stage before winning";
            return Err(OperationsError::field("default_pipeline", fault));
        }
        let before = pipeline::Entity::find()
            .filter(pipeline::Column::DefaultPipeline.eq(true))
            .filter(pipeline::Column::DeletedAt.is_null())
            .one(unit)
            .await?;
        if let Some(before) = before {
            let change = pipeline::ActiveModel {
                default_pipeline: Set(false),
                ..Default::default()
            };
            unit.update(&before, change).await?;
        }
        change.default_pipeline = Set(true);
    }
    unit.update_given(&read, change).await
}

/// Adds a stage to a pipeline.
///
/// # Errors
///
/// When the caller's role may not, a field is wrong, or the code is taken.
pub async fn add_stage(
    unit: &Unit,
    caller: &Caller,
    pipeline_id: i64,
    code: String,
    design: StageDesign,
) -> Result<stage::Model> {
    caller.require(&stage::RESOURCE, Action::Create)?;
    unit.refer::<pipeline::Model>(caller, "pipeline_id", pipeline_id)
        .await?;
    let draft = stage::ActiveModel {
        pipeline_id: Set(pipeline_id),
        code: Set(code),
        ..drafted(design)?
    };
    unit.insert_given::<stage::Model>(draft).await
}

/// Changes a stage to the design.
///
/// # Errors
///
/// As [`add_stage`]; [`Rule::InUse`] when it would change sides of winning under deals.
pub async fn change_stage(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
    design: StageDesign,
) -> Result<stage::Model> {
    let read: stage::Model = unit.take(caller, Action::Update, target.into()).await?;
    if read.after_winning != design.after_winning {
        unused(unit, &read).await?;
    }
    unit.update_given(&read, drafted(design)?).await
}

/// Removes a stage that no deal is in.
///
/// # Errors
///
/// [`Rule::InUse`].
pub async fn remove_stage(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
) -> Result<stage::Model> {
    let read: stage::Model = unit.take(caller, Action::Delete, target.into()).await?;
    unused(unit, &read).await?;
    unit.delete(&read).await
}

/// A stage in an arrangement: one there is, or a new one with its code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arranged {
    /// The stage; none for a new one.
    pub id: Option<i64>,
    /// The code of a new one; of one there is it stays.
    pub code: Option<String>,
    /// What it is to be; its position follows from the order.
    pub design: StageDesign,
}

/// Brings the stages of a pipeline into that order: those named are changed, the new ones added, and
/// those not named removed. Gives the stages as they are then.
///
/// # Errors
///
/// As [`add_stage`], [`change_stage`] and [`remove_stage`]; when a stage after winning comes before
/// another, or the default pipeline would have none to enter.
pub async fn arrange(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
    stages: Vec<Arranged>,
) -> Result<Vec<stage::Model>> {
    let pipeline: pipeline::Model = unit.take(caller, Action::Update, target.into()).await?;
    let fault = |message: &str| Err(OperationsError::field("stages", message));
    if !stages.is_sorted_by_key(|stage| stage.design.after_winning) {
        return fault("after winning come last");
    }
    let enters = stages
        .first()
        .is_some_and(|first| !first.design.after_winning);
    if pipeline.default_pipeline && !enters {
        return fault("of the default pipeline need one before winning");
    }
    let before = super::moves::stages(unit, pipeline.id).await?;
    let mut named = std::collections::BTreeSet::new();
    for id in stages.iter().filter_map(|stage| stage.id) {
        if !before.iter().any(|stage| stage.id == id) || !named.insert(id) {
            return fault("must be of the pipeline, each once");
        }
    }
    for gone in before.iter().filter(|stage| !named.contains(&stage.id)) {
        remove_stage(unit, caller, gone.id).await?;
    }
    for (position, stage) in (1..).zip(stages) {
        let design = StageDesign {
            position,
            ..stage.design
        };
        match (stage.id, stage.code) {
            (Some(id), code) => {
                let known = before.iter().find(|known| known.id == id);
                if code.is_some() && known.map(|known| &known.code) != code.as_ref() {
                    return fault("keep their code: it is their name in all history");
                }
                change_stage(unit, caller, id, design).await?;
            }
            (None, Some(code)) => {
                add_stage(unit, caller, pipeline.id, code, design).await?;
            }
            (None, None) => return fault("that are new need a code"),
        }
    }
    super::moves::stages(unit, pipeline.id).await
}

fn drafted(design: StageDesign) -> Result<stage::ActiveModel> {
    Ok(stage::ActiveModel {
        name_zh: Set(design.name_zh),
        name_en: Set(design.name_en),
        position: Set(design.position),
        expected_days: Set(design.expected_days),
        probability: Set(design.probability),
        entry_criteria: Set(declared("entry_criteria", &design.entry_criteria)?),
        exit_criteria: Set(declared("exit_criteria", &design.exit_criteria)?),
        terminal: Set(design.terminal),
        after_winning: Set(design.after_winning),
        ..Default::default()
    })
}

fn declared(field: &'static str, criteria: &[Criterion]) -> Result<serde_json::Value> {
    let declared = serde_json::to_value(criteria).unwrap_or_default();
    match criteria::parse(&declared) {
        Ok(_) => Ok(declared),
        Err(fault) => Err(OperationsError::field(field, fault)),
    }
}

/// That no deal is in the stage.
async fn unused(unit: &Unit, stage: &stage::Model) -> Result<()> {
    let deals = opportunity::Entity::find()
        .filter(opportunity::Column::StageId.eq(stage.id))
        .filter(opportunity::Column::DeletedAt.is_null())
        .count(unit)
        .await?;
    if deals == 0 {
        return Ok(());
    }
    Err(OperationsError::Refused {
        entity: stage::RESOURCE.name,
        id: stage.id,
        rule: Rule::InUse,
    })
}
