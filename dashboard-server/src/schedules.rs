//! What is done by itself: looked at, asked for, and ended.

pub(crate) mod cancel;
pub(crate) mod log;
pub(crate) mod overview;
pub(crate) mod preview;
pub(crate) mod run;
