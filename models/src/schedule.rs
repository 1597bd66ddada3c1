//! When something is due: a rule on the working calendar, and the moments that follow from it.
//!
//! A rule is a line of text, so that it is the same in a table, an address and on the command line:
//!
//! | rule | moments |
//! |---|---|
//! | `daily 02:00` | every day |
//! | `working-days 18:00` | every working day |
//! | `working-day 1 08:00` | the first working day of each month |
//! | `working-day -1 17:30` | the last one; `-2` the last but one |
//! | `weekly mon,thu 09:00` | these days of the week |
//! | `weekly mon 09:00 next` | Mondays, or the next working day |
//! | `monthly 15 10:00 previous` | the 15th, or the working day before it; `-1` is the month's last day |
//! | `cron 30 8-18/2 * * 1-5` | five fields, as everywhere: minute, hour, day, month, weekday |
//!
//! A day that is not worked is kept, or moved to the `next` or the `previous` working day, or left
//! out (`skip`). Make-up workdays are worked, whatever day of the week they are. Two days that are
//! moved to the same one are one moment.
//!
//! Times are those that a clock of the zone shows. A time that a change to summer time leaves out is
//! the first moment after the gap; one that comes twice is the first of both. So nothing is due twice
//! or never because of it. (A cron expression that repeats within the hour goes on by the minute, as
//! `croner` has it.)

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds};
use thiserror::Error;

use crate::calendar::WorkingCalendar;
use crate::period::Grain;

/// The time zone of a rule.
pub use chrono_tz::Tz as Zone;

/// How many days are looked ahead for the next moment: 29 February comes after 8 years at most.
const DAYS_AHEAD: u64 = 366 * 9;
/// How far a day may be moved: longer holidays than that are none.
const MOVED_AT_MOST: u64 = 62;
/// A whole day can be left out, where the date line moves.
const LONGEST_GAP_MINUTES: i64 = 26 * 60;

/// When something is due.
#[derive(Debug, Clone)]
pub struct Rule {
    days: When,
}

#[derive(Debug, Clone)]
enum When {
    Daily(NaiveTime),
    WorkingDays(NaiveTime),
    /// The n-th working day of the month, from its end where negative; never 0.
    WorkingDay(i32, NaiveTime),
    Weekly(BTreeSet<u8>, NaiveTime, Moved),
    /// The n-th day of the month, from its end where negative; the last one in a shorter month.
    Monthly(i32, NaiveTime, Moved),
    Cron(Box<Cron>, String),
}

/// What becomes of a day that is not worked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Moved {
    #[default]
    Kept,
    Next,
    Previous,
    Skipped,
}

/// Why a text is no rule.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RuleError {
    /// It is none of the forms.
    #[error(
        "{0:?} is no rule: write daily 02:00, working-days 18:00, working-day 1 08:00 (-1 is the \
         last), weekly mon,thu 09:00, monthly 15 10:00 (each also with next, previous or skip for \
         days that are not worked) or cron 30 8 * * 1-5"
    )]
    Form(String),
    /// It has no time of day.
    #[error("{0:?} is no time of day: write it as 08:00")]
    Time(String),
    /// It names a day that no month has.
    #[error("{0:?} is no such day: write {1}")]
    Day(String, &'static str),
    /// It names a day that no week has.
    #[error("{0:?} is no day of the week: write mon, tue, wed, thu, fri, sat or sun")]
    Weekday(String),
    /// What is behind `cron` is no expression.
    #[error("{0:?} is no cron expression of five fields: {1}")]
    Cron(String, String),
}

const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let form = || RuleError::Form(text.to_owned());
        let words: Vec<&str> = text.split_whitespace().collect();
        let days = match words.as_slice() {
            ["daily", time] => When::Daily(parse_time(time)?),
            ["working-days", time] => When::WorkingDays(parse_time(time)?),
            ["working-day", day, time] => {
                let day = parse_place(day, 23, "a working day from 1 to 23, or from -1 to -23")?;
                When::WorkingDay(day, parse_time(time)?)
            }
            ["weekly", days, time, moved @ ..] => {
                let moved = parse_moved(moved).ok_or_else(form)?;
                When::Weekly(parse_weekdays(days)?, parse_time(time)?, moved)
            }
            ["monthly", day, time, moved @ ..] => {
                let moved = parse_moved(moved).ok_or_else(form)?;
                let day = parse_place(day, 31, "a day from 1 to 31, or from -1 to -31")?;
                When::Monthly(day, parse_time(time)?, moved)
            }
            ["cron", fields @ ..] => parse_cron(&fields.join(" "))?,
            _ => return Err(form()),
        };
        Ok(Self { days })
    }
}

fn parse_time(text: &str) -> Result<NaiveTime, RuleError> {
    NaiveTime::parse_from_str(text, "%H:%M")
        .ok()
        .filter(|time| time.format("%H:%M").to_string() == text)
        .ok_or_else(|| RuleError::Time(text.to_owned()))
}

fn parse_place(text: &str, most: i32, right: &'static str) -> Result<i32, RuleError> {
    let place = text.parse::<i32>().ok();
    place
        .filter(|place| *place != 0 && place.abs() <= most)
        .ok_or_else(|| RuleError::Day(text.to_owned(), right))
}

fn parse_weekdays(text: &str) -> Result<BTreeSet<u8>, RuleError> {
    let place = |word: &str| (0..).zip(WEEKDAYS).find(|(_, known)| *known == word);
    text.split(',')
        .map(|word| {
            let found = place(word).map(|(place, _)| place);
            found.ok_or_else(|| RuleError::Weekday(word.to_owned()))
        })
        .collect()
}

fn parse_moved(words: &[&str]) -> Option<Moved> {
    match words {
        [] => Some(Moved::Kept),
        ["next"] => Some(Moved::Next),
        ["previous"] => Some(Moved::Previous),
        ["skip"] => Some(Moved::Skipped),
        _ => None,
    }
}

fn parse_cron(text: &str) -> Result<When, RuleError> {
    let parser = CronParser::builder().seconds(Seconds::Disallowed).build();
    let cron = parser
        .parse(text)
        .map_err(|error| RuleError::Cron(text.to_owned(), error.to_string()))?;
    Ok(When::Cron(Box::new(cron), text.to_owned()))
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = |time: &NaiveTime| time.format("%H:%M").to_string();
        match &self.days {
            When::Daily(time) => write!(f, "daily {}", at(time)),
            When::WorkingDays(time) => write!(f, "working-days {}", at(time)),
            When::WorkingDay(day, time) => write!(f, "working-day {day} {}", at(time)),
            When::Weekly(days, time, moved) => {
                let days: Vec<&str> = days
                    .iter()
                    .filter_map(|day| WEEKDAYS.get(usize::from(*day)).copied())
                    .collect();
                write!(f, "weekly {} {}{moved}", days.join(","), at(time))
            }
            When::Monthly(day, time, moved) => write!(f, "monthly {day} {}{moved}", at(time)),
            When::Cron(_, text) => write!(f, "cron {text}"),
        }
    }
}

impl fmt::Display for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kept => "",
            Self::Next => " next",
            Self::Previous => " previous",
            Self::Skipped => " skip",
        })
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for Rule {}

impl Rule {
    /// The first moment after another at which it is due by the clocks of `zone` and the working days
    /// of `calendar`; none where there is none in the next years.
    pub fn next_after(
        &self,
        after: DateTime<Utc>,
        zone: Tz,
        calendar: &WorkingCalendar,
    ) -> Option<DateTime<Utc>> {
        if let When::Cron(cron, _) = &self.days {
            let local = after.with_timezone(&zone);
            let next = cron.find_next_occurrence(&local, false).ok()?;
            return Some(next.to_utc());
        }
        let today = after.with_timezone(&zone).date_naive();
        // A day before may be moved to one that lies ahead.
        let first = today.checked_sub_days(Days::new(MOVED_AT_MOST))?;
        let span = usize::try_from(MOVED_AT_MOST + DAYS_AHEAD).unwrap_or(usize::MAX);
        first
            .iter_days()
            .take(span)
            .filter_map(|day| self.due_on(day, calendar))
            .map(|(day, time)| instant(zone, day, time))
            .find(|moment| *moment > after)
    }

    /// The moments after one and up to another, at most so many of them, the earliest first.
    pub fn between(
        &self,
        after: DateTime<Utc>,
        until: DateTime<Utc>,
        zone: Tz,
        calendar: &WorkingCalendar,
        most: usize,
    ) -> Vec<DateTime<Utc>> {
        let mut moments = Vec::new();
        let mut last = after;
        while moments.len() < most {
            match self.next_after(last, zone, calendar) {
                Some(next) if next <= until => {
                    moments.push(next);
                    last = next;
                }
                _ => break,
            }
        }
        moments
    }

    /// The day and time that a day of the calendar makes it due on, if it does.
    fn due_on(&self, day: NaiveDate, calendar: &WorkingCalendar) -> Option<(NaiveDate, NaiveTime)> {
        match &self.days {
            When::Daily(time) => Some((day, *time)),
            When::WorkingDays(time) => calendar.is_working(day).then_some((day, *time)),
            When::WorkingDay(place, time) => {
                let is_it = calendar.is_working(day) && working_place(day, *place, calendar);
                is_it.then_some((day, *time))
            }
            When::Weekly(days, time, moved) => {
                let own = u8::try_from(day.weekday().num_days_from_monday()).ok()?;
                let chosen = days.contains(&own);
                let day = chosen.then(|| moved.day(day, calendar)).flatten()?;
                Some((day, *time))
            }
            When::Monthly(place, time, moved) => {
                let chosen = day_of_month(day, *place) == day;
                let day = chosen.then(|| moved.day(day, calendar)).flatten()?;
                Some((day, *time))
            }
            When::Cron(..) => None,
        }
    }
}

/// Whether a working day is the n-th of its month, from the end where negative.
fn working_place(day: NaiveDate, place: i32, calendar: &WorkingCalendar) -> bool {
    let first = Grain::Month.start(day);
    let last = Grain::Month.next(first).pred_opt().unwrap_or(day);
    let counted = if place > 0 {
        calendar.working_days_between(first.pred_opt().unwrap_or(first), day)
    } else {
        calendar.working_days_between(day.pred_opt().unwrap_or(day), last)
    };
    counted == i64::from(place.abs())
}

/// The n-th day of the month that a day lies in; the last or first one where it has not so many.
fn day_of_month(day: NaiveDate, place: i32) -> NaiveDate {
    let first = Grain::Month.start(day);
    let last = Grain::Month.next(first).pred_opt().unwrap_or(day);
    let steps = Days::new(u64::from(place.unsigned_abs()) - 1);
    if place > 0 {
        first
            .checked_add_days(steps)
            .map_or(last, |day| day.min(last))
    } else {
        last.checked_sub_days(steps)
            .map_or(first, |day| day.max(first))
    }
}

impl Moved {
    /// The day that is meant where one is not worked.
    fn day(self, day: NaiveDate, calendar: &WorkingCalendar) -> Option<NaiveDate> {
        if self == Self::Kept || calendar.is_working(day) {
            return Some(day);
        }
        let steps = 1..=MOVED_AT_MOST;
        let mut others = steps.filter_map(|count| match self {
            Self::Next => day.checked_add_days(Days::new(count)),
            Self::Previous => day.checked_sub_days(Days::new(count)),
            Self::Kept | Self::Skipped => None,
        });
        others.find(|other| calendar.is_working(*other))
    }
}

/// The moment at which a clock of the zone shows a day and time: the first of two, and the first after
/// the gap where there is none.
fn instant(zone: Tz, day: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
    let wanted = day.and_time(time);
    (0..=LONGEST_GAP_MINUTES)
        .find_map(|late| {
            let local = wanted + TimeDelta::minutes(late);
            zone.from_local_datetime(&local).earliest()
        })
        .map_or_else(|| wanted.and_utc(), |moment| moment.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Company;

    fn calendar() -> WorkingCalendar {
        let company = Company::default();
        WorkingCalendar::chinese(&company.hours, company.zone, &company.overrides)
    }

    /// The moments of a rule after a local time, as the clocks of the zone show them.
    fn check_in(zone: Tz, rule: &str, after: &str, expected: &[&str]) {
        let local = chrono::NaiveDateTime::parse_from_str(after, "%Y-%m-%d %H:%M").unwrap();
        let after = zone
            .from_local_datetime(&local)
            .earliest()
            .unwrap()
            .to_utc();
        let rule: Rule = rule.parse().unwrap();
        let far = after + TimeDelta::days(4_000);
        let found: Vec<String> = rule
            .between(after, far, zone, &calendar(), expected.len())
            .into_iter()
            .map(|at| {
                at.with_timezone(&zone)
                    .format("%Y-%m-%d %H:%M %Z")
                    .to_string()
            })
            .collect();
        assert_eq!(found, expected, "{rule} after {local}");
    }

    fn check(rule: &str, after: &str, expected: &[&str]) {
        let expected: Vec<String> = expected.iter().map(|at| format!("{at} CST")).collect();
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        check_in(Tz::Asia__Shanghai, rule, after, &expected);
    }

    #[test]
    fn each_form_has_its_days() {
        check(
            "daily 02:00",
            "2026-03-31 02:00",
            &["2026-04-01 02:00", "2026-04-02 02:00"],
        );
        check(
            "weekly mon,thu 09:00",
            "2026-03-02 09:00",
            &["2026-03-05 09:00", "2026-03-09 09:00"],
        );
        check(
            "monthly 31 10:00",
            "2026-01-31 10:00",
            &["2026-02-28 10:00", "2026-03-31 10:00", "2026-04-30 10:00"],
        );
        check(
            "monthly -1 10:00",
            "2028-02-01 00:00",
            &["2028-02-29 10:00", "2028-03-31 10:00"],
        );
        check(
            "cron 30 8-18/5 * * 1-5",
            "2026-03-06 13:30",
            &["2026-03-06 18:30", "2026-03-09 08:30"],
        );
    }

    #[test]
    fn working_days_are_those_of_the_calendar() {
        // Spring Festival 2024: 10 to 17 February rest, Sundays 4 and 18 February worked.
        check(
            "working-days 18:00",
            "2024-02-08 18:00",
            &["2024-02-09 18:00", "2024-02-18 18:00", "2024-02-19 18:00"],
        );
        // The National Day holiday: 1 to 7 October 2024, then Tuesday the 8th; Saturday the 12th is
        // worked.
        check(
            "working-day 1 08:00",
            "2024-09-30 00:00",
            &["2024-10-08 08:00", "2024-11-01 08:00", "2024-12-02 08:00"],
        );
        check(
            "working-day -1 17:30",
            "2024-09-01 00:00",
            &["2024-09-30 17:30", "2024-10-31 17:30"],
        );
        check(
            "working-day -2 17:30",
            "2024-09-01 00:00",
            &["2024-09-29 17:30", "2024-10-30 17:30"],
        );
        check(
            "working-day 5 08:00",
            "2024-10-01 00:00",
            &["2024-10-12 08:00", "2024-11-07 08:00"],
        );
        // February 2024 has 18 working days only.
        check(
            "working-day 20 08:00",
            "2024-01-31 00:00",
            &["2024-03-28 08:00"],
        );
    }

    #[test]
    fn days_that_are_not_worked_move_or_not() {
        // Monday 12 February 2024 is in the Spring Festival, and so is the 5th of the week after.
        let after = "2024-02-05 09:00";
        check(
            "weekly mon 09:00",
            after,
            &["2024-02-12 09:00", "2024-02-19 09:00"],
        );
        check(
            "weekly mon 09:00 next",
            after,
            &["2024-02-18 09:00", "2024-02-19 09:00"],
        );
        check(
            "weekly mon 09:00 previous",
            after,
            &["2024-02-09 09:00", "2024-02-19 09:00"],
        );
        check(
            "weekly mon 09:00 skip",
            after,
            &["2024-02-19 09:00", "2024-02-26 09:00"],
        );
        // Wednesday and Thursday of the festival are moved to the same day: one moment.
        check(
            "weekly wed,thu 09:00 next",
            "2024-02-09 09:00",
            &["2024-02-18 09:00", "2024-02-21 09:00"],
        );
        check(
            "monthly 1 10:00 next",
            "2024-09-02 10:00",
            &["2024-10-08 10:00", "2024-11-01 10:00"],
        );
        check(
            "monthly 1 10:00 previous",
            "2024-09-02 10:00",
            &["2024-09-30 10:00", "2024-11-01 10:00"],
        );
    }

    #[test]
    fn summer_time_leaves_nothing_out_and_repeats_nothing() {
        let berlin = Tz::Europe__Berlin;
        // 29 March 2026: 02:00 is 03:00.
        let spring = [
            "2026-03-28 02:30 CET",
            "2026-03-29 03:00 CEST",
            "2026-03-30 02:30 CEST",
        ];
        check_in(berlin, "daily 02:30", "2026-03-28 00:00", &spring);
        check_in(berlin, "cron 30 2 * * *", "2026-03-28 00:00", &spring);
        // 25 October 2026: 03:00 is 02:00 once more.
        let autumn = [
            "2026-10-24 02:30 CEST",
            "2026-10-25 02:30 CEST",
            "2026-10-26 02:30 CET",
        ];
        check_in(berlin, "daily 02:30", "2026-10-24 00:00", &autumn);
        check_in(berlin, "cron 30 2 * * *", "2026-10-24 00:00", &autumn);
        // Samoa had no 30 December 2011.
        check_in(
            Tz::Pacific__Apia,
            "daily 08:00",
            "2011-12-29 00:00",
            &[
                "2011-12-29 08:00 -10",
                "2011-12-31 00:00 +14",
                "2011-12-31 08:00 +14",
            ],
        );
    }

    #[test]
    fn the_moments_are_those_of_the_zone_that_is_asked() {
        check_in(
            Tz::America__New_York,
            "working-day 1 08:00",
            "2026-09-30 00:00",
            &["2026-10-08 08:00 EDT", "2026-11-02 08:00 EST"],
        );
    }

    #[test]
    fn what_is_written_is_read_and_what_is_none_is_told() {
        for text in [
            "daily 02:00",
            "working-days 18:00",
            "working-day 1 08:00",
            "working-day -1 17:30",
            "weekly mon,thu 09:00",
            "weekly sun 09:00 next",
            "monthly 15 10:00 previous",
            "monthly -1 10:00 skip",
            "cron 30 8 * * 1-5",
        ] {
            assert_eq!(text.parse::<Rule>().unwrap().to_string(), text);
        }
        let message = |text: &str| text.parse::<Rule>().unwrap_err().to_string();
        assert!(message("hourly").starts_with("\"hourly\" is no rule: write daily 02:00"));
        assert!(message("daily 02:00 next").contains("is no rule"));
        assert_eq!(
            message("daily 25:00"),
            "\"25:00\" is no time of day: write it as 08:00"
        );
        assert_eq!(
            message("daily 8:00"),
            "\"8:00\" is no time of day: write it as 08:00"
        );
        assert_eq!(
            message("working-day 0 08:00"),
            "\"0\" is no such day: write a working day from 1 to 23, or from -1 to -23"
        );
        assert!(message("monthly 32 08:00").contains("a day from 1 to 31"));
        assert!(message("weekly monday 08:00").starts_with("\"monday\" is no day of the week"));
        assert!(message("cron 99 * * * *").starts_with("\"99 * * * *\" is no cron expression"));
        assert!(message("cron 0 0 8 * * *").contains("five fields"));
    }

    #[test]
    fn a_rule_that_is_never_due_ends() {
        let never: Rule = "cron 0 0 30 2 *".parse().unwrap();
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(never.next_after(now, Tz::UTC, &calendar()), None);
    }
}
