//! The shapes of the API for its OpenAPI document. The values themselves are the domain types of
//! `millrace_models` and `millrace_lake`, which know nothing of HTTP; a test holds each shape
//! against the value that is really sent.

mod adjustments;
mod forecast;
mod health;
mod report;
mod targets;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

pub(crate) use adjustments::{AdjustmentsRequest, AdjustmentsResult};
pub(crate) use forecast::{Forecast, ForecastBy, ForecastOrder};
pub(crate) use health::{
    Appointing, Appointments, FactorName, GroupsOfAccounts, ModelsOfScorings, Proofs, RulesInForce,
    RulesPreview, ScoresOfAccounts, StandingOfAccount, SuccessManagers,
};
pub(crate) use report::MonthlyReportShown;
pub(crate) use targets::{TargetMarks, TargetPlan};

/// What is asked: the same object for query, drill, export and a shared address.
#[derive(Serialize, ToSchema)]
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
#[derive(Serialize, ToSchema)]
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
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
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
#[derive(Serialize, ToSchema)]
pub(crate) struct Period {
    /// The first day.
    pub(crate) from: NaiveDate,
    /// The last day.
    pub(crate) to: NaiveDate,
}

/// A name in both languages.
#[derive(Serialize, ToSchema)]
pub(crate) struct Label {
    /// Chinese.
    pub(crate) zh: String,
    /// English.
    pub(crate) en: String,
}

/// Values by name: dimensions as text or null; a metric `m` with `m_n` (the records behind it)
/// and, when compared, `m_before` and `m_change`.
pub(crate) type Row = BTreeMap<String, Option<Scalar>>;

/// One value.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Scalar {
    /// A number.
    Number(f64),
    /// Words, an id or a time.
    Text(String),
    /// Yes or no.
    Flag(bool),
}

/// The answer to a query.
#[derive(Serialize, ToSchema)]
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
    /// The closed months of the periods, where there are any: what happened in them is counted as it
    /// was known when they were closed.
    #[schema(required = false)]
    pub(crate) closed_months: Vec<String>,
    /// How it came about.
    pub(crate) answered_by: AnsweredBy,
    /// The targets beside its numbers, as far as the caller sees any.
    #[schema(required = false)]
    pub(crate) targets: TargetMarks,
}

/// How an answer came about.
#[derive(Serialize, ToSchema)]
pub(crate) struct AnsweredBy {
    /// From where.
    pub(crate) by: Origin,
    /// The sums that it was added up from, or a part of it.
    #[schema(required = false)]
    pub(crate) rollups: Vec<RollupInfo>,
}

/// Where an answer comes from.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Origin {
    /// It was given before, from the same tables.
    Cache,
    /// Sums by span of time and dimension.
    Rollup,
    /// The records, wholly or for a part.
    Scan,
}

/// Sums by span of time and dimension.
#[derive(Serialize, ToSchema)]
pub(crate) struct RollupInfo {
    /// The mart whose records were summed.
    pub(crate) table: String,
    /// The time whose spans it is by; none for a state.
    pub(crate) time: Option<String>,
    /// `day` or `month`.
    #[schema(example = "day")]
    pub(crate) span: String,
    /// The dimensions that it is by.
    pub(crate) dimensions: Vec<String>,
}

/// A column of an answer.
#[derive(Serialize, ToSchema)]
pub(crate) struct Column {
    /// Its key in the rows.
    pub(crate) name: String,
    /// What it is: a `dimension` or a `metric`.
    pub(crate) kind: String,
    /// The unit of a metric.
    pub(crate) unit: Option<String>,
}

/// What to drill into.
#[derive(Serialize, ToSchema)]
pub(crate) struct DrillRequest {
    /// The query that gave the number, with its group among the conditions.
    pub(crate) query: Query,
    /// The metric; the query's first where left out.
    pub(crate) metric: Option<String>,
    /// `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
    /// Records of a page, 50 where left out, at most 1000.
    pub(crate) limit: Option<usize>,
    /// The column to order by, with a leading `-` highest first.
    pub(crate) order: Option<String>,
}

/// A page of records.
#[derive(Serialize, ToSchema)]
pub(crate) struct DrillResult {
    /// The query as understood.
    pub(crate) query: Query,
    /// The metric that the records stand behind.
    pub(crate) metric: String,
    /// The time of the answer.
    #[schema(format = DateTime)]
    pub(crate) as_of: String,
    /// The versions of the tables that were read.
    pub(crate) versions: BTreeMap<String, i64>,
    /// The columns of the records. `value` is what a record adds to the number, or above the
    /// line of a ratio; `weight` what it adds below.
    pub(crate) columns: Vec<RecordColumn>,
    /// The records of this page.
    pub(crate) rows: Vec<Row>,
    /// How many records there are in all.
    pub(crate) count: i64,
    /// The sum of `value` over all records.
    pub(crate) sum: Option<f64>,
    /// The sum of `weight` over all records of a ratio.
    pub(crate) weight: Option<f64>,
    /// The number itself.
    pub(crate) value: Option<f64>,
    /// Where the next page begins; null on the last one.
    pub(crate) next_cursor: Option<String>,
    /// How it came about.
    pub(crate) answered_by: AnsweredBy,
}

/// What moved a number: what is asked.
#[derive(Serialize, ToSchema)]
pub(crate) struct DriversRequest {
    /// The metric.
    #[schema(example = "win_rate")]
    pub(crate) metric: String,
    /// Conditions that all must hold.
    #[schema(required = false)]
    pub(crate) r#where: Vec<Condition>,
    /// The later period; the last three whole months where left out.
    pub(crate) period: Option<Period>,
    /// `previous`, `year_ago` (where left out) or `baseline:FROM..TO`.
    pub(crate) compare: Option<String>,
    /// Dimensions to look in, at most 12; those of the metric's declaration where left out.
    #[schema(required = false, example = json!(["region", "product"]))]
    pub(crate) by: Vec<String>,
    /// Conditions of a segment at most, 1 to 3; 3 where left out.
    #[schema(minimum = 1, maximum = 3)]
    pub(crate) depth: Option<usize>,
    /// Segments at most, 1 to 30; 8 where left out.
    #[schema(minimum = 1, maximum = 30)]
    pub(crate) max: Option<usize>,
    /// Answer as of then; without it the time is now.
    #[schema(format = DateTime)]
    pub(crate) as_of: Option<String>,
}

/// A driver report.
#[derive(Serialize, ToSchema)]
pub(crate) struct DriversResult {
    /// The metric.
    pub(crate) metric: String,
    /// What it is measured in.
    pub(crate) unit: String,
    /// Which way is better: `up`, `down` or `none`.
    pub(crate) direction: String,
    /// The later period.
    pub(crate) period: Period,
    /// The earlier one.
    pub(crate) compared: Period,
    /// The conditions that all records met.
    pub(crate) r#where: Vec<Condition>,
    /// The dimensions that were looked in.
    pub(crate) by: Vec<String>,
    /// The time of the answer.
    #[schema(format = DateTime)]
    pub(crate) as_of: String,
    /// The versions of the tables that were read.
    pub(crate) versions: BTreeMap<String, i64>,
    /// The number before.
    pub(crate) before: Option<f64>,
    /// The number after.
    pub(crate) after: Option<f64>,
    /// After less before; null where one of them is.
    pub(crate) change: Option<f64>,
    /// Where the change lies with 95 % confidence: its lower and upper end.
    pub(crate) ci: Option<Vec<f64>>,
    /// Whether the change as a whole is beyond chance.
    pub(crate) significant: bool,
    /// The records behind `before`.
    pub(crate) n_before: i64,
    /// The records behind `after`.
    pub(crate) n_after: i64,
    /// Disjoint segments, the largest contribution first; with `rest` they sum to the change.
    /// Where none is significant, the values of the one dimension that tells most.
    pub(crate) segments: Vec<Segment>,
    /// All other records.
    pub(crate) rest: Segment,
    /// Whether no segment deviates beyond chance.
    pub(crate) chance: bool,
    /// Whether everything moved alike, and segments are judged against that.
    pub(crate) common: bool,
    /// How many segments were searched.
    pub(crate) searched: usize,
    /// The part of `rest` that a quantile's straight line leaves unexplained; 0 for other measures.
    pub(crate) residual: f64,
    /// What the factors of a product gave, where the metric is one.
    pub(crate) factors: Option<Factors>,
    /// What to know before it is believed.
    pub(crate) flags: Vec<Flag>,
}

/// A part of a driver report.
#[derive(Serialize, ToSchema)]
pub(crate) struct Segment {
    /// What its records have in common: the value of each dimension, null for none.
    pub(crate) r#where: Row,
    /// Segments whose records are not in it, because they were named before it.
    #[schema(required = false)]
    pub(crate) except: Vec<Row>,
    /// What it gave to the change, in the metric's unit.
    pub(crate) contribution: f64,
    /// What its own number moved: of a ratio at its mean share; of a sum what a record brings.
    pub(crate) rate: f64,
    /// What its weight moved: of a ratio its share, of a sum how many records.
    pub(crate) mix: f64,
    /// Its number before; null where it had no records.
    pub(crate) before: Option<f64>,
    /// Its number after; null where it has no records.
    pub(crate) after: Option<f64>,
    /// The records behind `before`.
    pub(crate) n_before: i64,
    /// The records behind `after`.
    pub(crate) n_after: i64,
    /// Where the contribution lies with 95 % confidence: its lower and upper end.
    pub(crate) ci: Vec<f64>,
    /// Whether it deviates beyond chance, all that was searched taken into account.
    pub(crate) significant: bool,
}

/// What the factors of a product gave to its change.
#[derive(Serialize, ToSchema)]
pub(crate) struct Factors {
    /// The counts whose ratios are the factors; the first is a factor itself, the last the metric.
    pub(crate) names: Vec<String>,
    /// What each factor gave in all, split by no dimension.
    pub(crate) total: Vec<f64>,
    /// What they gave as sums over the values of a dimension.
    pub(crate) by: Vec<FactorsBy>,
}

/// What the factors gave by a dimension.
#[derive(Serialize, ToSchema)]
pub(crate) struct FactorsBy {
    /// The dimension.
    pub(crate) dimension: String,
    /// What each factor gave, summed over the values.
    pub(crate) total: Vec<f64>,
    /// The values, the largest change first.
    pub(crate) rows: Vec<FactorsOf>,
}

/// What the factors gave in one value.
#[derive(Serialize, ToSchema)]
pub(crate) struct FactorsOf {
    /// The value; null for none.
    pub(crate) value: Option<Scalar>,
    /// The counts before.
    pub(crate) before: Vec<f64>,
    /// The counts after.
    pub(crate) after: Vec<f64>,
    /// What each factor gave.
    pub(crate) effects: Vec<f64>,
}

/// Something to know before a report is believed.
#[derive(Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Flag {
    /// Within the values of a dimension the ratio moved one way, as a whole the other (Simpson).
    Reversal {
        /// The dimension.
        dimension: String,
        /// What the values' own changes gave.
        rate: f64,
        /// What the change of their shares gave.
        mix: f64,
    },
    /// Records that are too young to be counted.
    Immature {
        /// Of the earlier period.
        before: i64,
        /// Of the later period.
        after: i64,
    },
    /// The later period is not over.
    Unfinished {
        /// Its last day.
        to: NaiveDate,
    },
    /// Records that were entered more than two working days after they happened.
    Restated {
        /// Of the earlier period.
        before: i64,
        /// Of the later period.
        after: i64,
    },
    /// What a factor gave depends on the dimension that the product is split by.
    FactorsDiffer {
        /// The factor that differs most.
        factor: String,
        /// The least that it gave.
        least: f64,
        /// The most that it gave.
        most: f64,
    },
}

/// What a batch answers: numbers or records.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Answer {
    /// Of a query.
    Numbers(Box<QueryResult>),
    /// Of a drill-down.
    Records(Box<DrillResult>),
}

/// A column of a record.
#[derive(Serialize, ToSchema)]
pub(crate) struct RecordColumn {
    /// Its key in the rows.
    pub(crate) name: String,
    /// `text`, `time`, `date`, `amount`, `number`, `count` or `flag`.
    pub(crate) kind: String,
    /// What it is measured in, where the column is the number itself.
    pub(crate) unit: Option<String>,
    /// Its header.
    pub(crate) label: Label,
}

/// What there is to ask for.
#[derive(Serialize, ToSchema)]
pub(crate) struct Registry {
    /// In the order of their declaration.
    pub(crate) metrics: Vec<Metric>,
    /// Dimensions that any metric has.
    pub(crate) dimensions: Vec<Dimension>,
}

/// A metric.
#[derive(Serialize, ToSchema)]
pub(crate) struct Metric {
    /// Its name in queries.
    #[schema(example = "win_rate")]
    pub(crate) name: String,
    /// What people call it.
    pub(crate) label: Label,
    /// What it says.
    pub(crate) description: Label,
    /// How it is computed.
    pub(crate) formula: String,
    /// How the records become a number.
    pub(crate) kind: String,
    /// `ratio`, `amount`, `count`, `days` or `hours`.
    pub(crate) unit: String,
    /// Which way is better: `up`, `down` or `none`.
    pub(crate) direction: String,
    /// The records that it is measured on.
    pub(crate) entity: String,
    /// The mart that holds them.
    pub(crate) table: String,
    /// The column that a period selects by; none for a snapshot.
    pub(crate) time: Option<String>,
    /// The role of that time: `event`, `cohort_start` or `snapshot`.
    pub(crate) time_role: String,
    /// The dimensions that it can be split by.
    pub(crate) dimensions: Vec<String>,
    /// Those that a change is accounted for by; none where there is no driver report.
    pub(crate) drivers: Vec<String>,
    /// Whether its records may be taken away as a file.
    pub(crate) exportable: bool,
}

/// A dimension.
#[derive(Serialize, ToSchema)]
pub(crate) struct Dimension {
    /// Its name in queries.
    #[schema(example = "region")]
    pub(crate) name: String,
    /// What people call it.
    pub(crate) label: Label,
    /// `time`, `flag` or `text`.
    pub(crate) kind: String,
}

/// A field that does not hold what it should.
#[derive(Serialize, ToSchema)]
pub(crate) struct FieldFault {
    /// The field.
    #[schema(example = "name")]
    pub(crate) field: String,
    /// What would be right.
    #[schema(example = "is required")]
    pub(crate) message: String,
}

/// What a stage asks for and a deal lacks.
#[derive(Serialize, ToSchema)]
pub(crate) struct Missing {
    /// The stage that asks for it.
    pub(crate) stage_id: i64,
    /// Its code.
    pub(crate) stage: String,
    /// Whether to enter or to leave it: `enter` or `leave`.
    pub(crate) when: String,
    /// What must hold: one of `{"field": name}`, `{"attachment": kind}`, `{"quote": state}` and
    /// `{"contract": state}`.
    pub(crate) criterion: BTreeMap<String, String>,
}

/// What a role is called.
#[derive(Serialize, ToSchema)]
pub(crate) struct RoleName {
    /// Its code.
    #[schema(example = "rep")]
    pub(crate) code: String,
    /// Its Chinese name.
    pub(crate) name_zh: String,
    /// Its English name.
    pub(crate) name_en: String,
}

/// What somebody may do.
#[derive(Serialize, ToSchema)]
pub(crate) struct Rights {
    /// By resource; `*` stands for all that are not named.
    pub(crate) grants: BTreeMap<String, Grant>,
    /// The fields shown beside those that everybody sees.
    pub(crate) visibility: Vec<Visibility>,
}

/// What may be done with the records of a resource.
#[derive(Serialize, ToSchema)]
pub(crate) struct Grant {
    /// What may be done.
    pub(crate) actions: Vec<Action>,
    /// On whose records.
    pub(crate) scope: Scope,
}

/// What can be done with records.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    /// Add one.
    Create,
    /// See them.
    Read,
    /// Change one.
    Update,
    /// Mark one as deleted.
    Delete,
    /// Take a list of them away as a file.
    Export,
    /// Claim one from the pool.
    Claim,
    /// Give one to somebody, or back to the pool, in the name of others.
    Assign,
}

/// On whose records.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Scope {
    /// Their own.
    Own,
    /// Those of their team.
    Team,
    /// Those of their team and of the teams below it.
    TeamTree,
    /// All.
    All,
}

/// Fields that not everybody sees.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Visibility {
    /// Amounts and prices.
    Amounts,
    /// Costs and margins.
    Margin,
    /// Telephone numbers in full.
    FullPhone,
}

/// What a token may be used for.
#[derive(Serialize, ToSchema)]
pub(crate) struct Allowance {
    /// The resource; `*` stands for all.
    #[schema(example = "account")]
    pub(crate) entity: String,
    /// What may be done.
    pub(crate) action: Action,
}

/// A token, without its secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct KnownToken {
    /// Its id.
    pub(crate) id: i64,
    /// What it is for.
    pub(crate) name: String,
    /// What it may be used for.
    pub(crate) scopes: Vec<Allowance>,
    /// When it was made.
    #[schema(format = DateTime)]
    pub(crate) created_at: String,
    /// When it ends, if it does.
    #[schema(format = DateTime)]
    pub(crate) expires_at: Option<String>,
}

/// A session, without its secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct OpenSession {
    /// What the person came with.
    pub(crate) device: Option<String>,
    /// When it was opened.
    #[schema(format = DateTime)]
    pub(crate) created_at: String,
    /// When it was last used, to the minute.
    #[schema(format = DateTime)]
    pub(crate) seen_at: String,
    /// When it ends at the latest.
    #[schema(format = DateTime)]
    pub(crate) expires_at: String,
    /// Whether it is the one that asks.
    pub(crate) current: bool,
}
