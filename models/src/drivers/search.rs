//! How a node of the lattice is judged: how far it deviates, and what naming it costs.

use super::cells::Moments;
use super::coarse::coarse;
use super::decompose::Form;
use super::lattice::Lattice;

/// How the search judges.
#[derive(Debug, Clone, Copy)]
pub struct Search {
    pub(super) form: Form,
    /// Where nothing moved, what the difference of the sums (less what is usual) is.
    pub(super) still: f64,
    /// The mean square of the facts of each period, less what is usual.
    pub(super) spread: [f64; 2],
    /// How many facts there are, of both periods.
    pub(super) records: f64,
    pub(super) depth: usize,
    pub(super) support: f64,
    pub(super) most: usize,
}

/// How far a node deviates: which way, and half the square of how many standard errors, as a
/// logarithm of likelihoods.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deviation {
    pub(super) up: bool,
    pub(super) likelihood: f64,
}

/// Facts of the usual spread that a node's own spread is mixed with: a few that happen to agree
/// are not certain.
const PRIOR: f64 = 8.0;

/// The mean of a ratio's facts and the variance of that mean.
fn mean_of(node: &Moments, period: usize, spread: [f64; 2]) -> Option<(f64, f64)> {
    let (below, count) = (node.below[period], node.counts[period]);
    if below <= 0.0 || count < 1.0 {
        return None;
    }
    let sum = node.sum[period];
    let own = (node.square[period] - sum * sum / count).max(0.0);
    let square = (own + PRIOR * spread[period]) * count / (count + PRIOR);
    Some((sum / below, square / (below * below)))
}

impl Search {
    /// How a sum went against what it would be had it grown by `growth`; `error` is the relative
    /// variance of that growth.
    ///
    /// The likelihood ratio of two sums as counts of their own mean size (which is the squares by
    /// the sum): sizes that grow with the sum do not hide that it grew.
    fn sum_against(node: &Moments, growth: f64, error: f64) -> Deviation {
        let still = Deviation {
            up: false,
            likelihood: 0.0,
        };
        let [was, is] = node.sum;
        let pooled = (node.square[0] + node.square[1]) / (was + is);
        // a few facts of one period say little of their size
        let size = |period: usize| {
            (node.square[period] + PRIOR * pooled * pooled) / (node.sum[period] + PRIOR * pooled)
        };
        if was < 0.0 || is < 0.0 || growth <= 0.0 {
            // returns and credits: by the normal distribution
            let variance = node.square[1] + growth * growth * node.square[0]
                - 2.0 * growth * node.product
                + was * was * growth * growth * error;
            let deviation = is - growth * was;
            return Deviation {
                up: deviation > 0.0,
                likelihood: if variance > 0.0 {
                    deviation * deviation / variance / 2.0
                } else {
                    0.0
                },
            };
        }
        if was + is <= 0.0 {
            return still;
        }
        let (small, large) = (size(0), size(1));
        let usual = (was / small + is / large) / (1.0 / small + growth / large);
        let part = |sum: f64, usual: f64, size: f64| {
            let log = if sum > 0.0 {
                sum * (sum / usual).ln()
            } else {
                0.0
            };
            (log - (sum - usual)) / size
        };
        let likelihood = part(was, usual, small) + part(is, growth * usual, large);
        // units that come again each period vary less than counts, and an uncertain growth more
        let counts = node.square[0] * growth * growth + node.square[1];
        let really = counts - 2.0 * growth * node.product + is * is * error;
        let ratio = if really > 0.0 {
            (counts / really).min(8.0)
        } else {
            1.0
        };
        Deviation {
            up: is > growth * was,
            likelihood: (likelihood * ratio).max(0.0),
        }
    }

    /// How a ratio went against a change that is known up to `error`, a variance: the likelihood
    /// ratio of normal facts whose spread is not known (Student 1908).
    fn ratio_against(&self, node: &Moments, change: f64, error: f64) -> Option<Deviation> {
        let (was, was_error) = mean_of(node, 0, self.spread)?;
        let (is, is_error) = mean_of(node, 1, self.spread)?;
        let together = 2.0 * node.product / (node.below[0] * node.below[1]);
        let variance = (was_error + is_error - together).max(0.1 * (was_error + is_error)) + error;
        let deviation = is - was - change;
        if variance <= 0.0 {
            return None;
        }
        let [before, after] = node.counts;
        let count = 4.0 * before * after / (before + after);
        Some(Deviation {
            up: deviation > 0.0,
            likelihood: count / 2.0 * (deviation * deviation / variance / count).ln_1p(),
        })
    }

    /// How a node went against a change that is given: by what a sum grew, or what a ratio moved.
    pub(super) fn given(&self, node: &Moments, change: f64) -> Option<Deviation> {
        match self.form {
            Form::Sum => Some(Self::sum_against(node, change, 0.0)),
            Form::Ratio => self.ratio_against(node, change, 0.0),
        }
    }

    /// The change of a node: by what a sum grew, or what a ratio moved.
    pub(super) fn change(&self, node: &Moments) -> Option<f64> {
        match self.form {
            Form::Sum => {
                (node.sum[0] > 0.0 && node.sum[1] > 0.0).then(|| node.sum[1] / node.sum[0])
            }
            Form::Ratio => {
                let (was, _) = mean_of(node, 0, self.spread)?;
                let (is, _) = mean_of(node, 1, self.spread)?;
                Some(is - was)
            }
        }
    }

    /// The change that most facts share: the middle one of the values of the dimension that went
    /// apart most, so that a few values that moved much do not move what they are held against.
    pub(super) fn shared(&self, lattice: &Lattice<'_>, all: &Moments) -> Option<f64> {
        let whole = self.change(all)?;
        let mut best: Option<(f64, f64)> = None;
        for dimension in 0..lattice.dimensions() {
            let mut changes: Vec<(f64, f64)> = Vec::new();
            let mut apart = 0.0;
            for (_, node) in lattice.values(dimension) {
                let Some(change) = self.change(&node) else {
                    continue;
                };
                apart += self.misfit(&node, whole) - 0.5;
                changes.push((change, node.count()));
            }
            changes.sort_by(|left, right| left.0.total_cmp(&right.0));
            let mut half = changes.iter().map(|(_, count)| count).sum::<f64>() / 2.0;
            let middle = changes.iter().find(|(_, count)| {
                half -= count;
                half <= 0.0
            });
            let apart = coarse(apart);
            if let Some((middle, _)) = middle
                && best.is_none_or(|(other, _)| apart > other)
            {
                best = Some((apart, *middle));
            }
        }
        best.map(|(_, middle)| middle)
    }

    /// The change where nothing moved.
    pub(super) fn still(&self) -> f64 {
        match self.form {
            Form::Sum => 1.0,
            Form::Ratio => self.still,
        }
    }

    /// The change that fits a node best, to hold its parts against; where it has none, the one
    /// where nothing moved.
    pub(super) fn fitted(&self, node: &Moments) -> f64 {
        let change = match self.form {
            Form::Ratio => self.change(node),
            Form::Sum => {
                let [was, is] = node.sum;
                let size = (node.square[0] + node.square[1]).sqrt();
                if was < 0.0 || is < 0.0 {
                    (was != 0.0).then(|| is / was)
                } else {
                    // what enters or leaves did not grow by infinity
                    (size > 0.0).then(|| (is + 1e-3 * size) / (was + 1e-3 * size))
                }
            }
        };
        change.unwrap_or_else(|| self.still())
    }

    /// How badly a change fits a node, as a logarithm of likelihoods.
    pub(super) fn misfit(&self, node: &Moments, change: f64) -> f64 {
        self.given(node, change)
            .map_or(0.0, |deviation| deviation.likelihood)
    }

    /// How a node went where nothing moved.
    pub(super) fn moved(&self, node: &Moments) -> Option<Deviation> {
        self.given(node, self.still())
    }

    /// How far a node deviates: from no change, or from the change of all others.
    pub(super) fn against(&self, node: &Moments, all: &Moments, common: bool) -> Option<Deviation> {
        if !common {
            return self.moved(node);
        }
        let others = all.without(node);
        if others.count() < self.support {
            return None;
        }
        match self.form {
            Form::Sum => {
                let [was, is] = others.sum;
                if was <= 0.0 || is <= 0.0 {
                    return None;
                }
                let error = others.square[0] / (was * was) + others.square[1] / (is * is)
                    - 2.0 * others.product / (was * is);
                Some(Self::sum_against(node, is / was, error.max(0.0)))
            }
            Form::Ratio => {
                let (was, was_error) = mean_of(&others, 0, self.spread)?;
                let (is, is_error) = mean_of(&others, 1, self.spread)?;
                let together = 2.0 * others.product / (others.below[0] * others.below[1]);
                let error = (was_error + is_error - together).max(0.0);
                self.ratio_against(node, is - was, error)
            }
        }
    }

    /// What naming a node saves, less what it costs.
    pub(super) fn worth(
        &self,
        deviation: Option<Deviation>,
        depth: usize,
        node: &Moments,
        sizes: &[usize],
    ) -> f64 {
        let likelihood = deviation.map_or(0.0, |deviation| deviation.likelihood);
        likelihood - self.cost(depth, node.count(), sizes)
    }

    pub(super) fn cost(&self, depth: usize, count: f64, sizes: &[usize]) -> f64 {
        let searched = self.depth as f64 * sizes[depth - 1].max(1) as f64;
        // of two halves that went apart, the smaller one is the exception
        searched.ln() + count.max(2.0).ln() / 2.0 + 3.0 * count / self.records.max(1.0)
    }
}
