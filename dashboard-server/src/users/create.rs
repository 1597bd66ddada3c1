//! `POST /api/users`: enters somebody new.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use millrace_operations::entity::user;
use millrace_operations::service::user::{self as people, NewUser};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Body, Signed};
use crate::shapes::{self, Language};
use crate::state::AppState;

/// Somebody new.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserBody {
    /// The name to sign in with, without blanks; kept in lower case.
    #[schema(min_length = 1, max_length = 64, pattern = r"^\S+$")]
    username: String,
    /// The person's name.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// The role.
    role_id: i64,
    /// The team.
    team_id: Option<i64>,
    /// The superior.
    manager_id: Option<i64>,
    /// The mail address.
    #[schema(max_length = 200)]
    email: Option<String>,
    /// The telephone number.
    #[schema(max_length = 40)]
    phone: Option<String>,
    /// The region.
    #[schema(max_length = 100)]
    region: Option<String>,
    /// The language of the pages; Chinese when not given.
    language: Option<Language>,
}

/// A person who was entered, and the password for the first sign-in.
#[derive(Serialize, ToSchema)]
pub(crate) struct Entered {
    /// The person.
    #[serde(flatten)]
    #[schema(schema_with = shapes::user_shown)]
    shown: Shown,
    /// The password, shown this once; it must be changed at the first sign-in.
    password: String,
}

/// Enter somebody new
#[utoipa::path(
    post,
    path = "/api/users",
    tag = "users",
    request_body = UserBody,
    responses((status = 201, description = "The person, and a password for one time", body = Entered))
)]
pub(crate) async fn create(
    State(state): State<AppState>,
    signed: Signed,
    Body(body): Body<UserBody>,
) -> Result<(StatusCode, HeaderMap, Json<Entered>), ApiError> {
    let input = NewUser {
        username: body.username,
        name: body.name,
        role_id: body.role_id,
        team_id: body.team_id,
        manager_id: body.manager_id,
        email: body.email,
        phone: body.phone,
        region: body.region,
        language: body.language.map(|language| language.code().to_owned()),
    };
    let (made, password) = people::create(state.store(), &signed.0, &input).await?;
    let mut headers = HeaderMap::new();
    let address = format!("/api/{}/{}", user::RESOURCE.table, made.id);
    if let Ok(address) = HeaderValue::from_str(&address) {
        headers.insert(header::LOCATION, address);
    }
    let entered = Entered {
        shown: Shown::record(&state, &signed, &made).await?,
        password: password.reveal().to_owned(),
    };
    Ok((StatusCode::CREATED, headers, Json(entered)))
}
