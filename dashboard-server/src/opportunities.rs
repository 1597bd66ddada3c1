//! Deals along their pipeline.

pub(crate) mod advance;
pub(crate) mod assign;
pub(crate) mod board;
pub(crate) mod claim;
pub(crate) mod complete;
pub(crate) mod end;
pub(crate) mod idle;
pub(crate) mod missing;
pub(crate) mod release;
pub(crate) mod reopen;
pub(crate) mod shelve_idle;
pub(crate) mod timeline;
