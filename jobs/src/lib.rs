//! The pipeline: from raw tables to published marts, and the demo that feeds it.

mod activity;
mod bearings;
mod build;
mod columns;
mod contracts;
mod cycles;
mod deals;
pub mod demo;
mod dimensions;
mod facts;
mod live;
mod orders;
mod payments;
mod quality;
mod quotes;
mod raw;
mod run;
mod schedule;
mod store;
mod texts;
mod tickets;
mod visits;
mod world;

pub use live::{Live, Round};
pub use run::{MartReport, Progress, RunOptions, RunReport, Silent, run};
