//! Customers and the pool.

pub(crate) mod assign;
pub(crate) mod claim;
pub(crate) mod countdowns;
pub(crate) mod prefill;
pub(crate) mod release;
pub(crate) mod request;
pub(crate) mod timeline;
