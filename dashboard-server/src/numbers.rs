//! Who may see numbers.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use millrace_models::scope::Action;
use millrace_operations::entity::opportunity;

use crate::error::ApiError;
use crate::extract::Signed;
use crate::state::AppState;

/// The one who asks for numbers, who may read the records that they are made of.
pub(crate) struct Numbers;

impl FromRequestParts<AppState> for Numbers {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let Signed(caller) = Signed::from_request_parts(parts, state).await?;
        caller.require(&opportunity::RESOURCE, Action::Read)?;
        Ok(Self)
    }
}
