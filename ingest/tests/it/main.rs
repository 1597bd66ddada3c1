//! Ingest from files, end to end and file by file.

mod formats;
mod idempotency;
mod mappings;
mod messy;
mod real;
mod support;
mod values;
mod workbooks;
