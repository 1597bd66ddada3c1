//! The server in process: a small lake, requests, snapshots of the answers.

mod app;
mod batch;
mod document;
mod drill;
mod export;
mod guard;
mod query;
mod status;
mod web;
