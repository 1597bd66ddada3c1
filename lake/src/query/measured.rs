//! What the records of each group say of each metric, as a select gives it.

use std::collections::{BTreeMap, HashMap};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type};
use chrono::NaiveDate;
use millrace_models::metric::{Measure, Metric};
use millrace_models::period::Grain;
use serde_json::Value;

use super::dimension::Dimension;
use super::error::QueryError;
use super::functions;
use super::tables::texts;
use super::view::Words;

/// A member of a dimension, as stored.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Member {
    None,
    Flag(bool),
    Day(NaiveDate),
    Text(String),
}

impl Member {
    pub(super) fn shown(&self, dimension: &str, words: Option<&Words>) -> Value {
        match self {
            Self::None => Value::Null,
            Self::Flag(flag) => Value::Bool(*flag),
            Self::Day(day) => {
                Grain::from_name(dimension).map_or(Value::Null, |grain| grain.label(*day).into())
            }
            Self::Text(text) => words
                .map_or(text.as_str(), |words| words.label(text))
                .into(),
        }
    }
}

/// A sum, exact where the column is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Sum {
    Float(f64),
    /// So many of the smallest unit, which has so many decimals.
    Exact(i128, i8),
}

impl Sum {
    pub(super) fn value(self) -> f64 {
        match self {
            Self::Float(value) => value,
            Self::Exact(units, decimals) => units as f64 / 10_f64.powi(i32::from(decimals)),
        }
    }

    pub(super) fn negated(self) -> Self {
        match self {
            Self::Float(value) => Self::Float(-value),
            Self::Exact(units, decimals) => Self::Exact(-units, decimals),
        }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Exact(left, decimals), Self::Exact(right, same)) if decimals == same => {
                Self::Exact(left + right, decimals)
            }
            _ => Self::Float(self.value() + other.value()),
        }
    }
}

/// What the records of a group say of a metric.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Measured {
    /// The value, or what stands above the line of a mean or ratio.
    pub(super) above: Option<Sum>,
    /// What stands below the line of a ratio.
    pub(super) below: Option<Sum>,
    pub(super) records: i64,
    pub(super) events: Option<i64>,
    pub(super) immature: Option<i64>,
}

impl Measured {
    /// The records of two groups together, of a measure that adds up.
    pub(super) fn plus(self, other: Self) -> Self {
        let sum = |left: Option<Sum>, right: Option<Sum>| match (left, right) {
            (Some(left), Some(right)) => Some(left.plus(right)),
            (left, right) => left.or(right),
        };
        let count = |left: Option<i64>, right: Option<i64>| match (left, right) {
            (Some(left), Some(right)) => Some(left + right),
            (left, right) => left.or(right),
        };
        Self {
            above: sum(self.above, other.above),
            below: sum(self.below, other.below),
            records: self.records + other.records,
            events: count(self.events, other.events),
            immature: count(self.immature, other.immature),
        }
    }

    pub(super) fn value(self, measure: &Measure) -> Option<f64> {
        let above = self.above.map(Sum::value);
        match measure {
            Measure::Count => Some(self.records as f64),
            Measure::Sum { .. } | Measure::Distinct { .. } => Some(above.unwrap_or(0.0)),
            Measure::Mean { .. } => (self.records > 0).then_some(above? / self.records as f64),
            Measure::Ratio { .. } => {
                let below = self.below?.value();
                (below != 0.0).then_some(above? / below)
            }
            Measure::Quantile { .. } | Measure::KmMedian { .. } | Measure::CountBack { .. } => {
                above
            }
            Measure::Compression { .. } => None,
        }
    }
}

/// Whether the total is the sum of its groups.
pub(super) fn adds_up(measure: &Measure) -> bool {
    match measure {
        Measure::Count | Measure::Sum { .. } | Measure::Mean { .. } => true,
        Measure::Ratio { per, .. } => per.is_none(),
        _ => false,
    }
}

pub(super) type Groups = BTreeMap<Vec<Member>, HashMap<usize, Measured>>;

pub(super) fn members(
    batch: &RecordBatch,
    dimensions: &[Dimension],
) -> Result<Vec<Vec<Member>>, QueryError> {
    let mut keys = vec![Vec::with_capacity(dimensions.len()); batch.num_rows()];
    for (index, dimension) in dimensions.iter().enumerate() {
        let column = batch.column(index);
        if dimension.grain.is_some() {
            for (row, key) in keys.iter_mut().enumerate() {
                key.push(functions::date(column, row).map_or(Member::None, Member::Day));
            }
        } else if dimension.flag {
            let flags = column.as_boolean();
            for (row, key) in keys.iter_mut().enumerate() {
                key.push(Member::Flag(flags.is_valid(row) && flags.value(row)));
            }
        } else {
            for (text, key) in texts(column)?.into_iter().zip(&mut keys) {
                key.push(text.map_or(Member::None, Member::Text));
            }
        }
    }
    Ok(keys)
}

pub(super) fn sum(column: &ArrayRef, row: usize) -> Option<Sum> {
    if column.is_null(row) {
        return None;
    }
    match column.data_type() {
        DataType::Decimal128(_, decimals) => {
            let units = column.as_primitive::<Decimal128Type>().value(row);
            Some(Sum::Exact(units, *decimals))
        }
        DataType::Int64 => {
            let units = column.as_primitive::<Int64Type>().value(row);
            Some(Sum::Exact(i128::from(units), 0))
        }
        _ => Some(Sum::Float(
            column.as_primitive_opt::<Float64Type>()?.value(row),
        )),
    }
}

pub(super) fn read(
    batch: &RecordBatch,
    dimensions: &[Dimension],
    metrics: &[(usize, &Metric)],
    groups: &mut Groups,
) -> Result<(), QueryError> {
    let keys = members(batch, dimensions)?;
    for (index, _) in metrics {
        let column = |suffix: &str| batch.column_by_name(&format!("m{index}_{suffix}"));
        let (above, below) = (column("v"), column("d"));
        let (records, events, immature) = (column("n"), column("e"), column("y"));
        let whole = |column: Option<&ArrayRef>, row: usize| {
            let values = column?.as_primitive::<Int64Type>();
            values.is_valid(row).then(|| values.value(row))
        };
        for (row, key) in keys.iter().enumerate() {
            let measured = Measured {
                above: above.and_then(|column| sum(column, row)),
                below: below.and_then(|column| sum(column, row)),
                records: whole(records, row).unwrap_or(0),
                events: whole(events, row),
                immature: whole(immature, row),
            };
            groups
                .entry(key.clone())
                .or_default()
                .insert(*index, measured);
        }
    }
    Ok(())
}
