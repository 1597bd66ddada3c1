//! What the search looks at: the facts less what their values let expect.

use super::Facts;
use super::cells::{Cells, Leaf, Side};
use super::decompose::Form;
use super::inference::half;

/// What stands above and below the line, of both periods.
fn both(facts: &Facts) -> Vec<[f64; 2]> {
    let rows = 0..facts.len();
    rows.map(|row| {
        let [was, is] = facts.judged(row);
        [was.above + is.above, was.below + is.below]
    })
    .collect()
}

/// What is usual: for each row the ratio that its values let expect, both periods together.
///
/// A main effect for each value, shrunk towards nothing by the weight of twenty rows and fitted by
/// turns; it keeps a change of the mix from looking like a change of rates. Of effects that are
/// added, or of factors that multiply.
fn usual(facts: &Facts, is_factor: bool) -> Vec<f64> {
    let rows = both(facts);
    let sum = |index: usize| rows.iter().map(|row| row[index]).sum::<f64>();
    let (above, below) = (sum(0), sum(1));
    let mean = if below == 0.0 { 0.0 } else { above / below };
    let mut level = vec![mean; facts.len()];
    let each = |sum: f64| 20.0 * sum.abs() / facts.len().max(1) as f64;
    let shrink = if is_factor {
        [each(above), each(above)]
    } else {
        [0.0, each(below)]
    };
    let nothing = if is_factor { 1.0 } else { 0.0 };
    let mut effects: Vec<Vec<f64>> = facts
        .cardinalities
        .iter()
        .map(|count| vec![nothing; *count as usize])
        .collect();
    for _ in 0..3 {
        for (codes, effects) in facts.codes.iter().zip(&mut effects) {
            let mut sums = vec![shrink; effects.len()];
            for ((code, [above, below]), level) in codes.iter().zip(&rows).zip(&level) {
                let sum = &mut sums[*code as usize];
                if is_factor {
                    sum[0] += above;
                    sum[1] += level * below;
                } else {
                    sum[0] += above - level * below;
                    sum[1] += below;
                }
            }
            for (sum, effect) in sums.iter_mut().zip(effects) {
                let [above, below] = *sum;
                sum[0] = if is_factor {
                    if above > 0.0 && below > 0.0 {
                        above / below
                    } else {
                        1.0
                    }
                } else if below > 0.0 {
                    // the old effect is still in the level
                    let new = (above + *effect * (below - shrink[1])) / below;
                    let step = new - *effect;
                    *effect = new;
                    step
                } else {
                    0.0
                };
            }
            for (code, level) in codes.iter().zip(&mut level) {
                let step = sums[*code as usize][0];
                if is_factor {
                    *level *= step;
                } else {
                    *level += step;
                }
            }
        }
    }
    level
}

/// What the search looks at: the cells, the difference of the two periods where nothing moved, and
/// the mean square of each period.
pub(super) struct Seen {
    pub(super) cells: Cells,
    pub(super) still: f64,
    pub(super) spread: [f64; 2],
    /// How many facts there are, of both periods.
    pub(super) records: f64,
}

/// The facts of a form; a ratio that is `proportional` moves by factors.
pub(super) fn seen(facts: &Facts, form: Form, proportional: bool) -> Seen {
    let is_sum = form == Form::Sum;
    // of a proportional ratio the facts are held against what they let expect
    let level = if is_sum {
        Vec::new()
    } else {
        usual(facts, proportional)
    };
    let below = |row: usize, own: f64| if proportional { level[row] * own } else { own };
    let mut offset = [0.0; 2];
    if !is_sum {
        let (mut over, mut all) = ([0.0; 2], [0.0; 2]);
        for (row, level) in level.iter().enumerate() {
            for (period, own) in facts.judged(row).into_iter().enumerate() {
                over[period] += own.above - level * own.below;
                all[period] += below(row, own.below);
            }
        }
        for period in 0..2 {
            if all[period] != 0.0 {
                offset[period] = over[period] / all[period];
            }
        }
    }
    let (mut square, mut records) = ([0.0; 2], [0.0; 2]);
    let sides = |row: usize| -> [Option<Side>; 2] {
        let own = facts.judged(row);
        [0, 1].map(|period| {
            let own = own[period];
            if own.records <= 0.0 {
                return None;
            }
            if is_sum {
                return Some([own.above, 0.0, own.above * own.above, 1.0]);
            }
            let below = below(row, own.below);
            let value = own.above - level[row] * own.below - offset[period] * below;
            Some([value, below, value * value, 1.0])
        })
    };
    let cells = cells(facts, |row| {
        let own = sides(row);
        for (period, side) in own.iter().enumerate() {
            if let Some(side) = side {
                square[period] += side[2];
                records[period] += 1.0;
            }
        }
        own
    });
    Seen {
        cells,
        still: offset[0] - offset[1],
        spread: [0, 1].map(|period| square[period] / f64::max(records[period], 1.0)),
        records: records[0] + records[1],
    }
}

/// The rows as cells, by half of the units; those of one combination together where that makes
/// them fewer and every pass shorter.
fn cells(facts: &Facts, mut sides: impl FnMut(usize) -> [Option<Side>; 2]) -> Cells {
    let counts = facts.cardinalities.iter();
    let places: f64 = counts.map(|count| f64::from(*count)).product();
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "below half a million"
    )]
    let count = if places >= 5e5 || places >= facts.len() as f64 {
        0
    } else {
        places as usize
    };
    let mut index = vec![[u32::MAX; 2]; count];
    let mut cells = Cells {
        codes: vec![Vec::with_capacity(facts.len()); facts.codes.len()],
        leaves: Vec::with_capacity(facts.len()),
        first: 0,
    };
    for of in 0..2 {
        for row in (0..facts.len()).filter(|row| half(facts.units[*row]) == of) {
            let own = sides(row);
            let product = match own {
                [Some(was), Some(is)] => was[0] * is[0],
                _ => 0.0,
            };
            let place = if index.is_empty() {
                None
            } else {
                let dimensions = facts.codes.iter().zip(&facts.cardinalities);
                Some(dimensions.fold(0_usize, |place, (codes, count)| {
                    place * *count as usize + codes[row] as usize
                }))
            };
            for (period, side) in own.into_iter().enumerate() {
                let Some(side) = side else {
                    continue;
                };
                let next = u32::try_from(cells.leaves.len()).unwrap_or(u32::MAX);
                let mut at = next;
                if let Some(place) = place {
                    let known = &mut index[place][period];
                    if *known == u32::MAX {
                        *known = next;
                    }
                    at = *known;
                }
                if at == next {
                    cells.leaves.push(Leaf {
                        after: period == 1,
                        ..Leaf::default()
                    });
                    for (own, codes) in cells.codes.iter_mut().zip(&facts.codes) {
                        own.push(codes[row]);
                    }
                }
                cells.leaves[at as usize].add(side, if period == 1 { product } else { 0.0 });
            }
        }
        if of == 0 {
            cells.first = cells.leaves.len();
            index.fill([u32::MAX; 2]);
        }
    }
    cells
}
