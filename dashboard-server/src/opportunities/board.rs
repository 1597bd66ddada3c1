//! `GET /api/opportunities/board`: the deals of a pipeline by stage.

use std::str::FromStr;

use axum::Json;
use axum::extract::{RawQuery, State};
use millrace_operations::OperationsError;
use millrace_operations::entity::{opportunity, pipeline, stage};
use millrace_operations::resources::{Labels, labels};
use millrace_operations::service::board::{self, BoardQuery, Column};
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer::Row;
use crate::error::ApiError;
use crate::extract::Signed;
use crate::resources::query;
use crate::shapes;
use crate::state::AppState;

/// A board.
#[derive(Serialize, ToSchema)]
pub(crate) struct Board {
    /// The pipeline.
    #[schema(schema_with = shapes::pipeline)]
    pipeline: Row,
    /// A column for each stage, in their order.
    #[schema(value_type = Vec<shapes::Column>)]
    columns: Vec<Column>,
    /// The names of what the records refer to.
    #[schema(schema_with = shapes::labels)]
    labels: Labels,
}

/// The deals of a pipeline by stage
///
/// Open deals, and won ones until they are completed. Counts and sums are of all deals of a column; the
/// rest of its rows follows by the same call with its `stage_id` and the column's `next` as cursor.
#[utoipa::path(
    get,
    path = "/api/opportunities/board",
    tag = "opportunities",
    params(
        ("pipeline_id" = Option<i64>, Query, description = "The pipeline; the default one without it"),
        ("view" = Option<shapes::View>, Query, description = "One's own deals, or those that wait to be claimed"),
        ("search" = Option<String>, Query, description = "Words that must occur in the deals"),
        ("filter" = Option<Vec<String>>, Query, description = "Conditions as in the list of opportunities: field:operator:value,value"),
        ("per_column" = Option<u64>, Query, minimum = 1, maximum = 100, description = "How many rows of each column; 20 without it"),
        ("stage_id" = Option<i64>, Query, description = "The column of this stage alone"),
        ("cursor" = Option<String>, Query, description = "`next` of that column before, with the other parameters as they were"),
    ),
    responses((status = 200, description = "The board", body = Board))
)]
pub(crate) async fn board(
    State(state): State<AppState>,
    signed: Signed,
    RawQuery(query): RawQuery,
) -> Result<Json<Board>, ApiError> {
    let query = read(query)?;
    let found = board::board(state.store(), &signed.0, &query).await;
    let found = found.map_err(ApiError::of_parameters)?;
    let deals = found.columns.iter().flat_map(|column| &column.rows);
    let rows = deals.map(|card| (&opportunity::RESOURCE, &card.record));
    let stages = found
        .columns
        .iter()
        .map(|column| (&stage::RESOURCE, &column.stage));
    let all = rows
        .chain(stages)
        .chain([(&pipeline::RESOURCE, &found.pipeline)]);
    let all: Vec<_> = all.collect();
    let labels = labels(state.store(), &signed.0, all).await?;
    Ok(Json(Board {
        pipeline: found.pipeline,
        columns: found.columns,
        labels,
    }))
}

/// What is asked for, as in the list of opportunities.
fn read(query: Option<String>) -> Result<BoardQuery, ApiError> {
    let extra = ["pipeline_id", "per_column", "stage_id"];
    let (list, [pipeline_id, per_column, stage_id]) =
        query::read(&opportunity::RESOURCE, query, extra)?;
    for (name, given) in [
        ("sort", list.sort.is_some()),
        ("limit", list.limit.is_some()),
    ] {
        if given {
            let fault = OperationsError::field(name, "is no parameter of the board");
            return Err(ApiError::of_parameters(fault));
        }
    }
    Ok(BoardQuery {
        pipeline_id: number("pipeline_id", pipeline_id)?,
        view: list.view,
        filters: list.filters,
        search: list.search,
        per_column: number("per_column", per_column)?,
        stage_id: number("stage_id", stage_id)?,
        cursor: list.cursor,
    })
}

fn number<T: FromStr>(name: &str, given: Option<String>) -> Result<Option<T>, ApiError> {
    let read = given.map(|text| text.parse()).transpose();
    read.map_err(|_| {
        ApiError::of_parameters(OperationsError::field(name, "must be a whole number"))
    })
}
