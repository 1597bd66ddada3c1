//! The proof: scores as of a day in the past, and what came of them.

use serde::Serialize;
use thiserror::Error;

use super::baselines;
use super::history::{History, Standing};
use super::measures::{Probabilities, Ranking};
use super::outlook::{Outlook, Proven};
use super::probability::Model;
use super::rules::Card;
use super::scorecard::{Rating, Scorecard, Status};
use super::version::{Target, Version};

/// A backtest that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BacktestError {
    /// The horizon is no length of time.
    #[error("the horizon is {0} days, must be 1 to 3660")]
    Horizon(i32),
    /// Nobody had ordered.
    #[error("nobody has ordered by the cutoff")]
    NobodyOrdered,
    /// What comes of it is not known yet.
    #[error("the horizon ends in {days_left} days: choose an earlier cutoff or a shorter horizon")]
    HorizonOpen {
        /// Days from today to its end.
        days_left: i32,
    },
}

/// What a backtest found. Accounts are those with an order up to the cutoff; the outcome is at least
/// one order in the horizon after it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Backtest {
    /// How many accounts.
    pub accounts: usize,
    /// How many of them ordered again.
    pub positives: usize,
    /// The probability of an order.
    pub probability: Probabilities,
    /// The scorecard; unrated accounts are ranked like all others.
    pub scorecard: Ranking,
    /// What came of the accounts of each status.
    pub statuses: Vec<StatusOutcome>,
    /// What both are to beat.
    pub baselines: Baselines,
    /// Where the probability came from.
    pub model: Learned,
    /// The probability of buying less than half of what was bought in the same span a year before.
    pub shrinking: Proven,
    /// The probability that a contract which runs out is not renewed; `None` where that is not decided
    /// yet, 90 days after the horizon.
    pub non_renewal: Option<Proven>,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

/// What came of the accounts that had a status at the cutoff.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StatusOutcome {
    /// The status.
    pub status: Status,
    /// How many had it.
    pub accounts: usize,
    /// The part of them that ordered in the horizon; `None` without accounts.
    pub ordered: Option<f64>,
    /// The part of them that still had it at the end of the horizon; `None` without accounts.
    pub kept: Option<f64>,
}

/// How the simple rules did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Baselines {
    /// Minus the days since the last order.
    pub recency: Ranking,
    /// Days with an order.
    pub frequency: Ranking,
    /// Recency, frequency and money by fifths.
    pub rfm: Ranking,
    /// Purchases to expect by the purchase process.
    pub bg_nbd: Ranking,
}

/// What a probability was learned from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Learned {
    /// Which kind of model.
    pub kind: Model,
    /// Earlier days that it learned from.
    pub days: usize,
    /// Accounts on those days.
    pub rows: usize,
    /// Whether it was calibrated on days that it had not seen.
    pub calibrated: bool,
}

impl From<&Version> for Learned {
    fn from(version: &Version) -> Self {
        Self {
            kind: version.kind,
            days: version.learned_days.len(),
            rows: version.rows,
            calibrated: version.is_calibrated,
        }
    }
}

/// Horizons of up to ten years.
const LONGEST_DAYS: i32 = 3_660;
/// Nobody ordering for more than this part of the horizon at its end is worth a word.
const QUIET_PART: i32 = 13;
/// Better than recency is better by more than this.
const NO_BETTER: f64 = 0.005;

/// Scores all accounts as of the end of `cutoff` (a day from 1970-01-01) and measures the scores by the
/// `horizon_days` after it.
///
/// # Errors
///
/// When there is nobody to score, or the horizon is not over `today`.
pub fn backtest(
    history: &History,
    cutoff: i32,
    horizon_days: i32,
    today: i32,
    card: Card<'_>,
) -> Result<Backtest, BacktestError> {
    if !(1..=LONGEST_DAYS).contains(&horizon_days) {
        return Err(BacktestError::Horizon(horizon_days));
    }
    let end = cutoff.saturating_add(horizon_days);
    if end > today {
        let days_left = end.saturating_sub(today);
        return Err(BacktestError::HorizonOpen { days_left });
    }
    let seen = history.until(cutoff);
    let standings = seen.standings(cutoff);
    if standings.is_empty() {
        return Err(BacktestError::NobodyOrdered);
    }
    let outcomes: Vec<bool> = standings
        .iter()
        .map(|own| history.buys_after(own.account, cutoff, horizon_days))
        .collect();
    let years = card.rules.years();
    let outlook = Outlook::of(&seen, cutoff, horizon_days, years);
    let predictions = &outlook.orders;
    let version = outlook.version(Target::Order);
    let scorecard = Scorecard::new(&seen, &standings, card);
    let ratings: Vec<Rating> = standings.iter().map(|own| scorecard.rate(own)).collect();
    let scores: Vec<f64> = ratings.iter().map(|own| own.score).collect();
    let ranked = |scores: &[f64]| Ranking::of(scores, &outcomes);
    let mut found = Backtest {
        accounts: outcomes.len(),
        positives: outcomes.iter().filter(|outcome| **outcome).count(),
        probability: Probabilities::of(&predictions.probabilities, &outcomes),
        scorecard: ranked(&scores),
        statuses: statuses(history, &standings, &ratings, &outcomes, end, card),
        baselines: Baselines {
            recency: ranked(&baselines::recency(&standings)),
            frequency: ranked(&baselines::frequency(&standings)),
            rfm: ranked(&baselines::rfm(&standings)),
            bg_nbd: ranked(&predictions.expected_purchases),
        },
        model: Learned::from(version),
        shrinking: outlook.shrinking(&standings, &history.until(end), horizon_days, years),
        non_renewal: outlook.non_renewals(&standings, history, horizon_days, years, today),
        warnings: Vec::new(),
    };
    found.warnings = warnings(&found);
    let silent_days = history.last_day().map_or(0, |last| end - last);
    if silent_days > horizon_days / QUIET_PART {
        found.warnings.push(format!(
            "the last {silent_days} days of the horizon have no order of anybody: the history may end \
             before it, and then too few are counted as ordering again"
        ));
    }
    Ok(found)
}

/// What came of the accounts of each status; whether they have it at the end of the day `end` is seen
/// only to judge them.
fn statuses(
    history: &History,
    standings: &[Standing<'_>],
    ratings: &[Rating],
    outcomes: &[bool],
    end: i32,
    card: Card<'_>,
) -> Vec<StatusOutcome> {
    let seen = history.until(end);
    let scorecard = Scorecard::new(&seen, &seen.standings(end), card);
    let later = |own: &Standing<'_>| {
        let later = seen.standing(own.account, end);
        later.map(|later| scorecard.rate(&later).status)
    };
    let later: Vec<Option<Status>> = standings.iter().map(later).collect();
    let all = [Status::Green, Status::Yellow, Status::Red, Status::Unrated];
    let of = |status: Status| {
        let places = (0..ratings.len()).filter(|place| ratings[*place].status == status);
        let places: Vec<usize> = places.collect();
        let part = |is: &dyn Fn(usize) -> bool| {
            let count = places.iter().filter(|place| is(**place)).count();
            (!places.is_empty()).then(|| count as f64 / places.len() as f64)
        };
        StatusOutcome {
            status,
            accounts: places.len(),
            ordered: part(&|place| outcomes[place]),
            kept: part(&|place| later[place] == Some(status)),
        }
    };
    all.map(of).to_vec()
}

fn warnings(found: &Backtest) -> Vec<String> {
    let mut warnings = Vec::new();
    let recency = found.baselines.recency.auc;
    for (name, auc) in [
        ("probability", found.probability.ranking.auc),
        ("scorecard", found.scorecard.auc),
    ] {
        if let (Some(own), Some(recency)) = (auc, recency)
            && own <= recency + NO_BETTER
        {
            warnings.push(format!(
                "the {name} ranks no better than the days since the last order (AUC {own:.3} \
                 against {recency:.3})"
            ));
        }
    }
    if recency.is_none() {
        warnings
            .push("all or none of the accounts ordered again: nothing to tell apart".to_owned());
    }
    if found.model.kind == Model::PurchaseProcess {
        warnings.push(
            "the history before the cutoff is too short to learn from: the probability is that of \
             the purchase process alone"
                .to_owned(),
        );
    }
    warnings
}

#[cfg(test)]
mod tests;
