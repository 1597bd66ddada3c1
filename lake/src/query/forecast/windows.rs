//! A month or quarter as what is forecast, and those before it at the same point.

use chrono::{DateTime, Days, NaiveDate, Utc};
use millrace_models::calendar::WorkingCalendar;
use millrace_models::forecast::Window;
use millrace_models::target::TargetPeriod;

fn before(date: NaiveDate) -> NaiveDate {
    date.pred_opt().unwrap_or(date)
}

fn count(days: i32) -> usize {
    usize::try_from(days).unwrap_or_default()
}

/// A period as of a moment. The day of the moment is one of those that are left.
pub(super) fn of(calendar: &WorkingCalendar, period: TargetPeriod, at: DateTime<Utc>) -> Window {
    let day = calendar.working_day_of(before(calendar.date_of(at)));
    Window {
        at_us: at.timestamp_micros(),
        ..at_day(calendar, period, day)
    }
}

/// Periods before one, the latest first, each at the moment when as many of its working days were left,
/// or as many lay before it: where it has fewer, at its beginning.
pub(super) fn past(
    calendar: &WorkingCalendar,
    (period, window): (TargetPeriod, &Window),
    most: usize,
) -> Vec<(TargetPeriod, Window)> {
    let periods = (1_u32..).take(most).map(|back| period.before(back));
    periods
        .map(|past| (past, same_point(calendar, past, window)))
        .collect()
}

fn same_point(calendar: &WorkingCalendar, past: TargetPeriod, window: &Window) -> Window {
    let days = past.days();
    let begin = calendar.working_day_of(before(days.from));
    let end = calendar.working_day_of(days.to);
    let is_ahead = window.until > 0;
    let day = if is_ahead {
        begin - i32::try_from(window.until).unwrap_or_default()
    } else {
        (end - i32::try_from(window.left).unwrap_or_default()).max(begin)
    };
    // the evening before the first working day that was left
    let mut first_left = days.to.checked_add_days(Days::new(1)).unwrap_or(days.to);
    let floor = if is_ahead { NaiveDate::MIN } else { days.from };
    while first_left > floor && calendar.working_day_of(before(first_left)) > day {
        first_left = before(first_left);
    }
    Window {
        at_us: calendar.start_of_day_us(first_left) - 1,
        ..at_day(calendar, past, day)
    }
}

/// A period when that many working days are over; the moment is its end.
fn at_day(calendar: &WorkingCalendar, period: TargetPeriod, day: i32) -> Window {
    let days = period.days();
    let next = days.to.checked_add_days(Days::new(1)).unwrap_or(days.to);
    let closes_us = calendar.start_of_day_us(next);
    Window {
        opens_us: calendar.start_of_day_us(days.from),
        closes_us,
        at_us: closes_us,
        day,
        left: count(calendar.working_day_of(days.to) - day),
        until: count(calendar.working_day_of(before(days.from)) - day),
    }
}

#[cfg(test)]
mod tests {
    use millrace_models::config::Company;

    use super::*;

    fn calendar() -> WorkingCalendar {
        let company = Company::default();
        WorkingCalendar::chinese(&company.hours, company.zone, &company.overrides)
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// What a window says: the local time of its moment, the days left and those before it.
    fn said(window: &Window) -> (String, usize, usize) {
        let zone = Company::default().zone;
        let moment = DateTime::from_timestamp_micros(window.at_us).unwrap();
        let local = moment.with_timezone(&zone);
        let text = local.format("%Y-%m-%d %H:%M").to_string();
        (text, window.left, window.until)
    }

    #[test]
    fn today_is_left() {
        let calendar = calendar();
        let month = "2025-11".parse().unwrap();
        // Friday, with a week of five days to come
        let window = of(&calendar, month, at("2025-11-21T02:00:00Z"));
        assert_eq!(said(&window), ("2025-11-21 10:00".to_owned(), 6, 0));
        let sunday = of(&calendar, month, at("2025-11-30T02:00:00Z"));
        assert_eq!((sunday.left, sunday.days()), (0, 0));
    }

    #[test]
    fn months_before_are_seen_when_as_many_days_were_left() {
        let calendar = calendar();
        let month = "2025-11".parse().unwrap();
        let window = of(&calendar, month, at("2025-11-21T02:00:00Z"));
        let past = past(&calendar, (month, &window), 2);
        let told: Vec<_> = past
            .iter()
            .map(|(own, at)| (own.to_string(), said(at)))
            .collect();
        // the last six working days of October begin on the 24th, those of September on the 23rd,
        // as the 28th, a Sunday, is worked
        assert_eq!(
            told[0],
            ("2025-10".to_owned(), ("2025-10-23 23:59".to_owned(), 6, 0))
        );
        assert_eq!(
            told[1],
            ("2025-09".to_owned(), ("2025-09-23 23:59".to_owned(), 6, 0))
        );
    }

    #[test]
    fn a_month_with_fewer_days_is_seen_from_its_beginning() {
        let calendar = calendar();
        let month = "2025-12".parse().unwrap();
        let window = of(&calendar, month, at("2025-12-01T02:00:00Z"));
        assert_eq!(window.left, 23);
        let past = past(&calendar, (month, &window), 8);
        // October has 18 working days, and begins with rest
        assert_eq!(said(&past[1].1), ("2025-10-08 23:59".to_owned(), 18, 0));
        let (april, seen) = &past[7];
        assert_eq!(april.to_string(), "2025-04");
        assert_eq!(said(seen), ("2025-03-31 23:59".to_owned(), 22, 0));
        assert_eq!(seen.at_us + 1, seen.opens_us);
    }

    #[test]
    fn a_month_ahead_has_as_many_days_before_it() {
        let calendar = calendar();
        let month = "2025-12".parse().unwrap();
        let window = of(&calendar, month, at("2025-11-21T02:00:00Z"));
        assert_eq!((window.until, window.left, window.days()), (6, 29, 23));
        let past = past(&calendar, (month, &window), 1);
        assert_eq!(said(&past[0].1), ("2025-10-23 23:59".to_owned(), 26, 6));
        assert_eq!(past[0].1.days(), 20);
    }
}
