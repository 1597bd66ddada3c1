//! Periods, their comparison, and the grains of time.

use chrono::{Datelike, Days, Months, NaiveDate};

use crate::query::{Compare, Period};

/// A grain of time: a dimension of the metric's own time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grain {
    /// `2026-03-31`
    Day,
    /// `2026-W14`, ISO weeks from Monday.
    Week,
    /// `2026-03`
    Month,
    /// `2026-Q1`
    Quarter,
    /// `2026`
    Year,
}

impl Grain {
    /// All grains with their names.
    pub const ALL: [(&'static str, Grain); 5] = [
        ("day", Grain::Day),
        ("week", Grain::Week),
        ("month", Grain::Month),
        ("quarter", Grain::Quarter),
        ("year", Grain::Year),
    ];

    /// The grain of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, grain)| *grain)
    }

    /// The first day of the span that `day` lies in.
    pub fn start(self, day: NaiveDate) -> NaiveDate {
        let first = |month| NaiveDate::from_ymd_opt(day.year(), month, 1).unwrap_or(day);
        match self {
            Self::Day => day,
            Self::Week => {
                let back = u64::from(day.weekday().num_days_from_monday());
                day.checked_sub_days(Days::new(back)).unwrap_or(day)
            }
            Self::Month => first(day.month()),
            Self::Quarter => first((day.month() - 1) / 3 * 3 + 1),
            Self::Year => first(1),
        }
    }

    /// The first day of the span after the one that begins on `start`.
    pub fn next(self, start: NaiveDate) -> NaiveDate {
        shift(self, start, 1)
    }

    /// How a span of this grain is written.
    pub fn label(self, day: NaiveDate) -> String {
        match self {
            Self::Day => day.format("%Y-%m-%d").to_string(),
            Self::Week => {
                let week = day.iso_week();
                format!("{}-W{:02}", week.year(), week.week())
            }
            Self::Month => day.format("%Y-%m").to_string(),
            Self::Quarter => format!("{}-Q{}", day.year(), (day.month() - 1) / 3 + 1),
            Self::Year => day.year().to_string(),
        }
    }
}

fn shift(grain: Grain, day: NaiveDate, by: i32) -> NaiveDate {
    let days = |count: u64| {
        let count = Days::new(count * u64::from(by.unsigned_abs()));
        if by < 0 {
            day.checked_sub_days(count)
        } else {
            day.checked_add_days(count)
        }
    };
    let months = |count: u32| {
        let count = Months::new(count * by.unsigned_abs());
        if by < 0 {
            day.checked_sub_months(count)
        } else {
            day.checked_add_months(count)
        }
    };
    match grain {
        Grain::Day => days(1),
        Grain::Week => days(7),
        Grain::Month => months(1),
        Grain::Quarter => months(3),
        Grain::Year => months(12),
    }
    .unwrap_or(day)
}

/// The period that `period` is compared with.
///
/// `previous` of a whole week, month, quarter or year is the whole one before it, of any other
/// period the same number of days just before it. `year_ago` is the same days of the year
/// before; the last day of a month stays the last day of its month.
pub fn compared(period: Period, compare: Compare) -> Period {
    match compare {
        Compare::Baseline(baseline) => baseline,
        Compare::Previous => {
            for grain in [Grain::Year, Grain::Quarter, Grain::Month, Grain::Week] {
                let after = period.to.succ_opt().unwrap_or(period.to);
                if grain.start(period.from) == period.from && grain.next(period.from) == after {
                    let from = shift(grain, period.from, -1);
                    return Period {
                        from,
                        to: period.from.pred_opt().unwrap_or(from),
                    };
                }
            }
            let length = (period.to - period.from).num_days().unsigned_abs();
            let to = period.from.pred_opt().unwrap_or(period.from);
            Period {
                from: to.checked_sub_days(Days::new(length)).unwrap_or(to),
                to,
            }
        }
        Compare::YearAgo => {
            let back = |day: NaiveDate| day.checked_sub_months(Months::new(12)).unwrap_or(day);
            let after = period.to.succ_opt().unwrap_or(period.to);
            let to = if after.day() == 1 {
                back(after).pred_opt().unwrap_or(after)
            } else {
                back(period.to)
            };
            Period {
                from: back(period.from),
                to,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(text: &str) -> Period {
        let (from, to) = text.split_once("..").unwrap();
        Period {
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
        }
    }

    #[test]
    fn compares_whole_spans_with_whole_spans() {
        let check = |given: &str, compare, expected: &str| {
            assert_eq!(
                compared(period(given), compare),
                period(expected),
                "{given}"
            );
        };
        check(
            "2026-03-01..2026-03-31",
            Compare::Previous,
            "2026-02-01..2026-02-28",
        );
        check(
            "2026-01-01..2026-03-31",
            Compare::Previous,
            "2025-10-01..2025-12-31",
        );
        check(
            "2026-01-01..2026-12-31",
            Compare::Previous,
            "2025-01-01..2025-12-31",
        );
        check(
            "2026-03-02..2026-03-08",
            Compare::Previous,
            "2026-02-23..2026-03-01",
        );
        check(
            "2026-03-05..2026-03-06",
            Compare::Previous,
            "2026-03-03..2026-03-04",
        );
        check(
            "2025-02-01..2025-02-28",
            Compare::YearAgo,
            "2024-02-01..2024-02-29",
        );
        check(
            "2024-02-10..2024-02-29",
            Compare::YearAgo,
            "2023-02-10..2023-02-28",
        );
    }

    #[test]
    fn labels_spans() {
        let day: NaiveDate = "2027-01-01".parse().unwrap();
        let labels: Vec<_> = Grain::ALL
            .iter()
            .map(|(_, grain)| grain.label(day))
            .collect();
        assert_eq!(
            labels,
            ["2027-01-01", "2026-W53", "2027-01", "2027-Q1", "2027"]
        );
    }
}
