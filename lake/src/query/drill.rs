//! The records behind a number.

use std::collections::BTreeMap;
use std::pin::Pin;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type, TimestampMicrosecondType};
use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use futures::{Stream, StreamExt};
use millrace_models::metric::{Label, Measure, Metric, Registry};
use millrace_models::query::Query;
use millrace_models::scope::Action;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use super::answer::{Row, answer, selected, shown_time};
use super::closed;
use super::compile::Selection;
use super::dimension::{Labels, identifier};
use super::error::QueryError;
use super::measured::{Measured, Sum, adds_up};
use super::origin::AnsweredBy;
use super::reads::{self, Versions};
use super::tables::{Opened, texts};
use super::view::{View, Words};

/// Records on a page where nothing else is asked.
const PAGE: usize = 50;
/// Records on a page at most.
const LARGEST_PAGE: usize = 1000;

/// What to open.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DrillRequest {
    /// The query that gave the number, its group among the conditions.
    pub query: Query,
    /// Which of its metrics; the first where left out.
    pub metric: Option<String>,
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// Records on the page, 50 where left out, at most 1000.
    pub limit: Option<usize>,
    /// A column, descending with a leading `-`.
    pub order: Option<String>,
}

/// A column of the records.
#[derive(Debug, Clone, Serialize)]
pub struct DrillColumn {
    /// Its key in the rows.
    pub name: String,
    /// `text`, `time`, `date`, `amount`, `number`, `count`, `flag`.
    pub kind: String,
    /// What it is measured in, where the column is the number itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<millrace_models::metric::Unit>,
    /// What people call it.
    pub label: Label,
}

/// A page of records.
#[derive(Debug, Clone, Serialize)]
pub struct DrillResult {
    /// The query that they answer to.
    pub query: Query,
    /// The metric that they stand behind.
    pub metric: String,
    /// The time of the answer, in the company's zone.
    pub as_of: String,
    /// The versions of the marts that were read.
    pub versions: BTreeMap<String, i64>,
    /// The columns of the records. `value` is what a record adds to the number, or above the
    /// line of a ratio; `weight` what it adds below.
    pub columns: Vec<DrillColumn>,
    /// The records of this page.
    pub rows: Vec<Row>,
    /// How many records there are in all.
    pub count: i64,
    /// The sum of `value` over all records.
    pub sum: Option<f64>,
    /// The sum of `weight` over all records of a ratio.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<f64>,
    /// The number itself.
    pub value: Value,
    /// Where the next page begins; none on the last.
    pub next_cursor: Option<String>,
    /// How it came about.
    pub answered_by: AnsweredBy,
}

/// All records, batch by batch.
pub struct DrillStream {
    /// Their columns.
    pub columns: Vec<DrillColumn>,
    /// The records, in the order of a drill-down.
    pub rows: Pin<Box<dyn Stream<Item = Result<Vec<Row>, QueryError>> + Send>>,
}

/// The published set that a cursor belongs to.
pub(super) fn set_of(request: &DrillRequest) -> Result<Option<i64>, QueryError> {
    Ok(cursor(request)?.map(|(set, _)| set))
}

/// The same place in another set with the same rows.
pub(super) fn moved(cursor: &str, set: i64) -> String {
    let offset = cursor.split_once('o').map_or("0", |(_, offset)| offset);
    format!("s{set}o{offset}")
}

/// Records on the page.
pub(super) fn size(request: &DrillRequest) -> usize {
    request.limit.unwrap_or(PAGE).clamp(1, LARGEST_PAGE)
}

/// Takes the tables that the words of a drill-down come from.
pub(super) fn take_labels(view: View<'_>, metrics: &[&Metric], versions: &mut Versions) {
    let bases = metrics
        .iter()
        .filter_map(|metric| view.registry.base(&metric.entity));
    for column in bases.flat_map(|base| &base.drill) {
        if let Some(labels) = labels_of(column) {
            reads::take(view, labels.table().0, versions);
        }
    }
}

fn cursor(request: &DrillRequest) -> Result<Option<(i64, usize)>, QueryError> {
    let Some(text) = &request.cursor else {
        return Ok(None);
    };
    let parsed = text
        .strip_prefix('s')
        .and_then(|rest| rest.split_once('o'))
        .and_then(|(set, offset)| Some((set.parse().ok()?, offset.parse().ok()?)));
    match parsed {
        Some(parsed) => Ok(Some(parsed)),
        None => Err(QueryError::Unusable(format!(
            "{text:?} is not a cursor of a drill-down"
        ))),
    }
}

struct Drill {
    select: String,
    columns: Vec<String>,
    order: String,
    metric: &'static Metric,
}

#[allow(clippy::too_many_lines, reason = "one measure after another")]
async fn compile(
    view: View<'_>,
    request: &DrillRequest,
    action: Action,
    now: DateTime<Utc>,
) -> Result<Drill, QueryError> {
    let query = &request.query;
    let name = match &request.metric {
        Some(name) => name,
        None => query.metrics.first().ok_or(QueryError::NoMetric)?,
    };
    let metric = selected(view, view.metric(name, action)?)?;
    let base = view
        .registry
        .base(&metric.entity)
        .ok_or(QueryError::NoMetric)?;
    let as_of = query.as_of.unwrap_or(now);
    let mut selection =
        Selection::new(view, base, metric, &query.conditions, query.period, as_of).await?;
    if let Some(condition) = &metric.condition {
        let condition = format!("({})", selection.expression(condition));
        selection.restrict(condition);
    }
    let double = |text: &str| format!("CAST({} AS DOUBLE)", selection.expression(text));
    let (mut value, mut weight) = (None, None);
    match &metric.measure {
        Measure::Count | Measure::Compression { .. } => value = Some("1".to_owned()),
        // the value of a distinct count is the first record of each
        Measure::Distinct { value: of } => {
            let of = selection.expression(of);
            let key: Vec<String> = base
                .key
                .iter()
                .map(|key| format!("b.{}", identifier(key)))
                .collect();
            value = Some(format!(
                "CASE WHEN row_number() OVER (PARTITION BY b.{of} ORDER BY {}) = 1 THEN 1 ELSE 0 END",
                key.join(", ")
            ));
        }
        Measure::Sum { value: of }
        | Measure::Mean { value: of }
        | Measure::Quantile { value: of, .. } => value = Some(double(of)),
        Measure::KmMedian { value: of, event } => {
            value = Some(double(of));
            weight = Some(format!(
                "CASE WHEN {} THEN 1 ELSE 0 END",
                selection.expression(event)
            ));
        }
        Measure::CountBack {
            value: of, sales, ..
        } => {
            value = Some(double(of));
            weight = Some(double(sales));
        }
        Measure::Ratio {
            numerator,
            denominator,
            per: None,
            ..
        } => {
            value = Some(double(numerator));
            weight = Some(double(denominator));
        }
        Measure::Ratio { .. } => {}
    }
    if let Measure::Ratio {
        numerator,
        denominator,
        per: Some(per),
        inner: Some(inner),
    } = &metric.measure
    {
        let per_column = format!("b.{}", identifier(per));
        return Ok(Drill {
            select: format!(
                "SELECT {per}, orders, CAST({numerator} AS DOUBLE) AS value, CAST({denominator} AS DOUBLE) AS weight \
                 FROM (SELECT {per_column} AS {per}, {inner} AS orders {} GROUP BY {per_column}) WHERE orders > 0",
                selection.from()
            ),
            columns: vec![
                per.clone(),
                "orders".into(),
                "value".into(),
                "weight".into(),
            ],
            order: per.clone(),
            metric,
        });
    }
    let mut columns: Vec<String> = base.drill.clone();
    columns.retain(|column| view.shows(base, column));
    let mut items: Vec<String> = columns
        .iter()
        .map(|column| format!("b.{0} AS {0}", identifier(column)))
        .collect();
    // what orders the page must be there to be ordered by
    for key in &base.key {
        if !columns.contains(key) {
            items.push(format!("b.{0} AS {0}", identifier(key)));
        }
    }
    for (name, sql) in [("value", value), ("weight", weight)] {
        if let Some(sql) = sql {
            items.push(format!("CAST({sql} AS DOUBLE) AS {name}"));
            columns.push(name.to_owned());
        }
    }
    Ok(Drill {
        select: format!("SELECT {} {}", items.join(", "), selection.from()),
        columns,
        order: base
            .key
            .iter()
            .map(|key| identifier(key))
            .collect::<Vec<_>>()
            .join(", "),
        metric,
    })
}

/// All records of a drill-down together.
struct Sums {
    count: i64,
    sum: Option<f64>,
    weight: Option<f64>,
}

impl Drill {
    /// What the number itself is made of, where it is the sums of its records.
    fn sums(&self, number: &Measured) -> Option<Sums> {
        if !adds_up(&self.metric.measure) {
            return None;
        }
        let none = (number.records == 0).then_some(0.0);
        let counted = matches!(self.metric.measure, Measure::Count);
        Some(Sums {
            count: number.records,
            sum: if counted {
                Some(number.records as f64)
            } else {
                number.above.map(Sum::value).or(none)
            },
            weight: self
                .is_weighted()
                .then(|| number.below.map(Sum::value).or(none))
                .flatten(),
        })
    }

    fn is_weighted(&self) -> bool {
        self.columns.iter().any(|column| column == "weight")
    }

    /// Adds all records up.
    async fn added(&self, opened: &Opened) -> Result<Sums, QueryError> {
        let weighted = self.is_weighted();
        let sums = format!(
            "SELECT count(*) AS n, sum(value) AS s{} FROM ({})",
            if weighted { ", sum(weight) AS w" } else { "" },
            self.select
        );
        let mut added = Sums {
            count: 0,
            sum: None,
            weight: None,
        };
        for batch in opened.run(&sums).await? {
            let count = batch.column(0).as_primitive::<Int64Type>().value(0);
            let float = |index: usize| {
                let column = batch.column(index).as_primitive::<Float64Type>();
                column.is_valid(0).then(|| column.value(0))
            };
            // of no records the sum is nothing, however the plan came to it
            let none = (count == 0).then_some(0.0);
            added = Sums {
                count,
                sum: float(1).or(none),
                weight: if weighted { float(2).or(none) } else { None },
            };
        }
        Ok(added)
    }

    fn ordered(&self, order: Option<&str>) -> Result<String, QueryError> {
        let Some(order) = order else {
            return Ok(self.order.clone());
        };
        let (name, direction) = match order.strip_prefix('-') {
            Some(name) => (name, "DESC"),
            None => (order.strip_prefix('+').unwrap_or(order), "ASC"),
        };
        if !self.columns.iter().any(|column| column == name) {
            return Err(QueryError::Dimension {
                metric: self.metric.name.clone(),
                name: name.to_owned(),
                suggestions: millrace_models::metric::nearest(
                    name,
                    self.columns.iter().map(String::as_str),
                ),
            });
        }
        Ok(format!(
            "{} {direction} NULLS LAST, {}",
            identifier(name),
            self.order
        ))
    }

    fn described(&self, schema: &arrow::datatypes::Schema) -> Result<Vec<DrillColumn>, QueryError> {
        let registry = Registry::shipped()?;
        Ok(self
            .columns
            .iter()
            .map(|name| {
                let kind = schema
                    .field_with_name(name)
                    .map_or("text", |field| kind(field.data_type()));
                let is_value = name == "value";
                DrillColumn {
                    name: name.clone(),
                    kind: kind.to_owned(),
                    unit: is_value.then_some(self.metric.unit),
                    label: registry.label(name),
                }
            })
            .collect())
    }
}

fn kind(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Timestamp(..) => "time",
        DataType::Date32 => "date",
        DataType::Decimal128(..) => "amount",
        DataType::Float64 => "number",
        DataType::Int32 | DataType::Int64 => "count",
        DataType::Boolean => "flag",
        _ => "text",
    }
}

pub(super) async fn page(
    view: View<'_>,
    request: &DrillRequest,
    now: DateTime<Utc>,
) -> Result<DrillResult, QueryError> {
    let opened = view.opened;
    let drill = compile(view, request, Action::Read, now).await?;
    let offset = cursor(request)?.map_or(0, |(_, offset)| offset);
    let limit = size(request);
    let order = drill.ordered(request.order.as_deref())?;
    let sql = format!(
        "{} ORDER BY {order} LIMIT {limit} OFFSET {offset}",
        drill.select
    );
    let frame = opened.context.sql(&sql).await?;
    let columns = drill.described(frame.schema().as_arrow())?;
    let mut rows = Vec::new();
    let shown = shown(view, drill.columns.clone()).await?;
    for batch in frame.collect().await? {
        rows.extend(read(opened.zone, &shown, &batch)?);
    }
    let asked = request
        .metric
        .clone()
        .or_else(|| request.query.metrics.first().cloned());
    let asked = asked.unwrap_or_else(|| drill.metric.name.clone());
    let number = Query {
        metrics: vec![asked.clone()],
        by: Vec::new(),
        order: None,
        limit: None,
        ..request.query.clone()
    };
    let answered = answer(view, &number, now).await?;
    let Sums { count, sum, weight } = match drill.sums(&answered.made_of) {
        Some(sums) => sums,
        None => drill.added(opened).await?,
    };
    let mut versions = reads::versions(view, &[drill.metric], &reads::named(&request.query));
    take_labels(view, &[drill.metric], &mut versions);
    let as_of = request.query.as_of.unwrap_or(now);
    let versions = closed::versions(view, versions, as_of).await?;
    let end = offset + rows.len();
    let more = usize::try_from(count).is_ok_and(|count| end < count) && !rows.is_empty();
    Ok(DrillResult {
        query: request.query.clone(),
        value: answered.total.get(&asked).cloned().unwrap_or(Value::Null),
        metric: asked,
        as_of: shown_time(opened, as_of),
        versions,
        columns,
        rows,
        count,
        sum,
        weight,
        next_cursor: more.then(|| format!("s{}o{end}", opened.set.id)),
        answered_by: AnsweredBy::scan(),
    })
}

pub(super) async fn stream(
    view: View<'_>,
    request: &DrillRequest,
    now: DateTime<Utc>,
) -> Result<DrillStream, QueryError> {
    let zone = view.opened.zone;
    let drill = compile(view, request, Action::Export, now).await?;
    let order = drill.ordered(request.order.as_deref())?;
    let sql = format!("{} ORDER BY {order}", drill.select);
    let frame = view.opened.context.sql(&sql).await?;
    let columns = drill.described(frame.schema().as_arrow())?;
    let shown = shown(view, drill.columns).await?;
    let batches = frame.execute_stream().await?;
    let rows = batches.map(move |batch| read(zone, &shown, &batch?));
    Ok(DrillStream {
        columns,
        rows: Box::pin(rows),
    })
}

fn labels_of(column: &str) -> Option<Labels> {
    match column {
        "owner" | "current_owner" | "entered_by" | "requester" | "success_manager" | "user_id" => {
            Some(Labels::Users)
        }
        "account_id" => Some(Labels::Accounts),
        "product" => Some(Labels::Products),
        _ => None,
    }
}

/// Columns, and the words for their ids.
pub(super) async fn shown(
    view: View<'_>,
    columns: Vec<String>,
) -> Result<Vec<(String, Option<Words>)>, QueryError> {
    let mut shown = Vec::with_capacity(columns.len());
    for name in columns {
        let words = match labels_of(&name) {
            Some(labels) => Some(view.words(labels).await?),
            None => None,
        };
        shown.push((name, words));
    }
    Ok(shown)
}

pub(super) fn read(
    zone: Tz,
    columns: &[(String, Option<Words>)],
    batch: &RecordBatch,
) -> Result<Vec<Row>, QueryError> {
    let mut rows = vec![Row::new(); batch.num_rows()];
    for (name, words) in columns {
        let Some(column) = batch.column_by_name(name) else {
            continue;
        };
        let mut values = values(zone, column)?;
        if let Some(words) = words {
            for value in &mut values {
                if let Some(label) = value.as_str().map(|id| words.label(id).to_owned()) {
                    *value = Value::from(label);
                }
            }
        }
        for (row, value) in rows.iter_mut().zip(values) {
            row.insert(name.clone(), value);
        }
    }
    Ok(rows)
}

fn values(zone: Tz, column: &ArrayRef) -> Result<Vec<Value>, QueryError> {
    let optional = |value: Option<Value>| value.unwrap_or(Value::Null);
    Ok(match column.data_type() {
        DataType::Timestamp(..) => column
            .as_primitive::<TimestampMicrosecondType>()
            .iter()
            .map(|us| {
                optional(us.and_then(DateTime::from_timestamp_micros).map(|at| {
                    at.with_timezone(&zone)
                        .to_rfc3339_opts(SecondsFormat::AutoSi, false)
                        .into()
                }))
            })
            .collect(),
        DataType::Float64 => column
            .as_primitive::<Float64Type>()
            .iter()
            .map(|value| optional(value.map(Value::from)))
            .collect(),
        DataType::Int32 | DataType::Int64 => {
            let whole = cast(column, &DataType::Int64)?;
            whole
                .as_primitive::<Int64Type>()
                .iter()
                .map(|value| optional(value.map(Value::from)))
                .collect()
        }
        DataType::Boolean => column
            .as_boolean()
            .iter()
            .map(|value| optional(value.map(Value::from)))
            .collect(),
        // amounts as JSON numbers, two decimals kept as far as a double holds them
        DataType::Decimal128(..) => {
            let amounts = cast(column, &DataType::Float64)?;
            amounts
                .as_primitive::<Float64Type>()
                .iter()
                .map(|value| optional(value.and_then(Number::from_f64).map(Value::Number)))
                .collect()
        }
        _ => texts(column)?
            .into_iter()
            .map(|text| optional(text.map(Value::from)))
            .collect(),
    })
}
