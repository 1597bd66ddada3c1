//! The moves of a deal: what was recorded, what it comes to, and how one is added.
//!
//! A recorded move is never changed. A correction is a record of its own that names the move it
//! corrects, with the stage and the time as they should have been; [`effective`] applies them.
//! Effective moves come one after the other: in the order in which they were recorded, none happened
//! before the one ahead of it.

use chrono::{DateTime, Datelike as _, Utc};
use millrace_models::scope::Action;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, JsonValue, QueryFilter, QueryOrder, Set};

use crate::caller::Caller;
use crate::entity::{opportunity, stage, stage_change};
use crate::error::{OperationsError, Result};
use crate::row::{YEARS, truncate};
use crate::unit::Unit;

/// The moves of a deal as they were recorded, corrections among them, the first first.
///
/// # Errors
///
/// Those of the database.
pub async fn recorded<C: ConnectionTrait>(
    connection: &C,
    opportunity_id: i64,
) -> Result<Vec<stage_change::Model>> {
    let changes = stage_change::Entity::find()
        .filter(stage_change::Column::OpportunityId.eq(opportunity_id))
        .filter(stage_change::Column::DeletedAt.is_null())
        .order_by_asc(stage_change::Column::Id)
        .all(connection)
        .await?;
    Ok(changes)
}

/// The moves with their corrections applied: each has the stage and the time of the last record
/// that corrects it.
pub fn effective(recorded: Vec<stage_change::Model>) -> Vec<stage_change::Model> {
    let mut moves: Vec<stage_change::Model> = Vec::new();
    for change in recorded {
        let corrected = change
            .corrects_id
            .and_then(|id| moves.iter_mut().find(|known| known.id == id));
        match corrected {
            Some(known) => {
                known.stage_id = change.stage_id;
                known.changed_at = change.changed_at;
            }
            None => moves.push(change),
        }
    }
    moves
}

/// When the deal last moved: what comes next happens no earlier.
pub(super) async fn last_at(unit: &Unit, deal: &opportunity::Model) -> Result<DateTime<Utc>> {
    let moves = effective(recorded(unit, deal.id).await?);
    Ok(moves.last().map_or(deal.opened_at, |last| last.changed_at))
}

/// When it happened: now, unless another time is given, which is neither to come nor before the
/// last move.
pub(super) async fn time_of(
    unit: &Unit,
    deal: &opportunity::Model,
    given: Option<DateTime<Utc>>,
) -> Result<DateTime<Utc>> {
    let last = last_at(unit, deal).await?;
    let Some(at) = given.map(truncate) else {
        return Ok(unit.now().max(last));
    };
    happened("changed_at", at, unit.now())?;
    if at < last {
        return Err(OperationsError::field(
            "changed_at",
            "must not be before the last move; a manager can correct that one",
        ));
    }
    Ok(at)
}

/// That a time is not to come.
pub(super) fn happened(field: &'static str, at: DateTime<Utc>, now: DateTime<Utc>) -> Result<()> {
    let fault = if at > now {
        "must not be in the future"
    } else if !YEARS.contains(&at.year()) {
        "must be a time of our days"
    } else {
        return Ok(());
    };
    Err(OperationsError::field(field, fault))
}

/// A move to be recorded.
pub(super) struct Step {
    pub(super) stage_id: i64,
    pub(super) outcome: &'static str,
    pub(super) changed_at: DateTime<Utc>,
    pub(super) kind: &'static str,
    pub(super) reason: Option<String>,
    pub(super) overridden: Option<JsonValue>,
    pub(super) corrects_id: Option<i64>,
}

impl Step {
    pub(super) fn to(
        stage_id: i64,
        outcome: &'static str,
        changed_at: DateTime<Utc>,
        kind: &'static str,
    ) -> Self {
        Self {
            stage_id,
            outcome,
            changed_at,
            kind,
            reason: None,
            overridden: None,
            corrects_id: None,
        }
    }

    pub(super) fn because(mut self, reason: Option<String>) -> Self {
        self.reason = reason.filter(|reason| !reason.trim().is_empty());
        self
    }
}

/// Records a move of the deal.
pub(super) async fn record(
    unit: &Unit,
    deal: &opportunity::Model,
    step: Step,
) -> Result<stage_change::Model> {
    let opening = step.kind == "open";
    let change = stage_change::ActiveModel {
        opportunity_id: Set(deal.id),
        from_stage_id: Set((!opening).then_some(deal.stage_id)),
        stage_id: Set(step.stage_id),
        outcome: Set(step.outcome.to_owned()),
        changed_at: Set(step.changed_at),
        by_id: Set(unit.actor().user_id),
        kind: Set(step.kind.to_owned()),
        reason: Set(step.reason),
        overridden: Set(step.overridden),
        corrects_id: Set(step.corrects_id),
        ..Default::default()
    };
    unit.insert_given::<stage_change::Model>(change).await
}

/// The stages of a pipeline in their order.
pub(super) async fn stages(unit: &Unit, pipeline_id: i64) -> Result<Vec<stage::Model>> {
    let stages = stage::Entity::find()
        .filter(stage::Column::PipelineId.eq(pipeline_id))
        .filter(stage::Column::DeletedAt.is_null())
        .order_by_asc(stage::Column::Position)
        .order_by_asc(stage::Column::Id)
        .all(unit)
        .await?;
    Ok(stages)
}

/// The stage that a deal is in, even if the pipeline no longer has it.
pub(super) async fn stage_of(unit: &Unit, deal: &opportunity::Model) -> Result<stage::Model> {
    let found = stage::Entity::find_by_id(deal.stage_id).one(unit).await?;
    found.ok_or(OperationsError::NotFound {
        entity: stage::RESOURCE.name,
        id: deal.stage_id,
    })
}

/// Whether the caller leads those whose deal it is: may give it to others.
pub(super) async fn leads(unit: &Unit, caller: &Caller, opportunity_id: i64) -> Result<bool> {
    let resource = &opportunity::RESOURCE;
    match caller.condition(resource, Action::Assign) {
        Ok(condition) => unit.exists(resource, opportunity_id, condition).await,
        Err(_) => Ok(false),
    }
}

/// Notes that something moved the deal, so that it is not proposed as shelved.
pub(super) async fn touch(unit: &Unit, opportunity_id: i64, at: DateTime<Utc>) -> Result<()> {
    let deal = unit.get::<opportunity::Model>(opportunity_id).await?;
    if deal.outcome != "open" || deal.last_moved_at >= at {
        return Ok(());
    }
    let change = opportunity::ActiveModel {
        last_moved_at: Set(at),
        ..Default::default()
    };
    unit.update(&deal, change).await?;
    Ok(())
}
