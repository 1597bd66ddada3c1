//! Sums over every combination of up to three dimensions, from one pass over the leaf cells.
//!
//! A node is a value of one, two or three dimensions. Values with too few facts share one place
//! that is no segment, since no node with them can have more. Only the combinations of most
//! dimensions are added up from the cells, densely or by hash where the values are many; those of
//! fewer are sums of their nodes. Taking a segment away subtracts its cells only.

use std::ops::Range;

use super::Condition;
use super::cells::{Cells, Moments};
use super::group::{Adding, Group, Shape};

/// Cells that are added to all groups before the next are read: they stay near the processor.
const BLOCK: usize = 1 << 13;
/// Below so many additions one processor is as quick as several.
const FEW: usize = 1 << 18;

/// All combinations of up to `depth` of `count` things.
fn combinations(count: usize, depth: usize) -> Vec<Vec<usize>> {
    let mut all: Vec<Vec<usize>> = Vec::new();
    let mut last: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..depth {
        let mut next = Vec::new();
        for one in &last {
            for more in one.last().map_or(0, |last| last + 1)..count {
                let mut longer = one.clone();
                longer.push(more);
                next.push(longer);
            }
        }
        all.extend(next.iter().cloned());
        last = next;
    }
    all
}

/// Does something with every group, on all processors where there is enough to do.
fn in_parallel(groups: &mut [Group], cells: usize, work: impl Fn(&mut [Group]) + Sync) {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    if threads == 1 || groups.len() * cells < FEW {
        return work(groups);
    }
    let each = groups.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        for chunk in groups.chunks_mut(each) {
            scope.spawn(|| work(chunk));
        }
    });
}

/// The best segment of a depth, its moments and its worth.
pub(super) type Best = (Vec<Condition>, Moments, f64);

/// The sums over all combinations.
#[derive(Debug, Clone)]
pub struct Lattice<'a> {
    shape: &'a Shape,
    cells: &'a Cells,
    /// Of most dimensions first, added up from the cells; the others are sums of theirs.
    groups: Vec<Group>,
    /// How many are added up from the cells.
    direct: usize,
    /// For each of the others, the group whose nodes it sums.
    parents: Vec<usize>,
    support: f64,
}

impl<'a> Lattice<'a> {
    /// Adds a range of the cells up over all combinations.
    pub fn new(cells: &'a Cells, range: Range<usize>, shape: &'a Shape, support: f64) -> Self {
        let mut lists = combinations(shape.values.len(), shape.depth);
        lists.sort_by_key(|list| std::cmp::Reverse(list.len()));
        let direct = lists
            .iter()
            .filter(|list| list.len() == shape.depth)
            .count();
        let parents = lists[direct..].iter().map(|list| {
            let above = lists.iter().enumerate().filter(|(_, other)| {
                other.len() == list.len() + 1 && list.iter().all(|own| other.contains(own))
            });
            let size = |other: &[usize]| -> f64 {
                let sizes = other.iter().map(|own| shape.values[*own].len() as f64);
                sizes.product()
            };
            let least = above.min_by(|(_, left), (_, right)| size(left).total_cmp(&size(right)));
            least.map_or(0, |(index, _)| index)
        });
        let parents = parents.collect();
        let groups = lists.into_iter().map(|list| Group::new(shape, list));
        let mut lattice = Self {
            groups: groups.collect(),
            shape,
            cells,
            direct,
            parents,
            support,
        };
        lattice.add(range.len(), 1.0, |start| {
            let start = range.start + start;
            start..(start + BLOCK).min(range.end)
        });
        lattice
    }

    /// Adds `count` cells, block by block.
    fn add<I: Iterator<Item = usize>>(
        &mut self,
        count: usize,
        sign: f64,
        block: impl Fn(usize) -> I + Sync,
    ) {
        let adding = Adding {
            cells: self.cells,
            places: &self.shape.places,
            products: self.shape.products,
            sign,
        };
        in_parallel(&mut self.groups[..self.direct], count, |groups| {
            for start in (0..count).step_by(BLOCK) {
                for group in groups.iter_mut() {
                    group.add(&adding, block(start));
                }
            }
        });
        self.sum_up();
    }

    fn sum_up(&mut self) {
        for (index, parent) in (self.direct..).zip(&self.parents) {
            let (above, own) = self.groups.split_at_mut(index);
            own[0].marginal(&above[*parent], self.shape.products);
        }
    }

    /// The sums of this one and one of other cells.
    pub(super) fn joined(&self, other: &Self, support: f64) -> Self {
        let mut joined = self.clone();
        joined.support = support;
        for (own, more) in joined.groups.iter_mut().zip(&other.groups) {
            own.join(more, self.shape.products);
        }
        joined
    }

    /// Takes cells away from every node.
    pub(super) fn take(&mut self, which: &[u32]) {
        self.add(which.len(), -1.0, |start| {
            let block = &which[start..(start + BLOCK).min(which.len())];
            block.iter().map(|cell| *cell as usize)
        });
    }

    /// Of each depth the node that `judge` gives the most, above 0; `judge` sees the depth and the
    /// moments.
    pub(super) fn best(&self, judge: impl Fn(usize, &Moments) -> f64) -> Vec<Best> {
        let mut best: Vec<Option<Best>> = vec![None; self.shape.depth];
        for group in &self.groups {
            let depth = group.dimensions.len();
            group.each(|place, index| {
                if group.count(index) < self.support {
                    return;
                }
                let moments = group.moments(index);
                let worth = judge(depth, &moments);
                let known = &mut best[depth - 1];
                if worth > known.as_ref().map_or(0.0, |(.., worth)| *worth)
                    && let Some(conditions) = group.conditions(self.shape, place)
                {
                    *known = Some((conditions, moments, worth));
                }
            });
        }
        best.into_iter().flatten().collect()
    }

    /// The nodes of one dimension.
    pub(super) fn values(&self, dimension: usize) -> Vec<(Condition, Moments)> {
        let mut groups = self.groups.iter();
        let Some(group) = groups.find(|group| group.dimensions == [dimension]) else {
            return Vec::new();
        };
        let mut values = Vec::new();
        group.each(|place, index| {
            let conditions = group.conditions(self.shape, place);
            if let Some(condition) = conditions.and_then(|own| own.first().copied())
                && group.count(index) >= self.support
            {
                values.push((condition, group.moments(index)));
            }
        });
        values
    }

    /// The nodes of one more condition.
    pub(super) fn children(&self, conditions: &[Condition]) -> Vec<(Vec<Condition>, Moments)> {
        let mut children = Vec::new();
        let groups = self.groups.iter().filter(|group| {
            group.dimensions.len() == conditions.len() + 1
                && conditions
                    .iter()
                    .all(|(dimension, _)| group.dimensions.contains(dimension))
        });
        for group in groups {
            // the place of the node itself, and the step between the values of the new dimension
            let (mut base, mut step, mut count) = (0, 1, 0);
            for (dimension, size) in group.dimensions.iter().zip(&group.sizes) {
                let own = conditions.iter().find(|(own, _)| own == dimension);
                let place = own.map(|(_, code)| self.shape.values[*dimension].binary_search(code));
                base *= *size as u64;
                step *= *size as u64;
                match place {
                    Some(Ok(place)) => base += place as u64,
                    Some(Err(_)) => return children,
                    None => (step, count) = (1, *size - 1),
                }
            }
            for value in 0..count as u64 {
                let place = base + value * step;
                if let Some(index) = group.known(place)
                    && group.count(index) >= self.support
                    && let Some(conditions) = group.conditions(self.shape, place)
                {
                    children.push((conditions, group.moments(index)));
                }
            }
        }
        children
    }

    /// The moments of a node; nothing where its values are rare.
    pub(super) fn node(&self, conditions: &[Condition]) -> Option<Moments> {
        let mut groups = self.groups.iter();
        let group = groups.find(|group| {
            let own = conditions.iter().map(|(dimension, _)| dimension);
            group.dimensions.iter().eq(own)
        })?;
        let mut place = 0;
        for ((dimension, code), size) in conditions.iter().zip(&group.sizes) {
            let own = self.shape.values[*dimension].binary_search(code).ok()?;
            place = place * *size as u64 + own as u64;
        }
        Some(group.moments(group.known(place)?))
    }

    /// The cells that were added up.
    pub(super) fn cells(&self) -> &'a Cells {
        self.cells
    }

    /// How many dimensions there are.
    pub(super) fn dimensions(&self) -> usize {
        self.shape.values.len()
    }

    /// How many nodes there are to search, by depth.
    pub(super) fn sizes(&self) -> Vec<usize> {
        let mut sizes = vec![0; self.shape.depth];
        for group in &self.groups {
            group.each(|place, index| {
                let is_searched = group.count(index) >= self.support
                    && group.conditions(self.shape, place).is_some();
                sizes[group.dimensions.len() - 1] += usize::from(is_searched);
            });
        }
        sizes
    }
}

#[cfg(test)]
mod tests;
