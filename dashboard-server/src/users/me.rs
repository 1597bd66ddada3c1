//! `PATCH /api/me`: one's own settings.

use axum::Json;
use axum::extract::State;
use millrace_operations::service::user;
use millrace_operations::{OperationsError, Unit};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::extract::{Body, Identity};
use crate::session::me::{self, Me};
use crate::shapes::Language;
use crate::state::AppState;

/// One's own settings.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MyChange {
    /// The language of the pages.
    language: Language,
}

/// Change one's own settings
#[utoipa::path(
    patch,
    path = "/api/me",
    tag = "session",
    request_body = MyChange,
    responses((status = 200, description = "Who it is, and what they may do", body = Me))
)]
pub(crate) async fn me(
    State(state): State<AppState>,
    identity: Identity,
    Body(body): Body<MyChange>,
) -> Result<Json<Me>, ApiError> {
    if identity.must_change_password {
        return Err(OperationsError::PasswordExpired.into());
    }
    if identity.session.is_none() {
        return Err(ApiError::PersonOnly);
    }
    let language = body.language.code();
    let caller = &identity.caller;
    let work = async |unit: Unit| user::set_language(&unit, caller, language.to_owned()).await;
    state.store().write(&caller.actor(), work).await?;
    Ok(Json(me::of(&state, identity).await?))
}
