//! Runs the selects of a query and puts their results together.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, Int64Type};
use chrono::{DateTime, NaiveDate, Utc};
use millrace_models::metric::{Measure, Metric, Registry, Unit};
use millrace_models::period::{Grain, compared};
use millrace_models::query::{Period, Query};
use serde::Serialize;
use serde_json::{Map, Value};

use super::compile::{Selection, select};
use super::dimension::{self, Dimension, literal};
use super::error::QueryError;
use super::functions;
use super::tables::{Opened, texts};

/// Values by column.
pub type Row = Map<String, Value>;

/// A column of an answer.
#[derive(Debug, Clone, Serialize)]
pub struct Column {
    /// Its key in the rows.
    pub name: String,
    /// What it is.
    pub kind: ColumnKind,
    /// What a metric is measured in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
}

/// What a column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    /// A dimension.
    Dimension,
    /// A metric.
    Metric,
}

/// The answer to a query.
#[derive(Debug, Clone, Serialize)]
pub struct QueryResult {
    /// The query as it was asked.
    pub query: Query,
    /// The time of the answer, in the company's zone.
    pub as_of: String,
    /// The versions of the marts that were read.
    pub versions: BTreeMap<String, i64>,
    /// The columns of the rows.
    pub columns: Vec<Column>,
    /// A row for every group; one row, the total, without `by`.
    pub rows: Vec<Row>,
    /// What a limit left over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rest: Option<Row>,
    /// All records together.
    pub total: Row,
}

/// A member of a dimension, as stored.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Member {
    None,
    Flag(bool),
    Day(NaiveDate),
    Text(String),
}

/// What the records of a group say of a metric.
#[derive(Debug, Clone, Copy, Default)]
struct Measured {
    value: Option<f64>,
    records: i64,
    events: Option<i64>,
    immature: Option<i64>,
}

type Groups = BTreeMap<Vec<Member>, HashMap<usize, Measured>>;

/// A metric that is really selected, for the metric that is asked.
fn selected<'a>(registry: &'a Registry, metric: &'a Metric) -> Result<&'a Metric, QueryError> {
    match &metric.measure {
        Measure::Compression { of } => dimension::metric(registry, of),
        _ => Ok(metric),
    }
}

pub(super) async fn answer(
    opened: &Opened,
    query: &Query,
    now: DateTime<Utc>,
) -> Result<QueryResult, QueryError> {
    let registry = Registry::shipped()?;
    if query.metrics.is_empty() {
        return Err(QueryError::NoMetric);
    }
    let metrics = query
        .metrics
        .iter()
        .map(|name| dimension::metric(registry, name))
        .collect::<Result<Vec<_>, _>>()?;
    let before = match (query.compare, query.period) {
        (Some(compare), Some(period)) => Some(compared(period, compare)),
        (Some(millrace_models::query::Compare::Baseline(period)), None) => Some(period),
        (Some(_), None) => {
            return Err(QueryError::Unusable(
                "a comparison needs a period: give its first and last day".to_owned(),
            ));
        }
        (None, _) => None,
    };
    for metric in &metrics {
        if matches!(metric.measure, Measure::Compression { .. }) && before.is_none() {
            return Err(QueryError::Unusable(format!(
                "{} compares two periods: add compare baseline:FROM..TO",
                metric.name
            )));
        }
    }
    let asking = Asking {
        opened,
        registry,
        query,
        metrics: &metrics,
        now: query.as_of.unwrap_or(now),
    };
    let groups = asking.groups(query.period, true, None).await?;
    let total = asking.total(query.period, None).await?;
    let (groups_before, total_before) = match before {
        Some(period) => {
            let groups = asking.groups(Some(period), true, None).await?;
            let groups = asking.aligned(groups, period)?;
            (Some(groups), Some(asking.total(Some(period), None).await?))
        }
        None => (None, None),
    };
    let mut keys: BTreeSet<&Vec<Member>> = groups.keys().collect();
    keys.extend(groups_before.iter().flat_map(Groups::keys));
    let nothing = HashMap::new();
    let mut rows = Vec::new();
    for key in keys {
        let now = groups.get(key).unwrap_or(&nothing);
        let before = groups_before
            .as_ref()
            .map(|groups| groups.get(key).unwrap_or(&nothing));
        let mut row = Row::new();
        for (member, name) in key.iter().zip(&query.by) {
            row.insert(name.clone(), asking.shown(name, member).await?);
        }
        asking.fill(&mut row, now, before);
        rows.push((key.clone(), row));
    }
    asking.order(&mut rows)?;
    let total_row = {
        let mut row = Row::new();
        asking.fill(&mut row, &total, total_before.as_ref());
        row
    };
    let rest = match query.limit {
        Some(limit) if rows.len() > limit => {
            let left_over = rows.split_off(limit);
            if left_over.is_empty() || query.by.is_empty() {
                None
            } else {
                let top: Vec<&Vec<Member>> = rows.iter().map(|(key, _)| key).collect();
                let now = asking.total(query.period, Some(&top)).await?;
                let mut row = Row::new();
                asking.fill(&mut row, &now, None);
                Some(row)
            }
        }
        _ => None,
    };
    let mut columns: Vec<Column> = query
        .by
        .iter()
        .map(|name| Column {
            name: name.clone(),
            kind: ColumnKind::Dimension,
            unit: None,
        })
        .collect();
    columns.extend(metrics.iter().map(|metric| Column {
        name: metric.name.clone(),
        kind: ColumnKind::Metric,
        unit: Some(metric.unit),
    }));
    Ok(QueryResult {
        query: query.clone(),
        as_of: shown_time(opened, asking.now),
        versions: versions(opened, &metrics, registry),
        columns,
        rows: rows.into_iter().map(|(_, row)| row).collect(),
        rest,
        total: total_row,
    })
}

/// A moment in the company's zone.
pub(super) fn shown_time(opened: &Opened, at: DateTime<Utc>) -> String {
    at.with_timezone(&opened.zone)
        .to_rfc3339_opts(chrono::SecondsFormat::Secs, false)
}

/// The versions of the marts that these metrics read.
pub(super) fn versions(
    opened: &Opened,
    metrics: &[&Metric],
    registry: &Registry,
) -> BTreeMap<String, i64> {
    metrics
        .iter()
        .filter_map(|metric| {
            let table = &registry.base(&metric.entity)?.table;
            let version = opened.set.versions.get(&format!("marts/{table}"))?;
            Some((table.clone(), *version))
        })
        .collect()
}

/// The members of a dimension, by any metric that has it.
pub(super) async fn values(
    opened: &Opened,
    name: &str,
    now: DateTime<Utc>,
) -> Result<Vec<String>, QueryError> {
    let registry = Registry::shipped()?;
    let mut missing = None;
    for metric in registry.metrics() {
        let Some(base) = registry.base(&metric.entity) else {
            continue;
        };
        match dimension::resolve(metric, base, name, &opened.set.catalog) {
            Err(error) => missing = missing.or(Some(error)),
            Ok(found) => {
                let selection = Selection::new(opened, base, metric, &[], None, now).await?;
                if found.grain.is_some() {
                    return Err(QueryError::Unusable(format!(
                        "{name} is a span of time: it has no list"
                    )));
                }
                if let Some(labels) = found.labels {
                    let dictionary = opened.labels(labels).await?;
                    return Ok(dictionary.id.keys().cloned().collect());
                }
                return Ok(opened.distinct(&selection.distinct(&found)).await?.to_vec());
            }
        }
    }
    Err(missing.unwrap_or(QueryError::NoMetric))
}

struct Asking<'a> {
    opened: &'a Opened,
    registry: &'a Registry,
    query: &'a Query,
    metrics: &'a [&'a Metric],
    now: DateTime<Utc>,
}

impl Asking<'_> {
    async fn total(
        &self,
        period: Option<Period>,
        without: Option<&[&Vec<Member>]>,
    ) -> Result<HashMap<usize, Measured>, QueryError> {
        let mut groups = self.groups(period, false, without).await?;
        Ok(groups.remove(&Vec::new()).unwrap_or_default())
    }

    /// Runs the selects: one for all metrics that share base and time.
    async fn groups(
        &self,
        period: Option<Period>,
        by: bool,
        without: Option<&[&Vec<Member>]>,
    ) -> Result<Groups, QueryError> {
        let mut plans: Vec<(&Metric, Vec<(usize, &Metric)>)> = Vec::new();
        for (index, asked) in self.metrics.iter().enumerate() {
            let metric = selected(self.registry, asked)?;
            let alone = matches!(metric.measure, Measure::Ratio { per: Some(_), .. });
            let shared = plans.iter_mut().find(|(first, _)| {
                !alone
                    && first.entity == metric.entity
                    && first.time == metric.time
                    && !matches!(first.measure, Measure::Ratio { per: Some(_), .. })
            });
            match shared {
                Some((_, members)) => members.push((index, metric)),
                None => plans.push((metric, vec![(index, metric)])),
            }
        }
        let mut groups = Groups::new();
        for (first, members) in &plans {
            let base = self
                .registry
                .base(&first.entity)
                .ok_or(QueryError::NoMetric)?;
            let mut selection = Selection::new(
                self.opened,
                base,
                first,
                &self.query.conditions,
                period,
                self.now,
            )
            .await?;
            let dimensions = self
                .query
                .by
                .iter()
                .map(|name| dimension::resolve(first, base, name, &self.opened.set.catalog))
                .collect::<Result<Vec<_>, _>>()?;
            if let Some(top) = without {
                for dimension in &dimensions {
                    selection.join(dimension);
                }
                selection.restrict(outside(&dimensions, top));
            }
            let dimensions = if by { dimensions } else { Vec::new() };
            for dimension in &dimensions {
                selection.join(dimension);
            }
            for batch in self
                .opened
                .run(&select(&selection, members, &dimensions))
                .await?
            {
                read(&batch, &dimensions, members, &mut groups)?;
            }
        }
        // a group in which nothing is measured is not an answer
        if !self.query.by.is_empty() {
            groups.retain(|_, measured| {
                measured
                    .values()
                    .any(|one| one.records > 0 || one.immature.unwrap_or(0) > 0)
            });
        }
        Ok(groups)
    }

    /// Gives the spans of a compared period the names of the spans that they stand beside.
    fn aligned(&self, groups: Groups, before: Period) -> Result<Groups, QueryError> {
        let place = self
            .query
            .by
            .iter()
            .position(|name| Grain::from_name(name).is_some());
        let (Some(place), Some(period)) = (place, self.query.period) else {
            return Ok(groups);
        };
        let Some(grain) = Grain::from_name(&self.query.by[place]) else {
            return Ok(groups);
        };
        let spans = |period: Period| {
            std::iter::successors(Some(grain.start(period.from)), move |start| {
                Some(grain.next(*start))
            })
            .take_while(move |start| *start <= period.to)
        };
        let beside: HashMap<NaiveDate, NaiveDate> = spans(before).zip(spans(period)).collect();
        Ok(groups
            .into_iter()
            .filter_map(|(mut key, measured)| {
                if let Member::Day(day) = &key[place] {
                    key[place] = Member::Day(*beside.get(day)?);
                }
                Some((key, measured))
            })
            .collect())
    }

    async fn shown(&self, name: &str, member: &Member) -> Result<Value, QueryError> {
        Ok(match member {
            Member::None => Value::Null,
            Member::Flag(flag) => Value::Bool(*flag),
            Member::Day(day) => {
                Grain::from_name(name).map_or(Value::Null, |grain| grain.label(*day).into())
            }
            Member::Text(text) => {
                let metric = selected(self.registry, self.metrics[0])?;
                let base = self
                    .registry
                    .base(&metric.entity)
                    .ok_or(QueryError::NoMetric)?;
                let found = dimension::resolve(metric, base, name, &self.opened.set.catalog)?;
                match found.labels {
                    Some(labels) => {
                        let dictionary = self.opened.labels(labels).await?;
                        dictionary.label.get(text).unwrap_or(text).as_str().into()
                    }
                    None => text.as_str().into(),
                }
            }
        })
    }

    fn fill(
        &self,
        row: &mut Row,
        now: &HashMap<usize, Measured>,
        before: Option<&HashMap<usize, Measured>>,
    ) {
        for (index, metric) in self.metrics.iter().enumerate() {
            let name = &metric.name;
            let measured = now.get(&index).copied().unwrap_or_default();
            let earlier = before.map(|before| before.get(&index).copied().unwrap_or_default());
            let mut value = shown_value(metric, measured);
            let mut value_before = earlier.and_then(|earlier| shown_value(metric, earlier));
            if matches!(metric.measure, Measure::Compression { .. }) {
                value = match (value, value_before) {
                    (Some(now), Some(before)) if before != 0.0 => Some(1.0 - now / before),
                    _ => None,
                };
                value_before = None;
            }
            row.insert(name.clone(), number(metric, value));
            row.insert(format!("{name}_n"), measured.records.into());
            if let Some(events) = measured.events {
                row.insert(format!("{name}_events"), events.into());
                row.insert(
                    format!("{name}_censored"),
                    (measured.records - events).into(),
                );
            }
            if metric.immature.is_some() {
                row.insert(
                    format!("{name}_immature"),
                    measured.immature.unwrap_or(0).into(),
                );
            }
            if before.is_some() && !matches!(metric.measure, Measure::Compression { .. }) {
                let change = value.zip(value_before).map(|(now, before)| now - before);
                row.insert(format!("{name}_before"), number(metric, value_before));
                row.insert(format!("{name}_change"), number(metric, change));
            }
        }
    }

    /// Spans of time come in their order, other rows with the largest value first.
    fn order(&self, rows: &mut [(Vec<Member>, Row)]) -> Result<(), QueryError> {
        let asked = self.query.order.as_deref();
        let (ascending, name) = match asked {
            Some(order) => match order.strip_prefix('+') {
                Some(name) => (true, name),
                None => (false, order.strip_prefix('-').unwrap_or(order)),
            },
            None if self
                .query
                .by
                .iter()
                .any(|name| Grain::from_name(name).is_some()) =>
            {
                rows.sort_by(|left, right| left.0.cmp(&right.0));
                return Ok(());
            }
            None => (false, self.query.metrics[0].as_str()),
        };
        if let Some(place) = self.query.by.iter().position(|dimension| dimension == name) {
            let descending = asked.is_some_and(|asked| asked.starts_with('-'));
            rows.sort_by(|left, right| {
                let order = left.0[place].cmp(&right.0[place]);
                if descending { order.reverse() } else { order }
            });
            return Ok(());
        }
        if !self.query.metrics.iter().any(|metric| metric == name) {
            let known = self
                .query
                .metrics
                .iter()
                .chain(&self.query.by)
                .map(String::as_str);
            return Err(QueryError::Dimension {
                metric: "the order".to_owned(),
                name: name.to_owned(),
                suggestions: known.map(str::to_owned).collect(),
            });
        }
        rows.sort_by(|left, right| {
            let value = |row: &Row| row.get(name).and_then(Value::as_f64);
            match (value(&left.1), value(&right.1)) {
                (Some(a), Some(b)) if ascending => a.total_cmp(&b),
                (Some(a), Some(b)) => b.total_cmp(&a),
                (a, b) => b.is_some().cmp(&a.is_some()),
            }
            .then_with(|| left.0.cmp(&right.0))
        });
        Ok(())
    }
}

fn shown_value(metric: &Metric, measured: Measured) -> Option<f64> {
    match metric.measure {
        Measure::Sum { .. } | Measure::Distinct { .. } => Some(measured.value.unwrap_or(0.0)),
        Measure::Count => Some(measured.records as f64),
        _ => measured.value,
    }
}

#[allow(clippy::cast_possible_truncation, reason = "counts are far below 2^53")]
fn number(metric: &Metric, value: Option<f64>) -> Value {
    match value {
        Some(value) if metric.unit == Unit::Count => Value::from(value as i64),
        Some(value) => Value::from(value),
        None => Value::Null,
    }
}

/// The condition that a record is in none of the groups.
fn outside(dimensions: &[Dimension], groups: &[&Vec<Member>]) -> String {
    let group = |members: &&Vec<Member>| {
        let parts: Vec<String> = dimensions
            .iter()
            .zip(members.iter())
            .map(|(dimension, member)| {
                let expression = &dimension.expression;
                match member {
                    Member::None => format!("{expression} IS NULL"),
                    Member::Flag(flag) => format!("coalesce({expression} = {flag}, false)"),
                    Member::Day(day) => format!("coalesce({expression} = DATE '{day}', false)"),
                    Member::Text(text) => {
                        format!("coalesce({expression} = {}, false)", literal(text))
                    }
                }
            })
            .collect();
        format!("({})", parts.join(" AND "))
    };
    format!(
        "NOT ({})",
        groups.iter().map(group).collect::<Vec<_>>().join(" OR ")
    )
}

fn members(batch: &RecordBatch, dimensions: &[Dimension]) -> Result<Vec<Vec<Member>>, QueryError> {
    let mut keys = vec![Vec::with_capacity(dimensions.len()); batch.num_rows()];
    for (index, dimension) in dimensions.iter().enumerate() {
        let column = batch.column(index);
        if dimension.grain.is_some() {
            for (row, key) in keys.iter_mut().enumerate() {
                key.push(functions::date(column, row).map_or(Member::None, Member::Day));
            }
        } else if dimension.flag {
            let flags = column.as_boolean();
            for (row, key) in keys.iter_mut().enumerate() {
                key.push(Member::Flag(flags.is_valid(row) && flags.value(row)));
            }
        } else {
            for (text, key) in texts(column)?.into_iter().zip(&mut keys) {
                key.push(text.map_or(Member::None, Member::Text));
            }
        }
    }
    Ok(keys)
}

fn read(
    batch: &RecordBatch,
    dimensions: &[Dimension],
    metrics: &[(usize, &Metric)],
    groups: &mut Groups,
) -> Result<(), QueryError> {
    let keys = members(batch, dimensions)?;
    for (index, metric) in metrics {
        let float = |suffix: &str, row: usize| {
            let column = batch.column_by_name(&format!("m{index}_{suffix}"))?;
            let values = column.as_primitive::<Float64Type>();
            values.is_valid(row).then(|| values.value(row))
        };
        let whole = |suffix: &str, row: usize| {
            let column = batch.column_by_name(&format!("m{index}_{suffix}"))?;
            let values = column.as_primitive::<Int64Type>();
            values.is_valid(row).then(|| values.value(row))
        };
        for (row, key) in keys.iter().enumerate() {
            let records = whole("n", row).unwrap_or(0);
            let raw = float("v", row);
            let value = match &metric.measure {
                Measure::Mean { .. } if records > 0 => raw.map(|sum| sum / records as f64),
                Measure::Mean { .. } => None,
                Measure::Ratio { .. } => match (raw, float("d", row)) {
                    (Some(above), Some(below)) if below != 0.0 => Some(above / below),
                    _ => None,
                },
                _ => raw,
            };
            let measured = Measured {
                value,
                records,
                events: whole("e", row),
                immature: whole("y", row),
            };
            groups
                .entry(key.clone())
                .or_default()
                .insert(*index, measured);
        }
    }
    Ok(())
}
