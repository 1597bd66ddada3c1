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

/// A deviation and its variance.
type Deviation = (f64, f64);

impl Search {
    /// How far a node deviates from a change that is given.
    fn deviation(&self, node: &Moments, change: f64) -> Option<Deviation> {
        match self.form {
            Form::Sum => {
                let growth = 1.0 + change;
                let variance = node.square[1] + growth * growth * node.square[0]
                    - 2.0 * growth * node.product;
                Some((node.sum[1] - growth * node.sum[0], variance))
            }
            Form::Ratio => {
                let [was, is] = node.below;
                if was <= 0.0 || is <= 0.0 {
                    return None;
                }
                let variance = node.square[1] / (is * is) + node.square[0] / (was * was)
                    - 2.0 * node.product / (was * is);
                Some((node.sum[1] / is - node.sum[0] / was - change, variance))
            }
        }
    }

    /// The change of some facts.
    fn change(&self, node: &Moments) -> Option<f64> {
        match self.form {
            Form::Sum => (node.sum[0] > 0.0 && node.sum[1] > 0.0)
                .then(|| node.sum[1] / node.sum[0] - 1.0),
            Form::Ratio => self.deviation(node, 0.0).map(|(change, _)| change),
        }
    }

    /// How far a node deviates: from no change, or from the change of all others.
    fn against(&self, node: &Moments, all: &Moments, common: bool) -> Option<Deviation> {
        if !common {
            return self.deviation(node, self.still);
        }
        let others = all.without(node);
        if others.count < self.support {
            return None;
        }
        let change = self.change(&others)?;
        let (deviation, own) = self.deviation(node, change)?;
        let (_, theirs) = self.deviation(&others, change)?;
        let weight = match self.form {
            Form::Sum => node.sum[0] / others.sum[0],
            Form::Ratio => 1.0,
        };
        Some((deviation, own + weight * weight * theirs))
    }

    /// What naming a node saves, less what it costs.
    fn worth(&self, deviation: Option<Deviation>, depth: usize, node: &Moments, sizes: &[usize]) -> f64 {
        let Some((deviation, variance)) = deviation else {
            return 0.0;
        };
        if variance <= 0.0 {
            return 0.0;
        }
        deviation * deviation / variance / 2.0 - self.cost(depth, node.count, sizes)
    }

    fn cost(&self, depth: usize, count: f64, sizes: &[usize]) -> f64 {
        (self.depth as f64 * sizes[depth - 1].max(1) as f64).ln() + count.max(2.0).ln() / 2.0
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
}

impl State<'_> {
    fn best(&self, barred: &[Vec<Condition>]) -> Option<Vec<Condition>> {
        let judge = |depth: usize, node: &Moments| {
            let deviation = self.search.against(node, &self.rest, self.common);
            self.search.worth(deviation, depth, node, &self.sizes)
        };
        let found = self.lattice.best(judge, barred);
        found.map(|(node, _)| node.conditions)
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
        let still = self.search.still;
        let half_square = |node: &Moments| match self.search.deviation(node, still) {
            Some((deviation, variance)) if variance > 0.0 => deviation * deviation / variance / 2.0,
            _ => 0.0,
        };
        let named: f64 = self
            .taken
            .iter()
            .map(|taken| {
                let count = taken.moments.count;
                let depth = taken.conditions.len();
                half_square(&taken.moments) - self.search.cost(depth, count, &self.sizes)
            })
            .sum();
        let common = if self.common {
            half_square(&self.rest) - self.rest.count.max(2.0).ln() / 2.0
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
        match self.search.against(&taken.moments, &with, self.common) {
            Some((deviation, variance)) if variance > 0.0 => deviation / variance.sqrt(),
            _ => 0.0,
        }
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
            let cost = self.search.cost(taken.conditions.len(), taken.moments.count, &self.sizes);
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
    };
    let mut best: Option<(f64, Choice)> = None;
    for common in [true, false] {
        state.restore(Vec::new());
        state.common = common;
        if common && search.change(&state.rest).is_none() {
            continue;
        }
        state.fill();
        state.look_again();
        let segments = state.settle();
        let saved = state.saved();
        if best.as_ref().is_none_or(|(other, _)| saved > *other) {
            let searched = sizes.clone();
            best = Some((saved, Choice { segments, common, searched }));
        }
    }
    best.map(|(_, choice)| choice).unwrap_or_default()
}
