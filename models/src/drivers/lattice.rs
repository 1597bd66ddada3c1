//! Sums over every combination of up to three dimensions, from one pass over the leaf cells.
//!
//! A node is a value of one, two or three dimensions. Values with too few facts are left out at
//! the leaf, since no node with them can have more; what is left is added up densely, or by hash
//! where the values are many. Taking a segment away subtracts its cells only.

use std::collections::HashMap;

use super::Condition;

/// Nodes of a group that are kept as an array; beyond, by hash.
const DENSE: usize = 1 << 22;
/// A value that is too rare to be a segment.
pub(super) const RARE: u32 = u32::MAX;

/// What a node needs to be judged: of each period the sum of the facts less what is usual, of what
/// stands below, and of the squares, and how many facts; and the sum of the products of both periods.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Moments {
    pub(super) sum: [f64; 2],
    pub(super) below: [f64; 2],
    pub(super) square: [f64; 2],
    pub(super) product: f64,
    pub(super) counts: [f64; 2],
}

impl Moments {
    /// How many facts there are, of both periods.
    pub(super) fn count(&self) -> f64 {
        self.counts[0] + self.counts[1]
    }

    fn add(&mut self, leaf: &Leaf, sign: f64) {
        for period in 0..2 {
            self.sum[period] += sign * f64::from(leaf.sum[period]);
            self.below[period] += sign * f64::from(leaf.below[period]);
            self.square[period] += sign * f64::from(leaf.square[period]);
            self.counts[period] += sign * f64::from(leaf.counts[period]);
        }
        self.product += sign * f64::from(leaf.product);
    }

    pub(super) fn without(&self, other: &Self) -> Self {
        let minus = |left: [f64; 2], right: [f64; 2]| [left[0] - right[0], left[1] - right[1]];
        Self {
            sum: minus(self.sum, other.sum),
            below: minus(self.below, other.below),
            square: minus(self.square, other.square),
            product: self.product - other.product,
            counts: minus(self.counts, other.counts),
        }
    }
}

/// The moments of one leaf cell, in half the width: they are read once for every group.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Leaf {
    pub(super) sum: [f32; 2],
    pub(super) below: [f32; 2],
    pub(super) square: [f32; 2],
    pub(super) product: f32,
    pub(super) counts: [f32; 2],
}

impl Leaf {
    pub(super) fn count(&self) -> f64 {
        f64::from(self.counts[0] + self.counts[1])
    }
}

/// Leaf cells: their codes by dimension, and their moments.
#[derive(Debug, Clone, Default)]
pub struct Cells {
    pub(super) codes: Vec<Vec<u32>>,
    pub(super) leaves: Vec<Leaf>,
}

impl Cells {
    fn meets(&self, cell: usize, conditions: &[Condition]) -> bool {
        conditions
            .iter()
            .all(|(dimension, code)| self.codes[*dimension][cell] == *code)
    }

    /// The cells that meet all conditions.
    pub(super) fn of(&self, conditions: &[Condition]) -> Vec<u32> {
        let all = 0..u32::try_from(self.leaves.len()).unwrap_or(u32::MAX);
        all.filter(|cell| self.meets(*cell as usize, conditions))
            .collect()
    }

    /// The moments of each value of a dimension.
    pub(super) fn values(&self, dimension: usize, cardinality: u32) -> Vec<Moments> {
        let mut values = vec![Moments::default(); cardinality as usize];
        for (code, leaf) in self.codes[dimension].iter().zip(&self.leaves) {
            values[*code as usize].add(leaf, 1.0);
        }
        values
    }

    pub(super) fn total(&self, cells: &[u32]) -> Moments {
        let mut total = Moments::default();
        for cell in cells {
            total.add(&self.leaves[*cell as usize], 1.0);
        }
        total
    }
}

/// The nodes of one combination of dimensions.
#[derive(Debug)]
struct Group {
    dimensions: Vec<usize>,
    /// The frequent values of each dimension: their codes, by place.
    values: Vec<Vec<u32>>,
    nodes: Vec<Moments>,
    /// Where the nodes are kept by hash: the place of each.
    sparse: Option<HashMap<u64, u32>>,
}

/// The sums of all nodes, by group.
pub(super) type Sums = Vec<Vec<Moments>>;

/// The sums over all combinations.
#[derive(Debug)]
pub struct Lattice {
    groups: Vec<Group>,
    /// By dimension and cell, the place of its value among the frequent ones.
    places: Vec<Vec<u32>>,
    support: f64,
}

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

/// Adds cells to the nodes of a group of `N` dimensions: what the search spends its time in.
fn add_dense<const N: usize>(
    nodes: &mut [Moments],
    sizes: [usize; N],
    columns: [&[u32]; N],
    leaves: &[Leaf],
    cells: impl Iterator<Item = usize>,
    sign: f64,
) {
    'cells: for cell in cells {
        let mut place = 0;
        for (column, size) in columns.iter().zip(sizes) {
            let own = column[cell];
            if own == RARE {
                continue 'cells;
            }
            place = place * size + own as usize;
        }
        nodes[place].add(&leaves[cell], sign);
    }
}

impl Group {
    fn add(
        &mut self,
        cells: &Cells,
        places: &[Vec<u32>],
        which: impl Iterator<Item = usize>,
        sign: f64,
    ) {
        let leaves = &cells.leaves;
        let column = |index: usize| places[self.dimensions[index]].as_slice();
        let size = |index: usize| self.values[index].len();
        if let Some(sparse) = &mut self.sparse {
            'cells: for cell in which {
                let mut place = 0_u64;
                for (dimension, values) in self.dimensions.iter().zip(&self.values) {
                    let own = places[*dimension][cell];
                    if own == RARE {
                        continue 'cells;
                    }
                    place = place * values.len() as u64 + u64::from(own);
                }
                let next = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
                let index = *sparse.entry(place).or_insert(next) as usize;
                if index == self.nodes.len() {
                    self.nodes.push(Moments::default());
                }
                self.nodes[index].add(&leaves[cell], sign);
            }
            return;
        }
        let nodes = &mut self.nodes;
        match self.dimensions.len() {
            1 => add_dense(nodes, [size(0)], [column(0)], leaves, which, sign),
            2 => {
                let columns = [column(0), column(1)];
                add_dense(nodes, [size(0), size(1)], columns, leaves, which, sign);
            }
            _ => {
                let columns = [column(0), column(1), column(2)];
                add_dense(
                    nodes,
                    [size(0), size(1), size(2)],
                    columns,
                    leaves,
                    which,
                    sign,
                );
            }
        }
    }

    fn conditions(&self, mut place: u64) -> Vec<Condition> {
        let mut conditions = Vec::with_capacity(self.dimensions.len());
        for (dimension, values) in self.dimensions.iter().zip(&self.values).rev() {
            let count = values.len() as u64;
            let own = usize::try_from(place % count).unwrap_or(0);
            conditions.push((*dimension, values[own]));
            place /= count;
        }
        conditions.reverse();
        conditions
    }
}

/// Does something with every group, on all processors.
fn in_parallel(groups: &mut [Group], work: impl Fn(&mut Group) + Sync) {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let each = groups.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        for chunk in groups.chunks_mut(each) {
            scope.spawn(|| chunk.iter_mut().for_each(&work));
        }
    });
}

impl Lattice {
    /// Adds the cells up over all combinations of up to `depth` dimensions, of values with at least
    /// `support` facts.
    pub fn new(cells: &Cells, cardinalities: &[u32], depth: usize, support: f64) -> Self {
        let mut values = Vec::new();
        let mut places = Vec::new();
        for (codes, cardinality) in cells.codes.iter().zip(cardinalities) {
            let mut counts = vec![0.0_f64; *cardinality as usize];
            for (code, leaf) in codes.iter().zip(&cells.leaves) {
                counts[*code as usize] += leaf.count();
            }
            let frequent: Vec<u32> = (0..*cardinality)
                .filter(|code| counts[*code as usize] >= support)
                .collect();
            let mut place = vec![RARE; *cardinality as usize];
            for (own, code) in frequent.iter().enumerate() {
                place[*code as usize] = u32::try_from(own).unwrap_or(RARE);
            }
            places.push(codes.iter().map(|code| place[*code as usize]).collect());
            values.push(frequent);
        }
        // the groups with the most nodes apart, so that the processors share them
        let mut groups: Vec<Group> = combinations(values.len(), depth)
            .into_iter()
            .map(|dimensions| {
                let values: Vec<Vec<u32>> = dimensions.iter().map(|d| values[*d].clone()).collect();
                let size: f64 = values.iter().map(|values| values.len() as f64).product();
                let dense = size <= DENSE as f64;
                let length = values.iter().map(Vec::len).product();
                Group {
                    nodes: if dense {
                        vec![Moments::default(); length]
                    } else {
                        Vec::new()
                    },
                    sparse: (!dense).then(HashMap::new),
                    dimensions,
                    values,
                }
            })
            .collect();
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let mut shared: Vec<Vec<Group>> = (0..threads).map(|_| Vec::new()).collect();
        for (index, group) in groups.drain(..).enumerate() {
            shared[index % threads].push(group);
        }
        let mut lattice = Self {
            groups: shared.into_iter().flatten().collect(),
            places,
            support,
        };
        let places = &lattice.places;
        in_parallel(&mut lattice.groups, |group| {
            group.add(cells, places, 0..cells.leaves.len(), 1.0);
        });
        lattice
    }

    /// Takes cells away from every node, or gives them back.
    pub(super) fn change(&mut self, cells: &Cells, which: &[u32], give_back: bool) {
        let sign = if give_back { 1.0 } else { -1.0 };
        let places = &self.places;
        in_parallel(&mut self.groups, |group| {
            group.add(cells, places, which.iter().map(|cell| *cell as usize), sign);
        });
    }

    /// The sums of all nodes, to come back to.
    pub(super) fn sums(&self) -> Sums {
        self.groups
            .iter()
            .map(|group| group.nodes.clone())
            .collect()
    }

    /// Comes back to sums of before.
    pub(super) fn come_back(&mut self, sums: &Sums) {
        for (group, nodes) in self.groups.iter_mut().zip(sums) {
            group.nodes.clone_from(nodes);
        }
    }

    /// The node that `judge` gives the most, above 0; `judge` sees the depth and the moments.
    pub(super) fn best(
        &self,
        judge: impl Fn(usize, &Moments) -> f64,
        barred: &[Vec<Condition>],
    ) -> Option<(Vec<Condition>, f64)> {
        let mut best: Option<(Vec<Condition>, f64)> = None;
        for group in &self.groups {
            let mut visit = |place: u64, moments: &Moments| {
                if moments.count() < self.support {
                    return;
                }
                let worth = judge(group.dimensions.len(), moments);
                if worth <= best.as_ref().map_or(0.0, |(_, best)| *best) {
                    return;
                }
                let conditions = group.conditions(place);
                if !barred.contains(&conditions) {
                    best = Some((conditions, worth));
                }
            };
            match &group.sparse {
                None => {
                    for (place, moments) in group.nodes.iter().enumerate() {
                        visit(place as u64, moments);
                    }
                }
                Some(sparse) => {
                    for (place, index) in sparse {
                        visit(*place, &group.nodes[*index as usize]);
                    }
                }
            }
        }
        best
    }

    /// How many nodes there are to search, by depth.
    pub(super) fn sizes(&self, depth: usize) -> Vec<usize> {
        let mut sizes = vec![0; depth];
        for group in &self.groups {
            let known = group.nodes.iter();
            sizes[group.dimensions.len() - 1] += known
                .filter(|moments| moments.count() >= self.support)
                .count();
        }
        sizes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells() -> Cells {
        let leaf = |sum: f32| Leaf {
            sum: [sum, 2.0 * sum],
            counts: [1.0, 0.0],
            ..Leaf::default()
        };
        Cells {
            codes: vec![vec![0, 0, 1, 1], vec![0, 1, 0, 1], vec![0, 0, 0, 1]],
            leaves: [1.0, 2.0, 4.0, 8.0].map(leaf).to_vec(),
        }
    }

    #[test]
    fn nodes_are_the_sums_of_their_cells() {
        let cells = cells();
        let mut lattice = Lattice::new(&cells, &[2, 2, 2], 3, 1.0);
        // by one dimension 6, by two 3 + 4 + 3 that occur … and by three the four cells
        assert_eq!(lattice.sizes(3), [6, 4 + 3 + 3, 4]);
        let (best, worth) = lattice.best(|_, moments| moments.sum[0], &[]).unwrap();
        assert!((worth - 12.0).abs() < 1e-9);
        assert_eq!(best, [(0, 1)]);
        lattice.change(&cells, &[3], false);
        let (best, worth) = lattice.best(|_, moments| moments.sum[0], &[]).unwrap();
        assert_eq!(best, [(2, 0)]);
        assert!((worth - cells.total(&[0, 1, 2]).sum[0]).abs() < 1e-9);
    }

    #[test]
    fn rare_values_are_no_segment() {
        let lattice = Lattice::new(&cells(), &[2, 2, 2], 3, 2.0);
        assert_eq!(lattice.sizes(3), [5, 2, 0]);
    }
}
