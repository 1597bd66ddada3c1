//! `GET /api/accounts/countdowns`: when accounts return to the pool.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use millrace_operations::OperationsError;
use millrace_operations::service::countdown::{self, Countdown};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::extract::{Parameters, Signed};
use crate::shapes;
use crate::state::AppState;

/// The most accounts asked about at once.
const MOST: usize = 1_000;

/// Which accounts.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// Their ids, separated by commas; at most 1000.
    #[param(pattern = r"^[0-9]{1,18}(,[0-9]{1,18})*$", example = "1,2,3")]
    ids: String,
}

/// Countdowns by account.
#[derive(Serialize, ToSchema)]
pub(crate) struct Countdowns {
    /// Those of the accounts that are owned and that the caller reads.
    #[schema(value_type = BTreeMap<String, shapes::Countdown>)]
    countdowns: BTreeMap<i64, Countdown>,
}

/// When accounts return to the pool
#[utoipa::path(
    get,
    path = "/api/accounts/countdowns",
    tag = "accounts",
    params(Asked),
    responses((status = 200, description = "The countdowns", body = Countdowns))
)]
pub(crate) async fn countdowns(
    State(state): State<AppState>,
    signed: Signed,
    Parameters(asked): Parameters<Asked>,
) -> Result<Json<Countdowns>, ApiError> {
    let ids = asked.ids.split(',').map(|id| id.trim().parse::<i64>());
    let ids: Vec<i64> = ids.collect::<Result<_, _>>().map_err(|_| wrong())?;
    if ids.len() > MOST {
        return Err(wrong());
    }
    let countdowns = countdown::countdowns(state.store(), &signed.0, &ids).await?;
    Ok(Json(Countdowns { countdowns }))
}

fn wrong() -> ApiError {
    let message = format!("must be at most {MOST} ids separated by commas");
    OperationsError::field("ids", message).into()
}
