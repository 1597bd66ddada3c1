//! The probability that a contract which runs out has no successor.
//!
//! Learned from the contracts that ran out earlier, each as it and its account stood on days before its
//! end, once the 90 days after it are over.

use std::collections::HashSet;

use super::evidence::Term;
use super::history::{History, Standing};
use super::learning::{self, FEWEST, Lesson, regression, tried};
use super::logistic::{Calibration, Logistic, logistic};
use super::lunar::Years;
use super::probability::Model;
use super::version::{Target, Version};

/// A successor is signed by so many days after the end.
pub(super) const DECIDED_DAYS: i32 = 90;
const YEAR: i32 = 365;
const QUARTER: i32 = 91;
const ALL: usize = 9;

/// A contract by its account and its place among those of the account.
type Place = (usize, usize);

/// A model of which contracts are not renewed.
pub(super) struct RenewalModel {
    fitted: Option<(Logistic<ALL>, Calibration)>,
    years: Years,
    pub(super) version: Version,
}

/// The contracts of an account that run out in the days after a day and have no successor on it.
pub(super) fn open<'a>(
    standing: &Standing<'a>,
    horizon_days: i32,
) -> impl Iterator<Item = (usize, &'a Term)> + use<'a> {
    let (day, end) = (standing.day, standing.day.saturating_add(horizon_days));
    standing
        .evidence
        .terms
        .iter()
        .enumerate()
        .filter(move |(_, own)| {
            let is_open = own.signed <= day && own.renewed.is_none_or(|at| at > day);
            is_open && own.expires > day && own.expires <= end
        })
}

fn features(standing: &Standing<'_>, term: &Term, horizon_days: i32, years: Years) -> [f64; ALL] {
    let day = standing.day;
    let middle = years.before(day);
    let now = standing.amount_of(middle, day).max(0.0);
    let before = standing.amount_of(years.before(middle), middle).max(0.0);
    let trend = if now + before > 0.0 {
        now / (now + before)
    } else {
        0.5
    };
    let rhythm = standing
        .median_gap_days()
        .unwrap_or(f64::from(QUARTER))
        .max(1.0);
    let renewed = standing.evidence.terms.iter();
    let renewed = renewed
        .filter(|own| own.renewed.is_some_and(|at| at <= day))
        .count();
    [
        (standing.silent_days() / rhythm).ln_1p(),
        trend,
        standing.purchases_between(0, YEAR).ln_1p(),
        standing.age_days().ln_1p(),
        f64::from(term.expires - day) / f64::from(horizon_days),
        standing.two_way_within(QUARTER).ln_1p(),
        standing.paid_in_time(YEAR).unwrap_or(1.0),
        standing.trouble_within(YEAR).ln_1p(),
        (renewed as f64).ln_1p(),
    ]
}

impl RenewalModel {
    /// Learns from what is known at the end of `day`, which `seen` ends with.
    pub(super) fn learn(seen: &History, day: i32, horizon_days: i32, years: Years) -> Self {
        let known_after = horizon_days.saturating_add(DECIDED_DAYS);
        let mut lessons = Vec::new();
        let (mut kept, mut ended): (HashSet<Place>, HashSet<Place>) = Default::default();
        let days = if seen.has_terms() {
            learning::days(seen, day, horizon_days, known_after)
        } else {
            Vec::new()
        };
        for lesson_day in days {
            let mut lesson = Lesson {
                day: lesson_day,
                features: Vec::new(),
                outcomes: Vec::new(),
            };
            for standing in seen.standings(lesson_day) {
                for (place, term) in open(&standing, horizon_days) {
                    let ends = term.renewed.is_none();
                    let of = if ends { &mut ended } else { &mut kept };
                    of.insert((standing.account, place));
                    lesson.outcomes.push(ends);
                    lesson
                        .features
                        .push(features(&standing, term, horizon_days, years));
                }
            }
            lessons.push(lesson);
        }
        // a contract is on several days: what counts is how many there are
        let is_enough = kept.len().min(ended.len()) >= FEWEST;
        let tried = is_enough.then(|| tried(&lessons, known_after)).flatten();
        let trial = tried.as_ref().map(|tried| tried.trial);
        let fitted = tried.and_then(|tried| Some((regression(&lessons)?, tried.calibration)));
        let kind = if fitted.is_some() {
            Model::Fitted
        } else {
            Model::NotEnoughHistory
        };
        Self {
            fitted,
            years,
            version: Version::of(Target::NonRenewal, kind, horizon_days, &lessons, trial),
        }
    }

    /// The probability of each standing, of the contract that is least likely renewed; `None` where none
    /// runs out, and for all where the history is too short.
    pub(super) fn predict(&self, standings: &[Standing<'_>]) -> Vec<Option<f64>> {
        let of = |standing: &Standing<'_>| {
            let (model, calibration) = self.fitted.as_ref()?;
            let horizon = self.version.horizon_days;
            let all = open(standing, horizon).map(|(_, term)| {
                let features = features(standing, term, horizon, self.years);
                logistic(calibration.apply(model.log_odds(&features)))
            });
            all.max_by(f64::total_cmp)
        };
        standings.iter().map(of).collect()
    }
}

/// Whether one of the contracts of an account that run out after `standing`'s day has no successor;
/// `None` where none runs out. `seen` is what is known later.
pub(super) fn ends(seen: &History, standing: &Standing<'_>, horizon_days: i32) -> Option<bool> {
    let later = seen.standing(standing.account, standing.day)?;
    let mut all = open(&later, horizon_days).peekable();
    all.peek()?;
    Some(all.any(|(_, term)| term.renewed.is_none()))
}
