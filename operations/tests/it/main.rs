//! The contract of operations: one suite, run on SQLite and on a PostgreSQL of its own. Where
//! PostgreSQL is not installed its half says that it is skipped.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the helpers of a test may fail loudly too"
)]

mod callers;
mod change_log;
mod claims;
mod handover;
mod hints;
mod lists;
mod outbox;
mod pool;
mod prefill;
mod returns;
mod routing;
mod schema;
mod scopes;
mod sign_in;
mod support;
mod world;
mod writes;
