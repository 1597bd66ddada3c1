//! Puts segments together to the account that says the most with the least.
//!
//! Two accounts are compared by how badly each fits the same parts: those into which both together
//! divide the facts. Measured by its own total, a segment that holds a cause and as much that did
//! not move would look as good as the cause; measured by its parts it does not.

use std::collections::HashMap;
use std::ops::Range;

use super::Condition;
use super::cells::{Cells, Moments};
use super::coarse::coarse;
use super::search::Search;

/// Segments that are tried at once, at most one for each bit.
const MOST: usize = 96;
/// Steps of a descent at most.
const STEPS: usize = 40;

/// An account in the making: its segments by their places in the pool, in the order in which
/// records meet them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Model {
    pub(super) segments: Vec<usize>,
    pub(super) common: bool,
}

/// Whether all that meets `one` meets `other`.
pub(super) fn generalises(other: &[Condition], one: &[Condition]) -> bool {
    other.len() < one.len() && other.iter().all(|condition| one.contains(condition))
}

/// Facts that are in the same of the tried segments.
struct Atom {
    within: u128,
    moments: Moments,
}

/// The segments that are tried, and the facts divided by them.
pub(super) struct Pool {
    search: Search,
    sizes: Vec<usize>,
    pub(super) segments: Vec<Vec<Condition>>,
    atoms: Vec<Atom>,
}

impl Pool {
    pub(super) fn new(search: Search, sizes: Vec<usize>) -> Self {
        Self {
            search,
            sizes,
            segments: Vec::new(),
            atoms: Vec::new(),
        }
    }

    /// The place of a segment, which is taken in where it is not known.
    pub(super) fn place(&mut self, segment: &[Condition]) -> usize {
        let known = self.segments.iter().position(|own| own == segment);
        known.unwrap_or_else(|| {
            self.segments.push(segment.to_vec());
            self.segments.len() - 1
        })
    }

    /// Takes segments in as far as there is room.
    pub(super) fn fill(&mut self, segments: impl Iterator<Item = Vec<Condition>>) {
        for segment in segments {
            if self.segments.len() < MOST {
                self.place(&segment);
            }
        }
    }

    /// Keeps the segments of a model only.
    pub(super) fn keep(&mut self, model: &mut Model) {
        let kept = model.segments.iter();
        self.segments = kept.map(|own| self.segments[*own].clone()).collect();
        model.segments = (0..self.segments.len()).collect();
    }

    /// Divides cells by the segments.
    pub(super) fn divide(&mut self, cells: &Cells, range: &Range<usize>) {
        // by dimension and code, the segments that it does not rule out
        let tables: Vec<Vec<u128>> = cells
            .codes
            .iter()
            .enumerate()
            .map(|(dimension, codes)| {
                let count = codes.iter().max().map_or(0, |code| *code as usize + 1);
                let mut table = vec![u128::MAX; count];
                for (index, segment) in self.segments.iter().enumerate() {
                    if let Some((_, code)) = segment.iter().find(|(own, _)| *own == dimension) {
                        for (other, mask) in table.iter_mut().enumerate() {
                            if other != *code as usize {
                                *mask &= !(1 << index);
                            }
                        }
                    }
                }
                table
            })
            .collect();
        let all = (1 << self.segments.len()) - 1;
        let mut places: HashMap<u128, usize> = HashMap::new();
        self.atoms.clear();
        self.atoms.push(Atom {
            within: 0,
            moments: Moments::default(),
        });
        for cell in range.clone() {
            let columns = tables.iter().zip(&cells.codes);
            let within = columns.fold(all, |within, (table, codes)| {
                within & table[codes[cell] as usize]
            });
            let index = if within == 0 {
                0
            } else {
                *places.entry(within).or_insert_with(|| {
                    self.atoms.push(Atom {
                        within,
                        moments: Moments::default(),
                    });
                    self.atoms.len() - 1
                })
            };
            self.atoms[index].moments.add(&cells.leaves[cell]);
        }
    }

    /// Puts a segment into a list: before the first that holds all of it, else last.
    pub(super) fn insert(&self, list: &mut Vec<usize>, segment: usize) {
        let own = &self.segments[segment];
        let before = list
            .iter()
            .position(|other| generalises(&self.segments[*other], own));
        list.insert(before.unwrap_or(list.len()), segment);
    }

    fn label(model: &Model, atom: &Atom) -> usize {
        let mut segments = model.segments.iter();
        let first = segments.position(|segment| atom.within >> segment & 1 == 1);
        first.unwrap_or(model.segments.len())
    }

    /// What is in each segment of a model and in none before it, and the rest.
    pub(super) fn parts(&self, model: &Model) -> Vec<Moments> {
        let mut parts = vec![Moments::default(); model.segments.len() + 1];
        for atom in &self.atoms {
            let own = &mut parts[Self::label(model, atom)];
            *own = own.plus(&atom.moments);
        }
        parts
    }

    /// What it takes to say a model, and the change of each of its parts.
    fn said(&self, model: &Model, parts: &[Moments]) -> (f64, Vec<f64>) {
        let mut cost = 0.0;
        let mut changes = Vec::with_capacity(parts.len());
        for (segment, part) in model.segments.iter().zip(parts) {
            let depth = self.segments[*segment].len();
            cost += if part.count() < self.search.support {
                f64::INFINITY
            } else {
                self.search.cost(depth, part.count(), &self.sizes)
            };
            changes.push(self.search.fitted(part));
        }
        let rest = &parts[parts.len() - 1];
        if model.common {
            cost += rest.count().max(2.0).ln() / 2.0;
            changes.push(self.search.fitted(rest));
        } else {
            changes.push(self.search.still());
        }
        (cost, changes)
    }

    /// How much better the other model is.
    pub(super) fn gain(&self, one: &Model, other: &Model) -> f64 {
        let labels: Vec<usize> = self.atoms.iter().map(|a| Self::label(one, a)).collect();
        self.gain_over(one, &labels, other)
    }

    fn gain_over(&self, one: &Model, labels: &[usize], other: &Model) -> f64 {
        let width = other.segments.len() + 1;
        let mut shared = vec![Moments::default(); (one.segments.len() + 1) * width];
        for (atom, label) in self.atoms.iter().zip(labels) {
            let own = &mut shared[label * width + Self::label(other, atom)];
            *own = own.plus(&atom.moments);
        }
        let mut parts = vec![Moments::default(); one.segments.len() + 1];
        let mut others = vec![Moments::default(); width];
        for (place, moments) in shared.iter().enumerate() {
            parts[place / width] = parts[place / width].plus(moments);
            others[place % width] = others[place % width].plus(moments);
        }
        let (cost, changes) = self.said(one, &parts);
        let (other_cost, other_changes) = self.said(other, &others);
        let mut gain = cost - other_cost;
        for (place, moments) in shared.iter().enumerate() {
            let (change, other) = (changes[place / width], other_changes[place % width]);
            if change.to_bits() != other.to_bits() && moments.count() > 0.5 {
                gain += self.search.misfit(moments, change) - self.search.misfit(moments, other);
            }
        }
        gain
    }

    /// Changes a model step by step, the best step first, as long as that says more with less.
    pub(super) fn improve(&self, mut model: Model, may_be_common: bool) -> Model {
        for _ in 0..STEPS {
            let labels: Vec<usize> = self.atoms.iter().map(|a| Self::label(&model, a)).collect();
            let mut best: Option<(f64, Model)> = None;
            for other in self.neighbours(&model, may_be_common) {
                let gain = coarse(self.gain_over(&model, &labels, &other));
                if gain > best.as_ref().map_or(1e-6, |(best, _)| *best) {
                    best = Some((gain, other));
                }
            }
            match best {
                Some((_, better)) => model = better,
                None => break,
            }
        }
        model
    }

    /// The models that are one step away.
    fn neighbours(&self, model: &Model, may_be_common: bool) -> Vec<Model> {
        let mut neighbours = Vec::new();
        let mut push = |segments: Vec<usize>, common: bool| {
            neighbours.push(Model { segments, common });
        };
        let common = model.common;
        if may_be_common {
            push(model.segments.clone(), !common);
        }
        let new: Vec<usize> = (0..self.segments.len())
            .filter(|segment| !model.segments.contains(segment))
            .collect();
        let with = |list: &[usize], more: &[usize]| {
            let mut list = list.to_vec();
            for segment in more {
                self.insert(&mut list, *segment);
            }
            list
        };
        if model.segments.len() < self.search.most {
            for segment in &new {
                push(with(&model.segments, &[*segment]), common);
            }
        }
        for index in 0..model.segments.len() {
            let mut others = model.segments.clone();
            let old = others.remove(index);
            push(others.clone(), common);
            if may_be_common {
                push(others.clone(), !common);
            }
            let own = &self.segments[old];
            for segment in &new {
                push(with(&others, &[*segment]), common);
                // one for all that it holds
                let held = |other: &&usize| {
                    !generalises(&self.segments[*segment], &self.segments[**other])
                };
                let fewer: Vec<usize> = others.iter().filter(held).copied().collect();
                if fewer.len() < others.len() && generalises(&self.segments[*segment], own) {
                    push(with(&fewer, &[*segment]), common);
                }
            }
            // two parts for one
            if model.segments.len() < self.search.most {
                let inner: Vec<usize> = new
                    .iter()
                    .filter(|segment| generalises(own, &self.segments[**segment]))
                    .copied()
                    .collect();
                for (place, one) in inner.iter().enumerate() {
                    for other in &inner[place + 1..] {
                        push(with(&others, &[*one, *other]), common);
                    }
                }
            }
        }
        neighbours
    }
}
