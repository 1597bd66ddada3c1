//! What a forecast says.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use millrace_models::forecast::backtest::Miss;
use millrace_models::forecast::simulate::Endings;
use millrace_models::forecast::{Lacking, Standing, Sum};
use millrace_models::query::{Condition, Period};
use millrace_models::target::TargetPeriod;
use serde::Serialize;

use super::super::answer::Row;
use super::ForecastBy;

/// What the history was enough for, or not.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Learned {
    /// Deals that were won by then.
    pub wins: usize,
    /// Finished visits of stages that the probabilities are made of.
    pub visits: usize,
    /// Open ones.
    pub open_visits: usize,
    /// Past periods that the deals which are not opened yet are counted in.
    pub periods: usize,
    /// Deals that must have been won.
    pub least_wins: usize,
    /// Past periods that there must be.
    pub least_periods: usize,
}

/// The numbers of all deals, or of a part.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// What is told without looking back.
    #[serde(flatten)]
    pub standing: Standing,
    /// What of the open deals is expected to be won within the period.
    pub from_open: Option<Sum>,
    /// What is expected of deals that are not opened yet.
    pub from_new: Option<Sum>,
    /// All together.
    pub expected: Option<Sum>,
    /// The least of the interval.
    pub low: Option<Sum>,
    /// The most of it.
    pub high: Option<Sum>,
    /// The endings that the interval is of.
    #[serde(skip)]
    pub endings: Option<Endings>,
}

impl Figures {
    pub(super) fn standing(standing: Standing) -> Self {
        Self {
            standing,
            from_open: None,
            from_new: None,
            expected: None,
            low: None,
            high: None,
            endings: None,
        }
    }

    /// The chance that at least that amount is won.
    pub fn chance_of(&self, amount: f64) -> Option<f64> {
        self.endings.as_ref().map(|endings| endings.reach(amount))
    }

    pub(super) fn is_empty(&self) -> bool {
        let standing = &self.standing;
        let expected = self.expected.map_or(0.0, |sum| sum.count);
        standing.won.count + standing.open.count + expected == 0.0
    }

    pub(super) fn amount(&self) -> f64 {
        self.expected.unwrap_or(self.standing.weighted).amount
    }
}

/// The numbers of a team or a person.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// What it is called; none of deals without one.
    pub name: Option<String>,
    /// Its numbers.
    #[serde(flatten)]
    pub figures: Figures,
}

/// A day of the period.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PathDay {
    /// The day.
    pub date: NaiveDate,
    /// Whether it is worked.
    pub working: bool,
    /// What was won by its end, or by now; none of days to come.
    pub won: Option<Sum>,
    /// What is expected to be won by its end, from today on.
    pub expected: Option<Sum>,
    /// The least of the interval.
    pub low: Option<Sum>,
    /// The most of it.
    pub high: Option<Sum>,
}

/// What an earlier period brought of deals that were not opened yet at the same point of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Brought {
    /// The period.
    pub period: TargetPeriod,
    /// What it brought.
    #[serde(flatten)]
    pub sum: Sum,
}

/// An earlier period as it was forecast at the same point of it, and what it was.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProvenPeriod {
    /// The period.
    pub period: TargetPeriod,
    /// The moment that it is forecast at, in the company's zone.
    pub as_of: String,
    /// What was won in it.
    pub actual: Sum,
    /// What was expected.
    pub expected: Sum,
    /// The least of the interval.
    pub low: Sum,
    /// The most of it.
    pub high: Sum,
    /// The weighted pipeline of then.
    pub weighted: Sum,
    /// What was won in the same period a year before it.
    pub year_before: Option<Sum>,
}

/// How forecasts of earlier periods did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Proven {
    /// The periods, the latest first.
    pub periods: Vec<ProvenPeriod>,
    /// How far off the forecast was.
    pub forecast: Option<Miss>,
    /// How far off the weighted pipeline was.
    pub weighted: Option<Miss>,
    /// How far off the same period a year before was.
    pub year_before: Option<Miss>,
    /// The share of periods whose number of deals lay within the interval.
    pub covered_count: Option<f64>,
    /// The same of the amounts.
    pub covered_amount: Option<f64>,
}

/// An open deal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OpenDeal {
    /// What the caller sees of it.
    #[serde(flatten)]
    pub record: Row,
    /// Working days that it has been in its stage.
    pub days_in_stage: i32,
    /// The probability that it is won within the period; none where the history is too short.
    pub probability: Option<f64>,
    /// The amount that counts: its own, or the mean of deals won where it has none.
    pub counted_amount: f64,
    /// That amount times the probability.
    pub expected_amount: Option<f64>,
    /// What of its amount is in the weighted pipeline: the probability that is told of its stage, 0
    /// where it is not expected to be won by the end of the period.
    pub weight: f64,
}

/// A forecast.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ForecastResult {
    /// The month or quarter.
    pub period: TargetPeriod,
    /// Its days.
    pub days: Period,
    /// By what it is split.
    pub by: Option<ForecastBy>,
    /// The conditions that all deals met.
    #[serde(rename = "where")]
    pub conditions: Vec<Condition>,
    /// The time of the answer, in the company's zone.
    pub as_of: String,
    /// The published set.
    pub set: i64,
    /// The versions of the marts that were read.
    pub versions: BTreeMap<String, i64>,
    /// Working days of the period, and those that are left of it, today among them.
    pub working_days: i64,
    /// See there.
    pub working_days_left: i64,
    /// Of so many endings in ten the interval holds.
    pub covered: f64,
    /// Why nothing is expected; none where something is.
    pub lacking: Option<Lacking>,
    /// What was learned from.
    pub learned: Learned,
    /// All deals that count.
    pub total: Figures,
    /// The parts of it, the one with most expected first.
    pub groups: Vec<Group>,
    /// The days of the period.
    pub path: Vec<PathDay>,
    /// What is expected of deals that are not opened yet is the mean of these.
    pub new_before: Vec<Brought>,
    /// How it did before; none where nothing is expected.
    pub proof: Option<Proven>,
    /// How many open deals count.
    pub deals_count: usize,
    /// Those of this page.
    pub deals: Vec<OpenDeal>,
    /// Where the next page begins; none on the last.
    pub next_cursor: Option<String>,
}
