//! To-dos (待办): done, put off, passed on, or given up.
//!
//! A to-do that is put off is not due before its time; it stays `snoozed` until somebody does it, and
//! whoever lists what is due compares that time with now.

use chrono::{DateTime, Utc};
use millrace_models::scope::Action;
use sea_orm::Set;

use super::{assign, release};
use crate::caller::Caller;
use crate::entity::todo;
use crate::error::{OperationsError, Result};
use crate::row::truncate;
use crate::unit::{Target, Unit};

/// Ticks a to-do off.
///
/// # Errors
///
/// When it is done or cancelled.
pub async fn complete(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
    result: Option<String>,
) -> Result<todo::Model> {
    let read = pending(unit, caller, target.into()).await?;
    let change = todo::ActiveModel {
        state: Set("done".to_owned()),
        completed_at: Set(Some(unit.now())),
        result: Set(result.filter(|text| !text.trim().is_empty())),
        ..Default::default()
    };
    unit.update_given(&read, change).await
}

/// Puts a to-do off.
///
/// # Errors
///
/// When it is done or cancelled, the time is not to come, or there is no reason.
pub async fn snooze(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
    until: DateTime<Utc>,
    reason: &str,
) -> Result<todo::Model> {
    let read = pending(unit, caller, target.into()).await?;
    let until = truncate(until);
    if until <= unit.now() {
        return Err(OperationsError::field("until", "must be in the future"));
    }
    release::given(reason)?;
    let change = todo::ActiveModel {
        state: Set("snoozed".to_owned()),
        snoozed_until: Set(Some(until)),
        snooze_reason: Set(Some(reason.trim().to_owned())),
        ..Default::default()
    };
    unit.update_given(&read, change).await
}

/// Passes a to-do on: its owner to anybody at work, others in the teams that they assign in.
///
/// # Errors
///
/// When the caller may not, or there is no such person; when it is done or cancelled.
pub async fn reassign(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
    user_id: i64,
) -> Result<todo::Model> {
    let read = pending(unit, caller, target.into()).await?;
    let person = if read.owner_id == Some(caller.user_id) {
        assign::at_work(unit, user_id).await?
    } else {
        unit.check(caller, &todo::RESOURCE, Action::Assign, read.id)
            .await?;
        assign::person(unit, caller, &todo::RESOURCE, user_id).await?
    };
    if read.owner_id == Some(person.id) {
        return Ok(read);
    }
    let change = todo::ActiveModel {
        owner_id: Set(Some(person.id)),
        team_id: Set(person.team_id),
        ..Default::default()
    };
    unit.update(&read, change).await
}

/// Gives a to-do up.
///
/// # Errors
///
/// When it is done or cancelled, or there is no reason.
pub async fn cancel(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
    reason: &str,
) -> Result<todo::Model> {
    let read = pending(unit, caller, target.into()).await?;
    release::given(reason)?;
    let change = todo::ActiveModel {
        state: Set("cancelled".to_owned()),
        result: Set(Some(reason.trim().to_owned())),
        ..Default::default()
    };
    unit.update_given(&read, change).await
}

async fn pending(unit: &Unit, caller: &Caller, target: Target) -> Result<todo::Model> {
    let read: todo::Model = unit.take(caller, Action::Update, target).await?;
    let needs: &[&str] = &["open", "snoozed"];
    if needs.contains(&read.state.as_str()) {
        return Ok(read);
    }
    Err(OperationsError::State {
        entity: todo::RESOURCE.name,
        id: read.id,
        state: read.state,
        needs,
    })
}
