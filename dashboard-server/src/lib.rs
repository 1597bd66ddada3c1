//! The HTTP server: the API over the records of daily work and over published sets, and the web app.
//!
//! [`router()`] has every route on one page; a file per operation; errors are
//! `application/problem+json`. Everything but the sign-in itself asks who is there
//! (`extract::Signed`), and passes the caller on to operations, whose every query holds the scope.

#![allow(
    clippy::option_option,
    reason = "in a change a field may be absent, null or given: three things"
)]
#![allow(
    clippy::needless_pass_by_value,
    clippy::struct_field_names,
    reason = "errors are mapped by functions that take them; names are those of the JSON"
)]

mod accounts;
mod answer;
mod attachments;
mod batch;
mod closes;
mod contracts;
mod document;
mod drill;
mod drivers;
mod error;
mod export;
mod extract;
mod forecast;
mod guard;
mod handovers;
mod health;
mod interactions;
mod live;
mod mails;
mod metrics;
mod money;
mod numbers;
mod opportunities;
mod orders;
mod overview;
mod pipelines;
mod query;
mod quotes;
mod reports;
mod resources;
mod router;
mod schedules;
#[expect(
    dead_code,
    reason = "the shapes are only described, the domain types are sent"
)]
mod schema;
mod serve;
mod session;
mod shapes;
mod stage_changes;
mod state;
mod status;
mod subscriptions;
mod targets;
mod tickets;
mod timelines;
mod todos;
mod users;
mod values;
mod warm;
mod web;

pub use error::{ApiError, Problem};
pub use mails::Renderer;
pub use router::{openapi, router};
pub use serve::{ServeError, bind, serve};
pub use state::{AppState, Parts};
