//! How customers fare: what a score is made of, and whether scores held in the past.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use millrace_jobs::health::{OrderHistory, Proof};
use millrace_lake::query::AccountStanding;
use millrace_models::scope::{Action, Scope};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::error::ApiError;
use crate::extract::{Parameters, Signed};
use crate::numbers::Numbers;
use crate::schema;
use crate::state::AppState;

/// The horizon where none is asked for: a quarter.
const HORIZON_DAYS: i32 = 91;
const LONGEST_DAYS: i32 = 366;
const CUTOFFS: u32 = 4;
const MOST_CUTOFFS: u32 = 12;

/// What was proven of the newest set.
pub(crate) type Proven = Mutex<Option<(i64, Asked, Arc<Vec<Proof>>)>>;

/// Which account.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    /// The account, by its id or name.
    account: String,
}

/// How an account stands
///
/// Its last score, what that is made of, how it stood 30 days before, and its score on every day that
/// was scored.
#[utoipa::path(
    get,
    path = "/api/health/account",
    tag = "numbers",
    params(Which),
    responses(
        (status = 200, description = "How it stands", body = schema::AccountStanding),
        (status = 404, description = "No such account has a score")
    )
)]
pub(crate) async fn standing(
    State(state): State<AppState>,
    Numbers(access): Numbers,
    Parameters(which): Parameters<Which>,
) -> Result<Json<AccountStanding>, ApiError> {
    let standing = state
        .engine()
        .standing(&access, &which.account, state.now())
        .await?;
    let gone = || ApiError::NotFound(format!("the score of account {:?}", which.account));
    standing.map(Json).ok_or_else(gone)
}

/// Which past days to prove the scores on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Asked {
    /// How many, a horizon apart; 1 to 12.
    #[param(default = 4)]
    cutoffs: u32,
    /// The days that follow each and are judged by; 1 to 366.
    #[param(default = 91)]
    horizon_days: i32,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            cutoffs: CUTOFFS,
            horizon_days: HORIZON_DAYS,
        }
    }
}

/// Scores of the past, and what came of them.
#[derive(Debug, Serialize)]
pub(crate) struct Proofs {
    /// The latest first.
    proofs: Arc<Vec<Proof>>,
}

/// Whether scores held in the past
///
/// Scores as of past days, judged by who ordered after them. All accounts are in it, so it is for those
/// who see all.
#[utoipa::path(
    get,
    path = "/api/health/backtest",
    tag = "numbers",
    params(Asked),
    responses((status = 200, description = "The backtests", body = schema::Proofs))
)]
pub(crate) async fn backtest(
    State(state): State<AppState>,
    Signed(caller): Signed,
    Parameters(asked): Parameters<Asked>,
) -> Result<Json<Proofs>, ApiError> {
    if caller.access().rights().scope("account", Action::Read) != Some(Scope::All) {
        let detail = "the proof is made of all accounts, and your role does not see all";
        return Err(ApiError::Withheld(detail.to_owned()));
    }
    if !(1..=MOST_CUTOFFS).contains(&asked.cutoffs)
        || !(1..=LONGEST_DAYS).contains(&asked.horizon_days)
    {
        return Err(ApiError::BadRequest(format!(
            "cutoffs is {}, must be 1 to {MOST_CUTOFFS}; horizon_days is {}, must be 1 to \
             {LONGEST_DAYS}",
            asked.cutoffs, asked.horizon_days
        )));
    }
    // one at a time: it takes a while, and the others want the same
    let mut proven = state.proven().lock().await;
    let newest = state.lake().latest_set().await?;
    let set = newest.map(|set| set.id).ok_or(ApiError::NothingPublished)?;
    if let Some((of, by, proofs)) = &*proven
        && (*of, *by) == (set, asked)
    {
        let proofs = Arc::clone(proofs);
        return Ok(Json(Proofs { proofs }));
    }
    let history = OrderHistory::read(state.lake(), state.company()).await;
    let history = history.map_err(ApiError::Internal)?;
    let history = history.ok_or(ApiError::NothingPublished)?;
    let today = state
        .now()
        .with_timezone(&state.company().zone)
        .date_naive();
    // that day is not over
    let last = today.pred_opt().unwrap_or(today);
    let of = history.set;
    let work = move || history.proofs(asked.cutoffs, asked.horizon_days, last);
    let proofs = tokio::task::spawn_blocking(work).await;
    let proofs = proofs.map_err(|error| ApiError::Internal(error.into()))?;
    let proofs = proofs.map_err(|error| ApiError::BadRequest(error.to_string()))?;
    let proofs = Arc::new(proofs);
    *proven = Some((of, asked, Arc::clone(&proofs)));
    Ok(Json(Proofs { proofs }))
}
