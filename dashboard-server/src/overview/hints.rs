//! `GET /api/hints`: accounts that are like what is typed.

use axum::Json;
use axum::extract::State;
use millrace_operations::service::hints::{self, Hints, Typed};
use serde::Deserialize;

use crate::error::ApiError;
use crate::extract::{Parameters, Signed};
use crate::shapes;
use crate::state::AppState;

/// What has been typed so far.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// The name of the company.
    name: Option<String>,
    /// The unified social credit code.
    credit_code: Option<String>,
    /// A telephone number.
    phone: Option<String>,
}

/// Accounts that are like what is typed
///
/// Of those that the caller may not read it says that there is one, and who to ask.
#[utoipa::path(
    get,
    path = "/api/hints",
    tag = "accounts",
    params(Asked),
    responses((status = 200, description = "What is alike", body = shapes::Hints))
)]
pub(crate) async fn hints(
    State(state): State<AppState>,
    signed: Signed,
    Parameters(asked): Parameters<Asked>,
) -> Result<Json<Hints>, ApiError> {
    let typed = Typed {
        name: asked.name,
        credit_code: asked.credit_code,
        phone: asked.phone,
    };
    Ok(Json(hints::hints(state.store(), &signed.0, &typed).await?))
}
