//! The shapes of the API for its OpenAPI document. The values themselves are the domain types of
//! `millrace_models` and `millrace_lake`, which know nothing of HTTP; a test holds each shape
//! against the value that is really sent.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::Value;
use utoipa::ToSchema;

/// What is asked: the same object for query, drill, export and a shared address.
#[derive(ToSchema)]
pub(crate) struct Query {
    /// Metrics, by name.
    #[schema(example = json!(["win_rate"]))]
    pub(crate) metrics: Vec<String>,
    /// Dimensions to group by.
    #[schema(required = false, example = json!(["region"]))]
    pub(crate) by: Vec<String>,
    /// Conditions that all must hold.
    #[schema(required = false)]
    pub(crate) r#where: Vec<Condition>,
    /// Without a period: all time.
    pub(crate) period: Option<Period>,
    /// `previous`, `year_ago` or `baseline:FROM..TO`.
    pub(crate) compare: Option<String>,
    /// The metric (highest first, or lowest first with a leading `+`) or dimension to order by.
    pub(crate) order: Option<String>,
    /// At most this many rows; what is left over is the `rest`.
    pub(crate) limit: Option<usize>,
    /// Answer as of then; without it the time is now.
    #[schema(format = DateTime)]
    pub(crate) as_of: Option<String>,
}

/// A condition on a dimension.
#[derive(ToSchema)]
pub(crate) struct Condition {
    /// The dimension.
    #[schema(example = "region")]
    pub(crate) dimension: String,
    /// How its value is compared; `in` where left out.
    #[schema(required = false)]
    pub(crate) op: Op,
    /// The values; two for `between`, none for `is_null`.
    #[schema(required = false, example = json!(["华东"]))]
    pub(crate) values: Vec<String>,
}

/// How a condition compares.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum Op {
    /// One of the values.
    In,
    /// None of the values; records without a value are kept.
    NotIn,
    /// From the first to the second value, both included.
    Between,
    /// Without a value.
    IsNull,
}

/// Days from `from` to `to`, both included, in the company's zone.
#[derive(ToSchema)]
pub(crate) struct Period {
    /// The first day.
    pub(crate) from: NaiveDate,
    /// The last day.
    pub(crate) to: NaiveDate,
}

/// A name in both languages.
#[derive(ToSchema)]
pub(crate) struct Label {
    /// Chinese.
    pub(crate) zh: String,
    /// English.
    pub(crate) en: String,
}

/// Values by name: dimensions as text or null; a metric `m` with `m_n` (the records behind it)
/// and, when compared, `m_before` and `m_change`.
pub(crate) type Row = BTreeMap<String, Value>;

/// The answer to a query.
#[derive(ToSchema)]
pub(crate) struct QueryResult {
    /// The query as understood.
    pub(crate) query: Query,
    /// The time of the answer.
    #[schema(format = DateTime)]
    pub(crate) as_of: String,
    /// The versions of the tables that were read.
    pub(crate) versions: BTreeMap<String, i64>,
    /// The columns of the rows.
    pub(crate) columns: Vec<Column>,
    /// One row for every group; one in all without `by`.
    pub(crate) rows: Vec<Row>,
    /// What a limit left over, as one row.
    pub(crate) rest: Option<Row>,
    /// All records together.
    pub(crate) total: Row,
}

/// A column of an answer.
#[derive(ToSchema)]
pub(crate) struct Column {
    /// Its key in the rows.
    pub(crate) name: String,
    /// What it is: a `dimension` or a `metric`.
    pub(crate) kind: String,
    /// The unit of a metric.
    pub(crate) unit: Option<String>,
}

/// What to drill into.
#[derive(ToSchema)]
pub(crate) struct DrillRequest {
    /// The query that gave the number, with its group among the conditions.
    pub(crate) query: Query,
    /// The metric; the query's first where left out.
    pub(crate) metric: Option<String>,
    /// `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
    /// Records of a page, 1 to 100.
    pub(crate) limit: Option<usize>,
    /// The column to order by, with a leading `-` highest first.
    pub(crate) order: Option<String>,
}
