//! The services: what the firm does with its records, one file each. See the crate's documentation
//! for how one is written.

pub mod claim;
