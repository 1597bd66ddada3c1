//! The HTTP server: the API over published sets, and the web app.
//!
//! [`router()`] has every route on one page; a file per operation; errors are
//! `application/problem+json`. Until there is a sign-in, [`serve()`] listens on loopback only, and
//! answers under the names of this machine only.

mod batch;
mod drill;
mod error;
mod export;
mod extract;
mod guard;
mod metrics;
mod query;
mod router;
#[expect(
    dead_code,
    reason = "the shapes are only described, the domain types are sent"
)]
mod schema;
mod serve;
mod state;
mod status;
mod values;
mod web;

pub use error::{ApiError, Problem};
pub use router::{openapi, router};
pub use serve::{ServeError, bind, serve};
pub use state::AppState;
