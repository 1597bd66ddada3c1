//! Subscriptions: seen before they are sent, sent now, left; and copies that did not come.

pub(crate) mod again;
pub(crate) mod leave;
pub(crate) mod preview;
pub(crate) mod send;
