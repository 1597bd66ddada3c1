//! The pipeline: from raw tables to published marts, and the demo that feeds it.

mod activity;
mod bearings;
mod build;
mod close;
mod columns;
mod contracts;
mod cycles;
mod deals;
pub mod demo;
mod dimensions;
pub mod engine;
mod facts;
pub mod health;
mod lease;
mod live;
mod orders;
mod partial;
mod payments;
mod quality;
mod quotes;
mod raw;
mod replace;
mod run;
mod schedule;
mod store;
mod texts;
mod tickets;
mod touched;
mod upkeep;
mod visits;
mod world;

pub use lease::{LEASE, run_leased};
pub use live::{Live, Round};
pub use run::{Gate, MartReport, Open, Progress, RunOptions, RunReport, Silent, StepReport, run};
pub use upkeep::upkeep;
pub use visits::ROWS_AT_ONCE;
