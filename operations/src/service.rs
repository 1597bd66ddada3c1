//! The services: what the firm does with its records, one file each. See the crate's documentation
//! for how one is written.

pub mod assign;
pub mod claim;
pub mod countdown;
pub mod handover;
pub mod hints;
pub mod pool;
pub mod prefill;
pub mod release;
pub mod request;
pub mod return_due;
pub mod routing;
pub mod search;
