//! `GET /api/{resource}/{id}/history`: what happened to a record, field by field.

use axum::Json;
use millrace_operations::FieldError;
use millrace_operations::resource::{Field, Resource};
use millrace_operations::resources::{self, History, Labels};
use serde::{Deserialize, Serialize};

use crate::answer::Row;
use crate::error::ApiError;
use crate::extract::Signed;
use crate::state::AppState;

/// Changes of a page where nothing else is asked.
const USUAL: u64 = 50;

/// Which part of the history.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    before: Option<i64>,
    limit: Option<u64>,
}

/// A part of a history, and what its values refer to.
#[derive(Serialize)]
pub(super) struct Told {
    #[serde(flatten)]
    history: History,
    labels: Labels,
}

pub(super) async fn history(
    resource: &'static Resource,
    state: AppState,
    Signed(caller): Signed,
    id: i64,
    asked: Asked,
) -> Result<Json<Told>, ApiError> {
    let store = state.store();
    if asked
        .before
        .is_some_and(|before| !(1..=Field::GREATEST).contains(&before))
    {
        return Err(ApiError::Parameters(vec![FieldError {
            field: "before".to_owned(),
            message: "must be `next` of the part before".to_owned(),
        }]));
    }
    let limit = asked.limit.unwrap_or(USUAL);
    let history = resources::history(store, &caller, resource, id, asked.before, limit)
        .await
        .map_err(ApiError::of_parameters)?;
    let values: Vec<Row> = history
        .changes
        .iter()
        .flat_map(|change| &change.fields)
        .flat_map(|change| {
            [
                (change.field, &change.before),
                (change.field, &change.after),
            ]
        })
        .map(|(field, value)| Row::from_iter([(field.to_owned(), value.clone())]))
        .collect();
    let values = values.iter().map(|row| (resource, row));
    let labels = resources::labels(store, &caller, values).await?;
    Ok(Json(Told { history, labels }))
}
