//! `POST /api/{resource}/bulk`: the same to many records, each by itself: one that fails does not
//! keep the others from being done.

use axum::Json;
use millrace_models::scope::Action as Right;
use millrace_operations::entity::{account, opportunity};
use millrace_operations::resource::{Field, Resource};
use millrace_operations::resources;
use millrace_operations::service::{assign, claim, release};
use millrace_operations::{Caller, FieldError, OperationsError, Record, Result, Target, Unit};
use serde::{Deserialize, Serialize};

use crate::answer::Row;
use crate::error::{ApiError, Problem};
use crate::extract::Signed;
use crate::state::AppState;

/// The most records of one request.
pub(super) const MOST_ITEMS: usize = 100;

/// The longest reason, in characters.
pub(super) const LONGEST_REASON: usize = 1_000;

/// What is to be done to which records.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bulk {
    action: Action,
    items: Vec<Item>,
    changes: Option<Row>,
    reason: Option<String>,
    user_id: Option<i64>,
}

/// What can be done to many records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Action {
    Update,
    Delete,
    Claim,
    Release,
    Assign,
}

/// A record, and the version that was read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    id: i64,
    version: Option<i64>,
}

/// What became of each record.
#[derive(Serialize)]
pub(super) struct Done {
    results: Vec<Outcome>,
}

#[derive(Serialize)]
struct Outcome {
    id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<Row>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Problem>,
}

impl Action {
    /// Its name, as written.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Claim => "claim",
            Self::Release => "release",
            Self::Assign => "assign",
        }
    }
}

/// What can be done to many records of a resource.
pub(super) fn actions(resource: &Resource) -> Vec<Action> {
    let mut actions = Vec::new();
    if resource.open {
        actions.extend([Action::Update, Action::Delete]);
    }
    if is_pooled(resource) {
        actions.extend([Action::Claim, Action::Release, Action::Assign]);
    }
    actions
}

/// Whether its records wait in the pool while nobody owns them.
fn is_pooled(resource: &Resource) -> bool {
    [account::RESOURCE.name, opportunity::RESOURCE.name].contains(&resource.name)
}

pub(super) async fn bulk(
    resource: &'static Resource,
    state: AppState,
    Signed(mut caller): Signed,
    bulk: Bulk,
) -> Result<Json<Done>, ApiError> {
    check(resource, &bulk)?;
    if let Some(changes) = &bulk.changes {
        resources::check_changes(&caller, resource, changes)?;
    }
    if bulk.reason.is_some() {
        caller.reason.clone_from(&bulk.reason);
    }
    let mut results = Vec::with_capacity(bulk.items.len());
    for item in &bulk.items {
        let done = act(resource, &state, &caller, &bulk, item).await;
        results.push(match done {
            Ok(record) => Outcome {
                id: item.id,
                record,
                problem: None,
            },
            Err(error) => {
                let mut error = ApiError::from(error);
                if let Some(changes) = &bulk.changes {
                    error = error.submitting(changes);
                }
                Outcome {
                    id: item.id,
                    record: None,
                    problem: Some(error.into_problem()),
                }
            }
        });
    }
    Ok(Json(Done { results }))
}

/// That the request makes sense as a whole.
fn check(resource: &Resource, bulk: &Bulk) -> Result<(), ApiError> {
    let mut fields = Vec::new();
    let mut wrong = |field: &str, message: String| {
        fields.push(FieldError {
            field: field.to_owned(),
            message,
        });
    };
    let known = actions(resource);
    if !known.contains(&bulk.action) {
        let names: Vec<&str> = known.iter().map(|action| action.name()).collect();
        wrong("action", format!("must be one of {}", names.join(", ")));
    }
    if bulk.items.is_empty() || bulk.items.len() > MOST_ITEMS {
        wrong("items", format!("must be 1 to {MOST_ITEMS} records"));
    }
    if bulk.action != Action::Update && bulk.changes.is_some() {
        wrong("changes", "is for updates only".to_owned());
    }
    if bulk.action != Action::Assign && bulk.user_id.is_some() {
        wrong("user_id", "is for assigning only".to_owned());
    }
    let reason = bulk.reason.as_deref().unwrap_or_default().trim();
    if reason.chars().count() > LONGEST_REASON {
        wrong(
            "reason",
            format!("must have at most {LONGEST_REASON} characters"),
        );
    }
    let exists = |id: i64| (1..=Field::GREATEST).contains(&id);
    let counts = |version: i64| (0..=Field::GREATEST).contains(&version);
    let sensible = |item: &Item| exists(item.id) && item.version.is_none_or(counts);
    if !bulk.items.iter().all(sensible) {
        wrong(
            "items",
            "must have ids and versions that there can be".to_owned(),
        );
    }
    if bulk.user_id.is_some_and(|id| !exists(id)) {
        wrong("user_id", "must be an id that there can be".to_owned());
    }
    if matches!(bulk.action, Action::Release | Action::Assign) && reason.is_empty() {
        wrong("reason", "is required".to_owned());
    }
    if bulk.action == Action::Update && bulk.changes.is_none() {
        wrong("changes", "is required".to_owned());
    }
    if bulk.action == Action::Assign && bulk.user_id.is_none() {
        wrong("user_id", "is required".to_owned());
    }
    if fields.is_empty() {
        return Ok(());
    }
    Err(OperationsError::Invalid { fields }.into())
}

/// Does it to one record, and gives the record as the caller sees it then, if they do.
async fn act(
    resource: &'static Resource,
    state: &AppState,
    caller: &Caller,
    bulk: &Bulk,
    item: &Item,
) -> Result<Option<Row>> {
    let store = state.store();
    let actor = caller.actor();
    let id = item.id;
    let reason = bulk.reason.as_deref().unwrap_or_default();
    let user_id = bulk.user_id.unwrap_or_default();
    match bulk.action {
        Action::Update => {
            let changes = bulk.changes.clone().unwrap_or_default();
            let version = version(resource, state, caller, item).await?;
            let row = resources::update(store, caller, resource, id, version, &changes).await?;
            return Ok(Some(row));
        }
        Action::Delete => {
            let version = version(resource, state, caller, item).await?;
            resources::delete(store, caller, resource, id, version).await?;
            return Ok(None);
        }
        Action::Claim | Action::Release | Action::Assign => {}
    }
    let target = Target {
        id,
        version: item.version,
    };
    let work = async |unit: Unit| {
        if resource.name == account::RESOURCE.name {
            unchanged::<account::Model>(&unit, caller, bulk.action, target).await?;
            match bulk.action {
                Action::Claim => claim::claim(&unit, caller, id).await?,
                Action::Release => release::release(&unit, caller, id, reason).await?,
                _ => assign::assign(&unit, caller, id, user_id, reason).await?,
            };
        } else {
            unchanged::<opportunity::Model>(&unit, caller, bulk.action, target).await?;
            match bulk.action {
                Action::Claim => claim::claim_lead(&unit, caller, id).await?,
                Action::Release => release::release_lead(&unit, caller, id, reason).await?,
                _ => assign::assign_lead(&unit, caller, id, user_id, reason).await?,
            };
        }
        Ok(())
    };
    store.write(&actor, work).await?;
    match resources::get(store, caller, resource, id).await {
        Ok(row) => Ok(Some(row)),
        Err(OperationsError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The version to work from: the one that was read, or else the present one.
async fn version(
    resource: &'static Resource,
    state: &AppState,
    caller: &Caller,
    item: &Item,
) -> Result<i64> {
    if let Some(version) = item.version {
        return Ok(version);
    }
    let row = resources::get(state.store(), caller, resource, item.id).await?;
    let version = row.get("version").and_then(serde_json::Value::as_i64);
    Ok(version.unwrap_or_default())
}

/// That the record is still at the version that was read. A claim asks for no more than that nobody
/// has the record, and who comes too late is told who has it.
async fn unchanged<R: Record>(
    unit: &Unit,
    caller: &Caller,
    action: Action,
    target: Target,
) -> Result<()> {
    if action != Action::Claim && target.version.is_some() {
        unit.take::<R>(caller, Right::Read, target).await?;
    }
    Ok(())
}
