//! The column by which a table grows, as a number that the lake can keep.

use chrono::DateTime;

use super::catalog::{Column, ColumnKind};
use super::cell::{moment, wall_clock};
use crate::error::IngestError;
use crate::mapping::{Overlap, TableSource};

/// Read again below the mark, where the mapping does not say how much.
const OVERLAP_MICROS: i64 = 10 * 60 * 1_000_000;
const OVERLAP_COUNT: i64 = 1_000;

/// How far below the mark a table is read again: microseconds, or a count.
pub(super) fn overlap(
    label: &str,
    source: &TableSource,
    cursor: &Column,
) -> Result<i64, IngestError> {
    let is_time = match cursor.kind {
        ColumnKind::Local | ColumnKind::Moment => true,
        ColumnKind::Whole | ColumnKind::Unsigned => false,
        _ => {
            return Err(IngestError::Cursor {
                table: label.to_owned(),
                column: cursor.name.clone(),
                what: format!("is {}", cursor.native),
            });
        }
    };
    match (source.overlap, is_time) {
        (None, true) => Ok(OVERLAP_MICROS),
        (None, false) => Ok(OVERLAP_COUNT),
        (Some(Overlap::Time(length)), true) => Ok(length.num_microseconds().unwrap_or(i64::MAX)),
        (Some(Overlap::Count(count)), false) => Ok(count),
        (Some(_), _) => Err(IngestError::Overlap {
            table: label.to_owned(),
            column: cursor.name.clone(),
            native: cursor.native.clone(),
            expected: if is_time {
                "a length of time such as \"10m\""
            } else {
                "a count such as 1000"
            },
        }),
    }
}

/// A cursor as a number that grows with it.
pub(super) fn number_of(column: &Column, text: &str) -> Option<i64> {
    match column.kind {
        ColumnKind::Local => Some(wall_clock(text)?.and_utc().timestamp_micros()),
        ColumnKind::Moment => Some(moment(text)?.timestamp_micros()),
        _ => text.parse().ok(),
    }
}

/// The number as the database writes it.
pub(super) fn text_of(column: &Column, number: i64) -> String {
    match column.kind {
        ColumnKind::Local | ColumnKind::Moment => {
            let time = DateTime::from_timestamp_micros(number).unwrap_or_default();
            time.format("%Y-%m-%d %H:%M:%S%.6f").to_string()
        }
        _ => number.to_string(),
    }
}
