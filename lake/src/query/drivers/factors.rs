//! A metric as a product of factors, by each dimension.

use chrono::{DateTime, Utc};
use millrace_models::drivers::product::product_split;
use millrace_models::metric::Metric;
use millrace_models::query::Query;
use serde::Serialize;
use serde_json::Value;

use super::super::answer::{Row, answer};
use super::super::error::QueryError;
use super::super::view::View;
use super::Flag;

/// Effects of a factor that lie this far apart, against the change, are said to differ.
const APART: f64 = 0.2;

/// What the factors of a product gave.
#[derive(Debug, Clone, Serialize)]
pub struct Factors {
    /// The counts whose ratios are the factors, the first of them a factor itself, the last the
    /// metric.
    pub names: Vec<String>,
    /// What they gave in all, split by no dimension.
    pub total: Vec<f64>,
    /// What they gave as sums over the values of a dimension.
    pub by: Vec<FactorsBy>,
}

/// What the factors gave by a dimension.
#[derive(Debug, Clone, Serialize)]
pub struct FactorsBy {
    /// The dimension.
    pub dimension: String,
    /// What each factor gave, summed over the values.
    pub total: Vec<f64>,
    /// The values, the largest change first.
    pub rows: Vec<FactorsOf>,
}

/// What the factors gave in one value.
#[derive(Debug, Clone, Serialize)]
pub struct FactorsOf {
    /// The value.
    pub value: Value,
    /// The counts before.
    pub before: Vec<f64>,
    /// The counts after.
    pub after: Vec<f64>,
    /// What each factor gave.
    pub effects: Vec<f64>,
}

type Chains = [Vec<f64>; 2];

fn chains(names: &[String], rows: &[&Row]) -> Chains {
    let sum = |key: &str| {
        let values = rows.iter().map(|row| row.get(key).and_then(Value::as_f64));
        values.map(|value| value.unwrap_or(0.0)).sum::<f64>()
    };
    [
        names
            .iter()
            .map(|name| sum(&format!("{name}_before")))
            .collect(),
        names.iter().map(|name| sum(name)).collect(),
    ]
}

fn added(all: &[FactorsOf], count: usize) -> Vec<f64> {
    let effect = |index: usize| all.iter().map(|one| one.effects[index]).sum();
    (0..count).map(effect).collect()
}

/// The factors of a metric, by the dimensions of a query; none where its caller does not see one.
pub(super) async fn of(
    view: View<'_>,
    metric: &Metric,
    query: Query,
    now: DateTime<Utc>,
) -> Result<Option<Factors>, QueryError> {
    let mut names = metric.factors.clone();
    names.push(metric.name.clone());
    let query = Query {
        metrics: names.clone(),
        ..query
    };
    let answered = match answer(view, &query, now).await {
        Ok(answered) => answered,
        Err(QueryError::Forbidden { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let [before, after] = chains(&names, &[&answered.total]);
    let total = product_split(&before, &after);
    let mut by = Vec::with_capacity(query.by.len());
    for dimension in &query.by {
        let mut groups: Vec<(&Value, Vec<&Row>)> = Vec::new();
        let mut places = std::collections::HashMap::new();
        for row in &answered.rows {
            let value = row.get(dimension).unwrap_or(&Value::Null);
            let place = *places.entry(value.to_string()).or_insert(groups.len());
            if place == groups.len() {
                groups.push((value, Vec::new()));
            }
            groups[place].1.push(row);
        }
        let mut rows: Vec<FactorsOf> = groups
            .into_iter()
            .map(|(value, rows)| {
                let [before, after] = chains(&names, &rows);
                FactorsOf {
                    value: value.clone(),
                    effects: product_split(&before, &after),
                    before,
                    after,
                }
            })
            .collect();
        let change = |row: &FactorsOf| row.effects.iter().sum::<f64>().abs();
        rows.sort_by(|left, right| change(right).total_cmp(&change(left)));
        by.push(FactorsBy {
            dimension: dimension.clone(),
            total: added(&rows, names.len()),
            rows,
        });
    }
    Ok(Some(Factors { names, total, by }))
}

impl Factors {
    /// The factor whose effect depends most on the dimension, where it is worth a word.
    pub(super) fn differ(&self) -> Option<Flag> {
        let change: f64 = self.total.iter().sum::<f64>().abs();
        let all = || self.by.iter().map(|by| &by.total).chain([&self.total]);
        let spans = self.names.iter().enumerate().map(|(index, name)| {
            let least = all()
                .map(|total| total[index])
                .fold(f64::INFINITY, f64::min);
            let most = all()
                .map(|total| total[index])
                .fold(f64::NEG_INFINITY, f64::max);
            (name, least, most)
        });
        let (factor, least, most) =
            spans.max_by(|left, right| (left.2 - left.1).total_cmp(&(right.2 - right.1)))?;
        (most - least > APART * change).then(|| Flag::FactorsDiffer {
            factor: factor.clone(),
            least,
            most,
        })
    }
}
