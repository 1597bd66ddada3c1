//! The deals of a pipeline by stage: what the kanban page shows, in one call.
//!
//! On the board are open deals, and won ones until they are completed. Count and sums of a column are
//! of all its deals that the caller may read and that meet the filters; its rows are the first of them,
//! and the rest follows by the same call for that stage alone, with the column's cursor.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use millrace_models::calendar::WorkingCalendar;
use millrace_models::scope::{Action, Visibility};
use sea_orm::sea_query::{Condition, Expr, ExprTrait as _, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, JsonValue, QueryFilter, QueryOrder};
use serde::Serialize;

use super::money;
use super::moves;
use crate::caller::{Caller, column_of};
use crate::entity::{opportunity, pipeline, stage, stage_change};
use crate::error::{OperationsError, Result};
use crate::resources::{Filter, ListQuery, MOST_ROWS, Operator, View, list, narrowed};
use crate::row::{Row, integer};
use crate::store::Store;

/// How many rows of each column, when it is not said.
const PER_COLUMN: u64 = 20;

/// What the board is asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BoardQuery {
    /// The pipeline; the default one when not given.
    pub pipeline_id: Option<i64>,
    /// The caller's own deals, or those that wait to be claimed.
    pub view: Option<View>,
    /// All of these must hold.
    pub filters: Vec<Filter>,
    /// Words that must occur in the deals.
    pub search: Option<String>,
    /// How many rows of each column, from 1 to [`MOST_ROWS`]; 20 without it.
    pub per_column: Option<u64>,
    /// This column alone.
    pub stage_id: Option<i64>,
    /// Where its rows begin, from the part before.
    pub cursor: Option<String>,
}

/// A board.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Board {
    /// The pipeline.
    pub pipeline: Row,
    /// A column for each stage, in their order.
    pub columns: Vec<Column>,
}

/// The deals in a stage.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Column {
    /// The stage.
    pub stage: Row,
    /// How many deals are in it.
    pub count: i64,
    /// What they come to, in fen; for those who see amounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// The same times the probability of the stage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weighted_amount: Option<i64>,
    /// The first of them, the latest first.
    pub rows: Vec<Card>,
    /// Where the rest of them begins, if there is more.
    pub next: Option<String>,
}

/// A deal on the board.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Card {
    /// The deal.
    #[serde(flatten)]
    pub record: Row,
    /// How many working days it has been in the stage, all its visits together, to a tenth.
    pub working_days_in_stage: f64,
    /// Whether that is more than the stage expects.
    pub stalled: bool,
}

/// The board of a pipeline.
///
/// # Errors
///
/// When the role reads no deals, there is no such pipeline, or a filter names what is not there.
pub async fn board(store: &Store, caller: &Caller, query: &BoardQuery) -> Result<Board> {
    caller.require(&opportunity::RESOURCE, Action::Read)?;
    let per_column = query.per_column.unwrap_or(PER_COLUMN);
    if !(1..=MOST_ROWS).contains(&per_column) {
        let fault = format!("must be from 1 to {MOST_ROWS}");
        return Err(OperationsError::field("per_column", fault));
    }
    if query.cursor.is_some() && query.stage_id.is_none() {
        let fault = "goes on with one column: name its stage_id";
        return Err(OperationsError::field("cursor", fault));
    }
    let pipeline = pipeline_of(store, caller, query.pipeline_id).await?;
    let mut stages = stage::Entity::find()
        .filter(stage::Column::PipelineId.eq(pipeline.id))
        .filter(stage::Column::DeletedAt.is_null())
        .order_by_asc(stage::Column::Position)
        .order_by_asc(stage::Column::Id)
        .all(store.reader())
        .await?;
    if let Some(id) = query.stage_id {
        stages.retain(|stage| stage.id == id);
        if stages.is_empty() {
            let fault = format!("is no stage of the pipeline: {id}");
            return Err(OperationsError::field("stage_id", fault));
        }
    }
    let sums = sums(store, caller, query, &stages).await?;
    let mut columns = Vec::with_capacity(stages.len());
    for stage in &stages {
        let (count, amount) = sums.get(&stage.id).copied().unwrap_or_default();
        let (rows, next) = if count == 0 {
            (Vec::new(), None)
        } else {
            let query = column_query(query, stage, per_column);
            let page = list(store, caller, &opportunity::RESOURCE, &query).await?;
            (page.rows, page.next)
        };
        let seen = caller.rights.sees(Visibility::Amounts);
        let weighted = money::scaled(amount, money::WHOLE, stage.probability)?;
        columns.push(Column {
            stage: caller.show(stage),
            count,
            amount: seen.then_some(amount),
            weighted_amount: seen.then_some(weighted),
            rows: rows.into_iter().map(Card::of).collect(),
            next,
        });
    }
    time_in_stage(store, &stages, &mut columns).await?;
    Ok(Board {
        pipeline: caller.show(&pipeline),
        columns,
    })
}

impl Card {
    fn of(record: Row) -> Self {
        Self {
            record,
            working_days_in_stage: 0.0,
            stalled: false,
        }
    }
}

async fn pipeline_of(store: &Store, caller: &Caller, id: Option<i64>) -> Result<pipeline::Model> {
    let pipelines = pipeline::Entity::find()
        .filter(caller.condition(&pipeline::RESOURCE, Action::Read)?)
        .filter(pipeline::Column::DeletedAt.is_null());
    let found = match id {
        Some(id) => pipelines.filter(pipeline::Column::Id.eq(id)),
        None => pipelines.filter(pipeline::Column::DefaultPipeline.eq(true)),
    };
    let found = found.one(store.reader()).await?;
    found.ok_or_else(|| match id {
        Some(id) => OperationsError::field("pipeline_id", format!("there is no pipeline {id}")),
        None => OperationsError::field("pipeline_id", "is required: there is no default pipeline"),
    })
}

/// Which deals are in a column.
fn column_query(query: &BoardQuery, stage: &stage::Model, per_column: u64) -> ListQuery {
    let filter = |field: &str, operator, values: Vec<JsonValue>| Filter {
        field: field.to_owned(),
        operator,
        values,
    };
    let mut filters = query.filters.clone();
    filters.push(filter("stage_id", Operator::In, vec![stage.id.into()]));
    filters.push(filter(
        "outcome",
        Operator::In,
        vec!["open".into(), "won".into()],
    ));
    filters.push(filter("completed_at", Operator::IsNull, Vec::new()));
    ListQuery {
        filters,
        view: query.view,
        search: query.search.clone(),
        limit: Some(per_column),
        cursor: query.cursor.clone(),
        ..ListQuery::default()
    }
}

/// How many deals are in each stage, and what they come to.
async fn sums(
    store: &Store,
    caller: &Caller,
    query: &BoardQuery,
    stages: &[stage::Model],
) -> Result<BTreeMap<i64, (i64, i64)>> {
    let resource = &opportunity::RESOURCE;
    let column = |name| column_of(resource, name);
    let wanted = ListQuery {
        filters: query.filters.clone(),
        view: query.view,
        search: query.search.clone(),
        ..ListQuery::default()
    };
    let on_board = Condition::all()
        .add(column("stage_id").is_in(stages.iter().map(|stage| stage.id)))
        .add(column("outcome").is_in(["open", "won"]))
        .add(column("completed_at").is_null());
    let select = Query::select()
        .expr(column("stage_id"))
        .expr(Expr::cust("COUNT(*)"))
        .expr(Expr::cust(
            "CAST(COALESCE(SUM(opportunities.amount), 0) AS BIGINT)",
        ))
        .from(resource.table)
        .cond_where(narrowed(store, caller, resource, &wanted).await?)
        .cond_where(on_board)
        .add_group_by([column("stage_id")])
        .to_owned();
    let mut sums = BTreeMap::new();
    for row in store.reader().query_all(&select).await? {
        let stage: i64 = row.try_get_by_index(0)?;
        sums.insert(stage, (row.try_get_by_index(1)?, row.try_get_by_index(2)?));
    }
    Ok(sums)
}

/// Fills in how long the deals have been in their stages.
async fn time_in_stage(
    store: &Store,
    stages: &[stage::Model],
    columns: &mut [Column],
) -> Result<()> {
    let cards = columns.iter().flat_map(|column| &column.rows);
    let ids: Vec<i64> = cards
        .filter_map(|card| integer(&card.record, "id"))
        .collect();
    if ids.is_empty() {
        return Ok(());
    }
    let changes = stage_change::Entity::find()
        .filter(stage_change::Column::OpportunityId.is_in(ids))
        .filter(stage_change::Column::DeletedAt.is_null())
        .order_by_asc(stage_change::Column::Id)
        .all(store.reader())
        .await?;
    let mut by_deal: BTreeMap<i64, Vec<stage_change::Model>> = BTreeMap::new();
    for change in changes {
        by_deal
            .entry(change.opportunity_id)
            .or_default()
            .push(change);
    }
    for (column, stage) in columns.iter_mut().zip(stages) {
        for card in &mut column.rows {
            let id = integer(&card.record, "id").unwrap_or_default();
            let moves = moves::effective(by_deal.remove(&id).unwrap_or_default());
            let days = working_days(store.calendar(), &moves, stage.id, store.now());
            card.stalled = stage
                .expected_days
                .is_some_and(|expected| days > expected as f64);
            card.working_days_in_stage = (days * 10.0).round() / 10.0;
        }
    }
    Ok(())
}

/// The working days that a deal has spent in a stage up to now, in days of working hours.
fn working_days(
    calendar: &WorkingCalendar,
    moves: &[stage_change::Model],
    stage_id: i64,
    now: DateTime<Utc>,
) -> f64 {
    let ends = moves
        .iter()
        .skip(1)
        .map(|change| change.changed_at)
        .chain([now]);
    let hours: f64 = moves
        .iter()
        .zip(ends)
        .filter(|(change, _)| change.stage_id == stage_id)
        .map(|(change, end)| {
            let (from, to) = (change.changed_at, end);
            calendar.business_hours(from.timestamp_micros(), to.timestamp_micros())
        })
        .sum();
    hours / calendar.hours_per_day().max(f64::MIN_POSITIVE)
}
