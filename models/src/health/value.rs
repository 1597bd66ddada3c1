//! How much care an account deserves, apart from how it fares; and from when on it fares otherwise.

use serde::{Deserialize, Serialize};

use super::rules::ScorecardRules;
use super::scorecard::{Held, Status};

/// How much of the firm's business is done with an account and those above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ValueTier {
    /// One of those that together bring the first 70 %.
    A,
    /// One of those that bring the next 20 %.
    B,
    /// All others.
    C,
}

const A_SHARE: f64 = 0.7;
const B_SHARE: f64 = 0.9;
/// A score that is so many points beyond a border is not there by chance.
const BEYOND: f64 = 5.0;

impl ValueTier {
    /// Its name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
        }
    }

    /// The tier of that name.
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::A, Self::B, Self::C];
        all.into_iter().find(|own| own.name() == name)
    }

    /// The tiers of accounts by their amounts of a year, in the same order. The account in which a
    /// share is reached is still of the tier; of equal amounts the earlier one goes first. An account
    /// that brought nothing is a C.
    pub fn of_amounts(amounts: &[f64]) -> Vec<Self> {
        let mut order: Vec<usize> = (0..amounts.len()).collect();
        order.sort_by(|left, right| amounts[*right].total_cmp(&amounts[*left]));
        let all: f64 = order.iter().map(|own| amounts[*own].max(0.0)).sum();
        let mut tiers = vec![Self::C; amounts.len()];
        let mut before = 0.0;
        for account in order {
            let own = amounts[account].max(0.0);
            if own == 0.0 {
                break;
            }
            tiers[account] = match before / all {
                share if share < A_SHARE => Self::A,
                share if share < B_SHARE => Self::B,
                _ => Self::C,
            };
            before += own;
        }
        tiers
    }
}

/// What the scoring before said of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Before {
    /// The status of that score.
    pub status: Status,
    /// The status that held.
    pub settled: Status,
}

/// The status that holds: another than before where the score is 5 points beyond the border, where
/// it is beyond the border in two scorings one after the other, where something holds it down, and
/// to and from unrated.
pub fn settled(
    rules: &ScorecardRules,
    score: f64,
    status: Status,
    held_by: Option<Held>,
    before: Option<Before>,
) -> Status {
    let Some(before) = before else { return status };
    let rank = |status: Status| match status {
        Status::Red => Some(0),
        Status::Yellow => Some(1),
        Status::Green => Some(2),
        Status::Unrated => None,
    };
    let (Some(now), Some(held)) = (rank(status), rank(before.settled)) else {
        return status;
    };
    if now == held || held_by.is_some() {
        return status;
    }
    let is_worse = now < held;
    let surely = rules.status_of(if is_worse {
        score + BEYOND
    } else {
        score - BEYOND
    });
    // what both scorings say at least
    let twice = rank(before.status).map(|last| {
        if is_worse {
            last.max(now)
        } else {
            last.min(now)
        }
    });
    let said = [rank(surely), twice, Some(held)].into_iter().flatten();
    let settled = if is_worse { said.min() } else { said.max() };
    match settled {
        Some(0) => Status::Red,
        Some(1) => Status::Yellow,
        Some(_) => Status::Green,
        None => status,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Status::{Green, Red, Unrated, Yellow};

    #[test]
    fn tiers_go_by_the_share_of_those_before() {
        let tiers = ValueTier::of_amounts(&[5.0, 50.0, 0.0, 25.0, 15.0, -3.0, 5.0]);
        let names: String = tiers.iter().map(|own| own.name()).collect();
        // 50 and 25 reach 70 of 100, 15 goes to 90
        assert_eq!(names, "CACABCC");
        assert_eq!(ValueTier::of_amounts(&[0.0, -1.0]), [ValueTier::C; 2]);
        assert_eq!(ValueTier::of_amounts(&[1.0]), [ValueTier::A]);
        assert!(ValueTier::of_amounts(&[]).is_empty());
    }

    #[test]
    fn a_status_changes_by_five_points_or_by_two_scorings() {
        let holds = |score: f64, last: Status, held: Status| {
            let before = Before {
                status: last,
                settled: held,
            };
            settled(
                ScorecardRules::shipped(),
                score,
                ScorecardRules::shipped().status_of(score),
                None,
                Some(before),
            )
        };
        assert_eq!(holds(73.0, Green, Green), Green, "2 points below, once");
        assert_eq!(holds(73.0, Yellow, Green), Yellow, "and again");
        assert_eq!(holds(69.9, Green, Green), Yellow, "more than 5 points");
        assert_eq!(holds(58.0, Green, Green), Yellow, "red only by 2 points");
        assert_eq!(
            holds(58.0, Yellow, Green),
            Yellow,
            "both are worse than green"
        );
        assert_eq!(holds(58.0, Red, Green), Red);
        assert_eq!(holds(20.0, Green, Green), Red);
        assert_eq!(holds(76.0, Yellow, Yellow), Yellow, "and the same upwards");
        assert_eq!(holds(76.0, Green, Yellow), Green);
        assert_eq!(holds(80.0, Yellow, Yellow), Green);
        assert_eq!(holds(76.0, Yellow, Red), Yellow, "beyond that border by 16");
        assert_eq!(holds(64.0, Red, Red), Red);
        assert_eq!(holds(50.0, Unrated, Unrated), Red);
    }

    #[test]
    fn what_holds_a_score_down_and_unrated_show_at_once() {
        let before = Some(Before {
            status: Green,
            settled: Green,
        });
        let rules = ScorecardRules::shipped();
        assert_eq!(settled(rules, 59.0, Red, Some(Held::Overdue), before), Red);
        assert_eq!(settled(rules, 80.0, Unrated, None, before), Unrated);
        assert_eq!(settled(rules, 59.0, Red, None, None), Red);
    }
}
