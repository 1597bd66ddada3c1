//! What moved a number between two periods: an exact account of the change by disjoint segments,
//! and which of them moved beyond chance.
//!
//! Every metric is brought to one of two forms over [`Fact`]s, the sums of one unit (a deal, an
//! account) in one cell of the dimensions: a *sum*, or a *ratio* of two sums. A mean is a ratio
//! by the count; a quantile and a Kaplan-Meier median are ratios of what each record does to them
//! ([`influence`]). Then
//!
//! - [`decompose`] says exactly what each segment gave to the change (Kitagawa 1955, symmetric);
//! - [`lattice`] adds the facts up over every combination of up to three dimensions;
//! - [`search`] and [`select`] choose a disjoint list by minimum description length, which
//!   `refine` puts together anew;
//! - [`inference`] says by a bootstrap over units how sure that is;
//! - [`product`] splits a product such as deals x win rate x deal size by factor.

pub mod cells;
pub mod chance;
mod coarse;
pub mod decompose;
pub mod explain;
pub mod group;
pub mod inference;
pub mod influence;
pub mod lattice;
pub mod product;
mod refine;
pub mod reversal;
pub mod search;
mod seen;
pub mod select;

pub use decompose::{Form, Split, Sums};
pub use explain::{Explanation, Options, Part, excludes_zero, explain};
pub use reversal::Reversal;

/// The facts of two periods, column by column: one row for a unit in a cell of the dimensions.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The code of each row's value, by dimension.
    pub codes: Vec<Vec<u32>>,
    /// How many values each dimension has; codes are below.
    pub cardinalities: Vec<u32>,
    /// Whose records they are, numbered from 0.
    pub units: Vec<u32>,
    /// The sums of the row before and after.
    pub sums: Vec<[Sums; 2]>,
    /// Of a number that is no mean, what the search judges in place of what stands above: the sums
    /// of the scores of the records before and after ([`influence`]). Empty for other numbers.
    pub scores: Vec<[f64; 2]>,
}

impl Facts {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.sums.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.sums.is_empty()
    }

    /// The sums of a row as the search judges them.
    pub(crate) fn judged(&self, row: usize) -> [Sums; 2] {
        let mut sums = self.sums[row];
        if let Some(scores) = self.scores.get(row) {
            for (own, score) in sums.iter_mut().zip(scores) {
                own.above = *score;
            }
        }
        sums
    }

    /// Whether a row meets all conditions.
    pub fn meets(&self, row: usize, conditions: &[Condition]) -> bool {
        conditions
            .iter()
            .all(|(dimension, code)| self.codes[*dimension][row] == *code)
    }
}

/// A dimension, by its place, and the code of its value.
pub type Condition = (usize, u32);
