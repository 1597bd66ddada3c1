//! What a model was learned from, and how it did on a day that it had not seen.

use super::learning::{self, Lesson};
use super::probability::Model;

/// What a probability is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// At least one order in the horizon.
    Order,
    /// Net purchases of the horizon under half of those of the same span a year before.
    Shrink,
    /// A contract that runs out in the horizon has no successor within 90 days after.
    NonRenewal,
}

impl Target {
    /// All.
    pub const ALL: [Self; 3] = [Self::Order, Self::Shrink, Self::NonRenewal];

    /// Its name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Shrink => "shrink",
            Self::NonRenewal => "non_renewal",
        }
    }
}

/// A model of the earlier days alone, tried on the latest day that the model learned from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trial {
    /// That day, from 1970-01-01.
    pub day: i32,
    /// Accounts (of contracts: those) on it.
    pub accounts: usize,
    /// Those of them that it came true of.
    pub positives: usize,
    /// Area under the curve; `None` where it came true of all or none.
    pub auc: Option<f64>,
    /// Average precision.
    pub average_precision: Option<f64>,
    /// Mean squared error.
    pub brier: Option<f64>,
}

/// A model as of a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// What its probabilities are of.
    pub target: Target,
    /// Where they come from.
    pub kind: Model,
    /// The days ahead that they are about.
    pub horizon_days: i32,
    /// The days that it was learned from, the latest first.
    pub learned_days: Vec<i32>,
    /// Accounts (of contracts: those) on those days.
    pub rows: usize,
    /// Those that it came true of.
    pub positives: usize,
    /// Whether it was calibrated on a day that it had not seen.
    pub is_calibrated: bool,
    /// How it did on that day; `None` where there are too few earlier days.
    pub trial: Option<Trial>,
}

impl Version {
    pub(super) fn of<const N: usize>(
        target: Target,
        kind: Model,
        horizon_days: i32,
        lessons: &[Lesson<N>],
        trial: Option<Trial>,
    ) -> Self {
        Self {
            target,
            kind,
            horizon_days,
            learned_days: lessons.iter().map(|lesson| lesson.day).collect(),
            rows: learning::rows(lessons),
            positives: learning::positives(lessons),
            is_calibrated: trial.is_some() && kind == Model::Fitted,
            trial,
        }
    }
}
