//! Taking up the stage changes of a share of the deals, so many at a time.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use arrow::array::{AsArray, BooleanArray};
use arrow::datatypes::{Int32Type, TimestampMicrosecondType};
use millrace_models::calendar::WorkingCalendar;
use millrace_models::fold::{EventColumns, Scatter, Shard, Systems as RowSystems, Vocabulary};
use rayon::prelude::*;

use super::BATCH_ROWS;
use crate::raw::{Constant, Piece, Raw, Strings, pieces};
use crate::store::{Systems, Text};

const ROWS_PER_SHARD: usize = 128 * 1024;
const MOST_SHARDS: usize = 256;
/// Stage changes that are held at a time, at most.
pub const ROWS_AT_ONCE: usize = 32 * 1024 * 1024;

/// All stage changes, taken up and ready to be folded: those of a part of the deals at a time.
pub(crate) struct StageChanges {
    /// Those of the first part.
    pub(super) shards: Vec<Shard>,
    pub(super) parts: Parts,
    pub(crate) vocabulary: Vocabulary,
    /// Changes without opportunity, stage or time, which were left out.
    pub(crate) incomplete: u64,
    /// Who made changes, as written, in which system.
    pub(super) authors: BTreeSet<(u16, Text)>,
}

/// A share of the deals: those of one of so many equal ranges of shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) index: usize,
    /// A power of two.
    pub(crate) of: usize,
}

impl Share {
    /// All deals.
    pub(crate) const ALL: Self = Self { index: 0, of: 1 };
}

/// How the deals are divided, and where their stage changes are read from.
pub(super) struct Parts {
    pieces: Vec<Piece>,
    /// Shards of all deals.
    shards: usize,
    /// Those of the share.
    own: Range<usize>,
    /// Shards of a part.
    each: usize,
    as_of_us: Option<i64>,
}

impl Parts {
    fn new(
        table: &Raw,
        as_of_us: Option<i64>,
        rows_at_once: usize,
        share: Share,
    ) -> anyhow::Result<Self> {
        let pieces = pieces(table, Strings::Compact)?;
        let rows = table.rows.about(pieces.iter().map(Piece::rows).sum());
        let parts = (rows / share.of)
            .div_ceil(rows_at_once.max(1))
            .next_power_of_two();
        let shards = (rows / ROWS_PER_SHARD)
            .next_power_of_two()
            .clamp(1, MOST_SHARDS)
            .max(parts * share.of);
        let of_share = shards / share.of;
        Ok(Self {
            pieces,
            shards,
            own: of_share * share.index..of_share * (share.index + 1),
            each: of_share / parts,
            as_of_us,
        })
    }

    /// Whether a deal, by its id as written, is one of the share.
    pub(super) fn has(&self, id: &str) -> bool {
        self.own.contains(&Shard::of(id, self.shards))
    }

    /// Reads the changes of the part whose shards begin at `first`, a few row groups at a time;
    /// each group is shown to `see` before the shards take it up.
    pub(super) fn read(
        &self,
        first: usize,
        calendar: &WorkingCalendar,
        number: &(dyn Fn(&str) -> anyhow::Result<u16> + Sync),
        mut see: impl FnMut(&mut Scatter, &BTreeSet<u16>) -> anyhow::Result<()>,
    ) -> anyhow::Result<Vec<Shard>> {
        let own = first..first + self.each;
        let mut shards: Vec<Shard> = own.clone().map(|_| Shard::default()).collect();
        for round in self.pieces.chunks(rayon::current_num_threads()) {
            let mut scatters = round
                .par_iter()
                .map(|piece| {
                    let empty = Scatter::new(self.shards, self.as_of_us).only(own.clone());
                    scatter(piece, empty, calendar, number)
                })
                .collect::<anyhow::Result<Vec<_>>>()?;
            for (scatter, systems) in &mut scatters {
                see(scatter, systems)?;
            }
            shards
                .par_iter_mut()
                .zip(own.clone())
                .try_for_each(|(shard, index)| {
                    scatters
                        .iter()
                        .try_for_each(|(scatter, _)| shard.absorb(scatter, index))
                })?;
        }
        Ok(shards)
    }

    /// Where the parts after the first begin.
    pub(super) fn later(&self) -> impl Iterator<Item = usize> {
        (self.own.start + self.each..self.own.end).step_by(self.each)
    }
}

/// Reads the stage changes up to `as_of_us`: all names in them, and the changes of the first deals,
/// so many that of `rows_at_once` changes at most are held.
pub(crate) fn intake(
    table: &Raw,
    calendar: &WorkingCalendar,
    systems: &mut Systems,
    as_of_us: Option<i64>,
    rows_at_once: usize,
    share: Share,
) -> anyhow::Result<StageChanges> {
    let parts = Parts::new(table, as_of_us, rows_at_once, share)?;
    let mut vocabulary = Vocabulary::default();
    let mut incomplete = 0;
    let mut authors = BTreeSet::new();
    let shared = Mutex::new(systems);
    let number = |name: &str| {
        let mut systems = shared.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(systems.number(name))
    };
    let shards = parts.read(parts.own.start, calendar, &number, |scatter, systems| {
        vocabulary.learn(scatter)?;
        incomplete += scatter.incomplete;
        for name in scatter.people() {
            authors.extend(systems.iter().map(|system| (*system, Text::from(name))));
        }
        Ok(())
    })?;
    // Deals whose record says that they ended leave their stage for these.
    for outcome in ["won", "lost", "shelved", "invalid", "duplicate"] {
        vocabulary.stage(outcome)?;
    }
    Ok(StageChanges {
        shards,
        parts,
        vocabulary,
        incomplete,
        authors,
    })
}

fn scatter(
    piece: &Piece,
    mut scatter: Scatter,
    calendar: &WorkingCalendar,
    number: &(dyn Fn(&str) -> anyhow::Result<u16> + Sync),
) -> anyhow::Result<(Scatter, BTreeSet<u16>)> {
    // Columns of one value are not decoded.
    let mut columns = vec!["opportunity", "stage", "changed_at"];
    let system = match piece.constant("_source") {
        Constant::Text(name) => Some(number(&name)?),
        Constant::Null => Some(number("")?),
        _ => {
            columns.push("_source");
            None
        }
    };
    if !matches!(piece.constant("_op"), Constant::Text(op) if op != "delete") {
        columns.push("_op");
    }
    for name in ["changed_at_is_date", "by", "recorded_at"] {
        if !matches!(piece.constant(name), Constant::Null | Constant::No) {
            columns.push(name);
        }
    }
    let mut met: BTreeSet<u16> = system.into_iter().collect();
    for batch in piece.read(Some(&columns), BATCH_ROWS)? {
        let batch = batch?;
        let required = |name: &str| {
            batch
                .column_by_name(name)
                .ok_or_else(|| anyhow::anyhow!("raw/stage_change has no column {name}"))
        };
        let time = |name: &str| {
            batch
                .column_by_name(name)?
                .as_primitive_opt::<TimestampMicrosecondType>()
        };
        let changed_at = time("changed_at")
            .ok_or_else(|| anyhow::anyhow!("column changed_at of raw/stage_change is no time"))?;
        let mut each = Vec::new();
        if system.is_none() {
            let column = required("_source")?.as_dictionary::<Int32Type>();
            let values = column.values().as_string::<i32>();
            let numbers = values
                .iter()
                .map(|name| number(name.unwrap_or_default()))
                .collect::<anyhow::Result<Vec<u16>>>()?;
            met.extend(&numbers);
            let nothing = number("")?;
            each.extend(
                (0..column.len()).map(|row| column.key(row).map_or(nothing, |key| numbers[key])),
            );
        }
        let deleted = batch.column_by_name("_op").map(|column| {
            let column = column.as_dictionary::<Int32Type>();
            let values = column.values().as_string::<i32>();
            (0..column.len())
                .map(|row| {
                    Some(
                        column
                            .key(row)
                            .is_some_and(|key| values.value(key) == "delete"),
                    )
                })
                .collect::<BooleanArray>()
        });
        let events = EventColumns {
            systems: system.map_or(RowSystems::Each(&each), RowSystems::One),
            opportunity: required("opportunity")?.as_ref(),
            stage: required("stage")?.as_ref(),
            changed_at,
            is_date: batch
                .column_by_name("changed_at_is_date")
                .and_then(|own| own.as_boolean_opt()),
            by: batch.column_by_name("by").map(AsRef::as_ref),
            recorded_at: time("recorded_at"),
            deleted: deleted.as_ref(),
        };
        scatter.push(&events, calendar)?;
    }
    Ok((scatter, met))
}
