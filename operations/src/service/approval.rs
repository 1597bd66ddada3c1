//! The approval of a quote whose discount is beyond what its owner may give.
//!
//! Every role has a highest discount. Whoever may give quotes to others and has a limit that covers
//! the discount approves it.

use millrace_models::scope::Action;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};

use super::quote::{lines_of, stands};
use super::quote_decision::refused;
use crate::caller::Caller;
use crate::entity::{quote, role};
use crate::error::{Result, Rule};
use crate::unit::{Target, Unit};

/// Asks for the approval of a draft, which stays as it is until then.
///
/// # Errors
///
/// When it is no draft, or has no lines.
pub async fn request(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
) -> Result<quote::Model> {
    let read: quote::Model = unit.take(caller, Action::Update, target.into()).await?;
    stands(&read, &["draft"])?;
    if lines_of(unit, read.id).await?.is_empty() {
        return Err(refused(&read, Rule::NoLines));
    }
    let change = quote::ActiveModel {
        outcome: Set("in_approval".to_owned()),
        approval_requested_at: Set(Some(unit.now())),
        ..Default::default()
    };
    unit.update(&read, change).await
}

/// Approves a quote, or gives it back as a draft.
///
/// # Errors
///
/// When nobody asked for it; [`Rule::NeedsApproval`] when its discount is beyond the caller's limit
/// too.
pub async fn answer(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
    approved: bool,
) -> Result<quote::Model> {
    let read: quote::Model = unit.take(caller, Action::Assign, target.into()).await?;
    stands(&read, &["in_approval"])?;
    if approved && !within_limit(unit, caller, &read).await? {
        return Err(refused(&read, Rule::NeedsApproval));
    }
    let outcome = if approved { "approved" } else { "draft" };
    let change = quote::ActiveModel {
        outcome: Set(outcome.to_owned()),
        approved_at: Set(approved.then(|| unit.now())),
        ..Default::default()
    };
    unit.update(&read, change).await
}

/// Whether the caller may give the discount of the quote.
pub(super) async fn within_limit(
    unit: &Unit,
    caller: &Caller,
    quote: &quote::Model,
) -> Result<bool> {
    may_give(unit, caller, quote.discount.unwrap_or(0)).await
}

/// Whether the caller may give a discount of so many basis points without an approval.
pub(super) async fn may_give(unit: &Unit, caller: &Caller, discount: i64) -> Result<bool> {
    if discount == 0 {
        return Ok(true);
    }
    let role = role::Entity::find()
        .filter(role::Column::Code.eq(&caller.role))
        .filter(role::Column::DeletedAt.is_null())
        .one(unit)
        .await?;
    Ok(role.is_some_and(|role| discount <= role.discount_limit))
}
