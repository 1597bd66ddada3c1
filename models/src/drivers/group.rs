//! The sums of one combination of dimensions.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::Condition;
use super::cells::{Cells, Leaf, Moments, Side};
use super::chance::mix;

/// Nodes of a group that are kept as an array; beyond, by hash.
const DENSE: usize = 1 << 19;

/// Hashes a place.
#[derive(Debug, Default)]
pub(super) struct Mixed(u64);

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

pub(super) type Places = HashMap<u64, u32, BuildHasherDefault<Mixed>>;

/// The nodes of one combination of dimensions.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) dimensions: Vec<usize>,
    /// How many places each dimension has: its frequent values, and one for all others.
    pub(super) sizes: Vec<usize>,
    pub(super) nodes: Vec<[Side; 2]>,
    /// The products of both periods by node; empty where no fact has both.
    pub(super) products: Vec<f64>,
    /// Where the nodes are kept by hash: the place of each.
    pub(super) sparse: Option<Places>,
}

/// What is added up, the same for every group.
pub(super) struct Adding<'a> {
    pub(super) cells: &'a Cells,
    /// By dimension and cell, the place of its value.
    pub(super) places: &'a [Vec<u32>],
    pub(super) products: bool,
    pub(super) sign: f64,
}

/// The frequent values of each dimension, and where each cell has its own.
#[derive(Debug)]
pub struct Shape {
    /// By dimension, the frequent values: their codes, by place.
    pub(super) values: Vec<Vec<u32>>,
    pub(super) places: Vec<Vec<u32>>,
    pub(super) depth: usize,
    pub(super) products: bool,
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
    pub(super) fn new(shape: &Shape, dimensions: Vec<usize>) -> Self {
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
    pub(super) fn index(&mut self, place: u64, products: bool) -> usize {
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

    pub(super) fn add(&mut self, adding: &Adding<'_>, which: impl Iterator<Item = usize>) {
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
    pub(super) fn marginal(&mut self, of: &Self, products: bool) {
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
    pub(super) fn join(&mut self, other: &Self, products: bool) {
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
    pub(super) fn each(&self, mut visit: impl FnMut(u64, usize)) {
        match &self.sparse {
            None => (0..self.nodes.len()).for_each(|index| visit(index as u64, index)),
            Some(sparse) => {
                for (place, index) in sparse {
                    visit(*place, *index as usize);
                }
            }
        }
    }

    pub(super) fn moments(&self, index: usize) -> Moments {
        Moments::new(
            self.nodes[index],
            self.products.get(index).copied().unwrap_or(0.0),
        )
    }

    /// The index of a place, where it is known.
    pub(super) fn known(&self, place: u64) -> Option<usize> {
        match &self.sparse {
            None => usize::try_from(place).ok(),
            Some(sparse) => sparse.get(&place).map(|index| *index as usize),
        }
    }

    pub(super) fn count(&self, index: usize) -> f64 {
        let [before, after] = &self.nodes[index];
        before[3] + after[3]
    }

    /// The conditions of a place; `None` where one of them is "all others".
    pub(super) fn conditions(&self, shape: &Shape, mut place: u64) -> Option<Vec<Condition>> {
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
