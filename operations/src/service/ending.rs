//! The ends of a deal beside winning, and the ways back.
//!
//! Lost, shelved, invalid and duplicate are ends of their own. A deal that comes back within
//! [`SAME_DEAL_DAYS`] is the same deal, with its first opening; later it is a new one that continues
//! it. A deal without movement for [`IDLE_DAYS`] is proposed as shelved.

use chrono::{DateTime, TimeDelta, Utc};
use millrace_models::scope::Action;
use sea_orm::{
    ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};

use super::criteria::contracts;
use super::moves::{self, Step};
use super::stage_move::state;
use crate::caller::Caller;
use crate::entity::{contract, opportunity};
use crate::error::{OperationsError, Result, Rule};
use crate::store::Store;
use crate::unit::{Target, Unit};

/// How many calendar days after its end a deal that comes back is still the same.
pub const SAME_DEAL_DAYS: i64 = 90;
/// After how many calendar days without movement a deal is proposed as shelved.
pub const IDLE_DAYS: i64 = 60;

/// An end of a deal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Lost (输单).
    Lost {
        /// Why.
        reason: String,
        /// Who won it instead, where there is one.
        competitor: Option<String>,
        /// What was lost, in fen; the amount of the deal when not given.
        amount: Option<i64>,
    },
    /// Put aside (搁置).
    Shelved {
        /// Why, if it is said.
        reason: Option<String>,
    },
    /// Never a deal (无效).
    Invalid {
        /// Why, if it is said.
        reason: Option<String>,
    },
    /// The same as another deal (重复).
    Duplicate {
        /// The other deal.
        of: i64,
    },
}

/// Ends an open deal.
///
/// # Errors
///
/// When it is not open, or a contract that stands says otherwise; when a lost one has no reason, or
/// a duplicate no original that the caller sees.
pub async fn end(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
    end: End,
    closed_at: Option<DateTime<Utc>>,
) -> Result<opportunity::Model> {
    let deal: opportunity::Model = unit.take(caller, Action::Update, target.into()).await?;
    if deal.outcome != "open" {
        return Err(state(&deal, &deal.outcome, &["open"]));
    }
    let standing = contract::Entity::find()
        .filter(contract::Column::OpportunityId.eq(deal.id))
        .filter(contracts(&["signed", "effective"]))
        .count(unit)
        .await?;
    if standing > 0 {
        return Err(refused(&deal, Rule::HasContract));
    }
    let at = moves::time_of(unit, &deal, closed_at).await?;
    let mut change = opportunity::ActiveModel {
        closed_at: Set(Some(at)),
        last_moved_at: Set(at.max(deal.last_moved_at)),
        ..Default::default()
    };
    let (outcome, reason) = match end {
        End::Lost {
            reason,
            competitor,
            amount,
        } => {
            if reason.trim().is_empty() {
                return Err(OperationsError::field("lost_reason", "must not be empty"));
            }
            change.lost_reason = Set(Some(reason.clone()));
            change.competitor = Set(competitor.filter(|name| !name.trim().is_empty()));
            let worth = deal.amount.map(|amount| amount.max(0));
            change.lost_amount = Set(amount.or(worth));
            ("lost", Some(reason))
        }
        End::Shelved { reason } => ("shelved", reason),
        End::Invalid { reason } => ("invalid", reason),
        End::Duplicate { of } => {
            let original: opportunity::Model = unit.refer(caller, "duplicate_of_id", of).await?;
            if original.id == deal.id || original.outcome == "duplicate" {
                return Err(refused(&deal, Rule::NotTheOriginal));
            }
            change.duplicate_of_id = Set(Some(of));
            ("duplicate", None)
        }
    };
    change.outcome = Set(outcome.to_owned());
    let step = Step::to(deal.stage_id, outcome, at, "close").because(reason);
    moves::record(unit, &deal, step).await?;
    unit.update_given(&deal, change).await
}

/// Takes up a deal again that was given up: the same one, or a new one that continues it. Gives the
/// one that is open afterwards.
///
/// # Errors
///
/// When it is open or won.
pub async fn reopen(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
    reason: Option<String>,
) -> Result<opportunity::Model> {
    let deal: opportunity::Model = unit.take(caller, Action::Update, target.into()).await?;
    let (Some(closed_at), false) = (deal.closed_at, deal.outcome == "won") else {
        let needs: &[&str] = &["lost", "shelved", "invalid", "duplicate"];
        return Err(state(&deal, &deal.outcome, needs));
    };
    let closed_on = unit.calendar().date_of(closed_at);
    if (unit.today() - closed_on).num_days() > SAME_DEAL_DAYS {
        caller.require(&opportunity::RESOURCE, Action::Create)?;
        return continue_as_new(unit, &deal, reason).await;
    }
    let at = moves::time_of(unit, &deal, None).await?;
    let step = Step::to(deal.stage_id, "open", at, "reopen").because(reason);
    moves::record(unit, &deal, step).await?;
    let change = opportunity::ActiveModel {
        outcome: Set("open".to_owned()),
        closed_at: Set(None),
        lost_reason: Set(None),
        lost_amount: Set(None),
        competitor: Set(None),
        duplicate_of_id: Set(None),
        last_moved_at: Set(at),
        ..Default::default()
    };
    unit.update(&deal, change).await
}

/// A new deal in the first stage that continues an old one.
async fn continue_as_new(
    unit: &Unit,
    old: &opportunity::Model,
    reason: Option<String>,
) -> Result<opportunity::Model> {
    let stages = moves::stages(unit, old.pipeline_id).await?;
    let first = stages.first().map_or(old.stage_id, |stage| stage.id);
    let now = unit.now();
    let deal = opportunity::ActiveModel {
        name: Set(old.name.clone()),
        account_id: Set(old.account_id),
        contact_id: Set(old.contact_id),
        product_id: Set(old.product_id),
        owner_id: Set(old.owner_id),
        team_id: Set(old.team_id),
        pipeline_id: Set(old.pipeline_id),
        stage_id: Set(first),
        stage_entered_at: Set(now),
        opened_at: Set(now),
        last_moved_at: Set(now),
        source: Set(old.source.clone()),
        requirements: Set(old.requirements.clone()),
        delivery_address: Set(old.delivery_address.clone()),
        continues_id: Set(Some(old.id)),
        currency: Set(old.currency.clone()),
        original_amount: Set(old.original_amount),
        rate: Set(old.rate),
        rate_on: Set(old.rate_on),
        tax_rate: Set(old.tax_rate),
        amount: Set(old.amount),
        amount_without_tax: Set(old.amount_without_tax),
        ..Default::default()
    };
    let deal = unit.insert::<opportunity::Model>(deal).await?;
    let step = Step::to(first, "open", now, "open").because(reason);
    moves::record(unit, &deal, step).await?;
    Ok(deal)
}

/// The open deals that the caller may end and that nothing moved for [`IDLE_DAYS`], the longest
/// still first.
///
/// # Errors
///
/// When the caller's role may change no deals.
pub async fn idle(store: &Store, caller: &Caller, limit: u64) -> Result<Vec<opportunity::Model>> {
    let theirs = caller.condition(&opportunity::RESOURCE, Action::Update)?;
    let deals = opportunity::Entity::find()
        .filter(theirs)
        .filter(opportunity::Column::Outcome.eq("open"))
        .filter(opportunity::Column::LastMovedAt.lte(still_since(store.now())))
        .filter(opportunity::Column::DeletedAt.is_null())
        .order_by_asc(opportunity::Column::LastMovedAt)
        .order_by_asc(opportunity::Column::Id)
        .limit(limit)
        .all(store.reader())
        .await?;
    Ok(deals)
}

/// Shelves a deal that was proposed: one tap.
///
/// # Errors
///
/// As [`end`]; [`Rule::MovedSince`] when something moved it since it was proposed.
pub async fn shelve_idle(
    unit: &Unit,
    caller: &Caller,
    opportunity_id: i64,
) -> Result<opportunity::Model> {
    let deal = unit
        .get_for::<opportunity::Model>(caller, Action::Update, opportunity_id)
        .await?;
    if deal.outcome == "open" && deal.last_moved_at > still_since(unit.now()) {
        return Err(refused(&deal, Rule::MovedSince));
    }
    end(unit, caller, deal.id, End::Shelved { reason: None }, None).await
}

fn still_since(now: DateTime<Utc>) -> DateTime<Utc> {
    now - TimeDelta::days(IDLE_DAYS)
}

fn refused(deal: &opportunity::Model, rule: Rule) -> OperationsError {
    OperationsError::Refused {
        entity: opportunity::RESOURCE.name,
        id: deal.id,
        rule,
    }
}
