//! The shapes of adjustments.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Condition, Row};

/// Which adjustments of closed months to list.
#[derive(Serialize, ToSchema)]
pub(crate) struct AdjustmentsRequest {
    /// The metric: one that counts, sums or divides what happened.
    #[schema(example = "order_amount")]
    pub(crate) metric: String,
    /// Dimensions to tell records apart by.
    #[schema(required = false)]
    pub(crate) by: Vec<String>,
    /// Conditions that all must hold.
    #[schema(required = false)]
    pub(crate) r#where: Vec<Condition>,
    /// Of this closed month only.
    #[schema(example = "2026-09")]
    pub(crate) month: Option<String>,
    /// Only what was changed in this month.
    #[schema(example = "2026-10")]
    pub(crate) made: Option<String>,
    /// `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
    /// Adjustments of a page, 50 where left out, at most 1000.
    pub(crate) limit: Option<usize>,
    /// As of then; without it the time is now.
    #[schema(format = DateTime)]
    pub(crate) as_of: Option<String>,
}

/// What was changed of closed months.
#[derive(Serialize, ToSchema)]
pub(crate) struct AdjustmentsResult {
    /// The metric.
    pub(crate) metric: String,
    /// What it is measured in.
    pub(crate) unit: String,
    /// The time of the answer.
    #[schema(format = DateTime)]
    pub(crate) as_of: String,
    /// The closed months.
    pub(crate) months: Vec<ClosedNumber>,
    /// Sums by the month of the change and the closed month.
    pub(crate) made: Vec<Adjusted>,
    /// The adjustments of this page, the latest change first.
    pub(crate) rows: Vec<Adjustment>,
    /// How many there are in all.
    pub(crate) count: usize,
    /// Where the next page begins; null on the last.
    pub(crate) next_cursor: Option<String>,
}

/// The number of a closed month.
#[derive(Serialize, ToSchema)]
pub(crate) struct ClosedNumber {
    /// The month.
    pub(crate) month: String,
    /// When it was closed.
    #[schema(format = DateTime)]
    pub(crate) closed_at: String,
    /// Its number.
    pub(crate) closed: Option<f64>,
    /// The number that its records have now.
    pub(crate) now: Option<f64>,
    /// What its records add up to: the number, or what stands above its line.
    pub(crate) value: f64,
    /// What they add up to below the line of a ratio or mean.
    pub(crate) weight: Option<f64>,
    /// `value` as the records are now.
    pub(crate) value_now: f64,
    /// `weight` as the records are now.
    pub(crate) weight_now: Option<f64>,
}

/// A sum of adjustments.
#[derive(Serialize, ToSchema)]
pub(crate) struct Adjusted {
    /// The month in which the records were changed.
    pub(crate) made: String,
    /// The closed month that they are of.
    pub(crate) month: String,
    /// How many adjustments.
    pub(crate) records: usize,
    /// What they add to the number, or above its line.
    pub(crate) value: f64,
    /// What they add below the line of a ratio or mean.
    pub(crate) weight: Option<f64>,
}

/// A record of a closed month that was changed.
#[derive(Serialize, ToSchema)]
pub(crate) struct Adjustment {
    /// The closed month.
    pub(crate) month: String,
    /// The month in which it was changed.
    pub(crate) made: String,
    /// When it was changed; of what the passing of time did, when it was seen.
    #[schema(format = DateTime)]
    pub(crate) made_at: String,
    /// Who changed it: a person, a job or a file; null where its time has come.
    pub(crate) actor: Option<String>,
    /// Why, where they said.
    pub(crate) reason: Option<String>,
    /// What the record is called: the columns that identify it, the account and the dimensions.
    pub(crate) record: Row,
    /// What it was worth before.
    pub(crate) before: Option<f64>,
    /// What it was worth after.
    pub(crate) after: Option<f64>,
    /// What that adds to the number.
    pub(crate) difference: f64,
    /// What it adds below the line of a ratio or mean.
    pub(crate) weight_difference: Option<f64>,
}
