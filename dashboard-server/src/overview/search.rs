//! `GET /api/search`: records by words.

use axum::Json;
use axum::extract::State;
use millrace_operations::OperationsError;
use millrace_operations::entity::resource;
use millrace_operations::resources::{Labels, labels};
use millrace_operations::service::search::{self, Hit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::extract::{Parameters, Signed};
use crate::shapes;
use crate::state::AppState;

/// What is looked for.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// Words that must all occur in a record.
    #[param(min_length = 1, pattern = r"\S")]
    q: String,
    /// At most so many of each kind; 10 without it.
    #[param(minimum = 1, maximum = 50)]
    limit: Option<u64>,
}

/// What was found.
#[derive(Serialize, ToSchema)]
pub(crate) struct Found {
    /// Accounts, contacts, opportunities and quotes, the latest of each first.
    #[schema(value_type = Vec<shapes::Hit>)]
    hits: Vec<Hit>,
    /// The names of what they refer to.
    #[schema(schema_with = shapes::labels)]
    labels: Labels,
}

/// Search records by words
#[utoipa::path(
    get,
    path = "/api/search",
    tag = "about",
    params(Asked),
    responses((status = 200, description = "What was found", body = Found))
)]
pub(crate) async fn search(
    State(state): State<AppState>,
    signed: Signed,
    Parameters(asked): Parameters<Asked>,
) -> Result<Json<Found>, ApiError> {
    let limit = asked.limit.unwrap_or(10);
    let found = search::search(state.store(), &signed.0, &asked.q, limit).await;
    let hits = found.map_err(|error| match error {
        // The service calls its words "search", the parameter is "q".
        OperationsError::Invalid { mut fields } => {
            for field in &mut fields {
                if field.field == "search" {
                    "q".clone_into(&mut field.field);
                }
            }
            OperationsError::Invalid { fields }
        }
        other => other,
    })?;
    let records = hits
        .iter()
        .filter_map(|hit| Some((resource(hit.entity)?, &hit.record)));
    let records: Vec<_> = records.collect();
    let labels = labels(state.store(), &signed.0, records).await?;
    Ok(Json(Found { hits, labels }))
}
