//! Bodies that several actions share, and shapes of answers for the OpenAPI document. The values
//! themselves are the domain types of `millrace_operations`, which know nothing of HTTP.

mod answers;
mod bodies;

pub(crate) use answers::*;
pub(crate) use bodies::*;
