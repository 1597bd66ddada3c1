//! A believable manufacturer of industrial valves and fittings, at work in operations.
//!
//! Twenty reps in five teams of four regions work deals through the six stages, with the year's
//! rhythm, with reps and regions that differ, and with one story: half way the south (华南) learns to
//! work faster, and its mean cycle falls from about 47 to about 33 days. What happens is planned
//! first and then done, day by day and in everybody's name, by the services that the pages use: so no
//! rule is broken, and everything a page shows has come about as it does in life. The lake follows
//! from the change log.
//!
//! The same options give the same records, by id, number and content. Passwords are the exception.

mod care;
mod catalog;
mod collecting;
mod company;
mod customers;
mod days;
mod deals;
mod firm;
mod fulfilment;
mod names;
mod people;
mod quoting;
mod random;
mod selling;
mod service;
mod targets;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use anyhow::{Context, ensure};
use chrono::{Datelike, Months, NaiveDate, TimeDelta};
use millrace_models::calendar::WorkingCalendar;
use millrace_models::clock::SetClock;
use millrace_models::config::Company;
use millrace_operations::entity::{account, product, role, setting, team, user};
use millrace_operations::files::Files;
use millrace_operations::service::pool::PoolRules;
use millrace_operations::service::return_due::return_due;
use millrace_operations::service::schedule::skip_to;
use millrace_operations::setup::initialise;
use millrace_operations::sign_in::{Password, share_password};
use millrace_operations::{Actor, OperationsError, Place, Store, Unit};
use sea_orm::{
    ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};
use serde::{Deserialize, Serialize};

use crate::run::Progress;
use company::Span;
use days::{Days, days_after};
use firm::Firm;

/// What the demo is to be like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemoOptions {
    /// How many accounts; each brings two or three deals a year.
    pub accounts: usize,
    /// How many months, the one of `until` included.
    pub months: u32,
    /// The day on which the demo is looked at: its records end on the evening before, so that
    /// nothing lies in the future of somebody who looks in the morning.
    pub until: NaiveDate,
    /// The same seed and the same day give the same records.
    pub seed: u64,
}

/// Somebody whom the demo can be looked at as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Login {
    /// The name to sign in with.
    pub username: String,
    /// The person's name.
    pub name: String,
    /// The code of the role.
    pub role: String,
    /// The role in Chinese and English.
    pub role_zh: String,
    /// The role in English.
    pub role_en: String,
    /// The team.
    pub team: Option<String>,
}

/// What a store holds, for somebody who wants to fill it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// Nothing but what a first start makes.
    Nothing,
    /// A demo that was cut off while it was filled in.
    CutOff,
    /// A demo.
    Demo(DemoOptions),
    /// Records of a firm.
    Records,
}

/// The setting that says that a store holds a demo.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Mark {
    #[serde(flatten)]
    options: DemoOptions,
    complete: bool,
}

const MARK: &str = "demo";

/// What the store holds.
///
/// # Errors
///
/// Those of the database.
pub async fn held(store: &Store) -> anyhow::Result<Held> {
    let mark = setting::Entity::find()
        .filter(setting::Column::Key.eq(MARK))
        .filter(setting::Column::DeletedAt.is_null())
        .one(store.reader())
        .await?;
    if let Some(mark) = mark {
        let mark: Mark = serde_json::from_value(mark.value)?;
        return Ok(if mark.complete {
            Held::Demo(mark.options)
        } else {
            Held::CutOff
        });
    }
    let reader = store.reader();
    let users = user::Entity::find().count(reader).await?;
    let records = [
        account::Entity::find().count(reader).await?,
        product::Entity::find().count(reader).await?,
        team::Entity::find().count(reader).await?,
    ];
    let empty = users <= 1 && records.iter().all(|count| *count == 0);
    Ok(if empty { Held::Nothing } else { Held::Records })
}

/// A store that was filled, and is a demo once that is said.
#[derive(Debug)]
pub struct Filled {
    store: Store,
    options: DemoOptions,
    /// Who it can be looked at as.
    pub logins: Vec<Login>,
}

impl Filled {
    /// Marks the demo as complete: what has to be kept of it elsewhere, as its password, is.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn complete(self) -> anyhow::Result<()> {
        self.store
            .write(&Actor::system("demo"), async |unit| {
                mark(&unit, &self.options, true).await
            })
            .await?;
        Ok(self.store.close().await?)
    }
}

/// Fills an empty store, and the place of its attachments, with the demo, all of whose people have
/// that password.
///
/// Times are in the company's zone and within working hours, amounts in yuan. Deals, quotes, payments
/// and tickets that are under way on the last day are open; only what is planned (due dates,
/// validities, promises) lies after it. Cut off before [`Filled::complete`], it leaves a store of
/// which [`held`] says so.
///
/// # Errors
///
/// Options out of range, a store that is not empty, and those of the database.
pub async fn fill(
    place: &Place,
    files: &Files,
    company: &Company,
    options: &DemoOptions,
    password: &Password,
    progress: &dyn Progress,
) -> anyhow::Result<Filled> {
    password.check("")?;
    let firm = plan(company, files, options)?;
    let begin = firm.moment(firm.span.begin);
    let clock = Arc::new(SetClock::at(begin - TimeDelta::minutes(30)));
    let store = Store::open(place, clock.clone(), company).await?;
    ensure!(
        held(&store).await? == Held::Nothing,
        "the store is not empty"
    );
    initialise(&store).await?;
    store
        .write(&Actor::system("demo"), async |unit| {
            mark(&unit, options, false).await
        })
        .await?;
    let firm = live(&store, firm, &clock, progress).await?;
    progress.step("the last evening");
    clock.set(firm.moment(firm.span.close - 1));
    let firm = work(&store, firm, async |firm, unit| {
        firm.close_books(&unit).await
    })
    .await?;
    clock.set(firm.morning(options.until, 10));
    return_due(&store).await?;
    // nothing is to be caught up by who serves it first
    let tomorrow = firm.morning(options.until, 24 * 60);
    store
        .write(&Actor::system("demo"), async |unit| {
            skip_to(&unit, tomorrow).await
        })
        .await?;
    let people: Vec<i64> = user::Entity::find()
        .select_only()
        .column(user::Column::Id)
        .into_tuple()
        .all(store.reader())
        .await?;
    share_password(&store, &people, password).await?;
    Ok(Filled {
        logins: logins(&store).await?,
        options: *options,
        store,
    })
}

/// Who the demo can be looked at as, by role.
///
/// # Errors
///
/// Those of the database.
pub async fn logins(store: &Store) -> anyhow::Result<Vec<Login>> {
    let roles = role::Entity::find()
        .order_by_desc(role::Column::Id)
        .all(store.reader())
        .await?;
    let teams = team::Entity::find().all(store.reader()).await?;
    let users = user::Entity::find()
        .filter(user::Column::Enabled.eq(true))
        .filter(user::Column::DeletedAt.is_null())
        .order_by_asc(user::Column::Id)
        .all(store.reader())
        .await?;
    let of_role = |role: &role::Model| {
        let of_role = users.iter().filter(move |user| user.role_id == role.id);
        let login = |user: &user::Model| Login {
            username: user.username.clone(),
            name: user.name.clone(),
            role: role.code.clone(),
            role_zh: role.name_zh.clone(),
            role_en: role.name_en.clone(),
            team: teams
                .iter()
                .find(|team| Some(team.id) == user.team_id)
                .map(|team| team.name.clone()),
        };
        of_role.map(login).collect::<Vec<_>>()
    };
    Ok(roles.iter().flat_map(of_role).collect())
}

/// Plans everything.
fn plan(company: &Company, files: &Files, options: &DemoOptions) -> anyhow::Result<Firm> {
    let DemoOptions {
        accounts,
        months,
        until,
        seed,
    } = *options;
    ensure!(
        (1..=1_000_000).contains(&accounts),
        "accounts is {accounts}, must be 1 to 1000000"
    );
    ensure!(
        (1..=240).contains(&months),
        "months is {months}, must be 1 to 240"
    );
    let span = span(months, until)
        .with_context(|| format!("the end date {until} is out of the calendar's range"))?;
    let reps = company::reps(seed, &span);
    let accounts = company::accounts(seed, accounts, &span, &reps);
    let deals = deals::deals(seed, &span, &accounts, &reps);
    let mut firm = Firm::new(seed, company, files.clone(), span, reps, accounts, deals);
    firm.grace = PoolRules::default().grace_until(firm.morning(until, 0));
    firm.plan_accounts();
    firm.plan_deals();
    firm.plan_todos();
    Ok(firm)
}

/// Lives through all days.
async fn live(
    store: &Store,
    firm: Firm,
    clock: &SetClock,
    progress: &dyn Progress,
) -> anyhow::Result<Firm> {
    let begin = firm.span.begin;
    let mut firm = work(store, firm, async |firm, unit| {
        let unit = unit.acting(
            Actor::system("demo"),
            firm.moment(begin) - TimeDelta::minutes(10),
        );
        firm.set_up(&unit).await
    })
    .await?;
    let mut month = None;
    while let Some(day) = firm.next_day() {
        if month != Some(day.month()) {
            month = Some(day.month());
            progress.step(&day.format("%Y-%m").to_string());
        }
        clock.set(firm.morning(day, 0));
        firm = work(store, firm, async |firm, unit| firm.day(&unit, day).await).await?;
    }
    Ok(firm)
}

/// Does something of the firm in one transaction. What is written again after a clash would be done
/// twice; nobody else writes to a store that is filled, so a clash is an error.
async fn work<F>(store: &Store, firm: Firm, act: F) -> anyhow::Result<Firm>
where
    F: AsyncFn(&mut Firm, Unit) -> millrace_operations::Result<()>,
{
    let mut firm = Some(firm);
    let act = &act;
    let done = store
        .write(&Actor::system("demo"), |unit| {
            let taken = firm.take();
            async move {
                let mut firm = taken.ok_or(OperationsError::Poisoned)?;
                act(&mut firm, unit).await?;
                Ok(firm)
            }
        })
        .await?;
    Ok(done)
}

async fn mark(
    unit: &Unit,
    options: &DemoOptions,
    complete: bool,
) -> millrace_operations::Result<()> {
    let mark = Mark {
        options: *options,
        complete,
    };
    let value = serde_json::to_value(mark).map_err(|error| OperationsError::Damaged {
        entity: "setting",
        id: 0,
        detail: error.to_string(),
    })?;
    let change = setting::ActiveModel {
        key: Set(MARK.to_owned()),
        value: Set(value),
        ..Default::default()
    };
    let found = setting::Entity::find()
        .filter(setting::Column::Key.eq(MARK))
        .one(unit)
        .await?;
    match found {
        Some(read) => unit.update(&read, change).await?,
        None => unit.insert::<setting::Model>(change).await?,
    };
    Ok(())
}

/// The stretch of time: whole months up to the one of `until`, the last one up to that day.
fn span(months: u32, until: NaiveDate) -> Option<Span> {
    let start = until
        .with_day(1)?
        .checked_sub_months(Months::new(months - 1))?;
    let first = days_after(start, -800);
    let last = days_after(until, 1200);
    let days = Days::new(first, last, |date| {
        WorkingCalendar::statutory_exception(date)
            .unwrap_or(date.weekday().number_from_monday() < 6)
    });
    let (open, close) = (days.start_of(start), days.start_of(until));
    let begin = days.start_of(days_after(start, -150));
    let middle = days_after(start, (until - start).num_days() / 2);
    let change = days.start_of(middle);
    Some(Span {
        start,
        end: until,
        days,
        begin,
        open,
        change,
        close,
    })
}
