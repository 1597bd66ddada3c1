//! From a metric, its period and the conditions to SQL over the marts.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use millrace_models::marts;
use millrace_models::metric::{Base, Measure, Metric, TimeRole};
use millrace_models::period::Grain;
use millrace_models::query::{Condition, Period};

use super::closed::{self, Days, SEEN_AT, Source};
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
    period: Option<Period>,
    /// The column that periods select by.
    time: Option<String>,
    /// What comes from the sets of closed months.
    closed: Vec<Source>,
    /// The set that tells how the records stood at an earlier moment.
    then: Option<Source>,
    /// Whether it is asked who has the records now.
    with_people: bool,
    joins: Vec<Join>,
    conditions: Vec<String>,
    /// What is read in place of the base's table: one of its files.
    part: Option<String>,
}

/// An expression of the registry, with the moment put in.
fn seen_at(text: &str, as_of: DateTime<Utc>) -> String {
    text.replace("{as_of}", &moment(as_of.timestamp_micros()))
}

/// A moment as SQL.
pub(super) fn moment(us: i64) -> String {
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
        let asked = as_of;
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
            period,
            closed: closed::sources(view, base, metric, period, end, asked).await?,
            then: closed::then(view, base, asked).await?,
            with_people: base.table == "accounts",
            time: metric.time.column.clone(),
            joins: Vec::new(),
            conditions: Vec::new(),
            part: None,
        };
        if let (Some(column), Some(period)) = (&metric.time.column, period) {
            let range = selection.range(column, period.from, period.to);
            selection.conditions.push(range);
        } else if let Some(column) = &metric.time.column
            && (!selection.finished || selection.is_past() || !selection.closed.is_empty())
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
        self.with_people |= dimension.name.starts_with("current_");
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

    /// With rows of that set of a closed month only; of the newest without one.
    pub(super) fn only(mut self, source: Option<Source>) -> Self {
        self.closed = source.into_iter().collect();
        self.then = None;
        self
    }

    /// An expression of the registry, with the moment put in: of several sets, each row's own.
    pub(super) fn expression(&self, text: &str) -> String {
        match &*self.sources() {
            [source] => seen_at(text, source.as_of),
            _ => text.replace("{as_of}", &format!("b.{}", identifier(SEEN_AT))),
        }
    }

    /// Whether something happened after the moment that is asked about.
    fn is_past(&self) -> bool {
        self.newest(Days::All).is_past()
    }

    /// The newest set, or that of the earlier moment.
    fn newest(&self, days: Days) -> Source {
        let then = self.then.as_ref();
        Source {
            pinned: then.and_then(|then| then.pinned),
            last_event_at: match then {
                Some(then) => then.last_event_at,
                None => self.view.opened.set.last_event_at,
            },
            as_of: self.as_of,
            days,
        }
    }

    /// The sets that rows are taken from, and which rows of each.
    fn sources(&self) -> Vec<Source> {
        if self.closed.is_empty() || self.ends_later() {
            return vec![self.newest(Days::All)];
        }
        let mut sources = self.closed.clone();
        let days = closed::merged(&sources);
        let covers = |period: Period| {
            let mut days = days.iter();
            days.any(|days| days.from <= period.from && period.to <= days.to)
        };
        let is_state = matches!(sources[0].days, Days::All);
        if !is_state && !self.period.is_some_and(covers) {
            sources.push(self.newest(Days::Outside(days)));
        }
        sources
    }

    /// Whether records count what came in after their month: until the end of a longer period.
    fn ends_later(&self) -> bool {
        let select = self.base.from.as_deref().unwrap_or_default();
        let by_month = [Grain::Day, Grain::Month];
        let of_month =
            |period: Period| Grain::Month.start(period.from) == Grain::Month.start(period.to);
        select.contains("{end:")
            && !self.grains.iter().any(|grain| by_month.contains(grain))
            && !self.period.is_some_and(of_month)
    }

    /// The `FROM` and `WHERE` of the selection; the base is `b`.
    pub(super) fn from(&self) -> String {
        let mut sql = match &*self.sources() {
            [source] if matches!(source.days, Days::All) => {
                self.joined(&self.rows(source), &self.joins, source.pinned)
            }
            sources => {
                let parts: Vec<String> =
                    sources.iter().map(|source| self.days_of(source)).collect();
                format!("FROM ({}) AS b", parts.join(" UNION ALL BY NAME "))
            }
        };
        if !self.conditions.is_empty() {
            sql.push_str(" WHERE ");
            sql.push_str(&self.conditions.join(" AND "));
        }
        sql
    }

    /// The records of some days in one set, each with the moment that it is seen at.
    fn days_of(&self, source: &Source) -> String {
        let column = self.time.as_deref().unwrap_or_default();
        let days = match &source.days {
            Days::All => "TRUE".to_owned(),
            Days::Within(days) => self.range(column, days.from, days.to),
            Days::Outside(days) => {
                let days = days
                    .iter()
                    .map(|days| self.range(column, days.from, days.to));
                let days: Vec<String> = days.collect();
                format!(
                    "(b.{} IS NULL OR NOT ({}))",
                    identifier(column),
                    days.join(" OR ")
                )
            }
        };
        format!(
            "SELECT b.*, {} AS {} {} WHERE {days}",
            moment(source.as_of.timestamp_micros()),
            identifier(SEEN_AT),
            self.joined(&self.rows(source), &self.joins, source.pinned),
        )
    }

    /// The records of a set.
    fn rows(&self, from: &Source) -> String {
        let base = self.base;
        let mut source = match &self.part {
            Some(part) => self.view.within(self.table(), &identifier(part)),
            None => self
                .view
                .source_in(self.table(), from.pinned, self.with_people),
        };
        if from.is_past() || base.ages {
            let replaced: Vec<String> = base
                .as_of
                .iter()
                .map(|(column, sql)| {
                    format!("{} AS {}", seen_at(sql, from.as_of), identifier(column))
                })
                .collect();
            let replace = if replaced.is_empty() {
                String::new()
            } else {
                format!(" REPLACE ({})", replaced.join(", "))
            };
            let seen = seen_at(&base.seen, from.as_of);
            source = format!("(SELECT *{replace} FROM {source} WHERE {seen})");
        }
        if let Some(select) = &base.from {
            source = format!("({})", self.select(select, &source, from));
        }
        source
    }

    /// The select of a base over a source: with the moment, the ends of periods and other marts
    /// put in.
    fn select(&self, text: &str, source: &str, from: &Source) -> String {
        let text = text.replace("{table}", &format!("{source} AS t"));
        let mut text = seen_at(&text, from.as_of);
        for mart in marts::TABLES {
            let name = format!("{{{mart}}}");
            if text.contains(&name) {
                text = text.replace(&name, &self.view.source_in(mart, from.pinned, false));
            }
        }
        while let Some((before, rest)) = text.split_once("{end:") {
            let Some((column, after)) = rest.split_once('}') else {
                break;
            };
            text = format!("{before}{}{after}", self.end(column, from.as_of));
        }
        text
    }

    /// The end of the period that a record counts in: of the span that it is grouped or selected
    /// by, else of the period.
    fn end(&self, column: &str, as_of: DateTime<Utc>) -> String {
        let end = moment(self.end.min(as_of).timestamp_micros());
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
    fn joined(&self, source: &str, joins: &[Join], set: Option<i64>) -> String {
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
                    self.view.source_in(join.table, set, false),
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

    /// Whether a closed month has a record with that member.
    pub(super) async fn was_member(
        &self,
        dimension: &Dimension,
        value: &str,
    ) -> Result<bool, QueryError> {
        let known = !self.closed.is_empty() && dimension.join.is_none();
        Ok(known
            && self
                .members(dimension)
                .await?
                .iter()
                .any(|own| own == value))
    }

    /// The select of the base, where it makes the column that a dimension is, or is found by.
    fn made(&self, dimension: &Dimension) -> Option<&str> {
        let select = self.base.from.as_deref()?;
        let column = match &dimension.join {
            Some(join) => &join.column,
            None => self.base.dimensions.get(&dimension.name)?,
        };
        let stored = marts::schema(&self.base.table)?;
        let is_stored = stored.field_with_name(column).is_ok();
        (!is_stored).then_some(select)
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
        let whole = join.filter(|_| self.view.is_whole(self.base, dimension));
        let table = &self.base.table;
        let made = self.made(dimension);
        let source_in = |set: Option<i64>| {
            let source = self.view.source_in(table, set, self.with_people);
            match made {
                Some(select) => {
                    let source_of = Source {
                        pinned: set,
                        ..self.newest(Days::All)
                    };
                    format!("({})", self.select(select, &source, &source_of))
                }
                None => source,
            }
        };
        let of_set = |set: Option<i64>| {
            if let Some(join) = whole {
                let source = self.view.source_in(join.table, set, false);
                return distinct(&identifier(&join.attribute), &format!("FROM {source} AS b"));
            }
            let from = self.joined(&source_in(set), dimension.join.as_slice(), set);
            distinct(&dimension.expression, &from)
        };
        if made.is_some() && self.closed.is_empty() {
            let select = of_set(None);
            return opened.distinct(&select, async || Ok(None)).await;
        }
        if whole.is_some() || !self.closed.is_empty() {
            // each once, though several sets have it
            let sets = self.closed.iter().map(|source| source.pinned);
            let parts: Vec<String> = sets.chain([None]).map(of_set).collect();
            return opened
                .distinct(&parts.join(" UNION "), async || Ok(None))
                .await;
        }
        let select = |source: &str| {
            let from = self.joined(source, dimension.join.as_slice(), None);
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
