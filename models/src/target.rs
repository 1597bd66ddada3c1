//! Targets: what a metric is to reach in a month, quarter or year, for the company, a team or a
//! person; and what a number says beside its target.
//!
//! A value is a whole number of parts of its unit, so that it is the same in every place: amounts in
//! hundredths (fen), shares in basis points (10,000 are the whole), days, hours and points in
//! thousandths, counts in ones. A text or a cell with more digits than that is refused, not rounded.

mod book;
mod value;

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};
use serde::Serialize;
use thiserror::Error;

use crate::calendar::WorkingCalendar;
use crate::metric::{Direction, Measure, Metric, TimeRole};
use crate::period::Grain;
use crate::query::Period;

pub use book::{Book, Found};
pub use value::{ValueError, decimals, number, parse, parts_of, write};

/// For whom a target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Whom {
    /// The company.
    Company,
    /// A team with the teams below it, by its id.
    Team(i64),
    /// A person, by the id of the user.
    Person(i64),
}

impl Whom {
    /// Whom two columns name; `None` where both do.
    pub fn of(team_id: Option<i64>, user_id: Option<i64>) -> Option<Self> {
        match (team_id, user_id) {
            (None, None) => Some(Self::Company),
            (Some(team), None) => Some(Self::Team(team)),
            (None, Some(person)) => Some(Self::Person(person)),
            (Some(_), Some(_)) => None,
        }
    }

    /// The id of the team.
    pub fn team_id(self) -> Option<i64> {
        match self {
            Self::Team(id) => Some(id),
            _ => None,
        }
    }

    /// The id of the person.
    pub fn user_id(self) -> Option<i64> {
        match self {
            Self::Person(id) => Some(id),
            _ => None,
        }
    }
}

/// A whole month, quarter or year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TargetPeriod {
    grain: Grain,
    starts_on: NaiveDate,
}

/// Why something is no period of a target.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PeriodError {
    /// The grain is none of the three.
    #[error("must be month, quarter or year, not {0:?}")]
    Grain(String),
    /// The day is not the first of the period.
    #[error("must be the first day of the {grain}, {first}, not {given}")]
    First {
        /// The grain.
        grain: &'static str,
        /// The first day of the span that the given one lies in.
        first: NaiveDate,
        /// What was given.
        given: NaiveDate,
    },
    /// A text that is none.
    #[error("{0:?} is no month, quarter or year: write it as 2026-03, 2026-Q1 or 2026")]
    Text(String),
}

/// The grains that targets are set for, by the names that records hold.
pub const GRAINS: [(&str, Grain); 3] = [
    ("month", Grain::Month),
    ("quarter", Grain::Quarter),
    ("year", Grain::Year),
];

impl TargetPeriod {
    /// The span of that grain that a day lies in; `None` for days and weeks.
    pub fn around(grain: Grain, day: NaiveDate) -> Option<Self> {
        GRAINS
            .iter()
            .any(|(_, known)| *known == grain)
            .then(|| Self {
                grain,
                starts_on: grain.start(day),
            })
    }

    /// The period that a record holds.
    ///
    /// # Errors
    /// [`PeriodError`] where the grain is no grain of targets or the day not its first.
    pub fn new(grain: &str, starts_on: NaiveDate) -> Result<Self, PeriodError> {
        let (name, known) = GRAINS
            .iter()
            .find(|(name, _)| *name == grain)
            .ok_or_else(|| PeriodError::Grain(grain.to_owned()))?;
        let first = known.start(starts_on);
        if first != starts_on {
            return Err(PeriodError::First {
                grain: name,
                first,
                given: starts_on,
            });
        }
        Ok(Self {
            grain: *known,
            starts_on,
        })
    }

    /// The month, quarter or year that is exactly those days.
    pub fn of(days: Period) -> Option<Self> {
        let spans = GRAINS
            .iter()
            .filter_map(|(_, grain)| Self::around(*grain, days.from));
        spans.into_iter().find(|span| span.days() == days)
    }

    /// Its grain.
    pub fn grain(self) -> Grain {
        self.grain
    }

    /// The name of its grain, as records hold it.
    pub fn grain_name(self) -> &'static str {
        GRAINS
            .iter()
            .find(|(_, grain)| *grain == self.grain)
            .map_or("month", |(name, _)| *name)
    }

    /// Its first day.
    pub fn starts_on(self) -> NaiveDate {
        self.starts_on
    }

    /// Its days.
    pub fn days(self) -> Period {
        let next = self.grain.next(self.starts_on);
        Period {
            from: self.starts_on,
            to: next.pred_opt().unwrap_or(next),
        }
    }

    /// The periods that it is made of: the months of a quarter, the quarters of a year.
    pub fn parts(self) -> Vec<Self> {
        let (grain, count) = match self.grain {
            Grain::Year => (Grain::Quarter, 4),
            Grain::Quarter => (Grain::Month, 3),
            _ => return Vec::new(),
        };
        let first = Self {
            grain,
            starts_on: self.starts_on,
        };
        std::iter::successors(Some(first), |last| {
            Some(Self {
                grain,
                starts_on: grain.next(last.starts_on),
            })
        })
        .take(count)
        .collect()
    }

    /// The one that many periods before it.
    #[must_use]
    pub fn before(self, periods: u32) -> Self {
        (0..periods).fold(self, |own, _| {
            let last = own.starts_on.pred_opt().unwrap_or(own.starts_on);
            Self {
                grain: own.grain,
                starts_on: own.grain.start(last),
            }
        })
    }

    /// How many of its working days have passed by the end of `today`, which counts as passed;
    /// `None` where the period has not begun or is over.
    pub fn elapsed(self, calendar: &WorkingCalendar, today: NaiveDate) -> Option<Elapsed> {
        let days = self.days();
        if today < days.from || days.to < today {
            return None;
        }
        let before = days.from.pred_opt().unwrap_or(days.from);
        Some(Elapsed {
            working_days: calendar.working_days_between(before, days.to),
            working_days_passed: calendar.working_days_between(before, today),
        })
    }
}

impl fmt::Display for TargetPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.grain.label(self.starts_on))
    }
}

impl FromStr for TargetPeriod {
    type Err = PeriodError;

    /// Reads `2026-03`, `2026-Q1` (also `2026Q1`) and `2026`.
    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let refused = || PeriodError::Text(text.to_owned());
        let year = text.get(..4).and_then(|year| year.parse::<i32>().ok());
        let year = year.filter(|year| (1000..=9999).contains(year));
        let year = year.ok_or_else(refused)?;
        let rest = text.get(4..).unwrap_or_default();
        let (grain, month) = match rest.strip_prefix('-').unwrap_or(rest) {
            "" if rest.is_empty() => (Grain::Year, 1),
            part => match part.strip_prefix(['Q', 'q']) {
                Some(quarter) => {
                    let quarter: u32 = quarter.parse().map_err(|_| refused())?;
                    (
                        Grain::Quarter,
                        quarter.wrapping_sub(1).wrapping_mul(3).wrapping_add(1),
                    )
                }
                None if rest.len() == 3 => (Grain::Month, part.parse().map_err(|_| refused())?),
                None => return Err(refused()),
            },
        };
        let starts_on = NaiveDate::from_ymd_opt(year, month, 1).ok_or_else(refused)?;
        Ok(Self { grain, starts_on })
    }
}

impl Serialize for TargetPeriod {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// How much of a period has passed, in working days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Elapsed {
    /// All working days of the period.
    pub working_days: i64,
    /// Those up to today, which counts as passed.
    pub working_days_passed: i64,
}

impl Elapsed {
    /// The share of the working days that has passed; `None` in a period that has none.
    pub fn share(self) -> Option<f64> {
        (self.working_days > 0).then(|| self.working_days_passed as f64 / self.working_days as f64)
    }
}

/// Why a metric has no target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Targetless {
    /// Neither more nor less of it is better.
    #[error("neither more nor less of it is better")]
    Directionless,
    /// It compares two periods, of which a target has one.
    #[error("it compares two periods")]
    Comparison,
}

/// Whether a metric can have a target.
///
/// # Errors
/// Why it cannot.
pub fn check(metric: &Metric) -> Result<(), Targetless> {
    if matches!(metric.measure, Measure::Compression { .. }) {
        return Err(Targetless::Comparison);
    }
    match metric.direction {
        Direction::None => Err(Targetless::Directionless),
        Direction::Up | Direction::Down => Ok(()),
    }
}

/// Whether its values of the parts of a period add up to that of the whole: counts and sums of what
/// happened. States at the end of a period, different values, means and ratios do not.
pub fn adds_up(metric: &Metric) -> bool {
    metric.time.role != TimeRole::Snapshot
        && matches!(metric.measure, Measure::Count | Measure::Sum { .. })
}

/// How far a value is towards its target: 1 is reached, more is better, whichever way is better. Of
/// more is better `value / target`, of less is better `target / value`. `None` where that divides by
/// nothing.
pub fn attainment(direction: Direction, value: f64, target: f64) -> Option<f64> {
    let (part, whole) = match direction {
        Direction::Up => (value, target),
        Direction::Down => (target, value),
        Direction::None => return None,
    };
    (whole > 0.0).then(|| part / whole)
}

/// Whether a value meets its target.
pub fn is_met(direction: Direction, value: f64, target: f64) -> bool {
    match direction {
        Direction::Up => value >= target,
        Direction::Down => value <= target,
        Direction::None => false,
    }
}

/// The year of a day, as the period that targets of that year lie in.
pub fn year_of(day: NaiveDate) -> TargetPeriod {
    TargetPeriod {
        grain: Grain::Year,
        starts_on: NaiveDate::from_ymd_opt(day.year(), 1, 1).unwrap_or(day),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::Registry;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn period(text: &str) -> TargetPeriod {
        text.parse().unwrap()
    }

    #[test]
    fn reads_and_writes_periods() {
        for text in ["2026-03", "2026-Q1", "2026"] {
            assert_eq!(period(text).to_string(), text);
        }
        assert_eq!(period("2026Q4"), period("2026-q4"));
        for wrong in [
            "",
            "26",
            "2026-",
            "2026-13",
            "2026-Q5",
            "2026-Q0",
            "2026-3",
            "2026-03-01",
            "Q1",
            "2026-Qx",
        ] {
            assert_eq!(
                wrong.parse::<TargetPeriod>(),
                Err(PeriodError::Text(wrong.to_owned())),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_period_begins_on_its_first_day() {
        assert_eq!(
            TargetPeriod::new("quarter", day("2026-04-01")),
            Ok(period("2026-Q2"))
        );
        let error = TargetPeriod::new("quarter", day("2026-05-01")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "must be the first day of the quarter, 2026-04-01, not 2026-05-01"
        );
        assert!(TargetPeriod::new("week", day("2026-05-04")).is_err());
    }

    #[test]
    fn whole_spans_are_found_from_their_days() {
        let of = |from: &str, to: &str| TargetPeriod::of(Period::new(day(from), day(to)).unwrap());
        assert_eq!(of("2026-02-01", "2026-02-28"), Some(period("2026-02")));
        assert_eq!(of("2026-04-01", "2026-06-30"), Some(period("2026-Q2")));
        assert_eq!(of("2026-01-01", "2026-12-31"), Some(period("2026")));
        assert_eq!(of("2026-02-01", "2026-02-27"), None);
        assert_eq!(of("2026-02-02", "2026-03-01"), None);
    }

    #[test]
    fn a_year_has_quarters_and_a_quarter_months() {
        let shown = |text: &str| -> Vec<String> {
            period(text)
                .parts()
                .iter()
                .map(ToString::to_string)
                .collect()
        };
        assert_eq!(shown("2026"), ["2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4"]);
        assert_eq!(shown("2026-Q4"), ["2026-10", "2026-11", "2026-12"]);
        assert!(shown("2026-03").is_empty());
        assert_eq!(period("2026-01").before(2), period("2025-11"));
        assert_eq!(period("2026-Q1").before(1), period("2025-Q4"));
    }

    #[test]
    fn working_days_pass() {
        let company = crate::config::Company::default();
        let calendar = WorkingCalendar::chinese(&company.hours, company.zone, &company.overrides);
        // October 2025: the 1st to the 8th rest, the 11th is made up for
        let october = period("2025-10");
        let passed = |text: &str| {
            let elapsed = october.elapsed(&calendar, day(text));
            elapsed.map(|elapsed| (elapsed.working_days_passed, elapsed.working_days))
        };
        assert_eq!(passed("2025-09-30"), None);
        assert_eq!(passed("2025-10-08"), Some((0, 18)));
        assert_eq!(passed("2025-10-09"), Some((1, 18)));
        assert_eq!(passed("2025-10-12"), Some((3, 18)));
        assert_eq!(passed("2025-10-31"), Some((18, 18)));
        assert_eq!(passed("2025-11-01"), None);
        let half = october.elapsed(&calendar, day("2025-10-20")).unwrap();
        assert_eq!(half.working_days_passed, 9);
        assert_eq!(half.share(), Some(0.5));
    }

    #[test]
    fn what_can_have_a_target_and_what_adds_up() {
        let registry = Registry::shipped().unwrap();
        let metric = |name: &str| registry.metric(name).unwrap();
        assert_eq!(check(metric("won_amount")), Ok(()));
        assert_eq!(check(metric("days_sales_outstanding")), Ok(()));
        assert_eq!(
            check(metric("tickets_opened")),
            Err(Targetless::Directionless)
        );
        assert_eq!(
            check(metric("cycle_compression")),
            Err(Targetless::Comparison)
        );
        assert!(adds_up(metric("won_amount")));
        assert!(adds_up(metric("opportunities_won")));
        // a state, different values, a ratio, a median
        for name in [
            "open_amount",
            "active_users",
            "order_count",
            "win_rate",
            "dwell_median",
        ] {
            assert!(!adds_up(metric(name)), "{name}");
        }
    }

    #[test]
    fn more_attainment_is_better_whichever_way_is() {
        assert_eq!(attainment(Direction::Up, 90.0, 120.0), Some(0.75));
        assert_eq!(attainment(Direction::Down, 40.0, 30.0), Some(0.75));
        assert_eq!(attainment(Direction::Down, 24.0, 30.0), Some(1.25));
        assert_eq!(attainment(Direction::Up, 5.0, 0.0), None);
        assert_eq!(attainment(Direction::Down, 0.0, 30.0), None);
        assert!(is_met(Direction::Down, 0.0, 30.0));
        assert!(is_met(Direction::Up, 120.0, 120.0));
        assert!(!is_met(Direction::Up, 119.0, 120.0));
    }
}
