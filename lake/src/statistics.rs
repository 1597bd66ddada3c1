//! Statistics of a written Parquet file in the form of a Delta `add` action.
//!
//! Written as text and not by a JSON library, because a bound of an amount must be exact: a
//! decimal that went through a float can end up inside the range that it bounds. Bounds of times
//! have milliseconds in Delta; the lower one is cut and the upper one rounded up, so that both
//! stay bounds.

use std::cmp::Ordering;
use std::fmt::Write as _;

use chrono::{DateTime, NaiveDate, TimeDelta};
use parquet::basic::{LogicalType, TimeUnit};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnDescriptor;

/// A bound that is ordered as the values of its column are.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
enum Bound {
    Flag(bool),
    Integer(i64),
    Number(f64),
    Date(i32),
    TimeMicros(i64),
    Decimal { unscaled: i128, scale: u32 },
    Text(String),
}

impl Bound {
    fn to_json(&self, upper: bool) -> Option<String> {
        Some(match self {
            Self::Flag(value) => value.to_string(),
            Self::Integer(value) => value.to_string(),
            Self::Number(value) => serde_json::Number::from_f64(*value)?.to_string(),
            Self::Date(days) => {
                let epoch = NaiveDate::from_ymd_opt(1970, 1, 1)?;
                let date = epoch.checked_add_signed(TimeDelta::days(i64::from(*days)))?;
                format!("\"{}\"", date.format("%Y-%m-%d"))
            }
            Self::TimeMicros(micros) => {
                let cut = micros.div_euclid(1000);
                let millis = if upper && micros.rem_euclid(1000) > 0 {
                    cut + 1
                } else {
                    cut
                };
                let time = DateTime::from_timestamp_millis(millis)?;
                format!("\"{}\"", time.format("%Y-%m-%dT%H:%M:%S%.3fZ"))
            }
            Self::Decimal { unscaled, scale } => {
                let sign = if *unscaled < 0 { "-" } else { "" };
                let digits = unscaled.unsigned_abs();
                let unit = 10_u128.checked_pow(*scale)?;
                if *scale == 0 {
                    format!("{sign}{digits}")
                } else {
                    let width = *scale as usize;
                    format!("{sign}{}.{:0width$}", digits / unit, digits % unit)
                }
            }
            Self::Text(value) => serde_json::to_string(value).ok()?,
        })
    }
}

/// The `stats` of a file: number of records and, for every column of which all row groups tell,
/// the nulls and the bounds.
pub(crate) fn file_statistics(metadata: &ParquetMetaData) -> String {
    let (mut lower, mut upper, mut nulls) =
        (Members::default(), Members::default(), Members::default());
    let schema = metadata.file_metadata().schema_descr();
    for (index, column) in schema.columns().iter().enumerate() {
        if column.path().parts().len() != 1 || column.max_rep_level() > 0 {
            continue;
        }
        let name = column.name();
        let chunks: Option<Vec<&Statistics>> = metadata
            .row_groups()
            .iter()
            .map(|group| group.column(index).statistics())
            .collect();
        let Some(chunks) = chunks else { continue };
        let Some(null_count) = chunks
            .iter()
            .map(|chunk| chunk.null_count_opt())
            .sum::<Option<u64>>()
        else {
            continue;
        };
        nulls.push(name, &null_count.to_string());
        if let Some((least, greatest)) = bounds(column, metadata, index, &chunks) {
            if let Some(value) = least.to_json(false) {
                lower.push(name, &value);
            }
            if let Some(value) = greatest.to_json(true) {
                upper.push(name, &value);
            }
        }
    }
    format!(
        "{{\"numRecords\":{},\"minValues\":{},\"maxValues\":{},\"nullCount\":{}}}",
        metadata.file_metadata().num_rows(),
        lower.finish(),
        upper.finish(),
        nulls.finish()
    )
}

/// The least and the greatest value over all row groups; none where a row group that has values
/// does not tell.
fn bounds(
    column: &ColumnDescriptor,
    metadata: &ParquetMetaData,
    index: usize,
    chunks: &[&Statistics],
) -> Option<(Bound, Bound)> {
    let mut found: Option<(Bound, Bound)> = None;
    for (group, chunk) in metadata.row_groups().iter().zip(chunks) {
        let values = u64::try_from(group.column(index).num_values()).ok()?;
        if chunk.null_count_opt() == Some(values) {
            continue;
        }
        let least = bound(column, chunk, false)?;
        let greatest = bound(column, chunk, true)?;
        found = Some(match found {
            None => (least, greatest),
            Some((low, high)) => (
                if least.partial_cmp(&low)? == Ordering::Less {
                    least
                } else {
                    low
                },
                if greatest.partial_cmp(&high)? == Ordering::Greater {
                    greatest
                } else {
                    high
                },
            ),
        });
    }
    found
}

fn bound(column: &ColumnDescriptor, statistics: &Statistics, upper: bool) -> Option<Bound> {
    macro_rules! pick {
        ($values:expr) => {
            *(if upper {
                $values.max_opt()?
            } else {
                $values.min_opt()?
            })
        };
    }
    let logical = column.logical_type_ref();
    let decimal = |unscaled: i128, scale: i32| {
        Some(Bound::Decimal {
            unscaled,
            scale: u32::try_from(scale).ok()?,
        })
    };
    match (statistics, logical) {
        (Statistics::Boolean(values), _) => Some(Bound::Flag(pick!(values))),
        (Statistics::Int32(values), Some(LogicalType::Date)) => Some(Bound::Date(pick!(values))),
        (Statistics::Int32(values), Some(LogicalType::Decimal(kind))) => {
            decimal(i128::from(pick!(values)), kind.scale)
        }
        (Statistics::Int32(values), _) => Some(Bound::Integer(i64::from(pick!(values)))),
        (Statistics::Int64(values), Some(LogicalType::Decimal(kind))) => {
            decimal(i128::from(pick!(values)), kind.scale)
        }
        (Statistics::Int64(values), Some(LogicalType::Timestamp(kind))) => {
            let value = pick!(values);
            match kind.unit {
                TimeUnit::MICROS => Some(Bound::TimeMicros(value)),
                TimeUnit::MILLIS => value.checked_mul(1000).map(Bound::TimeMicros),
                TimeUnit::NANOS => None,
            }
        }
        (Statistics::Int64(values), _) => Some(Bound::Integer(pick!(values))),
        (Statistics::Float(values), _) => Some(Bound::Number(f64::from(pick!(values)))),
        (Statistics::Double(values), _) => Some(Bound::Number(pick!(values))),
        (Statistics::ByteArray(values), Some(LogicalType::String)) => {
            let bytes = if upper {
                values.max_bytes_opt()?
            } else {
                values.min_bytes_opt()?
            };
            std::str::from_utf8(bytes)
                .ok()
                .map(|text| Bound::Text(text.to_owned()))
        }
        _ => None,
    }
}

/// The members of a JSON object, written one after another.
#[derive(Default)]
struct Members {
    text: String,
}

impl Members {
    fn push(&mut self, name: &str, value: &str) {
        let comma = if self.text.is_empty() { "" } else { "," };
        let name = serde_json::Value::from(name);
        // Writing into a string cannot fail.
        let _ = write!(self.text, "{comma}{name}:{value}");
    }

    fn finish(self) -> String {
        format!("{{{}}}", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::Bound;

    #[test]
    fn keeps_amounts_exact() {
        let amount = |unscaled| Bound::Decimal { unscaled, scale: 2 }.to_json(true);
        assert_eq!(
            amount(900_719_925_474_099_317).as_deref(),
            Some("9007199254740993.17")
        );
        assert_eq!(amount(-5).as_deref(), Some("-0.05"));
        assert_eq!(amount(1200).as_deref(), Some("12.00"));
    }

    #[test]
    fn rounds_times_outwards() {
        let time = Bound::TimeMicros(1_709_258_400_000_001);
        assert_eq!(
            time.to_json(false).as_deref(),
            Some("\"2024-03-01T02:00:00.000Z\"")
        );
        assert_eq!(
            time.to_json(true).as_deref(),
            Some("\"2024-03-01T02:00:00.001Z\"")
        );
        let before_epoch = Bound::TimeMicros(-1);
        assert_eq!(
            before_epoch.to_json(false).as_deref(),
            Some("\"1969-12-31T23:59:59.999Z\"")
        );
        assert_eq!(
            before_epoch.to_json(true).as_deref(),
            Some("\"1970-01-01T00:00:00.000Z\"")
        );
    }

    #[test]
    fn escapes_text() {
        assert_eq!(
            Bound::Text("阀\"门\n".into()).to_json(false).as_deref(),
            Some("\"阀\\\"门\\n\"")
        );
    }

    #[test]
    fn leaves_out_what_json_cannot_say() {
        assert_eq!(Bound::Number(f64::INFINITY).to_json(true), None);
    }
}
