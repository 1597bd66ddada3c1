//! A sum as a product of factors, such as deals x win rate x deal size.
//!
//! A chain of sums, each counted among the one before (deals decided, deals won, their amount), is
//! the first of them times the ratio of each to the one before it. What each factor gave to the
//! change is the additive logarithmic mean Divisia index (LMDI-I, Ang 2005), which leaves nothing
//! over; where a logarithm has no value, Shapley's mean over all orders of change (1953), which
//! leaves nothing over either.

/// The logarithmic mean of two positive numbers.
fn logarithmic_mean(left: f64, right: f64) -> f64 {
    let ratio = left / right;
    if (ratio - 1.0).abs() < 1e-6 {
        // the series of (left - right) / ln(left / right), where both differences vanish
        let step = ratio - 1.0;
        return right * (1.0 + step / 2.0 - step * step / 12.0);
    }
    (left - right) / ratio.ln()
}

/// The factors of a chain: the first, and the ratio of each to the one before; `None` where that
/// is nothing.
fn factors(chain: &[f64]) -> Vec<Option<f64>> {
    let mut factors = Vec::with_capacity(chain.len());
    factors.extend(chain.first().copied().map(Some));
    let ratios = chain.windows(2);
    factors.extend(ratios.map(|pair| (pair[0] != 0.0).then(|| pair[1] / pair[0])));
    factors
}

/// What each factor of a chain gave to the change of its last sum; they sum to that change.
///
/// Both chains have the same length. A factor that has no value in one period (no deal was
/// decided, so there is no win rate) is taken as in the other: all of an entering segment is its
/// first factor.
pub fn product_split(before: &[f64], after: &[f64]) -> Vec<f64> {
    let positive = |chain: &[f64]| chain.iter().all(|sum| *sum > 0.0);
    if positive(before) && positive(after) {
        let last = before.len() - 1;
        let weight = logarithmic_mean(after[last], before[last]);
        let was = factors(before).into_iter().flatten();
        let is = factors(after).into_iter().flatten();
        return was
            .zip(is)
            .map(|(was, is)| weight * (is / was).ln())
            .collect();
    }
    let pairs: Vec<(f64, f64)> = factors(before)
        .into_iter()
        .zip(factors(after))
        .map(|(was, is)| match (was, is) {
            (Some(was), Some(is)) => (was, is),
            (one, other) => {
                let only = one.or(other).unwrap_or(0.0);
                (only, only)
            }
        })
        .collect();
    shapley(&pairs)
}

/// The mean over all orders in which the factors could have changed, of what each one's change
/// then did to the product.
fn shapley(pairs: &[(f64, f64)]) -> Vec<f64> {
    let count = pairs.len();
    let product = |changed: usize| -> f64 {
        let factor = |index: usize| {
            let (was, is) = pairs[index];
            if changed >> index & 1 == 1 { is } else { was }
        };
        (0..count).map(factor).product()
    };
    // how often, of all orders, exactly these stand before a factor
    let factorial = |number: usize| (1..=number).map(|step| step as f64).product::<f64>();
    (0..count)
        .map(|index| {
            (0..1_usize << count)
                .filter(|others| others >> index & 1 == 0)
                .map(|others| {
                    let size = others.count_ones() as usize;
                    let weight = factorial(size) * factorial(count - 1 - size) / factorial(count);
                    weight * (product(others | 1 << index) - product(others))
                })
                .sum()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn factors_sum_to_the_change(
            before in prop::collection::vec(prop_oneof![Just(0.0), 0.01..1e6_f64], 3),
            after in prop::collection::vec(prop_oneof![Just(0.0), 0.01..1e6_f64], 3),
        ) {
            // a part of nothing is nothing
            let chain = |mut chain: Vec<f64>| {
                for index in 1..chain.len() {
                    if chain[index - 1] == 0.0 {
                        chain[index] = 0.0;
                    }
                }
                chain
            };
            let (before, after) = (chain(before), chain(after));
            let change = after[2] - before[2];
            let parts = product_split(&before, &after);
            let size = before[2].max(after[2]).max(1.0);
            prop_assert!((parts.iter().sum::<f64>() - change).abs() <= 1e-9 * size);
            let back: Vec<f64> = product_split(&after, &before);
            for (part, back) in parts.iter().zip(back) {
                prop_assert!((part + back).abs() <= 1e-8 * size);
            }
        }
    }

    #[test]
    fn what_enters_is_its_first_factor() {
        let parts = product_split(&[0.0, 0.0, 0.0], &[10.0, 5.0, 100.0]);
        assert!((parts[0] - 100.0).abs() < 1e-9 && parts[1].abs() < 1e-9 && parts[2].abs() < 1e-9);
    }

    #[test]
    fn one_factor_alone_has_all() {
        let parts = product_split(&[100.0, 50.0, 5000.0], &[100.0, 40.0, 4000.0]);
        assert!(parts[0].abs() < 1e-9 && parts[2].abs() < 1e-9);
        assert!((parts[1] + 1000.0).abs() < 1e-9);
    }
}
