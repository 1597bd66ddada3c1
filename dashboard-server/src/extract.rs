//! What handlers take out of a request, with errors that say what was wrong.

mod body;
mod conditions;
mod origin;
mod parameters;
mod request_id;
mod signed;

pub(crate) use body::{BODY_LIMIT_BYTES, Body, Keyed};
pub(crate) use conditions::{Id, IfMatch, RequiredIfMatch};
pub(crate) use origin::{check_origin, client_address};
pub(crate) use parameters::{Parameters, pairs};
pub(crate) use request_id::{RequestId, identify};
pub(crate) use signed::{COOKIE, Identity, OpenSession, Person, Signed, Waiting, csrf_token};
