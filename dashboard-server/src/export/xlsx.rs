//! Records as XLSX: the records on the first sheet (more sheets when one is full), what they are
//! on the last.

use std::io::{Seek, Write};

use chrono::{DateTime, NaiveDateTime, Utc};
use millrace_lake::query::{DrillColumn, Row};
pub(crate) use rust_xlsxwriter::XlsxError;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet};

use super::Language;
use super::cells::{Cell, cell};

/// Rows of a sheet without its header row; a sheet ends at row 1,048,576.
const ROWS_OF_A_SHEET: u32 = 1_048_575;
/// Characters that a column shows.
const COLUMN_WIDTH: f64 = 18.0;
/// Characters of a cell; more cannot be opened.
const CHARACTERS_OF_A_CELL: usize = 32_767;

/// A workbook in the making. Rows go to a temporary file, so memory does not grow with them.
pub(crate) struct Export {
    workbook: Workbook,
    columns: Vec<DrillColumn>,
    labels: Vec<String>,
    language: Language,
    sheets: u32,
    rows: u32,
    formats: Formats,
}

struct Formats {
    header: Format,
    amount: Format,
    day: Format,
    moment: Format,
}

impl Export {
    /// A workbook with an empty sheet for these columns under these headers; `now` is the time it says it was made.
    ///
    /// # Errors
    ///
    /// When the temporary file cannot be written.
    pub(crate) fn new(
        columns: Vec<DrillColumn>,
        labels: Vec<String>,
        language: Language,
        now: DateTime<Utc>,
    ) -> Result<Self, XlsxError> {
        let mut workbook = Workbook::new();
        workbook.set_properties(
            &DocProperties::new()
                .set_author("Millrace")
                .set_creation_datetime(&excel_time(now.naive_utc())?),
        );
        let mut export = Self {
            workbook,
            columns,
            labels,
            language,
            sheets: 0,
            rows: 0,
            formats: Formats {
                header: Format::new().set_bold(),
                amount: Format::new().set_num_format("#,##0.00"),
                day: Format::new().set_num_format("yyyy-mm-dd"),
                moment: Format::new().set_num_format("yyyy-mm-dd hh:mm"),
            },
        };
        export.add_sheet()?;
        Ok(export)
    }

    fn add_sheet(&mut self) -> Result<(), XlsxError> {
        self.sheets += 1;
        self.rows = 0;
        let records = self.language.choose("记录", "Records");
        let name = if self.sheets == 1 {
            records.to_owned()
        } else {
            format!("{records} {}", self.sheets)
        };
        let sheet = self.workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name(name)?;
        sheet.set_freeze_panes(1, 0)?;
        for (position, label) in (0u16..).zip(&self.labels) {
            sheet.set_column_width(position, COLUMN_WIDTH)?;
            sheet.write_string_with_format(0, position, label, &self.formats.header)?;
        }
        Ok(())
    }

    /// Adds records.
    ///
    /// # Errors
    ///
    /// When the temporary file cannot be written.
    pub(crate) fn push(&mut self, rows: &[Row]) -> Result<(), XlsxError> {
        for row in rows {
            if self.rows == ROWS_OF_A_SHEET {
                self.add_sheet()?;
            }
            self.rows += 1;
            let sheet = self
                .workbook
                .worksheet_from_index(self.sheets as usize - 1)?;
            for (position, column) in (0u16..).zip(&self.columns) {
                let value = cell(row.get(&column.name), column, self.language);
                write(sheet, self.rows, position, &value, &self.formats)?;
            }
        }
        Ok(())
    }

    /// Adds the last sheet, of names and values, and writes the file.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub(crate) fn finish(
        mut self,
        about: &[(String, String)],
        file: impl Write + Seek + Send,
    ) -> Result<(), XlsxError> {
        let sheet = self.workbook.add_worksheet();
        sheet.set_name(self.language.choose("说明", "About"))?;
        sheet.set_column_width(0, 20)?;
        sheet.set_column_width(1, 90)?;
        let wrapped = Format::new().set_text_wrap();
        for (row, (name, value)) in (0u32..).zip(about) {
            sheet.write_string_with_format(row, 0, name, &self.formats.header)?;
            sheet.write_string_with_format(row, 1, shorten(value), &wrapped)?;
        }
        self.workbook.save_to_writer(file)
    }
}

fn write(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    cell: &Cell<'_>,
    formats: &Formats,
) -> Result<(), XlsxError> {
    match cell {
        Cell::Empty => {}
        Cell::Text(words) => {
            sheet.write_string(row, column, shorten(words))?;
        }
        Cell::Integer(number) => {
            // A sheet has 15 digits.
            if number.unsigned_abs() < 1_000_000_000_000_000 {
                sheet.write_number(row, column, *number as f64)?;
            } else {
                sheet.write_string(row, column, number.to_string())?;
            }
        }
        Cell::Number(number) => {
            sheet.write_number(row, column, *number)?;
        }
        Cell::Amount(amount) => {
            sheet.write_number_with_format(row, column, *amount, &formats.amount)?;
        }
        Cell::Flag(flag) => {
            sheet.write_boolean(row, column, *flag)?;
        }
        Cell::Day(day) => match excel_time(day.and_time(chrono::NaiveTime::MIN)) {
            Ok(time) => {
                sheet.write_datetime_with_format(row, column, &time, &formats.day)?;
            }
            // Days before 1900 are no days of a sheet.
            Err(_) => {
                sheet.write_string(row, column, day.to_string())?;
            }
        },
        Cell::Moment(moment) => match excel_time(*moment) {
            Ok(time) => {
                sheet.write_datetime_with_format(row, column, &time, &formats.moment)?;
            }
            Err(_) => {
                sheet.write_string(row, column, moment.to_string())?;
            }
        },
    }
    Ok(())
}

fn excel_time(moment: NaiveDateTime) -> Result<ExcelDateTime, XlsxError> {
    ExcelDateTime::parse_from_str(&moment.format("%Y-%m-%dT%H:%M:%S").to_string())
}

fn shorten(words: &str) -> &str {
    match words.char_indices().nth(CHARACTERS_OF_A_CELL) {
        Some((end, _)) => &words[..end],
        None => words,
    }
}
