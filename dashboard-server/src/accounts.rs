//! Customers: what is done with them beside the changes that all records share.

pub(crate) mod claim;
