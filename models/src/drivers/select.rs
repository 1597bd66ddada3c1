//! Which segments are worth naming, by minimum description length.
//!
//! The account begins as one sentence: nothing moved, or everything moved alike. A segment that
//! deviates earns a place when its deviation saves more than it costs to say: the logarithm of how
//! many segments of its depth were searched, and half the logarithm of the facts that its own
//! number is fitted to (Rissanen 1978, Schwarz 1978). Segments are taken one by one, from several
//! beginnings; what was taken, and what lies near it, is then put together anew ([`refine`]).
//!
//! [`refine`]: super::refine

use std::ops::Range;

use super::Condition;
use super::cells::Moments;
use super::coarse::coarse;
use super::lattice::Lattice;
use super::refine::{Model, Pool};
use super::search::{Deviation, Search};

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

/// Rounds of looking for what else lies near.
const ROUNDS: usize = 2;
/// Segments of one more condition that are looked at for each that was taken.
const CHILDREN: usize = 3;
/// What is left without a segment of so many cells is kept,
const LARGE: usize = 5_000;
/// for so many lists of segments.
const KNOWN: usize = 8;
/// Values by themselves that are looked at.
const VALUES: usize = 16;

/// A search over some of the cells.
struct Taking<'a> {
    search: Search,
    range: Range<usize>,
    lattice: &'a Lattice<'a>,
    sizes: Vec<usize>,
    all: Moments,
    /// What is left without some segments, to come back to.
    known: Vec<Left<'a>>,
}

/// What is not taken yet.
#[derive(Clone)]
struct Left<'a> {
    taken: Vec<Vec<Condition>>,
    lattice: Lattice<'a>,
    is_free: Vec<bool>,
    rest: Moments,
}

impl<'a> Taking<'a> {
    /// What is left where segments are taken, from the nearest that is known.
    fn without(&mut self, segments: &[Vec<Condition>]) -> Left<'a> {
        let known = self.known.iter().filter(|left| {
            let mut taken = left.taken.iter();
            taken.all(|segment| segments.contains(segment))
        });
        let nearest = known.max_by_key(|left| left.taken.len());
        let mut left = nearest.cloned().unwrap_or_else(|| Left {
            taken: Vec::new(),
            lattice: self.lattice.clone(),
            is_free: vec![true; self.range.len()],
            rest: self.all,
        });
        for segment in segments {
            if !left.taken.contains(segment) {
                self.take(&mut left, segment);
            }
        }
        left
    }

    fn take(&mut self, left: &mut Left<'a>, conditions: &[Condition]) {
        let cells = self.lattice.cells();
        let mut own = cells.of(&self.range, conditions);
        own.retain(|cell| left.is_free[*cell as usize - self.range.start]);
        let mut taken = Moments::default();
        for cell in &own {
            taken.add(&cells.leaves[*cell as usize]);
            left.is_free[*cell as usize - self.range.start] = false;
        }
        left.rest = left.rest.without(&taken);
        left.lattice.take(&own);
        left.taken.push(conditions.to_vec());
        if own.len() >= LARGE && self.known.len() < KNOWN {
            self.known.push(left.clone());
        }
    }

    /// The best segment of each depth of what is left, the best of all first.
    fn best(
        &self,
        left: &Left<'_>,
        deviation: impl Fn(&Moments) -> Option<Deviation>,
    ) -> Vec<Vec<Condition>> {
        let judge = |depth: usize, node: &Moments| {
            let deviation = deviation(node);
            coarse(self.search.worth(deviation, depth, node, &self.sizes))
        };
        let mut best = left.lattice.best(judge);
        best.sort_by(|one, other| other.2.total_cmp(&one.2));
        best.into_iter()
            .map(|(conditions, ..)| conditions)
            .collect()
    }

    /// Takes the best until none is worth it, first against `change` and then against the others.
    ///
    /// `others` are the best of the other depths.
    fn begin(
        &mut self,
        common: bool,
        change: Option<f64>,
        pool: &mut Pool,
        others: &mut Vec<Vec<Condition>>,
    ) -> Model {
        let mut left = self.without(&[]);
        let mut model = Model {
            common,
            ..Model::default()
        };
        let mut change = change;
        while model.segments.len() < self.search.most {
            let found = match change {
                Some(change) => self.best(&left, |node| self.search.given(node, change)),
                None => self.best(&left, |node| self.search.against(node, &left.rest, common)),
            };
            if let Some(best) = found.first() {
                let mut taken = left.taken.clone();
                taken.push(best.clone());
                left = self.without(&taken);
                model.segments.push(pool.place(best));
            } else if change.take().is_none() {
                break;
            }
            others.extend(found.into_iter().skip(1));
        }
        model
    }

    /// The segments of one more condition by which a segment falls apart the most.
    fn children(&self, segment: &[Condition]) -> Vec<Vec<Condition>> {
        let Some(own) = self.lattice.node(segment) else {
            return Vec::new();
        };
        let change = self.search.fitted(&own);
        let children = self.lattice.children(segment).into_iter();
        let mut children: Vec<(f64, Vec<Condition>)> = children
            .map(|(conditions, node)| {
                let apart = self.search.misfit(&node, change)
                    + self.search.misfit(&own.without(&node), change);
                let cost = self
                    .search
                    .cost(conditions.len(), node.count(), &self.sizes);
                (coarse(apart - cost), conditions)
            })
            .collect();
        children.sort_by(|left, right| right.0.total_cmp(&left.0));
        let children = children.into_iter().take(CHILDREN);
        children.map(|(_, conditions)| conditions).collect()
    }

    /// What lies near some segments: those of one condition less, and of one more.
    fn near(&self, segments: &[Vec<Condition>]) -> Vec<Vec<Condition>> {
        let mut wider = Vec::new();
        for segment in segments.iter().filter(|segment| segment.len() > 1) {
            for left_out in 0..segment.len() {
                let mut less = segment.clone();
                less.remove(left_out);
                wider.push(less);
            }
        }
        let mut near: Vec<_> = segments.iter().flat_map(|own| self.children(own)).collect();
        let inside: Vec<_> = wider.iter().flat_map(|own| self.children(own)).collect();
        near.extend(wider);
        near.extend(inside);
        near
    }

    /// The values by themselves that went the furthest from any of some changes.
    fn values(&self, changes: &[f64]) -> Vec<Vec<Condition>> {
        let mut values: Vec<(f64, Vec<Condition>)> = (0..self.lattice.dimensions())
            .flat_map(|dimension| self.lattice.values(dimension))
            .map(|(condition, node)| {
                let far = changes
                    .iter()
                    .map(|change| self.search.misfit(&node, *change));
                (coarse(far.fold(0.0, f64::max)), vec![condition])
            })
            .filter(|(far, _)| *far > 4.0)
            .collect();
        values.sort_by(|left, right| right.0.total_cmp(&left.0));
        let values = values.into_iter().take(VALUES);
        values.map(|(_, conditions)| conditions).collect()
    }

    /// The model as a choice: the clearest first, but none after one that holds all of it.
    fn choice(&self, pool: &Pool, model: &Model) -> Choice {
        let z = |parts: &[Moments], index: usize| {
            let rest = parts[parts.len() - 1];
            let all = rest.plus(&parts[index]);
            let deviation = self.search.against(&parts[index], &all, model.common);
            deviation.map_or(0.0, |deviation| {
                let z = (2.0 * deviation.likelihood).sqrt();
                if deviation.up { z } else { -z }
            })
        };
        let parts = pool.parts(model);
        let mut order: Vec<usize> = (0..model.segments.len()).collect();
        let clear = |index: &usize| coarse(z(&parts, *index).abs());
        order.sort_by(|left, right| clear(right).total_cmp(&clear(left)));
        let mut sorted = Model {
            common: model.common,
            ..Model::default()
        };
        for index in order {
            pool.insert(&mut sorted.segments, model.segments[index]);
        }
        let parts = pool.parts(&sorted);
        let segments = sorted.segments.iter().enumerate();
        Choice {
            segments: segments
                .map(|(index, segment)| Chosen {
                    conditions: pool.segments[*segment].clone(),
                    z: z(&parts, index),
                })
                .collect(),
            common: model.common,
            searched: self.sizes.clone(),
        }
    }
}

/// Chooses the segments of some of the cells, which are those of the lattice.
pub fn choose(lattice: &Lattice<'_>, range: Range<usize>, search: Search) -> Choice {
    let mut all = Moments::default();
    for leaf in &lattice.cells().leaves[range.clone()] {
        all.add(leaf);
    }
    let mut taking = Taking {
        known: Vec::new(),
        search,
        sizes: lattice.sizes(),
        range,
        lattice,
        all,
    };
    let mut pool = Pool::new(search, taking.sizes.clone());
    let shared = search.shared(lattice, &all);
    let mut others = Vec::new();
    let mut models = vec![taking.begin(false, None, &mut pool, &mut others)];
    let may_be_common = shared.is_some();
    if may_be_common {
        models.push(taking.begin(true, None, &mut pool, &mut others));
        models.push(taking.begin(true, shared, &mut pool, &mut others));
    }
    let mut changes = vec![search.still(), search.fitted(&all)];
    changes.extend(shared);
    // whichever of both is said, and from whichever beginning
    let mut begun: Vec<Model> = Vec::new();
    for model in models {
        for common in [false, may_be_common] {
            let segments = model.segments.clone();
            let model = Model { segments, common };
            if !begun.contains(&model) {
                begun.push(model);
            }
        }
    }
    let near = taking.near(&pool.segments);
    let values = taking.values(&changes);
    pool.fill(values.into_iter().chain(others).chain(near));
    pool.divide(lattice.cells(), &taking.range);
    let mut best = Model::default();
    for model in begun {
        let model = pool.improve(model, may_be_common);
        if pool.gain(&best, &model) > 0.0 {
            best = model;
        }
    }
    for _ in 0..ROUNDS {
        let known = pool.segments.clone();
        pool.keep(&mut best);
        let near = taking.near(&pool.segments);
        // what is left may have come to light
        let left = taking.without(&pool.segments);
        let common = best.common;
        let found = taking.best(&left, |node| search.against(node, &left.rest, common));
        pool.fill(found.into_iter().chain(near));
        let is_new = |segment: &Vec<Condition>| !known.contains(segment);
        pool.divide(lattice.cells(), &taking.range);
        if !pool.segments.iter().any(is_new) {
            break;
        }
        let better = pool.improve(best.clone(), may_be_common);
        if better == best {
            break;
        }
        best = better;
    }
    taking.choice(&pool, &best)
}
