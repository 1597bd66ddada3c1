//! People of the firm, as who administers them enters them.
//!
//! A new one gets a password for one time, which is shown once. Whoever is disabled, or has left, is
//! signed out everywhere, their tokens end, and others look after their customers. Who changes teams
//! takes along what they are working on, so that the new team sees it and the old one does not; what
//! they achieved stays where it was achieved. One person who may administer users and roles is always
//! left.

use chrono::NaiveDate;
use millrace_models::scope::Action;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};

use super::{handover, organisation, success};
use crate::caller::Caller;
use crate::entity::{role, team, user};
use crate::error::{OperationsError, Result};
use crate::row;
use crate::sign_in::{Password, credentials, end_all_sessions, end_all_tokens};
use crate::store::Store;
use crate::unit::{Target, Unit};

/// The languages of the pages.
const LANGUAGES: &[&str] = &["zh", "en"];

/// Somebody new.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewUser {
    /// The name to sign in with; kept in lower case.
    pub username: String,
    /// The person's name.
    pub name: String,
    /// The role.
    pub role_id: i64,
    /// The team.
    pub team_id: Option<i64>,
    /// The superior.
    pub manager_id: Option<i64>,
    /// The mail address.
    pub email: Option<String>,
    /// The telephone number.
    pub phone: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The language of the pages: `zh` or `en`; `zh` when not given.
    pub language: Option<String>,
}

/// What of a person is to be changed; an inner none empties the field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserChange {
    /// The name to sign in with.
    pub username: Option<String>,
    /// The person's name.
    pub name: Option<String>,
    /// The role.
    pub role_id: Option<i64>,
    /// The team.
    pub team_id: Option<Option<i64>>,
    /// The superior.
    pub manager_id: Option<Option<i64>>,
    /// The mail address.
    pub email: Option<Option<String>>,
    /// The telephone number.
    pub phone: Option<Option<String>>,
    /// The region.
    pub region: Option<Option<String>>,
    /// The language of the pages.
    pub language: Option<String>,
    /// The last day of a leave.
    pub on_leave_until: Option<Option<NaiveDate>>,
    /// The last day at the firm: from the day after, the person may not sign in.
    pub left_on: Option<Option<NaiveDate>>,
}

/// Enters somebody new, and gives the password for the first sign-in.
///
/// # Errors
///
/// When the caller may not, a field is wrong, or the name is taken.
pub async fn create(
    store: &Store,
    caller: &Caller,
    input: &NewUser,
) -> Result<(user::Model, Password)> {
    caller.require(&user::RESOURCE, Action::Create)?;
    let password = Password::random()?;
    let hash = password.hash().await?;
    let made = store
        .write(&caller.actor(), async |unit| {
            let input = input.clone();
            refers(
                &unit,
                caller,
                Some(input.role_id),
                input.team_id,
                input.manager_id,
            )
            .await?;
            let mut draft = user::ActiveModel {
                username: Set(username(&input.username)?),
                name: Set(input.name),
                email: Set(input.email),
                phone: Set(input.phone),
                team_id: Set(input.team_id),
                manager_id: Set(input.manager_id),
                role_id: Set(input.role_id),
                region: Set(input.region),
                ..Default::default()
            };
            if let Some(language) = input.language {
                draft.language = Set(known_language(language)?);
            }
            let made = unit.insert_given::<user::Model>(draft).await?;
            credentials::set(&unit, made.id, &hash, true).await?;
            Ok(made)
        })
        .await?;
    Ok((made, password))
}

/// Changes a person.
///
/// # Errors
///
/// As [`create`]; [`Rule::Circle`](crate::Rule::Circle) when they would be their own superior,
/// [`Rule::LastAdministrator`](crate::Rule::LastAdministrator).
pub async fn change(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
    input: UserChange,
) -> Result<user::Model> {
    let read: user::Model = unit.take(caller, Action::Update, target.into()).await?;
    let (team_id, manager_id) = (input.team_id.flatten(), input.manager_id.flatten());
    refers(unit, caller, input.role_id, team_id, manager_id).await?;
    let mut change = user::ActiveModel::default();
    if let Some(name) = input.username {
        change.username = Set(username(&name)?);
    }
    if let Some(language) = input.language {
        change.language = Set(known_language(language)?);
    }
    macro_rules! given {
        ($($field:ident),+) => {
            $(if let Some(value) = input.$field { change.$field = Set(value); })+
        };
    }
    given!(
        name,
        role_id,
        team_id,
        manager_id,
        email,
        phone,
        region,
        on_leave_until,
        left_on
    );
    let changed = unit.update_given(&read, change).await?;
    organisation::written(unit, &user::RESOURCE, &row::of(&changed)).await?;
    if changed.team_id != read.team_id {
        handover::follow(unit, &changed).await?;
    }
    if has_left(unit, &changed) {
        shut_out(unit, changed.id).await?;
    }
    if changed.role_id != read.role_id || has_left(unit, &changed) {
        success::leave(unit, changed.id).await?;
    }
    Ok(changed)
}

/// Sets the language of the caller's own pages.
///
/// # Errors
///
/// When there is no such language.
pub async fn set_language(unit: &Unit, caller: &Caller, language: String) -> Result<user::Model> {
    let read: user::Model = unit.get(caller.user_id).await?;
    let change = user::ActiveModel {
        language: Set(known_language(language)?),
        ..Default::default()
    };
    unit.update(&read, change).await
}

/// Lets a person sign in no more, and ends all their sessions and tokens.
///
/// # Errors
///
/// When the caller may not; [`Rule::LastAdministrator`](crate::Rule::LastAdministrator).
pub async fn disable(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
) -> Result<user::Model> {
    let read: user::Model = unit.take(caller, Action::Update, target.into()).await?;
    let change = user::ActiveModel {
        enabled: Set(false),
        ..Default::default()
    };
    let changed = unit.update(&read, change).await?;
    organisation::written(unit, &user::RESOURCE, &row::of(&changed)).await?;
    shut_out(unit, changed.id).await?;
    success::leave(unit, changed.id).await?;
    Ok(changed)
}

/// Lets a person sign in again, with the password that they had.
///
/// # Errors
///
/// When the caller may not, or the person has left.
pub async fn enable(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
) -> Result<user::Model> {
    let read: user::Model = unit.take(caller, Action::Update, target.into()).await?;
    if has_left(unit, &read) {
        let fault = "is past: empty it first";
        return Err(OperationsError::field("left_on", fault));
    }
    let change = user::ActiveModel {
        enabled: Set(true),
        ..Default::default()
    };
    unit.update(&read, change).await
}

/// Gives a person a new password for one time, and ends all their sessions.
///
/// # Errors
///
/// When the caller may not, or there is no such person.
pub async fn reset_password(store: &Store, caller: &Caller, user_id: i64) -> Result<Password> {
    caller.require(&user::RESOURCE, Action::Update)?;
    let password = Password::random()?;
    let hash = password.hash().await?;
    store
        .write(&caller.actor(), async |unit| {
            let read: user::Model = unit.get_for(caller, Action::Update, user_id).await?;
            credentials::set(&unit, read.id, &hash, true).await?;
            end_all_sessions(&unit, read.id).await
        })
        .await?;
    Ok(password)
}

async fn shut_out(unit: &Unit, user_id: i64) -> Result<()> {
    end_all_sessions(unit, user_id).await?;
    end_all_tokens(unit, user_id).await
}

fn has_left(unit: &Unit, user: &user::Model) -> bool {
    user.left_on.is_some_and(|day| day < unit.today())
}

/// That role, team and superior are there.
async fn refers(
    unit: &Unit,
    caller: &Caller,
    role_id: Option<i64>,
    team_id: Option<i64>,
    manager_id: Option<i64>,
) -> Result<()> {
    if let Some(id) = role_id {
        let found = role::Entity::find_by_id(id)
            .filter(role::Column::DeletedAt.is_null())
            .one(unit)
            .await?;
        if found.is_none() {
            let fault = format!("there is no role {id}");
            return Err(OperationsError::field("role_id", fault));
        }
    }
    if let Some(id) = team_id {
        unit.refer::<team::Model>(caller, "team_id", id).await?;
    }
    if let Some(id) = manager_id {
        unit.refer::<user::Model>(caller, "manager_id", id).await?;
    }
    Ok(())
}

fn username(text: &str) -> Result<String> {
    let name = text.trim().to_lowercase();
    let odd = |character: char| character.is_whitespace() || character.is_control();
    if name.is_empty() || name.contains(odd) {
        let fault = "must be a name without blanks";
        return Err(OperationsError::field("username", fault));
    }
    Ok(name)
}

fn known_language(language: String) -> Result<String> {
    if LANGUAGES.contains(&language.as_str()) {
        return Ok(language);
    }
    Err(OperationsError::field("language", "must be one of zh, en"))
}
