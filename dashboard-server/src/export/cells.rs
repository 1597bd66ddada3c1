//! Values of a record batch as cells of a sheet.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float64Type, Int64Type, TimeUnit,
    TimestampMicrosecondType,
};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime};
use chrono_tz::Tz;

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    /// No value.
    Empty,
    /// Words, or an id as written.
    Text(String),
    /// A count.
    Integer(i64),
    /// A measured number.
    Number(f64),
    /// An amount, with the text that has all its digits.
    Amount {
        /// For arithmetic in a sheet.
        value: f64,
        /// All digits.
        text: String,
    },
    /// Yes or no.
    Flag(bool),
    /// A calendar day.
    Day(NaiveDate),
    /// A moment, in the company's zone.
    Moment(NaiveDateTime),
}

/// The value in a row of a column. Times become local times of `zone`.
pub(crate) fn cell(column: &ArrayRef, row: usize, zone: Tz) -> Cell {
    if column.is_null(row) {
        return Cell::Empty;
    }
    match column.data_type() {
        DataType::Utf8 => Cell::Text(column.as_string::<i32>().value(row).to_owned()),
        DataType::LargeUtf8 => Cell::Text(column.as_string::<i64>().value(row).to_owned()),
        DataType::Utf8View => Cell::Text(column.as_string_view().value(row).to_owned()),
        DataType::Int64 => Cell::Integer(column.as_primitive::<Int64Type>().value(row)),
        DataType::Float64 => Cell::Number(column.as_primitive::<Float64Type>().value(row)),
        DataType::Decimal128(_, _) => {
            let text = column.as_primitive::<Decimal128Type>().value_as_string(row);
            match text.parse() {
                Ok(value) => Cell::Amount { value, text },
                Err(_) => Cell::Text(text),
            }
        }
        DataType::Boolean => Cell::Flag(column.as_boolean().value(row)),
        DataType::Date32 => {
            let days = column.as_primitive::<Date32Type>().value(row);
            NaiveDate::default()
                .checked_add_signed(Duration::days(i64::from(days)))
                .map_or(Cell::Empty, Cell::Day)
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            let micros = column
                .as_primitive::<TimestampMicrosecondType>()
                .value(row);
            DateTime::from_timestamp_micros(micros).map_or(Cell::Empty, |moment| {
                Cell::Moment(moment.with_timezone(&zone).naive_local())
            })
        }
        _ => ArrayFormatter::try_new(column, &FormatOptions::default())
            .map_or(Cell::Empty, |text| Cell::Text(text.value(row).to_string())),
    }
}
