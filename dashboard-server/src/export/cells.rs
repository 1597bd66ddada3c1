//! Values of a record as cells of a sheet.

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use millrace_lake::query::DrillColumn;
use serde_json::Value;

use super::Language;
use super::words::word;

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell<'a> {
    /// No value.
    Empty,
    /// Words, or an id as written.
    Text(&'a str),
    /// A count.
    Integer(i64),
    /// A measured number.
    Number(f64),
    /// Money.
    Amount(f64),
    /// Yes or no.
    Flag(bool),
    /// A calendar day.
    Day(NaiveDate),
    /// A moment, in the company's zone.
    Moment(NaiveDateTime),
}

/// The value of a record in a column, codes as the language calls them. Times keep the zone that they come in, the company's.
pub(crate) fn cell<'a>(
    value: Option<&'a Value>,
    column: &DrillColumn,
    language: Language,
) -> Cell<'a> {
    match value {
        None | Some(Value::Null | Value::Array(_) | Value::Object(_)) => Cell::Empty,
        Some(Value::Bool(flag)) => Cell::Flag(*flag),
        Some(Value::Number(number)) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) if column.kind != "amount" => Cell::Integer(number),
            (_, Some(number)) if column.kind == "amount" => Cell::Amount(number),
            (_, Some(number)) => Cell::Number(number),
            _ => Cell::Empty,
        },
        Some(Value::String(text)) => match column.kind.as_str() {
            "time" => DateTime::parse_from_rfc3339(text).map_or(Cell::Text(text), |moment| {
                Cell::Moment(moment.naive_local())
            }),
            "date" => text.parse().map_or(Cell::Text(text), Cell::Day),
            _ => Cell::Text(word(&column.name, text, language)),
        },
    }
}
