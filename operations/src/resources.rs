//! What every resource can do, the same for all: list, get, create, update, delete, export.
//!
//! These work on [`crate::row::Row`]s and a [`Resource`], not on types: a masked record lacks fields
//! and is no typed record any more, and one compiled path serves all resources instead of one for
//! each. Services and tests read typed records by [`crate::unit::Unit::get`] and sea-orm.
//!
//! Every one takes a [`Caller`]. The caller's scope is part of each query, hidden fields can neither
//! be filtered nor sorted nor searched by, and [`Caller::mask`] has the last word.
//!
//! [`Resource`]: crate::resource::Resource
//! [`Caller`]: crate::caller::Caller
//! [`Caller::mask`]: crate::caller::Caller::mask

mod cursor;
mod export;
mod history;
mod labels;
mod list;
mod prepare;
mod seen;
mod write;

pub use export::Export;
pub use history::{FieldChange, History, HistoryEntry, history};
pub use labels::{Label, Labels, labels};
pub(crate) use list::narrowed;
pub use list::{Filter, ListQuery, MOST_ROWS, Operator, Page, Sort, View, count, get, list};
pub(crate) use seen::{Seen, seen};
pub use write::{check_changes, create, create_in, create_once, delete, update, update_in};
