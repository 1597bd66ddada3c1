//! Answers over several kinds of records.

pub(crate) mod hints;
pub(crate) mod search;
pub(crate) mod today;
