//! Targets beside numbers, and what a sheet of them changes.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

/// The targets beside an answer, by metric.
#[derive(Serialize, ToSchema)]
pub(crate) struct TargetMarks {
    /// Those of the total.
    pub(crate) total: BTreeMap<String, TargetMark>,
    /// Those of the rows, in their order.
    pub(crate) rows: Vec<BTreeMap<String, TargetMark>>,
}

/// The target of a number, and how the number stands to it.
#[derive(Serialize, ToSchema)]
pub(crate) struct TargetMark {
    /// The record; none where it is the sum of several.
    #[schema(required = false)]
    pub(crate) id: i64,
    /// The period, as `2026-03`, `2026-Q1` or `2026`.
    pub(crate) period: String,
    /// The target, in the metric's unit.
    pub(crate) target: f64,
    /// Whether it is the sum of the targets of the months of a quarter, or the quarters of a year.
    pub(crate) summed: bool,
    /// How far the number is towards it: 1 is reached, and more is better, whichever way the metric is
    /// better.
    pub(crate) attainment: Option<f64>,
    /// Whether the number meets it now.
    pub(crate) met: bool,
    /// While the period runs: its working days,
    #[schema(required = false)]
    pub(crate) working_days: i64,
    /// and those up to today, which counts.
    #[schema(required = false)]
    pub(crate) working_days_passed: i64,
    /// While the period runs and of a metric whose months add up: the target times the share of the
    /// working days that has passed.
    #[schema(required = false)]
    pub(crate) target_by_now: f64,
}

/// What a sheet of targets changes.
#[derive(Serialize, ToSchema)]
pub(crate) struct TargetPlan {
    /// Targets that there are not yet.
    pub(crate) added: Vec<TargetChanged>,
    /// Those that have another value.
    pub(crate) changed: Vec<TargetChanged>,
    /// How many stand as they are.
    pub(crate) unchanged: usize,
}

/// A target that is added or changed.
#[derive(Serialize, ToSchema)]
pub(crate) struct TargetChanged {
    /// The metric.
    pub(crate) metric: String,
    /// For when.
    pub(crate) period: String,
    /// The team that it is for.
    pub(crate) team_id: Option<i64>,
    /// The person whom it is for.
    pub(crate) user_id: Option<i64>,
    /// What the team or the person is called; nothing for the company.
    pub(crate) name: Option<String>,
    /// What the metric is measured in.
    pub(crate) unit: String,
    /// The value so far, in the metric's unit; none of one that is added.
    pub(crate) before: Option<f64>,
    /// The value then.
    pub(crate) after: f64,
}
