//! Quotes, from the draft to the decision.

pub(crate) mod alternative;
pub(crate) mod approval;
pub(crate) mod body;
pub(crate) mod create;
pub(crate) mod decide;
pub(crate) mod lines;
pub(crate) mod price;
pub(crate) mod request_approval;
pub(crate) mod revise;
pub(crate) mod rewrite;
pub(crate) mod send;
pub(crate) mod withdraw;
