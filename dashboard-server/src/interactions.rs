//! Visits, calls, messages and meetings.

pub(crate) mod create;
pub(crate) mod remove;
pub(crate) mod reword;
