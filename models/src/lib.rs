//! The vocabulary of Millrace: records and their Arrow schemas, stages, calendars, the stage
//! fold, the metric registry and the query object. Pure and synchronous: no files, no network,
//! no database, no real clock.

pub mod calendar;
pub mod catalog;
pub mod clock;
pub mod completeness;
pub mod config;
pub mod credit_code;
pub mod drivers;
pub mod entity;
pub mod fold;
pub mod forecast;
pub mod health;
pub mod identity;
pub mod marts;
pub mod metric;
pub mod period;
pub mod query;
pub mod receivables;
pub mod schedule;
pub mod scope;
pub mod span;
pub mod stage;
pub mod subscription;
pub mod target;
