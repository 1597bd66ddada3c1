//! What can be wrong with a mapping, a file, a table or a cell.

use std::fmt;
use std::path::PathBuf;

use millrace_lake::LakeError;
use millrace_operations::OperationsError;

use crate::nearest::hint;

/// An error of ingest. Its message names the place and what would be right.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// A file of the mapping, or the mapping, cannot be read.
    #[error("{} cannot be read: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The mapping is no TOML, or a key of it has a value of the wrong type.
    #[error("{} is not a mapping: {detail}", file.display())]
    Syntax {
        /// The mapping.
        file: PathBuf,
        /// Line, and what was expected.
        detail: String,
    },
    /// A key of the mapping has a value that makes no sense.
    #[error("{}: {place} is {value:?}, but must be {expected}", file.display())]
    Setting {
        /// The mapping.
        file: PathBuf,
        /// Where in it, as in `source 2 (stages.csv): encoding`.
        place: String,
        /// The value as written.
        value: String,
        /// What would be right.
        expected: String,
    },
    /// The mapping names a key that does not exist.
    #[error("{}: {place} has no {what} {name:?}{}; there are {}", file.display(), hint(nearest), known.join(", "))]
    UnknownName {
        /// The mapping.
        file: PathBuf,
        /// Where in it.
        place: String,
        /// What was named: an entity, a field, a key.
        what: &'static str,
        /// The name as written.
        name: String,
        /// The nearest right names.
        nearest: Vec<String>,
        /// All right names.
        known: Vec<String>,
    },
    /// A source lacks fields that its entity needs.
    #[error("{}: {place} maps no {}: {entity} needs {needs}", file.display(), missing.join(" and no "))]
    MissingFields {
        /// The mapping.
        file: PathBuf,
        /// Where in it.
        place: String,
        /// The entity.
        entity: &'static str,
        /// The fields that are missing.
        missing: Vec<String>,
        /// The fields that the entity needs.
        needs: String,
    },
    /// The database of a source cannot be reached.
    #[error("{database} cannot be reached: {detail}")]
    Unreachable {
        /// The database, without what is secret.
        database: String,
        /// What it, or the system, says.
        detail: String,
    },
    /// The database has no such table.
    #[error("{database} has no table {table:?}{}; its tables are {}", hint(nearest), tables.join(", "))]
    UnknownTable {
        /// The database, without what is secret.
        database: String,
        /// The table asked for.
        table: String,
        /// The nearest right names.
        nearest: Vec<String>,
        /// The tables that there are.
        tables: Vec<String>,
    },
    /// A table of a database cannot be read.
    #[error("{table} cannot be read: {detail}")]
    Table {
        /// The table.
        table: String,
        /// What the database says.
        detail: String,
    },
    /// The cursor of a table does not grow.
    #[error(
        "{table}: the cursor {column:?} {what}, but must be a time or a whole number that grows whenever a row is written"
    )]
    Cursor {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// What it is, or holds.
        what: String,
    },
    /// The overlap does not fit the cursor.
    #[error("{table}: the cursor {column:?} is {native}, so `overlap` must be {expected}")]
    Overlap {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Its type.
        native: String,
        /// What fits.
        expected: &'static str,
    },
    /// Rows of a table share an id.
    #[error(
        "{table}: more than one row has {column} {id:?}, but {entity} records are told apart by it; map a column that tells the rows apart, or a view that has one row for each record"
    )]
    SharedId {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The id.
        id: String,
        /// What the rows are.
        entity: &'static str,
    },
    /// No file has that name.
    #[error("{}: {place}: no file is named {pattern:?} in {}", file.display(), folder.display())]
    NoFiles {
        /// The mapping.
        file: PathBuf,
        /// Where in it.
        place: String,
        /// The name or pattern.
        pattern: String,
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// The file is no table that can be read.
    #[error("{} {refusal}", file.display())]
    Refused {
        /// The file.
        file: PathBuf,
        /// What it is, and what to do.
        refusal: Refusal,
    },
    /// The workbook has no such sheet.
    #[error("{} has no sheet {sheet:?}{}; its sheets are {}", file.display(), hint(nearest), sheets.join(", "))]
    UnknownSheet {
        /// The file.
        file: PathBuf,
        /// The sheet asked for.
        sheet: String,
        /// The nearest right names.
        nearest: Vec<String>,
        /// The sheets that there are.
        sheets: Vec<String>,
    },
    /// The file has no such column.
    #[error("{}{} has no column {column:?}, which {field} is mapped to{}; its columns are {}", file.display(), sheet_part(sheet.as_ref()), hint(nearest), columns.join(", "))]
    UnknownColumn {
        /// The file.
        file: PathBuf,
        /// Its sheet, in a workbook.
        sheet: Option<String>,
        /// The column asked for.
        column: String,
        /// The field that is mapped to it.
        field: String,
        /// The nearest right names.
        nearest: Vec<String>,
        /// The columns that there are.
        columns: Vec<String>,
    },
    /// A column of dates can be read two ways.
    #[error("{}{}: column {column:?} holds dates such as {example:?} (row {row}): {why}; say which in the mapping: {field} = {{ column = {column:?}, format = \"%d/%m/%Y\" }} for day first or \"%m/%d/%Y\" for month first", file.display(), sheet_part(sheet.as_ref()))]
    UndecidedDates {
        /// The file.
        file: PathBuf,
        /// Its sheet, in a workbook.
        sheet: Option<String>,
        /// The column.
        column: String,
        /// The field that it is mapped to.
        field: String,
        /// A value of it.
        example: String,
        /// The row of that value.
        row: u64,
        /// Why it is undecided.
        why: String,
    },
    /// Cells that do not hold what they should.
    #[error("{}", list(cells))]
    BadCells {
        /// The first of them, at most [`crate::limits::BAD_CELLS`].
        cells: Vec<BadCell>,
    },
    /// The file of rejected rows cannot be written.
    #[error("rejected rows cannot be written to {}: {source}", file.display())]
    RejectFile {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The lake.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// The database.
    #[error(transparent)]
    Operations(#[from] OperationsError),
    /// The lake has more of the change log than there is.
    #[error(
        "the lake has the change log up to {mark}, but the log of this database does not reach there: it is another database, or an older copy of it, than the one that the lake was made from; name that one, or begin with a new lake"
    )]
    OtherLog {
        /// Up to where the lake has it.
        mark: i64,
    },
    /// A batch could not be built.
    #[error("rows cannot be put together: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
}

/// Why a file is not read, as the rest of a sentence that begins with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing is in it.
    Empty,
    /// All its sheets, or all its lines, are blank.
    NoRows,
    /// It is protected by a password.
    Encrypted,
    /// It is something else: `what` and what to do.
    NotATable {
        /// What it is, with its article.
        what: String,
        /// What would help.
        advice: &'static str,
    },
    /// A file of a known kind that breaks off or contradicts itself.
    Damaged {
        /// The kind of file.
        format: &'static str,
        /// What was found wrong.
        detail: String,
    },
    /// Too large to be read whole.
    TooLarge {
        /// What is too large.
        what: String,
        /// Its size in bytes.
        bytes: u64,
        /// How large it may be.
        limit: u64,
    },
    /// It unpacks to much more than any honest file.
    PackedTooTightly {
        /// The part of it.
        part: String,
    },
    /// A record that never ends.
    EndlessRecord {
        /// The line where it begins.
        line: u64,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Empty => f.write_str("is empty: nothing is in it"),
            Refusal::NoRows => f.write_str("has no rows: all of it is blank"),
            Refusal::Encrypted => f.write_str(
                "is protected by a password: open it, remove the password and save it again",
            ),
            Refusal::NotATable { what, advice } => write!(f, "is {what}: {advice}"),
            Refusal::Damaged { format, detail } => write!(
                f,
                "is damaged ({format}: {detail}): open it in the program that made it and save it again"
            ),
            Refusal::TooLarge { what, bytes, limit } => write!(
                f,
                "is too large: {what} has {} MB and may have {} MB; save it as csv or parquet, which may be of any size",
                bytes >> 20,
                limit >> 20
            ),
            Refusal::PackedTooTightly { part } => write!(
                f,
                "is refused: its part {part} unpacks to many times what an honest file does; save it as csv"
            ),
            Refusal::EndlessRecord { line } => write!(
                f,
                "has a row that never ends: a quote opened in line {line} is not closed"
            ),
        }
    }
}

/// How a row is found again.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub enum RowName {
    /// Counted from 1 as the program shows it that made the file.
    Number(u64),
    /// By a value of it: its id, or its cursor where it has none.
    Value {
        /// The column.
        column: String,
        /// What is in it.
        value: String,
    },
}

impl fmt::Display for RowName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RowName::Number(number) => write!(f, "{number}"),
            RowName::Value { column, value } => write!(f, "{column}={value}"),
        }
    }
}

/// A cell that does not hold what it should.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct BadCell {
    /// The file.
    pub file: PathBuf,
    /// Its sheet, in a workbook.
    pub sheet: Option<String>,
    /// Its row.
    pub row: RowName,
    /// The name of its column.
    pub column: String,
    /// What is in it.
    pub value: String,
    /// What was expected.
    pub expected: String,
}

impl fmt::Display for BadCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sheet = sheet_part(self.sheet.as_ref());
        write!(
            f,
            "{}{sheet}, row {}, column {:?}: ",
            self.file.display(),
            self.row,
            self.column
        )?;
        if self.value.is_empty() {
            write!(f, "is empty, expected {}", self.expected)
        } else {
            write!(f, "{:?} is not {}", self.value, self.expected)
        }
    }
}

fn sheet_part(sheet: Option<&String>) -> String {
    sheet
        .map(|sheet| format!(", sheet {sheet:?}"))
        .unwrap_or_default()
}

fn list(cells: &[BadCell]) -> String {
    let mut text: Vec<String> = cells.iter().map(ToString::to_string).collect();
    if cells.len() >= crate::limits::BAD_CELLS {
        text.push(format!("… and perhaps more: stopped at {}", cells.len()));
    }
    text.push("nothing was added; correct the source or the mapping, or leave such rows out with --on-error reject".into());
    text.join("\n")
}
