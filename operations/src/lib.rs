//! The operational layer: the records of a sales team, on SQLite or PostgreSQL by one code path.
//!
//! A [`Store`] is opened once. Everything is written by [`Store::write`], which runs a unit of work
//! in one transaction and appends each change to the [change log](log) in the same transaction;
//! there is no other way. [`resources`] has what all records can do (lists, masks, create, update,
//! delete, export), [`service`] what is particular, [`sign_in`] who may come in, [`caller`] what
//! they see.
//!
//! # How a service is written
//!
//! One file under `service/`, a function that takes the [`Unit`] and the [`Caller`], so that
//! services can call one another in one transaction:
//!
//! ```
//! use millrace_models::scope::Action;
//! use millrace_operations::entity::todo;
//! use millrace_operations::row::Row;
//! use millrace_operations::{Caller, Result, Store, Unit};
//! use sea_orm::Set;
//!
//! /// Ticks a to-do off.
//! pub async fn complete(unit: &Unit, caller: &Caller, id: i64, result: &str) -> Result<todo::Model> {
//!     // Not there or not to be seen: NotFound; to be seen and no more: Forbidden.
//!     let read = unit.get_for::<todo::Model>(caller, Action::Update, id).await?;
//!     let change = todo::ActiveModel {
//!         state: Set("done".to_owned()),
//!         completed_at: Set(Some(unit.now())),
//!         result: Set(Some(result.to_owned())),
//!         ..Default::default()
//!     };
//!     unit.update(&read, change).await // Stale, when somebody changed it meanwhile
//! }
//!
//! // Its caller opens the unit of work. The work may run again when the database could not
//! // serialise it, so it does nothing outside the unit.
//! pub async fn handler(store: &Store, caller: &Caller, id: i64) -> Result<Row> {
//!     let work = async |unit: Unit| complete(&unit, caller, id, "called").await;
//!     let done = store.write(&caller.actor(), work).await?;
//!     Ok(caller.show(&done)) // without what the caller's role does not see
//! }
//! ```
//!
//! Inside, sea-orm's queries run on the unit (`todo::Entity::find().all(unit)`); they read the
//! transaction's own changes. Those that write nothing (countdowns, hints, prefill, search) take the
//! [`Store`] and read without a transaction. A new record is one file under `entity/`, its table one new file under
//! `migrations/`; lists, rights, masks, the change log and replay follow from its declaration.

pub mod caller;
pub mod credit_code;
pub mod entity;
mod error;
pub mod examine;
pub mod files;
pub mod lease;
pub mod log;
mod migrations;
pub mod names;
pub mod once;
mod record;
pub mod resource;
pub mod resources;
pub mod row;
mod search_index;
pub mod service;
pub mod setup;
pub mod sign_in;
pub mod snapshot;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod unit;
pub mod upkeep;

pub use caller::Caller;
pub use error::{ErrorKind, FieldError, OperationsError, Result, Rule};
pub use record::{Draft, EntityOf, Record};
pub use store::{Place, Store};
pub use unit::{Actor, Target, Unit};
