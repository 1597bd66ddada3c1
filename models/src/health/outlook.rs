//! What is likely to come of accounts in the days after a day: an order, shrinking, a contract that is
//! not renewed. Each is learned from earlier days of the same history only.

use serde::Serialize;

use super::backtest::Learned;
use super::history::{History, Standing};
use super::lunar::Years;
use super::measures::{Probabilities, Ranking};
use super::probability::{Predictions, ProbabilityModel};
use super::renewal::{self, RenewalModel};
use super::shrink::{ShrinkLessons, Spans};
use super::version::{Target, Version};

/// What is likely to come of the accounts with a purchase by a day, by account as
/// [`History::standings`].
#[derive(Debug, Clone, PartialEq)]
pub struct Outlook {
    /// An order.
    pub orders: Predictions,
    /// Of buying less than half of what it bought in the same span a year before; `None` where it bought
    /// nothing then, or the history is too short.
    pub shrink: Vec<Option<f64>>,
    /// That a contract which runs out is not renewed; `None` where none does, or the history is too
    /// short.
    pub non_renewal: Vec<Option<f64>>,
    /// What each was learned from: order, shrinking, renewal.
    pub versions: [Version; 3],
}

impl Outlook {
    /// Of the `horizon_days` after `day`, from what `history` tells up to its end.
    pub fn of(history: &History, day: i32, horizon_days: i32, years: Years) -> Self {
        let horizon_days = horizon_days.max(1);
        let mut lessons = ShrinkLessons::new(horizon_days, years);
        let model =
            ProbabilityModel::learn_beside(history, day, horizon_days, |known| lessons.take(known));
        let shrinking = lessons.learn();
        let mut shrink = Vec::new();
        let mut renewal = None;
        let orders = model.predict_beside(history, |known| {
            shrink = shrinking.predict(known);
            let own = RenewalModel::learn(known.seen, day, horizon_days, years);
            renewal = Some((own.predict(known.standings), own.version));
        });
        let (non_renewal, renewal) = renewal.unwrap_or_else(|| {
            let nothing = RenewalModel::learn(&History::default(), day, horizon_days, years);
            (Vec::new(), nothing.version)
        });
        Self {
            orders,
            shrink,
            non_renewal,
            versions: [model.version().clone(), shrinking.version, renewal],
        }
    }

    /// What one of them was learned from.
    pub fn version(&self, target: Target) -> &Version {
        &self.versions[target as usize]
    }
}

/// How a probability of something else than an order did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Proven {
    /// The accounts that it can come true of.
    pub accounts: usize,
    /// Those of them that it came true of.
    pub positives: usize,
    /// The probability; `None` where the history before the cutoff is too short, or nobody was at risk.
    pub probability: Option<Probabilities>,
    /// What it is to beat.
    pub baselines: Simple,
    /// What it was learned from.
    pub model: Learned,
}

/// What anybody would say first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Simple {
    /// For each account the part of the earlier days that it came true of; `None` without any.
    pub base_rate: Option<BaseRate>,
    /// How the last days of the same length did against those a year before.
    pub last_trend: Ranking,
}

/// The same probability for all.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BaseRate {
    /// That one.
    pub probability: f64,
    /// Its mean squared error.
    pub brier: f64,
}

/// An account at risk: what was said of it, how it was doing, and what came.
struct Case {
    said: Option<f64>,
    trend: f64,
    came: bool,
}

impl Proven {
    fn of(cases: &[Case], model: &Version) -> Self {
        let came: Vec<bool> = cases.iter().map(|own| own.came).collect();
        let said: Option<Vec<f64>> = cases.iter().map(|own| own.said).collect();
        let trends: Vec<f64> = cases.iter().map(|own| -own.trend).collect();
        let base_rate = (model.rows > 0 && !cases.is_empty()).then(|| {
            let probability = model.positives as f64 / model.rows as f64;
            let error = |came: &bool| (f64::from(u8::from(*came)) - probability).powi(2);
            let brier = came.iter().map(error).sum::<f64>() / came.len() as f64;
            BaseRate { probability, brier }
        });
        Self {
            accounts: cases.len(),
            positives: came.iter().filter(|came| **came).count(),
            probability: said
                .filter(|said| !said.is_empty())
                .map(|said| Probabilities::of(&said, &came)),
            baselines: Simple {
                base_rate,
                last_trend: Ranking::of(&trends, &came),
            },
            model: Learned::from(model),
        }
    }
}

impl Outlook {
    /// How the probability of shrinking did; `later` is what is known after the horizon.
    pub fn shrinking(
        &self,
        standings: &[Standing<'_>],
        later: &History,
        horizon_days: i32,
        years: Years,
    ) -> Proven {
        let model = self.version(Target::Shrink);
        let cases = standings
            .iter()
            .zip(&self.shrink)
            .filter_map(|(own, said)| {
                let spans = Spans::of(own.day, horizon_days, years)?;
                let base = spans.base(own)?;
                Some(Case {
                    said: *said,
                    trend: spans.trend(own),
                    came: spans.shrinks(later, own.account, base),
                })
            });
        Proven::of(&cases.collect::<Vec<_>>(), model)
    }

    /// How the probability of non-renewal did; `None` where it is not decided by `today` yet, 90 days
    /// after the horizon.
    pub fn non_renewals(
        &self,
        standings: &[Standing<'_>],
        history: &History,
        horizon_days: i32,
        years: Years,
        today: i32,
    ) -> Option<Proven> {
        let day = standings.first()?.day;
        let decided = day
            .saturating_add(horizon_days)
            .saturating_add(renewal::DECIDED_DAYS);
        if decided > today {
            return None;
        }
        let later = history.until(decided);
        let cases = standings
            .iter()
            .zip(&self.non_renewal)
            .filter_map(|(own, said)| {
                Some(Case {
                    said: *said,
                    trend: Spans::of(own.day, horizon_days, years)
                        .map_or(0.5, |own_spans| own_spans.trend(own)),
                    came: renewal::ends(&later, own, horizon_days)?,
                })
            });
        Some(Proven::of(
            &cases.collect::<Vec<_>>(),
            self.version(Target::NonRenewal),
        ))
    }
}

#[cfg(test)]
mod tests;
