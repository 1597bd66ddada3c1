//! The contract of operations: one suite, run on SQLite and on a PostgreSQL of its own. Where
//! PostgreSQL is not installed its half says that it is skipped.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the helpers of a test may fail loudly too"
)]

mod administration;
mod attachments;
mod callers;
mod change_log;
mod claims;
mod contracts;
mod desk;
mod falls;
mod handover;
mod hints;
mod interactions;
mod leases;
mod lists;
mod month_closes;
mod orders;
mod outbox;
mod pages;
mod pipeline;
mod pool;
mod prefill;
mod quotes;
mod returns;
mod routing;
mod sales_properties;
mod schema;
mod scopes;
mod sign_in;
mod snapshots;
mod success;
mod support;
mod targets;
mod tickets;
mod todos;
mod world;
mod writes;
