//! Handing over all that somebody is working on.

pub(crate) mod body;
pub(crate) mod create;
pub(crate) mod preview;
