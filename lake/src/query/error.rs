//! Why a query was not answered.

use datafusion::error::DataFusionError;
use millrace_models::metric::Denied;
use thiserror::Error;

use crate::LakeError;

/// An error of a query.
#[derive(Debug, Error)]
pub enum QueryError {
    /// No run has published anything.
    #[error("there are no numbers yet: run `millrace ingest`, then `millrace run`")]
    NothingPublished,
    /// A query without a metric.
    #[error("the query names no metric")]
    NoMetric,
    /// An unknown metric.
    #[error("there is no metric {name:?}{}", meant(.suggestions))]
    Metric {
        /// What was asked for.
        name: String,
        /// What was probably meant.
        suggestions: Vec<String>,
    },
    /// An unknown dimension.
    #[error("{metric} has no dimension {name:?}{}", meant(.suggestions))]
    Dimension {
        /// The metric.
        metric: String,
        /// What was asked for.
        name: String,
        /// What was probably meant.
        suggestions: Vec<String>,
    },
    /// An unknown member of a dimension.
    #[error("{dimension} has no value {value:?}{}", meant(.suggestions))]
    Value {
        /// The dimension.
        dimension: String,
        /// What was asked for.
        value: String,
        /// What was probably meant.
        suggestions: Vec<String>,
    },
    /// A metric that is not the caller's to see.
    #[error("{metric} is not yours to see: {reason}")]
    Forbidden {
        /// The metric.
        metric: String,
        /// Why.
        reason: Denied,
    },
    /// A condition or comparison that cannot be used as it stands.
    #[error("{0}")]
    Unusable(String),
    /// The declaration of a metric is wrong.
    #[error(transparent)]
    Registry(#[from] millrace_models::metric::RegistryError),
    /// The tables could not be read.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] DataFusionError),
    /// A result could not be read.
    #[error(transparent)]
    Arrow(#[from] arrow::error::ArrowError),
}

impl QueryError {
    /// What was probably meant, best first.
    pub fn suggestions(&self) -> &[String] {
        match self {
            Self::Metric { suggestions, .. }
            | Self::Dimension { suggestions, .. }
            | Self::Value { suggestions, .. } => suggestions,
            _ => &[],
        }
    }

    /// Whether the question is at fault, not the system.
    pub fn is_input(&self) -> bool {
        matches!(
            self,
            Self::NoMetric
                | Self::Metric { .. }
                | Self::Dimension { .. }
                | Self::Value { .. }
                | Self::Unusable(_)
        )
    }
}

fn meant(suggestions: &[String]) -> String {
    if suggestions.is_empty() {
        String::new()
    } else {
        format!("; did you mean {}?", suggestions.join(", "))
    }
}
