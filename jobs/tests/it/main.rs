//! The pipeline over small lakes: raw rows in, marts out.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "a test that cannot go on fails"
)]

mod backups;
mod care;
mod closes;
mod commits;
mod deals;
mod demo;
mod engine;
mod forecast;
mod health;
mod hooks;
mod incremental;
mod live;
mod numbers;
#[path = "../../../ingest/tests/it/office.rs"]
mod office;
mod orders;
mod payments;
mod people;
mod post;
mod quality;
mod quotes;
mod records;
mod report;
mod support;
mod tickets;
mod year;
