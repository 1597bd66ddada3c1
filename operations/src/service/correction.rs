//! Correcting a move that was recorded wrongly.
//!
//! The move stays as it was recorded. The correction is a record of its own, made by who leads the
//! owner, with a reason; the deal follows what its moves come to with it.

use chrono::{DateTime, Utc};
use millrace_models::scope::Action;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, Set};

use super::criteria::contracts;
use super::moves::{self, Step};
use crate::caller::Caller;
use crate::entity::{contract, opportunity, stage_change};
use crate::error::{OperationsError, Result, Rule};
use crate::row::truncate;
use crate::unit::Unit;

/// What a move should have been.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// The stage that was entered, when it was another one.
    pub stage_id: Option<i64>,
    /// When it happened, when it was another time.
    pub changed_at: Option<DateTime<Utc>>,
    /// Why it is corrected.
    pub reason: String,
}

/// Corrects a move of a deal. Gives the correction.
///
/// # Errors
///
/// [`Rule::ManagerOnly`], [`Rule::OutOfOrder`] when the moves would no longer come one after the
/// other, [`Rule::CorrectionOfCorrection`], [`Rule::OtherPipeline`]; [`OperationsError::Invalid`]
/// without a reason.
pub async fn correct(
    unit: &Unit,
    caller: &Caller,
    stage_change_id: i64,
    correction: Correction,
) -> Result<stage_change::Model> {
    let change = unit
        .get_for::<stage_change::Model>(caller, Action::Read, stage_change_id)
        .await?;
    let deal = unit
        .get_for::<opportunity::Model>(caller, Action::Update, change.opportunity_id)
        .await?;
    let refused = |rule| OperationsError::Refused {
        entity: stage_change::RESOURCE.name,
        id: change.id,
        rule,
    };
    if !moves::leads(unit, caller, deal.id).await? {
        return Err(refused(Rule::ManagerOnly));
    }
    if correction.reason.trim().is_empty() {
        return Err(OperationsError::field("reason", "must not be empty"));
    }
    if change.corrects_id.is_some() {
        return Err(refused(Rule::CorrectionOfCorrection));
    }
    let mut corrected = moves::effective(moves::recorded(unit, deal.id).await?);
    let Some(found) = corrected.iter_mut().find(|known| known.id == change.id) else {
        return Err(refused(Rule::CorrectionOfCorrection));
    };
    let before = found.changed_at;
    if let Some(at) = correction.changed_at.map(truncate) {
        moves::happened("changed_at", at, unit.now())?;
        found.changed_at = at;
    }
    if let Some(stage_id) = correction.stage_id {
        let stages = moves::stages(unit, deal.pipeline_id).await?;
        let Some(stage) = stages.iter().find(|stage| stage.id == stage_id) else {
            return Err(refused(Rule::OtherPipeline));
        };
        // Where a deal stands is no matter of corrections: winning has its contract, an end its own.
        let moved = ["open", "forward", "back", "skip"].contains(&found.kind.as_str());
        if !moved || stage.after_winning != (found.outcome == "won") {
            return Err(refused(Rule::WonOnly));
        }
        found.stage_id = stage_id;
    }
    let (stage_id, changed_at) = (found.stage_id, found.changed_at);
    let outcome = known(&found.outcome);
    let step = Step {
        corrects_id: Some(change.id),
        ..Step::to(stage_id, outcome, changed_at, "correction").because(Some(correction.reason))
    };
    if !corrected.is_sorted_by_key(|change| change.changed_at) {
        return Err(refused(Rule::OutOfOrder));
    }
    let recorded = moves::record(unit, &deal, step).await?;
    let mut follows = follow(&deal, &corrected);
    // A contract says itself when it won the deal; without one, the move that won it does.
    if outcome == "won" && deal.won_at == Some(before) && !has_contract(unit, deal.id).await? {
        follows.won_at = Set(Some(changed_at));
        follows.closed_at = Set(Some(changed_at));
    }
    unit.update(&deal, follows).await?;
    Ok(recorded)
}

/// What the deal comes to by its moves.
fn follow(deal: &opportunity::Model, moves: &[stage_change::Model]) -> opportunity::ActiveModel {
    let mut change = opportunity::ActiveModel::default();
    let mut stage_id = None;
    for step in moves {
        if stage_id != Some(step.stage_id) {
            stage_id = Some(step.stage_id);
            change.stage_id = Set(step.stage_id);
            change.stage_entered_at = Set(step.changed_at);
        }
        match step.kind.as_str() {
            "open" => change.opened_at = Set(step.changed_at),
            "complete" => change.completed_at = Set(Some(step.changed_at)),
            _ => {}
        }
    }
    if !["open", "won"].contains(&deal.outcome.as_str())
        && let Some(end) = moves.last()
    {
        change.closed_at = Set(Some(end.changed_at));
    }
    if let Some(last) = moves.last() {
        change.last_moved_at = Set(deal.last_moved_at.max(last.changed_at));
    }
    change
}

async fn has_contract(unit: &Unit, opportunity_id: i64) -> Result<bool> {
    let effective = contract::Entity::find()
        .filter(contract::Column::OpportunityId.eq(opportunity_id))
        .filter(contracts(&["effective", "completed"]))
        .count(unit)
        .await?;
    Ok(effective > 0)
}

fn known(outcome: &str) -> &'static str {
    millrace_models::entity::OUTCOMES
        .iter()
        .copied()
        .find(|known| *known == outcome)
        .unwrap_or("open")
}
