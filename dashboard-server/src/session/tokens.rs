//! Tokens, by which programs come in.

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod revoke;
