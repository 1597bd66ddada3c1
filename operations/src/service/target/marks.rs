//! The targets beside the numbers of an answer.
//!
//! A number has a target where it is of a whole month, quarter or year and of somebody who can have
//! one: the company, a team with all below it, a person. Who asks without conditions asks about what
//! their role reaches: about the company if that is everything, about their team and those below it,
//! or about themselves. A condition on `team` or `owner` says otherwise, and so does a row of an
//! answer that is split by one of them. Where a number is of less than the target is for (a team that
//! has others below it, a team of which the caller sees a part), it has none.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use millrace_models::metric::{Metric, Registry};
use millrace_models::query::{Condition, Op, Period, Query};
use millrace_models::scope::{Access, Action, Reach, Scope};
use millrace_models::target::{
    Book, Elapsed, GRAINS, TargetPeriod, Whom, adds_up, attainment, is_met,
};
use serde::Serialize;

use super::{Names, Setter, book, found, known};
use crate::caller::Caller;
use crate::error::Result;
use crate::row::Row;
use crate::store::Store;

/// The target of a number, and how the number stands to it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Mark {
    /// The record; none where it is the sum of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
    /// The period, as `2026-03`, `2026-Q1` or `2026`.
    pub period: TargetPeriod,
    /// The target, in the metric's unit.
    pub target: f64,
    /// Whether it is the sum of the targets of the parts of the period.
    pub summed: bool,
    /// How far the number is towards it: 1 is reached and more is better, whichever way the metric
    /// is better. None without a number, and where it would divide by nothing.
    pub attainment: Option<f64>,
    /// Whether the number meets it now.
    pub met: bool,
    /// While the period runs: its working days, and those up to today.
    #[serde(flatten)]
    pub elapsed: Option<Elapsed>,
    /// While the period runs and of a metric that adds up: the target times the share of the working
    /// days that has passed, which is where the number should be by now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_by_now: Option<f64>,
}

/// The targets beside an answer, by metric.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Marks {
    /// Those of the total.
    pub total: BTreeMap<String, Mark>,
    /// Those of the rows, in their order.
    pub rows: Vec<BTreeMap<String, Mark>>,
}

impl Marks {
    fn is_empty(&self) -> bool {
        self.total.is_empty() && self.rows.iter().all(BTreeMap::is_empty)
    }
}

/// The targets beside the rows and the total of an answer, as far as the caller sees them; `None`
/// where there are none. `at` is the moment that the answer is of.
///
/// # Errors
///
/// Those of the database.
pub async fn marks(
    store: &Store,
    caller: Option<&Caller>,
    query: &Query,
    (rows, total): (&[Row], &Row),
    at: DateTime<Utc>,
) -> Result<Option<Marks>> {
    let Some(span) = spanned(query, rows) else {
        return Ok(None);
    };
    let reader = store.reader();
    let metrics: Vec<&str> = query.metrics.iter().map(String::as_str).collect();
    let book = book(reader, caller, &metrics, span).await?;
    if book.is_empty() {
        return Ok(None);
    }
    let asking = Asking {
        query,
        book,
        names: Names::read(reader).await?,
        setter: Setter::read(reader, caller).await?,
        caller,
        access: caller.map_or_else(Access::everything, Caller::access),
        today: store.calendar().date_of(at),
        store,
    };
    let whole = query.period.and_then(TargetPeriod::of);
    let by = Split::of(&query.by);
    let mut marks = Marks::default();
    for metric in metrics.into_iter().filter_map(known) {
        if let Some(period) = whole
            && let Some(whom) = asking.whom(metric, None)
            && let Some(mark) = asking.mark(metric, period, whom, total)
        {
            marks.total.insert(metric.name.clone(), mark);
        }
    }
    if let Some(by) = by {
        for row in rows {
            marks.rows.push(asking.of_row(&by, whole, row));
        }
    }
    Ok((!marks.is_empty()).then_some(marks))
}

/// From the first to the last day of which a number of the answer can have a target.
fn spanned(query: &Query, rows: &[Row]) -> Option<Period> {
    if let Some(period) = query.period {
        let grained = Split::of(&query.by).is_some_and(|split| split.grain.is_some());
        return (grained || TargetPeriod::of(period).is_some()).then_some(period);
    }
    let grain = Split::of(&query.by)?.grain?;
    let labels = rows.iter().filter_map(|row| row.get(grain)?.as_str());
    let spans = labels.filter_map(|label| Some(label.parse::<TargetPeriod>().ok()?.days()));
    spans.reduce(|all, own| Period {
        from: all.from.min(own.from),
        to: all.to.max(own.to),
    })
}

/// How an answer is split, if its rows are of what can have a target.
struct Split<'a> {
    /// The dimension that is the span of a row.
    grain: Option<&'a str>,
    /// `team` or `owner`.
    whom: Option<&'a str>,
}

impl<'a> Split<'a> {
    fn of(by: &'a [String]) -> Option<Self> {
        let mut split = Self {
            grain: None,
            whom: None,
        };
        for name in by {
            let is_grain = GRAINS.iter().any(|(known, _)| known == name);
            let place = match name.as_str() {
                _ if is_grain => &mut split.grain,
                "team" | "owner" => &mut split.whom,
                _ => return None,
            };
            if place.replace(name).is_some() {
                return None;
            }
        }
        Some(split)
    }
}

/// How far somebody reaches in records.
enum Reached<'a> {
    Everything,
    Scope(&'a Caller, Scope),
    /// By more than one scope, or not at all.
    Unclear,
}

struct Asking<'a> {
    query: &'a Query,
    book: Book,
    names: Names,
    setter: Setter<'a>,
    caller: Option<&'a Caller>,
    access: Access,
    today: NaiveDate,
    store: &'a Store,
}

impl Asking<'_> {
    fn of_row(
        &self,
        by: &Split<'_>,
        whole: Option<TargetPeriod>,
        row: &Row,
    ) -> BTreeMap<String, Mark> {
        let text = |name: &str| row.get(name)?.as_str();
        let period = match by.grain {
            Some(grain) => text(grain)
                .and_then(|label| label.parse().ok())
                .filter(|span: &TargetPeriod| self.is_within(*span)),
            None => whole,
        };
        let mut marks = BTreeMap::new();
        let Some(period) = period else { return marks };
        let own = match by.whom {
            None => None,
            Some(dimension) => match text(dimension) {
                Some(name) => Some((dimension, name)),
                None => return marks,
            },
        };
        for metric in self.query.metrics.iter().filter_map(|name| known(name)) {
            if let Some(whom) = self.whom(metric, own)
                && let Some(mark) = self.mark(metric, period, whom, row)
            {
                marks.insert(metric.name.clone(), mark);
            }
        }
        marks
    }

    /// Whether the records of a span are all asked for.
    fn is_within(&self, span: TargetPeriod) -> bool {
        let days = span.days();
        let within = |period: Period| period.from <= days.from && days.to <= period.to;
        self.query.period.is_none_or(within)
    }

    fn mark(&self, metric: &Metric, period: TargetPeriod, whom: Whom, row: &Row) -> Option<Mark> {
        let target = found(&self.book, metric, period, whom)?;
        let number = row.get(&metric.name).and_then(serde_json::Value::as_f64);
        let elapsed = period.elapsed(self.store.calendar(), self.today);
        let share = elapsed.and_then(Elapsed::share);
        Some(Mark {
            id: target.id,
            period,
            target: target.number,
            summed: target.summed,
            attainment: number
                .and_then(|number| attainment(metric.direction, number, target.number)),
            met: number.is_some_and(|number| is_met(metric.direction, number, target.number)),
            elapsed,
            target_by_now: share
                .filter(|_| adds_up(metric))
                .map(|share| share * target.number),
        })
    }

    /// Whose the number of a metric is, of the conditions and the member of a row; `None` where it is
    /// of nobody who can have a target, or of less than all of theirs.
    fn whom(&self, metric: &Metric, row: Option<(&str, &str)>) -> Option<Whom> {
        let asked = match (row, self.query.conditions.as_slice()) {
            (None, []) => return self.reached(metric),
            (None, [condition]) => self.named(&condition.dimension, &members(condition)?)?,
            (Some((dimension, name)), []) => self.named(dimension, &[name])?,
            // split by what is chosen from: the row is of one of the chosen
            (Some((dimension, name)), [condition]) if condition.dimension == dimension => {
                members(condition)?;
                self.named(dimension, &[name])?
            }
            _ => return None,
        };
        self.sees_all_of(metric, asked).then_some(asked)
    }

    /// The team or the person that values of a dimension are.
    fn named(&self, dimension: &str, values: &[&str]) -> Option<Whom> {
        match (dimension, values) {
            ("owner", [name]) => self.names.person(name).map(Whom::Person),
            ("team", names) => {
                let teams = names.iter().map(|name| self.names.team(name));
                let teams = teams.collect::<Option<Vec<_>>>()?;
                self.names.whole(&teams).map(Whom::Team)
            }
            _ => None,
        }
    }

    /// Whose all that is that the caller sees of a metric.
    fn reached(&self, metric: &Metric) -> Option<Whom> {
        let (caller, scope) = match self.reach(metric) {
            Reached::Everything => return Some(Whom::Company),
            Reached::Scope(caller, scope) => (caller, scope),
            Reached::Unclear => return None,
        };
        match scope {
            Scope::All => Some(Whom::Company),
            Scope::Own => Some(Whom::Person(caller.user_id)),
            Scope::Team => {
                let team = caller.team_id?;
                self.names.whole(&[team]).map(Whom::Team)
            }
            Scope::TeamTree => caller.team_id.map(Whom::Team),
        }
    }

    /// Whether the caller sees all records of a team or a person that a metric counts.
    fn sees_all_of(&self, metric: &Metric, whom: Whom) -> bool {
        match self.reach(metric) {
            Reached::Everything => true,
            Reached::Scope(caller, scope) => self.setter.is_within(caller, scope, whom),
            Reached::Unclear => false,
        }
    }

    /// How far the caller reaches in the records of a metric.
    fn reach(&self, metric: &Metric) -> Reached<'_> {
        let Some(caller) = self.caller else {
            return Reached::Everything;
        };
        let scope = || {
            let registry = Registry::shipped().ok()?;
            let table = &registry.base(&metric.entity)?.table;
            if self.access.reach(registry, table) == Reach::Everything {
                return Some(Reached::Everything);
            }
            let entity = registry.rule(table)?.entity.as_deref()?;
            let scope = self.access.rights().scope(entity, Action::Read)?;
            Some(Reached::Scope(caller, scope))
        };
        scope().unwrap_or(Reached::Unclear)
    }
}

/// The values that a condition selects.
fn members(condition: &Condition) -> Option<Vec<&str>> {
    (condition.op == Op::In).then(|| condition.values.iter().map(String::as_str).collect())
}
