//! People, as who administers them enters them.

pub(crate) mod change;
pub(crate) mod create;
pub(crate) mod disable;
pub(crate) mod enable;
pub(crate) mod me;
pub(crate) mod reset_password;
