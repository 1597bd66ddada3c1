//! Giving an account or a lead to somebody, out of the pool or from another.

use millrace_models::scope::{Action, Scope};
use sea_orm::{EntityTrait, Set};

use super::claim::capacity;
use super::pool::{self, Move};
use super::release::given;
use crate::caller::Caller;
use crate::entity::{account, opportunity, role, user};
use crate::error::{OperationsError, Result};
use crate::resource::Resource;
use crate::unit::Unit;

/// Gives an account to a person of the teams that the caller assigns in. The limits of a day and
/// the cooldown are for claims; what the role may hold counts here too.
///
/// # Errors
///
/// When the caller may not, when there is no such person there or they hold enough, and when there
/// is no reason.
pub async fn assign(
    unit: &Unit,
    caller: &Caller,
    account_id: i64,
    user_id: i64,
    reason: &str,
) -> Result<account::Model> {
    let read = unit
        .get_for::<account::Model>(caller, Action::Assign, account_id)
        .await?;
    given(reason)?;
    let person = person(unit, caller, &account::RESOURCE, user_id).await?;
    if read.owner_id == Some(person.id) {
        return Ok(read);
    }
    let role = role::Entity::find_by_id(person.role_id).one(unit).await?;
    let most = role.and_then(|role| role.pool_capacity);
    capacity(unit, person.id, &person.name, most).await?;
    let assigned = hand_to(unit, &read, &person, reason.trim()).await?;
    pool::cancel_warnings(unit, read.id).await?;
    Ok(assigned)
}

/// Gives an open deal to a person of the teams that the caller assigns in.
///
/// # Errors
///
/// Those of [`assign`] but for the capacity, and when the deal has ended.
pub async fn assign_lead(
    unit: &Unit,
    caller: &Caller,
    opportunity_id: i64,
    user_id: i64,
    reason: &str,
) -> Result<opportunity::Model> {
    let read = unit
        .get_for::<opportunity::Model>(caller, Action::Assign, opportunity_id)
        .await?;
    given(reason)?;
    if read.outcome != "open" {
        return Err(OperationsError::field(
            "outcome",
            format!("only open deals are assigned, this one is {}", read.outcome),
        ));
    }
    let person = person(unit, caller, &opportunity::RESOURCE, user_id).await?;
    if read.owner_id == Some(person.id) {
        return Ok(read);
    }
    let change = opportunity::ActiveModel {
        owner_id: Set(Some(person.id)),
        team_id: Set(person.team_id),
        ..Default::default()
    };
    let assigned = unit.update(&read, change).await?;
    let recorded = Move {
        account_id: read.account_id,
        opportunity_id: Some(read.id),
        kind: "assign",
        user_id: Some(person.id),
        reason: Some(reason.trim()),
    };
    pool::record(unit, recorded).await?;
    Ok(assigned)
}

/// Makes a person the owner of an account, from now on.
pub(super) async fn hand_to(
    unit: &Unit,
    read: &account::Model,
    person: &user::Model,
    reason: &str,
) -> Result<account::Model> {
    let change = account::ActiveModel {
        pool_state: Set("owned".to_owned()),
        owner_id: Set(Some(person.id)),
        team_id: Set(person.team_id),
        claimed_at: Set(Some(unit.now())),
        pooled_at: Set(None),
        previous_owner_id: Set(read.owner_id.or(read.previous_owner_id)),
        ..Default::default()
    };
    let assigned = unit.update(read, change).await?;
    let recorded = Move {
        account_id: read.id,
        opportunity_id: None,
        kind: "assign",
        user_id: Some(person.id),
        reason: Some(reason),
    };
    pool::record(unit, recorded).await?;
    Ok(assigned)
}

/// The person, if they work here and in the teams that the caller assigns in.
pub(super) async fn person(
    unit: &Unit,
    caller: &Caller,
    resource: &'static Resource,
    user_id: i64,
) -> Result<user::Model> {
    let found = within_reach(unit, caller, resource, user_id).await?;
    found.filter(|person| works(unit, person)).ok_or_else(|| {
        OperationsError::field(
            "user_id",
            format!("there is no person {user_id} at work in your teams"),
        )
    })
}

/// The person, if they work here.
pub(super) async fn at_work(unit: &Unit, user_id: i64) -> Result<user::Model> {
    let found = user::Entity::find_by_id(user_id).one(unit).await?;
    found
        .filter(|person| person.deleted_at.is_none() && works(unit, person))
        .ok_or_else(|| {
            OperationsError::field("user_id", format!("there is no person {user_id} at work"))
        })
}

fn works(unit: &Unit, person: &user::Model) -> bool {
    person.enabled && person.left_on.is_none_or(|day| day >= unit.today())
}

/// The person, at work or not, if they are in the teams that the caller assigns in.
pub(super) async fn within_reach(
    unit: &Unit,
    caller: &Caller,
    resource: &'static Resource,
    user_id: i64,
) -> Result<Option<user::Model>> {
    let scope = caller.rights.scope(resource.name, Action::Assign);
    let Some(scope) = scope else {
        return Err(OperationsError::forbidden(resource.name, Action::Assign));
    };
    let person = user::Entity::find_by_id(user_id).one(unit).await?;
    Ok(person.filter(|person| {
        let reached = match scope {
            Scope::All => true,
            Scope::TeamTree => person
                .team_id
                .is_some_and(|team| caller.team_tree.contains(&team)),
            Scope::Team => person.team_id.is_some() && person.team_id == caller.team_id,
            Scope::Own => person.id == caller.user_id,
        };
        reached && person.deleted_at.is_none()
    }))
}
