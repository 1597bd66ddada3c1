//! The pipeline over small lakes: raw rows in, marts out.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "a test that cannot go on fails"
)]

mod deals;
mod numbers;
mod orders;
mod quotes;
mod records;
mod support;
