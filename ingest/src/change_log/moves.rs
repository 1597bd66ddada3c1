//! Stage changes: what each deal's moves come to, as events of the stage fold.

use chrono::{DateTime, Utc};
use millrace_models::entity::OUTCOMES;
use millrace_operations::Store;
use millrace_operations::entity::stage_change;
use millrace_operations::log::{Change, Op};
use millrace_operations::service::moves::effective;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::lookup::{Lookup, failed};
use super::rows::{RawRow, text, time};
use crate::convert::Value;
use crate::error::IngestError;

/// The events that an entry of the log adds and takes back.
pub(super) async fn rows(
    store: &Store,
    change: &Change,
    lookup: &Lookup,
) -> Result<Vec<RawRow>, IngestError> {
    match (change.entity.as_str(), change.op) {
        ("stage_change", Op::Insert) => {
            let id = |field: &str| change.after.get(field).and_then(serde_json::Value::as_i64);
            let (Some(deal), corrected) = (id("opportunity_id"), id("corrects_id")) else {
                return Ok(Vec::new());
            };
            let Some(corrected) = corrected else {
                let own = recorded_as(store, change).await?;
                return Ok(own
                    .iter()
                    .map(|step| event("insert", step, lookup, change.at))
                    .collect());
            };
            let mut recorded = up_to(store, deal, change.record_id).await?;
            let after = effective(recorded.clone());
            recorded.retain(|step| step.id != change.record_id);
            let before = effective(recorded);
            Ok(correction(&before, &after, corrected, lookup, change.at))
        }
        // A deal that is gone takes its moves with it.
        ("opportunity", Op::Delete) => {
            let moves = effective(up_to(store, change.record_id, i64::MAX).await?);
            let taken_back = moves.iter().rev();
            Ok(taken_back
                .map(|step| event("delete", step, lookup, change.at))
                .collect())
        }
        _ => Ok(Vec::new()),
    }
}

/// The move that an entry adds. A log of an older version may lack a field: then its record has
/// it, which never changes.
async fn recorded_as(
    store: &Store,
    change: &Change,
) -> Result<Option<stage_change::Model>, IngestError> {
    match serde_json::from_value(change.after.clone()) {
        Ok(step) => Ok(Some(step)),
        Err(_) => stage_change::Entity::find_by_id(change.record_id)
            .one(store.reader())
            .await
            .map_err(failed),
    }
}

/// The moves of a deal as they were recorded up to one of them: the later ones build on these, so
/// their ids are in order.
async fn up_to(
    store: &Store,
    opportunity_id: i64,
    id: i64,
) -> Result<Vec<stage_change::Model>, IngestError> {
    stage_change::Entity::find()
        .filter(stage_change::Column::OpportunityId.eq(opportunity_id))
        .filter(stage_change::Column::Id.lte(id))
        .order_by_asc(stage_change::Column::Id)
        .all(store.reader())
        .await
        .map_err(failed)
}

/// Takes the corrected move back and adds it as it should have been. The fold keeps events of one
/// moment in the order in which they came in; so those behind the corrected one at its old and its
/// new moment are taken back and added again too.
fn correction(
    before: &[stage_change::Model],
    after: &[stage_change::Model],
    corrected: i64,
    lookup: &Lookup,
    at: DateTime<Utc>,
) -> Vec<RawRow> {
    let Some(from) = before.iter().position(|step| step.id == corrected) else {
        return Vec::new();
    };
    let moments = [&before[from], &after[from]].map(|step| step.changed_at);
    let moved = |step: &&stage_change::Model| moments.contains(&step.changed_at);
    let taken_back = before[from..].iter().filter(moved).rev();
    let added = after[from..].iter().filter(moved);
    taken_back
        .map(|step| event("delete", step, lookup, at))
        .chain(added.map(|step| event("insert", step, lookup, at)))
        .collect()
}

fn event(
    op: &'static str,
    step: &stage_change::Model,
    lookup: &Lookup,
    at: DateTime<Utc>,
) -> RawRow {
    let by = step.by_id.map(|id| lookup.name("user", id));
    RawRow::new(op, Some(at))
        .with(
            "opportunity",
            Value::Text(lookup.name("opportunity", step.opportunity_id).into()),
        )
        .with("stage", text(stage_of(step, lookup)))
        .with("changed_at", time(Some(step.changed_at)))
        .with("by", text(by.as_deref()))
        .with("recorded_at", time(Some(step.recorded_at)))
}

/// The stage that a move enters. The ends of a deal are stages of the lake; in operations a deal
/// that ends stays in its stage.
fn stage_of<'a>(step: &'a stage_change::Model, lookup: &'a Lookup) -> Option<&'a str> {
    match step.kind.as_str() {
        "complete" => Some("delivery_completed"),
        "close" => OUTCOMES.iter().find(|own| **own == step.outcome).copied(),
        _ => lookup.stage(step.stage_id),
    }
}
