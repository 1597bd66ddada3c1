//! `GET /api/tokens`: the caller's tokens.

use axum::Json;
use axum::extract::State;
use millrace_operations::sign_in::{KnownToken, tokens as known_tokens};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::extract::Person;
use crate::schema;
use crate::state::AppState;

/// The caller's tokens.
#[derive(Serialize, ToSchema)]
pub(crate) struct Tokens {
    /// Those that can still be used, the latest first.
    #[schema(value_type = Vec<schema::KnownToken>)]
    tokens: Vec<KnownToken>,
}

/// The caller's tokens
#[utoipa::path(
    get,
    path = "/api/tokens",
    tag = "session",
    responses((status = 200, description = "Without their secrets", body = Tokens))
)]
pub(crate) async fn tokens(
    State(state): State<AppState>,
    person: Person,
) -> Result<Json<Tokens>, ApiError> {
    let caller = person.ready()?.caller;
    let tokens = known_tokens(state.store(), &caller).await?;
    Ok(Json(Tokens { tokens }))
}
