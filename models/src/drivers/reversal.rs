//! Where a whole moves against its parts (Simpson 1951).

use super::Facts;
use super::decompose::{Form, Sums, split};

/// A dimension within whose values a ratio moved one way, while the whole moved the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Reversal {
    /// The dimension, by its place.
    pub dimension: usize,
    /// What the values' own changes gave.
    pub rate: f64,
    /// What the change of their shares gave.
    pub mix: f64,
}

/// The split of a ratio's change by all values of one dimension.
pub fn by_dimension(facts: &Facts, dimension: usize) -> (f64, f64) {
    let count = facts.cardinalities[dimension] as usize;
    let mut parts = vec![[Sums::default(); 2]; count];
    let mut whole = [Sums::default(); 2];
    for (code, sums) in facts.codes[dimension].iter().zip(&facts.sums) {
        for period in 0..2 {
            let part = &mut parts[*code as usize][period];
            *part = part.plus(sums[period]);
            whole[period] = whole[period].plus(sums[period]);
        }
    }
    let splits = parts.iter().map(|part| split(Form::Ratio, *part, whole));
    splits.fold((0.0, 0.0), |(rate, mix), split| {
        (rate + split.rate, mix + split.mix)
    })
}

/// The dimensions that turn the sign of a change, where what they hide is beyond `error` twice.
pub fn reversals(facts: &Facts, change: f64, error: f64) -> Vec<Reversal> {
    (0..facts.codes.len())
        .map(|dimension| {
            let (rate, mix) = by_dimension(facts, dimension);
            Reversal {
                dimension,
                rate,
                mix,
            }
        })
        .filter(|found| found.rate * change < 0.0 && found.rate.abs() > 2.0 * error)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(parts: [[(f64, f64); 2]; 2], expected: usize) {
        let sums = |(above, below): (f64, f64)| Sums {
            records: below,
            above,
            below,
        };
        let facts = Facts {
            codes: vec![vec![0, 1]],
            cardinalities: vec![2],
            units: vec![0, 1],
            sums: parts.iter().map(|part| part.map(sums)).collect(),
            ..Facts::default()
        };
        let all = |period: usize| sums(parts[0][period]).plus(sums(parts[1][period]));
        let change = all(1).ratio().unwrap() - all(0).ratio().unwrap();
        assert_eq!(reversals(&facts, change, 0.01).len(), expected);
    }

    #[test]
    fn a_whole_against_its_parts_is_told() {
        // both rates rise, the weak one's share grows
        check(
            [[(80.0, 100.0), (17.0, 20.0)], [(4.0, 20.0), (30.0, 100.0)]],
            1,
        );
        check(
            [
                [(80.0, 100.0), (85.0, 100.0)],
                [(20.0, 100.0), (30.0, 100.0)],
            ],
            0,
        );
    }
}
