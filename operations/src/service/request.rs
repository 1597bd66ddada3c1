//! Asking for an account that the caller sees in the pool and may not claim: one that is routed to
//! another team, or that they had until lately, or beyond their limits. Who leads the team that it is
//! routed to gets a to-do, or else the caller's superior; they answer by assigning it, or not.

use millrace_models::scope::Action;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};

use super::pool::{self, Move};
use super::release::given;
use crate::caller::Caller;
use crate::entity::{account, team, todo, user};
use crate::error::{OperationsError, Result};
use crate::unit::Unit;

/// Who was asked.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Asked {
    /// The user.
    pub user_id: i64,
    /// Their name.
    pub name: String,
}

/// Asks for an account of the pool, and says who was asked. A second request on the same day changes nothing.
///
/// # Errors
///
/// When the caller does not see it in the pool, there is no reason, or nobody to be asked.
pub async fn request(unit: &Unit, caller: &Caller, account_id: i64, reason: &str) -> Result<Asked> {
    caller.require(&account::RESOURCE, Action::Claim)?;
    let read = unit
        .get_for::<account::Model>(caller, Action::Read, account_id)
        .await?;
    given(reason)?;
    if read.owner_id.is_some() {
        return Err(OperationsError::field("account_id", "is not in the pool"));
    }
    let cause = format!(
        "pool_request:{account_id}:{}:{}",
        caller.user_id,
        unit.today()
    );
    let asked = who_decides(unit, caller, read.team_id).await?;
    let answer = Asked {
        user_id: asked.id,
        name: asked.name,
    };
    let made = todo::Entity::find()
        .filter(todo::Column::Cause.eq(&cause))
        .one(unit)
        .await?;
    if made.is_some() {
        return Ok(answer);
    }
    let recorded = Move {
        account_id,
        opportunity_id: None,
        kind: "request",
        user_id: Some(caller.user_id),
        reason: Some(reason.trim()),
    };
    pool::record(unit, recorded).await?;
    let title = if asked.language == "en" {
        format!("{} asks for the account {}", caller.name, read.name)
    } else {
        format!("{} 申请客户「{}」", caller.name, read.name)
    };
    let todo = todo::ActiveModel {
        title: Set(title.chars().take(400).collect()),
        owner_id: Set(Some(asked.id)),
        team_id: Set(asked.team_id),
        source: Set("rule".to_owned()),
        cause: Set(Some(cause)),
        account_id: Set(Some(account_id)),
        ..Default::default()
    };
    unit.insert::<todo::Model>(todo).await?;
    Ok(answer)
}

/// Who leads the team, or else is the caller's superior.
async fn who_decides(unit: &Unit, caller: &Caller, routed: Option<i64>) -> Result<user::Model> {
    let mut candidates = Vec::new();
    for team_id in [routed, caller.team_id].into_iter().flatten() {
        let team = team::Entity::find_by_id(team_id).one(unit).await?;
        candidates.extend(team.and_then(|team| team.leader_id));
    }
    let own = unit.get::<user::Model>(caller.user_id).await?;
    candidates.extend(own.manager_id);
    for candidate in candidates {
        let person = user::Entity::find_by_id(candidate)
            .filter(user::Column::Enabled.eq(true))
            .filter(user::Column::DeletedAt.is_null())
            .one(unit)
            .await?;
        if let Some(person) = person.filter(|person| person.id != caller.user_id) {
            return Ok(person);
        }
    }
    Err(OperationsError::field(
        "account_id",
        "there is nobody to be asked: the team has no leader and you have no superior",
    ))
}
