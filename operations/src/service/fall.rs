//! Notices of a fall: to-dos that say whose score fell, by how much and why.
//!
//! The success manager of the account is told, its owner where there is none or they are away. One
//! gets so many new ones in a week as the rules say, the largest amounts at risk first; how many others
//! wait is said in one more, that is kept up to date. Those who wait are told of in the next week, if
//! their scores are still down.
//!
//! What was told is read from the to-dos themselves, by their causes, in the transaction that makes
//! new ones: so it may be run again at any time and by several at once.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, TimeDelta};
use millrace_models::health::{DayScore, Fall, Lost, NoticeRules};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Set};

use super::scorecard::SOURCE;
use super::success::is_there;
use crate::entity::{account, todo, user};
use crate::error::{OperationsError, Result};
use crate::store::Store;
use crate::unit::{Actor, Unit};

/// What the cause of a notice begins with,
const NOTICE: &str = "health-fall:";
/// and that of the one for all others of a week.
const OTHERS: &str = "health-falls:";
const PENDING: [&str; 2] = ["open", "snoozed"];
/// Days until something is to be done.
const DUE_DAYS: i64 = 3;
/// Accounts that the one for all others names.
const NAMED: usize = 3;
/// How often it is tried when others tell at the same moment.
const ATTEMPTS: usize = 5;
/// Keys of one question.
const AT_ONCE: usize = 500;

/// An account whose score fell.
#[derive(Debug, Clone, PartialEq)]
pub struct Fallen {
    /// Its number.
    pub account: String,
    /// From what to what.
    pub fall: Fall,
    /// Of what.
    pub lost: Lost,
    /// What is at risk with it, in the company's currency.
    pub amount_at_risk: f64,
    /// The last notice of the account that was known when the fall was found.
    pub after: Option<i64>,
}

/// A notice that was given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Told {
    /// The to-do.
    pub todo_id: i64,
    /// What it was about.
    pub fall: Fall,
}

/// What was done about falls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notified {
    /// The new to-dos.
    pub made: Vec<i64>,
    /// How many accounts wait for the next week.
    pub waiting: usize,
}

/// What the cause of a notice says: `health-fall:<account>:<made on>:<to whom>:<from day>:<from
/// score>:<to day>:<to score>`.
struct Cause {
    account_id: i64,
    made_on: NaiveDate,
    user_id: i64,
    fall: Fall,
}

impl Cause {
    fn read(todo: &todo::Model) -> Option<Self> {
        let mut parts = todo.cause.as_deref()?.strip_prefix(NOTICE)?.split(':');
        let account_id = parts.next()?.parse().ok()?;
        let made_on = parts.next()?.parse().ok()?;
        let user_id = parts.next()?.parse().ok()?;
        let mut score = || {
            Some(DayScore {
                day: parts.next()?.parse().ok()?,
                score: parts.next()?.parse().ok()?,
            })
        };
        let fall = Fall {
            from: score()?,
            to: score()?,
        };
        Some(Self {
            account_id,
            made_on,
            user_id,
            fall,
        })
    }

    fn text(&self) -> String {
        let Fall { from, to } = self.fall;
        format!(
            "{NOTICE}{}:{}:{}:{}:{:.1}:{}:{:.1}",
            self.account_id, self.made_on, self.user_id, from.day, from.score, to.day, to.score
        )
    }
}

/// The notices that were given in so many days, of each account the last.
async fn given(
    connection: &impl ConnectionTrait,
    since: chrono::DateTime<chrono::Utc>,
) -> Result<Vec<(todo::Model, Cause)>> {
    let todos = todo::Entity::find()
        .filter(todo::Column::Source.eq(SOURCE))
        .filter(todo::Column::RecordedAt.gte(since))
        .filter(todo::Column::Cause.starts_with(NOTICE))
        .order_by_asc(todo::Column::Id)
        .all(connection)
        .await?;
    let read = |own: todo::Model| Cause::read(&own).map(|cause| (own, cause));
    Ok(todos.into_iter().filter_map(read).collect())
}

/// How far back notices count: as long as a fall is told of once, and a week.
fn far_back(rules: &NoticeRules) -> TimeDelta {
    TimeDelta::days(i64::from(rules.days).max(7) + 1)
}

/// The last notice of each account of the days that count, by the number of the account.
///
/// # Errors
///
/// Those of the database.
pub async fn told(
    connection: &impl ConnectionTrait,
    rules: &NoticeRules,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<BTreeMap<String, Told>> {
    let given = given(connection, now - far_back(rules)).await?;
    let last: BTreeMap<i64, Told> = given
        .into_iter()
        .map(|(todo, cause)| {
            let told = Told {
                todo_id: todo.id,
                fall: cause.fall,
            };
            (cause.account_id, told)
        })
        .collect();
    let ids: Vec<i64> = last.keys().copied().collect();
    let mut told = BTreeMap::new();
    for ids in ids.chunks(AT_ONCE) {
        let accounts = account::Entity::find()
            .filter(account::Column::Id.is_in(ids.iter().copied()))
            .all(connection)
            .await?;
        told.extend(
            accounts
                .into_iter()
                .map(|account| (account.number, last[&account.id])),
        );
    }
    Ok(told)
}

/// A fall, the account that it is of and who is to be told.
struct ToTell<'a> {
    fallen: &'a Fallen,
    account: account::Model,
}

/// Tells of falls: of all that there are now, so that what waited for the week before is told too.
///
/// # Errors
///
/// Those of the database.
pub async fn tell(store: &Store, fallen: &[Fallen], rules: &NoticeRules) -> Result<Notified> {
    let actor = Actor::system("health");
    let mut attempt = 1;
    loop {
        let work = async |unit| tell_in(&unit, fallen, rules).await;
        match store.write(&actor, work).await {
            // another told the same at the same moment: what it told is read now
            Err(OperationsError::Taken { .. }) if attempt < ATTEMPTS => attempt += 1,
            done => return done,
        }
    }
}

async fn tell_in(unit: &Unit, fallen: &[Fallen], rules: &NoticeRules) -> Result<Notified> {
    let given = given(unit, unit.now() - far_back(rules)).await?;
    let week = unit.today().iso_week();
    let mut last: BTreeMap<i64, i64> = BTreeMap::new();
    let mut had: BTreeMap<i64, usize> = BTreeMap::new();
    for (todo, cause) in &given {
        last.insert(cause.account_id, todo.id);
        if cause.made_on.iso_week() == week {
            *had.entry(cause.user_id).or_default() += 1;
        }
    }
    let users = user::Entity::find()
        .filter(user::Column::DeletedAt.is_null())
        .filter(user::Column::Enabled.eq(true))
        .all(unit)
        .await?;
    let users: BTreeMap<i64, user::Model> = users.into_iter().map(|own| (own.id, own)).collect();
    let mut of: BTreeMap<i64, Vec<ToTell<'_>>> = BTreeMap::new();
    for chunk in fallen.chunks(AT_ONCE) {
        let accounts = account::Entity::find()
            .filter(account::Column::Number.is_in(chunk.iter().map(|own| own.account.as_str())))
            .filter(account::Column::DeletedAt.is_null())
            .all(unit)
            .await?;
        let mut accounts: BTreeMap<String, account::Model> = accounts
            .into_iter()
            .map(|account| (account.number.clone(), account))
            .collect();
        for fallen in chunk {
            let account = accounts.remove(&fallen.account);
            let account = account.filter(|own| last.get(&own.id).copied() == fallen.after);
            let Some(account) = account else { continue };
            if let Some(user) = addressee(&account, &users, unit.today()) {
                of.entry(user).or_default().push(ToTell { fallen, account });
            }
        }
    }
    let mut notified = Notified::default();
    let mut others: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    let most = usize::try_from(rules.per_week).unwrap_or(usize::MAX);
    for (user_id, mut all) in of {
        all.sort_by(|left, right| {
            let by = |own: &ToTell<'_>| own.fallen.amount_at_risk;
            let order = by(right).total_cmp(&by(left));
            order.then(left.account.id.cmp(&right.account.id))
        });
        let room = most.saturating_sub(had.get(&user_id).copied().unwrap_or(0));
        let waiting = all.split_off(room.min(all.len()));
        let Some(user) = users.get(&user_id) else {
            continue;
        };
        for own in &all {
            notified.made.push(notice(unit, user, own).await?);
        }
        notified.waiting += waiting.len();
        if !waiting.is_empty() {
            let names = waiting.into_iter().map(|own| own.account.name);
            others.insert(user_id, names.collect());
        }
    }
    sum_up(unit, &users, &others).await?;
    Ok(notified)
}

/// Who is told of an account: who looks after it, else who owns it, and not who is away if another
/// is there.
fn addressee(
    account: &account::Model,
    users: &BTreeMap<i64, user::Model>,
    today: NaiveDate,
) -> Option<i64> {
    let named = [account.success_manager_id, account.owner_id];
    let works = |id: &i64| {
        let person = users.get(id);
        person.is_some_and(|own| own.left_on.is_none_or(|day| day >= today))
    };
    let working: Vec<i64> = named.into_iter().flatten().filter(works).collect();
    let there = working.iter().find(|id| is_there(&users[id], today));
    there.or(working.first()).copied()
}

async fn notice(unit: &Unit, user: &user::Model, own: &ToTell<'_>) -> Result<i64> {
    let ToTell { fallen, account } = own;
    let cause = Cause {
        account_id: account.id,
        made_on: unit.today(),
        user_id: user.id,
        fall: fallen.fall,
    };
    let said = fallen.fall.sentence(&fallen.lost);
    let title = if user.language == "en" {
        format!("{}: {}", account.name, said.en)
    } else {
        format!("{}：{}", account.name, said.zh)
    };
    let made = insert(unit, user, title, cause.text(), Some(account.id)).await?;
    Ok(made.id)
}

async fn insert(
    unit: &Unit,
    user: &user::Model,
    title: String,
    cause: String,
    account_id: Option<i64>,
) -> Result<todo::Model> {
    let todo = todo::ActiveModel {
        title: Set(title.chars().take(400).collect()),
        owner_id: Set(Some(user.id)),
        team_id: Set(user.team_id),
        due_at: Set(Some(unit.now() + TimeDelta::days(DUE_DAYS))),
        source: Set(SOURCE.to_owned()),
        cause: Set(Some(cause)),
        account_id: Set(account_id),
        ..Default::default()
    };
    unit.insert(todo).await
}

/// Says in one to-do of the week which others of each person wait, and ends those that say it no more.
async fn sum_up(
    unit: &Unit,
    users: &BTreeMap<i64, user::Model>,
    others: &BTreeMap<i64, Vec<String>>,
) -> Result<()> {
    let week = unit.today().iso_week();
    let cause = |user_id: &i64| format!("{OTHERS}{user_id}:{}-W{:02}", week.year(), week.week());
    let wanted: BTreeMap<String, (&user::Model, &Vec<String>)> = others
        .iter()
        .filter_map(|(id, names)| Some((cause(id), (users.get(id)?, names))))
        .collect();
    let known = todo::Entity::find()
        .filter(todo::Column::Source.eq(SOURCE))
        .filter(todo::Column::Cause.starts_with(OTHERS))
        .filter(
            sea_orm::Condition::any()
                .add(todo::Column::State.is_in(PENDING))
                .add(todo::Column::Cause.is_in(wanted.keys().cloned())),
        )
        .order_by_asc(todo::Column::Id)
        .all(unit)
        .await?;
    let mut said = Vec::new();
    for todo in &known {
        let cause = todo.cause.clone().unwrap_or_default();
        let change = match wanted.get(&cause) {
            Some((user, names)) => {
                said.push(cause);
                let title = and_others(user, names);
                let is_open = PENDING.contains(&todo.state.as_str());
                let says_else = todo.title != title && todo.deleted_at.is_none();
                (is_open && says_else).then(|| todo::ActiveModel {
                    title: Set(title),
                    ..Default::default()
                })
            }
            None => Some(todo::ActiveModel {
                state: Set("cancelled".to_owned()),
                ..Default::default()
            }),
        };
        if let Some(change) = change
            && todo.deleted_at.is_none()
        {
            unit.update(todo, change).await?;
        }
    }
    for (cause, (user, names)) in wanted {
        if !said.contains(&cause) {
            insert(unit, user, and_others(user, names), cause, None).await?;
        }
    }
    Ok(())
}

fn and_others(user: &user::Model, names: &[String]) -> String {
    let count = names.len();
    let some = &names[..count.min(NAMED)];
    let title = if user.language == "en" {
        let more = if count > NAMED { ", …" } else { "" };
        let accounts = if count == 1 { "account" } else { "accounts" };
        format!(
            "and {count} more {accounts} whose health fell: {}{more}",
            some.join(", ")
        )
    } else {
        let more = if count > NAMED { "等" } else { "" };
        format!("另有 {count} 个客户健康度下降：{}{more}", some.join("、"))
    };
    title.chars().take(400).collect()
}

/// What somebody was still to do about falls of an account goes to who looks after it now.
pub(super) async fn pass_on(
    unit: &Unit,
    account_id: i64,
    from: i64,
    to: &user::Model,
) -> Result<()> {
    let pending = todo::Entity::find()
        .filter(todo::Column::AccountId.eq(account_id))
        .filter(todo::Column::OwnerId.eq(from))
        .filter(todo::Column::State.is_in(PENDING))
        .filter(todo::Column::Cause.starts_with(format!("{NOTICE}{account_id}:")))
        .filter(todo::Column::DeletedAt.is_null())
        .all(unit)
        .await?;
    for todo in pending {
        let change = todo::ActiveModel {
            owner_id: Set(Some(to.id)),
            team_id: Set(to.team_id),
            ..Default::default()
        };
        unit.update(&todo, change).await?;
    }
    Ok(())
}
