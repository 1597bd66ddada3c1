//! A file as a table: which sheet, which row names the columns, which rows are records.

use std::path::Path;

use crate::error::{IngestError, Refusal};
use crate::mapping::{HeaderChoice, ReadOptions, SheetChoice};
use crate::nearest::{fold, nearest};
use crate::reader::{Flow, Input, Kind, Layout, OnRow, Row, refuse};
use crate::value::{Cell, OwnedCell, date, number, trim};

/// Rows in which a header is looked for.
const SAMPLE_ROWS: usize = 60;

/// A file whose columns are known.
pub(crate) struct Table {
    pub(crate) input: Input,
    /// The sheet, in a workbook.
    pub(crate) sheet: Option<String>,
    /// The names of the columns, none twice, none empty.
    pub(crate) columns: Vec<String>,
    /// The row that names them, where one does.
    pub(crate) header_row: Option<u64>,
    /// The first row that can be a record.
    first_row: u64,
    /// The cells of the header as they stand, to know it again when it is repeated.
    header: Vec<String>,
    skip_footer: u64,
    /// Records, once they have been counted for the footer.
    kept: Option<u64>,
}

struct SampleRow {
    number: u64,
    cells: Vec<OwnedCell>,
    line: Option<String>,
}

/// Where the columns of a sheet are named.
struct Header {
    columns: Vec<String>,
    written: Vec<String>,
    row: Option<u64>,
    first_row: u64,
}

impl Table {
    /// Opens a file and finds the sheet and the header that hold the wanted columns, which come
    /// with what is mapped to them.
    pub(crate) fn open(
        path: &Path,
        options: &ReadOptions,
        wanted: &[(String, String)],
    ) -> Result<Table, IngestError> {
        let mut input = Input::open(path, options)?;
        let sheets = choose_sheets(&input, options)?;
        let mut best: Option<(usize, Option<String>, Header)> = None;
        for sheet in sheets {
            let header = match input.own_columns() {
                Some(columns) => Header {
                    columns: columns.to_vec(),
                    written: Vec::new(),
                    row: None,
                    first_row: 0,
                },
                None => match find_header(&mut input, sheet.as_deref(), options, wanted)? {
                    Some(header) => header,
                    None => continue,
                },
            };
            let found = wanted
                .iter()
                .filter(|(name, _)| position(&header.columns, name).is_some());
            let found = found.count();
            if best.as_ref().is_none_or(|(most, ..)| found > *most) {
                best = Some((found, sheet, header));
            }
            if found == wanted.len() {
                break;
            }
        }
        let Some((_, sheet, header)) = best else {
            return Err(refuse(path, Refusal::NoRows));
        };
        let table = Table {
            input,
            sheet,
            columns: header.columns,
            header_row: header.row,
            first_row: header.first_row,
            header: header.written,
            skip_footer: options.skip_footer,
            kept: None,
        };
        match wanted
            .iter()
            .find(|(name, _)| position(&table.columns, name).is_none())
        {
            Some((name, field)) => Err(table.unknown_column(name, field)),
            None => Ok(table),
        }
    }

    /// The position of a column by its name, or by a name that only cases, blanks and `_` tell
    /// from it.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        position(&self.columns, name)
    }

    /// Goes through the records: rows after the header and before the footer, blank ones and
    /// repetitions of the header left out.
    pub(crate) fn rows(&mut self, on_row: OnRow<'_>) -> Result<(), IngestError> {
        if self.skip_footer > 0 && self.kept.is_none() {
            let mut count = 0;
            self.all_rows(&mut |_, _| {
                count += 1;
                Ok(Flow::Go)
            })?;
            self.kept = Some(u64::saturating_sub(count, self.skip_footer));
        }
        let Some(kept) = self.kept else {
            return self.all_rows(on_row);
        };
        let mut count = 0;
        self.all_rows(&mut |number, row| {
            count += 1;
            if count > kept {
                Ok(Flow::Stop)
            } else {
                on_row(number, row)
            }
        })
    }

    fn all_rows(&mut self, on_row: OnRow<'_>) -> Result<(), IngestError> {
        let (first_row, header) = (self.first_row, &self.header);
        self.input.scan(self.sheet.as_deref(), &mut |number, row| {
            if number < first_row
                || (0..row.len()).all(|index| row.cell(index).is_blank())
                || is_header(row, header)
            {
                return Ok(Flow::Go);
            }
            on_row(number, row)
        })
    }

    /// Whether a cell behind the last named column is a sign of a broken row.
    pub(crate) fn is_strict(&self) -> bool {
        matches!(self.input.kind, Kind::Text(_))
    }

    fn unknown_column(&self, column: &str, field: &str) -> IngestError {
        IngestError::UnknownColumn {
            file: self.input.path.clone(),
            sheet: self.sheet.clone(),
            column: column.to_owned(),
            field: field.to_owned(),
            nearest: nearest(column, self.columns.iter().map(String::as_str)),
            columns: self.columns.clone(),
        }
    }
}

/// The position of a name, or of the one that only cases, blanks and `_` tell from it.
pub(crate) fn position(columns: &[String], name: &str) -> Option<usize> {
    let name = clean(name);
    if let Some(exact) = columns.iter().position(|column| *column == name) {
        return Some(exact);
    }
    let folded = fold(&name);
    let mut alike = columns
        .iter()
        .enumerate()
        .filter(|(_, column)| fold(column) == folded);
    match (alike.next(), alike.next()) {
        (Some((index, _)), None) => Some(index),
        _ => None,
    }
}

fn is_header(row: &dyn Row, header: &[String]) -> bool {
    let Some(first) = header.iter().position(|name| !name.is_empty()) else {
        return false;
    };
    row.cell(first).text() == header[first]
        && header.len() > 1
        && header
            .iter()
            .enumerate()
            .all(|(index, name)| row.cell(index).text() == *name)
}

fn choose_sheets(input: &Input, options: &ReadOptions) -> Result<Vec<Option<String>>, IngestError> {
    let sheets = input.sheets();
    let unknown = |sheet: String| IngestError::UnknownSheet {
        file: input.path.clone(),
        nearest: nearest(&sheet, sheets.iter().map(String::as_str)),
        sheet,
        sheets: sheets.to_vec(),
    };
    match &options.sheet {
        None if sheets.is_empty() => Ok(vec![None]),
        None => Ok(sheets.iter().cloned().map(Some).collect()),
        Some(choice) if sheets.is_empty() => Err(unknown(match choice {
            SheetChoice::Name(name) => name.clone(),
            SheetChoice::Position(position) => position.to_string(),
        })),
        Some(SheetChoice::Position(position)) => match sheets.get(position - 1) {
            Some(sheet) => Ok(vec![Some(sheet.clone())]),
            None => Err(unknown(position.to_string())),
        },
        Some(SheetChoice::Name(name)) => {
            let hidden = matches!(&input.kind, Kind::Workbook(book) if book.has_sheet(name));
            let alike = sheets.iter().find(|sheet| trim(sheet) == trim(name));
            match (hidden, alike) {
                (true, _) => Ok(vec![Some(name.clone())]),
                (false, Some(sheet)) => Ok(vec![Some(sheet.clone())]),
                (false, None) => Err(unknown(name.clone())),
            }
        }
    }
}

fn find_header(
    input: &mut Input,
    sheet: Option<&str>,
    options: &ReadOptions,
    wanted: &[(String, String)],
) -> Result<Option<Header>, IngestError> {
    let last = match options.header {
        HeaderChoice::Row(row) => row,
        _ => 0,
    };
    let mut sample: Vec<SampleRow> = Vec::new();
    input.scan(sheet, &mut |number, row| {
        let cells = (0..row.len())
            .map(|index| row.cell(index).to_owned_cell())
            .collect();
        sample.push(SampleRow {
            number,
            cells,
            line: row.line().map(str::to_owned),
        });
        let enough = sample.len() >= SAMPLE_ROWS && number > last;
        Ok(if enough { Flow::Stop } else { Flow::Go })
    })?;
    sample.retain(|row| row.cells.iter().any(|cell| !cell.cell().is_blank()));
    let Some(first) = sample.first().map(|row| row.number) else {
        return Ok(None);
    };
    let widths = match &input.kind {
        Kind::Text(text) => match text.layout() {
            Layout::Fixed(widths) => Some(widths.len()),
            _ => None,
        },
        _ => None,
    };
    // Only text has one meaning for a row that is wider than its header: a broken one.
    let widest = sample
        .iter()
        .map(|row| row.cells.len())
        .max()
        .unwrap_or_default();
    let width = if matches!(input.kind, Kind::Text(_)) {
        0
    } else {
        widest
    };
    let unnamed = |first_row: u64| Header {
        columns: (1..=widths.unwrap_or(widest))
            .map(|index| index.to_string())
            .collect(),
        written: Vec::new(),
        row: None,
        first_row,
    };
    let named = |row: &SampleRow| {
        let written = written(row, widths);
        Header {
            columns: names(&written, width),
            written,
            row: Some(row.number),
            first_row: row.number + 1,
        }
    };
    Ok(Some(match options.header {
        HeaderChoice::Absent => unnamed(first),
        HeaderChoice::Row(row) => match sample.iter().find(|sampled| sampled.number >= row) {
            Some(row) => named(row),
            None => return Ok(None),
        },
        HeaderChoice::Detect => {
            let matches = |row: &SampleRow| {
                let columns = named(row).columns;
                wanted
                    .iter()
                    .filter(|(name, _)| position(&columns, name).is_some())
                    .count()
            };
            let mut best: Option<(usize, &SampleRow)> = None;
            for row in &sample {
                let found = matches(row);
                if found > 0 && best.is_none_or(|(most, _)| found > most) {
                    best = Some((found, row));
                }
            }
            match (best, guess(&sample)) {
                (Some((_, row)), _) => named(row),
                (None, Guess::Named(index)) => named(&sample[index]),
                (None, Guess::Unnamed(index)) => unnamed(sample[index].number),
            }
        }
    }))
}

/// The cells of a header row. Names over columns of fixed width do not keep to the widths.
fn written(row: &SampleRow, widths: Option<usize>) -> Vec<String> {
    if let (Some(columns), Some(line)) = (widths, &row.line) {
        let words: Vec<&str> = line.split_whitespace().collect();
        if words.len() == columns {
            return words.into_iter().map(str::to_owned).collect();
        }
    }
    row.cells
        .iter()
        .map(|cell| cell.cell().text().into_owned())
        .collect()
}

/// Names as they are mapped: blanks collapsed, none empty, none twice.
fn names(written: &[String], width: usize) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(written.len().max(width));
    let mut texts: Vec<String> = written.iter().map(|text| clean(text)).collect();
    while texts.len() > width.max(1) && texts.last().is_some_and(String::is_empty) {
        texts.pop();
    }
    texts.resize(texts.len().max(width), String::new());
    for (index, text) in texts.into_iter().enumerate() {
        let base = if text.is_empty() {
            (index + 1).to_string()
        } else {
            text
        };
        let mut name = base.clone();
        let mut copy = 2;
        while names.contains(&name) {
            name = format!("{base}_{copy}");
            copy += 1;
        }
        names.push(name);
    }
    names
}

fn clean(text: &str) -> String {
    let words: Vec<&str> = trim(text).split_whitespace().collect();
    words
        .join(" ")
        .trim_matches(['\u{feff}', '\u{200b}'])
        .to_owned()
}

enum Guess {
    Named(usize),
    Unnamed(usize),
}

/// The header is the first row that is nearly as full as most rows and begins with a word; where
/// the first full row begins with a number or a date there is none.
fn guess(sample: &[SampleRow]) -> Guess {
    let filled = |row: &SampleRow| {
        row.cells
            .iter()
            .filter(|cell| !cell.cell().is_blank())
            .count()
    };
    let mut counts: std::collections::BTreeMap<usize, usize> = std::collections::BTreeMap::new();
    for row in sample {
        let filled = filled(row);
        if filled > 1 {
            *counts.entry(filled).or_default() += 1;
        }
    }
    let usual = counts
        .into_iter()
        .max_by_key(|(filled, count)| (*count, *filled));
    let usual = usual.map_or(1, |(filled, _)| filled);
    let least = if usual > 2 { usual - 1 } else { usual };
    let index = sample
        .iter()
        .position(|row| filled(row) >= least)
        .unwrap_or_default();
    let is_word = |cell: &OwnedCell| match cell.cell() {
        Cell::Text(text) => {
            let text = trim(text);
            number::parse(text, number::DecimalMark::Point).is_none()
                && date::parse(text, Some(date::Order::DayFirst)).is_none()
        }
        _ => false,
    };
    let is_year = |cell: &OwnedCell| matches!(cell.cell().text().parse::<u32>(), Ok(year) if (1900..2100).contains(&year));
    let first = sample[index]
        .cells
        .iter()
        .find(|cell| !cell.cell().is_blank());
    let words = sample[index]
        .cells
        .iter()
        .filter(|cell| is_word(cell))
        .count();
    let years = sample[index]
        .cells
        .iter()
        .filter(|cell| is_year(cell))
        .count();
    let labels = years > 1 && words + years == filled(&sample[index]);
    if first.is_some_and(is_word) || words * 2 > filled(&sample[index]) || labels {
        Guess::Named(index)
    } else {
        Guess::Unnamed(index)
    }
}
