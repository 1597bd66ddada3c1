//! `GET /api/session`: who is signed in, and what they may do.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use millrace_models::scope::Rights;
use millrace_operations::sign_in::{RoleName, profile};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::extract::{Identity, csrf_token};
use crate::schema;
use crate::state::AppState;

/// Who is signed in.
#[derive(Serialize, ToSchema)]
pub(crate) struct Me {
    /// The user.
    user_id: i64,
    /// The name they sign in with.
    username: String,
    /// Their name.
    name: String,
    /// Their role.
    #[schema(value_type = schema::RoleName)]
    role: RoleName,
    /// Their team.
    team_id: Option<i64>,
    /// Its name.
    team: Option<String>,
    /// The language of their pages: `zh` or `en`.
    language: String,
    /// What they may do; a token may do less than its user.
    #[schema(value_type = schema::Rights)]
    rights: Rights,
    /// How many accounts they may hold, if limited.
    pool_capacity: Option<i64>,
    /// How many claims they may make in a day, if limited.
    daily_claims: Option<i64>,
    /// Whether the password must be changed before anything else.
    must_change_password: bool,
    /// What requests other than GET repeat in `X-CSRF-Token`; null with a token.
    csrf_token: Option<String>,
    /// When the session ends at the latest; null with a token.
    expires_at: Option<DateTime<Utc>>,
    /// The company.
    company: CompanyOfMe,
}

/// The company that one works for.
#[derive(Serialize, ToSchema)]
struct CompanyOfMe {
    /// Its name.
    name: String,
    /// Its time zone.
    #[schema(example = "Asia/Shanghai")]
    zone: String,
    /// Its currency.
    #[schema(example = "CNY")]
    currency: &'static str,
}

/// Who is signed in
#[utoipa::path(
    get,
    path = "/api/session",
    tag = "session",
    responses((status = 200, description = "Who it is, and what they may do", body = Me))
)]
pub(crate) async fn me(
    State(state): State<AppState>,
    identity: Identity,
) -> Result<Json<Me>, ApiError> {
    Ok(Json(of(&state, identity).await?))
}

/// What somebody is told about themselves.
pub(crate) async fn of(state: &AppState, identity: Identity) -> Result<Me, ApiError> {
    let Identity {
        caller,
        must_change_password,
        session,
    } = identity;
    let profile = profile(state.store(), &caller).await?;
    let company = state.company();
    Ok(Me {
        user_id: caller.user_id,
        username: profile.username,
        name: caller.name,
        role: profile.role,
        team_id: caller.team_id,
        team: profile.team,
        language: profile.language,
        rights: caller.rights,
        pool_capacity: caller.pool_capacity,
        daily_claims: caller.daily_claims,
        must_change_password,
        csrf_token: session.as_ref().map(|session| csrf_token(&session.token)),
        expires_at: session.map(|session| session.expires_at),
        company: CompanyOfMe {
            name: company.name.clone(),
            zone: company.zone.name().to_owned(),
            currency: millrace_operations::service::money::COMPANY_CURRENCY,
        },
    })
}
