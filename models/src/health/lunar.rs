//! Spans of a year ago that lie to the Spring Festival as those of now.
//!
//! The festival falls between 21 January and 20 February, and nobody orders around it; so a year is
//! compared with the one before by days that are as far from it. Days count from 1970-01-01.

use std::sync::OnceLock;

use chrono::NaiveDate;
use tyme4rs::tyme::lunar::LunarDay;

/// Years whose festivals are known: before and after those, spans are 365 days apart.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2150;
const YEAR_DAYS: i32 = 365;

/// The days of the Spring Festivals, by year.
fn festivals() -> &'static [i32] {
    static DAYS: OnceLock<Vec<i32>> = OnceLock::new();
    DAYS.get_or_init(|| {
        let days = YEARS.filter_map(|year| {
            let day = LunarDay::new(isize::try_from(year).ok()?, 1, 1).ok()?;
            let day = day.get_solar_day();
            let month = u32::try_from(day.get_month()).ok()?;
            let date = NaiveDate::from_ymd_opt(year, month, u32::try_from(day.get_day()).ok()?)?;
            Some(date.to_epoch_days())
        });
        days.collect()
    })
}

/// The days from the festival before to the one that is nearest to `day`: 354, 355, 383 or 384; 365
/// where the festivals are not known.
fn year_days(day: i32) -> i32 {
    let days = festivals();
    let after = days.partition_point(|own| *own <= day);
    let is_known = (2..days.len()).contains(&after);
    if !is_known {
        return YEAR_DAYS;
    }
    let is_next_nearer = days[after] - day < day - days[after - 1];
    let nearest = if is_next_nearer { after } else { after - 1 };
    days[nearest] - days[nearest - 1]
}

/// How years are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Years {
    /// By days that are as far from the Spring Festival.
    Lunar,
    /// By 365 days.
    Solar,
}

impl Years {
    /// The day a year before that lies alike.
    pub fn before(self, day: i32) -> i32 {
        let days = match self {
            Self::Lunar => year_days(day),
            Self::Solar => YEAR_DAYS,
        };
        day.saturating_sub(days)
    }

    /// The end of the span of as many days that lies a year before alike, where one ends on `end`.
    pub fn end_before(self, end: i32, days: i32) -> i32 {
        let middle = end.saturating_sub(days / 2);
        end.saturating_sub(middle.saturating_sub(self.before(middle)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> i32 {
        text.parse::<NaiveDate>().unwrap().to_epoch_days()
    }

    #[test]
    fn days_are_as_far_from_the_festival_a_year_before() {
        // Spring Festivals: 2023-01-22, 2024-02-10, 2025-01-29, 2026-02-17
        let check = |now: &str, before: &str| {
            assert_eq!(Years::Lunar.before(day(now)), day(before), "{now}");
        };
        check("2026-02-17", "2025-01-29");
        check("2026-01-31", "2025-01-12");
        check("2025-01-29", "2024-02-10");
        check("2024-02-20", "2023-02-01");
        // nearer to the next one
        check("2025-12-31", "2024-12-12");
        assert_eq!(Years::Solar.before(day("2026-01-31")), day("2025-01-31"));
    }

    #[test]
    fn a_span_moves_by_the_festival_that_it_lies_at() {
        // the 31 days of February 2026 hold the festival, and so do those a year before
        let end = Years::Lunar.end_before(day("2026-03-03"), 31);
        assert_eq!(end, day("2025-02-12"));
        let far = Years::Lunar.end_before(day("2400-03-03"), 31);
        assert_eq!(far, day("2400-03-03") - 365);
    }
}
