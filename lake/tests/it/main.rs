//! Tests of the lake.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test by panicking, too"
)]

mod answers;
mod hazards;
mod metrics;
mod scope;
mod storage;
