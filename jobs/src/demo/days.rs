//! Time as the demo firm lives it: only minutes of working days exist.
//!
//! A `Stamp` counts working minutes. Processes run in `elapsed` calendar days; each calendar week
//! is spread evenly over its working minutes, so that order is kept, no day is favoured, and mean
//! durations in calendar days stay what they were planned to be.

use chrono::{Datelike, Days as CalendarDays, NaiveDate, NaiveDateTime, NaiveTime};

use super::random::{index_of, rounded};

/// Working minutes since the first day of a [`Days`].
pub(super) type Stamp = i64;

/// Working minutes of a day: 9:00 to 12:00 and 13:30 to 18:00.
pub(super) const MINUTES: i64 = 450;
const MORNING: i64 = 180;

/// First days of the lunar year, month and day, from 2015.
const NEW_YEARS: [(u32, u32); 26] = [
    (2, 19),
    (2, 8),
    (1, 28),
    (2, 16),
    (2, 5),
    (1, 25),
    (2, 12),
    (2, 1),
    (1, 22),
    (2, 10),
    (1, 29),
    (2, 17),
    (2, 6),
    (1, 26),
    (2, 13),
    (2, 3),
    (1, 23),
    (2, 11),
    (1, 31),
    (2, 19),
    (2, 8),
    (1, 28),
    (2, 15),
    (2, 4),
    (1, 24),
    (2, 12),
];

/// The first day of the lunar year in a year; early February where it is not listed.
fn new_year(year: i32) -> Option<NaiveDate> {
    let index = usize::try_from(year - 2015).unwrap_or(usize::MAX);
    let (month, day) = NEW_YEARS.get(index).copied().unwrap_or((2, 4));
    NaiveDate::from_ymd_opt(year, month, day)
}

/// The working days of a stretch of time.
pub(super) struct Days {
    working: Vec<NaiveDate>,
    /// Working days before each week, weeks counted from the first day, a Monday.
    before_week: Vec<usize>,
}

impl Days {
    /// The working days from the Monday on or before `first` to `last`. A week around the Chinese
    /// New Year is always off, also in years whose holidays are not announced yet.
    pub(super) fn new(
        first: NaiveDate,
        last: NaiveDate,
        is_working: impl Fn(NaiveDate) -> bool,
    ) -> Days {
        let back = u64::from(first.weekday().num_days_from_monday());
        let first = first
            .checked_sub_days(CalendarDays::new(back))
            .unwrap_or(first);
        let mut working = Vec::new();
        let mut before_week = Vec::new();
        for (count, date) in first
            .iter_days()
            .take_while(|date| *date <= last)
            .enumerate()
        {
            if count % 7 == 0 {
                before_week.push(working.len());
            }
            let off = new_year(date.year())
                .is_some_and(|day| (-1..=6).contains(&(date - day).num_days()));
            if is_working(date) && !off {
                working.push(date);
            }
        }
        before_week.push(working.len());
        Days {
            working,
            before_week,
        }
    }

    /// The first working minute on or after a date.
    pub(super) fn start_of(&self, date: NaiveDate) -> Stamp {
        let index = self.working.partition_point(|day| *day < date);
        i64::try_from(index).unwrap_or(i64::MAX / MINUTES) * MINUTES
    }

    /// The working days from one date up to, without, another, each with the stamp of its start.
    pub(super) fn within(
        &self,
        from: NaiveDate,
        to: NaiveDate,
    ) -> impl Iterator<Item = (NaiveDate, Stamp)> {
        let skip = self.working.partition_point(|day| *day < from);
        self.working[skip..]
            .iter()
            .take_while(move |day| **day < to)
            .map(|day| (*day, self.start_of(*day)))
    }

    /// The date of a stamp.
    pub(super) fn date(&self, stamp: Stamp) -> NaiveDate {
        let index = usize::try_from(stamp.div_euclid(MINUTES)).unwrap_or(0);
        let last = self.working.len() - 1;
        self.working[index.min(last)]
    }

    /// The moment of a stamp.
    pub(super) fn time(&self, stamp: Stamp) -> NaiveDateTime {
        let minute = stamp.rem_euclid(MINUTES);
        let clock = 540 + minute + if minute < MORNING { 0 } else { 90 };
        // Seconds, as a system writes them, from the minute itself.
        let seconds = u32::try_from(clock * 60 + (stamp * 37).rem_euclid(60)).unwrap_or(0);
        let time = NaiveTime::from_num_seconds_from_midnight_opt(seconds, 0);
        self.date(stamp).and_time(time.unwrap_or_default())
    }

    /// The stamp at a number of calendar days since the first day.
    pub(super) fn stamp(&self, elapsed: f64) -> Stamp {
        let week = index_of(elapsed / 7.0, self.before_week.len() - 1);
        let share = (elapsed / 7.0 - week as f64).clamp(0.0, 1.0);
        let (low, high) = (
            self.before_week[week] as f64,
            self.before_week[week + 1] as f64,
        );
        rounded((low + share * (high - low)) * MINUTES as f64)
    }

    /// The calendar days since the first day at a stamp: the inverse of [`Days::stamp`].
    pub(super) fn elapsed(&self, stamp: Stamp) -> f64 {
        let days = stamp as f64 / MINUTES as f64;
        let after = self
            .before_week
            .partition_point(|before| *before as f64 <= days);
        let week = after.saturating_sub(1).min(self.before_week.len() - 2);
        let (low, high) = (
            self.before_week[week] as f64,
            self.before_week[week + 1] as f64,
        );
        (week as f64 + (days - low) / (high - low).max(1.0)) * 7.0
    }

    /// The stamp some calendar days later.
    pub(super) fn later(&self, stamp: Stamp, days: f64) -> Stamp {
        self.stamp(self.elapsed(stamp) + days)
    }

    /// The working day on or after a date, and the one on or before it.
    pub(super) fn around(&self, date: NaiveDate) -> (NaiveDate, NaiveDate) {
        let index = self
            .working
            .partition_point(|day| *day < date)
            .min(self.working.len() - 1);
        let next = self.working[index];
        (
            next,
            if next == date {
                date
            } else {
                self.working[index.saturating_sub(1)]
            },
        )
    }
}

/// How busy a day is against an ordinary one: the year's rhythm, and the quiet weeks around the
/// Chinese New Year.
pub(super) fn season(date: NaiveDate) -> f64 {
    const MONTHS: [f64; 12] = [
        0.92, 0.85, 1.18, 1.12, 1.04, 1.1, 0.88, 0.86, 1.1, 1.0, 1.12, 1.04,
    ];
    let month = MONTHS[date.month0() as usize];
    let quiet = [date.year(), date.year() + 1]
        .into_iter()
        .filter_map(new_year)
        .any(|day| (-10..=15).contains(&(date - day).num_days()));
    month * if quiet { 0.35 } else { 1.0 }
}

/// A date some days later.
pub(super) fn days_after(date: NaiveDate, days: i64) -> NaiveDate {
    date + chrono::TimeDelta::days(days)
}
