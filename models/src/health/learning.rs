//! Learning from earlier days, each with what came of it, and trying what was learned on a day that it
//! had not seen.

use super::history::History;
use super::logistic::{Calibration, Logistic, Rows, logistic};
use super::measures::Probabilities;
use super::version::Trial;

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
pub(super) const FEWEST: usize = 20;

/// What one earlier day teaches.
pub(super) struct Lesson<const N: usize> {
    pub(super) day: i32,
    pub(super) features: Vec<[f64; N]>,
    pub(super) outcomes: Vec<bool>,
}

/// What was learned, once it was tried.
pub(super) struct Tried {
    pub(super) calibration: Calibration,
    pub(super) trial: Trial,
}

/// The days to learn from, `known_after` days after each of which it is known what came of it, the
/// latest first. Before a horizon has passed there is nothing to tell accounts apart by.
pub(super) fn days(seen: &History, day: i32, horizon_days: i32, known_after: i32) -> Vec<i32> {
    let Some(first) = seen.first_day() else {
        return Vec::new();
    };
    let apart = (horizon_days / APART).max(1);
    (0..DAYS)
        .map(|index| i64::from(day) - i64::from(known_after) - i64::from(index) * i64::from(apart))
        .filter(|own| own - i64::from(first) >= i64::from(horizon_days))
        .filter_map(|own| i32::try_from(own).ok())
        .collect()
}

/// Of so many accounts on so many days every how manieth is taken.
pub(super) fn stride(accounts: usize, days: usize) -> usize {
    (accounts * days).div_ceil(MOST_ROWS).max(1)
}

/// Lessons the latest first; `None` where too few of them end either way.
pub(super) fn regression<const N: usize>(lessons: &[Lesson<N>]) -> Option<Logistic<N>> {
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

/// A model of the lessons whose outcome was known on the day of the latest, tried on that one.
pub(super) fn tried<const N: usize>(lessons: &[Lesson<N>], known_after: i32) -> Option<Tried> {
    let latest = lessons.first()?;
    let known = lessons
        .iter()
        .position(|lesson| lesson.day + known_after <= latest.day)?;
    let earlier = regression(&lessons[known..])?;
    let odds = latest.features.iter().map(|row| earlier.log_odds(row));
    let odds: Vec<f64> = odds.collect();
    let probabilities: Vec<f64> = odds.iter().map(|odds| logistic(*odds)).collect();
    let measured = Probabilities::of(&probabilities, &latest.outcomes);
    Some(Tried {
        calibration: Calibration::fit(&odds, &latest.outcomes),
        trial: Trial {
            day: latest.day,
            accounts: latest.outcomes.len(),
            positives: positives(std::slice::from_ref(latest)),
            auc: measured.ranking.auc,
            average_precision: measured.ranking.average_precision,
            brier: measured.brier,
        },
    })
}

/// How many of the outcomes came.
pub(super) fn positives<const N: usize>(lessons: &[Lesson<N>]) -> usize {
    let outcomes = lessons.iter().flat_map(|lesson| &lesson.outcomes);
    outcomes.filter(|outcome| **outcome).count()
}

/// How many rows are learned from.
pub(super) fn rows<const N: usize>(lessons: &[Lesson<N>]) -> usize {
    lessons.iter().map(|lesson| lesson.outcomes.len()).sum()
}
