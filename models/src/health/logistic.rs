//! Logistic regression with a ridge, by Newton's method: the same rows give the same bits.

/// The steps end when no coefficient moves by more.
const TOLERANCE: f64 = 1e-8;
const STEPS: usize = 50;

/// Rows to fit, each with what came of it and how much it counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rows<const N: usize> {
    pub(crate) features: Vec<[f64; N]>,
    pub(crate) outcomes: Vec<bool>,
    pub(crate) weights: Vec<f64>,
}

/// A fitted regression over standardised features.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Logistic<const N: usize> {
    means: [f64; N],
    deviations: [f64; N],
    intercept: f64,
    coefficients: [f64; N],
}

impl<const N: usize> Logistic<N> {
    /// Fits rows. `ridge` holds the coefficients of the standardised features near 0, and the
    /// intercept free.
    pub(crate) fn fit(rows: &Rows<N>, ridge: f64) -> Self {
        let (means, deviations) = moments(&rows.features);
        let mut fitted = Self {
            means,
            deviations,
            intercept: 0.0,
            coefficients: [0.0; N],
        };
        let standard: Vec<[f64; N]> = rows
            .features
            .iter()
            .map(|features| fitted.standardise(features))
            .collect();
        let mut value = fitted.objective(&standard, rows, ridge);
        for _ in 0..STEPS {
            let (gradient, hessian) = fitted.slopes(&standard, rows, ridge);
            let Some(step) = solve(hessian, gradient) else {
                break;
            };
            let mut part = 1.0;
            let (next, next_value) = loop {
                let next = fitted.moved(&step, part);
                let next_value = next.objective(&standard, rows, ridge);
                if next_value >= value - 1e-12 || part < 1e-4 {
                    break (next, next_value);
                }
                part /= 2.0;
            };
            fitted = next;
            value = next_value;
            if step.iter().all(|own| (own * part).abs() < TOLERANCE) {
                break;
            }
        }
        fitted
    }

    /// The log odds of a row.
    pub(crate) fn log_odds(&self, features: &[f64; N]) -> f64 {
        self.linear(&self.standardise(features))
    }

    fn standardise(&self, features: &[f64; N]) -> [f64; N] {
        std::array::from_fn(|index| (features[index] - self.means[index]) / self.deviations[index])
    }

    fn linear(&self, standard: &[f64; N]) -> f64 {
        let pairs = self.coefficients.iter().zip(standard);
        self.intercept + pairs.map(|(own, feature)| own * feature).sum::<f64>()
    }

    fn moved(&self, step: &[f64], part: f64) -> Self {
        Self {
            intercept: self.intercept + step[0] * part,
            coefficients: std::array::from_fn(|index| {
                self.coefficients[index] + step[index + 1] * part
            }),
            ..self.clone()
        }
    }

    /// The penalised log likelihood.
    fn objective(&self, standard: &[[f64; N]], rows: &Rows<N>, ridge: f64) -> f64 {
        let squares: f64 = self.coefficients.iter().map(|own| own * own).sum();
        let likelihood: f64 = standard
            .iter()
            .zip(&rows.outcomes)
            .zip(&rows.weights)
            .map(|((features, outcome), weight)| {
                weight * log_likelihood(self.linear(features), *outcome)
            })
            .sum();
        likelihood - 0.5 * ridge * squares
    }

    /// Gradient and negative Hessian; the intercept first.
    fn slopes(
        &self,
        standard: &[[f64; N]],
        rows: &Rows<N>,
        ridge: f64,
    ) -> (Vec<f64>, Vec<Vec<f64>>) {
        let size = N + 1;
        let mut gradient = vec![0.0; size];
        let mut hessian = vec![vec![0.0; size]; size];
        let mut extended = vec![1.0; size];
        for ((features, outcome), weight) in standard.iter().zip(&rows.outcomes).zip(&rows.weights)
        {
            extended[1..].copy_from_slice(features);
            let probability = logistic(self.linear(features));
            let error = weight * (f64::from(u8::from(*outcome)) - probability);
            let curvature = weight * probability * (1.0 - probability) + 1e-9;
            for row in 0..size {
                gradient[row] += error * extended[row];
                let scaled = curvature * extended[row];
                for (cell, other) in hessian[row][..=row].iter_mut().zip(&extended) {
                    *cell += scaled * other;
                }
            }
        }
        for (index, own) in self.coefficients.iter().enumerate() {
            gradient[index + 1] -= ridge * own;
            hessian[index + 1][index + 1] += ridge;
        }
        (gradient, hessian)
    }
}

/// The logarithm of the probability that log odds give to an outcome, without overflow.
fn log_likelihood(odds: f64, outcome: bool) -> f64 {
    let agreeing = if outcome { odds } else { -odds };
    agreeing.min(0.0) - (-agreeing.abs()).exp().ln_1p()
}

/// 1 / (1 + e^-x).
pub(crate) fn logistic(odds: f64) -> f64 {
    1.0 / (1.0 + (-odds).exp())
}

/// What turns the log odds of a model into odds that hold: `shift + slope x odds`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Calibration {
    shift: f64,
    slope: f64,
}

/// How many rows without a message a free calibration is against: the shift is held near 0 and the
/// slope near 1, so that a small sample moves them little.
const SHIFT_HELD: f64 = 5.0;
const SLOPE_HELD: f64 = 50.0;

impl Calibration {
    /// Leaves odds as they are.
    pub(crate) const NONE: Self = Self {
        shift: 0.0,
        slope: 1.0,
    };

    /// Fits log odds to what came of them (Platt, 1999).
    pub(crate) fn fit(odds: &[f64], outcomes: &[bool]) -> Self {
        let mut own = Self::NONE;
        let mut value = own.objective(odds, outcomes);
        for _ in 0..STEPS {
            let mut gradient = vec![-SHIFT_HELD * own.shift, -SLOPE_HELD * (own.slope - 1.0)];
            let mut hessian = vec![vec![SHIFT_HELD, 0.0], vec![0.0, SLOPE_HELD]];
            for (odds, outcome) in odds.iter().zip(outcomes) {
                let probability = logistic(own.apply(*odds));
                let error = f64::from(u8::from(*outcome)) - probability;
                let curvature = probability * (1.0 - probability);
                gradient[0] += error;
                gradient[1] += error * odds;
                hessian[0][0] += curvature;
                hessian[1][0] += curvature * odds;
                hessian[1][1] += curvature * odds * odds;
            }
            let Some(step) = solve(hessian, gradient) else {
                break;
            };
            let mut part = 1.0;
            let next = loop {
                let next = Self {
                    shift: own.shift + step[0] * part,
                    slope: own.slope + step[1] * part,
                };
                let next_value = next.objective(odds, outcomes);
                if next_value >= value - 1e-12 || part < 1e-4 {
                    value = next_value;
                    break next;
                }
                part /= 2.0;
            };
            own = next;
            if step.iter().all(|own| (own * part).abs() < TOLERANCE) {
                break;
            }
        }
        // A slope that turns the order round says that the sample misleads.
        if own.shift.is_finite() && own.slope.is_finite() && own.slope > 0.0 {
            own
        } else {
            Self::NONE
        }
    }

    /// The penalised log likelihood.
    fn objective(self, odds: &[f64], outcomes: &[bool]) -> f64 {
        let likelihood: f64 = odds
            .iter()
            .zip(outcomes)
            .map(|(odds, outcome)| log_likelihood(self.apply(*odds), *outcome))
            .sum();
        let held = SHIFT_HELD * self.shift.powi(2) + SLOPE_HELD * (self.slope - 1.0).powi(2);
        likelihood - 0.5 * held
    }

    pub(crate) fn apply(self, odds: f64) -> f64 {
        self.shift + self.slope * odds
    }
}

/// Solves a symmetric positive definite system of which the lower triangle is given (Cholesky);
/// `None` where it is none.
fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Option<Vec<f64>> {
    let size = right.len();
    for row in 0..size {
        for column in 0..=row {
            let dot: f64 = (0..column)
                .map(|index| matrix[row][index] * matrix[column][index])
                .sum();
            let rest = matrix[row][column] - dot;
            if row == column {
                if rest.is_nan() || rest <= 0.0 {
                    return None;
                }
                matrix[row][row] = rest.sqrt();
            } else {
                matrix[row][column] = rest / matrix[column][column];
            }
        }
    }
    for row in 0..size {
        let dot: f64 = (0..row)
            .map(|index| matrix[row][index] * right[index])
            .sum();
        right[row] = (right[row] - dot) / matrix[row][row];
    }
    for row in (0..size).rev() {
        let dot: f64 = (row + 1..size)
            .map(|index| matrix[index][row] * right[index])
            .sum();
        right[row] = (right[row] - dot) / matrix[row][row];
    }
    Some(right)
}

fn moments<const N: usize>(rows: &[[f64; N]]) -> ([f64; N], [f64; N]) {
    let count = rows.len().max(1) as f64;
    let means: [f64; N] =
        std::array::from_fn(|index| rows.iter().map(|row| row[index]).sum::<f64>() / count);
    let deviations = std::array::from_fn(|index| {
        let squares: f64 = rows
            .iter()
            .map(|row| (row[index] - means[index]).powi(2))
            .sum();
        let deviation = (squares / (count - 1.0).max(1.0)).sqrt();
        // a feature that never differs says nothing
        if deviation > 1e-12 { deviation } else { 1.0 }
    });
    (means, deviations)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two groups with 1 of 4 and 3 of 4: the log odds are -ln 3 and ln 3 whatever the scale.
    #[test]
    fn finds_the_odds_of_two_groups() {
        let rows = Rows {
            features: [0.0, 0.0, 0.0, 0.0, 50.0, 50.0, 50.0, 50.0]
                .map(|value| [value])
                .to_vec(),
            outcomes: vec![true, false, false, false, true, true, true, false],
            weights: vec![1.0; 8],
        };
        let fitted = Logistic::fit(&rows, 0.0);
        assert!((fitted.log_odds(&[0.0]) + 3.0_f64.ln()).abs() < 1e-6);
        assert!((fitted.log_odds(&[50.0]) - 3.0_f64.ln()).abs() < 1e-6);
        let held = Logistic::fit(&rows, 10.0);
        assert!(held.log_odds(&[50.0]) < fitted.log_odds(&[50.0]));
    }

    #[test]
    fn calibration_draws_back_odds_that_say_too_much() {
        let odds: Vec<f64> = (0..2_000)
            .map(|row| if row % 2 == 0 { 4.0 } else { -4.0 })
            .collect();
        // right in 3 of 4
        let outcomes: Vec<bool> = (0..2_000)
            .map(|row| (row % 2 == 0) == (row % 8 < 6))
            .collect();
        let calibration = Calibration::fit(&odds, &outcomes);
        let probability = logistic(calibration.apply(4.0));
        assert!((probability - 0.75).abs() < 0.02, "{probability}");
    }
}
