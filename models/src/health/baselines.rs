//! What a score must beat: the rules that anybody would try first.

use super::history::Standing;

/// Minus the days since the last purchase.
pub fn recency(standings: &[Standing<'_>]) -> Vec<f64> {
    standings.iter().map(|own| -own.silent_days()).collect()
}

/// Days with a purchase.
pub fn frequency(standings: &[Standing<'_>]) -> Vec<f64> {
    standings.iter().map(Standing::count).collect()
}

/// Recency, frequency and money: the sum of ceil(5 x average rank / n) over the three, the higher the
/// better.
pub fn rfm(standings: &[Standing<'_>]) -> Vec<f64> {
    let money: Vec<f64> = standings.iter().map(Standing::spend).collect();
    let mut sums = vec![0.0; standings.len()];
    for values in [recency(standings), frequency(standings), money] {
        for (sum, fifth) in sums.iter_mut().zip(fifths(&values)) {
            *sum += fifth;
        }
    }
    sums
}

/// ceil(5 x rank / n), ranks from 1 for the least; equal values share the mean of their ranks.
fn fifths(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|left, right| values[*left].total_cmp(&values[*right]));
    let mut fifths = vec![0.0; values.len()];
    let mut before = 0.0;
    for tie in order.chunk_by(|left, right| values[*left].total_cmp(&values[*right]).is_eq()) {
        let size = tie.len() as f64;
        let rank = before + f64::midpoint(size, 1.0);
        before += size;
        for index in tie {
            fifths[*index] = (5.0 * rank / values.len() as f64).ceil();
        }
    }
    fifths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_share_their_rank() {
        assert_eq!(
            fifths(&[1.0, 2.0, 3.0, 4.0, 5.0]),
            [1.0, 2.0, 3.0, 4.0, 5.0]
        );
        assert_eq!(
            fifths(&[7.0, 7.0, 7.0, 7.0, 9.0]),
            [3.0, 3.0, 3.0, 3.0, 5.0]
        );
    }
}
