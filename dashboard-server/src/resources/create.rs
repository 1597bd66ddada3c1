//! `POST /api/{resource}`: a new record, once for each `Idempotency-Key`.

use millrace_operations::resource::Resource;
use millrace_operations::resources;

use crate::answer::{Row, Shown};
use crate::error::ApiError;
use crate::extract::{Keyed, Signed};
use crate::state::AppState;

pub(super) async fn create(
    resource: &'static Resource,
    state: AppState,
    signed: Signed,
    Keyed { body, key }: Keyed<Row>,
) -> Result<Shown, ApiError> {
    let row =
        resources::create_once(state.store(), &signed.0, resource, &body, key.as_ref()).await?;
    let shown = Shown::row(&state, &signed, resource, row).await?;
    Ok(shown.created(resource))
}
