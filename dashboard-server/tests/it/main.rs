//! The server in process: a small lake, requests, snapshots of the answers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails the test by panicking, too"
)]

mod accounts;
mod actions;
mod app;
mod batch;
mod document;
mod drill;
mod export;
mod guard;
mod query;
mod resources;
mod scope;
mod session;
mod status;
mod web;
