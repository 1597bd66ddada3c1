//! What is done by itself: planned by its rule, begun by one process under a lease, and written down.
//!
//! An occurrence is a schedule and the moment that it is due; it is planned once, in the transaction
//! that moves the schedule's mark on. Who begins it holds the lease of the schedule: so two runs of
//! one schedule never overlap, and what a killed process had begun is begun again by the next holder.
//! A holder that was overtaken ends nothing: it names its token, which is not the run's any more.

use chrono::{DateTime, Utc};
use millrace_models::calendar::WorkingCalendar;
use millrace_models::scope::Action;
use sea_orm::sea_query::ExprTrait as _;
use sea_orm::sea_query::{Alias, Condition, Expr, Func, Order, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, JsonValue, QueryFilter, QueryOrder, QuerySelect, Set,
};
use serde::Serialize;

use super::planning::{self, Subject, When};
use crate::caller::Caller;
use crate::entity::schedule_run::{self, Column};
use crate::entity::{schedule, user};
use crate::error::{OperationsError, Result};
use crate::row::{Row, integer};
use crate::store::Store;
use crate::unit::{Actor, Unit};

/// Begun so often and never ended, a run has failed.
const MOST_ATTEMPTS: i64 = 3;
/// The most of a text that is kept of a result or an error, in characters.
const LONGEST: usize = 1_900;
/// Runs that a page of history holds.
const HISTORY: u64 = 50;
/// Lines of a run that are shown.
const LINES: u64 = 1_000;

/// Whether the works of that name are never left out: nobody would get what was due.
fn is_never_skipped(work: &str) -> bool {
    ["monthly_report", "dispatches"].contains(&work)
}

fn subject(id: i64) -> Subject {
    Subject(schedule::RESOURCE.name, id)
}

/// What must hold of a schedule that was written; another rule begins now.
pub(crate) async fn written(unit: &Unit, row: &Row) -> Result<()> {
    let text = |name: &str| row.get(name).and_then(JsonValue::as_str);
    let zone = unit.calendar().zone();
    let when = When::parse(text("rule").unwrap_or_default(), text("zone"), zone)?;
    let work = text("work").unwrap_or_default();
    let mapping = text("mapping").is_some_and(|file| !file.trim().is_empty());
    if (work == "ingest") != mapping {
        let message = if mapping {
            "is for an ingest only"
        } else {
            "an ingest names its mapping file"
        };
        return Err(OperationsError::field("mapping", message));
    }
    let all = text("catch_up") == Some("all");
    let days = integer(row, "catch_up_days");
    if is_never_skipped(work) && (!all || days.is_some()) {
        return Err(OperationsError::field(
            "catch_up",
            "what people wait for is never left out: catch up all, without a number of days",
        ));
    }
    if days.is_some() && !all {
        return Err(OperationsError::field(
            "catch_up_days",
            "is for catching up all of them",
        ));
    }
    let enabled = row.get("enabled").and_then(JsonValue::as_bool) != Some(false);
    let id = integer(row, "id").unwrap_or_default();
    planning::follow(unit, subject(id), enabled.then_some(&when)).await
}

async fn enabled<C: ConnectionTrait>(connection: &C) -> Result<Vec<schedule::Model>> {
    Ok(schedule::Entity::find()
        .filter(schedule::Column::Enabled.eq(true))
        .filter(schedule::Column::DeletedAt.is_null())
        .order_by_asc(schedule::Column::Id)
        .all(connection)
        .await?)
}

fn when(calendar: &WorkingCalendar, schedule: &schedule::Model) -> Result<When> {
    When::parse(&schedule.rule, schedule.zone.as_deref(), calendar.zone())
}

/// When the next enabled schedule is due, also one that is overdue.
///
/// # Errors
///
/// Those of the database.
pub async fn next_due(store: &Store) -> Result<Option<DateTime<Utc>>> {
    let mut next: Option<DateTime<Utc>> = None;
    for schedule in enabled(store.reader()).await? {
        let until = planning::until(store.reader(), subject(schedule.id)).await?;
        let Some(until) = until else {
            continue;
        };
        let own = when(store.calendar(), &schedule)?.next(store.calendar(), until, 1);
        next = own.into_iter().chain(next).min();
    }
    Ok(next)
}

/// Plans what has come due of all schedules; gives how many runs it made.
///
/// # Errors
///
/// Those of the database.
pub async fn plan(unit: &Unit) -> Result<u64> {
    let mut planned = 0;
    for schedule in enabled(unit).await? {
        let Some(until) = planning::until(unit, subject(schedule.id)).await? else {
            continue;
        };
        let due = when(unit.calendar(), &schedule)?.due(unit, until);
        let Some(last) = due.last().copied() else {
            continue;
        };
        // First of all: of two that plan at once the second waits here, and begins anew.
        planning::planned(unit, subject(schedule.id), last).await?;
        for at in &due {
            let missed = left_out(&schedule, *at, last, unit.now());
            let run = schedule_run::ActiveModel {
                schedule_id: Set(schedule.id),
                planned_at: Set(*at),
                state: Set(if missed.is_some() {
                    "skipped"
                } else {
                    "planned"
                }
                .to_owned()),
                ended_at: Set(missed.map(|_| unit.now())),
                error: Set(missed.map(str::to_owned)),
                ..Default::default()
            };
            unit.insert::<schedule_run::Model>(run).await?;
            planned += 1;
        }
    }
    Ok(planned)
}

/// Leaves undone and unwritten what comes due of schedules and subscriptions before a moment: for a
/// history that was written afterwards.
///
/// # Errors
///
/// Those of the database.
pub async fn skip_to(unit: &Unit, moment: DateTime<Utc>) -> Result<()> {
    planning::skip_to(unit, moment).await
}

/// Why a moment is left out, if it is.
fn left_out(
    schedule: &schedule::Model,
    at: DateTime<Utc>,
    last: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Option<&'static str> {
    if schedule.catch_up == "once" {
        return (at < last).then_some("nobody was there; a later one was done");
    }
    let days = schedule.catch_up_days?;
    let old = now - at > chrono::TimeDelta::days(days);
    old.then_some("nobody was there for longer than is caught up")
}

/// Asks for a run now, beside the rule.
///
/// # Errors
///
/// When there is no such schedule, or the caller may not change it.
pub async fn run_now(unit: &Unit, caller: Option<&Caller>, id: i64) -> Result<schedule_run::Model> {
    match caller {
        Some(caller) => {
            unit.get_for::<schedule::Model>(caller, Action::Update, id)
                .await?
        }
        None => unit.get::<schedule::Model>(id).await?,
    };
    let waiting = schedule_run::Entity::find()
        .filter(Column::ScheduleId.eq(id))
        .filter(Column::State.eq("planned"))
        .filter(Column::Manual.eq(true))
        .one(unit)
        .await?;
    if let Some(waiting) = waiting {
        return Ok(waiting);
    }
    let run = schedule_run::ActiveModel {
        schedule_id: Set(id),
        planned_at: Set(unit.now()),
        manual: Set(true),
        requested_by_id: Set(unit.actor().user_id),
        ..Default::default()
    };
    unit.insert(run).await
}

/// Ends a run: one that waits at once, one that runs as soon as who runs it sees it.
///
/// # Errors
///
/// When there is none, the caller may not, or it has ended.
pub async fn cancel(unit: &Unit, caller: Option<&Caller>, id: i64) -> Result<schedule_run::Model> {
    if let Some(caller) = caller {
        caller.require(&schedule::RESOURCE, Action::Update)?;
    }
    let run: schedule_run::Model = match caller {
        Some(caller) => unit.get_for(caller, Action::Read, id).await?,
        None => unit.get(id).await?,
    };
    let change = match run.state.as_str() {
        "planned" => schedule_run::ActiveModel {
            state: Set("cancelled".to_owned()),
            ended_at: Set(Some(unit.now())),
            cancel_asked_at: Set(Some(unit.now())),
            ..Default::default()
        },
        "running" => schedule_run::ActiveModel {
            cancel_asked_at: Set(Some(unit.now())),
            ..Default::default()
        },
        _ => {
            return Err(OperationsError::State {
                entity: schedule_run::RESOURCE.name,
                id,
                state: run.state,
                needs: &["planned", "running"],
            });
        }
    };
    unit.update(&run, change).await
}

/// The schedules that have something to be run, the longest waiting first.
///
/// # Errors
///
/// Those of the database.
pub async fn waiting(store: &Store) -> Result<Vec<i64>> {
    let read = Query::select()
        .column("schedule_id")
        .from("schedule_runs")
        .and_where(Expr::col("state").is_in(["planned", "running"]))
        .and_where(Expr::col("deleted_at").is_null())
        .group_by_col("schedule_id")
        .order_by_expr(Expr::expr(Func::min(Expr::col("planned_at"))), Order::Asc)
        .to_owned();
    let rows = store.reader().query_all(&read).await?;
    rows.iter()
        .map(|row| Ok(row.try_get_by_index(0)?))
        .collect()
}

/// Begins the next run of a schedule under a lease of that token: one that was begun and not ended
/// first, then the one that has waited longest.
///
/// # Errors
///
/// Those of the database.
pub async fn begin(
    unit: &Unit,
    id: i64,
    token: i64,
) -> Result<Option<(schedule::Model, schedule_run::Model)>> {
    let schedule = match unit.get::<schedule::Model>(id).await {
        Ok(schedule) => Some(schedule),
        Err(OperationsError::NotFound { .. }) => None,
        Err(error) => return Err(error),
    };
    let found = schedule_run::Entity::find()
        .filter(Column::ScheduleId.eq(id))
        .filter(Column::State.is_in(["planned", "running"]))
        .filter(Column::DeletedAt.is_null())
        .order_by_desc(Column::State)
        .order_by_asc(Column::PlannedAt)
        .one(unit)
        .await?;
    let Some(run) = found else {
        return Ok(None);
    };
    let ended = |state: &str, error: &str| schedule_run::ActiveModel {
        state: Set(state.to_owned()),
        ended_at: Set(Some(unit.now())),
        error: Set(Some(error.to_owned())),
        ..Default::default()
    };
    let Some(schedule) = schedule else {
        let gone = ended("cancelled", "there is no such schedule any more");
        unit.update(&run, gone).await?;
        return Ok(None);
    };
    if run.cancel_asked_at.is_some() {
        unit.update(&run, ended("cancelled", "who ran it has ended"))
            .await?;
        return Ok(None);
    }
    if run.attempt >= MOST_ATTEMPTS {
        let broken = format!("broken off {MOST_ATTEMPTS} times, by the end of who ran it");
        unit.update(&run, ended("failed", &broken)).await?;
        return Ok(None);
    }
    let begun = schedule_run::ActiveModel {
        state: Set("running".to_owned()),
        began_at: Set(Some(unit.now())),
        attempt: Set(run.attempt + 1),
        token: Set(token),
        ..Default::default()
    };
    let run = unit.update(&run, begun).await?;
    Ok(Some((schedule, run)))
}

/// How a run has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// Well, with what it did.
    Done(String),
    /// Not, and why.
    Failed(String),
    /// By somebody's wish.
    Cancelled,
}

/// Ends a run that is still this holder's; whether it was.
///
/// # Errors
///
/// Those of the database.
pub async fn end(unit: &Unit, run: &schedule_run::Model, ended: &Ended) -> Result<bool> {
    let (state, result, error) = match ended {
        Ended::Done(result) => ("done", Some(shortened(result)), None),
        Ended::Failed(error) => ("failed", None, Some(shortened(error))),
        Ended::Cancelled => ("cancelled", None, None),
    };
    let own = Condition::all()
        .add(Column::State.eq("running"))
        .add(Column::Token.eq(run.token));
    let change = schedule_run::ActiveModel {
        state: Set(state.to_owned()),
        ended_at: Set(Some(unit.now())),
        result: Set(result.filter(|text| !text.is_empty())),
        error: Set(error),
        ..Default::default()
    };
    let ended = unit
        .update_if::<schedule_run::Model>(run.id, own, change)
        .await?;
    Ok(ended.is_some())
}

/// A text with its end cut off where it is too long to be kept.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Whether somebody wants the run to end.
///
/// # Errors
///
/// Those of the database.
pub async fn is_cancelled(store: &Store, run: i64) -> Result<bool> {
    let found = schedule_run::Entity::find_by_id(run)
        .one(store.reader())
        .await?;
    Ok(found.is_none_or(|run| run.cancel_asked_at.is_some()))
}

/// A line of a run's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub text: String,
}

/// Writes a line into the log of a run.
///
/// # Errors
///
/// Those of the database.
pub async fn say(store: &Store, run: i64, text: &str) -> Result<()> {
    let text = shortened(text);
    let work = async |unit: Unit| {
        let insert = Query::insert()
            .into_table("run_lines")
            .columns(["run_id", "at", "text"])
            .values_panic([run.into(), unit.now().into(), text.as_str().into()])
            .to_owned();
        unit.run(&insert).await.map(drop)
    };
    store.write(&Actor::system("schedule"), work).await
}

/// The log of a run, the earliest first.
///
/// # Errors
///
/// When there is no such run, or the caller may not see it.
pub async fn lines(store: &Store, caller: Option<&Caller>, run: i64) -> Result<Vec<Line>> {
    if let Some(caller) = caller {
        crate::resources::get(store, caller, &schedule_run::RESOURCE, run).await?;
    }
    let read = Query::select()
        .columns(["at", "text"])
        .from(Alias::new("run_lines"))
        .and_where(Expr::col("run_id").eq(run))
        .order_by("id", Order::Asc)
        .limit(LINES)
        .to_owned();
    let rows = store.reader().query_all(&read).await?;
    rows.iter()
        .map(|row| {
            Ok(Line {
                at: row.try_get_by_index(0)?,
                text: row.try_get_by_index(1)?,
            })
        })
        .collect()
}

/// A schedule with what is before and behind it.
#[derive(Debug, Clone, Serialize)]
pub struct Overview {
    /// The schedule.
    #[serde(skip)]
    pub schedule: schedule::Model,
    /// Its id.
    pub id: i64,
    /// The next moments, none where it is not enabled.
    pub next: Vec<DateTime<Utc>>,
    /// Whether the holidays of the year of one of them are not known yet.
    pub holidays_unknown: bool,
    /// Its last runs, the latest first.
    pub runs: Vec<schedule_run::Model>,
}

/// All schedules with their next moments and last runs.
///
/// # Errors
///
/// When the caller may not see them.
pub async fn overview(store: &Store, caller: Option<&Caller>) -> Result<Vec<Overview>> {
    if let Some(caller) = caller {
        caller.require(&schedule::RESOURCE, Action::Read)?;
        caller.require(&schedule_run::RESOURCE, Action::Read)?;
    }
    let schedules = schedule::Entity::find()
        .filter(schedule::Column::DeletedAt.is_null())
        .order_by_asc(schedule::Column::Id)
        .all(store.reader())
        .await?;
    let mut all = Vec::with_capacity(schedules.len());
    for schedule in schedules {
        let runs = history(store, schedule.id, 5).await?;
        let next = if schedule.enabled {
            when(store.calendar(), &schedule)?.next(store.calendar(), store.now(), 3)
        } else {
            Vec::new()
        };
        all.push(Overview {
            id: schedule.id,
            holidays_unknown: holidays_unknown(store.calendar(), &next),
            next,
            runs,
            schedule,
        });
    }
    Ok(all)
}

fn holidays_unknown(calendar: &WorkingCalendar, moments: &[DateTime<Utc>]) -> bool {
    let days = moments.iter().map(|at| calendar.date_of(*at));
    let mut unknown = days.map(|day| calendar.years_without_data(day..=day));
    unknown.any(|years| !years.is_empty())
}

/// The runs of a schedule, the latest first.
///
/// # Errors
///
/// Those of the database.
pub async fn history(store: &Store, id: i64, most: u64) -> Result<Vec<schedule_run::Model>> {
    Ok(schedule_run::Entity::find()
        .filter(Column::ScheduleId.eq(id))
        .filter(Column::DeletedAt.is_null())
        .order_by_desc(Column::PlannedAt)
        .limit(if most < HISTORY { most } else { HISTORY })
        .all(store.reader())
        .await?)
}

/// The next moments of a rule that is not written down yet.
///
/// # Errors
///
/// [`OperationsError::Invalid`] where the rule or zone is none.
pub fn preview(
    store: &Store,
    rule: &str,
    zone: Option<&str>,
    most: usize,
) -> Result<Vec<DateTime<Utc>>> {
    let calendar = store.calendar();
    let when = When::parse(rule, zone, calendar.zone())?;
    Ok(when.next(calendar, store.now(), most))
}

/// A schedule of a new installation: name, work, rule, what is caught up, whether it is done.
type Shipped = (&'static str, &'static str, &'static str, &'static str, bool);

const SHIPPED: &[Shipped] = &[
    (
        "每夜整理 · Nightly upkeep",
        "upkeep",
        "daily 03:30",
        "once",
        true,
    ),
    (
        "每日备份 · Daily backup",
        "backup",
        "daily 02:00",
        "once",
        true,
    ),
    (
        "每周健康度重算 · Weekly health refit",
        "health",
        "weekly mon 04:30",
        "once",
        true,
    ),
    (
        "经营月报 · Monthly report",
        "monthly_report",
        "working-day 1 08:00",
        "all",
        true,
    ),
];

/// Makes the schedules of a new installation, where there never was one.
pub(crate) async fn ship(unit: &Unit) -> Result<()> {
    let known = schedule::Entity::find().one(unit).await?;
    if known.is_some() {
        return Ok(());
    }
    for (name, work, rule, catch_up, enabled) in SHIPPED {
        let draft = schedule::ActiveModel {
            name: Set((*name).to_owned()),
            work: Set((*work).to_owned()),
            rule: Set((*rule).to_owned()),
            catch_up: Set((*catch_up).to_owned()),
            enabled: Set(*enabled),
            ..Default::default()
        };
        let made = unit.insert::<schedule::Model>(draft).await?;
        written(unit, &crate::row::of(&made)).await?;
    }
    Ok(())
}

/// Who asked for a run, by name.
///
/// # Errors
///
/// Those of the database.
pub async fn asked_by(store: &Store, run: &schedule_run::Model) -> Result<Option<String>> {
    let Some(id) = run.requested_by_id else {
        return Ok(None);
    };
    let found = user::Entity::find_by_id(id).one(store.reader()).await?;
    Ok(found.map(|user| user.name))
}
