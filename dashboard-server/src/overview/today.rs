//! `GET /api/today`: what is due for the caller.

use axum::Json;
use axum::extract::State;
use millrace_operations::entity::{account, interaction, opportunity, quote, todo};
use millrace_operations::resource::Resource;
use millrace_operations::resources::{Labels, labels};
use millrace_operations::service::today;
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer::Row;
use crate::error::ApiError;
use crate::extract::Signed;
use crate::shapes;
use crate::state::AppState;

/// What is due.
#[derive(Serialize, ToSchema)]
pub(crate) struct Today {
    /// What it is.
    #[serde(flatten)]
    #[schema(value_type = shapes::Due)]
    due: today::Today,
    /// The names of what the records refer to.
    #[schema(schema_with = shapes::labels)]
    labels: Labels,
}

/// What is due for the caller
///
/// Their own work only: to-dos, accounts that return to the pool soon, idle deals, next steps, and quotes
/// that are out.
#[utoipa::path(
    get,
    path = "/api/today",
    tag = "about",
    responses((status = 200, description = "What is due", body = Today))
)]
pub(crate) async fn today(
    State(state): State<AppState>,
    signed: Signed,
) -> Result<Json<Today>, ApiError> {
    let due = today::today(state.store(), &signed.0).await?;
    let parts: [(&'static Resource, &[Row]); 4] = [
        (&todo::RESOURCE, &due.todos),
        (&opportunity::RESOURCE, &due.idle),
        (&interaction::RESOURCE, &due.next_steps),
        (&quote::RESOURCE, &due.quotes_out),
    ];
    let accounts = due
        .countdowns
        .iter()
        .map(|one| (&account::RESOURCE, &one.account));
    let rows = parts
        .iter()
        .flat_map(|(of, rows)| rows.iter().map(|row| (*of, row)));
    let all: Vec<_> = rows.chain(accounts).collect();
    let labels = labels(state.store(), &signed.0, all).await?;
    Ok(Json(Today { due, labels }))
}
