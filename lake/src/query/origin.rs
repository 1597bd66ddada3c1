//! From where an answer came.

use std::sync::{Mutex, PoisonError};

use serde::Serialize;

/// How an answer came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AnsweredBy {
    /// From where.
    pub by: Origin,
    /// The sums that it was added up from, or a part of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rollups: Vec<RollupInfo>,
}

/// Where an answer comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// It was given before, from the same tables.
    Cache,
    /// Sums by day and dimension alone.
    Rollup,
    /// The records, wholly or for a part.
    Scan,
}

/// Sums by span of time and dimension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RollupInfo {
    /// The mart whose records were summed.
    pub table: String,
    /// The time whose spans it is by; none for a state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// `day` or `month`.
    pub span: String,
    /// The dimensions that it is by.
    pub dimensions: Vec<String>,
}

impl AnsweredBy {
    pub(super) fn scan() -> Self {
        Self {
            by: Origin::Scan,
            rollups: Vec::new(),
        }
    }

    pub(super) fn cache() -> Self {
        Self {
            by: Origin::Cache,
            rollups: Vec::new(),
        }
    }
}

/// From where the groups of an answer came so far.
#[derive(Debug, Default)]
pub(super) struct Origins(Mutex<AnsweredFrom>);

#[derive(Debug, Default)]
struct AnsweredFrom {
    scanned: bool,
    rollups: Vec<RollupInfo>,
}

impl Origins {
    /// Some were scanned.
    pub(super) fn scan(&self) {
        let mut from = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        from.scanned = true;
    }

    /// Some were added up from a rollup.
    pub(super) fn rollup(&self, info: RollupInfo) {
        let mut from = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !from.rollups.contains(&info) {
            from.rollups.push(info);
        }
    }

    /// How the answer came about.
    pub(super) fn answered_by(&self) -> AnsweredBy {
        let from = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        AnsweredBy {
            by: if from.scanned {
                Origin::Scan
            } else {
                Origin::Rollup
            },
            rollups: from.rollups.clone(),
        }
    }
}
