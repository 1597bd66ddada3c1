//! From a metric, its period and the conditions to SQL over the marts.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use millrace_models::marts;
use millrace_models::metric::{Base, Measure, Metric, TimeRole};
use millrace_models::period::Grain;
use millrace_models::query::{Condition, Period};

use super::dimension::{Dimension, Join, identifier};
use super::error::QueryError;
use super::lists;
use super::tables::{FINISHED_VISITS, Opened};
use super::view::View;

/// What is selected: records of a base, seen at a time, within a period and conditions.
pub(super) struct Selection<'a> {
    pub(super) view: View<'a>,
    pub(super) base: &'a Base,
    pub(super) as_of: DateTime<Utc>,
    /// The last moment of the period, never after `as_of`.
    end: DateTime<Utc>,
    /// The spans of time that records are grouped or selected by.
    grains: Vec<Grain>,
    /// Only visits that have ended.
    finished: bool,
    joins: Vec<Join>,
    conditions: Vec<String>,
    /// What is read in place of the base's table: one of its files.
    part: Option<String>,
}

/// A moment as SQL.
fn moment(us: i64) -> String {
    format!("arrow_cast({us}, 'Timestamp(Microsecond, Some(\"UTC\"))')")
}

impl<'a> Selection<'a> {
    /// Selects what `metric` is measured on, beside the metric's own condition.
    pub(super) async fn new(
        view: View<'a>,
        base: &'a Base,
        metric: &Metric,
        conditions: &[Condition],
        period: Option<Period>,
        as_of: DateTime<Utc>,
    ) -> Result<Self, QueryError> {
        let end = period.map_or(as_of, |period| as_of.min(end_of(view.opened, period.to)));
        let as_of = match metric.time.role {
            TimeRole::Snapshot => end,
            _ => as_of,
        };
        let mut selection = Self {
            view,
            base,
            as_of,
            end,
            grains: Vec::new(),
            finished: base.table == "stage_visits"
                && metric.time.column.as_deref() == Some("left_at"),
            joins: Vec::new(),
            conditions: Vec::new(),
            part: None,
        };
        if let (Some(column), Some(period)) = (&metric.time.column, period) {
            let range = selection.range(column, period.from, period.to);
            selection.conditions.push(range);
        } else if let Some(column) = &metric.time.column
            && (!selection.finished || selection.is_past())
        {
            selection
                .conditions
                .push(format!("b.{} IS NOT NULL", identifier(column)));
        }
        for condition in conditions {
            let dimension = view.dimension(metric, base, &condition.dimension)?;
            let test = selection.test(&dimension, condition).await?;
            let sql = selection.sql(metric, &dimension, &test);
            selection.join(&dimension);
            selection.conditions.push(sql);
        }
        Ok(selection)
    }

    /// Takes what a dimension needs beside the base.
    pub(super) fn join(&mut self, dimension: &Dimension) {
        self.grains.extend(dimension.grain);
        if let Some(join) = &dimension.join
            && !self.joins.contains(join)
        {
            self.joins.push(join.clone());
        }
    }

    pub(super) fn restrict(&mut self, sql: String) {
        self.conditions.push(sql);
    }

    /// The registered table that the records are read from.
    pub(super) fn table(&self) -> &'a str {
        if self.finished {
            FINISHED_VISITS
        } else {
            &self.base.table
        }
    }

    /// Reads one file of the base's table, registered by that name.
    pub(super) fn read_part(&mut self, part: &str) {
        self.part = Some(part.to_owned());
    }

    /// Reads the whole table.
    pub(super) fn read_whole(&mut self) {
        self.part = None;
    }

    /// An expression of the registry, with the moment put in.
    pub(super) fn expression(&self, text: &str) -> String {
        text.replace("{as_of}", &moment(self.as_of.timestamp_micros()))
    }

    /// Whether something happened after the moment that is asked about.
    fn is_past(&self) -> bool {
        let last = self.view.opened.set.last_event_at;
        last.is_none_or(|last| last > self.as_of)
    }

    /// The `FROM` and `WHERE` of the selection; the base is `b`.
    pub(super) fn from(&self) -> String {
        let base = self.base;
        let mut source = match &self.part {
            Some(part) => self.view.within(self.table(), &identifier(part)),
            None => self.view.source(self.table()),
        };
        if self.is_past() || base.ages {
            let replaced: Vec<String> = base
                .as_of
                .iter()
                .map(|(column, sql)| format!("{} AS {}", self.expression(sql), identifier(column)))
                .collect();
            let replace = if replaced.is_empty() {
                String::new()
            } else {
                format!(" REPLACE ({})", replaced.join(", "))
            };
            let seen = self.expression(&base.seen);
            source = format!("(SELECT *{replace} FROM {source} WHERE {seen})");
        }
        if let Some(select) = &base.from {
            source = format!("({})", self.select(select, &source));
        }
        let mut sql = self.joined(&source, &self.joins);
        if !self.conditions.is_empty() {
            sql.push_str(" WHERE ");
            sql.push_str(&self.conditions.join(" AND "));
        }
        sql
    }

    /// The select of a base over a source: with the moment, the ends of periods and other marts
    /// put in.
    fn select(&self, text: &str, source: &str) -> String {
        let text = text.replace("{table}", &format!("{source} AS t"));
        let mut text = self.expression(&text);
        for mart in marts::TABLES {
            let name = format!("{{{mart}}}");
            if text.contains(&name) {
                text = text.replace(&name, &self.view.source(mart));
            }
        }
        while let Some((before, rest)) = text.split_once("{end:") {
            let Some((column, after)) = rest.split_once('}') else {
                break;
            };
            text = format!("{before}{}{after}", self.end(column));
        }
        text
    }

    /// The end of the period that a record counts in: of the span that it is grouped or selected
    /// by, else of the period.
    fn end(&self, column: &str) -> String {
        let end = moment(self.end.timestamp_micros());
        let spans: Vec<String> = Grain::ALL
            .iter()
            .filter(|(_, grain)| self.grains.contains(grain))
            .map(|(name, _)| format!(", end_{name}({})", identifier(column)))
            .collect();
        if spans.is_empty() {
            end
        } else {
            format!("least({end}{})", spans.concat())
        }
    }

    /// The `FROM` of a source and what of other tables is wanted beside it.
    fn joined(&self, source: &str, joins: &[Join]) -> String {
        let sql = format!("FROM {source} AS b");
        if joins.is_empty() {
            return sql;
        }
        let (mut wanted, mut tables) = (String::new(), String::new());
        let mut aliases = Vec::new();
        for join in joins {
            let attribute = identifier(&join.attribute);
            wanted += &format!(", {}.{attribute} AS {}", join.alias, join.name());
            if !aliases.contains(&join.alias) {
                aliases.push(join.alias);
                let (column, key) = (identifier(&join.column), join.key);
                tables += &format!(
                    " LEFT JOIN {} AS {alias} ON b.{column} = {alias}.{key}",
                    self.view.source(join.table),
                    alias = join.alias,
                );
            }
        }
        format!("FROM (SELECT b.*{wanted} {sql}{tables}) AS b")
    }

    pub(super) fn range(&self, column: &str, from: NaiveDate, to: NaiveDate) -> String {
        let calendar = &self.view.opened.calendar;
        let column = identifier(column);
        let after = to.succ_opt().unwrap_or(to);
        format!(
            "(b.{column} >= {} AND b.{column} < {})",
            moment(calendar.start_of_day_us(from)),
            moment(calendar.start_of_day_us(after)),
        )
    }

    /// The members of a dimension as they are stored, sorted: of its table for who sees all of it,
    /// else what occurs in the caller's rows.
    pub(super) async fn members(
        &self,
        dimension: &Dimension,
    ) -> Result<Arc<Vec<String>>, QueryError> {
        let distinct = |column: &str, from: &str| {
            format!("SELECT DISTINCT {column} AS v {from} WHERE {column} IS NOT NULL")
        };
        let opened = self.view.opened;
        let join = dimension.join.as_ref();
        if let Some(join) = join
            && self.view.is_whole(self.base, dimension)
        {
            let from = format!("FROM {} AS b", join.table);
            let select = distinct(&identifier(&join.attribute), &from);
            return opened.distinct(&select, async || Ok(None)).await;
        }
        let table = &self.base.table;
        let select = |source: &str| {
            let from = self.joined(source, dimension.join.as_slice());
            distinct(&dimension.expression, &from)
        };
        let by_file =
            async || lists::distinct(self.view, table, join.map(|join| join.table), select).await;
        opened
            .distinct(&select(&self.view.source(table)), by_file)
            .await
    }
}

/// The last moment of a day in the company's zone.
pub(super) fn end_of(opened: &Opened, day: NaiveDate) -> DateTime<Utc> {
    let after = opened
        .calendar
        .start_of_day_us(day.succ_opt().unwrap_or(day));
    DateTime::from_timestamp_micros(after - 1).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// The aggregates that a metric needs, as select items `m<index>_…`.
pub(super) fn aggregates(selection: &Selection<'_>, metric: &Metric, index: usize) -> Vec<String> {
    let filter = |more: Option<&str>| {
        let parts: Vec<String> = metric
            .condition
            .iter()
            .map(String::as_str)
            .chain(more)
            .map(|part| format!("({})", selection.expression(part)))
            .collect();
        if parts.is_empty() {
            String::new()
        } else {
            format!(" FILTER (WHERE {})", parts.join(" AND "))
        }
    };
    let all = filter(None);
    let mut items = vec![format!("count(*){all} AS m{index}_n")];
    let mut item = |suffix: &str, sql: String| items.push(format!("{sql} AS m{index}_{suffix}"));
    let expression = |text: &str| selection.expression(text);
    match &metric.measure {
        Measure::Count | Measure::Compression { .. } => {}
        Measure::Distinct { value } => {
            item("v", format!("count(DISTINCT {}){all}", expression(value)));
        }
        Measure::Sum { value } | Measure::Mean { value } => {
            item("v", format!("sum({}){all}", expression(value)));
        }
        Measure::Quantile { value, q } => {
            let value = expression(value);
            item(
                "v",
                format!("exact_quantile(CAST({value} AS DOUBLE), {q:?}, {index}){all}"),
            );
        }
        Measure::KmMedian { value, event } => {
            let (value, event) = (expression(value), expression(event));
            item(
                "v",
                format!("km_median(CAST({value} AS DOUBLE), {event}){all}"),
            );
            item("e", format!("count(*){}", filter(Some(&event))));
        }
        Measure::CountBack { value, sales, at } => {
            let (value, sales) = (expression(value), expression(sales));
            let (at, end) = (identifier(at), expression("{as_of}"));
            item(
                "v",
                format!(
                    "count_back(b.{at}, CAST({sales} AS DOUBLE), CAST({value} AS DOUBLE), {end}){all}"
                ),
            );
        }
        Measure::Ratio {
            numerator,
            denominator,
            ..
        } => {
            item("v", format!("sum({}){all}", expression(numerator)));
            item("d", format!("sum({}){all}", expression(denominator)));
        }
    }
    if let Some(immature) = &metric.immature {
        item(
            "y",
            format!("count(*) FILTER (WHERE {})", expression(immature)),
        );
    }
    items
}

/// The select of a group of metrics that share base and time; group columns are `d<index>`.
pub(super) fn select(
    selection: &Selection<'_>,
    metrics: &[(usize, &Metric)],
    by: &[Dimension],
) -> String {
    let groups: Vec<String> = by
        .iter()
        .enumerate()
        .map(|(index, dimension)| format!("{} AS d{index}", dimension.expression))
        .collect();
    let group_by = |extra: &[String]| {
        let all: Vec<String> = by
            .iter()
            .map(|dimension| dimension.expression.clone())
            .chain(extra.iter().cloned())
            .collect();
        if all.is_empty() {
            String::new()
        } else {
            format!(" GROUP BY {}", all.join(", "))
        }
    };
    if let [(index, metric)] = metrics
        && let Measure::Ratio {
            numerator,
            denominator,
            per: Some(per),
            inner: Some(inner),
        } = &metric.measure
    {
        let filter = metric
            .condition
            .as_ref()
            .map(|condition| format!(" FILTER (WHERE {})", selection.expression(condition)))
            .unwrap_or_default();
        let per = format!("b.{}", identifier(per));
        let columns: Vec<String> = groups
            .iter()
            .cloned()
            .chain([format!("{inner}{filter} AS orders")])
            .collect();
        let outer: Vec<String> = (0..by.len()).map(|index| format!("d{index}")).collect();
        let mut items = outer.clone();
        items.push(format!("count(*) AS m{index}_n"));
        items.push(format!("sum({numerator}) AS m{index}_v"));
        items.push(format!("sum({denominator}) AS m{index}_d"));
        let tail = if outer.is_empty() {
            String::new()
        } else {
            format!(" GROUP BY {}", outer.join(", "))
        };
        return format!(
            "SELECT {} FROM (SELECT {} {}{}) WHERE orders > 0{tail}",
            items.join(", "),
            columns.join(", "),
            selection.from(),
            group_by(&[per]),
        );
    }
    let mut items = groups;
    for (index, metric) in metrics {
        items.extend(aggregates(selection, metric, *index));
    }
    format!(
        "SELECT {} {}{}",
        items.join(", "),
        selection.from(),
        group_by(&[])
    )
}
