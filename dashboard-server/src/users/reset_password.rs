//! `POST /api/users/{id}/reset-password`: a new password for somebody.

use axum::Json;
use axum::extract::State;
use millrace_operations::service::user;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::extract::{Id, Signed};
use crate::state::AppState;

/// A password for one time.
#[derive(Serialize, ToSchema)]
pub(crate) struct OneTime {
    /// The password, shown this once; it must be changed at the next sign-in.
    password: String,
}

/// Give a person a new password
///
/// All their sessions end.
#[utoipa::path(
    post,
    path = "/api/users/{id}/reset-password",
    tag = "users",
    params(("id" = i64, Path, description = "The person")),
    responses((status = 200, description = "The password", body = OneTime))
)]
pub(crate) async fn reset_password(
    State(state): State<AppState>,
    signed: Signed,
    Id(id): Id,
) -> Result<Json<OneTime>, ApiError> {
    let password = user::reset_password(state.store(), &signed.0, id).await?;
    Ok(Json(OneTime {
        password: password.reveal().to_owned(),
    }))
}
