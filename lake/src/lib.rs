//! The lake: Delta Lake tables of Parquet files in a local directory, readable by Spark, Trino,
//! `DuckDB`, Polars and delta-rs, and the queries over them.
//!
//! A [`Lake`] opens tables at a version ([`Table`]), writes Parquet files beside them in several
//! threads ([`TableWriter`]) and makes them part of a table in one Delta commit ([`Change`]).
//! When a run has committed all its marts it publishes their versions as one [`PublishedSet`];
//! readers use published sets only.

mod error;
mod files;
mod lake;
mod log;
mod lookup;
mod pin;
mod published;
pub mod query;
mod statistics;
mod table;
mod upkeep;
mod writer;

pub use error::LakeError;
pub use files::{FileList, TableFile};
pub use lake::{Change, Lake, Mode};
pub use lookup::may_hold;
pub use pin::{Content, Flaw, PinnedFile, Pins};
pub use published::{Close, Made, PublishedSet};
pub use table::Table;
pub use upkeep::{Extent, Upkept, kept_sets};
pub use writer::{NewFile, TableWriter, WrittenFile};
