//! Ingest from files, end to end and file by file.

mod formats;
mod idempotency;
mod mappings;
mod messy;
mod support;
mod values;
