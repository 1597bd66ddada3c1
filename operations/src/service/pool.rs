//! What the customer pool (客户公海) goes by, and how records enter it.
//!
//! The rules are the setting `pool`; without it the defaults hold. Contact is counted in working
//! days (工作日), cooldown and grace in calendar days (自然日).

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use millrace_models::scope::Action;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Set};
use serde::{Deserialize, Serialize};

use super::settings::within;
use super::{routing, settings};
use crate::caller::Caller;
use crate::entity::{account, opportunity, pool_move, setting, todo};
use crate::error::{OperationsError, Result};
use crate::unit::Unit;

/// What the pool goes by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PoolRules {
    /// Within how many working days an owner must have an effective contact.
    pub contact_working_days: i64,
    /// The same for accounts of a level, where it differs.
    pub contact_working_days_by_level: BTreeMap<String, i64>,
    /// How many working days before its last day an owner is warned.
    pub warning_working_days: i64,
    /// For how many calendar days imported accounts are not returned.
    pub grace_days: i64,
    /// How many accounts of one person the job returns on one day, at most.
    pub most_returns_a_day: i64,
    /// For how many calendar days a former owner may not claim it again.
    pub cooldown_days: i64,
    /// For how many months after an order an account is not returned.
    pub order_months: u32,
}

impl Default for PoolRules {
    fn default() -> Self {
        Self {
            contact_working_days: 7,
            contact_working_days_by_level: BTreeMap::new(),
            warning_working_days: 2,
            grace_days: 30,
            most_returns_a_day: 10,
            cooldown_days: 15,
            order_months: 12,
        }
    }
}

impl PoolRules {
    /// The rules in force.
    ///
    /// # Errors
    ///
    /// When the setting does not hold rules, and those of the database.
    pub async fn load<C: ConnectionTrait>(connection: &C) -> Result<Self> {
        settings::load(connection, settings::POOL).await
    }

    /// The working days within which an owner of an account of that level must have a contact.
    pub fn contact_days(&self, level: Option<&str>) -> i64 {
        level
            .and_then(|level| self.contact_working_days_by_level.get(level))
            .copied()
            .unwrap_or(self.contact_working_days)
    }

    /// Until when an account that arrives now by import or demo is not returned.
    pub fn grace_until(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now + TimeDelta::days(self.grace_days)
    }

    pub(super) fn check(&self) -> Result<()> {
        let by_level = self.contact_working_days_by_level.values();
        let contact = by_level.chain([&self.contact_working_days]);
        for days in contact {
            within("contact_working_days", *days, 1, 365)?;
        }
        within("warning_working_days", self.warning_working_days, 0, 100)?;
        within("grace_days", self.grace_days, 0, 3_650)?;
        within("most_returns_a_day", self.most_returns_a_day, 0, 1_000_000)?;
        within("cooldown_days", self.cooldown_days, 0, 3_650)?;
        within("order_months", i64::from(self.order_months), 0, 120)
    }
}

async fn find<C: ConnectionTrait>(connection: &C) -> Result<Option<setting::Model>> {
    let found = setting::Entity::find()
        .filter(setting::Column::Key.eq(settings::POOL))
        .filter(setting::Column::DeletedAt.is_null())
        .one(connection)
        .await?;
    Ok(found)
}

/// Sets the rules of the pool.
///
/// # Errors
///
/// When the caller may not change settings, and when a number is out of its bounds.
pub async fn set_rules(unit: &Unit, caller: &Caller, rules: &PoolRules) -> Result<()> {
    caller.require(&setting::RESOURCE, Action::Update)?;
    rules.check()?;
    let value = serde_json::to_value(rules).map_err(|error| OperationsError::Damaged {
        entity: "setting",
        id: 0,
        detail: error.to_string(),
    })?;
    let change = setting::ActiveModel {
        key: Set(settings::POOL.to_owned()),
        value: Set(value),
        ..Default::default()
    };
    match find(unit).await? {
        Some(read) => unit.update(&read, change).await?,
        None => unit.insert::<setting::Model>(change).await?,
    };
    Ok(())
}

/// How an account or lead changes hands.
pub(super) struct Move<'a> {
    pub(super) account_id: i64,
    pub(super) opportunity_id: Option<i64>,
    pub(super) kind: &'static str,
    /// Who gets it, asks for it or loses it.
    pub(super) user_id: Option<i64>,
    pub(super) reason: Option<&'a str>,
}

/// Records that an account or lead changes hands.
pub(super) async fn record(unit: &Unit, change: Move<'_>) -> Result<pool_move::Model> {
    let recorded = pool_move::ActiveModel {
        account_id: Set(change.account_id),
        opportunity_id: Set(change.opportunity_id),
        kind: Set(change.kind.to_owned()),
        user_id: Set(change.user_id),
        by_id: Set(unit.actor().user_id),
        at: Set(unit.now()),
        reason: Set(change.reason.map(ToOwned::to_owned)),
        ..Default::default()
    };
    unit.insert::<pool_move::Model>(recorded).await
}

/// Puts an owned account into the pool: it loses its owner, is routed anew (where no rule says to
/// whom, it stays with its team), and the warnings that its owner had are cancelled. `kind` is `release` or `return`.
pub(super) async fn put_into_pool(
    unit: &Unit,
    read: &account::Model,
    kind: &'static str,
    reason: Option<&str>,
) -> Result<account::Model> {
    let routed = routing::team_of(unit, read).await?;
    let change = account::ActiveModel {
        pool_state: Set("pooled".to_owned()),
        owner_id: Set(None),
        team_id: Set(routed.or(read.team_id)),
        claimed_at: Set(None),
        pooled_at: Set(Some(unit.now())),
        previous_owner_id: Set(read.owner_id),
        protected_until: Set(None),
        pool_warned_at: Set(None),
        ..Default::default()
    };
    let pooled = unit.update(read, change).await?;
    let lost = Move {
        account_id: read.id,
        opportunity_id: None,
        kind,
        user_id: read.owner_id,
        reason,
    };
    record(unit, lost).await?;
    cancel_warnings(unit, read.id).await?;
    Ok(pooled)
}

/// Puts an open deal back among the leads that wait to be claimed.
pub(super) async fn put_lead_into_pool(
    unit: &Unit,
    read: &opportunity::Model,
    reason: Option<&str>,
) -> Result<opportunity::Model> {
    let change = opportunity::ActiveModel {
        owner_id: Set(None),
        ..Default::default()
    };
    let pooled = unit.update(read, change).await?;
    let lost = Move {
        account_id: read.account_id,
        opportunity_id: Some(read.id),
        kind: "release",
        user_id: read.owner_id,
        reason,
    };
    record(unit, lost).await?;
    Ok(pooled)
}

/// What the warning of an account that is due on a day is called; each is given once.
pub(super) fn warning_cause(account_id: i64, last_day: chrono::NaiveDate) -> String {
    format!("pool_warning:{account_id}:{last_day}")
}

/// Whether a to-do is such a warning.
pub(super) fn is_warning(todo: &todo::Model) -> bool {
    todo.cause
        .as_ref()
        .is_some_and(|cause| cause.starts_with("pool_warning:"))
}

/// Cancels the open warnings of an account that changed hands.
pub(super) async fn cancel_warnings(unit: &Unit, account_id: i64) -> Result<()> {
    let warnings = todo::Entity::find()
        .filter(todo::Column::AccountId.eq(account_id))
        .filter(todo::Column::Cause.starts_with(format!("pool_warning:{account_id}:")))
        .filter(todo::Column::State.is_in(["open", "snoozed"]))
        .filter(todo::Column::DeletedAt.is_null())
        .all(unit)
        .await?;
    for warning in warnings {
        let change = todo::ActiveModel {
            state: Set("cancelled".to_owned()),
            ..Default::default()
        };
        unit.update(&warning, change).await?;
    }
    Ok(())
}

/// The moment at which the day of this unit of work began in the company's zone.
pub(super) fn start_of_today(unit: &Unit) -> DateTime<Utc> {
    start_of_day(unit, unit.today())
}

/// The moment at which a day begins in the company's zone.
pub(super) fn start_of_day(unit: &Unit, day: chrono::NaiveDate) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(unit.calendar().start_of_day_us(day)).unwrap_or_default()
}
