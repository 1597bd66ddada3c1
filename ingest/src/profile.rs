//! What only a whole column can say, gathered in a first pass.

use std::path::Path;

use millrace_models::entity::FieldKind;

use crate::error::IngestError;
use crate::value::date::{self, Order, Orders};
use crate::value::number::{self, DecimalMark};
use crate::value::{Cell, trim};

/// What a column has shown so far.
#[derive(Debug, Clone)]
pub(crate) struct Profile {
    /// Orders that all its numeric dates can be read in.
    orders: Orders,
    /// The first numeric date.
    example: Option<(u64, String)>,
    /// The date that no order fits any more.
    contradiction: Option<(u64, String)>,
    has_time_of_day: bool,
    has_decimal_comma: bool,
    has_decimal_point: bool,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            orders: Orders::ALL,
            example: None,
            contradiction: None,
            has_time_of_day: false,
            has_decimal_comma: false,
            has_decimal_point: false,
        }
    }
}

/// How the cells of a column are read.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Reading {
    /// The order of numeric dates.
    pub(crate) order: Option<Order>,
    /// Whether serial days at midnight are times rather than days.
    pub(crate) has_time_of_day: bool,
    /// What stands before decimals.
    pub(crate) mark: DecimalMark,
    /// Whether serial days count from 1904.
    pub(crate) is_1904: bool,
}

/// Whether columns of this kind need a first pass.
pub(crate) fn needs_profile(kind: FieldKind) -> bool {
    matches!(
        kind,
        FieldKind::Time
            | FieldKind::Date
            | FieldKind::Amount
            | FieldKind::Number
            | FieldKind::Integer
    )
}

impl Profile {
    /// Takes note of a cell.
    pub(crate) fn observe(&mut self, kind: FieldKind, row: u64, cell: Cell<'_>) {
        let is_time = matches!(kind, FieldKind::Time | FieldKind::Date);
        match cell {
            Cell::Text(text) if is_time => self.observe_date(row, trim(text)),
            Cell::Text(text) => self.observe_number(trim(text)),
            Cell::Serial(time) => self.has_time_of_day |= !date::is_midnight(time),
            Cell::Number(value) if is_time => self.has_time_of_day |= value.fract() != 0.0,
            _ => {}
        }
    }

    fn observe_number(&mut self, text: &str) {
        let is_marked = |byte| matches!(byte, b',' | b'.') || byte >= 0x80;
        if !text.bytes().any(is_marked) {
            return;
        }
        match number::mark_evidence(text) {
            Some(DecimalMark::Comma) => self.has_decimal_comma = true,
            Some(DecimalMark::Point) => self.has_decimal_point = true,
            None => {}
        }
    }

    fn observe_date(&mut self, row: u64, text: &str) {
        let Some(possible) = date::possible_orders(text) else {
            return;
        };
        let left = self.orders.and(possible);
        if left.is_empty() && !self.orders.is_empty() {
            self.contradiction = Some((row, text.to_owned()));
        }
        self.orders = left;
        if self.example.is_none() {
            self.example = Some((row, text.to_owned()));
        }
    }

    /// The order that the column decides, if it does.
    pub(crate) fn order(&self) -> Option<Order> {
        self.orders.single()
    }

    /// The reading of the column. `others` is what other files of the same source decided.
    pub(crate) fn reading(
        &self,
        place: &Place<'_>,
        others: Option<Order>,
        is_1904: bool,
    ) -> Result<Reading, IngestError> {
        let undecided = self.example.is_some() && self.order().is_none();
        let order = match self.order() {
            None if self.contradiction.is_none() => others,
            own => own,
        };
        if undecided && order.is_none() {
            return Err(self.question(place));
        }
        let mark = if self.has_decimal_comma && !self.has_decimal_point {
            DecimalMark::Comma
        } else {
            DecimalMark::Point
        };
        Ok(Reading {
            order,
            has_time_of_day: self.has_time_of_day,
            mark,
            is_1904,
        })
    }

    fn question(&self, place: &Place<'_>) -> IngestError {
        let (row, example) = self.example.clone().unwrap_or_default();
        let why = match &self.contradiction {
            Some((other, text)) => {
                format!("no one order of day and month fits it and {text:?} (row {other})")
            }
            None => "no row of the column tells whether the day or the month stands first".into(),
        };
        IngestError::UndecidedDates {
            file: place.file.to_owned(),
            sheet: place.sheet.map(str::to_owned),
            column: place.column.to_owned(),
            field: place.field.to_owned(),
            example,
            row,
            why,
        }
    }
}

/// Where a column is, for the question about it.
pub(crate) struct Place<'a> {
    pub(crate) file: &'a Path,
    pub(crate) sheet: Option<&'a str>,
    pub(crate) column: &'a str,
    pub(crate) field: &'a str,
}
