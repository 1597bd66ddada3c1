//! Spans of time that move on: "this month", "the last 12 months"; what a page shows or a mail tells
//! of again and again.

use std::str::FromStr;

use chrono::{Datelike, Days, Months, NaiveDate};

use crate::period::{Grain, compared};
use crate::query::{Compare, Period, parse_day};

/// A span of time, seen from a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// From the beginning of the running month, quarter or year up to the day.
    Running(Grain),
    /// The whole month, quarter or year before.
    Last(Grain),
    /// The twelve whole months before the running one.
    Last12Months,
    /// Days that stay.
    Fixed(Period),
}

const NAMES: [(&str, Span); 7] = [
    ("this_month", Span::Running(Grain::Month)),
    ("last_month", Span::Last(Grain::Month)),
    ("this_quarter", Span::Running(Grain::Quarter)),
    ("last_quarter", Span::Last(Grain::Quarter)),
    ("this_year", Span::Running(Grain::Year)),
    ("last_year", Span::Last(Grain::Year)),
    ("last_12_months", Span::Last12Months),
];

impl FromStr for Span {
    type Err = String;

    /// Reads `this_month` and its like, or `2026-01-01..2026-03-31`.
    fn from_str(text: &str) -> Result<Self, String> {
        if let Some((_, span)) = NAMES.iter().find(|(name, _)| *name == text) {
            return Ok(*span);
        }
        let fixed = text.split_once("..").and_then(|(from, to)| {
            let (from, to) = (parse_day(from).ok()?, parse_day(to).ok()?);
            Period::new(from, to).ok()
        });
        fixed.map(Self::Fixed).ok_or_else(|| {
            let names = NAMES.map(|(name, _)| name).join(", ");
            format!("{text:?} is no span of time: write one of {names}, or 2026-01-01..2026-03-31")
        })
    }
}

impl Span {
    /// Its days, seen from a day.
    pub fn days(self, day: NaiveDate) -> Period {
        let before = |first: NaiveDate| first.pred_opt().unwrap_or(first);
        match self {
            Self::Running(grain) => Period {
                from: grain.start(day),
                to: day,
            },
            Self::Last(grain) => {
                let to = before(grain.start(day));
                Period {
                    from: grain.start(to),
                    to,
                }
            }
            Self::Last12Months => {
                let first = Grain::Month.start(day);
                Period {
                    from: first.checked_sub_months(Months::new(12)).unwrap_or(first),
                    to: before(first),
                }
            }
            Self::Fixed(period) => period,
        }
    }

    /// The days that those are compared with: of a running month, quarter or year the same days of the
    /// one before; of whole months as many before; as [`compared`] otherwise.
    pub fn compared(self, days: Period, year_ago: bool) -> Period {
        if year_ago {
            return compared(days, Compare::YearAgo);
        }
        let whole = whole_months(days);
        let months = match (self, whole) {
            (_, Some(months)) => months,
            (Self::Running(Grain::Month), None) => 1,
            (Self::Running(Grain::Quarter), None) => 3,
            (Self::Running(Grain::Year), None) => 12,
            _ => return compared(days, Compare::Previous),
        };
        let back = |day: NaiveDate| day.checked_sub_months(Months::new(months)).unwrap_or(day);
        let to = back(days.to);
        Period {
            from: back(days.from),
            to: if whole.is_some() { month_end(to) } else { to },
        }
    }

    /// The grain in which a line over so many days is drawn.
    pub fn grain(days: Period) -> Grain {
        match (days.to - days.from).num_days() + 1 {
            ..=31 => Grain::Day,
            32..=120 => Grain::Week,
            121..=1_100 => Grain::Month,
            1_101..=3_700 => Grain::Quarter,
            _ => Grain::Year,
        }
    }
}

fn month_end(day: NaiveDate) -> NaiveDate {
    let next = Grain::Month.next(Grain::Month.start(day));
    next.pred_opt().unwrap_or(day)
}

/// How many months it is, where it begins and ends with one.
fn whole_months(days: Period) -> Option<u32> {
    let after = days.to.checked_add_days(Days::new(1))?;
    if days.from.day() != 1 || after.day() != 1 {
        return None;
    }
    let months = (after.year() - days.from.year()) * 12 + after.month0().cast_signed()
        - days.from.month0().cast_signed();
    u32::try_from(months).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(span: &str, day: &str, days: &str, before: &str, year_ago: &str) {
        let span: Span = span.parse().unwrap();
        let of = |period: Period| format!("{}..{}", period.from, period.to);
        let found = span.days(day.parse().unwrap());
        assert_eq!(of(found), days, "{span:?} from {day}");
        assert_eq!(
            of(span.compared(found, false)),
            before,
            "{span:?} from {day}"
        );
        assert_eq!(
            of(span.compared(found, true)),
            year_ago,
            "{span:?} from {day}"
        );
    }

    #[test]
    fn spans_are_those_of_the_page() {
        check(
            "this_month",
            "2026-11-23",
            "2026-11-01..2026-11-23",
            "2026-10-01..2026-10-23",
            "2025-11-01..2025-11-23",
        );
        check(
            "last_month",
            "2026-03-31",
            "2026-02-01..2026-02-28",
            "2026-01-01..2026-01-31",
            "2025-02-01..2025-02-28",
        );
        check(
            "this_quarter",
            "2026-11-23",
            "2026-10-01..2026-11-23",
            "2026-07-01..2026-08-23",
            "2025-10-01..2025-11-23",
        );
        check(
            "last_quarter",
            "2026-01-05",
            "2025-10-01..2025-12-31",
            "2025-07-01..2025-09-30",
            "2024-10-01..2024-12-31",
        );
        check(
            "last_12_months",
            "2026-11-23",
            "2025-11-01..2026-10-31",
            "2024-11-01..2025-10-31",
            "2024-11-01..2025-10-31",
        );
        check(
            "2026-01-05..2026-01-09",
            "2026-11-23",
            "2026-01-05..2026-01-09",
            "2025-12-31..2026-01-04",
            "2025-01-05..2025-01-09",
        );
    }

    #[test]
    fn what_is_no_span_is_told() {
        let error = "next_month".parse::<Span>().unwrap_err();
        assert!(error.contains("this_month, last_month"), "{error}");
        assert!("2026-02-01..2026-01-01".parse::<Span>().is_err());
    }
}
