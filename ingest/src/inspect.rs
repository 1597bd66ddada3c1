//! What is in a file, before there is a mapping for it.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::IngestError;
use crate::mapping::ReadOptions;
use crate::reader::{Flow, Format};
use crate::source::Table;
use crate::value::date::{self, Order, Orders};
use crate::value::number::{self, DecimalMark};
use crate::value::{Cell, is_placeholder, parse_flag, trim};

/// Rows by which the kinds of the columns are judged.
const JUDGED_ROWS: u64 = 5_000;
const SAMPLES: usize = 3;

/// What is in a file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inspection {
    /// The file.
    pub file: PathBuf,
    /// What kind of file it is.
    pub format: Format,
    /// Its encoding, for text.
    pub encoding: Option<&'static str>,
    /// What stands between its values, for delimited text.
    pub delimiter: Option<String>,
    /// The sheet that was read, in a workbook.
    pub sheet: Option<String>,
    /// The visible sheets of a workbook.
    pub sheets: Vec<String>,
    /// The row that names the columns, counted from 1; `None` where none does.
    pub header_row: Option<u64>,
    /// The columns.
    pub columns: Vec<InspectedColumn>,
    /// The records.
    pub rows: u64,
}

/// A column of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InspectedColumn {
    /// Its name in a mapping.
    pub name: String,
    /// What nearly all its cells look like.
    pub kind: ColumnKind,
    /// Some of its values.
    pub samples: Vec<String>,
}

/// What the cells of a column look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    /// Nothing is in them.
    Empty,
    /// Text, ids and everything mixed.
    Text,
    /// Whole numbers.
    Integer,
    /// Numbers and amounts.
    Number,
    /// Days.
    Date,
    /// Days with a time.
    Time,
    /// Dates of which the column does not tell whether day or month is first: give a `format`.
    UndecidedDate,
    /// Yes and no.
    Flag,
}

/// Reads a file as `ingest` would, without a mapping.
///
/// # Errors
/// When it is no table that can be read; the message says what it is.
pub fn inspect(path: &Path) -> Result<Inspection, IngestError> {
    let mut table = Table::open(path, &ReadOptions::default(), &[])?;
    let mut judged: Vec<Judged> = vec![Judged::default(); table.columns.len()];
    let mut rows = 0;
    table.rows(&mut |_, row| {
        rows += 1;
        if rows <= JUDGED_ROWS {
            for (index, judged) in judged.iter_mut().enumerate() {
                judged.observe(row.cell(index));
            }
        }
        Ok(Flow::Go)
    })?;
    let columns = table
        .columns
        .iter()
        .zip(judged)
        .map(|(name, judged)| InspectedColumn {
            name: name.clone(),
            kind: judged.kind(),
            samples: judged.samples,
        });
    Ok(Inspection {
        file: path.to_owned(),
        format: table.input.format(),
        encoding: table.input.encoding(),
        delimiter: table.input.delimiter(),
        sheet: table.sheet.clone(),
        sheets: table.input.sheets().to_vec(),
        header_row: table.header_row,
        columns: columns.collect(),
        rows,
    })
}

#[derive(Debug, Clone)]
struct Judged {
    filled: usize,
    integers: usize,
    numbers: usize,
    days: usize,
    times: usize,
    flags: usize,
    orders: Orders,
    ordered: bool,
    samples: Vec<String>,
}

impl Default for Judged {
    fn default() -> Self {
        Self {
            filled: 0,
            integers: 0,
            numbers: 0,
            days: 0,
            times: 0,
            flags: 0,
            orders: Orders::ALL,
            ordered: false,
            samples: Vec::new(),
        }
    }
}

impl Judged {
    fn observe(&mut self, cell: Cell<'_>) {
        if cell.is_blank() {
            return;
        }
        if self.samples.len() < SAMPLES {
            let text: String = cell.text().chars().take(60).collect();
            if !self.samples.contains(&text) {
                self.samples.push(text);
            }
        }
        match cell {
            Cell::Text(text) if is_placeholder(trim(text)) => return,
            Cell::Text(text) => self.observe_text(trim(text)),
            Cell::Integer(_) => self.integers += 1,
            Cell::Number(value) if value.fract() == 0.0 => self.integers += 1,
            Cell::Number(_) | Cell::Decimal(..) => self.numbers += 1,
            Cell::Flag(_) => self.flags += 1,
            Cell::Serial(time) if date::is_midnight(time) => self.days += 1,
            Cell::Serial(_) | Cell::Local(_) | Cell::Moment(_) => self.times += 1,
            Cell::Day(_) => self.days += 1,
            Cell::Empty | Cell::Span(_) | Cell::Error(_) => {}
        }
        self.filled += 1;
    }

    fn observe_text(&mut self, text: &str) {
        if let Some(number) = number::parse(text, DecimalMark::Point) {
            // 00123 is an id.
            let padded =
                text.len() > 1 && text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
            let compact = text.len() == 8 && date::parse(text, None).is_some();
            if compact {
                self.days += 1;
            } else if !padded {
                *(if number.integer().is_some() {
                    &mut self.integers
                } else {
                    &mut self.numbers
                }) += 1;
            }
            return;
        }
        if let Some(orders) = date::possible_orders(text) {
            self.orders = self.orders.and(orders);
            self.ordered = true;
        }
        let order = self.orders.single().or(Some(Order::DayFirst));
        match date::parse(text, order).or_else(|| date::parse(text, Some(Order::MonthFirst))) {
            Some(date::When::Day(_)) => self.days += 1,
            Some(_) => self.times += 1,
            None if parse_flag(text).is_some() => self.flags += 1,
            None => {}
        }
    }

    fn kind(&self) -> ColumnKind {
        let nearly = |count: usize| count > 0 && count * 10 >= self.filled * 9;
        if self.filled == 0 {
            ColumnKind::Empty
        } else if nearly(self.days + self.times) {
            match (self.ordered && self.orders.single().is_none(), self.times) {
                (true, _) => ColumnKind::UndecidedDate,
                (false, 0) => ColumnKind::Date,
                (false, _) => ColumnKind::Time,
            }
        } else if nearly(self.integers) && self.numbers == 0 {
            ColumnKind::Integer
        } else if nearly(self.integers + self.numbers) {
            ColumnKind::Number
        } else if nearly(self.flags) {
            ColumnKind::Flag
        } else {
            ColumnKind::Text
        }
    }
}
