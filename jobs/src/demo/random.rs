//! Chance, repeatable: every part of the demo draws from a stream of its own, so that a change
//! in one part leaves the others as they were.

use millrace_models::identity::text_number;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// A stream of random draws.
pub(super) struct Dice(StdRng);

impl Dice {
    /// The stream of that name under a seed.
    pub(super) fn new(seed: u64, name: &str) -> Dice {
        Dice(StdRng::seed_from_u64(
            text_number(name) ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15),
        ))
    }

    /// The stream of one of many things of a kind.
    pub(super) fn of(seed: u64, name: &str, index: usize) -> Dice {
        Dice::new(seed.wrapping_add(index as u64), name)
    }

    /// A number in 0..1.
    pub(super) fn unit(&mut self) -> f64 {
        self.0.random::<f64>()
    }

    /// A number in `low..high`.
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// A whole number in `low..=high`.
    pub(super) fn whole(&mut self, low: i64, high: i64) -> i64 {
        self.0.random_range(low..=high)
    }

    /// True with that probability.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// One of the choices; the list is never empty.
    pub(super) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.0.random_range(0..choices.len())]
    }

    /// An index, each as likely as its weight.
    pub(super) fn weighted(&mut self, weights: &[f64]) -> usize {
        let mut left = self.unit() * weights.iter().sum::<f64>();
        for (index, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                return index;
            }
        }
        weights.len() - 1
    }

    /// One of the choices, each as likely as the number beside it.
    pub(super) fn choose<T: Copy>(&mut self, choices: &[(T, f64)]) -> T {
        let weights: Vec<f64> = choices.iter().map(|(_, weight)| *weight).collect();
        choices[self.weighted(&weights)].0
    }

    /// About standard normal: the sum of twelve draws less six.
    pub(super) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    /// Lognormal with mean 1 and the given spread (standard deviation of its logarithm).
    pub(super) fn factor(&mut self, spread: f64) -> f64 {
        (self.normal() * spread - spread * spread / 2.0).exp()
    }
}

/// The nearest whole number.
#[expect(
    clippy::cast_possible_truncation,
    reason = "demo numbers are far inside i64"
)]
pub(super) fn rounded(number: f64) -> i64 {
    number.round() as i64
}

/// The index at a share of a length, clamped to it.
pub(super) fn index_of(number: f64, length: usize) -> usize {
    usize::try_from(rounded(number.floor()))
        .unwrap_or(0)
        .min(length.saturating_sub(1))
}

/// Draws in 0..1 that fill the interval evenly (golden ratio steps): what a few hundred deals
/// average to then follows the intended mean closely.
pub(super) struct Even(f64);

impl Even {
    /// Starts anywhere.
    pub(super) fn new(dice: &mut Dice) -> Even {
        Even(dice.unit())
    }

    /// The next draw.
    pub(super) fn next(&mut self) -> f64 {
        self.0 = (self.0 + 0.618_033_988_749_895).fract();
        self.0
    }
}
