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
use super::learning::{self, Lesson, regression, tried};
use super::logistic::{Calibration, Logistic, logistic};
use super::purchase_process::PurchaseProcess;
use super::version::{Target, Version};

/// Where a probability comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// A regression fitted on the firm's own earlier days.
    Fitted,
    /// The purchase process alone: the history is too short to learn from, or all or none of its
    /// accounts bought again.
    PurchaseProcess,
    /// The history is too short to tell.
    NotEnoughHistory,
}

/// A model of who orders in the horizon after a day, and what it was learned from.
#[derive(Debug, Clone)]
pub struct ProbabilityModel {
    day: i32,
    horizon_days: i32,
    fitted: Option<(Logistic<FEATURES>, Calibration)>,
    process: Option<PurchaseProcess>,
    version: Version,
}

impl ProbabilityModel {
    /// Learns from what `history` tells up to the end of `day`, and nothing later.
    pub fn learn(history: &History, day: i32, horizon_days: i32) -> Self {
        Self::learn_beside(history, day, horizon_days, |_| {})
    }

    /// The same; `beside` is shown what each earlier day knew, from the earliest.
    pub(super) fn learn_beside(
        history: &History,
        day: i32,
        horizon_days: i32,
        mut beside: impl FnMut(&Known<'_>),
    ) -> Self {
        let horizon_days = horizon_days.max(1);
        let seen = history.until(day);
        let days = learning::days(&seen, day, horizon_days, horizon_days);
        let mut process = None;
        let mut lessons: Vec<Lesson<FEATURES>> = Vec::with_capacity(days.len());
        // From the earliest, so that each day's purchase process begins near that of the day before.
        for lesson_day in days.iter().rev() {
            let standings = seen.standings(*lesson_day);
            let features = Features::of(&standings, horizon_days, process.as_ref());
            process = features.process;
            beside(&Known {
                seen: &seen,
                day: *lesson_day,
                standings: &standings,
                features: &features.rows,
                days: days.len(),
            });
            let stride = learning::stride(standings.len(), days.len());
            let buys = |own: &Standing<'_>| seen.buys_after(own.account, *lesson_day, horizon_days);
            lessons.push(Lesson {
                day: *lesson_day,
                features: features.rows.into_iter().step_by(stride).collect(),
                outcomes: standings.iter().step_by(stride).map(buys).collect(),
            });
        }
        lessons.reverse();
        let fitted = regression(&lessons);
        let tried = fitted.as_ref().and_then(|_| tried(&lessons, horizon_days));
        let kind = if fitted.is_some() {
            Model::Fitted
        } else {
            Model::PurchaseProcess
        };
        let trial = tried.as_ref().map(|tried| tried.trial);
        let calibration = tried.map_or(Calibration::NONE, |tried| tried.calibration);
        Self {
            day,
            horizon_days,
            process,
            version: Version::of(Target::Order, kind, horizon_days, &lessons, trial),
            fitted: fitted.map(|fitted| (fitted, calibration)),
        }
    }

    /// What it was learned from.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// The probability of an order in the horizon after its day, 0 to 1, for each account with a
    /// purchase by then, and the purchases to expect by the purchase process alone; by account, as
    /// [`History::standings`].
    pub fn predict(&self, history: &History) -> Predictions {
        self.predict_beside(history, |_| {})
    }

    /// The same; `beside` is shown what is known on its day.
    pub(super) fn predict_beside(
        &self,
        history: &History,
        beside: impl FnOnce(&Known<'_>),
    ) -> Predictions {
        let seen = history.until(self.day);
        let standings = seen.standings(self.day);
        let features = Features::of(&standings, self.horizon_days, self.process.as_ref());
        beside(&Known {
            seen: &seen,
            day: self.day,
            standings: &standings,
            features: &features.rows,
            days: 1,
        });
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

/// What is known at the end of a day.
pub(super) struct Known<'a> {
    /// Everything up to the day of the model, which may be later.
    pub(super) seen: &'a History,
    pub(super) day: i32,
    pub(super) standings: &'a [Standing<'a>],
    /// Of the standings.
    pub(super) features: &'a [[f64; FEATURES]],
    /// How many such days there are.
    pub(super) days: usize,
}

/// What is predicted for accounts.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictions {
    /// Of at least one order in the horizon.
    pub probabilities: Vec<f64>,
    /// By the purchase process alone.
    pub expected_purchases: Vec<f64>,
}
