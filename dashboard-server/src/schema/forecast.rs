//! The shapes of forecasts.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::targets::TargetMark;
use super::{Condition, Period};

/// Whose the parts of a forecast are.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ForecastBy {
    /// Of teams.
    Team,
    /// Of people.
    Owner,
}

/// What open deals are ordered by.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ForecastOrder {
    /// What is expected of them, the most first.
    Expected,
    /// Their amount, the largest first.
    Amount,
    /// Their probability, the highest first.
    Probability,
    /// The working days in their stage, the most first.
    DaysInStage,
    /// The day on which they are expected to be won, the earliest first.
    ExpectedCloseOn,
}

/// A number of deals and their amount.
#[derive(Serialize, ToSchema)]
pub(crate) struct ForecastSum {
    /// How many deals; of what is expected not a whole number.
    pub(crate) count: f64,
    /// Their amount, in the company's currency.
    pub(crate) amount: f64,
}

/// Why nothing is expected.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ForecastLacking {
    /// Too few deals were won before.
    Wins,
    /// Too few whole periods lie before it.
    Periods,
}

/// What the history was enough for, or not.
#[derive(Serialize, ToSchema)]
pub(crate) struct ForecastLearned {
    /// Deals that were won by then.
    pub(crate) wins: usize,
    /// Finished visits of stages that the probabilities are made of.
    pub(crate) visits: usize,
    /// Open ones.
    pub(crate) open_visits: usize,
    /// Past periods that the deals which are not opened yet are counted in.
    pub(crate) periods: usize,
    /// Deals that must have been won.
    pub(crate) least_wins: usize,
    /// Past periods that there must be.
    pub(crate) least_periods: usize,
}

/// The numbers of all deals, or of a part.
#[derive(Serialize, ToSchema)]
pub(crate) struct ForecastFigures {
    /// What is won so far, as a query tells it.
    pub(crate) won: ForecastSum,
    /// Open deals.
    pub(crate) open: ForecastSum,
    /// Won so far, and open deals that are expected to be won by the end of the period times the
    /// probability told of their stage.
    pub(crate) weighted: ForecastSum,
    /// Open deals without a day on which they are expected to be won: they are in no weighted pipeline.
    pub(crate) undated: usize,
    /// Open deals without an amount: they count with the mean of those won.
    pub(crate) without_amount: usize,
    /// What of the open deals is expected to be won within the period.
    pub(crate) from_open: Option<ForecastSum>,
    /// What is expected of deals that are not opened yet.
    pub(crate) from_new: Option<ForecastSum>,
    /// All together.
    pub(crate) expected: Option<ForecastSum>,
    /// The least of the interval.
    pub(crate) low: Option<ForecastSum>,
    /// The most of it.
    pub(crate) high: Option<ForecastSum>,
}

/// The numbers of a team or a person.
#[derive(Serialize, ToSchema)]
pub(crate) struct ForecastGroup {
    /// What it is called; null for deals without one.
    pub(crate) name: Option<String>,
    #[serde(flatten)]
    pub(crate) figures: ForecastFigures,
}

/// A day of the period.
#[derive(Serialize, ToSchema)]
pub(crate) struct ForecastDay {
    /// The day.
    pub(crate) date: NaiveDate,
    /// Whether it is worked.
    pub(crate) working: bool,
    /// What was won by its end, or by now; null for days to come.
    pub(crate) won: Option<ForecastSum>,
    /// What is expected to be won by its end, from today on.
    pub(crate) expected: Option<ForecastSum>,
    /// The least of the interval.
    pub(crate) low: Option<ForecastSum>,
    /// The most of it.
    pub(crate) high: Option<ForecastSum>,
}

/// What an earlier period brought of deals that were not opened yet at the same point of it.
#[derive(Serialize, ToSchema)]
pub(crate) struct ForecastBrought {
    /// The period.
    pub(crate) period: String,
    /// How many deals.
    pub(crate) count: f64,
    /// Their amount.
    pub(crate) amount: f64,
}

/// An earlier period as it was forecast at the same point of it, and what it was.
#[derive(Serialize, ToSchema)]
pub(crate) struct ForecastProof {
    /// The period.
    pub(crate) period: String,
    /// The moment that it is forecast at.
    #[schema(format = DateTime)]
    pub(crate) as_of: String,
    /// What was won in it.
    pub(crate) actual: ForecastSum,
    /// What was expected.
    pub(crate) expected: ForecastSum,
    /// The least of the interval.
    pub(crate) low: ForecastSum,
    /// The most of it.
    pub(crate) high: ForecastSum,
    /// The weighted pipeline of then.
    pub(crate) weighted: ForecastSum,
    /// What was won in the same period a year before it.
    pub(crate) year_before: Option<ForecastSum>,
}

/// How far off a way of telling was.
#[derive(Serialize, ToSchema)]
pub(crate) struct ForecastMiss {
    /// Periods that it could tell, and in which something was won.
    pub(crate) periods: usize,
    /// The mean of |told − actual| / actual, of the number of deals.
    pub(crate) count: f64,
    /// The same of the amounts.
    pub(crate) amount: f64,
}

/// How forecasts of earlier periods did.
#[derive(Serialize, ToSchema)]
pub(crate) struct ForecastProven {
    /// The periods, the latest first.
    pub(crate) periods: Vec<ForecastProof>,
    /// How far off the forecast was.
    pub(crate) forecast: Option<ForecastMiss>,
    /// How far off the weighted pipeline was.
    pub(crate) weighted: Option<ForecastMiss>,
    /// How far off the same period a year before was.
    pub(crate) year_before: Option<ForecastMiss>,
    /// The share of periods whose number of deals lay within the interval.
    pub(crate) covered_count: Option<f64>,
    /// The same of the amounts.
    pub(crate) covered_amount: Option<f64>,
}

/// An open deal.
#[derive(Serialize, ToSchema)]
pub(crate) struct ForecastDeal {
    /// Its id in the lake.
    pub(crate) opportunity_id: String,
    /// The account's name, or its id where the caller does not see it.
    pub(crate) account_id: Option<String>,
    /// The product's name.
    pub(crate) product: Option<String>,
    /// Whose it is.
    pub(crate) owner: Option<String>,
    /// The team.
    pub(crate) team: Option<String>,
    /// The stage.
    pub(crate) stage: Option<String>,
    /// When it was opened.
    #[schema(format = DateTime)]
    pub(crate) opened_at: Option<String>,
    /// The day on which it is expected to be won.
    pub(crate) expected_close_on: Option<NaiveDate>,
    /// Its amount.
    pub(crate) amount: Option<f64>,
    /// Working days that it has been in its stage.
    pub(crate) days_in_stage: i32,
    /// The probability that it is won within the period; null where the history is too short.
    pub(crate) probability: Option<f64>,
    /// The amount that counts: its own, or the mean of deals won where it has none.
    pub(crate) counted_amount: f64,
    /// That amount times the probability.
    pub(crate) expected_amount: Option<f64>,
    /// What of its amount is in the weighted pipeline: the probability that is told of its stage, 0
    /// where it is not expected to be won by the end of the period.
    pub(crate) weight: f64,
}

/// A target, and how a forecast stands to it.
#[derive(Serialize, ToSchema)]
pub(crate) struct ForecastTarget {
    #[serde(flatten)]
    pub(crate) mark: TargetMark,
    /// How far what is expected is towards it.
    pub(crate) expected_attainment: Option<f64>,
    /// The chance that it is reached.
    pub(crate) chance: Option<f64>,
}

/// The targets beside a forecast.
#[derive(Serialize, ToSchema)]
pub(crate) struct ForecastTargets {
    /// That of the whole.
    pub(crate) total: Option<ForecastTarget>,
    /// Those of the groups, in their order.
    pub(crate) groups: Vec<Option<ForecastTarget>>,
}

/// A forecast.
#[derive(Serialize, ToSchema)]
pub(crate) struct Forecast {
    /// The month or quarter, as `2026-12` or `2026-Q4`.
    pub(crate) period: String,
    /// Its days.
    pub(crate) days: Period,
    /// By what it is split.
    pub(crate) by: Option<ForecastBy>,
    /// The conditions that all deals met.
    pub(crate) r#where: Vec<Condition>,
    /// The time of the answer.
    #[schema(format = DateTime)]
    pub(crate) as_of: String,
    /// The published set that was read.
    pub(crate) set: i64,
    /// The versions of the tables that were read.
    pub(crate) versions: BTreeMap<String, i64>,
    /// Working days of the period.
    pub(crate) working_days: i64,
    /// Those that are left of it, today among them.
    pub(crate) working_days_left: i64,
    /// The share of simulated endings that the interval holds.
    pub(crate) covered: f64,
    /// Why nothing is expected; null where something is.
    pub(crate) lacking: Option<ForecastLacking>,
    /// What was learned from.
    pub(crate) learned: ForecastLearned,
    /// All deals that count.
    pub(crate) total: ForecastFigures,
    /// The parts of it, the one with most expected first.
    pub(crate) groups: Vec<ForecastGroup>,
    /// The days of the period.
    pub(crate) path: Vec<ForecastDay>,
    /// What is expected of deals that are not opened yet is the mean of these.
    pub(crate) new_before: Vec<ForecastBrought>,
    /// How it did before; null where nothing is expected.
    pub(crate) proof: Option<ForecastProven>,
    /// How many open deals count.
    pub(crate) deals_count: usize,
    /// Those of this page.
    pub(crate) deals: Vec<ForecastDeal>,
    /// Where the next page begins; null on the last.
    pub(crate) next_cursor: Option<String>,
    /// Its targets, as far as the caller sees them.
    pub(crate) targets: ForecastTargets,
}
