//! Files that belong to records.

pub(crate) mod content;
pub(crate) mod create;
pub(crate) mod remove;
