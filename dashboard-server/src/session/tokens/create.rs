//! `POST /api/tokens`: a token for a program.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use millrace_models::scope::Allowance;
use millrace_operations::OperationsError;
use millrace_operations::sign_in::create_token;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::extract::{Body, Person};
use crate::schema;
use crate::state::AppState;

/// The longest name, in characters.
const NAME_LIMIT: usize = 100;

/// What the token is for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewToken {
    /// What it is for.
    #[schema(example = "nightly export", min_length = 1, max_length = 100)]
    name: String,
    /// What it may be used for, within the rights of its user.
    #[schema(value_type = Vec<schema::Allowance>, min_items = 1)]
    scopes: Vec<Allowance>,
    /// When it ends; never without it.
    expires_at: Option<DateTime<Utc>>,
}

/// A token that was made.
#[derive(Serialize, ToSchema)]
pub(crate) struct MadeToken {
    /// Its id.
    id: i64,
    /// The secret, shown this once: `mrt_…`.
    token: String,
}

/// Make a token for a program
///
/// It is sent as `Authorization: Bearer mrt_…`, and may do what both its scopes and its user may.
#[utoipa::path(
    post,
    path = "/api/tokens",
    tag = "session",
    request_body = NewToken,
    responses((status = 201, description = "The token", body = MadeToken))
)]
pub(crate) async fn create(
    State(state): State<AppState>,
    person: Person,
    Body(new): Body<NewToken>,
) -> Result<(StatusCode, Json<MadeToken>), ApiError> {
    let caller = person.ready()?.caller;
    if new.name.chars().count() > NAME_LIMIT {
        let message = format!("must have at most {NAME_LIMIT} characters");
        return Err(OperationsError::field("name", message).into());
    }
    let made = create_token(
        state.store(),
        &caller,
        &new.name,
        &new.scopes,
        new.expires_at,
    )
    .await?;
    let answer = MadeToken {
        id: made.id,
        token: made.token,
    };
    Ok((StatusCode::CREATED, Json(answer)))
}
