//! Texts of a database to cells.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

use super::catalog::{Column, ColumnKind};
use super::connection::Texts;
use crate::mapping::DeletedWhen;
use crate::reader::Row;
use crate::value::{Cell, OwnedCell, parse_flag, trim};

/// A row of a table.
pub(crate) struct Cells(pub(crate) Vec<OwnedCell>);

impl Cells {
    pub(crate) fn new(texts: Texts, columns: &[Column]) -> Self {
        let cells = texts.into_iter().zip(columns);
        Self(cells.map(|(text, column)| cell(text, column)).collect())
    }
}

impl Row for Cells {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn cell(&self, index: usize) -> Cell<'_> {
        self.0.get(index).map_or(Cell::Empty, OwnedCell::cell)
    }
}

/// The cell of a text. What its type cannot say, such as infinity, is an error by its own name.
fn cell(text: Option<String>, column: &Column) -> OwnedCell {
    let Some(text) = text else {
        return OwnedCell::Plain(Cell::Empty);
    };
    let plain = match column.kind {
        ColumnKind::Text => return OwnedCell::Text(text),
        ColumnKind::Bytes => return OwnedCell::Error(format!("bytes {text}…")),
        ColumnKind::Flag => match text.as_str() {
            "true" | "t" => Some(Cell::Flag(true)),
            "false" | "f" => Some(Cell::Flag(false)),
            _ => None,
        },
        ColumnKind::Whole => text.parse().ok().map(Cell::Integer),
        ColumnKind::Unsigned | ColumnKind::Bits => match text.parse() {
            Ok(number) => Some(Cell::Integer(number)),
            Err(_) => decimal(&text),
        },
        ColumnKind::Decimal => decimal(&text),
        ColumnKind::Float | ColumnKind::Single => text
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite())
            .map(Cell::Number),
        ColumnKind::Day => day(&text),
        ColumnKind::Local => local(&text),
        ColumnKind::Moment => moment(&text).map(Cell::Moment),
    };
    plain.map_or(OwnedCell::Error(text), OwnedCell::Plain)
}

/// Digits are kept as they stand, as far as 38 of them go.
fn decimal(text: &str) -> Option<Cell<'static>> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let units = format!("{whole}{fraction}").parse().ok()?;
    Some(Cell::Decimal(units, i8::try_from(fraction.len()).ok()?))
}

fn day(text: &str) -> Option<Cell<'static>> {
    if text == "0000-00-00" {
        return Some(Cell::Empty); // how MySQL writes that there is none
    }
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .map(Cell::Day)
}

fn local(text: &str) -> Option<Cell<'static>> {
    if text.starts_with("0000-00-00 ") {
        return Some(Cell::Empty);
    }
    wall_clock(text).map(Cell::Local)
}

/// A time as the database writes it, without its zone.
pub(super) fn wall_clock(text: &str) -> Option<NaiveDateTime> {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").ok()
}

/// A time that is in UTC, as it was asked for.
pub(super) fn moment(text: &str) -> Option<DateTime<Utc>> {
    Some(wall_clock(text.strip_suffix("+00").unwrap_or(text))?.and_utc())
}

/// Whether a row is no more, by the cell that says so; `None` where it says neither.
pub(crate) fn is_deleted(when: &DeletedWhen, cell: Cell<'_>) -> Option<bool> {
    if let Some(value) = &when.value {
        return Some(cell.text() == value.as_str());
    }
    match cell {
        Cell::Empty => Some(false),
        Cell::Flag(value) => Some(value),
        Cell::Integer(number) => Some(number != 0),
        Cell::Decimal(units, _) => Some(units != 0),
        Cell::Local(_) | Cell::Moment(_) | Cell::Day(_) => Some(true),
        Cell::Text(text) if trim(text).is_empty() => Some(false),
        Cell::Text(text) => parse_flag(trim(text)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: ColumnKind, text: &str) -> OwnedCell {
        let column = Column {
            name: "c".into(),
            kind,
            native: "c".into(),
            is_filled: false,
            is_unique: false,
        };
        cell(Some(text.into()), &column)
    }

    #[test]
    fn digits_are_kept() {
        let most = OwnedCell::Plain(Cell::Decimal(12_345_678_901_234_567_890_123, 3));
        assert_eq!(
            of(ColumnKind::Decimal, "12345678901234567890.123"),
            most,
            "no float between"
        );
        assert_eq!(
            of(ColumnKind::Decimal, "-0.05"),
            OwnedCell::Plain(Cell::Decimal(-5, 2))
        );
        assert_eq!(
            of(ColumnKind::Unsigned, "18446744073709551615"),
            OwnedCell::Plain(Cell::Decimal(18_446_744_073_709_551_615, 0))
        );
        assert_eq!(
            of(ColumnKind::Decimal, "NaN"),
            OwnedCell::Error("NaN".into())
        );
    }

    #[test]
    fn times_are_what_the_database_means() {
        let written = "2024-03-01 08:30:00.123456";
        let wall = wall_clock(written).unwrap();
        assert_eq!(
            of(ColumnKind::Local, written),
            OwnedCell::Plain(Cell::Local(wall))
        );
        let moment = OwnedCell::Plain(Cell::Moment(wall.and_utc()));
        assert_eq!(
            of(ColumnKind::Moment, &format!("{written}+00")),
            moment.clone()
        );
        assert_eq!(of(ColumnKind::Moment, written), moment);
        for odd in ["infinity", "0044-03-15 00:00:00 BC", "2024-00-01 00:00:00"] {
            assert_eq!(of(ColumnKind::Local, odd), OwnedCell::Error(odd.into()));
        }
        let none = OwnedCell::Plain(Cell::Empty);
        assert_eq!(of(ColumnKind::Local, "0000-00-00 00:00:00"), none);
        assert_eq!(of(ColumnKind::Day, "0000-00-00"), none);
    }

    #[test]
    fn what_says_that_a_row_is_no_more() {
        let when = |value: Option<&str>| DeletedWhen {
            column: "c".into(),
            value: value.map(str::to_owned),
        };
        let any = when(None);
        assert_eq!(is_deleted(&any, Cell::Flag(true)), Some(true));
        assert_eq!(is_deleted(&any, Cell::Integer(0)), Some(false));
        assert_eq!(is_deleted(&any, Cell::Empty), Some(false));
        assert_eq!(is_deleted(&any, Cell::Text("Y")), Some(true));
        assert_eq!(is_deleted(&any, Cell::Text("maybe")), None);
        let removed = when(Some("removed"));
        assert_eq!(is_deleted(&removed, Cell::Text("removed ")), Some(true));
        assert_eq!(is_deleted(&removed, Cell::Text("active")), Some(false));
    }
}
