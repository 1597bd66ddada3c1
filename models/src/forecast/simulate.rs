//! Endings of a period, simulated: each open deal is won or not by its probability (a Poisson-binomial
//! draw), and what new deals bring is what one of the past periods brought, drawn whole, so that good
//! and bad months stay together. The same seed gives the same endings.

use super::{HALF_A_FEN, Sum};

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

    /// Endings of a period: what is won by its end.
    pub fn endings(mut self, won: Sum, chances: &[Chance], brought: &[Vec<f64>]) -> Endings {
        let mut endings = Endings::default();
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
            endings.push(ending);
        }
        endings.sorted()
    }

    /// The same endings, and what is won by the end of each day before: of an open deal the
    /// probability to be won within the first 0, 1, 2, … days, of past periods the day, from 1, and
    /// the amount of what they brought.
    pub fn paths(
        mut self,
        won: Sum,
        open: &[(&[f64], f64)],
        brought: &[Vec<(usize, f64)>],
        days: usize,
    ) -> Vec<Endings> {
        let mut paths = vec![Endings::default(); days + 1];
        for _ in 0..ENDINGS {
            let mut on = vec![Sum::default(); days + 1];
            for (curve, amount) in open {
                let drawn = self.unit();
                let day = curve.partition_point(|probability| *probability <= drawn);
                if let Some(sum) = on.get_mut(day) {
                    sum.add(1.0, *amount);
                }
            }
            if !brought.is_empty() {
                let past = self.place(brought.len());
                for (day, amount) in &brought[past] {
                    if let Some(sum) = on.get_mut(*day) {
                        sum.add(1.0, *amount);
                    }
                }
            }
            let mut ending = won;
            for (sum, path) in on.into_iter().zip(&mut paths) {
                ending = ending + sum;
                path.push(ending);
            }
        }
        paths.into_iter().map(Endings::sorted).collect()
    }
}

/// What was won at simulated ends: numbers and amounts of deals, each in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Endings {
    counts: Vec<f64>,
    amounts: Vec<f64>,
}

impl Endings {
    fn push(&mut self, ending: Sum) {
        self.counts.push(ending.count);
        self.amounts.push(ending.amount);
    }

    fn sorted(mut self) -> Self {
        self.counts.sort_by(f64::total_cmp);
        self.amounts.sort_by(f64::total_cmp);
        self
    }

    /// The interval that holds that share of the endings, equally much being left out on both sides:
    /// of counts and of amounts, each for itself.
    pub fn interval(&self, covered: f64) -> (Sum, Sum) {
        let out = (1.0 - covered) / 2.0;
        let (low_count, high_count) = ends(&self.counts, out);
        let (low_amount, high_amount) = ends(&self.amounts, out);
        let sum = |count, amount| Sum { count, amount };
        (sum(low_count, low_amount), sum(high_count, high_amount))
    }

    /// The share of the endings in which at least that amount is won.
    pub fn reach(&self, amount: f64) -> f64 {
        let below = self
            .amounts
            .partition_point(|own| *own < amount - HALF_A_FEN);
        (self.amounts.len() - below) as f64 / self.amounts.len().max(1) as f64
    }

    /// The same, each moved by as much.
    #[must_use]
    pub fn moved(mut self, by: Sum) -> Self {
        for count in &mut self.counts {
            *count += by.count;
        }
        for amount in &mut self.amounts {
            *amount += by.amount;
        }
        self
    }
}

/// The quantiles at a share from both ends.
fn ends(values: &[f64], out: f64) -> (f64, f64) {
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
        Seeded::new(seed)
            .endings(won, chances, brought)
            .interval(0.8)
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

    /// Two deals of 10 and 20 by even chances: 0, 10, 20 and 30 are as likely each.
    #[test]
    fn an_amount_is_reached_by_the_share_of_endings_that_have_it() {
        let even = |amount| Chance {
            probability: 0.5,
            amount,
        };
        let endings = Seeded::new(3).endings(Sum::default(), &[even(10.0), even(20.0)], &[]);
        for (amount, share) in [
            (0.0, 1.0),
            (10.0, 0.75),
            (10.5, 0.5),
            (30.0, 0.25),
            (31.0, 0.0),
        ] {
            let told = endings.reach(amount);
            assert!((told - share).abs() < 0.03, "{told} for {amount}");
        }
        let by = Sum {
            count: 1.0,
            amount: 100.0,
        };
        let moved = endings.clone().moved(by);
        assert_eq!(moved.reach(110.0).to_bits(), endings.reach(10.0).to_bits());
    }

    #[test]
    fn a_path_ends_where_the_endings_do_and_never_falls() {
        let curves = [vec![0.0, 0.1, 0.4, 0.6], vec![0.0, 0.0, 0.3, 0.3]];
        let open: Vec<(&[f64], f64)> = vec![(&curves[0], 7.0), (&curves[1], 11.0)];
        let chances = [(0.6, 7.0), (0.3, 11.0)].map(|(probability, amount)| Chance {
            probability,
            amount,
        });
        let won = Sum {
            count: 1.0,
            amount: 5.0,
        };
        let paths = Seeded::new(9).paths(won, &open, &[vec![(2, 3.0)], vec![]], 3);
        let endings = Seeded::new(9).endings(won, &chances, &[vec![3.0], vec![]]);
        assert_eq!(paths[3], endings);
        // nothing is won before the first day
        assert_eq!(paths[0].interval(0.8), (won, won));
        // one of two periods brought 3 on the second day, so half of the endings have it by then
        for (day, share) in [
            (1, 0.1),
            (2, 1.0 - 0.6 * 0.7 * 0.5),
            (3, 1.0 - 0.4 * 0.7 * 0.5),
        ] {
            let told = paths[day].reach(5.5);
            assert!(
                (told - share).abs() < 0.03,
                "{told} by day {day}, not {share}"
            );
        }
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
