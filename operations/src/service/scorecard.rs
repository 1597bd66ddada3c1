//! By which rules customers are scored, and what is done about a score.

use chrono::{NaiveDate, TimeDelta};
use millrace_models::health::{Factor, ScorecardRules};
use millrace_models::scope::Action;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Set};

use super::settings::{self, HEALTH};
use crate::caller::Caller;
use crate::entity::{account, setting, todo, user};
use crate::error::{ErrorKind, OperationsError, Result};
use crate::unit::Unit;

/// Where a to-do of this comes from.
pub const SOURCE: &str = "health";
/// Days in which a factor of an account makes one to-do.
const ONCE_IN_DAYS: i64 = 14;

/// The rules in force.
///
/// # Errors
///
/// When the database cannot be read, or the setting is damaged.
pub async fn rules(connection: &impl ConnectionTrait) -> Result<ScorecardRules> {
    settings::load(connection, HEALTH).await
}

/// Sets the rules.
///
/// # Errors
///
/// When they cannot be used.
pub async fn set_rules(unit: &Unit, rules: &ScorecardRules) -> Result<()> {
    check(rules)?;
    let value = serde_json::to_value(rules)
        .map_err(|error| OperationsError::field("value", error.to_string()))?;
    let known = setting::Entity::find()
        .filter(setting::Column::Key.eq(HEALTH))
        .filter(setting::Column::DeletedAt.is_null())
        .one(unit)
        .await?;
    let change = setting::ActiveModel {
        key: Set(HEALTH.to_owned()),
        value: Set(value),
        ..Default::default()
    };
    match known {
        Some(known) => unit.update(&known, change).await.map(drop),
        None => unit.insert::<setting::Model>(change).await.map(drop),
    }
}

/// That rules can be a setting.
pub(super) fn check(rules: &ScorecardRules) -> Result<()> {
    let checked = rules.check();
    checked.map_err(|error| OperationsError::field("value", error.to_string()))
}

/// A step that is taken for an account because of its score.
#[derive(Debug, Clone)]
pub struct Step {
    /// The account, by its number.
    pub account: String,
    /// The factor that costs it points.
    pub factor: Factor,
    /// Its score, as told.
    pub score: f64,
}

/// Makes a to-do of a step for the caller, due in three days; the one that there is where one was made
/// for the same factor in the last two weeks and is not cancelled.
///
/// # Errors
///
/// When the caller does not see the account or may not make to-dos, or somebody else has such a one.
pub async fn take_step(unit: &Unit, caller: &Caller, step: &Step) -> Result<todo::Model> {
    caller.require(&todo::RESOURCE, Action::Create)?;
    let known = account::Entity::find()
        .filter(account::Column::Number.eq(&step.account))
        .one(unit)
        .await?;
    let known = known.ok_or_else(|| {
        let why = format!("{:?} is no account of this system", step.account);
        OperationsError::field("account", why)
    })?;
    let read: account::Model = unit.get_for(caller, Action::Read, known.id).await?;
    let factor = step.factor.name();
    let about = format!("health:{}:{factor}:", read.id);
    let earlier = todo::Entity::find()
        .filter(todo::Column::Cause.starts_with(&about))
        .order_by_desc(todo::Column::Id)
        .all(unit)
        .await?;
    let stands = |own: &&todo::Model| own.state != "cancelled" && own.deleted_at.is_none();
    if let Some(made) = earlier.iter().find(stands)
        && made_on(made).is_some_and(|day| (unit.today() - day).num_days() < ONCE_IN_DAYS)
    {
        // whose to-dos they do not see, of those they learn only that there is one
        let seen = unit.get_for(caller, Action::Read, made.id).await;
        return seen.map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                OperationsError::field("factor", "is being followed up by somebody else")
            }
            _ => error,
        });
    }
    let cause = format!(
        "{about}{:.1}:{}:{}",
        step.score,
        unit.today(),
        earlier.len()
    );
    let person: user::Model = unit.get(caller.user_id).await?;
    let rules = rules(unit).await?;
    let play = rules.play(step.factor);
    let title = if person.language == "en" {
        format!("{}: {}", read.name, play.en)
    } else {
        format!("{}：{}", read.name, play.zh)
    };
    let todo = todo::ActiveModel {
        title: Set(title.chars().take(400).collect()),
        owner_id: Set(Some(person.id)),
        team_id: Set(person.team_id),
        due_at: Set(Some(unit.now() + TimeDelta::days(3))),
        source: Set(SOURCE.to_owned()),
        cause: Set(Some(cause)),
        account_id: Set(Some(read.id)),
        ..Default::default()
    };
    unit.insert(todo).await
}

/// The day on which a to-do of a step was made.
fn made_on(todo: &todo::Model) -> Option<NaiveDate> {
    todo.cause.as_deref()?.split(':').nth(4)?.parse().ok()
}
