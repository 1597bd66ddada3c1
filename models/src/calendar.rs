//! The working calendar: which days are worked, and how much working time lies between two moments.
//!
//! Statutory holidays and make-up workdays of China come from `tyme4rs` (2002 to 2026), corrected
//! where it is wrong; other days are worked from Monday to Friday. Prefix sums over the days make
//! every answer O(1).

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::OnceLock;

use chrono::{
    DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone, Timelike, Utc, Weekday,
};
use chrono_tz::Tz;
use tyme4rs::tyme::holiday::LEGAL_HOLIDAY_DATA;

const HOUR_US: f64 = 3_600_000_000.0;
const DAY_US: i64 = 86_400_000_000;
const FIRST_YEAR: i32 = 1970;
const LAST_YEAR: i32 = 2099;

/// Make-up workdays that the data of `tyme4rs` 1.5 has as rest days.
const CORRECTIONS: [(i32, u32, u32); 2] = [(2013, 4, 7), (2013, 10, 12)];

/// One calendar day in the company's zone.
#[derive(Debug, Clone, Copy, Hash)]
struct Day {
    /// Its beginning, in UTC microseconds.
    start_us: i64,
    /// Where its clock would have read 00:00 by the offset of its noon: working hours count from
    /// here, so that a change to summer time at night moves none of them.
    clock_us: i64,
    /// Working microseconds of all days before it.
    before_us: i64,
    /// Working days before it.
    days_before: i32,
    /// Months since year 0.
    month: i32,
    working: bool,
}

/// Working days and working hours of a company.
///
/// Days from 1970 to 2099 are known; a moment outside is taken as the nearest end.
#[derive(Debug, Clone, Hash)]
pub struct WorkingCalendar {
    days: Vec<Day>,
    first: NaiveDate,
    /// Working hours as microseconds from midnight, in order.
    windows: Vec<(i64, i64)>,
    day_us: i64,
    zone: Tz,
}

/// The statutory exceptions: `true` is a make-up workday, `false` a holiday.
fn statutory() -> &'static BTreeMap<NaiveDate, bool> {
    static DAYS: OnceLock<BTreeMap<NaiveDate, bool>> = OnceLock::new();
    DAYS.get_or_init(|| {
        // Records of 13 characters: yyyymmdd, 0 for a workday, the holiday, the distance to it.
        let mut days: BTreeMap<NaiveDate, bool> = LEGAL_HOLIDAY_DATA
            .as_bytes()
            .chunks_exact(13)
            .filter_map(|record| {
                let text = std::str::from_utf8(record.get(..8)?).ok()?;
                let date = NaiveDate::parse_from_str(text, "%Y%m%d").ok()?;
                Some((date, record.get(8) == Some(&b'0')))
            })
            .collect();
        for (year, month, day) in CORRECTIONS {
            if let Some(date) = NaiveDate::from_ymd_opt(year, month, day) {
                days.insert(date, true);
            }
        }
        days
    })
}

/// Years whose holidays are all known: the first record is of the last days of 2001.
fn known_years() -> RangeInclusive<i32> {
    let last = statutory()
        .last_key_value()
        .map_or(FIRST_YEAR, |(day, _)| day.year());
    2002..=last
}

fn micros(time: NaiveTime) -> i64 {
    i64::from(time.num_seconds_from_midnight()) * 1_000_000
}

/// The UTC microseconds at which a clock of `zone` first reads `date` and `time` or later.
fn instant_us(zone: Tz, date: NaiveDate, time: NaiveTime) -> i64 {
    let mut local = date.and_time(time);
    for _ in 0..8 {
        if let Some(instant) = zone.from_local_datetime(&local).earliest() {
            return instant.timestamp_micros();
        }
        // The clock jumps over it: the first half hour that exists.
        local += TimeDelta::minutes(30);
    }
    date.and_time(time).and_utc().timestamp_micros()
}

impl WorkingCalendar {
    /// The Chinese calendar with a company's working `hours` (in order, not overlapping, local
    /// time of `zone`) and its own days: `true` is a working day, `false` a rest day.
    pub fn chinese(
        hours: &[(NaiveTime, NaiveTime)],
        zone: Tz,
        overrides: &BTreeMap<NaiveDate, bool>,
    ) -> Self {
        let windows: Vec<(i64, i64)> = hours
            .iter()
            .map(|(from, to)| (micros(*from), micros(*to)))
            .collect();
        let day_us = windows.iter().map(|(from, to)| (to - from).max(0)).sum();
        let first = NaiveDate::from_ymd_opt(FIRST_YEAR, 1, 1).unwrap_or(NaiveDate::MIN);
        let noon = NaiveTime::from_hms_opt(12, 0, 0).unwrap_or(NaiveTime::MIN);
        let exceptions = statutory();
        let mut days = Vec::with_capacity(48_000);
        let (mut before_us, mut days_before) = (0, 0);
        for date in first
            .iter_days()
            .take_while(|date| date.year() <= LAST_YEAR)
        {
            let working = overrides
                .get(&date)
                .or_else(|| exceptions.get(&date))
                .copied()
                .unwrap_or(!matches!(date.weekday(), Weekday::Sat | Weekday::Sun));
            days.push(Day {
                start_us: instant_us(zone, date, NaiveTime::MIN),
                clock_us: instant_us(zone, date, noon) - DAY_US / 2,
                before_us,
                days_before,
                month: date.year() * 12 + date.month0().cast_signed(),
                working,
            });
            if working {
                before_us += day_us;
                days_before += 1;
            }
        }
        Self {
            days,
            first,
            windows,
            day_us,
            zone,
        }
    }

    /// The zone of its days.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// Index of the day that holds the moment.
    fn index(&self, at_us: i64) -> usize {
        let last = self.days.len() - 1;
        let begin = self.days[0].start_us;
        let guess = usize::try_from(at_us.saturating_sub(begin).div_euclid(DAY_US)).unwrap_or(0);
        let mut index = guess.min(last);
        while index > 0 && self.days[index].start_us > at_us {
            index -= 1;
        }
        while index < last && self.days[index + 1].start_us <= at_us {
            index += 1;
        }
        index
    }

    fn index_of(&self, date: NaiveDate) -> usize {
        usize::try_from((date - self.first).num_days())
            .unwrap_or(0)
            .min(self.days.len() - 1)
    }

    /// Working microseconds from the beginning of the calendar to the moment. The working time
    /// between two moments is the difference.
    pub fn business_us(&self, at_us: i64) -> i64 {
        let day = &self.days[self.index(at_us)];
        if !day.working {
            return day.before_us;
        }
        let clock = at_us.saturating_sub(day.clock_us);
        let worked: i64 = self
            .windows
            .iter()
            .map(|(from, to)| (clock - from).clamp(0, (to - from).max(0)))
            .sum();
        day.before_us + worked
    }

    /// Working hours between two moments (UTC microseconds); 0 when the second is not later.
    pub fn business_hours(&self, from_us: i64, to_us: i64) -> f64 {
        if to_us <= from_us {
            return 0.0;
        }
        (self.business_us(to_us) - self.business_us(from_us)) as f64 / HOUR_US
    }

    /// The working time between two moments; none when the second is not later.
    pub fn working_time(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> TimeDelta {
        let (from, to) = (from.timestamp_micros(), to.timestamp_micros());
        TimeDelta::microseconds((self.business_us(to) - self.business_us(from)).max(0))
    }

    /// The moment at which so much working time has passed since another: the earliest one, so at the
    /// end of a working day and not at the beginning of the next. The moment itself for none.
    pub fn after_working_time(&self, from: DateTime<Utc>, working: TimeDelta) -> DateTime<Utc> {
        let from_us = from.timestamp_micros();
        let wanted = working.num_microseconds().unwrap_or(i64::MAX).max(0);
        if wanted == 0 || self.day_us == 0 {
            return from;
        }
        let target = self.business_us(from_us).saturating_add(wanted);
        let next = self.days.partition_point(|day| day.before_us < target);
        let day = &self.days[next.saturating_sub(1)];
        let mut left = target - day.before_us;
        let mut at_us = day.clock_us;
        for (begin, end) in &self.windows {
            let length = (end - begin).max(0);
            at_us = day.clock_us + begin + left.min(length);
            if left <= length {
                break;
            }
            left -= length;
        }
        DateTime::from_timestamp_micros(at_us.max(from_us)).unwrap_or(from)
    }

    /// Working days after `from`, up to and including `to`; 0 when `to` is not later.
    pub fn working_days_between(&self, from: NaiveDate, to: NaiveDate) -> i64 {
        if to <= from {
            return 0;
        }
        let next = |date: NaiveDate| date.checked_add_days(Days::new(1)).unwrap_or(date);
        let before = |date| i64::from(self.days[self.index_of(next(date))].days_before);
        before(to) - before(from)
    }

    /// Working days from the beginning of the calendar up to and including the day of a moment (UTC
    /// microseconds).
    pub fn working_day(&self, at_us: i64) -> i32 {
        let day = &self.days[self.index(at_us)];
        day.days_before + i32::from(day.working)
    }

    /// The same of a day.
    pub fn working_day_of(&self, date: NaiveDate) -> i32 {
        let day = &self.days[self.index_of(date)];
        day.days_before + i32::from(day.working)
    }

    /// Whether something recorded at one moment comes more than two working days after it happened.
    pub fn is_late(&self, happened_us: i64, recorded_us: i64) -> bool {
        if recorded_us <= happened_us {
            return false;
        }
        self.working_day(recorded_us) - self.working_day(happened_us) > 2
    }

    /// Whether the day is worked.
    pub fn is_working(&self, date: NaiveDate) -> bool {
        self.days[self.index_of(date)].working
    }

    /// The statutory exception that the day is, if any: `true` for a make-up workday.
    pub fn statutory_exception(date: NaiveDate) -> Option<bool> {
        statutory().get(&date).copied()
    }

    /// The calendar day of a moment in the company's zone.
    pub fn date(&self, at_us: i64) -> NaiveDate {
        let index = self.index(at_us);
        self.first
            .checked_add_days(Days::new(index as u64))
            .unwrap_or(self.first)
    }

    /// The month of a moment in the company's zone, as months since year 0.
    pub fn month(&self, at_us: i64) -> i32 {
        self.days[self.index(at_us)].month
    }

    /// The first moment of a day in the company's zone, in UTC microseconds.
    pub fn start_of_day_us(&self, date: NaiveDate) -> i64 {
        instant_us(self.zone, date, NaiveTime::MIN)
    }

    /// Hours of a working day.
    pub fn hours_per_day(&self) -> f64 {
        self.day_us as f64 / HOUR_US
    }

    /// Years between two days for which no statutory holidays are known: only weekends rest there.
    pub fn years_without_data(&self, days: RangeInclusive<NaiveDate>) -> Vec<i32> {
        let known = known_years();
        let years: BTreeSet<i32> = (days.start().year()..=days.end().year()).collect();
        years
            .into_iter()
            .filter(|year| !known.contains(year))
            .collect()
    }

    /// The calendar day of a moment, from a `DateTime`.
    pub fn date_of(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.zone).date_naive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar() -> WorkingCalendar {
        let company = crate::config::Company::default();
        WorkingCalendar::chinese(&company.hours, company.zone, &company.overrides)
    }

    fn at(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(&format!("{text}:00+08:00"))
            .unwrap()
            .timestamp_micros()
    }

    fn check(from: &str, to: &str, hours: f64) {
        let found = calendar().business_hours(at(from), at(to));
        assert!(
            (found - hours).abs() < 1e-9,
            "{from} to {to}: {found}, not {hours}"
        );
    }

    #[test]
    fn counts_working_hours() {
        check("2024-03-04T09:00", "2024-03-04T18:00", 7.5);
        check("2024-03-04T10:00", "2024-03-04T13:00", 2.0);
        check("2024-03-04T12:10", "2024-03-04T13:20", 0.0);
        check("2024-03-01T17:00", "2024-03-04T10:00", 2.0);
        check("2024-03-04T18:00", "2024-03-04T09:00", 0.0);
        // Spring Festival 2024: 10 to 17 February rest, Sundays 4 and 18 February worked.
        check("2024-02-03T00:00", "2024-02-19T00:00", 7.5 * 7.0);
    }

    #[test]
    fn working_time_passes_in_working_hours_only() {
        let check = |from: &str, hours: i64, expected: &str| {
            let moment = |text| DateTime::from_timestamp_micros(at(text)).unwrap();
            let (calendar, hours) = (calendar(), TimeDelta::hours(hours));
            let found = calendar.after_working_time(moment(from), hours);
            assert_eq!(found, moment(expected), "{from} {hours}");
            assert_eq!(calendar.working_time(moment(from), found), hours);
        };
        // A Monday; the hours are those of the default company, 09:00 to 12:00 and 13:30 to 18:00.
        check("2026-03-02T09:00", 0, "2026-03-02T09:00");
        check("2026-03-02T09:00", 3, "2026-03-02T12:00");
        check("2026-03-02T09:00", 4, "2026-03-02T14:30");
        check("2026-03-02T17:00", 8, "2026-03-03T17:30");
        check("2026-03-02T09:00", 8, "2026-03-03T09:30");
        check("2026-03-02T20:00", 1, "2026-03-03T10:00");
        // Over a weekend, and over the Spring Festival with its make-up workdays.
        check("2026-03-06T17:00", 2, "2026-03-09T10:00");
        check("2024-02-09T17:00", 8, "2024-02-18T17:30");
    }

    #[test]
    fn counts_working_days() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let calendar = calendar();
        assert_eq!(
            calendar.working_days_between(day("2024-03-01"), day("2024-03-05")),
            2
        );
        assert_eq!(
            calendar.working_days_between(day("2024-03-05"), day("2024-03-01")),
            0
        );
        assert!(!calendar.is_late(at("2024-03-01T10:00"), at("2024-03-05T23:00")));
        assert!(calendar.is_late(at("2024-03-01T10:00"), at("2024-03-06T00:00")));
        assert_eq!(calendar.month(at("2024-03-01T00:00")), 2024 * 12 + 2);
        assert_eq!(calendar.month(at("2024-02-29T23:59")), 2024 * 12 + 1);
    }

    #[test]
    fn company_days_go_over_statutory_ones() {
        let company = crate::config::Company::default();
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let own = BTreeMap::from([(day("2024-10-01"), true), (day("2024-10-08"), false)]);
        let calendar = WorkingCalendar::chinese(&company.hours, company.zone, &own);
        assert!(calendar.is_working(day("2024-10-01")) && !calendar.is_working(day("2024-10-08")));
        assert_eq!(
            calendar.years_without_data(day("2001-05-01")..=day("2003-01-01")),
            [2001]
        );
    }

    #[test]
    fn summer_time_moves_no_working_hour() {
        let company = crate::config::Company::default();
        let calendar =
            WorkingCalendar::chinese(&company.hours, Tz::Europe__Berlin, &company.overrides);
        let berlin = |text: &str| {
            DateTime::parse_from_rfc3339(text)
                .unwrap()
                .timestamp_micros()
        };
        // The clocks change on Sunday 2021-03-28.
        let hours = calendar.business_hours(
            berlin("2021-03-26T09:00:00+01:00"),
            berlin("2021-03-29T18:00:00+02:00"),
        );
        assert!((hours - 15.0).abs() < 1e-9, "{hours}");
    }

    #[test]
    fn agrees_with_the_published_holidays() {
        let folder = std::env::var_os("MILLRACE_TEST_DATA").map_or_else(
            || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
            std::path::PathBuf::from,
        );
        let folder = folder.join("holiday-cn");
        let Ok(files) = std::fs::read_dir(&folder) else {
            eprintln!("skipped: {} is absent", folder.display());
            return;
        };
        let calendar = calendar();
        let mut days = 0;
        for file in files {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            let year: serde_json::Value = serde_json::from_str(&text).unwrap();
            for day in year["days"].as_array().into_iter().flatten() {
                let date: NaiveDate = day["date"].as_str().unwrap().parse().unwrap();
                assert_eq!(
                    calendar.is_working(date),
                    day["isOffDay"] == false,
                    "{date}"
                );
                days += 1;
            }
        }
        assert!(days > 500, "only {days} days");
    }
}
