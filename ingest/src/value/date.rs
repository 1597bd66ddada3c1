//! Dates and times as people write them.
//!
//! A cell alone never decides between `3/4/2024` in March and in April: [`possible_orders`] says
//! which readings a cell leaves open, the column's profile intersects them, and [`parse`] is told
//! the result.

use std::borrow::Cow;

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};

use super::half_width;

/// What a text says about time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// A calendar day.
    Day(NaiveDate),
    /// A day and a time of day, in a zone that is not said.
    Local(NaiveDateTime),
    /// A moment.
    Moment(DateTime<Utc>),
}

/// In which order a numeric date is written whose year is not four digits and first.
#[allow(
    clippy::enum_variant_names,
    reason = "an order is called by what stands first"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// `31/12/2024`.
    DayFirst,
    /// `12/31/2024`.
    MonthFirst,
    /// `24/12/31`.
    YearFirst,
}

/// A set of orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Orders(u8);

impl Orders {
    pub(crate) const ALL: Orders = Orders(7);
    const EACH: [(Order, u8); 3] = [
        (Order::DayFirst, 1),
        (Order::MonthFirst, 2),
        (Order::YearFirst, 4),
    ];

    pub(crate) fn and(self, other: Orders) -> Orders {
        Orders(self.0 & other.0)
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The only member.
    pub(crate) fn single(self) -> Option<Order> {
        Self::EACH
            .into_iter()
            .find(|(_, bit)| *bit == self.0)
            .map(|(order, _)| order)
    }
}

/// Whether the time of day is 00:00:00.
pub(crate) fn is_midnight(time: NaiveDateTime) -> bool {
    time.time() == NaiveTime::MIN
}

/// Reads a date or time. `order` is needed for numeric dates without a four-digit year in front.
pub(crate) fn parse(text: &str, order: Option<Order>) -> Option<When> {
    if let Some(when) = parse_iso(text.as_bytes()) {
        return Some(when);
    }
    let text = normalised(text);
    let mut scan = Scan {
        rest: text.as_bytes(),
    };
    let date = match scan.date()? {
        Written::Day(day) => day,
        Written::Numeric(first, second, third) => numeric(first, second, third, order?)?,
        Written::Whole(when) => return scan.at_end().then_some(when),
    };
    scan.time_and_zone(date)
}

/// The orders in which a numeric date can be read; `None` where its cell leaves nothing open.
pub(crate) fn possible_orders(text: &str) -> Option<Orders> {
    if text.len() < 5
        || text
            .as_bytes()
            .get(..4)
            .is_some_and(|year| year.iter().all(u8::is_ascii_digit))
    {
        return None;
    }
    let text = normalised(text);
    let mut scan = Scan {
        rest: text.as_bytes(),
    };
    let Written::Numeric(first, second, third) = scan.date()? else {
        return None;
    };
    let mut possible = 0;
    for (order, bit) in Orders::EACH {
        if let Some(day) = numeric(first, second, third, order)
            && (Scan { rest: scan.rest }).time_and_zone(day).is_some()
        {
            possible |= bit;
        }
    }
    (possible != 0).then_some(Orders(possible))
}

/// Reads a date or time in a strftime format.
pub(crate) fn parse_format(text: &str, format: &str) -> Option<When> {
    if let Ok(moment) = DateTime::parse_from_str(text, format) {
        return Some(When::Moment(moment.to_utc()));
    }
    if let Ok(time) = NaiveDateTime::parse_from_str(text, format) {
        return Some(if format.contains("%s") {
            When::Moment(time.and_utc())
        } else {
            When::Local(time)
        });
    }
    NaiveDate::parse_from_str(text, format).ok().map(When::Day)
}

/// A spreadsheet's serial day number, for days from 1927 to 2173.
pub(crate) fn serial(value: f64, is_1904: bool) -> Option<NaiveDateTime> {
    const DAYS_1904: f64 = 1462.0;
    const DAY_MS: f64 = 86_400_000.0;
    let value = if is_1904 { value + DAYS_1904 } else { value };
    if !(10_000.0..100_000.0).contains(&value) {
        return None;
    }
    #[allow(
        clippy::cast_possible_truncation,
        reason = "at most 1e5 days of 8.64e7 ms"
    )]
    let milliseconds = (value * DAY_MS).round() as i64;
    let epoch = NaiveDate::from_ymd_opt(1899, 12, 30)?.and_time(NaiveTime::MIN);
    let time = epoch.checked_add_signed(TimeDelta::milliseconds(milliseconds))?;
    // Days are floats: 10:30 may come as 10:29:59.999.
    match time.nanosecond() / 1_000_000 {
        0 => Some(time),
        ms if ms <= 1 => time.with_nanosecond(0),
        ms if ms >= 999 => time
            .with_nanosecond(0)?
            .checked_add_signed(TimeDelta::seconds(1)),
        _ => Some(time),
    }
}

/// A day written as the number 20240301.
pub(crate) fn compact(number: i64) -> Option<NaiveDate> {
    let number = u32::try_from(number)
        .ok()
        .filter(|number| (18_000_101..=22_991_231).contains(number))?;
    let year = i32::try_from(number / 10_000).ok()?;
    NaiveDate::from_ymd_opt(year, number / 100 % 100, number % 100)
}

/// `2024-03-01`, `2024-03-01 08:30:00.123+08:00`, with `T` or a blank, without allocation.
fn parse_iso(bytes: &[u8]) -> Option<When> {
    let digits = |range: std::ops::Range<usize>| -> Option<u32> {
        bytes.get(range)?.iter().try_fold(0, |value, byte| {
            byte.is_ascii_digit()
                .then(|| value * 10 + u32::from(byte - b'0'))
        })
    };
    if !matches!(bytes.get(4), Some(b'-' | b'/')) || bytes.get(7) != bytes.get(4) {
        return None;
    }
    let year = i32::try_from(digits(0..4)?).ok()?;
    let day = NaiveDate::from_ymd_opt(year, digits(5..7)?, digits(8..10)?)?;
    if bytes.len() == 10 {
        return Some(When::Day(day));
    }
    if !matches!(bytes[10], b' ' | b'T') {
        return None;
    }
    Scan { rest: &bytes[10..] }.time_and_zone(day)
}

fn numeric(first: Part, second: Part, third: Part, order: Order) -> Option<NaiveDate> {
    let (year, month, day) = match order {
        Order::DayFirst => (third, second, first),
        Order::MonthFirst => (third, first, second),
        Order::YearFirst => (first, second, third),
    };
    if month.length > 2 || day.length > 2 || !matches!(year.length, 2 | 4) {
        return None;
    }
    NaiveDate::from_ymd_opt(full_year(year)?, month.value, day.value)
}

fn full_year(year: Part) -> Option<i32> {
    let value = i32::try_from(year.value).ok()?;
    Some(match (year.length, value) {
        (4, _) => value,
        (_, 0..=68) => 2000 + value,
        _ => 1900 + value,
    })
}

/// Narrow, with `年月日时分秒` and the words for morning and afternoon in Western signs.
fn normalised(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut narrow: String = text.chars().map(half_width).collect();
    for (written, plain) in [
        ("上午", " am "),
        ("下午", " pm "),
        ("晚上", " pm "),
        ("早上", " am "),
        ("中午", " pm "),
        ("星期", " 周"),
        ("年", "-"),
        ("月", "-"),
        ("日", " "),
        ("号", " "),
        ("时", ":"),
        ("點", ":"),
        ("点", ":"),
        ("分", ":"),
        ("秒", " "),
    ] {
        if narrow.contains(written) {
            // 24年3月1日 says itself that the year is first.
            if written == "年" && narrow.find('年') == Some(2) {
                narrow.insert_str(0, "20");
            }
            narrow = narrow.replace(written, plain);
        }
    }
    Cow::Owned(narrow.trim().to_owned())
}

/// A run of digits: its value and its length.
#[derive(Debug, Clone, Copy)]
struct Part {
    value: u32,
    length: usize,
}

enum Written {
    Day(NaiveDate),
    Numeric(Part, Part, Part),
    Whole(When),
}

struct Scan<'a> {
    rest: &'a [u8],
}

impl<'a> Scan<'a> {
    fn blanks(&mut self) -> bool {
        let before = self.rest.len();
        self.rest = self.rest.trim_ascii_start();
        self.rest.len() < before
    }

    fn at_end(&mut self) -> bool {
        self.blanks();
        self.rest.is_empty()
    }

    fn byte(&mut self, accepted: &[u8]) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        accepted.contains(first).then(|| {
            self.rest = rest;
            *first
        })
    }

    fn digits(&mut self) -> &'a [u8] {
        let length = self
            .rest
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let (digits, rest) = self.rest.split_at(length);
        self.rest = rest;
        digits
    }

    fn part(&mut self) -> Option<Part> {
        let digits = self.digits();
        if digits.is_empty() || digits.len() > 4 {
            return None;
        }
        Some(Part {
            value: value(digits)?,
            length: digits.len(),
        })
    }

    fn word(&mut self) -> &'a [u8] {
        let length = self
            .rest
            .iter()
            .take_while(|byte| byte.is_ascii_alphabetic())
            .count();
        let (word, rest) = self.rest.split_at(length);
        self.rest = rest;
        word
    }

    fn separator(&mut self) -> Option<u8> {
        let blank = self.blanks();
        let sign = self.byte(b"-/.,");
        let blank = self.blanks() || blank;
        sign.or(blank.then_some(b' '))
    }

    fn date(&mut self) -> Option<Written> {
        self.blanks();
        self.weekday();
        if self.rest.first()?.is_ascii_alphabetic() {
            let month = month(self.word())?;
            self.byte(b".");
            self.separator()?;
            let day = self.part()?;
            self.ordinal();
            self.separator()?;
            let year = self.part()?;
            return Self::named_month(year, month, day);
        }
        let saved = self.rest;
        let digits = self.digits();
        if matches!(digits.len(), 5 | 8 | 12 | 14) {
            return self.whole(digits);
        }
        self.rest = saved;
        let first = self.part()?;
        self.ordinal();
        let sign = self.separator()?;
        if self.rest.first()?.is_ascii_alphabetic() {
            let month = month(self.word())?;
            self.separator()?;
            let year = self.part()?;
            return Self::named_month(year, month, first);
        }
        let second = self.part()?;
        if self.separator()? != sign || sign == b' ' || sign == b',' {
            return None;
        }
        let third = self.part()?;
        if first.length == 4 {
            let day = numeric(first, second, third, Order::YearFirst)?;
            return Some(Written::Day(day));
        }
        Some(Written::Numeric(first, second, third))
    }

    fn named_month(year: Part, month: u32, day: Part) -> Option<Written> {
        if !matches!(year.length, 2 | 4) {
            return None;
        }
        NaiveDate::from_ymd_opt(full_year(year)?, month, day.value).map(Written::Day)
    }

    /// `20240301`, `202403010830`, `20240301083000`, or the serial number 45352 or 45352.5.
    fn whole(&mut self, digits: &[u8]) -> Option<Written> {
        if digits.len() == 5 {
            let mut text = std::str::from_utf8(digits).ok()?.to_owned();
            if self.byte(b".").is_some() {
                text.push('.');
                text.push_str(std::str::from_utf8(self.digits()).ok()?);
            }
            let time = serial(text.parse().ok()?, false)?;
            let day = is_midnight(time) && !text.contains('.');
            let when = if day {
                When::Day(time.date())
            } else {
                When::Local(time)
            };
            return Some(Written::Whole(when));
        }
        let day = compact(i64::from(value(&digits[..8])?))?;
        if digits.len() == 8 {
            return Some(Written::Day(day));
        }
        let seconds = if digits.len() == 14 {
            value(&digits[12..])?
        } else {
            0
        };
        let time = day.and_hms_opt(value(&digits[8..10])?, value(&digits[10..12])?, seconds)?;
        Some(Written::Whole(When::Local(time)))
    }

    /// `1st`, `2nd`, `3rd`, `4th`.
    fn ordinal(&mut self) {
        let saved = self.rest;
        let word = self.word();
        if ![b"st", b"nd", b"rd", b"th"]
            .iter()
            .any(|end| word.eq_ignore_ascii_case(*end))
        {
            self.rest = saved;
        }
    }

    /// `Mon`, `Tuesday,`, `周一`, wherever it stands.
    fn weekday(&mut self) {
        const DAYS: [&[u8]; 7] = [b"mon", b"tue", b"wed", b"thu", b"fri", b"sat", b"sun"];
        let saved = self.rest;
        if let Some(rest) = self.rest.strip_prefix("周".as_bytes()) {
            self.rest = rest.get(3..).unwrap_or_default();
            self.blanks();
            return;
        }
        let word = self.word().to_ascii_lowercase();
        if word.len() >= 3 && DAYS.iter().any(|day| word.starts_with(day)) {
            self.byte(b".,");
            self.blanks();
        } else {
            self.rest = saved;
        }
    }

    /// The rest of the text, which must be a time of day and perhaps a zone, or nothing.
    fn time_and_zone(&mut self, day: NaiveDate) -> Option<When> {
        self.byte(b"T,");
        self.blanks();
        self.weekday();
        if self.rest.is_empty() {
            return Some(When::Day(day));
        }
        let mut afternoon = self.half_of_day();
        let hour = self.part().filter(|part| part.length <= 2)?.value;
        self.byte(b":.")?;
        let minute_part = self.digits();
        let minute = if minute_part.is_empty() {
            0
        } else {
            value(minute_part)?
        };
        let mut second = 0;
        let mut nanosecond = 0;
        if self.byte(b":").is_some() {
            let digits = self.digits();
            second = if digits.is_empty() { 0 } else { value(digits)? };
            if self.byte(b".,").is_some() {
                let digits = self.digits();
                let kept = digits.get(..9).unwrap_or(digits);
                nanosecond = value(kept)? * 10_u32.pow(u32::try_from(9 - kept.len()).ok()?);
            }
        }
        self.blanks();
        afternoon = afternoon.or_else(|| self.half_of_day());
        let hour = match afternoon {
            Some(_) if hour > 12 => hour,
            Some(true) if hour < 12 => hour + 12,
            Some(false) if hour == 12 => 0,
            _ => hour,
        };
        let (day, hour) = match (hour, minute, second) {
            (24, 0, 0) => (day.checked_add_days(Days::new(1))?, 0),
            _ => (day, hour),
        };
        // A leap second is the last moment of its minute.
        let time = day.and_hms_nano_opt(hour, minute, second.min(59), nanosecond)?;
        let offset = self.zone()?;
        if !self.at_end() || second > 60 {
            return None;
        }
        match offset {
            None => Some(When::Local(time)),
            Some(minutes) => {
                let moment = time.checked_sub_signed(TimeDelta::minutes(minutes))?;
                Some(When::Moment(moment.and_utc()))
            }
        }
    }

    /// Whether it is the afternoon, where the text says.
    fn half_of_day(&mut self) -> Option<bool> {
        let saved = self.rest;
        let word = self.word();
        let afternoon = if word.eq_ignore_ascii_case(b"am") || word.eq_ignore_ascii_case(b"a") {
            Some(false)
        } else if word.eq_ignore_ascii_case(b"pm") || word.eq_ignore_ascii_case(b"p") {
            Some(true)
        } else {
            None
        };
        if afternoon.is_some() {
            self.blanks();
        } else {
            self.rest = saved;
        }
        afternoon
    }

    /// Minutes east of UTC; `Some(None)` where no zone is written, `None` where it is no zone.
    #[allow(
        clippy::option_option,
        reason = "no zone and a wrong zone are two things"
    )]
    fn zone(&mut self) -> Option<Option<i64>> {
        if self.at_end() {
            return Some(None);
        }
        let word = self.word();
        let named = [&b"z"[..], b"utc", b"gmt"]
            .iter()
            .any(|name| word.eq_ignore_ascii_case(name));
        if !word.is_empty() && !named {
            return None;
        }
        let Some(sign) = self.byte(b"+-") else {
            return named.then_some(Some(0));
        };
        let first = self.digits();
        let (hours, minutes) = match first.len() {
            1 | 2 => {
                let minutes = if self.byte(b":").is_some() {
                    value(self.digits())?
                } else {
                    0
                };
                (value(first)?, minutes)
            }
            4 => (value(&first[..2])?, value(&first[2..])?),
            _ => return None,
        };
        if hours > 15 || minutes > 59 {
            return None;
        }
        let offset = i64::from(hours * 60 + minutes);
        Some(Some(if sign == b'-' { -offset } else { offset }))
    }
}

fn value(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u32, |value, byte| {
        value
            .checked_mul(10)?
            .checked_add(u32::from(byte.wrapping_sub(b'0')))
    })
}

fn month(word: &[u8]) -> Option<u32> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let word = std::str::from_utf8(word).ok()?.to_ascii_lowercase();
    if word.len() < 3 {
        return None;
    }
    let index = MONTHS
        .iter()
        .position(|month| month.starts_with(&word) || (word == "sept" && *month == "september"))?;
    u32::try_from(index + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, order: Option<Order>, expected: &str) {
        let read = match parse(text, order) {
            Some(When::Day(day)) => day.to_string(),
            Some(When::Local(time)) => time.to_string(),
            Some(When::Moment(time)) => time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
            None => "nothing".into(),
        };
        assert_eq!(read, expected, "{text}");
    }

    #[test]
    fn reads_dates_as_people_write_them() {
        for (text, expected) in [
            ("2024-03-01", "2024-03-01"),
            ("2024/3/1", "2024-03-01"),
            ("2024.3.1", "2024-03-01"),
            ("2024年3月1日", "2024-03-01"),
            ("24年3月1日", "2024-03-01"),
            ("2024年03月01日 8时5分", "2024-03-01 08:05:00"),
            ("2024年3月1日 下午3:04", "2024-03-01 15:04:00"),
            ("２０２４／３／１", "2024-03-01"),
            ("20240301", "2024-03-01"),
            ("20240301083000", "2024-03-01 08:30:00"),
            ("45352", "2024-03-01"),
            ("45352.5", "2024-03-01 12:00:00"),
            ("24 October 2011", "2011-10-24"),
            ("24-Oct-11", "2011-10-24"),
            ("Oct 24, 2011 3:04 PM", "2011-10-24 15:04:00"),
            ("Mon, 24 Oct 2011 03:04:05 +0800", "2011-10-23T19:04:05Z"),
            ("2011-10-11 11:45:40.276+00:00", "2011-10-11T11:45:40.276Z"),
            ("2024-03-01T08:30:00Z", "2024-03-01T08:30:00Z"),
            ("2024-03-01T08:30:00+08", "2024-03-01T00:30:00Z"),
            ("2020-12-30 3:15:52", "2020-12-30 03:15:52"),
            ("2024-03-01 08:30", "2024-03-01 08:30:00"),
            ("2024/3/1 星期五 9:00", "2024-03-01 09:00:00"),
            ("2024-03-01 24:00", "2024-03-02 00:00:00"),
        ] {
            check(text, None, expected);
        }
    }

    #[test]
    fn leaves_open_what_a_cell_cannot_say() {
        check("3/4/2024", None, "nothing");
        check("3/4/2024", Some(Order::MonthFirst), "2024-03-04");
        check(
            "3/4/2024 10:00",
            Some(Order::DayFirst),
            "2024-04-03 10:00:00",
        );
        check("24/3/1", Some(Order::YearFirst), "2024-03-01");
        assert_eq!(
            possible_orders("13/4/2024").and_then(Orders::single),
            Some(Order::DayFirst)
        );
        assert_eq!(
            possible_orders("4/13/2024").and_then(Orders::single),
            Some(Order::MonthFirst)
        );
        assert_eq!(
            possible_orders("3/15/24").and_then(Orders::single),
            Some(Order::MonthFirst)
        );
        assert_eq!(possible_orders("3/4/2024").and_then(Orders::single), None);
        assert_eq!(possible_orders("24/3/15").and_then(Orders::single), None);
        assert_eq!(possible_orders("2024-03-01"), None);
        assert_eq!(possible_orders("31/31/2024"), None);
    }

    #[test]
    fn refuses_what_is_no_date() {
        for text in [
            "",
            "2024-13-01",
            "2024-02-30",
            "2024-3",
            "3月1日",
            "soon",
            "12",
            "2024-03-01x",
            "2024-03-01 25:00",
            "1.5",
            "2024-03-01 08:30 CST",
            "9999999999999999999999",
        ] {
            check(text, Some(Order::DayFirst), "nothing");
        }
    }

    #[test]
    fn serial_days_of_both_systems() {
        let day = |value, is_1904| serial(value, is_1904).map(|time| time.to_string());
        assert_eq!(day(45352.0, false).as_deref(), Some("2024-03-01 00:00:00"));
        assert_eq!(day(43890.0, true).as_deref(), Some("2024-03-01 00:00:00"));
        assert_eq!(
            day(45352.4375, false).as_deref(),
            Some("2024-03-01 10:30:00")
        );
        assert_eq!(day(12.0, false), None);
    }
}
