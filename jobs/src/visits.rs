//! Stage visits, and with them the conversion cycles and deals: one pass over all stage changes.
//!
//! Intake in rounds of a few row groups, decoded in parallel and taken up by the shards in
//! parallel; then each shard is folded, written and freed. What is held is 16 bytes an event,
//! the ids once, and the writers' unfinished row groups. Where the events are more than
//! [`ROWS_AT_ONCE`] the deals are taken in parts ([`intake`]), each of which reads all events again and takes
//! up its own: memory is bounded, for the price of decoding.

#![allow(
    clippy::cast_possible_truncation,
    reason = "places and slots are 32 bits wide; systems 16"
)]

mod intake;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int32Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use hashbrown::HashMap;
use millrace_models::fold::{Folded, NEVER, NO_NAME, Shard, Visit, Vocabulary};
use millrace_models::{marts, stage};
use rayon::prelude::*;

pub use self::intake::ROWS_AT_ONCE;
pub(crate) use self::intake::{Share, StageChanges, intake};
use crate::columns::{Columns, amounts, texts};
use crate::cycles::{Cycle, Episode, episodes};
use crate::deals::Deal;
use crate::facts::{Sink, set_dimensions};
use crate::store::{Moment, Text};
use crate::texts::{NONE, coded};
use crate::world::{Dictionaries, Dimensions, World, qualified};

const BATCH_ROWS: usize = 32 * 1024;
const HOUR_US: f64 = 3_600_000_000.0;

/// Where the rows of a pass over the stage changes go.
pub(crate) struct Sinks<'a> {
    pub(crate) visits: Option<&'a Sink>,
    pub(crate) cycles: Option<&'a Sink>,
    pub(crate) deals: Option<&'a Sink>,
}

/// The first and the last moment of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) first_us: i64,
    pub(crate) last_us: i64,
}

impl Extent {
    /// Of nothing.
    pub(crate) const NOTHING: Self = Self {
        first_us: i64::MAX,
        last_us: i64::MIN,
    };

    /// Takes in a moment.
    pub(crate) fn see(&mut self, at_us: i64) {
        self.first_us = self.first_us.min(at_us);
        self.last_us = self.last_us.max(at_us);
    }

    /// Takes in another extent.
    pub(crate) fn join(self, other: Self) -> Self {
        Self {
            first_us: self.first_us.min(other.first_us),
            last_us: self.last_us.max(other.last_us),
        }
    }
}

/// Folds all stage changes and writes visits, cycles and deals, those without stage changes too.
/// `people` are the users of each system by the vocabulary's numbers.
pub(crate) fn write(
    changes: StageChanges,
    world: &World,
    dictionaries: &Dictionaries,
    people: &[Vec<u32>],
    sinks: &Sinks<'_>,
    now_us: i64,
) -> anyhow::Result<Extent> {
    let StageChanges {
        shards,
        parts,
        vocabulary,
        ..
    } = changes;
    let met: Vec<AtomicBool> = (0..world.deals.len())
        .map(|_| AtomicBool::new(false))
        .collect();
    let stages: ArrayRef = Arc::new(StringArray::from_iter_values(vocabulary.stages.iter()));
    let pass = Pass {
        world,
        dictionaries,
        stages: &stages,
        vocabulary: &vocabulary,
        people,
        sinks,
        met: &met,
        now_us,
    };
    let fold = |shards: Vec<Shard>| {
        shards
            .into_par_iter()
            .map(|shard| pass.shard(shard.fold(&vocabulary, &world.calendar)))
            .try_reduce(|| Extent::NOTHING, |left, right| Ok(left.join(right)))
    };
    let mut extent = fold(shards)?;
    // Nothing in the files is new to it: they are those of the first part.
    let mut names = vocabulary.clone();
    let number = |name: &str| {
        let number = world.systems.find(name);
        number.with_context(|| format!("raw/stage_change has a new system {name:?}"))
    };
    for first in parts.later() {
        let shards = parts.read(first, &world.calendar, &number, |scatter, _| {
            Ok(names.learn(scatter)?)
        })?;
        extent = extent.join(fold(shards)?);
    }
    if sinks.cycles.is_none() && sinks.deals.is_none() {
        return Ok(extent);
    }
    let rest = (0..met.len().div_ceil(BATCH_ROWS))
        .into_par_iter()
        .map(|chunk| {
            let from = chunk * BATCH_ROWS;
            let deals = world.deals.places(from, from + BATCH_ROWS);
            let found = deals
                .filter(|deal| !met[deal.place as usize].load(Ordering::Relaxed))
                .filter(|deal| parts.has(world.deals.written(deal.place)))
                .map(|deal| (deal.id, Some(deal), episodes(Some(&deal), &[], &vocabulary)));
            pass.write_cycles(found.collect())
        })
        .try_reduce(|| Extent::NOTHING, |left, right| Ok(left.join(right)))?;
    Ok(extent.join(rest))
}

struct Pass<'a> {
    world: &'a World,
    dictionaries: &'a Dictionaries,
    /// The vocabulary's stages, as a column.
    stages: &'a ArrayRef,
    vocabulary: &'a Vocabulary,
    people: &'a [Vec<u32>],
    sinks: &'a Sinks<'a>,
    met: &'a [AtomicBool],
    now_us: i64,
}

type Found<'a> = (&'a str, Option<Deal<'a>>, Vec<Episode<'a>>);

/// What the visits of a deal carry of its record.
#[derive(Clone, Copy)]
struct Own<'a> {
    owners: &'a [(i64, u32)],
    team: u32,
    account: u32,
    product: u32,
    amount: Option<i64>,
}

impl Pass<'_> {
    fn shard(&self, mut folded: Folded) -> anyhow::Result<Extent> {
        let places = self.places(&folded);
        let ids = self.ids(&folded, &places);
        let mut extent = Extent::NOTHING;
        for visit in &folded.visits {
            if visit.entered_at_us <= self.now_us {
                extent.see(visit.entered_at_us);
            }
        }
        if self.sinks.cycles.is_some() || self.sinks.deals.is_some() {
            let names = match &ids {
                Some(ids) => ids.clone(),
                None => (0..folded.keys.len() as u32)
                    .map(|slot| Text::from(folded.keys.id(slot)))
                    .collect(),
            };
            let found = self.found(&folded, &places, &names);
            extent = extent.join(self.write_cycles(found)?);
        }
        if let Some(sink) = self.sinks.visits {
            self.leave_ended(&mut folded, &places);
            self.write_visits(&folded, &places, ids.as_deref(), sink)?;
        }
        Ok(extent)
    }

    /// The deals of a shard with their episodes.
    fn found<'a>(&'a self, folded: &Folded, places: &[u32], names: &'a [Text]) -> Vec<Found<'a>> {
        let mut found = Vec::with_capacity(names.len());
        for (slot, name) in (0_u32..).zip(names) {
            let deal = self.record(places, slot);
            let visits = folded.deal(slot);
            // Without either all its events were taken back.
            if deal.is_some() || !visits.is_empty() {
                let own = episodes(deal.as_ref(), visits, self.vocabulary);
                found.push((&**name, deal, own));
            }
        }
        found
    }

    fn record(&self, places: &[u32], slot: u32) -> Option<Deal<'_>> {
        let place = places.get(slot as usize).copied();
        self.world.deals.get(place.filter(|place| *place != NONE)?)
    }

    /// Deals that ended by their record leave the stage that they are in.
    fn leave_ended(&self, folded: &mut Folded, places: &[u32]) {
        if !self.world.deals.has_ends() {
            return;
        }
        for slot in 0..places.len() as u32 {
            let Some(deal) = self.record(places, slot) else {
                continue;
            };
            let Some(last) = (folded.bounds[slot as usize + 1] as usize).checked_sub(1) else {
                continue;
            };
            if folded.deal(slot).is_empty() || folded.visits[last].left_at_us != NEVER {
                continue;
            }
            let episodes = episodes(Some(&deal), folded.deal(slot), self.vocabulary);
            let latest = episodes.last();
            let end = latest.and_then(|latest| Some((latest.end()?, latest.outcome)));
            if let Some((end, outcome)) = end {
                self.leave(&mut folded.visits, last, end, outcome);
            }
        }
    }

    /// The deals' records by slot, [`NONE`] without one; empty when there are none at all.
    fn places(&self, folded: &Folded) -> Vec<u32> {
        if self.world.deals.is_empty() {
            return Vec::new();
        }
        (0..folded.keys.len() as u32)
            .map(|slot| {
                let system = folded.keys.system(slot);
                let place = self.world.deals.find(system, folded.keys.id_bytes(slot));
                if let Some(place) = place {
                    self.met[place as usize].store(true, Ordering::Relaxed);
                }
                place.unwrap_or(NONE)
            })
            .collect()
    }

    /// The deals' ids in the marts by slot, where they can differ from the ids as written: where
    /// several systems share an id, it has the system in front.
    fn ids(&self, folded: &Folded, places: &[u32]) -> Option<Vec<Text>> {
        if self.world.systems.len() < 2 {
            return None;
        }
        let slots = 0..folded.keys.len() as u32;
        let mut count: HashMap<&str, u32> = HashMap::new();
        for slot in slots.clone() {
            *count.entry(folded.keys.id(slot)).or_default() += 1;
        }
        let ids = slots.map(|slot| {
            let (id, system) = (folded.keys.id(slot), folded.keys.system(slot));
            if let Some(deal) = self.record(places, slot) {
                return Text::from(deal.id);
            }
            let others = (0..self.world.systems.len() as u16).filter(|other| *other != system);
            let mut others =
                others.filter(|other| self.world.deals.find(*other, id.as_bytes()).is_some());
            if count.get(id).is_some_and(|count| *count > 1) || others.next().is_some() {
                qualified(&self.world.systems, system, id)
            } else {
                Text::from(id)
            }
        });
        Some(ids.collect())
    }

    /// A deal that ended by its record leaves its last stage then, if that is one of the pipeline
    /// before winning: other stages may mean an end of their own.
    fn leave(&self, visits: &mut [Visit], index: usize, end: Moment, outcome: &str) {
        let open = visits[index];
        let position = self.vocabulary.position(open.stage);
        let Some(next_stage) = self.vocabulary.stages.find(outcome) else {
            return;
        };
        if open.left_at_us != NEVER
            || !(1..=5).contains(&position)
            || end.at_us < open.entered_at_us
        {
            return;
        }
        visits[index] = Visit {
            left_at_us: end.at_us,
            left_is_date: end.is_date,
            next_stage,
            business_hours: self
                .world
                .calendar
                .business_hours(open.entered_at_us, end.at_us),
            ..open
        };
        if outcome != "won" {
            return;
        }
        for visit in visits[..=index]
            .iter_mut()
            .rev()
            .take_while(|visit| visit.slot == open.slot)
        {
            let position = self.vocabulary.position(visit.stage);
            if visit.first_entry && visit.advanced_at_us == NEVER && (1..=5).contains(&position) {
                visit.advanced_at_us = end.at_us;
            }
        }
    }

    fn write_cycles(&self, found: Vec<Found<'_>>) -> anyhow::Result<Extent> {
        let mut extent = Extent::NOTHING;
        let mut rows = Vec::with_capacity(found.len());
        let mut latest = Vec::with_capacity(found.len());
        for (id, deal, episodes) in found {
            let opened = episodes.first().and_then(|episode| episode.opened);
            for episode in episodes {
                let moments = [episode.opened, episode.won, episode.closed];
                for moment in moments.into_iter().flatten() {
                    if moment.at_us <= self.now_us {
                        extent.see(moment.at_us);
                    }
                }
                rows.push(Cycle::new(self.world, id, deal.as_ref(), episode));
            }
            latest.push((opened, rows.len() - 1));
        }
        if let Some(sink) = self.sinks.cycles {
            let calendar = &self.world.calendar;
            let batch = Cycle::batch(&rows, sink.schema(), calendar, self.dictionaries)?;
            sink.write(batch, None)?;
        }
        if let Some(sink) = self.sinks.deals {
            let deals: Vec<_> = latest
                .into_iter()
                .map(|(opened, index)| (opened, &rows[index]))
                .collect();
            let mut columns = Cycle::deals(&deals, sink.schema(), self.dictionaries)?;
            for field in sink.schema().fields() {
                let Some(name) = field.name().strip_prefix("attr_") else {
                    continue;
                };
                let values = deals
                    .iter()
                    .map(|(_, row)| self.world.deals.attribute(row.deal?.place, name));
                columns.set(field.name(), texts(values))?;
            }
            sink.write(columns.finish()?, None)?;
        }
        Ok(extent)
    }

    fn write_visits(
        &self,
        folded: &Folded,
        places: &[u32],
        ids: Option<&[Text]>,
        sink: &Sink,
    ) -> anyhow::Result<()> {
        let ends: Vec<bool> = (self.vocabulary.stages.iter())
            .map(|name| stage::find(name).is_some_and(|stage| stage.terminal))
            .collect();
        let mut months: Vec<i32> = Vec::with_capacity(folded.visits.len());
        for slot in 0..folded.keys.len() as u32 {
            let visits = folded.deal(slot);
            let running = visits.last().is_some_and(|last| {
                last.left_at_us == NEVER && !ends.get(last.stage as usize).is_some_and(|end| *end)
            });
            months.extend(visits.iter().map(|visit| match visit.left_at_us {
                NEVER if running => OPEN,
                NEVER => ENDED,
                _ if running => RUNNING,
                left_at_us => self.world.calendar.month(left_at_us),
            }));
        }
        let slots = 0..places.len() as u32;
        let own: Vec<Option<Own<'_>>> = slots
            .map(|slot| {
                let place = places[slot as usize];
                if place == NONE {
                    return None;
                }
                let (account, product, amount) = self.world.deals.bearings(place);
                Some(Own {
                    owners: self.world.deals.owned(place),
                    team: self.world.deals.team(place),
                    account,
                    product,
                    amount,
                })
            })
            .collect();
        let mut order: Vec<u32> = (0..folded.visits.len() as u32).collect();
        order.sort_by_key(|index| months[*index as usize]);
        let mut from = 0;
        while from < order.len() {
            let month = months[order[from] as usize];
            let until =
                from + order[from..].partition_point(|index| months[*index as usize] == month);
            let visits: Vec<&Visit> = order[from..until]
                .iter()
                .map(|index| &folded.visits[*index as usize])
                .collect();
            let batch = self.visits(folded, &own, ids, &visits, sink)?;
            sink.write(batch, Some(partition(month)))?;
            from = until;
        }
        Ok(())
    }

    #[allow(clippy::too_many_lines, reason = "one column after another")]
    fn visits(
        &self,
        folded: &Folded,
        own: &[Option<Own<'_>>],
        ids: Option<&[Text]>,
        visits: &[&Visit],
        sink: &Sink,
    ) -> anyhow::Result<RecordBatch> {
        let deal = |visit: &Visit| own.get(visit.slot as usize).copied().flatten();
        let whole = |values: Vec<i32>| -> ArrayRef { Arc::new(Int32Array::from(values)) };
        let number = |values: Vec<f64>, valid: Option<NullBuffer>| -> ArrayRef {
            Arc::new(Float64Array::new(ScalarBuffer::from(values), valid))
        };
        let time = |values: Vec<i64>| -> ArrayRef {
            let valid: NullBuffer = values.iter().map(|at_us| *at_us != NEVER).collect();
            let valid = Some(valid).filter(|valid| valid.null_count() > 0);
            let values = TimestampMicrosecondArray::new(ScalarBuffer::from(values), valid);
            Arc::new(values.with_timezone("UTC"))
        };
        let flag = |values: Vec<bool>| -> ArrayRef { Arc::new(BooleanArray::from(values)) };
        // The visits of a batch are all open or all finished.
        let open = visits.first().is_none_or(|visit| visit.left_at_us == NEVER);
        let mut columns = Columns::new(sink.schema(), visits.len());
        columns
            .set("opportunity_id", opportunity_ids(folded, ids, visits)?)?
            .set(
                "visit",
                whole(
                    visits
                        .iter()
                        .map(|visit| visit.number.cast_signed())
                        .collect(),
                ),
            )?
            .set(
                "stage",
                coded(visits.iter().map(|visit| visit.stage), self.stages)?,
            )?
            .set(
                "entered_at",
                time(visits.iter().map(|visit| visit.entered_at_us).collect()),
            )?
            .set(
                "prior_hours",
                number(visits.iter().map(|visit| visit.prior_hours).collect(), None),
            )?
            .set(
                "prior_business_hours",
                number(
                    visits
                        .iter()
                        .map(|visit| visit.prior_business_hours)
                        .collect(),
                    None,
                ),
            )?
            .set(
                "first_entry",
                flag(visits.iter().map(|visit| visit.first_entry).collect()),
            )?
            .set(
                "advanced_at",
                time(visits.iter().map(|visit| visit.advanced_at_us).collect()),
            )?
            .set(
                "late_entry",
                flag(visits.iter().map(|visit| visit.late_entry).collect()),
            )?;
        if !open {
            let hours = |visit: &&Visit| (visit.left_at_us - visit.entered_at_us) as f64 / HOUR_US;
            let business = visits.iter().map(|visit| visit.business_hours).collect();
            columns
                .set(
                    "left_at",
                    time(visits.iter().map(|visit| visit.left_at_us).collect()),
                )?
                .set(
                    "next_stage",
                    coded(visits.iter().map(|visit| visit.next_stage), self.stages)?,
                )?
                .set(
                    "dwell_hours",
                    number(visits.iter().map(hours).collect(), None),
                )?
                .set("dwell_business_hours", number(business, None))?;
        }
        if visits.iter().any(|visit| visit.entered_by != NO_NAME) {
            let people = visits.iter().map(|visit| {
                let system = folded.keys.system(visit.slot);
                let people = self.people.get(usize::from(system));
                let user = people.and_then(|people| people.get(visit.entered_by as usize));
                user.copied().unwrap_or(NONE)
            });
            columns.set("entered_by", coded(people, &self.dictionaries.users)?)?;
        }
        if !own.is_empty() {
            set_dimensions(&mut columns, self.dictionaries, visits, |visit| {
                deal(visit).map_or(Dimensions::NOTHING, |deal| {
                    let Own {
                        owners,
                        team,
                        account,
                        product,
                        ..
                    } = deal;
                    self.world
                        .dimensions(owners, team, account, product, visit.left_at_us)
                })
            })?;
            let amounts = amounts(
                visits
                    .iter()
                    .map(|visit| deal(visit)?.amount.map(i128::from)),
            )?;
            columns.set("amount", amounts)?;
        }
        columns.finish()
    }
}

/// In place of a month, for the partitions that are none.
const OPEN: i32 = i32::MAX;
const RUNNING: i32 = i32::MAX - 1;
const ENDED: i32 = i32::MAX - 2;

/// The partition of a month (`2024-03`), or one that is none.
fn partition(month: i32) -> String {
    match month {
        OPEN => marts::VISITS_OPEN.to_owned(),
        RUNNING => marts::VISITS_RUNNING.to_owned(),
        ENDED => marts::VISITS_ENDED.to_owned(),
        _ => format!(
            "{:04}-{:02}",
            month.div_euclid(12),
            month.rem_euclid(12) + 1
        ),
    }
}

fn opportunity_ids(
    folded: &Folded,
    ids: Option<&[Text]>,
    visits: &[&Visit],
) -> anyhow::Result<ArrayRef> {
    if let Some(ids) = ids {
        return Ok(texts(
            visits.iter().map(|visit| Some(&*ids[visit.slot as usize])),
        ));
    }
    let mut bytes = Vec::with_capacity(visits.len() * 16);
    let mut offsets = Vec::with_capacity(visits.len() + 1);
    offsets.push(0_i32);
    for visit in visits {
        folded.keys.append(visit.slot, &mut bytes);
        offsets.push(i32::try_from(bytes.len())?);
    }
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    Ok(Arc::new(StringArray::try_new(
        offsets,
        Buffer::from_vec(bytes),
        None,
    )?))
}

/// The users whom the changes name, by system and the vocabulary's number: created by name when
/// unknown.
pub(crate) fn resolve_people(world: &mut World, changes: &StageChanges) -> Vec<Vec<u32>> {
    let mut people = vec![vec![NONE; changes.vocabulary.people.iter().len()]; world.systems.len()];
    for (system, name) in &changes.authors {
        if let Some(code) = changes.vocabulary.people.find(name) {
            let user = world.users.resolve(*system, name);
            people[usize::from(*system)][code as usize] = user;
        }
    }
    people
}
