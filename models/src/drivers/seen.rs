//! What the search looks at: the facts less what their values let expect.

use super::Facts;
use super::decompose::{Form, Sums};
use super::inference::half;
use super::lattice::{Cells, Leaf};

/// What is usual: for each row the ratio that its values let expect, both periods together.
///
/// A main effect for each value, shrunk towards nothing by the weight of twenty rows and fitted by
/// turns; it keeps a change of the mix from looking like a change of rates.
fn usual(facts: &Facts) -> Vec<f64> {
    let (mut above, mut below) = (0.0, 0.0);
    for [was, is] in &facts.sums {
        above += was.above + is.above;
        below += was.below + is.below;
    }
    let mean = if below == 0.0 { 0.0 } else { above / below };
    let mut level = vec![mean; facts.len()];
    let shrink = 20.0 * below.abs() / facts.len().max(1) as f64;
    let mut effects: Vec<Vec<f64>> = facts
        .cardinalities
        .iter()
        .map(|count| vec![0.0; *count as usize])
        .collect();
    for _ in 0..3 {
        for (codes, effects) in facts.codes.iter().zip(&mut effects) {
            let mut sums = vec![(0.0, shrink); effects.len()];
            for ((code, [was, is]), level) in codes.iter().zip(&facts.sums).zip(&level) {
                let sum = &mut sums[*code as usize];
                let below = was.below + is.below;
                sum.0 += was.above + is.above - (level - effects[*code as usize]) * below;
                sum.1 += below;
            }
            let fitted: Vec<f64> = sums
                .iter()
                .map(|(above, below)| if *below > 0.0 { above / below } else { 0.0 })
                .collect();
            for (code, level) in codes.iter().zip(&mut level) {
                *level += fitted[*code as usize] - effects[*code as usize];
            }
            *effects = fitted;
        }
    }
    level
}

/// As [`usual`], but of factors that multiply.
fn usual_factors(facts: &Facts) -> Vec<f64> {
    let (mut above, mut below) = (0.0, 0.0);
    for [was, is] in &facts.sums {
        above += was.above + is.above;
        below += was.below + is.below;
    }
    let mean = if below == 0.0 { 0.0 } else { above / below };
    let mut level = vec![mean; facts.len()];
    let shrink = 20.0 * above.abs() / facts.len().max(1) as f64;
    for _ in 0..3 {
        for (codes, count) in facts.codes.iter().zip(&facts.cardinalities) {
            let mut sums = vec![(shrink, shrink); *count as usize];
            for ((code, [was, is]), level) in codes.iter().zip(&facts.sums).zip(&level) {
                let sum = &mut sums[*code as usize];
                sum.0 += was.above + is.above;
                sum.1 += level * (was.below + is.below);
            }
            for (code, level) in codes.iter().zip(&mut level) {
                let (above, below) = sums[*code as usize];
                if below > 0.0 && above > 0.0 {
                    *level *= above / below;
                }
            }
        }
    }
    level
}

/// What the search looks at: the leaves of all rows, the difference of the two periods where
/// nothing moved, and the mean square of each period.
pub(super) struct Seen {
    pub(super) leaves: Vec<Leaf>,
    pub(super) still: f64,
    pub(super) spread: [f64; 2],
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "half the width suffices for the search"
)]
pub(super) fn seen(facts: &Facts, form: Form, proportional: bool) -> Seen {
    let single = |pair: [f64; 2]| [pair[0] as f32, pair[1] as f32];
    let mut square = [0.0; 2];
    let mut records = [0.0; 2];
    let mut leaf = |values: [f64; 2], below: [f64; 2], sums: &[Sums; 2]| {
        let counts = [0, 1].map(|period| f64::from(u8::from(sums[period].records > 0.0)));
        for period in 0..2 {
            square[period] += values[period] * values[period];
            records[period] += counts[period];
        }
        Leaf {
            sum: single(values),
            below: single(below),
            square: single([values[0] * values[0], values[1] * values[1]]),
            product: (values[0] * values[1]) as f32,
            counts: single(counts),
        }
    };
    let mut still = 0.0;
    let leaves = if form == Form::Sum {
        let rows = facts.sums.iter();
        rows.map(|sums| leaf([sums[0].above, sums[1].above], [0.0; 2], sums))
            .collect()
    } else {
        // of a proportional ratio the facts are held against what they let expect
        let level = if proportional {
            usual_factors(facts)
        } else {
            usual(facts)
        };
        let below = |sums: &Sums, level: f64| {
            if proportional {
                level * sums.below
            } else {
                sums.below
            }
        };
        let (mut over, mut all) = ([0.0; 2], [0.0; 2]);
        for (sums, level) in facts.sums.iter().zip(&level) {
            for period in 0..2 {
                over[period] += sums[period].above - level * sums[period].below;
                all[period] += below(&sums[period], *level);
            }
        }
        let offset = [0, 1].map(|period| {
            if all[period] == 0.0 {
                0.0
            } else {
                over[period] / all[period]
            }
        });
        still = offset[0] - offset[1];
        let rows = facts.sums.iter().zip(&level);
        rows.map(|(sums, level)| {
            let value = |period: usize| {
                let own = &sums[period];
                own.above - level * own.below - offset[period] * below(own, *level)
            };
            leaf(
                [value(0), value(1)],
                [below(&sums[0], *level), below(&sums[1], *level)],
                sums,
            )
        })
        .collect()
    };
    let spread = [0, 1].map(|period| {
        if records[period] > 0.0 {
            square[period] / records[period]
        } else {
            0.0
        }
    });
    Seen {
        leaves,
        still,
        spread,
    }
}

/// The rows as cells, those of one cell together; of all units, or of one half.
pub(super) fn cells(facts: &Facts, leaves: &[Leaf], of: Option<usize>) -> Cells {
    let mut rows: Vec<u32> = (0..u32::try_from(facts.len()).unwrap_or(u32::MAX)).collect();
    if let Some(of) = of {
        rows.retain(|row| half(facts.units[*row as usize]) == of);
    }
    // where cells have several rows, fewer cells make every pass shorter
    let places: f64 = facts
        .cardinalities
        .iter()
        .map(|count| f64::from(*count))
        .product();
    if places >= 2e6 || places >= rows.len() as f64 {
        let pick = |codes: &Vec<u32>| rows.iter().map(|row| codes[*row as usize]).collect();
        return Cells {
            codes: facts.codes.iter().map(pick).collect(),
            leaves: rows.iter().map(|row| leaves[*row as usize]).collect(),
        };
    }
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "below two million"
    )]
    let mut index = vec![u32::MAX; places as usize];
    let mut cells = Cells {
        codes: vec![Vec::new(); facts.codes.len()],
        leaves: Vec::new(),
    };
    for row in rows {
        let row = row as usize;
        let dimensions = facts.codes.iter().zip(&facts.cardinalities);
        let place = dimensions.fold(0_usize, |place, (codes, count)| {
            place * *count as usize + codes[row] as usize
        });
        let next = u32::try_from(cells.leaves.len()).unwrap_or(u32::MAX);
        if index[place] == u32::MAX {
            index[place] = next;
            cells.leaves.push(Leaf::default());
            for (own, codes) in cells.codes.iter_mut().zip(&facts.codes) {
                own.push(codes[row]);
            }
        }
        let (own, leaf) = (&mut cells.leaves[index[place] as usize], &leaves[row]);
        for period in 0..2 {
            own.sum[period] += leaf.sum[period];
            own.below[period] += leaf.below[period];
            own.square[period] += leaf.square[period];
            own.counts[period] += leaf.counts[period];
        }
        own.product += leaf.product;
    }
    cells
}
