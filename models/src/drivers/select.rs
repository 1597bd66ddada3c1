//! Which segments are worth naming, by minimum description length.
//!
//! The account begins as one sentence: nothing moved, or everything moved alike. A segment that
//! deviates earns a place when its deviation saves more than it costs to say: the logarithm of how
//! many segments of its depth were searched, and half the logarithm of the facts that its own
//! number is fitted to (Rissanen 1978, Schwarz 1978). Segments are taken one by one, and each is
//! looked at again in the light of the others: exchanged, or split in two, where that says more
//! with less.

use super::Condition;
use super::lattice::{Cells, Lattice, Moments, Sums};
use super::search::Search;

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

/// What a second look may make good.
const NEAR: f64 = 30.0;
/// A segment of so many cells is large.
const LARGE: usize = 20_000;
/// So many large segments are remembered.
const KEPT: usize = 3;

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
    /// The sums with nothing taken, and with one large segment: to take away few cells from a copy
    /// is quicker than to give many back.
    nothing_taken: Sums,
    one_taken: Vec<(Vec<Condition>, Sums)>,
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
        let taken = Taken {
            moments: self.cells.total(&cells),
            conditions,
            cells,
        };
        let is_first = self.taken.is_empty();
        let mut known = self.one_taken.iter();
        if is_first && let Some((_, sums)) = known.find(|(own, _)| *own == taken.conditions) {
            self.lattice.come_back(sums);
        } else {
            self.lattice.change(self.cells, &taken.cells, false);
            if is_first && taken.cells.len() >= LARGE && self.one_taken.len() < KEPT {
                self.one_taken
                    .push((taken.conditions.clone(), self.lattice.sums()));
            }
        }
        self.mark(self.taken.len(), taken);
    }

    /// Notes that a segment is taken; the lattice knows.
    fn mark(&mut self, index: usize, taken: Taken) {
        for cell in &taken.cells {
            self.free[*cell as usize] = false;
        }
        self.rest = self.rest.without(&taken.moments);
        self.taken.insert(index, taken);
    }

    fn give_back(&mut self, index: usize) -> Taken {
        let taken = self.taken.remove(index);
        for cell in &taken.cells {
            self.free[*cell as usize] = true;
        }
        self.rest = self
            .rest
            .without(&Moments::default().without(&taken.moments));
        let others: usize = self.taken.iter().map(|other| other.cells.len()).sum();
        if others < taken.cells.len() {
            self.lattice.come_back(&self.nothing_taken);
            for other in &self.taken {
                self.lattice.change(self.cells, &other.cells, false);
            }
        } else {
            self.lattice.change(self.cells, &taken.cells, true);
        }
        taken
    }

    /// Takes exactly these, in this order.
    fn restore(&mut self, list: Vec<Vec<Condition>>) {
        let same = self.taken.iter().zip(&list);
        let same = same
            .take_while(|(taken, conditions)| taken.conditions == **conditions)
            .count();
        while self.taken.len() > same {
            self.give_back(self.taken.len() - 1);
        }
        for conditions in list.into_iter().skip(same) {
            self.take(conditions);
        }
    }

    fn list(&self) -> Vec<Vec<Condition>> {
        self.taken
            .iter()
            .map(|taken| taken.conditions.clone())
            .collect()
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
            self.search
                .moved(node)
                .map_or(0.0, |deviation| deviation.likelihood)
        };
        let cost = |taken: &Taken| {
            self.search
                .cost(taken.conditions.len(), taken.moments.count(), &self.sizes)
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
            for index in 0..self.taken.len() {
                better |= self.exchange(index);
            }
            if !better {
                return;
            }
            self.fill();
        }
    }

    /// Exchanges a segment for one or two others where that saves more.
    fn exchange(&mut self, index: usize) -> bool {
        let before = self.saved();
        let sums = self.lattice.sums();
        let old = self.give_back(index);
        let barred = vec![old.conditions.clone()];
        let mut best: (f64, Vec<Vec<Condition>>) = (before + 1e-6, Vec::new());
        let mut others = Vec::new();
        // alone it was the best already, but two may be better than it
        while others.len() < 2
            && self.taken.len() < self.search.most
            && let Some(other) = self.best(&barred)
        {
            others.push(other.clone());
            self.take(other);
            let saved = self.saved();
            if saved > best.0 {
                best = (saved, others.clone());
            }
        }
        let (_, wanted) = best;
        while others.len() > wanted.len() {
            others.pop();
            self.give_back(self.taken.len() - 1);
        }
        if wanted.is_empty() {
            self.lattice.come_back(&sums);
            self.mark(index, old);
            return false;
        }
        true
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
        self.restore(
            order
                .into_iter()
                .map(|(_, conditions)| conditions)
                .collect(),
        );
        let kept = self.taken.iter().filter(|taken| {
            let z = self.z(taken);
            let cost = self
                .search
                .cost(taken.conditions.len(), taken.moments.count(), &self.sizes);
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
        nothing_taken: lattice.sums(),
        one_taken: Vec::new(),
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
    let mut paths = vec![(true, None), (true, shared)];
    if shared.is_none() {
        paths.clear();
    }
    if !shared.is_some_and(|change| search.is_elsewhere(change, &state.rest)) {
        paths.push((false, None));
    }
    // the ways to begin, and then a second look at those that come near the best
    let mut begun: Vec<(f64, bool, Vec<Vec<Condition>>)> = Vec::new();
    for (common, first) in paths {
        (state.common, state.first) = (common, first);
        state.restore(Vec::new());
        state.fill();
        state.first = None;
        state.fill();
        let (saved, list) = (state.saved(), state.list());
        if !begun
            .iter()
            .any(|(_, other, known)| *other == common && *known == list)
        {
            begun.push((saved, common, list));
        }
    }
    let most = begun
        .iter()
        .map(|(saved, ..)| *saved)
        .fold(f64::NEG_INFINITY, f64::max);
    let mut best: Option<(f64, Choice)> = None;
    for (saved, common, list) in begun {
        if saved < most - NEAR {
            continue;
        }
        state.common = common;
        state.restore(list);
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
