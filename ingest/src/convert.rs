//! Cells to values of fields.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone};
use chrono_tz::Tz;
use millrace_models::entity::{Field, FieldKind};

use crate::mapping::{AttributeMapping, FieldMapping, Origin};
use crate::profile::Reading;
use crate::reader::Row;
use crate::value::date::{self, When};
use crate::value::number::{self, Decimal};
use crate::value::{Cell, is_placeholder, parse_flag, trim};

/// A value of a field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'a> {
    Null,
    Text(Cow<'a, str>),
    /// Microseconds in UTC, and whether only the day is known.
    Time(i64, bool),
    /// Days since 1970.
    Date(i32),
    /// Hundredths.
    Amount(i128),
    Number(f64),
    Integer(i64),
    Flag(bool),
}

/// Where the value of a mapped field is found.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    Column(usize),
    Constant(String),
}

impl Place {
    pub(crate) fn new(origin: &Origin, position: impl Fn(&str) -> Option<usize>) -> Option<Place> {
        match origin {
            Origin::Column(column) => position(column).map(Place::Column),
            Origin::Value(value) => Some(Place::Constant(value.clone())),
        }
    }

    pub(crate) fn cell<'a>(&'a self, row: &'a dyn Row) -> Cell<'a> {
        match self {
            Place::Column(index) => row.cell(*index),
            Place::Constant(value) => Cell::Text(value),
        }
    }
}

/// How a mapped field is converted.
#[derive(Debug, Clone)]
pub(crate) struct FieldPlan {
    pub(crate) field: &'static Field,
    pub(crate) place: Place,
    pub(crate) format: Option<String>,
    pub(crate) rules: BTreeMap<String, String>,
    pub(crate) reading: Reading,
    pub(crate) clock: ZoneClock,
}

/// How a mapped attribute is found.
#[derive(Debug, Clone)]
pub(crate) struct AttributePlan {
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) rules: BTreeMap<String, String>,
}

impl FieldPlan {
    pub(crate) fn new(
        mapping: &FieldMapping,
        place: Place,
        reading: Reading,
        clock: ZoneClock,
    ) -> Self {
        Self {
            field: mapping.field,
            place,
            format: mapping.format.clone(),
            rules: mapping.rules.clone(),
            reading,
            clock,
        }
    }

    /// The value of a cell, or what was expected instead.
    pub(crate) fn convert<'a>(
        &'a self,
        cell: Cell<'a>,
        repeated: bool,
    ) -> Result<Value<'a>, String> {
        if let Cell::Error(_) = cell {
            return Err(self.expected());
        }
        if let Cell::Text(text) = cell
            && text.contains('\u{fffd}')
        {
            return Err(
                "readable text: some of its bytes are not in the encoding of the file".into(),
            );
        }
        let kind = self.field.kind;
        if repeated && matches!(kind, FieldKind::Amount | FieldKind::Number) {
            return Ok(Value::Null);
        }
        let cell = if self.rules.is_empty() {
            cell
        } else {
            let ruled = self.rules.get(cell.text().as_ref());
            ruled.map_or(cell, |meant| Cell::Text(meant))
        };
        if cell.is_blank() {
            return Ok(Value::Null);
        }
        if let Cell::Text(text) = cell
            && !matches!(kind, FieldKind::Id | FieldKind::Text | FieldKind::Flag)
            && is_placeholder(trim(text))
        {
            return Ok(Value::Null);
        }
        if let Cell::Number(value) = cell
            && !value.is_finite()
        {
            return Ok(Value::Null);
        }
        let value = match kind {
            FieldKind::Id | FieldKind::Text | FieldKind::Reference(_) => {
                Some(Value::Text(cell.text()))
            }
            FieldKind::Choice(choices) => choice(choices, &cell.text()),
            FieldKind::Time => self.time(cell),
            FieldKind::Date => self.day(cell),
            FieldKind::Amount => self.amount(cell),
            FieldKind::Number => self.number(cell),
            FieldKind::Integer => self.integer(cell),
            FieldKind::Flag => flag(cell),
        };
        value.ok_or_else(|| self.expected())
    }

    fn when(&self, cell: Cell<'_>) -> Option<When> {
        match cell {
            Cell::Text(text) => match &self.format {
                Some(format) => date::parse_format(trim(text), format),
                None => date::parse(trim(text), self.reading.order),
            },
            Cell::Serial(time) if date::is_midnight(time) && !self.reading.has_time_of_day => {
                Some(When::Day(time.date()))
            }
            Cell::Serial(time) | Cell::Local(time) => Some(When::Local(time)),
            Cell::Moment(time) => Some(When::Moment(time)),
            Cell::Day(day) => Some(When::Day(day)),
            Cell::Number(_) | Cell::Integer(_) | Cell::Decimal(..) if self.format.is_some() => {
                date::parse_format(&cell.text(), self.format.as_deref()?)
            }
            Cell::Integer(number) => self.when_number(number as f64),
            Cell::Number(number) => self.when_number(number),
            _ => None,
        }
    }

    /// A serial day, or 20240301.
    fn when_number(&self, number: f64) -> Option<When> {
        if let Some(time) = date::serial(number, self.reading.is_1904) {
            return self.when(Cell::Serial(time));
        }
        if number.fract() != 0.0 || !(0.0..1e9).contains(&number) {
            return None;
        }
        #[allow(clippy::cast_possible_truncation, reason = "whole and below 1e9")]
        date::compact(number as i64).map(When::Day)
    }

    fn time(&self, cell: Cell<'_>) -> Option<Value<'static>> {
        Some(match self.when(cell)? {
            When::Day(day) => Value::Time(self.clock.midnight(day)?, true),
            When::Local(time) => Value::Time(self.clock.local(time)?, false),
            When::Moment(time) => Value::Time(time.timestamp_micros(), false),
        })
    }

    fn day(&self, cell: Cell<'_>) -> Option<Value<'static>> {
        let day = match self.when(cell)? {
            When::Day(day) => day,
            When::Local(time) => time.date(),
            When::Moment(time) => time.with_timezone(&self.clock.zone).date_naive(),
        };
        Some(Value::Date(days_since_epoch(day)))
    }

    fn decimal(&self, text: &str) -> Option<Decimal> {
        number::parse(trim(text), self.reading.mark)
    }

    fn amount(&self, cell: Cell<'_>) -> Option<Value<'static>> {
        match cell {
            Cell::Text(text) => self.decimal(text)?.hundredths(),
            Cell::Number(value) => number::float_hundredths(value),
            Cell::Integer(value) => Some(i128::from(value) * 100),
            Cell::Decimal(units, scale) => Decimal::new(units, scale).hundredths(),
            _ => None,
        }
        .map(Value::Amount)
    }

    fn number(&self, cell: Cell<'_>) -> Option<Value<'static>> {
        match cell {
            Cell::Text(text) => Some(self.decimal(text)?.float()),
            Cell::Number(value) => Some(value),
            Cell::Integer(value) => Some(value as f64),
            Cell::Decimal(units, scale) => Some(Decimal::new(units, scale).float()),
            _ => None,
        }
        .map(Value::Number)
    }

    fn integer(&self, cell: Cell<'_>) -> Option<Value<'static>> {
        match cell {
            Cell::Text(text) => {
                // Versions are often written V2.
                let digits = trim(text).trim_start_matches(['V', 'v']);
                self.decimal(digits)?.integer()
            }
            Cell::Integer(value) => Some(value),
            Cell::Number(value) => {
                number::parse(&format!("{value}"), number::DecimalMark::Point)?.integer()
            }
            Cell::Decimal(units, scale) => Decimal::new(units, scale).integer(),
            _ => None,
        }
        .map(Value::Integer)
    }

    /// What a cell of the field must hold, for messages.
    pub(crate) fn expected(&self) -> String {
        match (self.field.kind, &self.format) {
            (FieldKind::Time | FieldKind::Date, Some(format)) => {
                format!("a date in the format {format:?}")
            }
            (FieldKind::Time, None) => {
                "a date or time such as 2024-03-01 or 2024-03-01 08:30".into()
            }
            (FieldKind::Date, None) => "a date such as 2024-03-01".into(),
            (FieldKind::Amount, _) => "an amount such as 1200.50 below 10^16".into(),
            (FieldKind::Number, _) => "a number".into(),
            (FieldKind::Integer, _) => "a whole number".into(),
            (FieldKind::Flag, _) => "yes or no".into(),
            (FieldKind::Choice(choices), _) => format!(
                "one of {} (name other words in [source.values.{}])",
                choices.join(", "),
                self.field.name
            ),
            (FieldKind::Reference(entity), _) => format!("the id or name of its {}", entity.name()),
            (FieldKind::Id, _) => "an id".into(),
            (FieldKind::Text, _) => "a text".into(),
        }
    }
}

impl AttributePlan {
    pub(crate) fn new(mapping: &AttributeMapping, place: Place) -> Self {
        Self {
            name: mapping.name.clone(),
            place,
            rules: mapping.rules.clone(),
        }
    }
}

/// The attributes of a row as a JSON object of strings; `None` where all are empty.
pub(crate) fn attributes(plans: &[AttributePlan], row: &dyn Row) -> Option<String> {
    let mut json = String::new();
    for plan in plans {
        let cell = plan.place.cell(row);
        let text = cell.text();
        let text = plan
            .rules
            .get(text.as_ref())
            .map_or(text, |meant| Cow::Borrowed(meant.as_str()));
        if text.is_empty() || matches!(cell, Cell::Error(_)) {
            continue;
        }
        json.push(if json.is_empty() { '{' } else { ',' });
        push_json(&mut json, &plan.name);
        json.push(':');
        push_json(&mut json, &text);
    }
    (!json.is_empty()).then(|| json + "}")
}

fn push_json(json: &mut String, text: &str) {
    json.push('"');
    for c in text.chars() {
        match c {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            c if u32::from(c) < 0x20 => {
                // Writing into a string cannot fail.
                let _ = write!(json, "\\u{:04x}", u32::from(c));
            }
            c => json.push(c),
        }
    }
    json.push('"');
}

fn choice(choices: &[&'static str], text: &str) -> Option<Value<'static>> {
    let found = choices
        .iter()
        .find(|choice| choice.eq_ignore_ascii_case(text))?;
    Some(Value::Text(Cow::Borrowed(found)))
}

fn flag(cell: Cell<'_>) -> Option<Value<'static>> {
    match cell {
        Cell::Flag(value) => Some(Value::Flag(value)),
        Cell::Text(text) => match parse_flag(trim(text)) {
            Some(value) => Some(Value::Flag(value)),
            None => is_placeholder(trim(text)).then_some(Value::Null),
        },
        Cell::Integer(value @ (0 | 1)) => Some(Value::Flag(value == 1)),
        Cell::Number(value) if value.abs() < f64::EPSILON => Some(Value::Flag(false)),
        Cell::Number(value) if (value - 1.0).abs() < f64::EPSILON => Some(Value::Flag(true)),
        _ => None,
    }
}

pub(crate) fn days_since_epoch(day: NaiveDate) -> i32 {
    let days = day.signed_duration_since(NaiveDate::default()).num_days();
    i32::try_from(days).unwrap_or(i32::MAX)
}

/// Times without a zone, in the zone of the mapping; days, in the zone of the company.
#[derive(Debug, Clone)]
pub(crate) struct ZoneClock {
    pub(crate) zone: Tz,
    pub(crate) company_zone: Tz,
    /// The last day asked for and the offset that holds all of it, in seconds.
    last: std::cell::Cell<Option<(NaiveDate, i64)>>,
    last_midnight: std::cell::Cell<Option<(NaiveDate, i64)>>,
}

impl ZoneClock {
    pub(crate) fn new(zone: Tz, company_zone: Tz) -> Self {
        Self {
            zone,
            company_zone,
            last: std::cell::Cell::default(),
            last_midnight: std::cell::Cell::default(),
        }
    }

    /// Microseconds in UTC of a time in the zone of the mapping. A time that the clock shows twice
    /// is the first one, a time that it skips is as long after the gap's beginning.
    pub(crate) fn local(&self, time: NaiveDateTime) -> Option<i64> {
        let micros = time.and_utc().timestamp_micros();
        if let Some((day, offset)) = self.last.get()
            && day == time.date()
        {
            return Some(micros - offset * 1_000_000);
        }
        let begin = time.date().and_time(NaiveTime::MIN);
        let end = begin.checked_add_days(Days::new(1))?;
        let whole_day = match (
            offset_seconds(self.zone, begin),
            offset_seconds(self.zone, end),
        ) {
            (Some(first), Some(second)) if first == second => Some(first),
            _ => None,
        };
        if let Some(offset) = whole_day {
            self.last.set(Some((time.date(), offset)));
            return Some(micros - offset * 1_000_000);
        }
        utc_micros(self.zone, time)
    }

    /// Midnight of a day in the company's zone, microseconds in UTC.
    pub(crate) fn midnight(&self, day: NaiveDate) -> Option<i64> {
        if let Some((last, micros)) = self.last_midnight.get()
            && last == day
        {
            return Some(micros);
        }
        let micros = utc_micros(self.company_zone, day.and_time(NaiveTime::MIN))?;
        self.last_midnight.set(Some((day, micros)));
        Some(micros)
    }
}

/// The offset of a local time that is neither skipped nor shown twice.
fn offset_seconds(zone: Tz, time: NaiveDateTime) -> Option<i64> {
    let offset = zone.offset_from_local_datetime(&time).single()?;
    Some(i64::from(offset.fix().local_minus_utc()))
}

fn utc_micros(zone: Tz, time: NaiveDateTime) -> Option<i64> {
    if let Some(moment) = zone.from_local_datetime(&time).earliest() {
        return Some(moment.timestamp_micros());
    }
    let before = zone
        .from_local_datetime(&(time - TimeDelta::hours(3)))
        .earliest()?;
    Some((before + TimeDelta::hours(3)).timestamp_micros())
}
