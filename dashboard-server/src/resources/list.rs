//! `GET /api/{resource}`: a page of records.

use axum::Json;
use millrace_operations::resource::Resource;
use millrace_operations::resources::{self, Labels};
use serde::Serialize;

use super::query;
use crate::answer::Row;
use crate::error::ApiError;
use crate::extract::Signed;
use crate::state::AppState;

/// A page of records, and what they refer to.
#[derive(Serialize)]
pub(super) struct Page {
    rows: Vec<Row>,
    next: Option<String>,
    /// How many there are on all pages, where that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<i64>,
    labels: Labels,
}

pub(super) async fn list(
    resource: &'static Resource,
    state: AppState,
    Signed(caller): Signed,
    query: Option<String>,
) -> Result<Json<Page>, ApiError> {
    let (asked, [count]) = query::read(resource, query, ["count"])?;
    let counted = query::flag("count", count.as_deref())?;
    let store = state.store();
    let page = resources::list(store, &caller, resource, &asked)
        .await
        .map_err(ApiError::of_parameters)?;
    let count = if counted {
        let all = resources::count(store, &caller, resource, &asked).await;
        Some(all.map_err(ApiError::of_parameters)?)
    } else {
        None
    };
    let rows = page.rows.iter().map(|row| (resource, row));
    let labels = resources::labels(store, &caller, rows).await?;
    Ok(Json(Page {
        rows: page.rows,
        next: page.next,
        count,
        labels,
    }))
}
