//! Files as rows of cells, whatever their format.
//!
//! The format is told by what is in the file, never by its name alone. Rows are pushed, one at a
//! time, to a closure: nothing but the current row is held, except where [`crate::limits`] says.

mod jsonl;
mod package;
mod parquet;
mod sniff;
mod text;
mod workbook;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use serde::Serialize;

pub(crate) use self::parquet::{ArrayRow, ParquetInput, readable};
pub(crate) use self::text::Layout;
use crate::error::{IngestError, Refusal};
use crate::mapping::ReadOptions;
use crate::value::Cell;

/// What kind of file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Text with a delimiter: csv, tsv and the like.
    Delimited,
    /// Text with columns of fixed width.
    FixedWidth,
    /// Text with runs of blanks between the columns.
    Blanks,
    /// One JSON object a line.
    Jsonl,
    /// Excel since 2007.
    Xlsx,
    /// Excel since 2007, binary.
    Xlsb,
    /// Excel up to 2003.
    Xls,
    /// `OpenDocument` spreadsheet.
    Ods,
    /// Parquet.
    Parquet,
}

/// A row of a file.
pub(crate) trait Row {
    /// How many cells it has.
    fn len(&self) -> usize;
    /// The cell at a position; empty behind the last.
    fn cell(&self, index: usize) -> Cell<'_>;
    /// Whether the cell only repeats the one above, which it is merged with.
    fn is_repeated(&self, _index: usize) -> bool {
        false
    }
    /// The line as it stands, in text without a delimiter.
    fn line(&self) -> Option<&str> {
        None
    }
}

/// Whether to go on after a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    Go,
    Stop,
}

/// What is called with each row and its number, counted from 1 as a person counts.
pub(crate) type OnRow<'a> = &'a mut dyn FnMut(u64, &dyn Row) -> Result<Flow, IngestError>;

/// An open file.
pub(crate) struct Input {
    pub(crate) path: PathBuf,
    pub(crate) kind: Kind,
}

/// An open file, by how it is read.
pub(crate) enum Kind {
    Text(text::TextInput),
    Jsonl(jsonl::JsonlInput),
    Workbook(Box<workbook::WorkbookInput>),
    Parquet(ParquetInput),
}

impl Input {
    /// Finds out what the file is and opens it.
    pub(crate) fn open(path: &Path, options: &ReadOptions) -> Result<Input, IngestError> {
        let kind = match sniff::sniff(path, options)? {
            sniff::Found::Text(encoding) => {
                Kind::Text(text::TextInput::open(path, encoding, options)?)
            }
            sniff::Found::Jsonl(encoding) => Kind::Jsonl(jsonl::JsonlInput::open(path, encoding)?),
            sniff::Found::Workbook(format) => {
                Kind::Workbook(Box::new(workbook::WorkbookInput::open(path, format)?))
            }
            sniff::Found::Parquet => Kind::Parquet(ParquetInput::open(path)?),
        };
        Ok(Input {
            path: path.to_owned(),
            kind,
        })
    }

    pub(crate) fn format(&self) -> Format {
        match &self.kind {
            Kind::Text(text) => match text.layout() {
                Layout::Delimited { .. } => Format::Delimited,
                Layout::Blanks => Format::Blanks,
                Layout::Fixed(_) => Format::FixedWidth,
            },
            Kind::Jsonl(_) => Format::Jsonl,
            Kind::Workbook(workbook) => workbook.format(),
            Kind::Parquet(_) => Format::Parquet,
        }
    }

    /// The name of its encoding, for text.
    pub(crate) fn encoding(&self) -> Option<&'static str> {
        match &self.kind {
            Kind::Text(text) => Some(text.encoding().name()),
            Kind::Jsonl(jsonl) => Some(jsonl.encoding().name()),
            _ => None,
        }
    }

    /// What stands between its values, for delimited text.
    pub(crate) fn delimiter(&self) -> Option<String> {
        match &self.kind {
            Kind::Text(text) => match text.layout() {
                Layout::Delimited { delimiter, .. } => Some(char::from(*delimiter).to_string()),
                _ => None,
            },
            _ => None,
        }
    }

    /// The visible sheets of a workbook; empty for other files.
    pub(crate) fn sheets(&self) -> &[String] {
        match &self.kind {
            Kind::Workbook(workbook) => workbook.sheets(),
            _ => &[],
        }
    }

    /// The names of the columns, where the format itself gives them.
    pub(crate) fn own_columns(&self) -> Option<&[String]> {
        match &self.kind {
            Kind::Jsonl(jsonl) => Some(jsonl.columns()),
            Kind::Parquet(parquet) => Some(parquet.columns()),
            _ => None,
        }
    }

    /// Whether serial day numbers count from 1904.
    pub(crate) fn is_1904(&self) -> bool {
        matches!(&self.kind, Kind::Workbook(workbook) if workbook.is_1904())
    }

    /// Goes through all rows, headers included.
    pub(crate) fn scan(
        &mut self,
        sheet: Option<&str>,
        on_row: OnRow<'_>,
    ) -> Result<(), IngestError> {
        match &mut self.kind {
            Kind::Text(text) => text.scan(&self.path, on_row),
            Kind::Jsonl(jsonl) => jsonl.scan(&self.path, on_row),
            Kind::Workbook(workbook) => {
                workbook.scan(&self.path, sheet.unwrap_or_default(), on_row)
            }
            Kind::Parquet(parquet) => parquet.scan(&self.path, on_row),
        }
    }
}

pub(crate) fn unreadable(path: &Path) -> impl FnOnce(std::io::Error) -> IngestError {
    let file = path.to_owned();
    move |source| IngestError::Unreadable { file, source }
}

pub(crate) fn refuse(path: &Path, refusal: Refusal) -> IngestError {
    IngestError::Refused {
        file: path.to_owned(),
        refusal,
    }
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "taken by value so that it fits where an error is mapped"
)]
pub(crate) fn damaged(path: &Path, format: &'static str, detail: impl ToString) -> IngestError {
    refuse(
        path,
        Refusal::Damaged {
            format,
            detail: detail.to_string(),
        },
    )
}

/// Runs code of other people over a file that may be anything: a panic of it is a damaged file.
pub(crate) fn guarded<T>(
    path: &Path,
    format: &'static str,
    work: impl FnOnce() -> T,
) -> Result<T, IngestError> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| damaged(path, format, message(&*panic)))
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "it contradicts itself".into())
}
