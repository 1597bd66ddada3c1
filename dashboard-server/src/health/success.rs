//! Who looks after which customer, and who is to.

use axum::Json;
use axum::extract::State;
use millrace_models::scope::Action;
use millrace_operations::Unit;
use millrace_operations::entity::account;
use millrace_operations::service::success::{self, Appointment, BECAUSE_GONE, BECAUSE_LARGE};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Which;
use crate::error::{ApiError, Problem};
use crate::extract::{Body, Parameters, Signed};
use crate::schema;
use crate::state::AppState;

/// Accounts of one request.
const MOST_ACCOUNTS: usize = 200;

/// Who may look after customers.
#[derive(Serialize)]
pub(crate) struct SuccessManagers {
    people: Vec<success::SuccessManager>,
    may_choose: bool,
}

/// Who may look after customers
///
/// Those first whose role it is; the others manage sales. With how many accounts each has.
#[utoipa::path(
    get,
    path = "/api/health/success-managers",
    tag = "accounts",
    responses((status = 200, description = "The people", body = schema::SuccessManagers))
)]
pub(crate) async fn success_managers(
    State(state): State<AppState>,
    Signed(caller): Signed,
) -> Result<Json<SuccessManagers>, ApiError> {
    caller.require(&account::RESOURCE, Action::Read)?;
    Ok(Json(SuccessManagers {
        people: success::people(state.store()).await?,
        may_choose: success::may_choose(&caller),
    }))
}

/// Who looks after an account, and who did.
#[derive(Serialize)]
pub(crate) struct Appointments {
    /// The id of the record.
    account_id: i64,
    /// Who does now.
    user_id: Option<i64>,
    /// The latest first.
    history: Vec<Appointed>,
}

#[derive(Serialize)]
struct Appointed {
    #[serde(flatten)]
    appointment: Appointment,
    /// Why, where the program decided it.
    cause: Option<&'static str>,
}

/// Who looks after an account, and who did
///
/// From the history of the account.
#[utoipa::path(
    get,
    path = "/api/health/success-manager",
    tag = "accounts",
    params(Which),
    responses(
        (status = 200, description = "Since when who does", body = schema::Appointments),
        (status = 404, description = "There is no such account of this system")
    )
)]
pub(crate) async fn success_manager(
    State(state): State<AppState>,
    Signed(caller): Signed,
    Parameters(which): Parameters<Which>,
) -> Result<Json<Appointments>, ApiError> {
    let store = state.store();
    let read = success::seen(store.reader(), &caller, &which.account)
        .await
        .map_err(ApiError::of_parameters)?;
    let read =
        read.ok_or_else(|| ApiError::NotFound(format!("the account {:?}", which.account)))?;
    let history = success::history(store, read.id).await?;
    let history = history.into_iter().map(|appointment| Appointed {
        cause: cause(&appointment),
        appointment,
    });
    Ok(Json(Appointments {
        account_id: read.id,
        user_id: read.success_manager_id,
        history: history.collect(),
    }))
}

fn cause(appointment: &Appointment) -> Option<&'static str> {
    match appointment.reason.as_deref()? {
        BECAUSE_LARGE if appointment.by.is_none() => Some("large"),
        BECAUSE_GONE => Some("gone"),
        _ => None,
    }
}

/// Who is to look after which accounts.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Appoint {
    /// The accounts, each by its number or name; at most 200.
    accounts: Vec<String>,
    /// Who is to; nobody where there is none.
    user_id: Option<i64>,
}

/// What became of each account.
#[derive(Serialize)]
pub(crate) struct Appointing {
    results: Vec<Outcome>,
}

#[derive(Serialize)]
struct Outcome {
    account: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Problem>,
}

/// Give accounts to a success manager
///
/// Each by itself: one that cannot be given does not keep the others from being. For customer success,
/// and for who assigns the accounts. What the one before was still to do about falls of scores goes
/// along.
#[utoipa::path(
    post,
    path = "/api/health/success-managers",
    tag = "accounts",
    request_body = Appoint,
    responses((status = 200, description = "What became of each", body = schema::Appointing))
)]
pub(crate) async fn appoint(
    State(state): State<AppState>,
    signed: Signed,
    Body(body): Body<Appoint>,
) -> Result<Json<Appointing>, ApiError> {
    let count = body.accounts.len();
    if !(1..=MOST_ACCOUNTS).contains(&count) {
        let detail = format!("accounts are {count}, must be 1 to {MOST_ACCOUNTS}");
        return Err(ApiError::BadRequest(detail));
    }
    if !success::may_choose(&signed.0) {
        return Err(signed
            .0
            .require(&account::RESOURCE, Action::Assign)
            .map_or_else(ApiError::from, |()| {
                ApiError::Withheld("success managers are not yours to choose".to_owned())
            }));
    }
    let mut results = Vec::with_capacity(count);
    for account in body.accounts {
        let work = async |unit: Unit| {
            success::appoint(&unit, &signed.0, &account, body.user_id)
                .await
                .map(drop)
        };
        let done = state.write(&signed, work).await;
        results.push(Outcome {
            account: account.clone(),
            problem: done.err().map(ApiError::into_problem),
        });
    }
    Ok(Json(Appointing { results }))
}
