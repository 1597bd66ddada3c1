//! Giving an account or a lead back to the pool.
//!
//! Deals, quotes and tickets of an account stay with who has them.

use millrace_models::scope::Action;

use super::pool;
use crate::caller::Caller;
use crate::entity::{account, opportunity};
use crate::error::{OperationsError, Result};
use crate::record::Record;
use crate::unit::Unit;

/// Gives an account back to the pool: its owner does, or who may assign it.
///
/// # Errors
///
/// When the caller may not, when there is no reason, and when it is in the pool already.
pub async fn release(
    unit: &Unit,
    caller: &Caller,
    account_id: i64,
    reason: &str,
) -> Result<account::Model> {
    let read = unit
        .get_for::<account::Model>(caller, Action::Read, account_id)
        .await?;
    allowed(unit, caller, &read, read.owner_id, reason).await?;
    pool::put_into_pool(unit, &read, "release", Some(reason.trim())).await
}

/// Gives an open deal back to be claimed by others: its owner does, or who may assign it.
///
/// # Errors
///
/// Those of [`release`], and when the deal has ended.
pub async fn release_lead(
    unit: &Unit,
    caller: &Caller,
    opportunity_id: i64,
    reason: &str,
) -> Result<opportunity::Model> {
    let read = unit
        .get_for::<opportunity::Model>(caller, Action::Read, opportunity_id)
        .await?;
    allowed(unit, caller, &read, read.owner_id, reason).await?;
    if read.outcome != "open" {
        return Err(OperationsError::field(
            "outcome",
            format!("only open deals are released, this one is {}", read.outcome),
        ));
    }
    pool::put_lead_into_pool(unit, &read, Some(reason.trim())).await
}

async fn allowed<R: Record>(
    unit: &Unit,
    caller: &Caller,
    read: &R,
    owner_id: Option<i64>,
    reason: &str,
) -> Result<()> {
    let action = if owner_id == Some(caller.user_id) {
        Action::Update
    } else {
        Action::Assign
    };
    unit.check(caller, R::RESOURCE, action, read.id()).await?;
    if owner_id.is_none() {
        return Err(OperationsError::field("owner_id", "is in the pool already"));
    }
    given(reason)
}

/// That a reason is given.
pub(super) fn given(reason: &str) -> Result<()> {
    let length = reason.trim().chars().count();
    if (1..=1_000).contains(&length) {
        return Ok(());
    }
    Err(OperationsError::field(
        "reason",
        "must be given, in at most 1000 characters",
    ))
}
