//! The one query object: query, drill, export, chart and shared address are the same value.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::period::compared;

/// What is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Query {
    /// Metrics, by name.
    pub metrics: Vec<String>,
    /// Dimensions to group by.
    pub by: Vec<String>,
    /// Conditions that all must hold.
    #[serde(rename = "where")]
    pub conditions: Vec<Condition>,
    /// Both days are included; in the company's zone. `None`: all time.
    pub period: Option<Period>,
    /// What to compare with.
    pub compare: Option<Compare>,
    /// The metric (descending, or ascending with a leading `+`) or dimension to order by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// At most this many rows; what is left over is the `rest`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// Answer as of then; without it the time is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<DateTime<Utc>>,
}

/// A condition on a dimension.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The dimension's name.
    pub dimension: String,
    /// How its value is compared.
    #[serde(default)]
    pub op: Op,
    /// The values; two for `between`, none for `is_null`.
    #[serde(default)]
    pub values: Vec<String>,
}

/// How a condition compares.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// One of the values.
    #[default]
    In,
    /// None of the values; records without a value are kept.
    NotIn,
    /// From the first to the second value, both included.
    Between,
    /// Without a value.
    IsNull,
}

/// Days from `from` to `to`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
}

/// What a period is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compare {
    /// The period of the same length just before; whole weeks, months, quarters and years
    /// compare with the whole one before.
    Previous,
    /// The same days a year before.
    YearAgo,
    /// A period of one's own choice.
    Baseline(Period),
}

/// Why a text is not a part of a query.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum QueryError {
    /// A condition without an operator.
    #[error(
        "condition {0:?} has no value: write dimension=value, dimension!=value, dimension=from..to or dimension is null"
    )]
    Condition(String),
    /// A quote that is not closed.
    #[error("condition {0:?} has a quote that is not closed")]
    Quote(String),
    /// A comparison that does not exist.
    #[error(
        "{0:?} is not a comparison: write previous, year_ago or baseline:FROM..TO, such as baseline:2025-01-01..2025-06-30"
    )]
    Compare(String),
    /// A day that is not one.
    #[error("{0:?} is not a day: write it as 2026-03-31")]
    Day(String),
    /// A period that ends before it begins.
    #[error("the period begins on {from}, after its end on {to}")]
    Period {
        /// The first day given.
        from: NaiveDate,
        /// The last day given.
        to: NaiveDate,
    },
}

/// Reads a day in ISO form.
///
/// # Errors
/// [`QueryError::Day`] where it is not one.
pub fn parse_day(text: &str) -> Result<NaiveDate, QueryError> {
    text.trim()
        .parse()
        .map_err(|_| QueryError::Day(text.to_owned()))
}

impl Query {
    /// The same question in the one form that all ways of asking it share: conditions in order and
    /// each once, their values too; the compared period by its days; the order as it is understood.
    #[must_use]
    pub fn canonical(&self) -> Self {
        let mut query = self.clone();
        for condition in &mut query.conditions {
            if matches!(condition.op, Op::In | Op::NotIn) {
                condition.values.sort();
                condition.values.dedup();
            }
        }
        query.conditions.sort();
        query.conditions.dedup();
        if let (Some(compare), Some(period)) = (query.compare, query.period) {
            query.compare = Some(Compare::Baseline(compared(period, compare)));
        }
        // of a metric the largest come first whether it says so or not
        if let Some(name) = query.order.as_deref().and_then(|by| by.strip_prefix('-'))
            && query.metrics.iter().any(|metric| metric == name)
        {
            query.order = Some(name.to_owned());
        }
        query
    }
}

impl Period {
    /// A period of days.
    ///
    /// # Errors
    /// [`QueryError::Period`] where it ends before it begins.
    pub fn new(from: NaiveDate, to: NaiveDate) -> Result<Self, QueryError> {
        if from > to {
            return Err(QueryError::Period { from, to });
        }
        Ok(Self { from, to })
    }
}

impl Condition {
    /// Reads `region=华东,华南`, `region!=华东`, `closed_at=2026-01-01..2026-03-31` or
    /// `region is null`. A value with a comma is quoted: `product="A, large",B`.
    ///
    /// # Errors
    /// [`QueryError`] where there is no operator or a quote is left open.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let lower = text.to_lowercase();
        if let Some(dimension) = lower.trim_end().strip_suffix(" is null") {
            let dimension = text[..dimension.len()].trim().to_owned();
            return Ok(Self {
                dimension,
                op: Op::IsNull,
                values: Vec::new(),
            });
        }
        let missing = || QueryError::Condition(text.to_owned());
        let at = text.find('=').ok_or_else(missing)?;
        let (left, right) = (&text[..at], &text[at + 1..]);
        let (dimension, mut op) = match left.strip_suffix('!') {
            Some(dimension) => (dimension, Op::NotIn),
            None => (left, Op::In),
        };
        let dimension = dimension.trim().to_owned();
        if dimension.is_empty() {
            return Err(missing());
        }
        let mut values = split_values(right).ok_or_else(|| QueryError::Quote(text.to_owned()))?;
        if values.is_empty() {
            return Err(missing());
        }
        if op == Op::In
            && values.len() == 1
            && !right.contains('"')
            && let Some((from, to)) = values[0].clone().split_once("..")
        {
            op = Op::Between;
            values = vec![from.trim().to_owned(), to.trim().to_owned()];
        }
        Ok(Self {
            dimension,
            op,
            values,
        })
    }
}

/// Splits at commas outside double quotes; a doubled quote inside quotes is a quote.
/// `None` where a quote is not closed.
fn split_values(text: &str) -> Option<Vec<String>> {
    let mut values = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut value = String::new();
            let mut tail = quoted;
            loop {
                let end = tail.find('"')?;
                value.push_str(&tail[..end]);
                tail = &tail[end + 1..];
                match tail.strip_prefix('"') {
                    Some(more) => {
                        value.push('"');
                        tail = more;
                    }
                    None => break,
                }
            }
            values.push(value);
            rest = tail.trim_start();
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            let value = rest[..end].trim();
            if !value.is_empty() {
                values.push(value.to_owned());
            }
            rest = &rest[end..];
        }
        match rest.strip_prefix(',') {
            Some(more) => rest = more,
            None if rest.is_empty() => return Some(values),
            None => return None,
        }
    }
}

impl fmt::Display for Compare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Previous => f.write_str("previous"),
            Self::YearAgo => f.write_str("year_ago"),
            Self::Baseline(Period { from, to }) => write!(f, "baseline:{from}..{to}"),
        }
    }
}

impl std::str::FromStr for Compare {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        match text {
            "previous" => Ok(Self::Previous),
            "year_ago" => Ok(Self::YearAgo),
            _ => {
                let (from, to) = text
                    .strip_prefix("baseline:")
                    .and_then(|span| span.split_once(".."))
                    .ok_or_else(|| QueryError::Compare(text.to_owned()))?;
                Ok(Self::Baseline(Period::new(
                    parse_day(from)?,
                    parse_day(to)?,
                )?))
            }
        }
    }
}

impl Serialize for Compare {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Compare {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, dimension: &str, op: Op, values: &[&str]) {
        let expected = Condition {
            dimension: dimension.to_owned(),
            op,
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        assert_eq!(Condition::parse(text), Ok(expected), "{text}");
    }

    #[test]
    fn reads_conditions() {
        check("region=华东,华南", "region", Op::In, &["华东", "华南"]);
        check(
            "product=\"A, large\",B",
            "product",
            Op::In,
            &["A, large", "B"],
        );
        check(
            "product=\"say \"\"hi\"\"\"",
            "product",
            Op::In,
            &["say \"hi\""],
        );
        check("region!=华东", "region", Op::NotIn, &["华东"]);
        check(
            "month=2026-01..2026-03",
            "month",
            Op::Between,
            &["2026-01", "2026-03"],
        );
        check("lost_reason IS NULL", "lost_reason", Op::IsNull, &[]);
    }

    #[test]
    fn refuses_a_condition_without_value() {
        assert_eq!(
            Condition::parse("region"),
            Err(QueryError::Condition("region".into()))
        );
        assert_eq!(
            Condition::parse("region="),
            Err(QueryError::Condition("region=".into()))
        );
        assert_eq!(
            Condition::parse("p=\"x"),
            Err(QueryError::Quote("p=\"x".into()))
        );
    }

    #[test]
    fn ways_of_asking_the_same_share_a_form() {
        let query = |conditions: &[&str], compare: &str, order: &str| Query {
            metrics: vec!["won_amount".to_owned()],
            conditions: conditions
                .iter()
                .map(|text| Condition::parse(text).unwrap())
                .collect(),
            period: Some(
                Period::new(
                    parse_day("2026-03-01").unwrap(),
                    parse_day("2026-03-31").unwrap(),
                )
                .unwrap(),
            ),
            compare: Some(compare.parse().unwrap()),
            order: Some(order.to_owned()),
            ..Query::default()
        };
        let one = query(
            &["region=华东,华南,华东", "stage=won"],
            "previous",
            "-won_amount",
        );
        let other = query(
            &["stage=won", "region=华南,华东"],
            "baseline:2026-02-01..2026-02-28",
            "won_amount",
        );
        assert_eq!(one.canonical(), other.canonical());
        // from and to of a span are no set
        let span = query(&["month=2026-02..2026-01"], "previous", "won_amount");
        assert_eq!(span.canonical().conditions, span.conditions);
        let ascending = query(&[], "previous", "+won_amount");
        assert_ne!(
            ascending.canonical().order,
            query(&[], "previous", "won_amount").canonical().order
        );
    }

    #[test]
    fn comparison_survives_json() {
        for text in ["previous", "year_ago", "baseline:2025-01-01..2025-06-30"] {
            let compare: Compare = text.parse().unwrap();
            assert_eq!(compare.to_string(), text);
        }
        assert!("last".parse::<Compare>().is_err());
    }
}
