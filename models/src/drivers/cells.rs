//! Leaf cells: the facts as the search adds them up.

use std::ops::Range;

use super::Condition;

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

    pub(super) fn new(sides: [Side; 2], product: f64) -> Self {
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
