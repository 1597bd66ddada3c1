//! The probability of an order in the next days, from a model fitted on earlier days only.
//!
//! For a day D and a horizon H the model learns from the accounts as they stood on up to twelve
//! earlier days, D - H, then every third of H before it; what came of each is known by D. Later
//! days count more. It is calibrated by a model fitted on the days up to D - 2H alone, on what came
//! of its probabilities after D - H.
//!
//! The number of days, their distance, the ridge, the weights and the calibration were chosen on
//! earlier cutoffs of CDNOW (one) and `AdventureWorks` (four), each judged by the horizon
//! after it, all of which end by the cutoff that the backtests report.

use serde::Serialize;

use super::features::{FEATURES, Features};
use super::history::{History, Standing};
use super::logistic::{Calibration, Logistic, Rows, logistic};
use super::purchase_process::PurchaseProcess;

/// Earlier days to learn from, at most.
const DAYS: i32 = 12;
/// They lie this part of the horizon apart.
const APART: i32 = 3;
/// How much a day counts against the day after it.
const FADING: f64 = 0.9;
const RIDGE: f64 = 20.0;
/// Rows to learn from, at most; of more accounts each day takes every so manieth.
const MOST_ROWS: usize = 300_000;
/// Below as many of either outcome nothing is learned.
const FEWEST: usize = 20;

/// Where a probability comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// A regression fitted on the firm's own earlier days.
    Fitted,
    /// The purchase process alone: the history is too short to learn from, or all or none of its
    /// accounts bought again.
    PurchaseProcess,
}

/// A model of who orders in the horizon after a day, and what it was learned from.
#[derive(Debug, Clone)]
pub struct ProbabilityModel {
    day: i32,
    horizon_days: i32,
    fitted: Option<(Logistic<FEATURES>, Calibration)>,
    process: Option<PurchaseProcess>,
    /// The days that it was learned from, the latest first.
    pub learned_days: Vec<i32>,
    /// The rows that it was learned from: an account on a day.
    pub learned_rows: usize,
    /// Whether it was calibrated on days that it had not seen.
    pub is_calibrated: bool,
}

/// What one earlier day teaches.
struct Lesson {
    day: i32,
    features: Vec<[f64; FEATURES]>,
    outcomes: Vec<bool>,
}

impl ProbabilityModel {
    /// Learns from what `history` tells up to the end of `day`, and nothing later.
    pub fn learn(history: &History, day: i32, horizon_days: i32) -> Self {
        let horizon_days = horizon_days.max(1);
        let seen = history.until(day);
        let days = learning_days(&seen, day, horizon_days);
        let mut process = None;
        let mut lessons: Vec<Lesson> = Vec::with_capacity(days.len());
        // From the earliest, so that each day's purchase process begins near that of the day before.
        for lesson_day in days.iter().rev() {
            let standings = seen.standings(*lesson_day);
            let features = Features::of(&standings, horizon_days, process.as_ref());
            process = features.process;
            let stride = (standings.len() * days.len()).div_ceil(MOST_ROWS).max(1);
            let buys = |own: &Standing<'_>| seen.buys_after(own.account, *lesson_day, horizon_days);
            lessons.push(Lesson {
                day: *lesson_day,
                features: features.rows.into_iter().step_by(stride).collect(),
                outcomes: standings.iter().step_by(stride).map(buys).collect(),
            });
        }
        lessons.reverse();
        let fitted = regression(&lessons);
        let calibration = fitted
            .as_ref()
            .and_then(|_| calibration(&lessons, horizon_days));
        Self {
            day,
            horizon_days,
            process,
            learned_rows: lessons.iter().map(|lesson| lesson.outcomes.len()).sum(),
            learned_days: days,
            is_calibrated: calibration.is_some(),
            fitted: fitted.map(|fitted| (fitted, calibration.unwrap_or(Calibration::NONE))),
        }
    }

    /// Where its probabilities come from.
    pub fn model(&self) -> Model {
        if self.fitted.is_some() {
            Model::Fitted
        } else {
            Model::PurchaseProcess
        }
    }

    /// The probability of an order in the horizon after its day, 0 to 1, for each account with a
    /// purchase by then, and the purchases to expect by the purchase process alone; by account, as
    /// [`History::standings`].
    pub fn predict(&self, history: &History) -> Predictions {
        let seen = history.until(self.day);
        let standings = seen.standings(self.day);
        let features = Features::of(&standings, self.horizon_days, self.process.as_ref());
        let expected: Vec<f64> = standings
            .iter()
            .map(|standing| {
                let horizon = f64::from(self.horizon_days);
                let process = features.process.as_ref();
                process.map_or(0.0, |process| process.expected_purchases(standing, horizon))
            })
            .collect();
        let probabilities = match &self.fitted {
            Some((regression, calibration)) => features
                .rows
                .iter()
                .map(|row| logistic(calibration.apply(regression.log_odds(row))))
                .collect(),
            // at least one of as many purchases as expected, at random times
            None => expected
                .iter()
                .map(|expected| -(-expected).exp_m1())
                .collect(),
        };
        Predictions {
            probabilities,
            expected_purchases: expected,
        }
    }
}

/// What is predicted for accounts.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictions {
    /// Of at least one order in the horizon.
    pub probabilities: Vec<f64>,
    /// By the purchase process alone.
    pub expected_purchases: Vec<f64>,
}

/// The latest first. Before a horizon has passed there is nothing to tell accounts apart by.
fn learning_days(seen: &History, day: i32, horizon_days: i32) -> Vec<i32> {
    let Some(first) = seen.first_day() else {
        return Vec::new();
    };
    let apart = (horizon_days / APART).max(1);
    (0..DAYS)
        .map(|index| i64::from(day) - i64::from(horizon_days) - i64::from(index) * i64::from(apart))
        .filter(|own| own - i64::from(first) >= i64::from(horizon_days))
        .filter_map(|own| i32::try_from(own).ok())
        .collect()
}

/// Lessons the latest first; `None` where too few of them end either way.
fn regression(lessons: &[Lesson]) -> Option<Logistic<FEATURES>> {
    let mut rows = Rows::default();
    let mut weight = 1.0;
    for lesson in lessons {
        rows.features.extend_from_slice(&lesson.features);
        rows.outcomes.extend_from_slice(&lesson.outcomes);
        rows.weights.resize(rows.outcomes.len(), weight);
        weight *= FADING;
    }
    let positives = rows.outcomes.iter().filter(|outcome| **outcome).count();
    let fewest = positives.min(rows.outcomes.len() - positives);
    (fewest >= FEWEST).then(|| Logistic::fit(&rows, RIDGE))
}

/// By a model of the lessons whose outcome was known on the day of the latest.
fn calibration(lessons: &[Lesson], horizon_days: i32) -> Option<Calibration> {
    let latest = lessons.first()?;
    let known = lessons
        .iter()
        .position(|lesson| lesson.day + horizon_days <= latest.day)?;
    let earlier = regression(&lessons[known..])?;
    let odds: Vec<f64> = latest
        .features
        .iter()
        .map(|row| earlier.log_odds(row))
        .collect();
    Some(Calibration::fit(&odds, &latest.outcomes))
}
