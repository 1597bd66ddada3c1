//! Endings of a period, simulated: each open deal is won or not by its probability (a Poisson-binomial
//! draw), and what new deals bring is what one of the past periods brought, drawn whole, so that good
//! and bad months stay together. The same seed gives the same endings.

use super::Sum;

/// Endings that are simulated.
const ENDINGS: usize = 2_000;

/// An open deal: how likely it is won, and what it brings then.
#[derive(Debug, Clone, Copy)]
pub struct Chance {
    /// The probability.
    pub probability: f64,
    /// The amount.
    pub amount: f64,
}

/// Draws that follow from a seed: `SplitMix64` (Steele, Lea and Flood 2014).
#[derive(Debug, Clone)]
pub struct Seeded(u64);

impl Seeded {
    /// The draws of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to 1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A place below `length`, which is not 0.
    fn place(&mut self, length: usize) -> usize {
        usize::try_from(self.next() % length as u64).unwrap_or_default()
    }

    /// The interval that holds that share of the endings, equally much being left out on both sides:
    /// of counts and of amounts, each for itself.
    pub fn interval(
        mut self,
        won: Sum,
        chances: &[Chance],
        brought: &[Vec<f64>],
        covered: f64,
    ) -> (Sum, Sum) {
        let mut counts = Vec::with_capacity(ENDINGS);
        let mut amounts = Vec::with_capacity(ENDINGS);
        for _ in 0..ENDINGS {
            let mut ending = won;
            for chance in chances {
                if self.unit() < chance.probability {
                    ending.add(1.0, chance.amount);
                }
            }
            if !brought.is_empty() {
                let past = self.place(brought.len());
                for amount in &brought[past] {
                    ending.add(1.0, *amount);
                }
            }
            counts.push(ending.count);
            amounts.push(ending.amount);
        }
        let out = (1.0 - covered) / 2.0;
        let (low_count, high_count) = ends(&mut counts, out);
        let (low_amount, high_amount) = ends(&mut amounts, out);
        let sum = |count, amount| Sum { count, amount };
        (sum(low_count, low_amount), sum(high_count, high_amount))
    }
}

/// The quantiles at a share from both ends.
fn ends(values: &mut [f64], out: f64) -> (f64, f64) {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1) as f64;
    let at = |share: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a place within the values"
        )]
        let place = (share * last).round() as usize;
        values.get(place).copied().unwrap_or_default()
    };
    (at(out), at(1.0 - out))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(seed: u64, chances: &[Chance], brought: &[Vec<f64>]) -> (Sum, Sum) {
        let won = Sum {
            count: 2.0,
            amount: 50.0,
        };
        Seeded::new(seed).interval(won, chances, brought, 0.8)
    }

    #[test]
    fn what_is_certain_has_no_interval() {
        let certain = Chance {
            probability: 1.0,
            amount: 7.0,
        };
        let never = Chance {
            probability: 0.0,
            amount: 1_000.0,
        };
        let (low, high) = interval(1, &[certain, never], &[vec![1.0, 2.0]]);
        assert_eq!(low, high);
        assert_eq!(
            low,
            Sum {
                count: 5.0,
                amount: 60.0
            }
        );
    }

    /// 100 fair deals: 40 to 60 hold more than 80 %, and the quantiles of the binomial are 44 and 56.
    #[test]
    fn the_interval_of_fair_deals_is_the_binomials() {
        let fair = Chance {
            probability: 0.5,
            amount: 1.0,
        };
        let (low, high) = interval(7, &[fair; 100], &[]);
        assert!((low.count - 2.0 - 44.0).abs() <= 1.0, "{low:?}");
        assert!((high.count - 2.0 - 56.0).abs() <= 1.0, "{high:?}");
    }

    #[test]
    fn the_same_seed_gives_the_same_endings() {
        // of uneven amounts, so that no two sums are alike
        let chances: Vec<Chance> = (1..=30_u32)
            .map(|place| Chance {
                probability: 0.3,
                amount: f64::from(place).sqrt(),
            })
            .collect();
        let brought = [vec![], vec![3.0], vec![4.0, 5.0]];
        let drawn = |seed| interval(seed, &chances, &brought);
        assert_eq!(drawn(5), drawn(5));
        assert_ne!(drawn(5), drawn(6));
    }
}
