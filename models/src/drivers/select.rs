//! Which segments are worth naming, by minimum description length.
//!
//! The account begins as one sentence: nothing moved, or everything moved alike. A segment that
//! deviates earns a place when its deviation saves more than it costs to say: the logarithm of how
//! many segments of its depth were searched, and half the logarithm of the facts that its own
//! number is fitted to (Rissanen 1978, Schwarz 1978). Segments are taken one by one, and each is
//! looked at again in the light of the others: exchanged, or split in two, where that says more
//! with less.

use super::Condition;
use super::decompose::Form;
use super::lattice::{Cells, Lattice, Moments};

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

/// A segment as it was chosen.
#[derive(Debug, Clone)]
pub struct Chosen {
    pub(super) conditions: Vec<Condition>,
    /// Its deviation in standard errors, as the search saw it.
    pub(super) z: f64,
}

/// What the search found.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// The segments, the clearest first. A record belongs to the first that it meets.
    pub(super) segments: Vec<Chosen>,
    /// Whether the rest moved alike, too.
    pub(super) common: bool,
    /// How many segments were searched, by depth.
    pub(super) searched: Vec<usize>,
}

/// How far a node deviates: which way, and half the square of how many standard errors, as a
/// logarithm of likelihoods.
#[derive(Debug, Clone, Copy)]
struct Deviation {
    up: bool,
    likelihood: f64,
}

/// Facts of the usual spread that a node's own spread is mixed with: a few that happen to agree
/// are not certain.
const PRIOR: f64 = 4.0;

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
        let none = Deviation { up: false, likelihood: 0.0 };
        let [was, is] = node.sum;
        let pooled = (node.square[0] + node.square[1]) / (was + is);
        // a few facts of one period say little of their size
        let size = |period: usize| {
            (node.square[period] + PRIOR * pooled * pooled) / (node.sum[period] + PRIOR * pooled)
        };
        if was < 0.0 || is < 0.0 || growth <= 0.0 {
            // returns and credits: by the normal distribution
            let variance = node.square[1] + growth * growth * node.square[0]
                - 2.0 * growth * node.product + was * was * growth * growth * error;
            let deviation = is - growth * was;
            return Deviation {
                up: deviation > 0.0,
                likelihood: if variance > 0.0 { deviation * deviation / variance / 2.0 } else { 0.0 },
            };
        }
        if was + is <= 0.0 {
            return none;
        }
        let (small, large) = (size(0), size(1));
        let usual = (was / small + is / large) / (1.0 / small + growth / large);
        let part = |sum: f64, usual: f64, size: f64| {
            let log = if sum > 0.0 { sum * (sum / usual).ln() } else { 0.0 };
            (log - (sum - usual)) / size
        };
        let likelihood = part(was, usual, small) + part(is, growth * usual, large);
        // units that come again each period vary less than counts, and an uncertain growth more
        let counts = node.square[0] * growth * growth + node.square[1];
        let really = counts - 2.0 * growth * node.product + is * is * error;
        let ratio = if really > 0.0 { (counts / really).min(8.0) } else { 1.0 };
        Deviation { up: is > growth * was, likelihood: (likelihood * ratio).max(0.0) }
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
    fn given(&self, node: &Moments, change: f64) -> Option<Deviation> {
        match self.form {
            Form::Sum => Some(Self::sum_against(node, change, 0.0)),
            Form::Ratio => self.ratio_against(node, change, 0.0),
        }
    }

    /// The change of a node: by what a sum grew, or what a ratio moved.
    fn change(&self, node: &Moments) -> Option<f64> {
        match self.form {
            Form::Sum => (node.sum[0] > 0.0 && node.sum[1] > 0.0).then(|| node.sum[1] / node.sum[0]),
            Form::Ratio => {
                let (was, _) = mean_of(node, 0, self.spread)?;
                let (is, _) = mean_of(node, 1, self.spread)?;
                Some(is - was)
            }
        }
    }

    /// The change that most facts share: the middle one of the values of the dimension that went
    /// apart most, so that a few values that moved much do not move what they are held against.
    fn shared(&self, cells: &Cells, cardinalities: &[u32], all: &Moments) -> Option<f64> {
        let whole = self.change(all)?;
        let mut best: Option<(f64, f64)> = None;
        for dimension in 0..cardinalities.len() {
            let values = cells.values(dimension, cardinalities[dimension]);
            let mut changes: Vec<(f64, f64)> = Vec::new();
            let mut apart = 0.0;
            for node in values.iter().filter(|node| node.count() >= self.support) {
                let Some(change) = self.change(node) else { continue };
                apart += self.given(node, whole).map_or(0.0, |deviation| deviation.likelihood) - 0.5;
                changes.push((change, node.count()));
            }
            changes.sort_by(|left, right| left.0.total_cmp(&right.0));
            let mut half = changes.iter().map(|(_, count)| count).sum::<f64>() / 2.0;
            let middle = changes.iter().find(|(_, count)| {
                half -= count;
                half <= 0.0
            });
            if let Some((middle, _)) = middle
                && best.is_none_or(|(other, _)| apart > other)
            {
                best = Some((apart, *middle));
            }
        }
        best.map(|(_, middle)| middle)
    }

    /// How a node went where nothing moved.
    fn moved(&self, node: &Moments) -> Option<Deviation> {
        let still = match self.form {
            Form::Sum => 1.0,
            Form::Ratio => self.still,
        };
        self.given(node, still)
    }

    /// How far a node deviates: from no change, or from the change of all others.
    fn against(&self, node: &Moments, all: &Moments, common: bool) -> Option<Deviation> {
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
    fn worth(&self, deviation: Option<Deviation>, depth: usize, node: &Moments, sizes: &[usize]) -> f64 {
        let likelihood = deviation.map_or(0.0, |deviation| deviation.likelihood);
        likelihood - self.cost(depth, node.count(), sizes)
    }

    fn cost(&self, depth: usize, count: f64, sizes: &[usize]) -> f64 {
        let searched = self.depth as f64 * sizes[depth - 1].max(1) as f64;
        // of two halves that went apart, the smaller one is the exception
        searched.ln() + count.max(2.0).ln() / 2.0 + 3.0 * count / self.records.max(1.0)
    }
}

/// A segment that is taken out of the lattice.
#[derive(Debug, Clone)]
struct Taken {
    conditions: Vec<Condition>,
    cells: Vec<u32>,
    moments: Moments,
}

/// The state of a search: what is taken, and the lattice of what is not.
struct State<'a> {
    search: Search,
    cells: &'a Cells,
    lattice: Lattice,
    sizes: Vec<usize>,
    free: Vec<bool>,
    /// What is not taken.
    rest: Moments,
    taken: Vec<Taken>,
    common: bool,
    /// A change that is held against while the first are taken, in place of that of all others.
    first: Option<f64>,
}

impl State<'_> {
    fn best(&self, barred: &[Vec<Condition>]) -> Option<Vec<Condition>> {
        let judge = |depth: usize, node: &Moments| {
            let deviation = match self.first {
                Some(change) => self.search.given(node, change),
                None => self.search.against(node, &self.rest, self.common),
            };
            self.search.worth(deviation, depth, node, &self.sizes)
        };
        let found = self.lattice.best(judge, barred);
        found.map(|(conditions, _)| conditions)
    }

    fn take(&mut self, conditions: Vec<Condition>) {
        let mut cells = self.cells.of(&conditions);
        cells.retain(|cell| self.free[*cell as usize]);
        for cell in &cells {
            self.free[*cell as usize] = false;
        }
        self.lattice.change(self.cells, &cells, false);
        let moments = self.cells.total(&cells);
        self.rest = self.rest.without(&moments);
        self.taken.push(Taken {
            conditions,
            cells,
            moments,
        });
    }

    fn give_back(&mut self, index: usize) -> Vec<Condition> {
        let taken = self.taken.remove(index);
        for cell in &taken.cells {
            self.free[*cell as usize] = true;
        }
        self.lattice.change(self.cells, &taken.cells, true);
        let zero = Moments::default();
        self.rest = self.rest.without(&zero.without(&taken.moments));
        taken.conditions
    }

    fn restore(&mut self, list: Vec<Vec<Condition>>) {
        while !self.taken.is_empty() {
            self.give_back(self.taken.len() - 1);
        }
        for conditions in list {
            self.take(conditions);
        }
    }

    fn list(&self) -> Vec<Vec<Condition>> {
        self.taken.iter().map(|taken| taken.conditions.clone()).collect()
    }

    /// Takes the best until none is worth it.
    fn fill(&mut self) {
        while self.taken.len() < self.search.most
            && let Some(conditions) = self.best(&[])
        {
            self.take(conditions);
        }
    }

    /// What the whole account saves against "nothing moved".
    fn saved(&self) -> f64 {
        let likelihood = |node: &Moments| {
            self.search.moved(node).map_or(0.0, |deviation| deviation.likelihood)
        };
        let cost = |taken: &Taken| {
            self.search.cost(taken.conditions.len(), taken.moments.count(), &self.sizes)
        };
        let named: f64 = self
            .taken
            .iter()
            .map(|taken| likelihood(&taken.moments) - cost(taken))
            .sum();
        let common = if self.common {
            likelihood(&self.rest) - self.rest.count().max(2.0).ln() / 2.0
        } else {
            0.0
        };
        named + common
    }

    /// Looks at each segment again: whether another, or two others, say more.
    fn look_again(&mut self) {
        for _ in 0..2 {
            let mut better = false;
            let mut index = 0;
            while index < self.taken.len() {
                let (before, list) = (self.saved(), self.list());
                let old = self.give_back(index);
                let mut proposals = Vec::new();
                if self.taken.is_empty() {
                    // alone it was the best already
                } else if let Some(new) = self.best(&[])
                    && new != old
                {
                    self.take(new);
                    proposals.push((self.saved(), self.list()));
                    self.give_back(self.taken.len() - 1);
                }
                if self.taken.len() + 2 <= self.search.most
                    && let Some(first) = self.best(std::slice::from_ref(&old))
                {
                    self.take(first);
                    if let Some(second) = self.best(std::slice::from_ref(&old)) {
                        self.take(second);
                        proposals.push((self.saved(), self.list()));
                    }
                }
                let best = proposals
                    .into_iter()
                    .filter(|(saved, _)| *saved > before + 1e-6)
                    .max_by(|left, right| left.0.total_cmp(&right.0));
                better |= best.is_some();
                self.restore(best.map_or(list, |(_, list)| list));
                index += 1;
            }
            if !better {
                return;
            }
            self.fill();
        }
    }

    fn z(&self, taken: &Taken) -> f64 {
        let zero = Moments::default();
        let with = self.rest.without(&zero.without(&taken.moments));
        let deviation = self.search.against(&taken.moments, &with, self.common);
        deviation.map_or(0.0, |deviation| {
            let z = (2.0 * deviation.likelihood).sqrt();
            if deviation.up { z } else { -z }
        })
    }

    /// Puts the clearest first and takes them anew in that order, so that each is what it meets
    /// and no earlier one does.
    fn settle(&mut self) -> Vec<Chosen> {
        let mut order: Vec<(f64, Vec<Condition>)> = self
            .taken
            .iter()
            .map(|taken| (self.z(taken), taken.conditions.clone()))
            .collect();
        order.sort_by(|left, right| right.0.abs().total_cmp(&left.0.abs()));
        self.restore(order.into_iter().map(|(_, conditions)| conditions).collect());
        let kept = self.taken.iter().filter(|taken| {
            let z = self.z(taken);
            let cost = self.search.cost(taken.conditions.len(), taken.moments.count(), &self.sizes);
            z * z / 2.0 > cost
        });
        let kept: Vec<Vec<Condition>> = kept.map(|taken| taken.conditions.clone()).collect();
        if kept.len() < self.taken.len() {
            self.restore(kept);
        }
        self.taken
            .iter()
            .map(|taken| Chosen {
                conditions: taken.conditions.clone(),
                z: self.z(taken),
            })
            .collect()
    }
}

/// Chooses the segments.
pub fn choose(cells: &Cells, cardinalities: &[u32], search: Search) -> Choice {
    let lattice = Lattice::new(cells, cardinalities, search.depth, search.support);
    let sizes = lattice.sizes(search.depth);
    let all: Vec<u32> = cells.of(&[]);
    let mut state = State {
        search,
        cells,
        lattice,
        sizes: sizes.clone(),
        free: vec![true; all.len()],
        rest: cells.total(&all),
        taken: Vec::new(),
        common: false,
        first: None,
    };
    let shared = search.shared(cells, cardinalities, &state.rest);
    let mut best: Option<(f64, Choice)> = None;
    for (common, first) in [(true, None), (true, shared), (false, None)] {
        if common && shared.is_none() {
            continue;
        }
        state.restore(Vec::new());
        (state.common, state.first) = (common, first);
        state.fill();
        state.first = None;
        state.fill();
        state.look_again();
        let segments = state.settle();
        let saved = state.saved();
        if best.as_ref().is_none_or(|(other, _)| saved > *other) {
            let searched = sizes.clone();
            let choice = Choice {
                segments,
                common,
                searched,
            };
            best = Some((saved, choice));
        }
    }
    best.map(|(_, choice)| choice).unwrap_or_default()
}
