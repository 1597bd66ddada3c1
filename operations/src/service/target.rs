//! Targets: what must hold of one, who sets which, and the target of a number.
//!
//! A target is for the company, a team with the teams below it, or a person. Everybody sees those of
//! the company, of their team and their own; who leads sees and sets those of the teams and people
//! that their role reaches; who reaches all sets the company's, too. There is one for each metric,
//! period and whom.
//!
//! # The target of a number
//!
//! ```
//! use millrace_models::target::Whom;
//! use millrace_operations::{Caller, Result, Store};
//! use millrace_operations::service::target;
//!
//! /// What the company is to win in November, in yuan, as far as the caller sees it.
//! async fn to_win(store: &Store, caller: &Caller) -> Result<Option<f64>> {
//!     let Ok(november) = "2026-11".parse() else { return Ok(None) };
//!     let found = target::of(store.reader(), Some(caller), "won_amount", november, Whom::Company).await?;
//!     Ok(found.map(|target| target.number)) // target.summed: whether it is the sum of its parts
//! }
//! ```
//!
//! Who needs many reads a [`book`] once and asks that.

mod import;
mod marks;
mod names;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use millrace_models::metric::{Metric, Registry, Unit as MetricUnit, nearest};
use millrace_models::query::Period;
use millrace_models::scope::{Action, Scope, Visibility};
use millrace_models::target::{self, Book, TargetPeriod, Whom};
use sea_orm::sea_query::{Condition, NullOrdering};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, JsonValue, Order, QueryFilter, QueryOrder,
};
use serde::Serialize;

use crate::caller::Caller;
use crate::entity::target::{self as record, RESOURCE};
use crate::entity::user;
use crate::error::{FieldError, OperationsError, Result, Rule};
use crate::row::{Row, integer};
use crate::unit::Unit;

pub use import::{Changed, Item, Plan, plan, take};
pub use marks::{Mark, Marks, marks};
pub use names::Names;

/// The target of a number.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Target {
    /// The record; none where it is the sum of several.
    pub id: Option<i64>,
    /// Its value in the metric's unit, as queries answer: yuan, a share, days, hours, points, a count.
    pub number: f64,
    /// The same exactly, in parts of the unit: see [`millrace_models::target::parts_of`].
    pub parts: i64,
    /// Whether it is the sum of the targets of the parts of the period, which has none of its own.
    pub summed: bool,
}

/// The target of a metric in a period for the company, a team or a person, as far as the caller sees
/// it; all are seen by who has the program itself in hand (no caller).
///
/// A quarter or year without a target of its own has the sum of those of its months or quarters, if
/// each has one and the metric adds up; it then says `summed`.
///
/// # Errors
///
/// Those of the database. A metric that the registry does not know has no target, which is none.
pub async fn of<C: ConnectionTrait>(
    connection: &C,
    caller: Option<&Caller>,
    metric: &str,
    period: TargetPeriod,
    whom: Whom,
) -> Result<Option<Target>> {
    let Some(metric) = known(metric) else {
        return Ok(None);
    };
    let book = book(connection, caller, &[&metric.name], period.days()).await?;
    Ok(found(&book, metric, period, whom))
}

/// The target that a book has of a metric.
pub fn found(book: &Book, metric: &Metric, period: TargetPeriod, whom: Whom) -> Option<Target> {
    let found = book.of(metric, whom, period)?;
    Some(Target {
        id: found.id,
        number: target::number(metric.unit, found.parts),
        parts: found.parts,
        summed: found.summed,
    })
}

/// The targets of some metrics that lie in the years of a period, as far as the caller sees them.
///
/// # Errors
///
/// Those of the database.
pub async fn book<C: ConnectionTrait>(
    connection: &C,
    caller: Option<&Caller>,
    metrics: &[&str],
    days: Period,
) -> Result<Book> {
    let mut book = Book::default();
    for target in read(connection, caller, metrics, days).await? {
        if let Some(held) = Held::of(&target) {
            book.enter(
                &target.metric,
                held.whom,
                held.period,
                target.id,
                held.parts,
            );
        }
    }
    Ok(book)
}

/// The records of targets that lie in the years of a period and that the caller sees, in the order of
/// metric, whom and period; of all metrics where none is named.
///
/// # Errors
///
/// Those of the database.
pub async fn read<C: ConnectionTrait>(
    connection: &C,
    caller: Option<&Caller>,
    metrics: &[&str],
    days: Period,
) -> Result<Vec<record::Model>> {
    let seen = match caller.map(|caller| caller.condition(&RESOURCE, Action::Read)) {
        None => Condition::all(),
        Some(Ok(condition)) => condition,
        // without the right there is nothing to be seen
        Some(Err(_)) => return Ok(Vec::new()),
    };
    let amounts = caller.is_none_or(|caller| caller.rights.sees(Visibility::Amounts));
    let mut select = record::Entity::find()
        .filter(record::Column::DeletedAt.is_null())
        .filter(record::Column::StartsOn.gte(target::year_of(days.from).starts_on()))
        .filter(record::Column::StartsOn.lte(target::year_of(days.to).days().to))
        .filter(seen);
    if !metrics.is_empty() {
        select = select.filter(record::Column::Metric.is_in(metrics.iter().copied()));
    }
    if !amounts {
        select = select.filter(record::Column::Amount.is_null());
    }
    Ok(select
        .order_by_asc(record::Column::Metric)
        .order_by_with_nulls(record::Column::TeamId, Order::Asc, NullOrdering::First)
        .order_by_with_nulls(record::Column::UserId, Order::Asc, NullOrdering::First)
        .order_by_asc(record::Column::StartsOn)
        .order_by_asc(record::Column::Id)
        .all(connection)
        .await?)
}

/// What a record holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// For whom it is.
    pub whom: Whom,
    /// For when.
    pub period: TargetPeriod,
    /// Its value, in parts of the metric's unit.
    pub parts: i64,
}

impl Held {
    /// What a record holds; `None` of one that could not have been written.
    pub fn of(target: &record::Model) -> Option<Self> {
        Some(Self {
            whom: Whom::of(target.team_id, target.user_id)?,
            period: TargetPeriod::new(&target.grain, target.starts_on).ok()?,
            parts: target.amount.or(target.value)?,
        })
    }
}

/// The metric of that name.
fn known(name: &str) -> Option<&'static Metric> {
    Registry::shipped().ok()?.metric(name)
}

/// The metric of that name, if it can have a target.
///
/// # Errors
///
/// What is wrong with it, in words.
pub fn metric(name: &str) -> Result<&'static Metric, String> {
    let Some(metric) = known(name) else {
        let registry = Registry::shipped().map_err(|error| error.to_string())?;
        let names = registry.metrics().iter();
        let right = names
            .filter(|metric| target::check(metric).is_ok())
            .map(|metric| metric.name.as_str());
        let near = nearest(name, right);
        return Err(if near.is_empty() {
            format!("{name:?} is no metric")
        } else {
            format!("{name:?} is no metric: did you mean {}?", near.join(", "))
        });
    };
    match target::check(metric) {
        Ok(()) => Ok(metric),
        Err(reason) => Err(format!("{name} has no target: {reason}")),
    }
}

/// The two columns of a value: amount and any other.
pub(crate) fn columns(unit: MetricUnit, parts: i64) -> (Option<i64>, Option<i64>) {
    match unit {
        MetricUnit::Amount => (Some(parts), None),
        _ => (None, Some(parts)),
    }
}

/// Who may set which targets.
#[derive(Debug)]
pub struct Setter<'a> {
    caller: Option<&'a Caller>,
    /// The team of each person.
    teams: BTreeMap<i64, i64>,
}

impl<'a> Setter<'a> {
    /// What a caller may set; everything without one.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn read<C: ConnectionTrait>(
        connection: &C,
        caller: Option<&'a Caller>,
    ) -> Result<Self> {
        let people = user::Entity::find().all(connection).await?;
        let teams = people.into_iter();
        Ok(Self {
            caller,
            teams: teams
                .filter_map(|person| Some((person.id, person.team_id?)))
                .collect(),
        })
    }

    /// Whether the caller may do that with a target of theirs.
    pub fn may(&self, action: Action, whom: Whom) -> bool {
        let Some(caller) = self.caller else {
            return true;
        };
        let scope = caller.rights.scope(RESOURCE.name, action);
        scope.is_some_and(|scope| self.is_within(caller, scope, whom))
    }

    /// Whether what is theirs is within a scope.
    fn is_within(&self, caller: &Caller, scope: Scope, whom: Whom) -> bool {
        let teams = match scope {
            Scope::All => return true,
            Scope::Own => &[],
            Scope::Team => caller.team_id.as_slice(),
            Scope::TeamTree => caller.team_tree.as_slice(),
        };
        match whom {
            Whom::Company => false,
            Whom::Team(team) => teams.contains(&team),
            Whom::Person(person) => {
                person == caller.user_id
                    || self
                        .teams
                        .get(&person)
                        .is_some_and(|team| teams.contains(team))
            }
        }
    }

    /// Whether the caller sees amounts.
    pub fn sees_amounts(&self) -> bool {
        self.caller
            .is_none_or(|caller| caller.rights.sees(Visibility::Amounts))
    }
}

/// What must hold of a target that is added or changed: `before` as it is, `given` what a client gives.
pub(crate) async fn check(
    unit: &Unit,
    caller: &Caller,
    before: Option<&Row>,
    given: &Row,
) -> Result<()> {
    let cell = |name: &str| {
        let value = given.get(name).or_else(|| before?.get(name));
        value.unwrap_or(&JsonValue::Null)
    };
    let number = |name: &str| cell(name).as_i64();
    let mut fields = Vec::new();
    let mut fault = |field: &str, message: String| {
        fields.push(FieldError {
            field: field.to_owned(),
            message,
        });
    };
    let name = cell("metric").as_str().unwrap_or_default();
    match metric(name) {
        Err(message) => fault("metric", message),
        Ok(metric) => {
            let (right, wrong) = match metric.unit {
                MetricUnit::Amount => ("amount", "value"),
                _ => ("value", "amount"),
            };
            if number(right).is_none() {
                fault(right, format!("is required: {name} is measured in it"));
            }
            if number(wrong).is_some() {
                fault(wrong, format!("must be empty: {name} has {right}"));
            }
        }
    }
    let grain = cell("grain").as_str().unwrap_or_default();
    let starts_on = cell("starts_on").as_str();
    let starts_on = starts_on.and_then(|day| day.parse::<NaiveDate>().ok());
    let period = starts_on.map(|day| TargetPeriod::new(grain, day));
    if let Some(Err(error)) = &period {
        fault("starts_on", error.to_string());
    }
    let whom = Whom::of(number("team_id"), number("user_id"));
    if whom.is_none() {
        fault("user_id", "must be empty where a team is given".to_owned());
    }
    if !fields.is_empty() {
        return Err(OperationsError::Invalid { fields });
    }
    let (Some(whom), Some(Ok(period))) = (whom, period) else {
        return Ok(());
    };
    let action = match before {
        None => Action::Create,
        Some(_) => Action::Update,
    };
    if !Setter::read(unit, Some(caller)).await?.may(action, whom) {
        return Err(OperationsError::forbidden(RESOURCE.name, action));
    }
    let own = before.and_then(|row| integer(row, "id"));
    match standing(unit, name, period, whom).await? {
        Some(other) if Some(other.id) != own => Err(OperationsError::Refused {
            entity: RESOURCE.name,
            id: other.id,
            rule: Rule::OneTarget,
        }),
        _ => Ok(()),
    }
}

/// The target of a metric, period and whom, if there is one.
async fn standing(
    unit: &Unit,
    metric: &str,
    period: TargetPeriod,
    whom: Whom,
) -> Result<Option<record::Model>> {
    let of = |column: record::Column, id: Option<i64>| match id {
        Some(id) => column.eq(id),
        None => column.is_null(),
    };
    Ok(record::Entity::find()
        .filter(record::Column::DeletedAt.is_null())
        .filter(record::Column::Metric.eq(metric))
        .filter(record::Column::Grain.eq(period.grain_name()))
        .filter(record::Column::StartsOn.eq(period.starts_on()))
        .filter(of(record::Column::TeamId, whom.team_id()))
        .filter(of(record::Column::UserId, whom.user_id()))
        .one(unit)
        .await?)
}
