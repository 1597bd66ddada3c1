//! Contracts and their instalments.

pub(crate) mod body;
pub(crate) mod call_offs;
pub(crate) mod close;
pub(crate) mod create;
pub(crate) mod deposit;
pub(crate) mod events;
pub(crate) mod from_quote;
pub(crate) mod instalments;
pub(crate) mod sign;
