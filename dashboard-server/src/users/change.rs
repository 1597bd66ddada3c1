//! `PATCH /api/users/{id}`: change a person.

use axum::extract::State;
use chrono::NaiveDate;
use millrace_operations::Unit;
use millrace_operations::service::user::{self, UserChange};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Body, Id, IfMatch, Signed};
use crate::shapes::{Language, given};
use crate::state::AppState;

/// What of a person is changed.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserChangeBody {
    /// The name to sign in with, without blanks.
    #[schema(min_length = 1, max_length = 64, pattern = r"^\S+$")]
    username: Option<String>,
    /// The person's name.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// The role.
    role_id: Option<i64>,
    /// The team.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i64>)]
    team_id: Option<Option<i64>>,
    /// The superior.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i64>)]
    manager_id: Option<Option<i64>>,
    /// The mail address.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 200)]
    email: Option<Option<String>>,
    /// The telephone number.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 40)]
    phone: Option<Option<String>>,
    /// The region.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 100)]
    region: Option<Option<String>>,
    /// The language of the pages.
    language: Option<Language>,
    /// The last day of a leave.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<NaiveDate>)]
    on_leave_until: Option<Option<NaiveDate>>,
    /// The last day at the firm: from the day after, the person may not sign in.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<NaiveDate>)]
    left_on: Option<Option<NaiveDate>>,
}

impl From<UserChangeBody> for UserChange {
    fn from(body: UserChangeBody) -> Self {
        Self {
            username: body.username,
            name: body.name,
            role_id: body.role_id,
            team_id: body.team_id,
            manager_id: body.manager_id,
            email: body.email,
            phone: body.phone,
            region: body.region,
            language: body.language.map(|language| language.code().to_owned()),
            on_leave_until: body.on_leave_until,
            left_on: body.left_on,
        }
    }
}

/// Change a person
///
/// What is left out stays; null empties. Who changes teams takes along what they are working on.
#[utoipa::path(
    patch,
    path = "/api/users/{id}",
    tag = "users",
    params(
        ("id" = i64, Path, description = "The person"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as its ETag"),
    ),
    request_body = UserChangeBody,
    responses((status = 200, description = "The person as it is now", body = ref("#/components/schemas/UserOutcome")))
)]
pub(crate) async fn change(
    State(state): State<AppState>,
    signed: Signed,
    id: Id,
    at: IfMatch,
    Body(body): Body<UserChangeBody>,
) -> Result<Shown, ApiError> {
    let target = at.target(id);
    let work = async |unit: Unit| user::change(&unit, &signed.0, target, body.clone().into()).await;
    let done = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &done).await
}
