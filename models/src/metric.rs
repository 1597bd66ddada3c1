//! The metric registry: every number that Millrace shows is declared once, in a TOML file of
//! `models/metrics/`, and dashboards, drill-downs, reports and the command line compile from it.

pub mod rules;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use rules::{Denied, Rule};

/// A text in both languages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// The records that metrics are measured on: a mart, or a select over one.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Base {
    /// Its name in metric declarations.
    pub name: String,
    /// The mart it reads.
    pub table: String,
    /// What a record is called.
    pub label: Label,
    /// A select over `{table}` where the mart's rows are not the records themselves.
    #[serde(default)]
    pub from: Option<String>,
    /// Which rows had happened by `{as_of}`.
    pub seen: String,
    /// Columns whose value depends on `{as_of}`.
    #[serde(default)]
    pub as_of: BTreeMap<String, String>,
    /// Whether those columns change by the passing of time alone.
    #[serde(default)]
    pub ages: bool,
    /// Dimensions of its own: name and column.
    #[serde(default)]
    pub dimensions: BTreeMap<String, String>,
    /// The columns that hold the ids of an `opportunity`, `account`, `owner`, `product`.
    #[serde(default)]
    pub references: BTreeMap<String, String>,
    /// Columns made by `from` that are amounts.
    #[serde(default)]
    pub amounts: Vec<String>,
    /// Columns made by `from` that are margins.
    #[serde(default)]
    pub margins: Vec<String>,
    /// The columns of a drill-down, in order.
    pub drill: Vec<String>,
    /// The columns that make the order of a drill-down definite.
    pub key: Vec<String>,
    /// The column that says whose record it is, for what must be drawn together in a bootstrap: a
    /// deal's or an account's. A record without one is its own.
    pub unit: String,
}

/// How a metric's time is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeRole {
    /// When it happened.
    Event,
    /// When the records that are followed began.
    CohortStart,
    /// A state, at the end of the period.
    Snapshot,
}

/// The time that a period selects by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricTime {
    /// The column; none for a snapshot.
    #[serde(default)]
    pub column: Option<String>,
    /// Its role.
    pub role: TimeRole,
}

/// How the records become a number. Expressions are SQL over the columns of the base.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Measure {
    /// The number of records.
    Count,
    /// The number of different values.
    Distinct {
        /// What is counted.
        value: String,
    },
    /// The sum of a value.
    Sum {
        /// What is summed.
        value: String,
    },
    /// The mean of a value.
    Mean {
        /// What is averaged.
        value: String,
    },
    /// An exact quantile by linear interpolation.
    Quantile {
        /// Of what.
        value: String,
        /// Which, from 0 to 1.
        q: f64,
    },
    /// The median of a duration by Kaplan and Meier's product-limit estimate (1958).
    KmMedian {
        /// The duration, or the time under observation of a censored record.
        value: String,
        /// Whether it ended in the event.
        event: String,
    },
    /// A sum by a sum, kept as both.
    Ratio {
        /// What a record adds above the line.
        numerator: String,
        /// What it adds below.
        denominator: String,
        /// One record for each of these, with `inner` over its rows.
        #[serde(default)]
        per: Option<String>,
        /// The aggregate over the rows of one `per`.
        #[serde(default)]
        inner: Option<String>,
    },
    /// Days by counting back: what is open taken off what came in, month by month back from the
    /// moment that is asked about.
    CountBack {
        /// What is open of a record.
        value: String,
        /// What the record brought.
        sales: String,
        /// When: a column.
        at: String,
    },
    /// 1 minus a metric by the same metric of the compared period.
    Compression {
        /// The metric.
        of: String,
    },
}

/// What a number is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A share, 0 to 1.
    Ratio,
    /// Money in the company's currency.
    Amount,
    /// A number of things.
    Count,
    /// Days.
    Days,
    /// Hours.
    Hours,
    /// Points: of satisfaction from 1 to 5, of health from 0 to 100.
    Score,
}

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More is better.
    Up,
    /// Less is better.
    Down,
    /// Neither.
    None,
}

/// A metric.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub label: Label,
    /// What it says, for people.
    pub description: Label,
    /// The records it is measured on.
    pub entity: String,
    /// Which of them, beside the period and the filters.
    #[serde(default, rename = "where")]
    pub condition: Option<String>,
    /// The time that a period selects by.
    pub time: MetricTime,
    /// How it is computed.
    pub measure: Measure,
    /// What it is measured in.
    pub unit: Unit,
    /// Which way is better.
    pub direction: Direction,
    /// Records that are left out for being too young, counted as `<metric>_immature`.
    #[serde(default)]
    pub immature: Option<String>,
    /// Dimensions to decompose a change by, where the lake has them.
    #[serde(default)]
    pub drivers: Vec<String>,
    /// Counts that lead to it, the first the widest: each is counted among the one before, and it
    /// among the last, so that it is the first times the ratio of each to the one before.
    #[serde(default)]
    pub factors: Vec<String>,
}

impl Metric {
    /// The expressions that it is made of.
    pub fn expressions(&self) -> Vec<&str> {
        let mut parts: Vec<&str> = Vec::new();
        parts.extend(self.condition.as_deref());
        parts.extend(self.immature.as_deref());
        match &self.measure {
            Measure::Count | Measure::Compression { .. } => {}
            Measure::Distinct { value }
            | Measure::Sum { value }
            | Measure::Mean { value }
            | Measure::Quantile { value, .. } => parts.push(value),
            Measure::KmMedian { value, event } => parts.extend([value.as_str(), event.as_str()]),
            Measure::CountBack { value, sales, .. } => {
                parts.extend([value.as_str(), sales.as_str()]);
            }
            Measure::Ratio {
                numerator,
                denominator,
                inner,
                ..
            } => {
                parts.extend([numerator.as_str(), denominator.as_str()]);
                parts.extend(inner.as_deref());
            }
        }
        parts
    }
}

/// A dimension as people see it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub label: Label,
}

/// All bases, metrics and names.
#[derive(Debug)]
pub struct Registry {
    bases: Vec<Base>,
    metrics: Vec<Metric>,
    names: Vec<Named>,
    rules: Vec<Rule>,
    fingerprint: u64,
}

/// Why a declaration cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RegistryError {
    /// The file is not a declaration.
    #[error("{file}: {reason}")]
    File {
        /// The file.
        file: &'static str,
        /// What the reader said.
        reason: String,
    },
    /// A metric names records that do not exist.
    #[error("metric {metric} is measured on {entity:?}, which is not declared")]
    Base {
        /// The metric.
        metric: String,
        /// What it names.
        entity: String,
    },
    /// A factor is no count or sum.
    #[error("metric {metric} has {factor:?} for a factor, which is no count or sum")]
    Factor {
        /// The metric.
        metric: String,
        /// What it names.
        factor: String,
    },
    /// Two metrics share a name.
    #[error("metric {0} is declared twice")]
    Twice(String),
    /// Nothing says whose the rows of a table are.
    #[error("table {0} has no rule in access.toml: nothing says whose its rows are")]
    Rule(String),
    /// A rule does not fit its table.
    #[error("the rule of table {table} cannot be used: {reason}")]
    RuleOf {
        /// The table.
        table: String,
        /// What is wrong.
        reason: String,
    },
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    base: Vec<Base>,
    #[serde(default)]
    metric: Vec<Metric>,
    #[serde(default)]
    name: Vec<Named>,
    #[serde(default)]
    access: Vec<Rule>,
}

const FILES: &[(&str, &str)] = &[
    ("access.toml", include_str!("../metrics/access.toml")),
    ("bases.toml", include_str!("../metrics/bases.toml")),
    ("names.toml", include_str!("../metrics/names.toml")),
    (
        "opportunities.toml",
        include_str!("../metrics/opportunities.toml"),
    ),
    ("stages.toml", include_str!("../metrics/stages.toml")),
    ("quotes.toml", include_str!("../metrics/quotes.toml")),
    ("orders.toml", include_str!("../metrics/orders.toml")),
    ("payments.toml", include_str!("../metrics/payments.toml")),
    ("tickets.toml", include_str!("../metrics/tickets.toml")),
    ("activity.toml", include_str!("../metrics/activity.toml")),
    ("health.toml", include_str!("../metrics/health.toml")),
];

impl Registry {
    /// The registry that ships with Millrace.
    ///
    /// # Errors
    /// [`RegistryError`] where a declaration is wrong; a test keeps that from happening.
    pub fn shipped() -> Result<&'static Registry, RegistryError> {
        static SHIPPED: OnceLock<Result<Registry, RegistryError>> = OnceLock::new();
        SHIPPED
            .get_or_init(|| Self::read(FILES))
            .as_ref()
            .map_err(Clone::clone)
    }

    fn read(files: &[(&'static str, &str)]) -> Result<Self, RegistryError> {
        let mut registry = Self {
            bases: Vec::new(),
            metrics: Vec::new(),
            names: Vec::new(),
            rules: Vec::new(),
            fingerprint: 0,
        };
        let mut hasher = DefaultHasher::new();
        files.hash(&mut hasher);
        registry.fingerprint = hasher.finish();
        for (file, text) in files {
            let content: File = toml::from_str(text).map_err(|error| RegistryError::File {
                file,
                reason: error.to_string(),
            })?;
            registry.bases.extend(content.base);
            registry.metrics.extend(content.metric);
            registry.names.extend(content.name);
            registry.rules.extend(content.access);
        }
        for (index, metric) in registry.metrics.iter().enumerate() {
            if registry.base(&metric.entity).is_none() {
                return Err(RegistryError::Base {
                    metric: metric.name.clone(),
                    entity: metric.entity.clone(),
                });
            }
            if registry.metrics[..index]
                .iter()
                .any(|other| other.name == metric.name)
            {
                return Err(RegistryError::Twice(metric.name.clone()));
            }
        }
        for metric in &registry.metrics {
            let adds_up = |name: &String| {
                let factor = registry.metric(name).map(|factor| &factor.measure);
                matches!(factor, Some(Measure::Count | Measure::Sum { .. }))
            };
            if let Some(factor) = metric.factors.iter().find(|name| !adds_up(name)) {
                return Err(RegistryError::Factor {
                    metric: metric.name.clone(),
                    factor: factor.clone(),
                });
            }
        }
        registry.check_rules()?;
        Ok(registry)
    }

    /// A hash of all declarations: what was answered by others is no answer by these.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// All metrics, in the order of their declaration.
    pub fn metrics(&self) -> &[Metric] {
        &self.metrics
    }

    /// The metric of that name.
    pub fn metric(&self, name: &str) -> Option<&Metric> {
        self.metrics.iter().find(|metric| metric.name == name)
    }

    /// The base of that name.
    pub fn base(&self, name: &str) -> Option<&Base> {
        self.bases.iter().find(|base| base.name == name)
    }

    /// What people call a dimension or a column; the name itself where nothing is declared.
    pub fn label(&self, name: &str) -> Label {
        let known = |name: &str| {
            self.names
                .iter()
                .find(|named| named.name == name)
                .map(|named| named.label.clone())
        };
        known(name)
            .or_else(|| known(name.rsplit('.').next().unwrap_or(name)))
            .unwrap_or_else(|| Label {
                zh: name.to_owned(),
                en: name.to_owned(),
            })
    }
}

/// The names nearest to `wrong`, at most three, best first.
pub fn nearest<'a>(wrong: &str, right: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let wrong_lower = wrong.to_lowercase();
    let mut scored: Vec<(usize, usize, &str)> = right
        .into_iter()
        .map(|name| {
            let lower = name.to_lowercase();
            // a part of the name is nearer the less of it is missing
            let part = !wrong_lower.is_empty()
                && (lower.contains(&wrong_lower) || wrong_lower.contains(&lower));
            let distance = edit_distance(&wrong_lower, &lower);
            let distance = if part { distance.min(2) } else { distance };
            (distance, name.chars().count(), name)
        })
        .filter(|(distance, _, name)| *distance <= 2 + name.chars().count() / 3)
        .collect();
    scored.sort_unstable();
    scored.dedup();
    scored
        .into_iter()
        .take(3)
        .map(|(.., name)| name.to_owned())
        .collect()
}

/// Levenshtein's distance (1966), in characters.
fn edit_distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let substitute = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = substitute.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_declarations_are_right() {
        let registry = Registry::shipped().unwrap();
        assert!(registry.metrics().len() > 25);
        for metric in registry.metrics() {
            assert!(!metric.label.zh.is_empty() && !metric.description.en.is_empty());
        }
    }

    #[test]
    fn names_what_was_probably_meant() {
        let names = ["win_rate", "won_amount", "dwell_mean"];
        assert_eq!(nearest("winrate", names), ["win_rate"]);
        assert_eq!(nearest("dwel_mean", names), ["dwell_mean"]);
        assert_eq!(nearest("regio", ["account.region", "region"])[0], "region");
        assert!(nearest("xyzxyz", names).is_empty());
    }
}
