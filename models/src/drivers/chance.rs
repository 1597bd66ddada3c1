//! Numbers of chance: the normal tail, and a small generator that gives the same for the same.

/// A generator of pseudo-random numbers (`SplitMix64`, Steele, Lea and Flood 2014). The same seed
/// gives the same numbers on every machine.
#[derive(Debug, Clone)]
pub struct Random(u64);

/// Mixes the bits of a number.
pub fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

impl Random {
    /// A generator from a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        let state = self.0;
        self.0 = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(state)
    }

    /// A number below `count`, which is not 0.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the high half of the product is below count"
    )]
    pub fn below(&mut self, count: usize) -> usize {
        ((u128::from(self.bits()) * count as u128) >> 64) as usize
    }
}

/// How probable a standard normal is to lie at least that far from 0, on either side.
///
/// The series of the error function near 0, its continued fraction (Lentz) further out: relative
/// error below 1e-10 up to where the result is 0.
pub fn two_sided(z: f64) -> f64 {
    let x = z.abs() / std::f64::consts::SQRT_2;
    if x.is_nan() {
        return 1.0;
    }
    let root = std::f64::consts::PI.sqrt();
    if x < 2.0 {
        let (mut term, mut sum) = (x, x);
        for step in 1..200 {
            let step = f64::from(step);
            term *= -x * x / step;
            let added = term / (2.0 * step + 1.0);
            sum += added;
            if added.abs() < 1e-17 * sum.abs() {
                break;
            }
        }
        return (1.0 - 2.0 / root * sum).max(0.0);
    }
    let (mut fraction, mut above, mut below) = (x, x, 0.0);
    for step in 1..300 {
        let part = f64::from(step) / 2.0;
        below = 1.0 / (x + part * below);
        above = x + part / above;
        let factor = above * below;
        fraction *= factor;
        if (factor - 1.0).abs() < 1e-15 {
            break;
        }
    }
    (-x * x).exp() / (fraction * root)
}

/// How far out a standard normal must lie for [`two_sided`] to be `p`.
pub fn critical(p: f64) -> f64 {
    let (mut low, mut high) = (0.0, 40.0);
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if two_sided(middle) > p {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// The place on a standard normal that the share `below` lies to the left of, to seven digits
/// (Wichura 1988, AS 241).
pub fn place(below: f64) -> f64 {
    let polynomial = |of: f64, coefficients: [f64; 4]| {
        let all = coefficients.iter().rev();
        all.fold(0.0, |sum, coefficient| sum * of + coefficient)
    };
    let side = below - 0.5;
    if side.abs() <= 0.425 {
        let r = 0.180_625 - side * side;
        let above = [
            3.387_132_717_9,
            50.434_271_938,
            159.291_132_02,
            59.109_374_72,
        ];
        let under = [1.0, 17.895_169_469, 78.757_757_664, 67.187_563_6];
        return side * polynomial(r, above) / polynomial(r, under);
    }
    let r = (-below.min(1.0 - below).max(f64::MIN_POSITIVE).ln()).sqrt();
    let far = if r <= 5.0 {
        let above = [
            1.423_437_277_7,
            2.756_815_39,
            1.306_728_481_6,
            0.170_238_211_03,
        ];
        let under = [1.0, 0.737_001_642_5, 0.120_211_329_75, 0.0];
        polynomial(r - 1.6, above) / polynomial(r - 1.6, under)
    } else {
        let above = [
            6.657_905_115,
            3.081_226_386,
            0.428_682_943_37,
            0.017_337_203_997,
        ];
        let under = [1.0, 0.241_978_942_25, 0.012_258_202_635, 0.0];
        polynomial(r - 5.0, above) / polynomial(r - 5.0, under)
    };
    far.copysign(side)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_are_those_of_the_tables() {
        for (z, p) in [
            (0.0, 1.0),
            (1.0, 0.317_310_507_862_914_1),
            (1.959_963_984_540_054, 0.05),
            (3.0, 0.002_699_796_063_260_19),
            (6.0, 1.973_175_290_075_4e-9),
        ] {
            assert!(
                (two_sided(z) / p - 1.0).abs() < 1e-9,
                "{z}: {}",
                two_sided(z)
            );
            assert!((critical(p) - z).abs() < 1e-7);
            assert!((place(1.0 - p / 2.0) - z).abs() < 1e-6 * z.max(1.0));
            assert!((place(p / 2.0) + z).abs() < 1e-6 * z.max(1.0));
        }
    }

    #[test]
    fn numbers_below_a_count_are_even() {
        let mut random = Random::new(7);
        let mut seen = [0_u32; 7];
        for _ in 0..70_000 {
            seen[random.below(7)] += 1;
        }
        assert!(
            seen.iter().all(|count| (9_500..10_500).contains(count)),
            "{seen:?}"
        );
    }
}
