//! `DELETE /api/{resource}/{id}`: marks a record as deleted, if it is still at the version read.

use axum::http::StatusCode;
use millrace_operations::resource::Resource;
use millrace_operations::resources;

use crate::error::ApiError;
use crate::extract::Signed;
use crate::state::AppState;

pub(super) async fn delete(
    resource: &'static Resource,
    state: AppState,
    Signed(caller): Signed,
    id: i64,
    version: i64,
) -> Result<StatusCode, ApiError> {
    resources::delete(state.store(), &caller, resource, id, version).await?;
    Ok(StatusCode::NO_CONTENT)
}
