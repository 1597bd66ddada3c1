//! How many purchases to expect, by the BG/NBD model of Fader, Hardie and Lee, "Counting Your
//! Customers the Easy Way" (Marketing Science 24, 2005).
//!
//! While alive an account buys at random at a rate of its own (gamma: `r`, `alpha`); after each
//! purchase it may be gone for good, with a probability of its own (beta: `a`, `b`). The likelihood is
//! flat where a history tells little, and without a penalty the parameters run away on histories
//! of regular buyers; so the squares of the parameters, with the longest history as the unit of time, are held small.

use std::collections::BTreeMap;

use super::history::Standing;
use super::simplex::minimise;

/// Weight of the squares of the parameters against the mean log likelihood.
const PENALTY: f64 = 0.01;
/// Parameters are between e^-15 and e^15: beyond, nothing changes but the rounding.
const LOG_MOST: f64 = 15.0;
/// Histories that agree to this part of the longest one are fitted as one.
const CELLS: f64 = 1_000.0;

/// The fitted model; time in days.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PurchaseProcess {
    r: f64,
    alpha: f64,
    a: f64,
    b: f64,
}

/// Accounts with the same history; the longest is the unit of time.
struct Cell {
    repeats: usize,
    last: f64,
    age: f64,
    weight: f64,
}

impl PurchaseProcess {
    /// Fits the model to accounts; `None` where nobody's history has any length. `near` is where the
    /// search begins, such as the fit of a day before.
    pub fn fit(standings: &[Standing<'_>], near: Option<&Self>) -> Option<Self> {
        let longest = standings.iter().map(Standing::age_days).fold(0.0, f64::max);
        if longest <= 0.0 {
            return None;
        }
        let scale = 1.0 / longest;
        let cells = cells(standings, longest);
        let start = near.map_or([0.1; 4], |near| {
            [near.r, near.alpha * scale, near.a, near.b].map(f64::ln)
        });
        let (found, _) = minimise(start, |logs| {
            let [r, alpha, a, b] = logs.map(parameter);
            let squares = r * r + alpha * alpha + a * a + b * b;
            PENALTY * squares - mean_log_likelihood(&cells, r, alpha, a, b)
        });
        let [r, alpha, a, b] = found.map(parameter);
        Some(Self {
            r,
            alpha: alpha / scale,
            a,
            b,
        })
    }

    /// The purchases to expect of an account in the next `days` days, at least 0.
    ///
    /// Equation 10 of the paper, with the hypergeometric function transformed (Euler) so that its
    /// series converges fast for any account.
    pub fn expected_purchases(&self, standing: &Standing<'_>, days: f64) -> f64 {
        let repeats = standing.count() - 1.0;
        let age = standing.age_days();
        let last = age - standing.silent_days();
        let Self { r, alpha, a, b } = *self;
        // The formula has removable singularities there.
        let a = if (a - 1.0).abs() < 1e-6 { a + 2e-6 } else { a };
        let base = a + b + repeats - 1.0;
        let base = if base.abs() < 1e-6 { 2e-6 } else { base };
        let passed = days / (alpha + age + days);
        let series = hypergeometric(a + b - 1.0 - r, a - 1.0, base, passed);
        let alive_purchases = base / (a - 1.0) * (1.0 - (1.0 - passed).powf(a - 1.0) * series);
        let gone = if repeats > 0.0 {
            a / (b + repeats - 1.0) * ((alpha + age) / (alpha + last)).powf(r + repeats)
        } else {
            0.0
        };
        let expected = alive_purchases / (1.0 + gone);
        if expected.is_finite() {
            expected.max(0.0)
        } else {
            0.0
        }
    }
}

/// The parameter of which the search moves the logarithm.
fn parameter(log: f64) -> f64 {
    log.clamp(-LOG_MOST, LOG_MOST).exp()
}

fn cells(standings: &[Standing<'_>], longest: f64) -> Vec<Cell> {
    let step = (longest / CELLS).max(1.0);
    let mut counts: BTreeMap<(usize, i32, i32), u32> = BTreeMap::new();
    for standing in standings {
        let cell = |days: f64| {
            #[allow(clippy::cast_possible_truncation, reason = "below the number of cells")]
            let cell = (days / step).round() as i32;
            cell
        };
        let age = standing.age_days();
        let last = age - standing.silent_days();
        let key = (standing.purchases.len() - 1, cell(last), cell(age));
        *counts.entry(key).or_default() += 1;
    }
    let unit = step / longest;
    let cells = counts
        .into_iter()
        .map(|((repeats, last, age), count)| Cell {
            repeats,
            last: f64::from(last) * unit,
            age: f64::from(age) * unit,
            weight: f64::from(count),
        });
    cells.collect()
}

/// Equation 6 of the paper. Ratios of gamma functions at whole steps are sums of logarithms, made
/// once for all cells.
fn mean_log_likelihood(cells: &[Cell], r: f64, alpha: f64, a: f64, b: f64) -> f64 {
    let most = cells.iter().map(|cell| cell.repeats).max().unwrap_or(0);
    let mut of_repeats = Vec::with_capacity(most + 1);
    let mut sum = r * alpha.ln();
    for repeats in 0..=most {
        of_repeats.push(sum);
        let done = repeats as f64;
        sum += (r + done).ln() + (b + done).ln() - (a + b + done).ln();
    }
    let mut total = 0.0;
    let mut weights = 0.0;
    for cell in cells {
        let repeats = cell.repeats as f64;
        let alive = -(r + repeats) * (alpha + cell.age).ln();
        let either = if cell.repeats == 0 {
            alive
        } else {
            let gone = (a / (b + repeats - 1.0)).ln() - (r + repeats) * (alpha + cell.last).ln();
            let (less, more) = if alive < gone {
                (alive, gone)
            } else {
                (gone, alive)
            };
            more + (less - more).exp().ln_1p()
        };
        total += cell.weight * (of_repeats[cell.repeats] + either);
        weights += cell.weight;
    }
    total / weights
}

/// The series of 2F1(p, q; s; z) for 0 <= z < 1.
fn hypergeometric(p: f64, q: f64, s: f64, z: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    for step in 0..2_000 {
        let done = f64::from(step);
        term *= (p + done) * (q + done) / ((s + done) * (done + 1.0)) * z;
        sum += term;
        if term.abs() <= 1e-15 * sum.abs() {
            break;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::history::{History, LineKind, OrderLine};

    fn bought(days: &[i32]) -> History {
        let lines = days.iter().map(|day| OrderLine {
            account: 0,
            day: *day,
            kind: LineKind::Sale,
            amount: 1.0,
            untaxed: None,
            product: None,
        });
        History::new(1, lines)
    }

    /// The published fit for CDNOW's sample in weeks, and a customer of the paper's note: x = 2,
    /// `t_x` = 30.43, T = 38.86 expects 1.226 purchases in the next 39 weeks.
    #[test]
    fn expects_what_the_paper_expects() {
        let weeks = PurchaseProcess {
            r: 0.243,
            alpha: 4.414 * 7.0,
            a: 0.793,
            b: 2.426,
        };
        let history = bought(&[0, 100, 213]);
        let standing = history.standing(0, 272).unwrap();
        let expected = weeks.expected_purchases(&standing, 273.0);
        assert!((expected - 1.226).abs() < 2e-3, "{expected}");
    }

    #[test]
    fn the_longer_the_silence_the_less_is_expected() {
        let model = PurchaseProcess {
            r: 2.2,
            alpha: 246.8,
            a: 0.0233,
            b: 0.82,
        };
        let history = bought(&[0, 90, 180, 270]);
        let expected: Vec<f64> = [280, 360, 500, 900]
            .iter()
            .map(|day| {
                let standing = history.standing(0, *day).unwrap();
                model.expected_purchases(&standing, 91.0)
            })
            .collect();
        assert!(
            expected.is_sorted_by(|left, right| left > right),
            "{expected:?}"
        );
    }
}
