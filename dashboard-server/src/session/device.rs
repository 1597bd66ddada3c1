//! Where somebody comes from, and what with.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

use crate::error::ApiError;
use crate::extract::{check_origin, client_address};
use crate::state::AppState;

/// The longest description of a device that is kept, in characters.
const LONGEST: usize = 200;

/// Where somebody comes from, and what with; no page of another origin.
pub(crate) struct Device {
    /// The address, which failures are counted for.
    pub(super) address: Option<String>,
    /// What the program says that it is.
    pub(super) name: Option<String>,
}

impl FromRequestParts<AppState> for Device {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        check_origin(parts, state)?;
        let address = client_address(parts, state.settings());
        let agent = parts.headers.get(header::USER_AGENT);
        let agent = agent.and_then(|value| value.to_str().ok());
        Ok(Self {
            address: address.map(|address| address.to_string()),
            name: agent.map(|text| text.chars().take(LONGEST).collect()),
        })
    }
}
