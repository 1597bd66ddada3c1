//! Sums over every combination of up to three dimensions, from one pass over the leaf cells.
//!
//! A node is a value of one, two or three dimensions. Values with too few facts share one place
//! that is no segment, since no node with them can have more. Only the combinations of most
//! dimensions are added up from the cells, densely or by hash where the values are many; those of
//! fewer are sums of their nodes. Taking a segment away subtracts its cells only.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;

use super::Condition;
use super::chance::mix;

/// Nodes of a group that are kept as an array; beyond, by hash.
const DENSE: usize = 1 << 19;
/// Cells that are added to all groups before the next are read: they stay near the processor.
const BLOCK: usize = 1 << 13;
/// Below so many additions one processor is as quick as several.
const FEW: usize = 1 << 18;

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

    fn new(sides: [Side; 2], product: f64) -> Self {
        let each = |index: usize| [sides[0][index], sides[1][index]];
        Self {
            sum: each(0),
            below: each(1),
            square: each(2),
            counts: each(3),
            product,
        }
    }

    /// Both together.
    pub(super) fn plus(&self, other: &Self) -> Self {
        let plus = |left: [f64; 2], right: [f64; 2]| [left[0] + right[0], left[1] + right[1]];
        Self {
            sum: plus(self.sum, other.sum),
            below: plus(self.below, other.below),
            square: plus(self.square, other.square),
            product: self.product + other.product,
            counts: plus(self.counts, other.counts),
        }
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

    /// Adds a cell.
    pub(super) fn add(&mut self, cell: &Leaf) {
        let period = usize::from(cell.after);
        self.sum[period] += f64::from(cell.side[0]);
        self.below[period] += f64::from(cell.side[1]);
        self.square[period] += f64::from(cell.side[2]);
        self.counts[period] += f64::from(cell.side[3]);
        self.product += f64::from(cell.product);
    }
}

/// Of one period: the sum, what stands below, the squares, the facts.
pub(super) type Side = [f64; 4];

/// The moments of one leaf cell in one period, in half the width: they are read once for every
/// group.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Leaf {
    /// As in [`Side`].
    pub(super) side: [f32; 4],
    /// The sum of the products with the earlier period; only of cells of the later one.
    pub(super) product: f32,
    /// Whether it is of the later period.
    pub(super) after: bool,
}

impl Leaf {
    /// Adds a fact of the same period.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "half the width suffices for the search"
    )]
    pub(super) fn add(&mut self, side: Side, product: f64) {
        for (own, more) in self.side.iter_mut().zip(side) {
            *own += more as f32;
        }
        self.product += product as f32;
    }
}

/// Leaf cells: their codes by dimension, and their moments; those of one half of the units first.
#[derive(Debug, Clone, Default)]
pub struct Cells {
    pub(super) codes: Vec<Vec<u32>>,
    pub(super) leaves: Vec<Leaf>,
    /// How many cells are of the first half.
    pub(super) first: usize,
}

impl Cells {
    fn meets(&self, cell: usize, conditions: &[Condition]) -> bool {
        conditions
            .iter()
            .all(|(dimension, code)| self.codes[*dimension][cell] == *code)
    }

    /// The cells of a range that meet all conditions.
    pub(super) fn of(&self, range: &Range<usize>, conditions: &[Condition]) -> Vec<u32> {
        let all = range.clone().filter(|cell| self.meets(*cell, conditions));
        all.map(|cell| u32::try_from(cell).unwrap_or(u32::MAX))
            .collect()
    }
}

/// Hashes a place.
#[derive(Debug, Default)]
struct Mixed(u64);

impl Hasher for Mixed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = mix(self.0 ^ u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = mix(self.0 ^ number);
    }
}

type Places = HashMap<u64, u32, BuildHasherDefault<Mixed>>;

/// The nodes of one combination of dimensions.
#[derive(Debug, Clone)]
struct Group {
    dimensions: Vec<usize>,
    /// How many places each dimension has: its frequent values, and one for all others.
    sizes: Vec<usize>,
    nodes: Vec<[Side; 2]>,
    /// The products of both periods by node; empty where no fact has both.
    products: Vec<f64>,
    /// Where the nodes are kept by hash: the place of each.
    sparse: Option<Places>,
}

/// What is added up, the same for every group.
struct Adding<'a> {
    cells: &'a Cells,
    /// By dimension and cell, the place of its value.
    places: &'a [Vec<u32>],
    products: bool,
    sign: f64,
}

/// The frequent values of each dimension, and where each cell has its own.
#[derive(Debug)]
pub struct Shape {
    /// By dimension, the frequent values: their codes, by place.
    values: Vec<Vec<u32>>,
    places: Vec<Vec<u32>>,
    depth: usize,
    products: bool,
}

impl Shape {
    /// The values of at least `support` facts, to be combined up to `depth`.
    pub fn new(cells: &Cells, cardinalities: &[u32], depth: usize, support: f64) -> Self {
        let mut values = Vec::new();
        let mut places = Vec::new();
        for (codes, cardinality) in cells.codes.iter().zip(cardinalities) {
            let mut counts = vec![0.0_f64; *cardinality as usize];
            for (code, leaf) in codes.iter().zip(&cells.leaves) {
                counts[*code as usize] += f64::from(leaf.side[3]);
            }
            let frequent: Vec<u32> = (0..*cardinality)
                .filter(|code| counts[*code as usize] >= support)
                .collect();
            let others = u32::try_from(frequent.len()).unwrap_or(u32::MAX);
            let mut place = vec![others; *cardinality as usize];
            for (own, code) in (0..).zip(&frequent) {
                place[*code as usize] = own;
            }
            places.push(codes.iter().map(|code| place[*code as usize]).collect());
            values.push(frequent);
        }
        Self {
            depth: depth.min(values.len()),
            values,
            places,
            products: cells.leaves.iter().any(|leaf| leaf.product != 0.0),
        }
    }
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

fn add(node: &mut [Side; 2], leaf: &Leaf, sign: f64) {
    let side = &mut node[usize::from(leaf.after)];
    for (own, more) in side.iter_mut().zip(leaf.side) {
        *own += sign * f64::from(more);
    }
}

/// Adds cells to the nodes of a group of `N` dimensions: what the search spends its time in.
fn add_dense<const N: usize>(
    nodes: &mut [[Side; 2]],
    products: &mut [f64],
    sizes: [usize; N],
    columns: [&[u32]; N],
    adding: &Adding<'_>,
    which: impl Iterator<Item = usize>,
) {
    for cell in which {
        let mut place = 0;
        for (column, size) in columns.iter().zip(sizes) {
            place = place * size + column[cell] as usize;
        }
        let leaf = &adding.cells.leaves[cell];
        add(&mut nodes[place], leaf, adding.sign);
        if adding.products {
            products[place] += adding.sign * f64::from(leaf.product);
        }
    }
}

impl Group {
    fn new(shape: &Shape, dimensions: Vec<usize>) -> Self {
        let sizes: Vec<usize> = dimensions
            .iter()
            .map(|dimension| shape.values[*dimension].len() + 1)
            .collect();
        let size: f64 = sizes.iter().map(|size| *size as f64).product();
        let is_dense = size <= DENSE as f64;
        let length = if is_dense { sizes.iter().product() } else { 0 };
        Self {
            nodes: vec![[Side::default(); 2]; length],
            products: vec![0.0; if shape.products { length } else { 0 }],
            sparse: (!is_dense).then(Places::default),
            dimensions,
            sizes,
        }
    }

    /// The index of a place, which is made where it is not known.
    fn index(&mut self, place: u64, products: bool) -> usize {
        let Some(sparse) = &mut self.sparse else {
            return usize::try_from(place).unwrap_or(usize::MAX);
        };
        let next = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        let index = *sparse.entry(place).or_insert(next) as usize;
        if index == self.nodes.len() {
            self.nodes.push([Side::default(); 2]);
            if products {
                self.products.push(0.0);
            }
        }
        index
    }

    fn add(&mut self, adding: &Adding<'_>, which: impl Iterator<Item = usize>) {
        let column = |index: usize| adding.places[self.dimensions[index]].as_slice();
        if self.sparse.is_some() {
            for cell in which {
                let mut place = 0_u64;
                for (dimension, size) in self.dimensions.iter().zip(&self.sizes) {
                    let own = adding.places[*dimension][cell];
                    place = place * *size as u64 + u64::from(own);
                }
                let index = self.index(place, adding.products);
                let leaf = &adding.cells.leaves[cell];
                add(&mut self.nodes[index], leaf, adding.sign);
                if adding.products {
                    self.products[index] += adding.sign * f64::from(leaf.product);
                }
            }
            return;
        }
        let (nodes, products) = (&mut self.nodes, &mut self.products);
        match *self.sizes.as_slice() {
            [one] => add_dense(nodes, products, [one], [column(0)], adding, which),
            [one, two] => {
                let columns = [column(0), column(1)];
                add_dense(nodes, products, [one, two], columns, adding, which);
            }
            [one, two, three] => {
                let columns = [column(0), column(1), column(2)];
                add_dense(nodes, products, [one, two, three], columns, adding, which);
            }
            _ => {}
        }
    }

    /// Sums the nodes of a group of one dimension more.
    fn marginal(&mut self, of: &Self, products: bool) {
        self.nodes.fill([Side::default(); 2]);
        self.products.fill(0.0);
        let Some(left_out) = (0..of.dimensions.len())
            .find(|index| self.dimensions.get(*index) != Some(&of.dimensions[*index]))
        else {
            return;
        };
        let inner: usize = of.sizes[left_out + 1..].iter().product();
        let (inner, size) = (inner as u64, of.sizes[left_out] as u64);
        of.each(|place, index| {
            let own = place / (inner * size) * inner + place % inner;
            let own = self.index(own, products);
            for (own, more) in self.nodes[own].iter_mut().zip(&of.nodes[index]) {
                for (own, more) in own.iter_mut().zip(more) {
                    *own += more;
                }
            }
            if products {
                self.products[own] += of.products[index];
            }
        });
    }

    /// Adds the nodes of the same group of other cells.
    fn join(&mut self, other: &Self, products: bool) {
        other.each(|place, index| {
            let own = self.index(place, products);
            for (own, more) in self.nodes[own].iter_mut().zip(&other.nodes[index]) {
                for (own, more) in own.iter_mut().zip(more) {
                    *own += more;
                }
            }
            if products {
                self.products[own] += other.products[index];
            }
        });
    }

    /// Every place that there is, with its index.
    fn each(&self, mut visit: impl FnMut(u64, usize)) {
        match &self.sparse {
            None => (0..self.nodes.len()).for_each(|index| visit(index as u64, index)),
            Some(sparse) => {
                for (place, index) in sparse {
                    visit(*place, *index as usize);
                }
            }
        }
    }

    fn moments(&self, index: usize) -> Moments {
        Moments::new(
            self.nodes[index],
            self.products.get(index).copied().unwrap_or(0.0),
        )
    }

    fn count(&self, index: usize) -> f64 {
        let [before, after] = &self.nodes[index];
        before[3] + after[3]
    }

    /// The conditions of a place; `None` where one of them is "all others".
    fn conditions(&self, shape: &Shape, mut place: u64) -> Option<Vec<Condition>> {
        let mut conditions = Vec::with_capacity(self.dimensions.len());
        for (dimension, size) in self.dimensions.iter().zip(&self.sizes).rev() {
            let own = usize::try_from(place % *size as u64).ok()?;
            conditions.push((*dimension, *shape.values[*dimension].get(own)?));
            place /= *size as u64;
        }
        conditions.reverse();
        Some(conditions)
    }
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
                let index = match &group.sparse {
                    None => usize::try_from(place).ok(),
                    Some(sparse) => sparse.get(&place).map(|index| *index as usize),
                };
                if let Some(index) = index
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
        let index = match &group.sparse {
            None => usize::try_from(place).ok()?,
            Some(sparse) => *sparse.get(&place)? as usize,
        };
        Some(group.moments(index))
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
mod tests {
    use super::*;

    fn cells() -> Cells {
        let leaf = |sum: f32| Leaf {
            side: [sum, 0.0, 0.0, 1.0],
            ..Leaf::default()
        };
        Cells {
            codes: vec![vec![0, 0, 1, 1], vec![0, 1, 0, 1], vec![0, 0, 0, 1]],
            leaves: [1.0, 2.0, 4.0, 8.0].map(leaf).to_vec(),
            first: 2,
        }
    }

    fn largest(lattice: &Lattice<'_>) -> (Vec<Condition>, f64) {
        let found = lattice.best(|_, moments| moments.sum[0]);
        let (conditions, _, worth) = found
            .into_iter()
            .max_by(|left, right| {
                left.2
                    .total_cmp(&right.2)
                    .then(right.0.len().cmp(&left.0.len()))
            })
            .unwrap();
        (conditions, worth)
    }

    #[test]
    fn nodes_are_the_sums_of_their_cells() {
        let cells = cells();
        let shape = Shape::new(&cells, &[2, 2, 2], 3, 1.0);
        let mut lattice = Lattice::new(&cells, 0..4, &shape, 1.0);
        // by one dimension 6, by two 3 + 4 + 3 that occur … and by three the four cells
        assert_eq!(lattice.sizes(), [6, 4 + 3 + 3, 4]);
        let (best, worth) = largest(&lattice);
        assert!((worth - 12.0).abs() < 1e-9);
        assert_eq!(best, [(0, 1)]);
        lattice.take(&[3]);
        let (best, worth) = largest(&lattice);
        assert_eq!(best, [(2, 0)]);
        assert!((worth - 7.0).abs() < 1e-9);
    }

    #[test]
    fn two_halves_are_the_whole() {
        let cells = cells();
        let shape = Shape::new(&cells, &[2, 2, 2], 3, 1.0);
        let half = |range| Lattice::new(&cells, range, &shape, 1.0);
        let joined = half(0..2).joined(&half(2..4), 1.0);
        let whole = half(0..4);
        assert_eq!(joined.sizes(), whole.sizes());
        for (joined, whole) in joined.groups.iter().zip(&whole.groups) {
            assert_eq!(joined.nodes, whole.nodes);
        }
    }

    #[test]
    fn rare_values_are_no_segment() {
        let cells = cells();
        let shape = Shape::new(&cells, &[2, 2, 2], 3, 2.0);
        assert_eq!(Lattice::new(&cells, 0..4, &shape, 2.0).sizes(), [5, 2, 0]);
    }

    #[test]
    fn many_values_are_kept_by_hash() {
        let count = 100_u32;
        let column = |step: u32| (0..count).map(|cell| cell * step % count).collect();
        let cells = Cells {
            codes: vec![column(1), column(3), column(7)],
            leaves: (0..count)
                .map(|cell| Leaf {
                    side: [cell as f32, 0.0, 0.0, 1.0],
                    ..Leaf::default()
                })
                .collect(),
            first: 0,
        };
        let shape = Shape::new(&cells, &[count; 3], 3, 1.0);
        let lattice = Lattice::new(&cells, 0..count as usize, &shape, 1.0);
        assert!(lattice.groups[0].sparse.is_some());
        assert_eq!(lattice.sizes(), [300, 300, 100]);
        let (best, worth) = largest(&lattice);
        assert_eq!((best, worth), (vec![(0, 99)], 99.0));
    }
}
