//! To-dos.

pub(crate) mod cancel;
pub(crate) mod complete;
pub(crate) mod reassign;
pub(crate) mod snooze;
