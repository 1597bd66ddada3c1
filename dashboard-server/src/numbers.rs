//! Whose numbers are asked for.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use millrace_models::scope::Access;

use crate::error::ApiError;
use crate::extract::Signed;
use crate::state::AppState;

/// What the one who asks sees of the lake: every number and record is answered within it.
pub(crate) struct Numbers(pub(crate) Access);

impl FromRequestParts<AppState> for Numbers {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let Signed(caller) = Signed::from_request_parts(parts, state).await?;
        Ok(Self(caller.access()))
    }
}
