//! Moving a deal along its pipeline, up to winning and completing it.
//!
//! A move forward asks for what the stage left, every stage passed over and the stage entered
//! declare (see [`criteria`](super::criteria)); so skipping, where the pipeline allows it, gets
//! around nothing. A move back asks for nothing but the pipeline's leave. Who leads the owner may go
//! on without what is missing, with a reason; what was missing is kept in the move.
//!
//! A deal is won by its contract ([`contract`](super::contract)). A move into a stage after winning
//! wins it too; in the default pipeline that takes an effective contract or a manager's override.

use chrono::{DateTime, Utc};
use millrace_models::scope::Action;
use sea_orm::Set;

use super::criteria::{self, Missing, When};
use super::moves::{self, Step};
use crate::caller::Caller;
use crate::entity::{opportunity, pipeline, stage};
use crate::error::{OperationsError, Result, Rule};
use crate::unit::{Target, Unit};

/// A move of a deal to another stage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Move {
    /// The stage to enter.
    pub to_stage_id: i64,
    /// When it happened, when not now.
    pub changed_at: Option<DateTime<Utc>>,
    /// Why; required to override.
    pub reason: Option<String>,
    /// Go on without what is missing.
    pub override_criteria: bool,
}

/// What a move to the stage would lack, so that it can be asked for beforehand.
///
/// # Errors
///
/// As for [`move_stage`], but for what is missing.
pub async fn lacking(
    unit: &Unit,
    caller: &Caller,
    opportunity_id: i64,
    to_stage_id: i64,
) -> Result<Vec<Missing>> {
    let deal = unit
        .get_for::<opportunity::Model>(caller, Action::Read, opportunity_id)
        .await?;
    Ok(way(unit, &deal, to_stage_id).await?.missing)
}

/// Moves the deal to another stage of its pipeline.
///
/// # Errors
///
/// [`OperationsError::Unmet`] with all that is missing; [`OperationsError::Refused`] where the
/// pipeline does not allow the direction or the caller may not override;
/// [`OperationsError::State`] when the deal has ended.
pub async fn move_stage(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
    to: Move,
) -> Result<opportunity::Model> {
    let deal: opportunity::Model = unit.take(caller, Action::Update, target.into()).await?;
    let Way {
        to: stage,
        kind,
        missing,
    } = way(unit, &deal, to.to_stage_id).await?;
    let overridden = if missing.is_empty() {
        None
    } else {
        let id = deal.id;
        if !to.override_criteria {
            return Err(OperationsError::Unmet { id, missing });
        }
        if !moves::leads(unit, caller, id).await? {
            return Err(refused(id, Rule::ManagerOnly));
        }
        if to
            .reason
            .as_deref()
            .is_none_or(|text| text.trim().is_empty())
        {
            return Err(OperationsError::field("reason", "is required to override"));
        }
        serde_json::to_value(&missing).ok()
    };
    let changed_at = moves::time_of(unit, &deal, to.changed_at).await?;
    let won = deal.outcome == "open" && stage.after_winning;
    let outcome = if won || deal.outcome == "won" {
        "won"
    } else {
        "open"
    };
    let step = Step {
        overridden,
        ..Step::to(stage.id, outcome, changed_at, kind).because(to.reason)
    };
    moves::record(unit, &deal, step).await?;
    let mut change = opportunity::ActiveModel {
        stage_id: Set(stage.id),
        stage_entered_at: Set(changed_at),
        last_moved_at: Set(changed_at.max(deal.last_moved_at)),
        ..Default::default()
    };
    if won {
        change.outcome = Set(outcome.to_owned());
        change.won_at = Set(Some(changed_at));
        change.closed_at = Set(Some(changed_at));
    }
    unit.update(&deal, change).await
}

/// Ends the stage after winning: everything is delivered and paid.
///
/// # Errors
///
/// [`OperationsError::State`] when the deal is not won, or completed already.
pub async fn complete(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
    completed_at: Option<DateTime<Utc>>,
) -> Result<opportunity::Model> {
    let deal: opportunity::Model = unit.take(caller, Action::Update, target.into()).await?;
    if deal.completed_at.is_some() {
        return Err(state(&deal, "completed", &["won"]));
    }
    if deal.outcome != "won" {
        return Err(state(&deal, &deal.outcome, &["won"]));
    }
    let at = moves::time_of(unit, &deal, completed_at).await?;
    moves::record(unit, &deal, Step::to(deal.stage_id, "won", at, "complete")).await?;
    let change = opportunity::ActiveModel {
        completed_at: Set(Some(at)),
        last_moved_at: Set(at.max(deal.last_moved_at)),
        ..Default::default()
    };
    unit.update(&deal, change).await
}

/// What the contract says of the deal that it wins.
pub(super) struct Win {
    /// When the contract took effect.
    pub(super) won_at: DateTime<Utc>,
    /// What the deal is worth by it.
    pub(super) worth: opportunity::ActiveModel,
}

/// Wins the deal: its contract took effect, whatever stage the deal was left in. A deal given up
/// before comes back to be won; one that was won already stays as it is.
pub(super) async fn win(unit: &Unit, opportunity_id: i64, win: Win) -> Result<opportunity::Model> {
    let deal: opportunity::Model = unit.get(opportunity_id).await?;
    if deal.outcome == "won" {
        return Ok(deal);
    }
    if !["open", "lost", "shelved"].contains(&deal.outcome.as_str()) {
        return Err(state(&deal, &deal.outcome, &["open", "lost", "shelved"]));
    }
    let changed_at = win.won_at.max(moves::last_at(unit, &deal).await?);
    if deal.outcome != "open" {
        let back = Step::to(deal.stage_id, "open", changed_at, "reopen");
        moves::record(unit, &deal, back).await?;
    }
    let from = moves::stage_of(unit, &deal).await?;
    let stages = moves::stages(unit, deal.pipeline_id).await?;
    let (stage_id, kind) = match stages.iter().find(|stage| stage.after_winning) {
        Some(stage) if stage.id != from.id => {
            let skips = passed(&stages, &from, stage).next().is_some();
            (stage.id, if skips { "skip" } else { "forward" })
        }
        _ => (from.id, "close"),
    };
    moves::record(unit, &deal, Step::to(stage_id, "won", changed_at, kind)).await?;
    let entered_at = if stage_id == from.id {
        deal.stage_entered_at
    } else {
        changed_at
    };
    let change = opportunity::ActiveModel {
        stage_id: Set(stage_id),
        stage_entered_at: Set(entered_at),
        outcome: Set("won".to_owned()),
        won_at: Set(Some(win.won_at)),
        closed_at: Set(Some(win.won_at)),
        lost_amount: Set(None),
        lost_reason: Set(None),
        competitor: Set(None),
        last_moved_at: Set(changed_at.max(deal.last_moved_at)),
        ..win.worth
    };
    unit.update(&deal, change).await
}

/// The way from the stage that a deal is in to another one.
struct Way {
    to: stage::Model,
    kind: &'static str,
    missing: Vec<Missing>,
}

async fn way(unit: &Unit, deal: &opportunity::Model, to_stage_id: i64) -> Result<Way> {
    if !["open", "won"].contains(&deal.outcome.as_str()) {
        return Err(state(deal, &deal.outcome, &["open"]));
    }
    let stages = moves::stages(unit, deal.pipeline_id).await?;
    let Some(to) = stages.iter().find(|stage| stage.id == to_stage_id) else {
        return Err(refused(deal.id, Rule::OtherPipeline));
    };
    let from = moves::stage_of(unit, deal).await?;
    if from.id == to.id {
        return Err(refused(deal.id, Rule::SameStage));
    }
    if deal.outcome == "won" && !to.after_winning {
        return Err(refused(deal.id, Rule::WonOnly));
    }
    let pipeline: pipeline::Model = unit.get(deal.pipeline_id).await?;
    let mut missing = Vec::new();
    let kind = if to.position < from.position {
        if !pipeline.may_move_back {
            return Err(refused(deal.id, Rule::NoMovingBack));
        }
        "back"
    } else {
        let between: Vec<&stage::Model> = passed(&stages, &from, to).collect();
        if !between.is_empty() && !pipeline.may_skip {
            return Err(refused(deal.id, Rule::NoSkipping));
        }
        for left in [&from].into_iter().chain(between.iter().copied()) {
            missing.extend(criteria::missing(unit, deal, left, When::Leave).await?);
        }
        missing.extend(criteria::missing(unit, deal, to, When::Enter).await?);
        if between.is_empty() {
            "forward"
        } else {
            "skip"
        }
    };
    Ok(Way {
        to: to.clone(),
        kind,
        missing,
    })
}

/// The stages between two.
fn passed<'a>(
    stages: &'a [stage::Model],
    from: &stage::Model,
    to: &stage::Model,
) -> impl Iterator<Item = &'a stage::Model> {
    let between = from.position + 1..to.position;
    stages
        .iter()
        .filter(move |stage| between.contains(&stage.position))
}

fn refused(id: i64, rule: Rule) -> OperationsError {
    OperationsError::Refused {
        entity: opportunity::RESOURCE.name,
        id,
        rule,
    }
}

pub(super) fn state(
    deal: &opportunity::Model,
    state: &str,
    needs: &'static [&'static str],
) -> OperationsError {
    OperationsError::State {
        entity: opportunity::RESOURCE.name,
        id: deal.id,
        state: state.to_owned(),
        needs,
    }
}
