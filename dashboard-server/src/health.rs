//! How customers fare: what a score is made of, and whether scores held in the past.

pub(crate) mod success;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use chrono::NaiveDate;
use millrace_jobs::health::{KeptModels, OrderHistory, Preview, Proof, kept_models};
use millrace_lake::query::{AccountGroup, AccountScore, AccountStanding};
use millrace_models::health::{Factor, Held, Lift, ScorecardRules, Status};
use millrace_models::metric::Label;
use millrace_models::scope::{Access, Action, Scope};
use millrace_operations::entity::account;
use millrace_operations::service::scorecard::{self, Step};
use millrace_operations::{Caller, Unit};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::Mutex;
use utoipa::ToSchema;

use crate::answer::Shown;
use crate::error::ApiError;
use crate::extract::{Body, Parameters, Signed};
use crate::numbers::Numbers;
use crate::schema;
use crate::state::AppState;

/// The horizon where none is asked for: a quarter.
const HORIZON_DAYS: i32 = 91;
const LONGEST_DAYS: i32 = 366;
const CUTOFFS: u32 = 4;
const MOST_CUTOFFS: u32 = 12;
const MOST_ACCOUNTS: usize = 200;

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
        (status = 200, description = "How it stands", body = schema::StandingOfAccount),
        (status = 404, description = "No such account has a score")
    )
)]
pub(crate) async fn standing(
    State(state): State<AppState>,
    Numbers(access): Numbers,
    Parameters(which): Parameters<Which>,
) -> Result<Json<StandingOfAccount>, ApiError> {
    let standing = known(&state, &access, &which.account).await?;
    let rules = scorecard::rules(state.store().reader()).await?;
    let lift = lift(&rules, &standing);
    let steps = Factor::WEIGHTS.into_iter().map(|(factor, _)| Play {
        factor,
        text: rules.play(factor),
    });
    Ok(Json(StandingOfAccount {
        standing,
        lift,
        steps: steps.collect(),
    }))
}

/// How an account stands, and what to do about it.
#[derive(Debug, Serialize)]
pub(crate) struct StandingOfAccount {
    #[serde(flatten)]
    standing: AccountStanding,
    /// What it lacks for a better status; none where it is green or unrated.
    lift: Option<Lift>,
    /// What is to be done about each factor.
    steps: Vec<Play>,
}

/// What is to be done about a factor.
#[derive(Debug, Serialize)]
struct Play {
    factor: Factor,
    text: Label,
}

/// The standing of an account that the caller sees.
async fn known(
    state: &AppState,
    access: &Access,
    account: &str,
) -> Result<AccountStanding, ApiError> {
    let standing = state.engine().standing(access, account, state.now());
    let gone = || ApiError::NotFound(format!("the score of account {account:?}"));
    standing.await?.ok_or_else(gone)
}

fn lift(rules: &ScorecardRules, standing: &AccountStanding) -> Option<Lift> {
    let now = &standing.now;
    let text = |name: &str| now.scored.get(name).and_then(Value::as_str);
    let factors = now.factors.iter();
    let factors = factors.filter_map(|own| {
        let factor = Factor::named(&own.factor)?;
        Some((factor, own.points, own.weight))
    });
    let held_by = text("held_by").and_then(Held::named);
    Lift::of(rules, Status::named(text("status")?)?, held_by, factors)
}

/// Which accounts.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Several {
    /// Their ids, with commas between; at most 200.
    accounts: String,
}

/// How some accounts stand now.
#[derive(Debug, Serialize)]
pub(crate) struct Scores {
    scores: Vec<AccountScore>,
}

/// How some accounts stand now
///
/// Those without a score, and those that the caller does not see, are left out.
#[utoipa::path(
    get,
    path = "/api/health/scores",
    tag = "numbers",
    params(Several),
    responses((status = 200, description = "Their scores", body = schema::ScoresOfAccounts))
)]
pub(crate) async fn scores(
    State(state): State<AppState>,
    Numbers(access): Numbers,
    Parameters(several): Parameters<Several>,
) -> Result<Json<Scores>, ApiError> {
    let ids: Vec<&str> = several.accounts.split(',').collect();
    if ids.len() > MOST_ACCOUNTS {
        let detail = format!(
            "accounts are {}, must be at most {MOST_ACCOUNTS}",
            ids.len()
        );
        return Err(ApiError::BadRequest(detail));
    }
    let scores = state.engine().scores(&access, &ids).await?;
    Ok(Json(Scores { scores }))
}

/// Groups of accounts.
#[derive(Debug, Serialize)]
pub(crate) struct Groups {
    groups: Vec<AccountGroup>,
}

/// How groups stand
///
/// The accounts under one parent that have a score, where the caller sees at least two of them: with the
/// worst status of any, and their amounts together. That with most at risk is first.
#[utoipa::path(
    get,
    path = "/api/health/groups",
    tag = "numbers",
    responses((status = 200, description = "The groups", body = schema::GroupsOfAccounts))
)]
pub(crate) async fn groups(
    State(state): State<AppState>,
    Numbers(access): Numbers,
) -> Result<Json<Groups>, ApiError> {
    let groups = state.engine().groups(&access).await?;
    Ok(Json(Groups { groups }))
}

/// A step to take for an account because of its score.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepToTake {
    /// The account, by its id or name.
    account: String,
    /// The factor that costs it points.
    #[schema(value_type = schema::FactorName)]
    factor: Factor,
}

/// Make a to-do of a step
///
/// It is the caller's, who can pass it on. One that they have for the same factor of the account from
/// the last two weeks is the answer again.
#[utoipa::path(
    post,
    path = "/api/health/steps",
    tag = "todos",
    request_body = StepToTake,
    responses((status = 200, description = "The to-do", body = ref("#/components/schemas/TodoOutcome")))
)]
pub(crate) async fn take_step(
    State(state): State<AppState>,
    signed: Signed,
    Body(body): Body<StepToTake>,
) -> Result<Shown, ApiError> {
    let standing = known(&state, &signed.0.access(), &body.account).await?;
    let score = standing.now.scored.get("score").and_then(Value::as_f64);
    let step = Step {
        account: standing.account_id,
        factor: body.factor,
        score: score.unwrap_or_default(),
    };
    let work = async |unit: Unit| scorecard::take_step(&unit, &signed.0, &step).await;
    let made = state.write(&signed, work).await?;
    Shown::record(&state, &signed, &made).await
}

/// The rules in force
///
/// All of them, those that are as shipped too; the setting `health` holds what differs.
#[utoipa::path(
    get,
    path = "/api/health/rules",
    tag = "numbers",
    responses((status = 200, description = "The rules", body = schema::RulesInForce))
)]
pub(crate) async fn rules(
    State(state): State<AppState>,
    Signed(caller): Signed,
) -> Result<Json<ScorecardRules>, ApiError> {
    caller.require(&account::RESOURCE, Action::Read)?;
    Ok(Json(scorecard::rules(state.store().reader()).await?))
}

/// Rules that are not in force.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tried {
    /// As the setting `health` holds them.
    #[schema(value_type = Object)]
    rules: ScorecardRules,
}

/// Who would stand otherwise by other rules
///
/// Nothing is changed. All accounts are in it, so it is for those who see all.
#[utoipa::path(
    post,
    path = "/api/health/preview",
    tag = "numbers",
    request_body = Tried,
    responses((status = 200, description = "Who would move", body = schema::RulesPreview))
)]
pub(crate) async fn preview(
    State(state): State<AppState>,
    Signed(caller): Signed,
    Body(tried): Body<Tried>,
) -> Result<Json<Preview>, ApiError> {
    sees_all(&caller)?;
    let checked = tried.rules.check();
    checked.map_err(|error| ApiError::BadRequest(format!("rules.{error}")))?;
    let history = state.histories().of_newest(&state).await?;
    let last = yesterday(&state);
    let work = move || history.preview(&tried.rules, last);
    let preview = tokio::task::spawn_blocking(work).await;
    Ok(Json(
        preview.map_err(|error| ApiError::Internal(error.into()))?,
    ))
}

fn sees_all(caller: &Caller) -> Result<(), ApiError> {
    if caller.access().rights().scope("account", Action::Read) == Some(Scope::All) {
        return Ok(());
    }
    let detail = "this is made of all accounts, and your role does not see all";
    Err(ApiError::Withheld(detail.to_owned()))
}

/// The last day that is over.
fn yesterday(state: &AppState) -> NaiveDate {
    let zone = state.company().zone;
    let today = state.now().with_timezone(&zone).date_naive();
    today.pred_opt().unwrap_or(today)
}

/// What was read of the newest set, and what was proven of it: each takes a while, and the next who
/// asks wants the same.
#[derive(Default)]
pub(crate) struct Histories {
    read: Mutex<Option<(i64, Arc<OrderHistory>)>>,
    proven: Mutex<Option<Proven>>,
}

/// The set, the rules as a number, the day, the question, and the answer.
type Proven = ((i64, u64, NaiveDate, Asked), Arc<Vec<Proof>>);

impl Histories {
    /// The order history of the newest set, by the rules in force.
    async fn of_newest(&self, state: &AppState) -> Result<Arc<OrderHistory>, ApiError> {
        let newest = state.lake().latest_set().await?;
        let set = newest.map(|set| set.id).ok_or(ApiError::NothingPublished)?;
        let rules = scorecard::rules(state.store().reader()).await?;
        let mut read = self.read.lock().await;
        if let Some((of, history)) = &*read
            && *of == set
            && *history.rules() == rules
        {
            return Ok(Arc::clone(history));
        }
        let history = OrderHistory::read(state.lake(), state.company()).await;
        let history = history.map_err(ApiError::Internal)?;
        let history = history.ok_or(ApiError::NothingPublished)?;
        let history = Arc::new(history.by(rules));
        *read = Some((history.set, Arc::clone(&history)));
        Ok(history)
    }
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
    sees_all(&caller)?;
    if !(1..=MOST_CUTOFFS).contains(&asked.cutoffs)
        || !(1..=LONGEST_DAYS).contains(&asked.horizon_days)
    {
        return Err(ApiError::BadRequest(format!(
            "cutoffs is {}, must be 1 to {MOST_CUTOFFS}; horizon_days is {}, must be 1 to \
             {LONGEST_DAYS}",
            asked.cutoffs, asked.horizon_days
        )));
    }
    let history = state.histories().of_newest(&state).await?;
    let last = yesterday(&state);
    let question = (history.set, history.rules().fingerprint(), last, asked);
    let mut proven = state.histories().proven.lock().await;
    if let Some((of, proofs)) = &*proven
        && *of == question
    {
        let proofs = Arc::clone(proofs);
        return Ok(Json(Proofs { proofs }));
    }
    let work = move || history.proofs(asked.cutoffs, asked.horizon_days, last);
    let proofs = tokio::task::spawn_blocking(work).await;
    let proofs = proofs.map_err(|error| ApiError::Internal(error.into()))?;
    let proofs = proofs.map_err(|error| ApiError::BadRequest(error.to_string()))?;
    let proofs = Arc::new(proofs);
    *proven = Some((question, Arc::clone(&proofs)));
    Ok(Json(Proofs { proofs }))
}

/// The models behind kept scores.
#[derive(Debug, Serialize)]
pub(crate) struct ModelsOfScorings {
    /// The latest scoring first.
    scorings: Vec<KeptModels>,
}

/// What the probabilities of kept scores were learned from
///
/// Of each scored day that is kept: the earlier days that each model learned from, and how well it did on
/// the last of them without having seen it. All accounts are in it, so it is for those who see all.
#[utoipa::path(
    get,
    path = "/api/health/models",
    tag = "numbers",
    responses((status = 200, description = "The models", body = schema::ModelsOfScorings))
)]
pub(crate) async fn models(
    State(state): State<AppState>,
    Signed(caller): Signed,
) -> Result<Json<ModelsOfScorings>, ApiError> {
    sees_all(&caller)?;
    let kept = kept_models(state.lake(), state.company()).await;
    let scorings = kept.map_err(ApiError::Internal)?;
    Ok(Json(ModelsOfScorings { scorings }))
}
