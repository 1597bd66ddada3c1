//! The job that warns owners and returns their neglected accounts to the pool.
//!
//! It works through the owners, a transaction each, and can be stopped and run again at any time, by
//! several at once: an account is warned of once and returned once, and what was returned of a person
//! today counts when it runs again. Of more accounts than may be returned in one day those go first
//! whose last day is the longest ago; the others wait for the next. See [`super::countdown`] for when
//! an account is due.

use chrono::NaiveDate;
use sea_orm::{
    ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};

use super::countdown::{self, Countdown};
use super::pool::{self, PoolRules};
use crate::entity::{account, pool_move, todo, user};
use crate::error::Result;
use crate::store::Store;
use crate::unit::{Actor, Unit};

/// What a run of the job did.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Returned {
    /// The accounts whose owners were warned.
    pub warned: Vec<i64>,
    /// The accounts that went to the pool.
    pub returned: Vec<i64>,
    /// The accounts that are due and wait, because enough of their owner's were returned today.
    pub waiting: Vec<i64>,
}

/// Warns and returns what is due now, by the clock of the store.
///
/// # Errors
///
/// Those of the database; what was done for the owners before stays done.
pub async fn return_due(store: &Store) -> Result<Returned> {
    let owners: Vec<Option<i64>> = account::Entity::find()
        .select_only()
        .column(account::Column::OwnerId)
        .distinct()
        .filter(account::Column::OwnerId.is_not_null())
        .filter(account::Column::DeletedAt.is_null())
        .order_by_asc(account::Column::OwnerId)
        .into_tuple()
        .all(store.reader())
        .await?;
    let actor = Actor::system("pool");
    let mut all = Returned::default();
    for owner_id in owners.into_iter().flatten() {
        let done = store
            .write(&actor, async |unit| of_owner(&unit, owner_id).await)
            .await?;
        all.warned.extend(done.warned);
        all.returned.extend(done.returned);
        all.waiting.extend(done.waiting);
    }
    Ok(all)
}

/// Warns and returns what is due of one person.
async fn of_owner(unit: &Unit, owner_id: i64) -> Result<Returned> {
    let accounts = account::Entity::find()
        .filter(account::Column::OwnerId.eq(owner_id))
        .filter(account::Column::DeletedAt.is_null())
        .order_by_asc(account::Column::Id)
        .all(unit)
        .await?;
    let countdowns = countdown::of(unit, unit.calendar(), unit.now(), &accounts).await?;
    let mut done = Returned::default();
    let mut due: Vec<(NaiveDate, &account::Model)> = Vec::new();
    for (account, countdown) in accounts.iter().zip(&countdowns) {
        if countdown.is_due(unit.today()) {
            due.push((countdown.last_day, account));
        } else if countdown.needs_warning() {
            warn(unit, account, countdown, owner_id).await?;
            done.warned.push(account.id);
        }
    }
    if due.is_empty() {
        return Ok(done);
    }
    due.sort_by_key(|(last_day, account)| (*last_day, account.id));
    let rules = PoolRules::load(unit).await?;
    let before = pool_move::Entity::find()
        .filter(pool_move::Column::UserId.eq(owner_id))
        .filter(pool_move::Column::Kind.eq("return"))
        .filter(pool_move::Column::At.gte(pool::start_of_today(unit)))
        .count(unit)
        .await?;
    let room = u64::try_from(rules.most_returns_a_day)
        .unwrap_or_default()
        .saturating_sub(before);
    for (index, (last_day, account)) in (0_u64..).zip(due) {
        if index >= room {
            done.waiting.push(account.id);
            continue;
        }
        let reason = format!("no effective contact up to {last_day}");
        pool::put_into_pool(unit, account, "return", Some(&reason)).await?;
        done.returned.push(account.id);
    }
    Ok(done)
}

/// Tells the owner, by a to-do, that an account returns to the pool.
async fn warn(
    unit: &Unit,
    account: &account::Model,
    countdown: &Countdown,
    owner_id: i64,
) -> Result<()> {
    let change = account::ActiveModel {
        pool_warned_at: Set(Some(unit.now())),
        ..Default::default()
    };
    unit.update(account, change).await?;
    let cause = pool::warning_cause(account.id, countdown.last_day);
    let told = todo::Entity::find()
        .filter(todo::Column::Cause.eq(&cause))
        .count(unit)
        .await?;
    if told > 0 {
        return Ok(());
    }
    // Somebody who left may still hold accounts; they are not told.
    let Some(owner) = user::Entity::find_by_id(owner_id)
        .filter(user::Column::DeletedAt.is_null())
        .one(unit)
        .await?
    else {
        return Ok(());
    };
    let (name, day) = (&account.name, countdown.returns_on);
    let title = if owner.language == "en" {
        format!("{name} returns to the pool on {day} unless the customer is contacted")
    } else {
        format!("客户「{name}」将于 {day} 退回公海，请尽快有效跟进")
    };
    let end = countdown.last_day.succ_opt().unwrap_or(countdown.last_day);
    let todo = todo::ActiveModel {
        title: Set(title.chars().take(400).collect()),
        owner_id: Set(Some(owner_id)),
        team_id: Set(owner.team_id),
        due_at: Set(Some(pool::start_of_day(unit, end))),
        source: Set("rule".to_owned()),
        cause: Set(Some(cause)),
        account_id: Set(Some(account.id)),
        ..Default::default()
    };
    unit.insert::<todo::Model>(todo).await?;
    Ok(())
}
