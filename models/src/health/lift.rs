//! What would lift an account to the next better status.

use serde::Serialize;

use super::rules::ScorecardRules;
use super::scorecard::{Factor, Held, Status};

/// Gains that are smaller are not worth a word.
const SMALLEST: f64 = 0.5;

/// What an account lacks for a better status.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lift {
    /// The next better status.
    pub to: Status,
    /// The points that its factors lack for it; at most 0 where only `held_by` is in the way.
    pub missing: f64,
    /// What has to end first.
    pub held_by: Option<Held>,
    /// What could bring points, the most first.
    pub gains: Vec<Gain>,
}

/// What a factor could bring.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Gain {
    /// Which.
    pub factor: Factor,
    /// Points, when all of it is well.
    pub points: f64,
}

impl Lift {
    /// For an account whose factors brought these points of these weights; `None` where it is green
    /// or unrated.
    pub fn of(
        rules: &ScorecardRules,
        status: Status,
        held_by: Option<Held>,
        factors: impl IntoIterator<Item = (Factor, f64, f64)>,
    ) -> Option<Self> {
        let (to, border) = match status {
            Status::Red => (Status::Yellow, rules.yellow_from),
            Status::Yellow => (Status::Green, rules.green_from),
            Status::Green | Status::Unrated => return None,
        };
        let mut sum = 0.0;
        let mut gains: Vec<Gain> = Vec::new();
        for (factor, points, weight) in factors {
            sum += points;
            let gain = weight - points;
            if gain >= SMALLEST {
                gains.push(Gain {
                    factor,
                    points: gain,
                });
            }
        }
        gains.sort_by(|left, right| right.points.total_cmp(&left.points));
        Some(Self {
            to,
            missing: border - sum,
            held_by,
            gains,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_missing_and_what_could_bring_it() {
        let factors = [
            (Factor::Rhythm, 5.0, 40.0),
            (Factor::Payment, 29.8, 30.0),
            (Factor::AmountTrend, 20.0, 30.0),
        ];
        let rules = ScorecardRules::shipped();
        let lift = Lift::of(rules, Status::Red, None, factors).unwrap();
        assert_eq!(lift.to, Status::Yellow);
        assert!((lift.missing - 5.2).abs() < 1e-9);
        let gains: Vec<Factor> = lift.gains.iter().map(|own| own.factor).collect();
        assert_eq!(gains, [Factor::Rhythm, Factor::AmountTrend]);
        assert!(Lift::of(rules, Status::Green, None, factors).is_none());
        // enough points, and something holds it down
        let held = Lift::of(
            rules,
            Status::Red,
            Some(Held::Overdue),
            [(Factor::Rhythm, 90.0, 100.0)],
        );
        let held = held.unwrap();
        assert!(held.missing < 0.0 && held.held_by == Some(Held::Overdue));
    }
}
