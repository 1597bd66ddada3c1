//! What one can subscribe to: the content of a subscription, read from its JSON, and when a threshold
//! is told of.

use std::str::FromStr as _;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::query::Condition;
use crate::span::Span;

/// What a subscription is of.
#[derive(Debug, Clone, PartialEq)]
pub enum Subject {
    /// The monthly report of the month before.
    MonthlyReport,
    /// The numbers of a page.
    Dashboard(Dashboard),
    /// A list of records.
    List(List),
    /// A number that passes a limit.
    Threshold(Threshold),
}

/// The numbers of a page: its tiles, and one of them by the members of a dimension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dashboard {
    /// The metrics of its tiles, in their order.
    pub metrics: Vec<String>,
    /// The one that is split; the first without it.
    #[serde(default)]
    pub metric: Option<String>,
    /// The dimension that it is split by.
    #[serde(default)]
    pub by: Option<String>,
    /// Conditions that all must hold.
    #[serde(default, rename = "where")]
    pub conditions: Vec<Condition>,
    /// The time, as `last_month` or `2026-01-01..2026-03-31`.
    pub span: String,
    /// `previous`, `year_ago` or `none`.
    #[serde(default)]
    pub compare: Comparison,
    /// Where the page is in the app.
    #[serde(default)]
    pub link: Option<String>,
}

/// What the numbers of a page are compared with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// The time before.
    #[default]
    Previous,
    /// The same days a year before.
    YearAgo,
    /// Nothing.
    None,
}

/// A list of records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// The resource, as `opportunity`.
    pub resource: String,
    /// What the list is asked for, as in the address of the API: `filter=…&sort=…&view=mine`.
    #[serde(default)]
    pub query: String,
    /// The fields that are shown; a few of the resource's without them.
    #[serde(default)]
    pub columns: Vec<String>,
    /// Whether an empty list comes, too.
    #[serde(default)]
    pub when_empty: bool,
    /// Where the list is in the app.
    #[serde(default)]
    pub link: Option<String>,
}

/// A number that passes a limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// The metric.
    pub metric: String,
    /// Conditions that all must hold.
    #[serde(default, rename = "where")]
    pub conditions: Vec<Condition>,
    /// The time, as `this_month`.
    pub span: String,
    /// On which side of the limit it is told of.
    pub comparison: Side,
    /// The limit.
    pub limit: f64,
    /// How far it must come back before it counts as back: what swings about the limit is told once.
    #[serde(default)]
    pub margin: f64,
    /// When it is told.
    #[serde(default)]
    pub told: Told,
    /// Hours in which it is told once at most.
    #[serde(default = "a_day")]
    pub quiet_hours: u32,
    /// Where the number is in the app.
    #[serde(default)]
    pub link: Option<String>,
}

fn a_day() -> u32 {
    24
}

/// A side of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Greater than it.
    Above,
    /// Less than it.
    Below,
}

/// When a number beyond its limit is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// When it gets there.
    #[default]
    Crosses,
    /// For as long as it is there, once in the quiet hours.
    IsBeyond,
}

/// How a threshold stood when it was last looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// Whether the number was beyond its limit.
    pub beyond: bool,
    /// When it was last told.
    pub told_at: Option<DateTime<Utc>>,
}

impl Threshold {
    /// Whether a value is told now, and how it stands then. A number that is not there changes nothing.
    ///
    /// What would be told in the quiet hours waits for their end, if it is still so then.
    pub fn judge(
        &self,
        before: Standing,
        value: Option<f64>,
        now: DateTime<Utc>,
    ) -> (bool, Standing) {
        let Some(value) = value else {
            return (false, before);
        };
        // How far it is beyond; below zero on the right side.
        let beyond_by = match self.comparison {
            Side::Above => value - self.limit,
            Side::Below => self.limit - value,
        };
        let beyond = if before.beyond {
            beyond_by > -self.margin
        } else {
            beyond_by > 0.0
        };
        let quiet = TimeDelta::hours(self.quiet_hours.into());
        let rested = before.told_at.is_none_or(|told| now - told >= quiet);
        let wanted = beyond && (!before.beyond || self.told == Told::IsBeyond);
        let tell = wanted && rested;
        let standing = Standing {
            // What waits for the end of the quiet hours counts as not seen yet.
            beyond: beyond && (before.beyond || tell),
            told_at: if tell { Some(now) } else { before.told_at },
        };
        (tell, standing)
    }
}

impl Subject {
    /// Reads the content of a subscription of a kind.
    ///
    /// # Errors
    ///
    /// What is wrong with it, and what would be right.
    pub fn parse(kind: &str, content: &Value) -> Result<Self, String> {
        fn read<T: serde::de::DeserializeOwned>(content: &Value) -> Result<T, String> {
            serde_json::from_value(content.clone()).map_err(|error| error.to_string())
        }
        let subject = match kind {
            "monthly_report" => Self::MonthlyReport,
            "dashboard" => Self::Dashboard(read(content)?),
            "list" => Self::List(read(content)?),
            "threshold" => Self::Threshold(read(content)?),
            other => return Err(format!("{other:?} is no kind of subscription")),
        };
        subject.check()?;
        Ok(subject)
    }

    fn check(&self) -> Result<(), String> {
        let (span, link) = match self {
            Self::MonthlyReport => (None, None),
            Self::Dashboard(own) => {
                if own.metrics.is_empty() || own.metrics.len() > 24 {
                    return Err("metrics must name 1 to 24 metrics".to_owned());
                }
                (Some(&own.span), own.link.as_ref())
            }
            Self::List(own) => {
                if own.resource.trim().is_empty() {
                    return Err("resource must name a resource, as opportunity".to_owned());
                }
                (None, own.link.as_ref())
            }
            Self::Threshold(own) => {
                if !(own.limit.is_finite() && own.margin.is_finite() && own.margin >= 0.0) {
                    return Err("limit must be a number, margin one from 0 on".to_owned());
                }
                (Some(&own.span), own.link.as_ref())
            }
        };
        if let Some(span) = span {
            Span::from_str(span)?;
        }
        match link {
            Some(link)
                if !link.starts_with('/') || link.starts_with("//") || link.contains('\\') =>
            {
                Err(format!(
                    "link is {link:?}: it must be a path of the app, as /dashboard"
                ))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn threshold(told: Told, margin: f64) -> Threshold {
        Threshold {
            metric: "overdue_amount".to_owned(),
            conditions: Vec::new(),
            span: "this_month".to_owned(),
            comparison: Side::Above,
            limit: 100.0,
            margin,
            told,
            quiet_hours: 24,
            link: None,
        }
    }

    /// The hours at which values, one for each six hours, are told.
    fn told(threshold: &Threshold, values: &[f64]) -> Vec<usize> {
        let begin: DateTime<Utc> = "2026-03-02T00:00:00Z".parse().unwrap();
        let mut standing = Standing::default();
        let mut hours = Vec::new();
        for (step, value) in values.iter().enumerate() {
            let hour = step * 6;
            let now = begin + TimeDelta::hours(i64::try_from(hour).unwrap());
            let (tell, next) = threshold.judge(standing, Some(*value), now);
            standing = next;
            if tell {
                hours.push(hour);
            }
        }
        hours
    }

    #[test]
    fn crossing_is_told_once() {
        let crossing = threshold(Told::Crosses, 0.0);
        assert_eq!(
            told(&crossing, &[90.0, 100.0, 101.0, 130.0, 140.0, 150.0, 160.0]),
            [12]
        );
        // It is back, and gets there again within the quiet hours: told at their end, if still so.
        let swings = [101.0, 90.0, 101.0, 101.0, 101.0, 101.0];
        assert_eq!(told(&crossing, &swings), [0, 24]);
        let gone = [101.0, 90.0, 101.0, 90.0, 90.0, 90.0];
        assert_eq!(told(&crossing, &gone), [0]);
    }

    #[test]
    fn what_swings_about_the_limit_within_the_margin_is_told_once() {
        let values = [101.0, 99.0, 101.0, 99.0, 101.0, 99.0, 101.0, 99.0, 101.0];
        assert_eq!(told(&threshold(Told::Crosses, 0.0), &values), [0, 24, 48]);
        assert_eq!(told(&threshold(Told::Crosses, 5.0), &values), [0]);
    }

    #[test]
    fn what_stays_beyond_is_told_once_in_the_quiet_hours() {
        let values = [101.0; 10];
        assert_eq!(told(&threshold(Told::IsBeyond, 0.0), &values), [0, 24, 48]);
    }

    #[test]
    fn a_number_that_is_not_there_changes_nothing() {
        let own = threshold(Told::Crosses, 0.0);
        let before = Standing {
            beyond: true,
            told_at: None,
        };
        let now = "2026-03-02T00:00:00Z".parse().unwrap();
        assert_eq!(own.judge(before, None, now), (false, before));
    }

    #[test]
    fn below_is_the_other_side() {
        let own = Threshold {
            comparison: Side::Below,
            ..threshold(Told::Crosses, 2.0)
        };
        assert_eq!(
            told(&own, &[100.0, 99.0, 101.0, 99.0, 99.0, 99.0, 103.0, 99.0]),
            [6, 42]
        );
    }

    #[test]
    fn content_is_checked() {
        let check = |kind: &str, content: Value, expected: &str| {
            let error = Subject::parse(kind, &content).unwrap_err();
            assert!(error.contains(expected), "{error}");
        };
        check("dashboard", json!({}), "missing field `metrics`");
        check(
            "dashboard",
            json!({"metrics": [], "span": "this_month"}),
            "1 to 24",
        );
        check(
            "dashboard",
            json!({"metrics": ["a"], "span": "soon"}),
            "no span of time",
        );
        check(
            "list",
            json!({"resource": "account", "link": "https://evil"}),
            "path of the app",
        );
        check(
            "list",
            json!({"resource": "account", "link": "//evil"}),
            "path of the app",
        );
        let limit = json!({"metric": "a", "span": "this_month", "comparison": "above", "limit": 1.0, "margin": -1.0});
        check("threshold", limit, "margin");
        check("threshold", json!({"metric": "a", "typo": 1}), "typo");
        assert_eq!(
            Subject::parse("monthly_report", &json!({})),
            Ok(Subject::MonthlyReport)
        );
        let list = Subject::parse(
            "list",
            &json!({"resource": "account", "query": "view=mine"}),
        );
        assert!(matches!(list, Ok(Subject::List(_))));
    }
}
