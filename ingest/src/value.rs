//! Cells as files hold them, and what they say.

pub(crate) mod date;
pub(crate) mod number;

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

/// A cell of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cell<'a> {
    /// Nothing.
    Empty,
    /// Text as written.
    Text(&'a str),
    /// A number of a spreadsheet, of JSON or of Parquet.
    Number(f64),
    /// A whole number that may be beyond 2^53.
    Integer(i64),
    /// A decimal: units, and how many digits stand after the point.
    Decimal(i128, i8),
    /// Yes or no.
    Flag(bool),
    /// A date and time of a spreadsheet, which cannot say whether midnight is meant.
    Serial(NaiveDateTime),
    /// A date and time without a zone.
    Local(NaiveDateTime),
    /// A moment.
    Moment(DateTime<Utc>),
    /// A calendar day.
    Day(NaiveDate),
    /// A time of day or a length of time of a spreadsheet, in days.
    Span(f64),
    /// An error of a spreadsheet, such as `#DIV/0!`.
    Error(&'a str),
}

/// A cell that owns what it holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum OwnedCell {
    /// Text.
    Text(String),
    /// An error of a spreadsheet.
    Error(String),
    /// Anything else.
    Plain(Cell<'static>),
}

impl OwnedCell {
    /// The same, borrowed.
    pub(crate) fn cell(&self) -> Cell<'_> {
        match self {
            OwnedCell::Text(text) => Cell::Text(text),
            OwnedCell::Error(text) => Cell::Error(text),
            OwnedCell::Plain(cell) => *cell,
        }
    }
}

impl<'a> Cell<'a> {
    /// Whether nothing is in it, or blanks only.
    pub(crate) fn is_blank(&self) -> bool {
        match self {
            Cell::Empty => true,
            Cell::Text(text) => trim(text).is_empty(),
            _ => false,
        }
    }

    /// A copy that owns its text.
    pub(crate) fn to_owned_cell(self) -> OwnedCell {
        match self {
            Cell::Text(text) => OwnedCell::Text(text.to_owned()),
            Cell::Error(text) => OwnedCell::Error(text.to_owned()),
            Cell::Empty => OwnedCell::Plain(Cell::Empty),
            Cell::Number(value) => OwnedCell::Plain(Cell::Number(value)),
            Cell::Integer(value) => OwnedCell::Plain(Cell::Integer(value)),
            Cell::Decimal(units, scale) => OwnedCell::Plain(Cell::Decimal(units, scale)),
            Cell::Flag(value) => OwnedCell::Plain(Cell::Flag(value)),
            Cell::Serial(value) => OwnedCell::Plain(Cell::Serial(value)),
            Cell::Local(value) => OwnedCell::Plain(Cell::Local(value)),
            Cell::Moment(value) => OwnedCell::Plain(Cell::Moment(value)),
            Cell::Day(value) => OwnedCell::Plain(Cell::Day(value)),
            Cell::Span(value) => OwnedCell::Plain(Cell::Span(value)),
        }
    }

    /// The text that a reader of the file would see; blanks around it are dropped.
    pub(crate) fn text(self) -> Cow<'a, str> {
        match self {
            Cell::Empty => Cow::Borrowed(""),
            Cell::Text(text) | Cell::Error(text) => Cow::Borrowed(trim(text)),
            Cell::Number(value) => Cow::Owned(format!("{value}")),
            Cell::Integer(value) => Cow::Owned(value.to_string()),
            Cell::Decimal(units, scale) => {
                Cow::Owned(number::Decimal::new(units, scale).to_string())
            }
            Cell::Flag(value) => Cow::Borrowed(if value { "true" } else { "false" }),
            Cell::Serial(time) if date::is_midnight(time) => Cow::Owned(time.date().to_string()),
            Cell::Serial(time) | Cell::Local(time) => Cow::Owned(time.to_string()),
            Cell::Moment(time) => Cow::Owned(time.to_rfc3339()),
            Cell::Day(day) => Cow::Owned(day.to_string()),
            Cell::Span(days) => Cow::Owned(format!("{:.0} s", days * 86_400.0)),
        }
    }
}

/// Without the blanks around it, also the ideographic ones, and without invisible characters.
pub(crate) fn trim(text: &str) -> &str {
    let bytes = text.as_bytes();
    match (bytes.first(), bytes.last()) {
        (Some(first), Some(last)) if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim_matches(|c: char| {
            c.is_whitespace()
                || matches!(c, '\u{feff}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\0')
        }),
    }
}

/// The narrow form of a full-width letter, digit or sign.
pub(crate) fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' | '\u{a0}' | '\u{202f}' | '\u{2009}' => ' ',
        '\u{2212}' => '-',
        '。' => '.',
        _ => c,
    }
}

/// What stands in a cell of dates, numbers or references where nothing is known.
pub(crate) fn is_placeholder(text: &str) -> bool {
    const PLACEHOLDERS: [&str; 16] = [
        "-", "--", "—", "——", "/", "\\", "\\N", "null", "none", "nil", "nan", "n/a", "na", "#n/a",
        "无", "暂无",
    ];
    text.len() <= 6
        && PLACEHOLDERS
            .iter()
            .any(|placeholder| placeholder.eq_ignore_ascii_case(text))
}

/// Yes or no, as people write it.
pub(crate) fn parse_flag(text: &str) -> Option<bool> {
    const YES: [&str; 12] = [
        "true", "t", "yes", "y", "1", "1.0", "是", "有", "对", "√", "✓", "x",
    ];
    const NO: [&str; 10] = ["false", "f", "no", "n", "0", "0.0", "否", "无", "没有", "×"];
    if YES.iter().any(|word| word.eq_ignore_ascii_case(text)) {
        Some(true)
    } else if NO.iter().any(|word| word.eq_ignore_ascii_case(text)) {
        Some(false)
    } else {
        None
    }
}
