//! Workbooks: xlsx streamed cell by cell, xls, xlsb and ods sheet by sheet.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use calamine::{
    Data, DataRef, Dimensions, ExcelDateTime, OdsError, Reader, SheetType, SheetVisible, Sheets,
    Xls, XlsError, Xlsb, Xlsx, XlsxError, open_workbook,
};

use super::{Flow, Format, OnRow, Row, damaged, guarded, refuse};
use crate::error::{IngestError, Refusal};
use crate::value::{Cell, OwnedCell, date};

type Stream = BufReader<File>;

/// An open workbook.
pub(crate) struct WorkbookInput {
    format: Format,
    book: Sheets<Stream>,
    sheets: Vec<String>,
    is_1904: bool,
    /// The sheet that was read last, of the formats that are read whole.
    whole: Option<(String, calamine::Range<Data>, Vec<Dimensions>)>,
}

impl WorkbookInput {
    pub(super) fn open(path: &Path, format: Format) -> Result<Self, IngestError> {
        let name = name(format);
        let broken = |error: calamine::Error| translate(path, format, &error);
        let book = guarded(path, name, || -> Result<Sheets<Stream>, calamine::Error> {
            Ok(match format {
                Format::Xlsx => Sheets::Xlsx(open_workbook::<Xlsx<Stream>, _>(path)?),
                Format::Xlsb => Sheets::Xlsb(open_workbook::<Xlsb<Stream>, _>(path)?),
                Format::Ods => Sheets::Ods(open_workbook(path)?),
                _ => Sheets::Xls(open_workbook::<Xls<Stream>, _>(path)?),
            })
        })?
        .map_err(broken)?;
        let is_table = |sheet: &&calamine::Sheet| sheet.typ == SheetType::WorkSheet;
        let all: Vec<_> = book
            .sheets_metadata()
            .iter()
            .filter(is_table)
            .cloned()
            .collect();
        let mut sheets: Vec<String> = all
            .iter()
            .filter(|sheet| sheet.visible == SheetVisible::Visible)
            .map(|sheet| sheet.name.clone())
            .collect();
        if sheets.is_empty() {
            sheets = all.into_iter().map(|sheet| sheet.name).collect();
        }
        if sheets.is_empty() {
            return Err(refuse(path, Refusal::NoRows));
        }
        let is_1904 = match &book {
            Sheets::Xlsx(book) => book.has_1904_epoch(),
            Sheets::Xls(book) => book.has_1904_epoch(),
            _ => false,
        };
        Ok(Self {
            format,
            book,
            sheets,
            is_1904,
            whole: None,
        })
    }

    pub(super) fn format(&self) -> Format {
        self.format
    }

    /// The visible sheets, in their order; all where none is visible.
    pub(super) fn sheets(&self) -> &[String] {
        &self.sheets
    }

    pub(super) fn is_1904(&self) -> bool {
        self.is_1904
    }

    /// All sheets, also hidden ones, which a mapping may name.
    pub(crate) fn has_sheet(&self, name: &str) -> bool {
        self.book.sheet_names().iter().any(|sheet| sheet == name)
    }

    pub(super) fn scan(
        &mut self,
        path: &Path,
        sheet: &str,
        on_row: OnRow<'_>,
    ) -> Result<(), IngestError> {
        if let Sheets::Xlsx(book) = &mut self.book {
            return stream(path, book, sheet, on_row);
        }
        if self.whole.as_ref().is_none_or(|(name, ..)| name != sheet) {
            self.whole = None;
            let format = self.format;
            let book = &mut self.book;
            let (range, merged) = guarded(path, name(format), || {
                let range = book.worksheet_range(sheet)?;
                let merged = match book {
                    Sheets::Xls(book) => book.merge_cells_by_sheet_name(sheet)?,
                    _ => Vec::new(),
                };
                Ok::<_, calamine::Error>((range, merged))
            })?
            .map_err(|error| translate(path, format, &error))?;
            self.whole = Some((sheet.to_owned(), range, merged));
        }
        let Some((_, range, merged)) = &self.whole else {
            return Ok(());
        };
        let Some((first_row, first_column)) = range.start() else {
            return Ok(());
        };
        let mut merged = Merged::new(merged.clone());
        let mut cells = Vec::new();
        for (offset, row) in range.rows().enumerate() {
            let number = first_row + u32::try_from(offset).unwrap_or(u32::MAX);
            cells.clear();
            cells.resize(
                usize::try_from(first_column).unwrap_or_default(),
                Cell::Empty,
            );
            cells.extend(row.iter().map(whole_cell));
            if emit(number, &cells, &mut merged, on_row)? == Flow::Stop {
                break;
            }
        }
        Ok(())
    }
}

/// A row of a sheet, from column A.
struct SheetRow<'a> {
    cells: &'a [Cell<'a>],
    repeated: &'a [usize],
}

impl Row for SheetRow<'_> {
    fn len(&self) -> usize {
        self.cells.len()
    }

    fn cell(&self, index: usize) -> Cell<'_> {
        self.cells.get(index).copied().unwrap_or(Cell::Empty)
    }

    fn is_repeated(&self, index: usize) -> bool {
        self.repeated.contains(&index)
    }
}

fn stream(
    path: &Path,
    book: &mut Xlsx<Stream>,
    sheet: &str,
    on_row: OnRow<'_>,
) -> Result<(), IngestError> {
    let broken = |error: XlsxError| translate(path, Format::Xlsx, &calamine::Error::Xlsx(error));
    let merged =
        guarded(path, "xlsx", || book.merge_cells_by_sheet_name(sheet))?.map_err(broken)?;
    let mut merged = Merged::new(merged);
    let mut reader =
        guarded(path, "xlsx", || book.worksheet_cells_reader(sheet))?.map_err(broken)?;
    // The cells of the current row.
    let mut row: Vec<(usize, DataRef<'_>)> = Vec::new();
    let mut number = 0;
    loop {
        let next = guarded(path, "xlsx", || reader.next_cell())?.map_err(broken)?;
        let position = next.as_ref().map(calamine::Cell::get_position);
        let row_ends = position.is_none_or(|(at, _)| at != number);
        if row_ends && !row.is_empty() {
            let last = row.iter().map(|(column, _)| *column).max();
            let mut cells = vec![Cell::Empty; last.map_or(0, |last| last + 1)];
            for (column, value) in &row {
                cells[*column] = streamed_cell(value);
            }
            if emit(number, &cells, &mut merged, on_row)? == Flow::Stop {
                return Ok(());
            }
            row.clear();
        }
        let (Some(cell), Some((at, column))) = (next, position) else {
            return Ok(());
        };
        number = at;
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        if column < crate::limits::COLUMNS && *cell.get_value() != DataRef::Empty {
            row.push((column, cell.get_value().clone()));
        }
    }
}

/// Fills merged cells and hands the row on, unless it is blank.
fn emit(
    number: u32,
    cells: &[Cell<'_>],
    merged: &mut Merged,
    on_row: OnRow<'_>,
) -> Result<Flow, IngestError> {
    if cells.iter().all(Cell::is_blank) {
        return Ok(Flow::Go);
    }
    let filled = merged.values(number, cells);
    let mut repeated = Vec::with_capacity(filled.len());
    let mut all: Vec<Cell<'_>> = cells.to_vec();
    for (column, value) in &filled {
        if all.len() <= *column {
            all.resize(column + 1, Cell::Empty);
        }
        if all[*column].is_blank() {
            all[*column] = value.cell();
            repeated.push(*column);
        }
    }
    on_row(
        u64::from(number) + 1,
        &SheetRow {
            cells: &all,
            repeated: &repeated,
        },
    )
}

/// Merged regions that reach over several rows: their first column shows the same value in each.
/// Regions within one row are titles, whose other cells stay empty.
struct Merged {
    /// By first row, last first.
    waiting: Vec<Dimensions>,
    /// Regions of which the first row has passed.
    active: Vec<(Dimensions, OwnedCell)>,
}

impl Merged {
    fn new(mut regions: Vec<Dimensions>) -> Self {
        regions.retain(|region| region.end.0 > region.start.0);
        regions.sort_by_key(|region| std::cmp::Reverse(region.start));
        Self {
            waiting: regions,
            active: Vec::new(),
        }
    }

    fn values(&mut self, row: u32, cells: &[Cell<'_>]) -> Vec<(usize, OwnedCell)> {
        self.active.retain(|(region, _)| region.end.0 >= row);
        let values = self
            .active
            .iter()
            .map(|(region, value)| {
                (
                    usize::try_from(region.start.1).unwrap_or_default(),
                    value.clone(),
                )
            })
            .collect();
        while self
            .waiting
            .last()
            .is_some_and(|region| region.start.0 <= row)
        {
            let Some(region) = self.waiting.pop() else {
                break;
            };
            let column = usize::try_from(region.start.1).unwrap_or(usize::MAX);
            if region.start.0 == row
                && let Some(cell) = cells.get(column)
                && !cell.is_blank()
            {
                self.active.push((region, cell.to_owned_cell()));
            }
        }
        values
    }
}

fn whole_cell(data: &Data) -> Cell<'_> {
    match data {
        Data::Int(value) => Cell::Integer(*value),
        Data::Float(value) => Cell::Number(*value),
        Data::String(text) | Data::DurationIso(text) => Cell::Text(text),
        Data::Bool(value) => Cell::Flag(*value),
        Data::DateTime(time) => time_cell(*time),
        Data::DateTimeIso(text) => iso_cell(text),
        Data::Error(error) => Cell::Error(error_text(error)),
        Data::Empty => Cell::Empty,
    }
}

fn streamed_cell<'a>(data: &'a DataRef<'_>) -> Cell<'a> {
    match data {
        DataRef::Int(value) => Cell::Integer(*value),
        DataRef::Float(value) => Cell::Number(*value),
        DataRef::String(text) | DataRef::DurationIso(text) => Cell::Text(text),
        DataRef::SharedString(text) => Cell::Text(text),
        DataRef::Bool(value) => Cell::Flag(*value),
        DataRef::DateTime(time) => time_cell(*time),
        DataRef::DateTimeIso(text) => iso_cell(text),
        DataRef::Error(error) => Cell::Error(error_text(error)),
        DataRef::Empty => Cell::Empty,
    }
}

/// Numbers shown as dates. Below the first days that a sales record can have they are times of
/// day, or numbers with a wrong format.
fn time_cell(time: ExcelDateTime) -> Cell<'static> {
    if time.is_duration() {
        return Cell::Span(time.as_f64());
    }
    let is_1904 = is_1904(time);
    match date::serial(time.as_f64(), is_1904) {
        Some(time) => Cell::Serial(time),
        None => match time.as_datetime() {
            Some(early) if time.as_f64() >= 1.0 => Cell::Serial(early),
            _ => Cell::Span(time.as_f64()),
        },
    }
}

/// Calamine knows which system a cell counts in, but tells it only by what it makes of it.
fn is_1904(time: ExcelDateTime) -> bool {
    const DAYS_BETWEEN: i64 = 1462;
    let plain = date::serial(time.as_f64(), false);
    match (plain, time.as_datetime()) {
        (Some(plain), Some(told)) => (told - plain).num_days() >= DAYS_BETWEEN - 1,
        _ => false,
    }
}

fn iso_cell(text: &str) -> Cell<'_> {
    match date::parse(text, None) {
        Some(date::When::Day(day)) => Cell::Day(day),
        Some(date::When::Local(time)) => Cell::Serial(time),
        Some(date::When::Moment(time)) => Cell::Moment(time),
        None => Cell::Text(text),
    }
}

fn error_text(error: &calamine::CellErrorType) -> &'static str {
    use calamine::CellErrorType;
    match error {
        CellErrorType::Div0 => "#DIV/0!",
        CellErrorType::NA => "#N/A",
        CellErrorType::Name => "#NAME?",
        CellErrorType::Null => "#NULL!",
        CellErrorType::Num => "#NUM!",
        CellErrorType::Ref => "#REF!",
        CellErrorType::Value => "#VALUE!",
        CellErrorType::GettingData => "#GETTING_DATA",
    }
}

fn name(format: Format) -> &'static str {
    match format {
        Format::Xlsx => "xlsx",
        Format::Xlsb => "xlsb",
        Format::Ods => "ods",
        _ => "xls",
    }
}

/// What calamine says, in words of the people who sent the file.
fn translate(path: &Path, format: Format, error: &calamine::Error) -> IngestError {
    let text = error.to_string();
    let encrypted = matches!(
        error,
        calamine::Error::Xlsx(XlsxError::Password)
            | calamine::Error::Xls(XlsError::Password)
            | calamine::Error::Ods(OdsError::Password)
    ) || text.contains("assword")
        // The record that names the code page is the first that is scrambled.
        || (format == Format::Xls && text.contains("Codepage"));
    if encrypted {
        return refuse(path, Refusal::Encrypted);
    }
    damaged(path, name(format), text)
}
