//! The server in process: a small lake, requests, snapshots of the answers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails the test by panicking, too"
)]
#![allow(
    clippy::too_many_lines,
    clippy::similar_names,
    clippy::unused_self,
    clippy::match_same_arms,
    clippy::flat_map_option,
    clippy::needless_pass_by_value,
    reason = "helpers of tests fail loudly, and a story is one function"
)]

mod accounts;
mod actions;
mod app;
mod batch;
mod closes;
mod document;
mod drill;
mod export;
mod forecast;
mod guard;
mod health;
mod live;
#[allow(dead_code, reason = "it is of the tests of jobs, which take it down")]
#[path = "../../../jobs/tests/it/post.rs"]
mod post;
mod query;
mod resources;
mod scope;
mod session;
mod status;
mod targets;
mod web;
