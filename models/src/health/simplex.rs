//! Minimising a function of few parameters without derivatives (Nelder and Mead, 1965).

/// How often the function is asked, at most.
const EVALUATIONS: usize = 1_500;
/// The search ends when neither the corners nor their values differ by more.
const CORNER_TOLERANCE: f64 = 1e-5;
const VALUE_TOLERANCE: f64 = 1e-9;

/// The point near `start` at which `function` is least, and its value there. Where the function is
/// not finite it counts as infinitely high.
pub(crate) fn minimise<const N: usize>(
    start: [f64; N],
    function: impl Fn(&[f64; N]) -> f64,
) -> ([f64; N], f64) {
    let value_at = |point: &[f64; N]| {
        let value = function(point);
        if value.is_finite() { value } else { f64::MAX }
    };
    let mut corners = vec![(start, value_at(&start))];
    for axis in 0..N {
        let mut corner = start;
        corner[axis] += 0.25;
        corners.push((corner, value_at(&corner)));
    }
    let mut evaluations = corners.len();
    while evaluations < EVALUATIONS {
        corners.sort_by(|left, right| left.1.total_cmp(&right.1));
        let (best, worst) = (corners[0], corners[N]);
        let is_flat = (worst.1 - best.1).abs() <= VALUE_TOLERANCE;
        let is_small = corners[1..].iter().all(|(corner, _)| {
            let mut pairs = corner.iter().zip(&best.0);
            pairs.all(|(own, best)| (own - best).abs() <= CORNER_TOLERANCE)
        });
        if is_flat && is_small {
            break;
        }
        let centre: [f64; N] = std::array::from_fn(|axis| {
            corners[..N]
                .iter()
                .map(|(corner, _)| corner[axis])
                .sum::<f64>()
                / N as f64
        });
        let along = |step: f64| -> ([f64; N], f64) {
            let point =
                std::array::from_fn(|axis| centre[axis] + step * (worst.0[axis] - centre[axis]));
            (point, value_at(&point))
        };
        let reflected = along(-1.0);
        evaluations += 1;
        if reflected.1 < best.1 {
            let expanded = along(-2.0);
            evaluations += 1;
            corners[N] = if expanded.1 < reflected.1 {
                expanded
            } else {
                reflected
            };
            continue;
        }
        if reflected.1 < corners[N - 1].1 {
            corners[N] = reflected;
            continue;
        }
        let contracted = along(if reflected.1 < worst.1 { -0.5 } else { 0.5 });
        evaluations += 1;
        if contracted.1 < reflected.1.min(worst.1) {
            corners[N] = contracted;
            continue;
        }
        for corner in &mut corners[1..] {
            let point = std::array::from_fn(|axis| f64::midpoint(corner.0[axis], best.0[axis]));
            *corner = (point, value_at(&point));
        }
        evaluations += N;
    }
    corners.sort_by(|left, right| left.1.total_cmp(&right.1));
    corners[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_bottom_of_a_curved_valley() {
        let (point, value) = minimise([-1.2, 1.0], |[x, y]| {
            (1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2)
        });
        assert!(value < 1e-8, "{value}");
        assert!((point[0] - 1.0).abs() < 1e-3 && (point[1] - 1.0).abs() < 1e-3);
    }
}
