//! Moves of deals.

pub(crate) mod correct;
