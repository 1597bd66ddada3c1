//! Orders.

pub(crate) mod create;
pub(crate) mod status;
