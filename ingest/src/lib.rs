//! Records into the lake: from files and tables of databases, by mapping, and from the
//! [change log](change_log) of operations.
//!
//! A mapping (TOML, see [`mapping`]) names files and says which column is which field. A file goes
//! through twice: the first pass decides what only a whole column can decide (is `3/4/2024` in
//! March or in April), the second converts rows to Arrow batches and writes them to
//! `lake/raw/<entity>`. All sources of a mapping are converted before anything is committed, so a
//! bad cell leaves the lake as it was; the same content read again adds nothing.
//!
//! A table of a database is read by a cursor: only what was written since the last time and a little
//! before, in pages. What is deleted there becomes a deletion, what is corrected a new version.
//!
//! Memory does not grow with the file, except for what [`limits`] bounds: xls and ods sheets and
//! the shared strings of xlsx are read whole.

#![allow(
    clippy::result_large_err,
    reason = "an error names its place in full, and is built once, at the end of the work"
)]

mod batch;
mod change_log;
mod columnar;
mod convert;
mod database;
mod error;
mod inspect;
mod known;
pub mod limits;
pub mod mapping;
mod nearest;
mod profile;
mod progress;
mod reader;
mod reject;
mod run;
mod sheet;
mod source;
mod value;

pub use change_log::{
    ChangeLogReport, WINDOW, changes_behind, ingest_changes, ingested_mark, last_table,
    log_application,
};
pub use error::{BadCell, IngestError, Refusal, RowName};
pub use inspect::{ColumnKind, InspectedColumn, Inspection, inspect};
pub use mapping::Mapping;
pub use progress::{Progress, Silent};
pub use reader::Format;
pub use run::{IngestOptions, IngestReport, OnError, SourceReport, ingest_mapping};
pub use sheet::{SheetForm, SheetRow, read_form};
