//! `GET /api/sessions`: where one is signed in.

use axum::Json;
use axum::extract::State;
use millrace_operations::sign_in::{OpenSession, sessions as open_sessions};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::extract::Person;
use crate::schema;
use crate::state::AppState;

/// Where somebody is signed in.
#[derive(Serialize, ToSchema)]
pub(crate) struct Sessions {
    /// The last used first.
    #[schema(value_type = Vec<schema::OpenSession>)]
    sessions: Vec<OpenSession>,
}

/// Where one is signed in
#[utoipa::path(
    get,
    path = "/api/sessions",
    tag = "session",
    responses((status = 200, description = "The caller's sessions", body = Sessions))
)]
pub(crate) async fn sessions(
    State(state): State<AppState>,
    person: Person,
) -> Result<Json<Sessions>, ApiError> {
    let person = person.ready()?;
    let rules = AppState::session_rules();
    let token = Some(person.token.as_str());
    let sessions = open_sessions(state.store(), rules, person.caller.user_id, token).await?;
    Ok(Json(Sessions { sessions }))
}
