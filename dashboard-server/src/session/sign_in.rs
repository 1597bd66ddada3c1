//! `POST /api/session`: sign in.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use millrace_operations::sign_in::{Password, SignIn, sign_in as open};
use serde::Deserialize;
use utoipa::ToSchema;

use super::device::Device;
use super::me::{self, Me};
use super::set_cookie;
use crate::error::ApiError;
use crate::extract::{Body, Identity, OpenSession};
use crate::state::AppState;

/// Who wants to come in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    /// The name, in any case.
    #[schema(example = "admin", max_length = 200)]
    username: String,
    /// The password.
    #[schema(format = Password, max_length = 1000)]
    password: String,
}

/// Sign in
///
/// The answer sets the cookie `millrace_session`. Five failures for a name, or fifty from an
/// address, within 15 minutes lock it for 15 minutes.
#[utoipa::path(
    post,
    path = "/api/session",
    tag = "session",
    security(()),
    request_body = Credentials,
    responses(
        (status = 200, description = "Signed in", body = Me,
         headers(("Set-Cookie" = String, description = "The session"))),
        (status = 401, description = "`credentials`: the name or the password is wrong"),
        (status = 429, description = "`locked-out`: there were too many failures"),
    )
)]
pub(crate) async fn sign_in(
    State(state): State<AppState>,
    device: Device,
    Body(credentials): Body<Credentials>,
) -> Result<Response, ApiError> {
    let with = SignIn {
        username: credentials.username,
        password: Password::from(credentials.password),
        address: device.address,
        device: device.name,
    };
    let session = open(state.store(), AppState::session_rules(), &with).await?;
    let cookie = set_cookie(&state, &session.token);
    let identity = Identity {
        caller: state.store().caller(session.user_id).await?,
        must_change_password: session.must_change_password,
        session: Some(OpenSession {
            token: session.token,
            expires_at: session.expires_at,
        }),
    };
    let mut response = Json(me::of(&state, identity).await?).into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
