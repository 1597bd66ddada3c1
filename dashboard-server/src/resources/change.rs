//! `PATCH /api/{resource}/{id}`: some fields of a record, if it is still at the version read.

use millrace_operations::resource::Resource;
use millrace_operations::resources;

use crate::answer::{Row, Shown};
use crate::error::ApiError;
use crate::extract::Signed;
use crate::state::AppState;

pub(super) async fn change(
    resource: &'static Resource,
    state: AppState,
    signed: Signed,
    id: i64,
    version: i64,
    body: Row,
) -> Result<Shown, ApiError> {
    let row = resources::update(state.store(), &signed.0, resource, id, version, &body)
        .await
        .map_err(|error| ApiError::from(error).submitting(&body))?;
    Shown::row(&state, &signed, resource, row).await
}
