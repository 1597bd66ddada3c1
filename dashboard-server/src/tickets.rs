//! Tickets.

pub(crate) mod assign;
pub(crate) mod cancel;
pub(crate) mod close;
pub(crate) mod pause;
pub(crate) mod reopen;
pub(crate) mod resolve;
pub(crate) mod respond;
pub(crate) mod resume;
pub(crate) mod take;
