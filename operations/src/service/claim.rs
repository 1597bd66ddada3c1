//! Claiming an account from the pool.
//!
//! Of many who claim at once, one wins: the change is one UPDATE on the condition that nobody owns
//! the account. The others are told who it was, for a day: they saw it in the pool. After that an
//! account of somebody else is as little theirs to know as any other.

use chrono::TimeDelta;
use millrace_models::scope::Action;
use sea_orm::sea_query::Condition;
use sea_orm::{ColumnTrait, Set};

use crate::caller::Caller;
use crate::entity::{account, pool_move, user};
use crate::error::{OperationsError, Result};
use crate::unit::Unit;

/// How long the losers of a claim are told who won.
const TOLD: TimeDelta = TimeDelta::days(1);

/// Makes the caller the owner of an account that nobody owns.
///
/// # Errors
///
/// [`OperationsError::AlreadyClaimed`] when somebody was faster.
pub async fn claim(unit: &Unit, caller: &Caller, account_id: i64) -> Result<account::Model> {
    caller.require(&account::RESOURCE, Action::Claim)?;
    let change = account::ActiveModel {
        pool_state: Set("owned".to_owned()),
        owner_id: Set(Some(caller.user_id)),
        team_id: Set(caller.team_id),
        claimed_at: Set(Some(unit.now())),
        pooled_at: Set(None),
        ..Default::default()
    };
    let free = Condition::all().add(account::Column::OwnerId.is_null());
    let Some(claimed) = unit
        .update_if::<account::Model>(account_id, free, change)
        .await?
    else {
        return Err(lost(unit, account_id).await?);
    };
    let recorded = pool_move::ActiveModel {
        account_id: Set(claimed.id),
        kind: Set("claim".to_owned()),
        user_id: Set(Some(caller.user_id)),
        by_id: Set(Some(caller.user_id)),
        at: Set(unit.now()),
        ..Default::default()
    };
    unit.insert::<pool_move::Model>(recorded).await?;
    Ok(claimed)
}

/// What the one who came too late is told.
async fn lost(unit: &Unit, account_id: i64) -> Result<OperationsError> {
    let account = unit.get::<account::Model>(account_id).await?;
    let not_found = OperationsError::NotFound {
        entity: "account",
        id: account_id,
    };
    let recent = account.claimed_at.is_some_and(|at| unit.now() - at <= TOLD);
    let (Some(owner_id), true) = (account.owner_id, recent) else {
        return Ok(not_found);
    };
    let owner = unit.get::<user::Model>(owner_id).await?;
    Ok(OperationsError::AlreadyClaimed {
        entity: "account",
        id: account_id,
        owner_id,
        owner: owner.name,
    })
}
