//! `GET /api/{resource}/{id}`: a record.

use millrace_operations::resource::Resource;
use millrace_operations::resources;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::Signed;
use crate::state::AppState;

pub(super) async fn get(
    resource: &'static Resource,
    state: AppState,
    signed: Signed,
    id: i64,
) -> Result<Shown, ApiError> {
    let row = resources::get(state.store(), &signed.0, resource, id).await?;
    Shown::row(&state, &signed, resource, row).await
}
