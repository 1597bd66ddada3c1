//! What was changed of the records of closed months after they were closed.
//!
//! A closed month is compared, record by record, with each later close and with the newest set; each
//! difference belongs to the month in which it was made, says the last change of the record between
//! the two sets. So the closed number and all of its adjustments add up to the number over the newest
//! set, and what was adjusted up to a later close never changes again.

mod authors;

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use chrono::{DateTime, NaiveDate, Utc};
use millrace_models::metric::{Base, Measure, Metric, TimeRole, Unit};
use millrace_models::period::Grain;
use millrace_models::query::Condition;
use millrace_models::scope::Action;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::{Row, shown_time};
use super::closed::{Days, days_of, source};
use super::compile::Selection;
use super::dimension::{Dimension, identifier, literal, span};
use super::error::QueryError;
use super::measured::{Sum, sum};
use super::tables::texts;
use super::view::{View, Words};
use crate::Close;
use authors::{Author, Authors};

/// Adjustments on a page where nothing else is asked, and at most.
const PAGE: usize = 50;
const LARGEST_PAGE: usize = 1000;

/// What to list.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdjustmentsRequest {
    /// The metric.
    pub metric: String,
    /// Dimensions to tell records apart by: one that moves from a member to another is taken off
    /// there and added here.
    pub by: Vec<String>,
    /// Conditions that all must hold.
    #[serde(rename = "where")]
    pub conditions: Vec<Condition>,
    /// Of this closed month only, such as `2026-03`.
    pub month: Option<String>,
    /// Only what was changed in this month.
    pub made: Option<String>,
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// Adjustments on the page, 50 where left out, at most 1000.
    pub limit: Option<usize>,
    /// As of then; without it the time is now.
    pub as_of: Option<DateTime<Utc>>,
}

/// What was changed of closed months.
#[derive(Debug, Clone, Serialize)]
pub struct AdjustmentsResult {
    /// The metric.
    pub metric: String,
    /// What it is measured in.
    pub unit: Unit,
    /// The time of the answer, in the company's zone.
    pub as_of: String,
    /// The closed months.
    pub months: Vec<ClosedNumber>,
    /// Sums by the month of the change and the closed month.
    pub made: Vec<Adjusted>,
    /// The adjustments of this page, the latest change first.
    pub rows: Vec<Adjustment>,
    /// How many there are in all.
    pub count: usize,
    /// Where the next page begins; none on the last.
    pub next_cursor: Option<String>,
}

/// The number of a closed month.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClosedNumber {
    /// The month.
    pub month: String,
    /// When it was closed, in the company's zone.
    pub closed_at: String,
    /// Its number.
    pub closed: Option<f64>,
    /// The number over the newest set.
    pub now: Option<f64>,
    /// What its records add up to: the number, or what stands above its line.
    pub value: f64,
    /// What they add up to below the line of a ratio or mean.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<f64>,
    /// The same over the newest set.
    pub value_now: f64,
    /// The same over the newest set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_now: Option<f64>,
}

/// A sum of adjustments.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Adjusted {
    /// The month in which the records were changed.
    pub made: String,
    /// The closed month that they are of.
    pub month: String,
    /// How many adjustments.
    pub records: usize,
    /// What they add to the number, or above its line.
    pub value: f64,
    /// What they add below the line of a ratio or mean.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<f64>,
}

/// A record of a closed month that was changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Adjustment {
    /// The closed month.
    pub month: String,
    /// The month in which it was changed.
    pub made: String,
    /// When it was changed, in the company's zone; of what the passing of time did, when it was seen.
    pub made_at: String,
    /// Who changed it: a person, a job, or the file that it came from; none where its time has come.
    pub actor: Option<String>,
    /// Why, where they said.
    pub reason: Option<String>,
    /// What the record is called: the columns that identify it, the account and the dimensions.
    pub record: Row,
    /// What it was worth before, in the number or above its line.
    pub before: Option<f64>,
    /// What it was worth after.
    pub after: Option<f64>,
    /// What that adds to the number.
    pub difference: f64,
    /// What it adds below the line of a ratio or mean.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_difference: Option<f64>,
}

/// A difference between two sets, not yet in people's words.
struct Difference {
    month: NaiveDate,
    author: Author,
    keys: Vec<Option<String>>,
    account: Option<String>,
    members: Vec<Option<String>>,
    before: Option<Sum>,
    after: Option<Sum>,
    value: Sum,
    weight: Option<Sum>,
}

/// What is asked, understood.
struct Asking<'a> {
    view: View<'a>,
    metric: &'static Metric,
    base: &'static Base,
    conditions: &'a [Condition],
    dimensions: Vec<Dimension>,
    as_of: DateTime<Utc>,
}

fn month_named(name: &str, text: Option<&str>) -> Result<Option<NaiveDate>, QueryError> {
    let unknown =
        |text: &str| QueryError::Unusable(format!("{name} is {text:?}: write a month, as 2026-03"));
    text.map(|text| span(Grain::Month, text).ok_or_else(|| unknown(text)))
        .transpose()
}

/// The adjustments of the closed months.
pub(super) async fn report(
    view: View<'_>,
    request: &AdjustmentsRequest,
    now: DateTime<Utc>,
) -> Result<AdjustmentsResult, QueryError> {
    let metric = view.metric(&request.metric, Action::Read)?;
    let base = view.registry.base(&metric.entity);
    let base = base.ok_or(QueryError::NoMetric)?;
    let as_of = request.as_of.unwrap_or(now);
    if metric.time.role != TimeRole::Event || !is_listed(&metric.measure) {
        return Err(QueryError::Unusable(format!(
            "{} has no adjustments by record: ask for one that counts, sums or divides what happened, such as order_amount or win_rate",
            metric.name
        )));
    }
    let month = month_named("month", request.month.as_deref())?;
    let made = month_named("made", request.made.as_deref())?;
    let dimensions = request.by.iter().map(|name| {
        let found = view.dimension(metric, base, name)?;
        if found.grain.is_some() {
            return Err(QueryError::Unusable(format!(
                "adjustments are by month already: leave {name} out"
            )));
        }
        Ok(found)
    });
    let asking = Asking {
        view,
        metric,
        base,
        conditions: &request.conditions,
        dimensions: dimensions.collect::<Result<_, _>>()?,
        as_of,
    };
    let closes: Vec<Close> = view.opened.set.closed(as_of).cloned().collect();
    if let Some(month) = month
        && !closes.iter().any(|close| close.month == month)
    {
        return Err(QueryError::Unusable(format!(
            "{} is not closed",
            Grain::Month.label(month)
        )));
    }
    let is_asked = |close: &&Close| month.is_none_or(|month| close.month == month);
    let mut months = Vec::new();
    for close in closes.iter().filter(is_asked) {
        months.push(asking.number(close).await?);
    }
    let mut all = asking.differences(&closes, is_asked).await?;
    let zone = view.opened.zone;
    let made_in = |one: &Difference| {
        let day = one.author.at.with_timezone(&zone).date_naive();
        Grain::Month.start(day)
    };
    all.retain(|one| made.is_none_or(|made| made_in(one) == made));
    all.sort_by(|left, right| {
        let later = right.author.at.cmp(&left.author.at);
        later.then_with(|| (left.month, &left.keys).cmp(&(right.month, &right.keys)))
    });
    let mut sums: BTreeMap<(NaiveDate, NaiveDate), Vec<&Difference>> = BTreeMap::new();
    for one in &all {
        sums.entry((made_in(one), one.month)).or_default().push(one);
    }
    let total = |all: &[&Difference], of: fn(&Difference) -> Option<Sum>| {
        let sums = all.iter().filter_map(|one| of(one));
        sums.reduce(Sum::plus).map(Sum::value)
    };
    let made = sums.into_iter().map(|((made, month), all)| Adjusted {
        made: Grain::Month.label(made),
        month: Grain::Month.label(month),
        records: all.len(),
        value: total(&all, |one| Some(one.value)).unwrap_or(0.0),
        weight: total(&all, |one| one.weight),
    });
    let made = made.collect();
    let from = offset(request.cursor.as_deref(), view.opened.set.id)?;
    let limit = request.limit.unwrap_or(PAGE).clamp(1, LARGEST_PAGE);
    let page = all.iter().skip(from).take(limit);
    let words = asking.words().await?;
    let rows: Vec<Adjustment> = page
        .map(|one| asking.shown(one, made_in(one), &words))
        .collect();
    let end = from + rows.len();
    Ok(AdjustmentsResult {
        metric: metric.name.clone(),
        unit: metric.unit,
        as_of: shown_time(view.opened, as_of),
        months,
        made,
        count: all.len(),
        next_cursor: (end < all.len()).then(|| format!("s{}o{end}", view.opened.set.id)),
        rows,
    })
}

/// Whether the records of a measure add up to it, one by one.
fn is_listed(measure: &Measure) -> bool {
    match measure {
        Measure::Count | Measure::Sum { .. } | Measure::Mean { .. } | Measure::Distinct { .. } => {
            true
        }
        Measure::Ratio { per, .. } => per.is_none(),
        _ => false,
    }
}

fn offset(cursor: Option<&str>, set: i64) -> Result<usize, QueryError> {
    let Some(text) = cursor else { return Ok(0) };
    let parsed = text
        .strip_prefix(&format!("s{set}o"))
        .and_then(|offset| offset.parse().ok());
    parsed.ok_or_else(|| {
        QueryError::Unusable(format!(
            "{text:?} belongs to numbers that are gone: ask again without it"
        ))
    })
}

impl Asking<'_> {
    /// The records of a closed month as a close, or the newest set, has them: `j` tells them apart,
    /// `k0`… what they are called by, `a` the account, `d0`… the dimensions, `v` what they are worth
    /// and `w` what below the line.
    async fn records(&self, of: NaiveDate, at: Option<&Close>) -> Result<String, QueryError> {
        let days = days_of(of);
        let (view, base, metric) = (self.view, self.base, self.metric);
        let selection =
            Selection::new(view, base, metric, self.conditions, Some(days), self.as_of).await?;
        let pinned = match at {
            Some(close) => Some(source(view, base, close, Days::Within(days)).await?),
            None => None,
        };
        let mut selection = selection.only(pinned);
        for dimension in &self.dimensions {
            selection.join(dimension);
        }
        if let Some(condition) = &metric.condition {
            let condition = format!("({})", selection.expression(condition));
            selection.restrict(condition);
        }
        let text = |sql: &str| format!("CAST({sql} AS VARCHAR)");
        let (keys, value, weight) = match &metric.measure {
            Measure::Distinct { value } => {
                let key = text(&selection.expression(value));
                (vec![key], "CAST(1 AS BIGINT)".to_owned(), None)
            }
            Measure::Sum { value } => (
                self.keys(),
                format!("sum({})", selection.expression(value)),
                None,
            ),
            Measure::Mean { value } => {
                let value = format!("sum({})", selection.expression(value));
                (self.keys(), value, Some("count(*)".to_owned()))
            }
            Measure::Ratio {
                numerator,
                denominator,
                ..
            } => {
                let sum = |text: &str| format!("sum({})", selection.expression(text));
                (self.keys(), sum(numerator), Some(sum(denominator)))
            }
            _ => (self.keys(), "count(*)".to_owned(), None),
        };
        let members = self.dimensions.iter().map(|one| text(&one.expression));
        let members: Vec<String> = members.collect();
        let parts = keys.iter().chain(&members);
        let parts: Vec<String> = parts.map(|part| format!("coalesce({part}, '')")).collect();
        let record = format!("concat_ws({}, {})", literal("\u{1f}"), parts.join(", "));
        let account = match base.references.get("account") {
            Some(column) => format!("b.{}", identifier(column)),
            None => "NULL".to_owned(),
        };
        let named = |prefix: char, all: &[String]| {
            let all = all.iter().enumerate();
            let all = all.map(|(index, one)| format!(", max({one}) AS {prefix}{index}"));
            all.collect::<Vec<_>>().concat()
        };
        let weight = weight.map_or_else(String::new, |sql| format!(", {sql} AS w"));
        Ok(format!(
            "SELECT {record} AS j{}{}, max({}) AS a, {value} AS v{weight} {} GROUP BY {record}",
            named('k', &keys),
            named('d', &members),
            text(&account),
            selection.from()
        ))
    }

    fn keys(&self) -> Vec<String> {
        let keys = self.base.key.iter();
        keys.map(|key| format!("CAST(b.{} AS VARCHAR)", identifier(key)))
            .collect()
    }

    fn is_weighted(&self) -> bool {
        matches!(
            self.metric.measure,
            Measure::Ratio { .. } | Measure::Mean { .. }
        )
    }

    /// The number of a closed month, and what it would be now.
    async fn number(&self, close: &Close) -> Result<ClosedNumber, QueryError> {
        let (value, weight) = self.sums(close.month, Some(close)).await?;
        let (value_now, weight_now) = self.sums(close.month, None).await?;
        let number = |value: f64, weight: Option<f64>| match weight {
            Some(weight) => (weight != 0.0).then(|| value / weight),
            None => Some(value),
        };
        Ok(ClosedNumber {
            month: Grain::Month.label(close.month),
            closed_at: shown_time(self.view.opened, close.closed_at),
            closed: number(value, weight),
            now: number(value_now, weight_now),
            value,
            weight,
            value_now,
            weight_now,
        })
    }

    async fn sums(
        &self,
        month: NaiveDate,
        at: Option<&Close>,
    ) -> Result<(f64, Option<f64>), QueryError> {
        let weight = if self.is_weighted() {
            ", sum(w) AS w"
        } else {
            ""
        };
        let records = self.records(month, at).await?;
        let sql = format!("SELECT sum(v) AS v{weight} FROM ({records})");
        let batches = self.view.opened.run(&sql).await?;
        let of = |name: &str| {
            let column = batches.first()?.column_by_name(name)?;
            sum(column, 0).map(Sum::value)
        };
        let weight = self.is_weighted().then(|| of("w").unwrap_or(0.0));
        Ok((of("v").unwrap_or(0.0), weight))
    }

    /// What differs between each close and the next, and between the last and the newest set, of the
    /// months that were closed by then.
    async fn differences(
        &self,
        closes: &[Close],
        is_asked: impl Fn(&&Close) -> bool,
    ) -> Result<Vec<Difference>, QueryError> {
        let mut all = Vec::new();
        for (index, close) in closes.iter().enumerate() {
            let next = closes.get(index + 1);
            let mut found = Vec::new();
            for month in closes[..=index].iter().filter(&is_asked) {
                let before = self.records(month.month, Some(close)).await?;
                let after = self.records(month.month, next).await?;
                let sql = self.compared(&before, &after);
                for batch in self.view.opened.run(&sql).await? {
                    self.read(&batch, month.month, &mut found)?;
                }
            }
            if found.is_empty() {
                continue;
            }
            let authors = Authors::between(self.view, self.base, close, next).await?;
            for mut one in found {
                let key = one.keys.first().and_then(Option::as_deref);
                one.author = authors.of(key.unwrap_or_default());
                all.push(one);
            }
        }
        Ok(all)
    }

    fn compared(&self, before: &str, after: &str) -> String {
        let keys = match self.metric.measure {
            Measure::Distinct { .. } => 1,
            _ => self.base.key.len(),
        };
        let keys = (0..keys).map(|index| format!("k{index}"));
        let members = (0..self.dimensions.len()).map(|index| format!("d{index}"));
        let words = keys.chain(members).chain(["a".to_owned()]);
        let words = words.map(|name| format!("coalesce(y.{name}, x.{name}) AS {name}"));
        let words: Vec<String> = words.collect();
        let weighted = self.is_weighted();
        let weights = if weighted {
            ", x.w AS xw, y.w AS yw"
        } else {
            ""
        };
        let differs = |name: &str| format!("coalesce(x.{name}, 0) <> coalesce(y.{name}, 0)");
        let other = weighted.then(|| format!(" OR {}", differs("w")));
        format!(
            "SELECT {}, x.v AS xv, y.v AS yv{weights} FROM ({before}) AS x FULL JOIN ({after}) AS y ON x.j = y.j WHERE {}{}",
            words.join(", "),
            differs("v"),
            other.unwrap_or_default(),
        )
    }

    fn read(
        &self,
        batch: &RecordBatch,
        month: NaiveDate,
        all: &mut Vec<Difference>,
    ) -> Result<(), QueryError> {
        let listed = |prefix: char| {
            let names = (0..).map(|index| format!("{prefix}{index}"));
            let columns = names.map_while(|name| batch.column_by_name(&name));
            columns.map(texts).collect::<Result<Vec<_>, _>>()
        };
        let (keys, members) = (listed('k')?, listed('d')?);
        let accounts = batch.column_by_name("a").map(texts).transpose()?;
        let worth = |name: &str, row: usize| sum(batch.column_by_name(name)?, row);
        for row in 0..batch.num_rows() {
            let cells = |columns: &[Vec<Option<String>>]| {
                columns.iter().map(|column| column[row].clone()).collect()
            };
            let (before, after) = (worth("xv", row), worth("yv", row));
            let weight = difference(worth("xw", row), worth("yw", row));
            all.push(Difference {
                month,
                author: Author::default(),
                keys: cells(&keys),
                account: accounts.as_ref().and_then(|column| column[row].clone()),
                members: cells(&members),
                before,
                after,
                value: difference(before, after),
                weight: self.is_weighted().then_some(weight),
            });
        }
        Ok(())
    }

    async fn words(&self) -> Result<Vec<Option<Words>>, QueryError> {
        let labels = [
            Some(super::dimension::Labels::Users),
            Some(super::dimension::Labels::Accounts),
        ];
        let own = self.dimensions.iter().map(|one| one.labels);
        let mut words = Vec::new();
        for labels in labels.into_iter().chain(own) {
            words.push(match labels {
                Some(labels) => Some(self.view.words(labels).await?),
                None => None,
            });
        }
        Ok(words)
    }

    fn shown(&self, one: &Difference, made: NaiveDate, words: &[Option<Words>]) -> Adjustment {
        let word = |place: usize, id: &Option<String>| {
            let words = words.get(place).and_then(Option::as_ref);
            let label = |id: &String| {
                words
                    .map_or(id.as_str(), |words| words.label(id))
                    .to_owned()
            };
            id.as_ref().map(label)
        };
        let mut record = Row::new();
        let names = match &self.metric.measure {
            Measure::Distinct { value } => std::slice::from_ref(value),
            _ => &self.base.key[..],
        };
        for (name, key) in names.iter().zip(&one.keys) {
            record.insert(name.clone(), key.clone().map_or(Value::Null, Value::from));
        }
        if self.base.references.contains_key("account") {
            record.insert("account".to_owned(), word(1, &one.account).into());
        }
        for (index, (dimension, member)) in self.dimensions.iter().zip(&one.members).enumerate() {
            record.insert(dimension.name.clone(), word(index + 2, member).into());
        }
        let opened = self.view.opened;
        Adjustment {
            month: Grain::Month.label(one.month),
            made: Grain::Month.label(made),
            made_at: shown_time(opened, one.author.at),
            actor: word(0, &one.author.actor),
            reason: one.author.reason.clone(),
            record,
            before: one.before.map(Sum::value),
            after: one.after.map(Sum::value),
            difference: one.value.value(),
            weight_difference: one.weight.map(Sum::value),
        }
    }
}

/// What the second has more than the first.
fn difference(before: Option<Sum>, after: Option<Sum>) -> Sum {
    match (before, after) {
        (None, None) => Sum::Exact(0, 0),
        (None, Some(after)) => after,
        (Some(before), None) => before.negated(),
        (Some(before), Some(after)) => after.plus(before.negated()),
    }
}
