//! How well scores tell who buys.

use serde::Serialize;

/// Bins of a calibration.
const BINS: usize = 10;

/// How well scores put buyers before others. `None` where everybody or nobody buys.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ranking {
    /// Area under the receiver operating characteristic: the chance that a buyer scores higher than
    /// another, ties half.
    pub auc: Option<f64>,
    /// Mean precision over the buyers, best scores first; accounts of one score are one step.
    pub average_precision: Option<f64>,
    /// Buyers among the tenth with the best scores (rounded up), against chance; of a tie that is
    /// cut, the share.
    pub lift_at_10: Option<f64>,
}

/// How well probabilities hold, beside how well they rank.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Probabilities {
    /// How well they rank.
    #[serde(flatten)]
    pub ranking: Ranking,
    /// Mean squared error, 0 to 1; `None` without accounts.
    pub brier: Option<f64>,
    /// Mean distance between what was predicted and what came, over the bins by their size.
    pub calibration_error: Option<f64>,
    /// Ten bins of equally many accounts, the least likely first; fewer with fewer accounts.
    pub calibration: Vec<Bin>,
}

/// Accounts with about the same probability.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bin {
    /// How many.
    pub accounts: usize,
    /// Their mean probability.
    pub predicted: f64,
    /// The part of them that bought.
    pub observed: f64,
}

impl Ranking {
    /// Of a score for each account, higher for likelier.
    pub fn of(scores: &[f64], outcomes: &[bool]) -> Self {
        let total = outcomes.len() as f64;
        let positives = outcomes.iter().filter(|outcome| **outcome).count() as f64;
        if positives == 0.0 || positives >= total {
            return Self {
                auc: None,
                average_precision: None,
                lift_at_10: None,
            };
        }
        let tenth = (total / 10.0).ceil();
        let (mut seen, mut found) = (0.0, 0.0);
        let (mut pairs, mut precision, mut among_tenth) = (0.0, 0.0, 0.0);
        for (size, buyers) in ties(scores, outcomes) {
            let others = size - buyers;
            pairs += others * (found + buyers / 2.0);
            let taken = (tenth - seen).clamp(0.0, size);
            among_tenth += buyers * taken / size;
            seen += size;
            found += buyers;
            precision += buyers / positives * found / seen;
        }
        Self {
            auc: Some(pairs / (positives * (total - positives))),
            average_precision: Some(precision),
            lift_at_10: Some(among_tenth / tenth / (positives / total)),
        }
    }
}

impl Probabilities {
    /// Of a probability for each account.
    pub fn of(probabilities: &[f64], outcomes: &[bool]) -> Self {
        let total = outcomes.len();
        let pairs = || probabilities.iter().zip(outcomes);
        let value = |outcome: bool| f64::from(u8::from(outcome));
        let squares: f64 = pairs()
            .map(|(own, outcome)| (value(*outcome) - own).powi(2))
            .sum();
        let mut order: Vec<usize> = (0..total).collect();
        order.sort_by(|left, right| probabilities[*left].total_cmp(&probabilities[*right]));
        let bins = BINS.min(total);
        let mut calibration = Vec::with_capacity(bins);
        let mut error = 0.0;
        let mut begin = 0;
        for bin in 0..bins {
            let size = total / bins + usize::from(bin < total % bins);
            let members = &order[begin..begin + size];
            begin += size;
            let mean = |of: &dyn Fn(usize) -> f64| {
                members.iter().map(|account| of(*account)).sum::<f64>() / size as f64
            };
            let predicted = mean(&|account| probabilities[account]);
            let observed = mean(&|account| value(outcomes[account]));
            error += (predicted - observed).abs() * size as f64 / total as f64;
            calibration.push(Bin {
                accounts: size,
                predicted,
                observed,
            });
        }
        Self {
            ranking: Ranking::of(probabilities, outcomes),
            brier: (total > 0).then(|| squares / total as f64),
            calibration_error: (total > 0).then_some(error),
            calibration,
        }
    }
}

/// Accounts of one score, the best first: how many, and how many of them buy.
fn ties(scores: &[f64], outcomes: &[bool]) -> Vec<(f64, f64)> {
    let mut order: Vec<usize> = (0..outcomes.len()).collect();
    order.sort_by(|left, right| scores[*right].total_cmp(&scores[*left]));
    order
        .chunk_by(|left, right| scores[*left].total_cmp(&scores[*right]).is_eq())
        .map(|tie| {
            let buyers = tie.iter().filter(|account| outcomes[**account]).count();
            (tie.len() as f64, buyers as f64)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: Option<f64>, expected: f64) {
        assert!(
            (found.unwrap() - expected).abs() < 1e-12,
            "{found:?} is not {expected}"
        );
    }

    /// The example of scikit-learn's documentation: AUC 0.75, average precision 0.8333….
    #[test]
    fn measures_agree_with_their_definition() {
        let ranking = Ranking::of(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true]);
        close(ranking.auc, 0.75);
        close(ranking.average_precision, 0.5 + 0.5 * 2.0 / 3.0);
        close(ranking.lift_at_10, 2.0);
    }

    #[test]
    fn ties_are_shared() {
        let outcomes = [
            true, false, true, false, false, false, false, false, false, false,
        ];
        let ranking = Ranking::of(&[1.0; 10], &outcomes);
        close(ranking.auc, 0.5);
        close(ranking.average_precision, 0.2);
        close(ranking.lift_at_10, 1.0);
        assert_eq!(Ranking::of(&[1.0, 2.0], &[true, true]).auc, None);
    }

    #[test]
    fn bins_hold_everybody_once() {
        let probabilities: Vec<f64> = (0..23).map(|own| f64::from(own) / 23.0).collect();
        let outcomes: Vec<bool> = (0..23).map(|own| own % 3 == 0).collect();
        let measured = Probabilities::of(&probabilities, &outcomes);
        assert_eq!(measured.calibration.len(), 10);
        let members: usize = measured.calibration.iter().map(|bin| bin.accounts).sum();
        assert_eq!(members, 23);
        close(Probabilities::of(&[1.0, 0.0], &[true, false]).brier, 0.0);
        assert!(Probabilities::of(&[], &[]).calibration.is_empty());
    }
}
