//! Runs the selects of a query and puts their results together.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use millrace_models::metric::{Base, Measure, Metric, Unit};
use millrace_models::period::{Grain, compared};
use millrace_models::query::{Period, Query};
use millrace_models::scope::Action;
use serde::Serialize;
use serde_json::{Map, Value};

use super::closed::{self, days_of};
use super::compile::{Selection, select};
use super::dimension::{Dimension, literal};
use super::error::QueryError;
use super::measured::{Groups, Measured, Member, Sum, adds_up, read};
use super::origin::{AnsweredBy, Origins};
use super::quantile::Kept;
use super::reads;
use super::rollup;
use super::tables::Opened;
use super::view::{View, Words};

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
    /// The closed months of the periods: what happened in them is counted as it was known when they
    /// were closed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub closed_months: Vec<String>,
    /// How it came about.
    pub answered_by: AnsweredBy,
    /// What the total of the first metric is made of.
    #[serde(skip)]
    pub(super) made_of: Measured,
}

/// A metric that is really selected, for the metric that is asked.
pub(super) fn selected(
    view: View<'_>,
    metric: &'static Metric,
) -> Result<&'static Metric, QueryError> {
    match &metric.measure {
        Measure::Compression { of } => view.metric(of, Action::Read),
        _ => Ok(metric),
    }
}

#[allow(clippy::too_many_lines, reason = "one step after another")]
pub(super) async fn answer(
    view: View<'_>,
    query: &Query,
    now: DateTime<Utc>,
) -> Result<QueryResult, QueryError> {
    if query.metrics.is_empty() {
        return Err(QueryError::NoMetric);
    }
    let metrics = query
        .metrics
        .iter()
        .map(|name| view.metric(name, Action::Read))
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
    let read = metrics.iter().map(|metric| selected(view, metric));
    let read = read.collect::<Result<Vec<_>, _>>()?;
    let asking = Asking {
        view,
        query,
        metrics: &metrics,
        now: query.as_of.unwrap_or(now),
        asked_at: now,
        origins: Origins::default(),
    };
    let (groups, kept) = asking.groups(query.period).await?;
    let total = asking
        .total(query.period, &groups, Some(&kept), None)
        .await?;
    let (groups_before, total_before) = match before {
        Some(period) => {
            let (groups, kept) = asking.groups(Some(period)).await?;
            let total = asking
                .total(Some(period), &groups, Some(&kept), None)
                .await?;
            (Some(asking.aligned(groups, period)), Some(total))
        }
        None => (None, None),
    };
    let mut keys: BTreeSet<&Vec<Member>> = groups.keys().collect();
    keys.extend(groups_before.iter().flat_map(Groups::keys));
    let words = asking.words().await?;
    let nothing = HashMap::new();
    let mut rows = Vec::with_capacity(keys.len());
    for key in keys {
        let now = groups.get(key).unwrap_or(&nothing);
        let before = groups_before
            .as_ref()
            .map(|groups| groups.get(key).unwrap_or(&nothing));
        let mut row = Row::new();
        for ((member, name), words) in key.iter().zip(&query.by).zip(&words) {
            row.insert(name.clone(), member.shown(name, words.as_ref()));
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
                let now = asking
                    .total(query.period, &groups, None, Some(&top))
                    .await?;
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
    let versions = reads::versions(view, &read, &reads::named(query));
    Ok(QueryResult {
        query: query.clone(),
        as_of: shown_time(view.opened, asking.now),
        versions: closed::versions(view, versions, asking.now).await?,
        columns,
        rows: rows.into_iter().map(|(_, row)| row).collect(),
        rest,
        total: total_row,
        answered_by: asking.origins.answered_by(),
        made_of: total.get(&0).copied().unwrap_or_default(),
        closed_months: closed_months(view, &[query.period, before], asking.now),
    })
}

/// The closed months of some periods; without a period, all.
fn closed_months(view: View<'_>, periods: &[Option<Period>], at: DateTime<Utc>) -> Vec<String> {
    let whole = periods[0].is_none();
    let closed = view.opened.set.closed(at).filter(|close| {
        let days = days_of(close.month);
        let touches = |period: &Period| period.from <= days.to && days.from <= period.to;
        whole || periods.iter().flatten().any(touches)
    });
    closed
        .map(|close| Grain::Month.label(close.month))
        .collect()
}

/// A moment in the company's zone.
pub(super) fn shown_time(opened: &Opened, at: DateTime<Utc>) -> String {
    at.with_timezone(&opened.zone)
        .to_rfc3339_opts(chrono::SecondsFormat::Secs, false)
}

/// The members of a dimension: for who sees all, of the first records that have it; else all that
/// occur in the caller's rows.
pub(super) async fn values(
    view: View<'_>,
    name: &str,
    now: DateTime<Utc>,
) -> Result<Vec<String>, QueryError> {
    let mut missing = None;
    let mut asked: BTreeSet<&str> = BTreeSet::new();
    let mut all: Option<BTreeSet<String>> = None;
    for metric in view.metrics() {
        let Some(base) = view.registry.base(&metric.entity) else {
            continue;
        };
        let found = match view.dimension(metric, base, name) {
            Ok(found) => found,
            Err(error) => {
                missing = missing.or(Some(error));
                continue;
            }
        };
        if found.grain.is_some() {
            return Err(QueryError::Unusable(format!(
                "{name} is a span of time: it has no list"
            )));
        }
        let whole = view.is_whole(base, &found);
        if whole && let Some(labels) = found.labels {
            let words = view.words(labels).await?;
            return Ok(words.all().map(str::to_owned).collect());
        }
        if !asked.insert(&base.table) {
            continue;
        }
        let selection = Selection::new(view, base, metric, &[], None, now).await?;
        let members = selection.members(&found).await?;
        if whole {
            return Ok(members.to_vec());
        }
        let own = all.get_or_insert_default();
        match found.labels {
            Some(labels) => {
                let words = view.words(labels).await?;
                own.extend(members.iter().map(|id| words.label(id).to_owned()));
            }
            None => own.extend(members.iter().cloned()),
        }
    }
    match (all, missing) {
        (Some(all), _) => Ok(all.into_iter().collect()),
        (None, Some(missing)) => Err(missing),
        (None, None) => Err(QueryError::Dimension {
            metric: "what you may see".to_owned(),
            name: name.to_owned(),
            suggestions: Vec::new(),
        }),
    }
}

struct Asking<'a> {
    view: View<'a>,
    query: &'a Query,
    metrics: &'a [&'static Metric],
    now: DateTime<Utc>,
    /// When it is asked, whatever it is asked as of.
    asked_at: DateTime<Utc>,
    /// From where the groups came.
    origins: Origins,
}

impl Asking<'_> {
    /// The groups of the metrics that a rollup adds up; what is left is to be scanned.
    async fn by_rollup<'b>(
        &self,
        base: &Base,
        members: &[(usize, &'b Metric)],
        period: Option<Period>,
        groups: &mut Groups,
    ) -> Result<Vec<(usize, &'b Metric)>, QueryError> {
        let Some(rollups) = &self.view.opened.rollups else {
            return Ok(members.to_vec());
        };
        let (summed, others): (Vec<_>, Vec<_>) =
            members.iter().copied().partition(|(_, metric)| {
                rollup::adds_up(metric)
                    && !reads::depends_on(self.view, metric, base, period, self.now)
            });
        if summed.is_empty() {
            return Ok(others);
        }
        let asked = rollup::Asked {
            view: self.view,
            base,
            metrics: &summed,
            by: &self.query.by,
            conditions: &self.query.conditions,
            period,
            as_of: self.now,
            now: self.asked_at,
        };
        let Some((found, info)) = rollups.groups(&asked).await? else {
            return Ok(members.to_vec());
        };
        for (key, measured) in found {
            groups.entry(key).or_default().extend(measured);
        }
        self.origins.rollup(info);
        Ok(others)
    }

    /// All records together, or those outside some groups: added up from the groups where the
    /// measure does, from the values that quantiles kept, else selected.
    async fn total(
        &self,
        period: Option<Period>,
        groups: &Groups,
        kept: Option<&Kept>,
        without: Option<&[&Vec<Member>]>,
    ) -> Result<HashMap<usize, Measured>, QueryError> {
        if self.query.by.is_empty() {
            return Ok(groups.get(&Vec::new()).cloned().unwrap_or_default());
        }
        let mut total = HashMap::new();
        let mut others = Vec::new();
        for (index, asked) in self.metrics.iter().enumerate() {
            let own = selected(self.view, asked)?;
            let measure = &own.measure;
            let quantile = match (measure, kept) {
                (Measure::Quantile { q, .. }, Some(kept)) => {
                    Some(kept.quantile(i64::try_from(index).unwrap_or(i64::MAX), *q))
                }
                _ => None,
            };
            let adds_up = adds_up(measure) && !self.counts_by_span(own);
            if !adds_up && quantile.is_none() {
                others.push(index);
                continue;
            }
            let counted = groups
                .iter()
                .filter(|(key, _)| without.is_none_or(|without| !without.contains(key)))
                .filter_map(|(_, measured)| measured.get(&index).copied());
            let mut sum = counted.reduce(Measured::plus).unwrap_or_default();
            if let Some(quantile) = quantile {
                sum.above = quantile.map(Sum::Float);
            }
            total.insert(index, sum);
        }
        if !others.is_empty() {
            let mut selected = Groups::new();
            self.select(
                period,
                &others,
                false,
                without,
                &Kept::default(),
                &mut selected,
            )
            .await?;
            total.extend(selected.remove(&Vec::new()).unwrap_or_default());
        }
        Ok(total)
    }

    /// Whether a record counts otherwise in a span of time than in the whole period.
    fn counts_by_span(&self, metric: &Metric) -> bool {
        let base = self.view.registry.base(&metric.entity);
        let from = base.and_then(|base| base.from.as_deref());
        let mut by = self.query.by.iter();
        from.is_some_and(|from| from.contains("{end:"))
            && by.any(|name| Grain::from_name(name).is_some())
    }

    /// The groups, and the values of their quantiles.
    async fn groups(&self, period: Option<Period>) -> Result<(Groups, Kept), QueryError> {
        let (mut groups, kept) = (Groups::new(), Kept::default());
        let all: Vec<usize> = (0..self.metrics.len()).collect();
        self.select(period, &all, true, None, &kept, &mut groups)
            .await?;
        // a group in which nothing is measured is not an answer
        if !self.query.by.is_empty() {
            groups.retain(|_, measured| {
                measured
                    .values()
                    .any(|one| one.records > 0 || one.immature.unwrap_or(0) > 0)
            });
        }
        Ok((groups, kept))
    }

    /// Runs the selects of some metrics: one for all that share base and time.
    async fn select(
        &self,
        period: Option<Period>,
        wanted: &[usize],
        by: bool,
        without: Option<&[&Vec<Member>]>,
        kept: &Kept,
        groups: &mut Groups,
    ) -> Result<(), QueryError> {
        let mut plans: Vec<(&Metric, Vec<(usize, &Metric)>)> = Vec::new();
        for index in wanted.iter().copied() {
            let metric = selected(self.view, self.metrics[index])?;
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
        for (first, members) in &plans {
            let registry = self.view.registry;
            let base = registry.base(&first.entity).ok_or(QueryError::NoMetric)?;
            let members = if by && without.is_none() {
                self.by_rollup(base, members, period, groups).await?
            } else {
                members.clone()
            };
            if members.is_empty() {
                continue;
            }
            self.origins.scan();
            let mut selection = Selection::new(
                self.view,
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
                .map(|name| self.view.dimension(first, base, name))
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
            let sql = select(&selection, &members, &dimensions);
            for batch in self.view.opened.run_kept(&sql, kept).await? {
                read(&batch, &dimensions, &members, groups)?;
            }
        }
        Ok(())
    }

    /// Gives the spans of a compared period the names of the spans that they stand beside.
    fn aligned(&self, groups: Groups, before: Period) -> Groups {
        let place = self
            .query
            .by
            .iter()
            .position(|name| Grain::from_name(name).is_some());
        let (Some(place), Some(period)) = (place, self.query.period) else {
            return groups;
        };
        let Some(grain) = Grain::from_name(&self.query.by[place]) else {
            return groups;
        };
        let spans = |period: Period| {
            std::iter::successors(Some(grain.start(period.from)), move |start| {
                Some(grain.next(*start))
            })
            .take_while(move |start| *start <= period.to)
        };
        let beside: HashMap<NaiveDate, NaiveDate> = spans(before).zip(spans(period)).collect();
        groups
            .into_iter()
            .filter_map(|(mut key, measured)| {
                if let Member::Day(day) = &key[place] {
                    key[place] = Member::Day(*beside.get(day)?);
                }
                Some((key, measured))
            })
            .collect()
    }

    /// The words for the ids of the dimensions, where they are ids.
    async fn words(&self) -> Result<Vec<Option<Words>>, QueryError> {
        let metric = selected(self.view, self.metrics[0])?;
        let registry = self.view.registry;
        let base = registry.base(&metric.entity).ok_or(QueryError::NoMetric)?;
        let mut all = Vec::with_capacity(self.query.by.len());
        for name in &self.query.by {
            let found = self.view.dimension(metric, base, name)?;
            all.push(match found.labels {
                Some(labels) => Some(self.view.words(labels).await?),
                None => None,
            });
        }
        Ok(all)
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
            let measure = match &metric.measure {
                Measure::Compression { of } => self.view.registry.metric(of).map(|of| &of.measure),
                measure => Some(measure),
            };
            let of = |measured: Measured| measured.value(measure?);
            let mut value = of(measured);
            let mut value_before = earlier.and_then(of);
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
                let records = earlier.unwrap_or_default().records;
                row.insert(format!("{name}_before_n"), records.into());
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
