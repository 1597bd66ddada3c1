//! Ingest from files, end to end and file by file.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails the test by panicking, too"
)]

mod change_log;
mod formats;
mod idempotency;
mod mappings;
mod messy;
mod office;
mod real;
mod support;
mod values;
mod workbooks;
