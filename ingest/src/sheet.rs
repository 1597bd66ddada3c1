//! A sheet as it stands, row by row: for forms that a program hands out and takes back, and that no
//! mapping is written for.

use std::path::Path;

use crate::error::{IngestError, Refusal};
use crate::mapping::ReadOptions;
use crate::reader::{Flow, Input, Kind, Row, refuse};
use crate::value::Cell;

/// A row of a sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetRow {
    /// Its number, counted from 1 as the program shows it.
    pub number: u64,
    /// The texts of its cells, from column A; an empty cell is empty. Numbers have the 15 digits that
    /// a sheet has.
    pub cells: Vec<String>,
}

/// A sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetForm {
    /// Its name.
    pub name: String,
    /// Its rows, without blank ones.
    pub rows: Vec<SheetRow>,
}

/// Reads the first sheet that is shown of a workbook, at most so many rows of it.
///
/// # Errors
///
/// [`IngestError`] for what is no workbook, is not safe to unpack, or has more rows.
pub fn read_form(path: &Path, most_rows: usize) -> Result<SheetForm, IngestError> {
    let mut input = Input::open(path, &ReadOptions::default())?;
    if !matches!(input.kind, Kind::Workbook(_)) {
        let what = "no workbook".to_owned();
        let advice = "save it as xlsx";
        return Err(refuse(path, Refusal::NotATable { what, advice }));
    }
    let name = input.sheets().first().cloned().unwrap_or_default();
    let mut rows = Vec::new();
    let mut more = false;
    input.scan(Some(&name), &mut |number, row: &dyn Row| {
        if rows.len() == most_rows {
            more = true;
            return Ok(Flow::Stop);
        }
        let cells = (0..row.len()).map(|column| {
            if row.is_repeated(column) {
                String::new()
            } else {
                text(row.cell(column))
            }
        });
        rows.push(SheetRow {
            number,
            cells: cells.collect(),
        });
        Ok(Flow::Go)
    })?;
    if more {
        let what = format!("a sheet of more than {most_rows} rows");
        let advice = "divide it into several files";
        return Err(refuse(path, Refusal::NotATable { what, advice }));
    }
    Ok(SheetForm { name, rows })
}

/// The text of a cell. What a formula leaves behind the 15th digit is no part of a number.
fn text(cell: Cell<'_>) -> String {
    match cell {
        Cell::Number(value) if value.is_finite() => {
            let rounded: f64 = format!("{value:.14e}").parse().unwrap_or(value);
            rounded.to_string()
        }
        cell => cell.text().into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_that_a_sheet_has() {
        let check = |value: f64, expected: &str| assert_eq!(text(Cell::Number(value)), expected);
        check(0.1 + 0.2, "0.3");
        check(1_234_567.89, "1234567.89");
        check(12_000_000_000.0, "12000000000");
        check(1e20, "100000000000000000000");
        check(1.0 / 3.0, "0.333333333333333");
    }
}
