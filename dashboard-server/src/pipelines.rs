//! Pipelines and their stages.

pub(crate) mod change;
pub(crate) mod create;
pub(crate) mod stages;
