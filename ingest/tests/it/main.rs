//! Ingest from files, tables and the change log, end to end and piece by piece.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails the test by panicking, too"
)]

mod change_log;
mod crm;
mod formats;
mod idempotency;
mod mappings;
mod messy;
mod office;
mod real;
mod support;
mod tables;
mod values;
mod workbooks;
