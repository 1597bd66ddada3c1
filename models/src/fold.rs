//! The stage fold: stage changes in, stage visits out. Pure, over Arrow arrays, without I/O.
//!
//! 1. [`Scatter`] takes batches of events as columns and divides them into shards by a hash of
//!    the opportunity. One scatter per piece of input, so pieces run in parallel.
//! 2. [`Shard::absorb`] takes its part of each scatter, in input order, interns the ids and keeps
//!    16 bytes an event. Shards run in parallel.
//! 3. [`Shard::fold`] sorts the events into one slot per opportunity (a counting sort), orders
//!    each slot by time (ties keep input order) and emits its visits.
//!
//! A batch run starts from nothing. An incremental run first gives each shard the open visits
//! ([`Shard::resume`]) and then only the new events: the same code. An event before its deal's
//! open visit cannot be folded in; [`Folded::behind`] lists those deals, to be folded from all
//! their events.

#![allow(
    clippy::cast_possible_truncation,
    reason = "slots, codes and hashes are 32 bits wide by construction; intake refuses more"
)]

use std::ops::Range;

use arrow::array::{
    Array, AsArray, BooleanArray, StringArray, StringViewArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Int32Type};
use hashbrown::{HashMap, HashTable};

use crate::calendar::WorkingCalendar;
use crate::stage;

/// The moment of leaving a visit that is still open, and of an advance that did not happen.
pub const NEVER: i64 = i64::MAX;
/// No name: the next stage of an open visit, the author of an anonymous change.
pub const NO_NAME: u32 = u32::MAX;

const HOUR_US: f64 = 3_600_000_000.0;
const MAX_STAGES: usize = 0xFFF;
const MAX_PEOPLE: usize = 0xFFFF;
/// Events of a block of a full shard: large enough for the allocator to give its memory to others
/// as soon as the shard is folded.
const BLOCK_EVENTS: usize = 16 * 1024;
const LATE: u32 = 1 << 28;
const IS_DATE: u32 = 1 << 29;
const DELETED: u32 = 1 << 30;

/// What the fold refuses.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FoldError {
    /// A column is neither `Utf8`, `Utf8View` nor a dictionary of `Utf8`.
    #[error("column {column} is {found}: it must be Utf8, Utf8View or a dictionary of Utf8")]
    Type {
        /// The column.
        column: &'static str,
        /// Its type.
        found: DataType,
    },
    /// So many stages that the column cannot hold stages.
    #[error(
        "more than {MAX_STAGES} different stages, such as {example:?}: is the right column mapped to stage?"
    )]
    Stages {
        /// One of them.
        example: String,
    },
    /// So many people that the column cannot hold people.
    #[error(
        "more than {MAX_PEOPLE} different people, such as {example:?}: is the right column mapped to by?"
    )]
    People {
        /// One of them.
        example: String,
    },
    /// The ids of one shard exceed 4 GiB.
    #[error("the opportunity ids of one shard take more than 4 GiB: use more shards")]
    Ids,
}

/// Which system the ids of a batch belong to.
#[derive(Debug, Clone, Copy)]
pub enum Systems<'a> {
    /// All rows to one.
    One(u16),
    /// Each row to its own.
    Each(&'a [u16]),
}

/// Events as columns of one length. A row without opportunity, stage or time is left out.
#[derive(Clone, Copy)]
pub struct EventColumns<'a> {
    /// Whose ids.
    pub systems: Systems<'a>,
    /// Opportunity ids: `Utf8` or `Utf8View`.
    pub opportunity: &'a dyn Array,
    /// Stages as written: `Utf8`, `Utf8View` or `Dictionary(Int32, Utf8)`.
    pub stage: &'a dyn Array,
    /// When the stage was entered.
    pub changed_at: &'a TimestampMicrosecondArray,
    /// Whether that is a day without a time.
    pub is_date: Option<&'a BooleanArray>,
    /// Who changed it: as `stage`.
    pub by: Option<&'a dyn Array>,
    /// When it was recorded.
    pub recorded_at: Option<&'a TimestampMicrosecondArray>,
    /// Whether the row takes back an earlier event of the same opportunity, stage and time.
    pub deleted: Option<&'a BooleanArray>,
}

/// Names as small numbers, in order of first appearance.
#[derive(Debug, Default, Clone)]
pub struct Names {
    names: Vec<Box<str>>,
    index: HashMap<Box<str>, u32>,
}

impl Names {
    fn intern(&mut self, name: &str) -> u32 {
        if let Some(code) = self.index.get(name) {
            return *code;
        }
        let code = u32::try_from(self.names.len()).unwrap_or(NO_NAME);
        self.names.push(name.into());
        self.index.insert(name.into(), code);
        code
    }

    /// The name of a number; `None` for [`NO_NAME`].
    pub fn get(&self, code: u32) -> Option<&str> {
        self.names.get(code as usize).map(AsRef::as_ref)
    }

    /// The number of a name.
    pub fn find(&self, name: &str) -> Option<u32> {
        self.index.get(name).copied()
    }

    /// All names, by number.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.names.iter().map(AsRef::as_ref)
    }
}

/// The stages and people of all shards. Stages of the default pipeline carry their code,
/// whichever name a source wrote; others stay as written.
#[derive(Debug, Default, Clone)]
pub struct Vocabulary {
    /// Stages.
    pub stages: Names,
    /// People, as written.
    pub people: Names,
    positions: Vec<u8>,
}

impl Vocabulary {
    /// The number of a stage, by its code where it is known.
    ///
    /// # Errors
    ///
    /// When there are so many stages that a wrong column must have been mapped.
    pub fn stage(&mut self, written: &str) -> Result<u32, FoldError> {
        let known = stage::find(written);
        let code = self
            .stages
            .intern(known.map_or(written, |stage| stage.code));
        if code as usize >= MAX_STAGES {
            return Err(FoldError::Stages {
                example: written.to_owned(),
            });
        }
        if code as usize == self.positions.len() {
            self.positions.push(known.map_or(0, |stage| stage.position));
        }
        Ok(code)
    }

    /// The place of a stage in the pipeline, 0 for ends and for stages that are not known.
    pub fn position(&self, stage: u32) -> u8 {
        self.positions.get(stage as usize).copied().unwrap_or(0)
    }

    /// Takes up the names of a scatter. Call it for each scatter in input order, then let the
    /// shards absorb.
    ///
    /// # Errors
    ///
    /// When there are so many stages or people that a wrong column must have been mapped.
    pub fn learn(&mut self, scatter: &mut Scatter) -> Result<(), FoldError> {
        scatter.stage_codes = scatter
            .stages
            .iter()
            .map(|name| self.stage(name))
            .collect::<Result<_, _>>()?;
        scatter.people_codes = scatter
            .people
            .iter()
            .map(|name| {
                let code = self.people.intern(name);
                if code as usize >= MAX_PEOPLE {
                    return Err(FoldError::People {
                        example: name.to_owned(),
                    });
                }
                Ok(code)
            })
            .collect::<Result<_, _>>()?;
        Ok(())
    }
}

/// An event on its way into a shard; its id ends at `end` in the part's bytes.
#[derive(Debug, Clone, Copy)]
struct Incoming {
    at_us: i64,
    hash: u32,
    end: u32,
    stage: u16,
    by: u16,
    system: u16,
    flags: u16,
}

#[derive(Debug, Default)]
struct Part {
    events: Vec<Incoming>,
    bytes: Vec<u8>,
}

/// One piece of input, divided by shard.
#[derive(Debug)]
pub struct Scatter {
    parts: Vec<Part>,
    only: Range<usize>,
    stages: Names,
    people: Names,
    stage_codes: Vec<u32>,
    people_codes: Vec<u32>,
    as_of_us: i64,
    /// Rows left out because opportunity, stage or time was missing.
    pub incomplete: u64,
}

fn mix(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    (product as u64) ^ ((product >> 64) as u64)
}

/// A hash that is the same on every run: the order of rows in the marts depends on it. Equal ids
/// of different systems have equal hashes, so they meet in one shard.
fn hash(bytes: &[u8]) -> u64 {
    const FIRST: u64 = 0x9E37_79B9_7F4A_7C15;
    const SECOND: u64 = 0xD6E8_FEB8_6659_FD93;
    let mut state = mix(FIRST ^ bytes.len() as u64, SECOND);
    let mut words = bytes.chunks_exact(8);
    for word in &mut words {
        let mut buffer = [0; 8];
        buffer.copy_from_slice(word);
        state = mix(state ^ u64::from_le_bytes(buffer), FIRST);
    }
    let rest = words.remainder();
    if !rest.is_empty() {
        let mut word = 0;
        for byte in rest {
            word = (word << 8) | u64::from(*byte);
        }
        state = mix(state ^ word, SECOND);
    }
    mix(state, FIRST)
}

/// The hash of a deal's id that shards are chosen by; the same on every run.
pub fn key_hash(id: &[u8]) -> u64 {
    hash(id)
}

/// A column of strings, whichever way it is laid out.
enum Strings<'a> {
    Plain(&'a StringArray),
    View(&'a StringViewArray),
}

impl<'a> Strings<'a> {
    fn new(array: &'a dyn Array, column: &'static str) -> Result<Self, FoldError> {
        match array.data_type() {
            DataType::Utf8 => Ok(Self::Plain(array.as_string())),
            DataType::Utf8View => Ok(Self::View(array.as_string_view())),
            found => Err(FoldError::Type {
                column,
                found: found.clone(),
            }),
        }
    }

    #[inline]
    fn get(&self, row: usize) -> Option<&'a str> {
        match self {
            Self::Plain(array) => array.is_valid(row).then(|| array.value(row)),
            Self::View(array) => array.is_valid(row).then(|| array.value(row)),
        }
    }
}

/// The numbers of a column of names, [`NO_NAME`] for null.
fn codes(
    array: &dyn Array,
    column: &'static str,
    names: &mut Names,
) -> Result<Vec<u32>, FoldError> {
    if let DataType::Dictionary(key, _) = array.data_type()
        && **key == DataType::Int32
    {
        let array = array.as_dictionary::<Int32Type>();
        let values = Strings::new(array.values().as_ref(), column)?;
        let values: Vec<u32> = (0..array.values().len())
            .map(|row| values.get(row).map_or(NO_NAME, |name| names.intern(name)))
            .collect();
        return Ok((0..array.len())
            .map(|row| array.key(row).map_or(NO_NAME, |key| values[key]))
            .collect());
    }
    let strings = Strings::new(array, column)?;
    let mut last: Option<(&str, u32)> = None;
    Ok((0..array.len())
        .map(|row| {
            let Some(name) = strings.get(row) else {
                return NO_NAME;
            };
            match last {
                Some((seen, code)) if seen == name => code,
                _ => {
                    let code = names.intern(name);
                    last = Some((name, code));
                    code
                }
            }
        })
        .collect())
}

fn is_set(array: Option<&BooleanArray>, row: usize) -> bool {
    array.is_some_and(|array| array.is_valid(row) && array.value(row))
}

impl Scatter {
    /// An empty scatter for `shards` shards (a power of two), blind to events after `as_of_us`.
    pub fn new(shards: usize, as_of_us: Option<i64>) -> Self {
        let shards = shards.next_power_of_two();
        Self {
            parts: (0..shards).map(|_| Part::default()).collect(),
            only: 0..shards,
            stages: Names::default(),
            people: Names::default(),
            stage_codes: Vec::new(),
            people_codes: Vec::new(),
            as_of_us: as_of_us.unwrap_or(NEVER),
            incomplete: 0,
        }
    }

    /// Takes up the events of these shards only; names are learned from all.
    #[must_use]
    pub fn only(self, shards: Range<usize>) -> Self {
        Self {
            only: shards,
            ..self
        }
    }

    /// The people of its events, as written.
    pub fn people(&self) -> impl Iterator<Item = &str> {
        self.people.iter()
    }

    /// Takes up a batch of events.
    ///
    /// # Errors
    ///
    /// When a column has a type that holds no strings, or there are too many names.
    pub fn push(
        &mut self,
        events: &EventColumns<'_>,
        calendar: &WorkingCalendar,
    ) -> Result<(), FoldError> {
        let rows = events.changed_at.len();
        let ids = Strings::new(events.opportunity, "opportunity")?;
        let stages = codes(events.stage, "stage", &mut self.stages)?;
        if self.stages.names.len() > MAX_STAGES {
            let example = self
                .stages
                .get(MAX_STAGES as u32)
                .unwrap_or_default()
                .to_owned();
            return Err(FoldError::Stages { example });
        }
        let people = match events.by {
            Some(by) if by.null_count() < rows => Some(codes(by, "by", &mut self.people)?),
            _ => None,
        };
        if self.people.names.len() > MAX_PEOPLE {
            let example = self
                .people
                .get(MAX_PEOPLE as u32)
                .unwrap_or_default()
                .to_owned();
            return Err(FoldError::People { example });
        }
        let mask = self.parts.len() as u64 - 1;
        let expected = rows / self.parts.len();
        for part in &mut self.parts[self.only.clone()] {
            part.events.reserve(expected + expected / 16);
        }
        for row in 0..rows {
            let (Some(id), true) = (ids.get(row), events.changed_at.is_valid(row)) else {
                self.incomplete += 1;
                continue;
            };
            if stages[row] == NO_NAME {
                self.incomplete += 1;
                continue;
            }
            let at_us = events.changed_at.value(row);
            if at_us > self.as_of_us {
                continue;
            }
            let hash = hash(id.as_bytes());
            let shard = ((hash >> 40) & mask) as usize;
            if !self.only.contains(&shard) {
                continue;
            }
            let system = match events.systems {
                Systems::One(system) => system,
                Systems::Each(systems) => systems[row],
            };
            let late = events.recorded_at.is_some_and(|recorded| {
                recorded.is_valid(row) && calendar.is_late(at_us, recorded.value(row))
            });
            let mut flags = 0;
            if late {
                flags |= LATE;
            }
            if is_set(events.is_date, row) {
                flags |= IS_DATE;
            }
            if is_set(events.deleted, row) {
                flags |= DELETED;
            }
            let part = &mut self.parts[shard];
            part.bytes.extend_from_slice(id.as_bytes());
            part.events.push(Incoming {
                at_us,
                hash: hash as u32,
                end: u32::try_from(part.bytes.len()).map_err(|_| FoldError::Ids)?,
                stage: stages[row] as u16,
                by: people
                    .as_ref()
                    .map_or(u16::MAX, |people| people[row].min(0xFFFF) as u16),
                system,
                flags: (flags >> 16) as u16,
            });
        }
        Ok(())
    }
}

/// An event at rest. `meta`: 12 bits of stage, 16 of person, the flags.
#[derive(Debug, Clone, Copy)]
struct Event {
    at_us: i64,
    slot: u32,
    meta: u32,
}

const fn stage_of(meta: u32) -> u32 {
    meta & 0xFFF
}

const fn person_of(meta: u32) -> u32 {
    match (meta >> 12) & 0xFFFF {
        0xFFFF => NO_NAME,
        person => person,
    }
}

/// The deal's earlier finished visits of one stage, summed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StageTotal {
    /// The stage's number in the vocabulary.
    pub stage: u32,
    /// Hours in it.
    pub hours: f64,
    /// Working hours in it.
    pub business_hours: f64,
    /// Whether the deal has entered a later stage since it first entered this one.
    pub advanced: bool,
}

/// Where a deal stands: its open visit and what the fold must remember of those before.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenVisit {
    /// The visit, with its own `slot` meaningless.
    pub visit: Visit,
    /// Every stage that the deal has been in before or is in now.
    pub totals: Vec<StageTotal>,
}

/// One visit of a stage.
#[allow(clippy::struct_excessive_bools, reason = "each is a column of its own")]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Visit {
    /// The deal, as a slot of its shard.
    pub slot: u32,
    /// 1, 2, … within the deal.
    pub number: u32,
    /// The stage, as a number of the vocabulary.
    pub stage: u32,
    /// The next stage, [`NO_NAME`] while open.
    pub next_stage: u32,
    /// Who entered it, [`NO_NAME`] if not told.
    pub entered_by: u32,
    /// UTC microseconds.
    pub entered_at_us: i64,
    /// UTC microseconds; [`NEVER`] while open.
    pub left_at_us: i64,
    /// Working hours of the visit, 0 while open.
    pub business_hours: f64,
    /// Hours of the deal's earlier visits of the stage.
    pub prior_hours: f64,
    /// Working hours of the deal's earlier visits of the stage.
    pub prior_business_hours: f64,
    /// First visits only: when the deal first entered a later stage afterwards, else [`NEVER`].
    pub advanced_at_us: i64,
    /// The deal's first visit of the stage.
    pub first_entry: bool,
    /// Recorded more than two working days after it happened.
    pub late_entry: bool,
    /// The entry has no time of day.
    pub entered_is_date: bool,
    /// The exit has no time of day.
    pub left_is_date: bool,
}

impl Visit {
    /// Hours of the visit; `None` while open.
    pub fn hours(&self) -> Option<f64> {
        (self.left_at_us != NEVER).then(|| (self.left_at_us - self.entered_at_us) as f64 / HOUR_US)
    }
}

/// The ids of a shard's deals, by slot.
#[derive(Debug, Default)]
pub struct Keys {
    bytes: Vec<u8>,
    ends: Vec<u32>,
    systems: Vec<u16>,
}

impl Keys {
    /// How many deals.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The id of a deal as bytes.
    pub fn id_bytes(&self, slot: u32) -> &[u8] {
        self.bytes(slot as usize)
    }

    fn bytes(&self, slot: usize) -> &[u8] {
        let from = if slot == 0 {
            0
        } else {
            self.ends[slot - 1] as usize
        };
        &self.bytes[from..self.ends[slot] as usize]
    }

    /// The id of a deal.
    pub fn id(&self, slot: u32) -> &str {
        // The bytes came from strings, whole.
        std::str::from_utf8(self.bytes(slot as usize)).unwrap_or_default()
    }

    /// Appends the id of a deal.
    pub fn append(&self, slot: u32, to: &mut Vec<u8>) {
        to.extend_from_slice(self.bytes(slot as usize));
    }

    /// The system whose id it is.
    pub fn system(&self, slot: u32) -> u16 {
        self.systems[slot as usize]
    }
}

/// The events of a share of the deals.
#[derive(Debug, Default)]
pub struct Shard {
    table: HashTable<(u32, u32)>,
    keys: Keys,
    counts: Vec<u32>,
    blocks: Vec<Vec<Event>>,
    resumed: HashMap<u32, OpenVisit>,
    deletes: bool,
}

/// The visits of a shard.
#[derive(Debug, Default)]
pub struct Folded {
    /// The deals.
    pub keys: Keys,
    /// Visits, grouped by slot, in order of their number.
    pub visits: Vec<Visit>,
    /// The visits of slot `s` are `bounds[s]..bounds[s + 1]`.
    pub bounds: Vec<u32>,
    /// First visits of an earlier run whose deal has now advanced: slot, stage, when.
    pub advances: Vec<(u32, u32, i64)>,
    /// Deals with an event before the open visit that they were resumed from.
    pub behind: Vec<u32>,
    totals: HashMap<u32, Vec<StageTotal>>,
}

fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

impl Shard {
    fn slot(&mut self, id: &[u8], system: u16, hash: u32) -> Result<u32, FoldError> {
        let Self {
            table,
            keys,
            counts,
            ..
        } = self;
        let found = table.entry(
            spread(hash),
            |(seen, slot)| {
                *seen == hash
                    && keys.bytes(*slot as usize) == id
                    && keys.systems[*slot as usize] == system
            },
            |(seen, _)| spread(*seen),
        );
        match found {
            hashbrown::hash_table::Entry::Occupied(entry) => Ok(entry.get().1),
            hashbrown::hash_table::Entry::Vacant(entry) => {
                let slot = u32::try_from(keys.ends.len()).map_err(|_| FoldError::Ids)?;
                keys.bytes.extend_from_slice(id);
                keys.ends
                    .push(u32::try_from(keys.bytes.len()).map_err(|_| FoldError::Ids)?);
                keys.systems.push(system);
                counts.push(0);
                entry.insert((hash, slot));
                Ok(slot)
            }
        }
    }

    /// Takes its part of a scatter whose names the vocabulary has learned. `index` is the
    /// shard's own.
    ///
    /// # Errors
    ///
    /// When the ids take more than 4 GiB.
    pub fn absorb(&mut self, scatter: &Scatter, index: usize) -> Result<(), FoldError> {
        let part = &scatter.parts[index];
        let mut block = self.blocks.pop().unwrap_or_default();
        let mut from = 0;
        for event in &part.events {
            let id = &part.bytes[from..event.end as usize];
            from = event.end as usize;
            let slot = self.slot(id, event.system, event.hash)?;
            self.counts[slot as usize] += 1;
            let stage = scatter.stage_codes[usize::from(event.stage)];
            let person = scatter
                .people_codes
                .get(usize::from(event.by))
                .copied()
                .unwrap_or(u32::from(u16::MAX));
            let flags = u32::from(event.flags) << 16;
            self.deletes |= flags & DELETED != 0;
            if block.len() == block.capacity() {
                let grown = (block.len() * 2).clamp(64, BLOCK_EVENTS);
                self.blocks.push(block);
                block = Vec::with_capacity(grown);
            }
            block.push(Event {
                at_us: event.at_us,
                slot,
                meta: stage | (person << 12) | flags,
            });
        }
        self.blocks.push(block);
        Ok(())
    }

    /// Continues a deal from where an earlier run left it.
    ///
    /// # Errors
    ///
    /// When the ids take more than 4 GiB.
    pub fn resume(&mut self, id: &str, system: u16, open: OpenVisit) -> Result<(), FoldError> {
        let slot = self.slot(id.as_bytes(), system, hash(id.as_bytes()) as u32)?;
        self.resumed.insert(slot, open);
        Ok(())
    }

    /// The shard, of so many (a power of two), that a deal belongs to.
    pub fn of(id: &str, shards: usize) -> usize {
        ((hash(id.as_bytes()) >> 40) & (shards as u64 - 1)) as usize
    }

    /// Folds the events into visits.
    pub fn fold(self, vocabulary: &Vocabulary, calendar: &WorkingCalendar) -> Folded {
        let Self {
            table,
            keys,
            mut counts,
            blocks,
            mut resumed,
            deletes,
        } = self;
        drop(table);
        let mut total = 0;
        for count in &mut counts {
            let own = *count;
            *count = total;
            total += own;
        }
        let mut events = vec![(0_i64, 0_u32); total as usize];
        for block in blocks {
            for event in block {
                let place = &mut counts[event.slot as usize];
                events[*place as usize] = (event.at_us, event.meta);
                *place += 1;
            }
        }
        // Each count now is where its slot ends.
        let mut folder = Folder::new(vocabulary, calendar, total as usize, keys.len());
        let mut from = 0;
        let mut taken_back = Vec::new();
        for (slot, end) in counts.into_iter().enumerate() {
            let mut own = &mut events[from..end as usize];
            from = end as usize;
            if !own.is_sorted_by_key(|event| event.0) {
                own.sort_by_key(|event| event.0);
            }
            if deletes && own.iter().any(|event| event.1 & DELETED != 0) {
                taken_back.clear();
                taken_back.extend(take_back(own));
                own = &mut taken_back;
            }
            folder.deal(slot as u32, own, resumed.remove(&(slot as u32)));
        }
        folder.finish(keys)
    }
}

/// Drops each deletion with the earlier equal event that it takes back.
fn take_back(events: &[(i64, u32)]) -> Vec<(i64, u32)> {
    let mut kept: Vec<(i64, u32)> = Vec::with_capacity(events.len());
    for event in events {
        if event.1 & DELETED == 0 {
            kept.push(*event);
        } else if let Some(index) = kept
            .iter()
            .rposition(|seen| seen.0 == event.0 && stage_of(seen.1) == stage_of(event.1))
        {
            kept.remove(index);
        }
    }
    kept
}

#[derive(Clone, Copy)]
struct Seen {
    slot: u32,
    hours: f64,
    business_hours: f64,
}

struct Folder<'a> {
    vocabulary: &'a Vocabulary,
    calendar: &'a WorkingCalendar,
    folded: Folded,
    /// By stage: the current deal's earlier visits of it; entries of other slots are stale.
    seen: Vec<Seen>,
    /// First visits of the current deal that have not advanced: the visit's index, its position.
    pending: Vec<(usize, u8)>,
}

impl<'a> Folder<'a> {
    fn new(
        vocabulary: &'a Vocabulary,
        calendar: &'a WorkingCalendar,
        events: usize,
        deals: usize,
    ) -> Self {
        let nothing = Seen {
            slot: u32::MAX,
            hours: 0.0,
            business_hours: 0.0,
        };
        let mut bounds = Vec::with_capacity(deals + 1);
        bounds.push(0);
        Self {
            vocabulary,
            calendar,
            folded: Folded {
                visits: Vec::with_capacity(events),
                bounds,
                ..Folded::default()
            },
            seen: vec![nothing; vocabulary.positions.len()],
            pending: Vec::new(),
        }
    }

    fn position(&self, stage: u32) -> u8 {
        self.vocabulary.position(stage)
    }

    fn deal(&mut self, slot: u32, events: &[(i64, u32)], resumed: Option<OpenVisit>) {
        self.pending.clear();
        let mut waiting: Vec<(u32, u8)> = Vec::new();
        let mut current: Option<(Visit, i64)> = None;
        if let Some(open) = resumed {
            if events
                .first()
                .is_some_and(|event| event.0 < open.visit.entered_at_us)
            {
                self.folded.behind.push(slot);
            }
            for total in &open.totals {
                self.seen[total.stage as usize] = Seen {
                    slot,
                    hours: total.hours,
                    business_hours: total.business_hours,
                };
                let position = self.position(total.stage);
                let is_current = total.stage == open.visit.stage && open.visit.first_entry;
                if !total.advanced && position > 0 && !is_current {
                    waiting.push((total.stage, position));
                }
            }
            let mut visit = Visit { slot, ..open.visit };
            if visit.first_entry && visit.advanced_at_us == NEVER && self.position(visit.stage) > 0
            {
                self.pending
                    .push((self.folded.visits.len(), self.position(visit.stage)));
            }
            visit.left_at_us = NEVER;
            current = Some((visit, self.calendar.business_us(visit.entered_at_us)));
            self.folded.totals.insert(slot, open.totals);
        }
        for (at_us, meta) in events {
            let (at_us, stage) = (*at_us, stage_of(*meta));
            if current
                .as_ref()
                .is_some_and(|(visit, _)| visit.stage == stage || at_us < visit.entered_at_us)
            {
                continue;
            }
            let business_us = self.calendar.business_us(at_us);
            let is_date = meta & IS_DATE != 0;
            if let Some((visit, entered_business_us)) = current.take() {
                self.close(
                    visit,
                    at_us,
                    stage,
                    is_date,
                    business_us - entered_business_us,
                );
            }
            let position = self.position(stage);
            self.advance(slot, position, at_us, &mut waiting);
            let seen = &mut self.seen[stage as usize];
            let first_entry = seen.slot != slot;
            if first_entry {
                *seen = Seen {
                    slot,
                    hours: 0.0,
                    business_hours: 0.0,
                };
                if position > 0 {
                    self.pending.push((self.folded.visits.len(), position));
                }
            }
            let number = match self.folded.visits.last() {
                Some(last) if last.slot == slot => last.number + 1,
                _ => 1,
            };
            let visit = Visit {
                slot,
                number,
                stage,
                next_stage: NO_NAME,
                entered_by: person_of(*meta),
                entered_at_us: at_us,
                left_at_us: NEVER,
                business_hours: 0.0,
                prior_hours: seen.hours,
                prior_business_hours: seen.business_hours,
                advanced_at_us: NEVER,
                first_entry,
                late_entry: meta & LATE != 0,
                entered_is_date: is_date,
                left_is_date: false,
            };
            current = Some((visit, business_us));
        }
        if let Some((visit, _)) = current {
            self.folded.visits.push(visit);
        }
        self.folded.bounds.push(self.folded.visits.len() as u32);
    }

    /// The deal enters a stage of that place: earlier first visits have advanced.
    fn advance(&mut self, slot: u32, position: u8, at_us: i64, waiting: &mut Vec<(u32, u8)>) {
        if position == 0 {
            return;
        }
        let Folded {
            visits, advances, ..
        } = &mut self.folded;
        self.pending.retain(|(index, earlier)| {
            let ahead = *earlier < position;
            if ahead {
                visits[*index].advanced_at_us = at_us;
            }
            !ahead
        });
        waiting.retain(|(stage, earlier)| {
            let ahead = *earlier < position;
            if ahead {
                advances.push((slot, *stage, at_us));
            }
            !ahead
        });
    }

    fn close(&mut self, visit: Visit, at_us: i64, next_stage: u32, is_date: bool, worked_us: i64) {
        let hours = (at_us - visit.entered_at_us) as f64 / HOUR_US;
        let business_hours = worked_us as f64 / HOUR_US;
        let seen = &mut self.seen[visit.stage as usize];
        seen.hours += hours;
        seen.business_hours += business_hours;
        self.folded.visits.push(Visit {
            next_stage,
            left_at_us: at_us,
            left_is_date: is_date,
            business_hours,
            ..visit
        });
    }

    fn finish(mut self, keys: Keys) -> Folded {
        self.folded.keys = keys;
        self.folded
    }
}

impl Folded {
    /// The visits of a deal.
    pub fn deal(&self, slot: u32) -> &[Visit] {
        let slot = slot as usize;
        &self.visits[self.bounds[slot] as usize..self.bounds[slot + 1] as usize]
    }

    /// Where a deal stands, for the next run; `None` when all its events were taken back.
    pub fn open_visit(&self, slot: u32) -> Option<OpenVisit> {
        let visits = self.deal(slot);
        let visit = *visits.last()?;
        let mut totals = self.totals.get(&slot).cloned().unwrap_or_default();
        for (_, stage, _) in self.advances.iter().filter(|advance| advance.0 == slot) {
            if let Some(total) = totals.iter_mut().find(|total| total.stage == *stage) {
                total.advanced = true;
            }
        }
        for own in visits {
            let index = totals.iter().position(|total| total.stage == own.stage);
            let index = index.unwrap_or_else(|| {
                let (stage, advanced) = (own.stage, false);
                totals.push(StageTotal {
                    stage,
                    hours: 0.0,
                    business_hours: 0.0,
                    advanced,
                });
                totals.len() - 1
            });
            let total = &mut totals[index];
            total.advanced |= own.first_entry && own.advanced_at_us != NEVER;
            if let Some(hours) = own.hours() {
                total.hours += hours;
                total.business_hours += own.business_hours;
            }
        }
        Some(OpenVisit { visit, totals })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::config::Company;

    type Row = (String, String, i64);

    fn calendar() -> &'static WorkingCalendar {
        static CALENDAR: std::sync::OnceLock<WorkingCalendar> = std::sync::OnceLock::new();
        CALENDAR.get_or_init(|| {
            let company = Company::default();
            WorkingCalendar::chinese(&company.hours, company.zone, &company.overrides)
        })
    }

    fn push(scatter: &mut Scatter, rows: &[Row], view: bool) {
        let ids: StringArray = rows.iter().map(|row| Some(row.0.as_str())).collect();
        let id_views: StringViewArray = rows.iter().map(|row| Some(row.0.as_str())).collect();
        let stages: StringArray = rows.iter().map(|row| Some(row.1.as_str())).collect();
        let stage_views: StringViewArray = rows.iter().map(|row| Some(row.1.as_str())).collect();
        let changed_at: TimestampMicrosecondArray = rows.iter().map(|row| Some(row.2)).collect();
        let events = EventColumns {
            systems: Systems::One(0),
            opportunity: if view { &id_views } else { &ids },
            stage: if view { &stage_views } else { &stages },
            changed_at: &changed_at,
            is_date: None,
            by: None,
            recorded_at: None,
            deleted: None,
        };
        scatter.push(&events, calendar()).unwrap();
    }

    type Outcome = (
        BTreeMap<String, Vec<Visit>>,
        BTreeMap<String, OpenVisit>,
        BTreeMap<(String, u32), i64>,
    );

    /// Folds batches; the visits by opportunity, stages as names, and where each deal stands.
    fn fold(
        vocabulary: &mut Vocabulary,
        batches: &[&[Row]],
        shards: usize,
        resumed: &BTreeMap<String, OpenVisit>,
    ) -> Outcome {
        let mut parts: Vec<Shard> = (0..shards).map(|_| Shard::default()).collect();
        for (id, open) in resumed {
            parts[Shard::of(id, shards)]
                .resume(id, 0, open.clone())
                .unwrap();
        }
        for (index, batch) in batches.iter().enumerate() {
            let mut scatter = Scatter::new(shards, None);
            push(&mut scatter, batch, index % 2 == 1);
            vocabulary.learn(&mut scatter).unwrap();
            for (index, shard) in parts.iter_mut().enumerate() {
                shard.absorb(&scatter, index).unwrap();
            }
        }
        let (mut visits, mut open, mut advances) =
            (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for shard in parts {
            let folded = shard.fold(vocabulary, calendar());
            for (slot, stage, at) in &folded.advances {
                advances.insert((folded.keys.id(*slot).to_owned(), *stage), *at);
            }
            for slot in 0..folded.keys.len() as u32 {
                let own = folded
                    .deal(slot)
                    .iter()
                    .map(|visit| Visit { slot: 0, ..*visit });
                visits.insert(folded.keys.id(slot).to_owned(), own.collect());
                if let Some(state) = folded.open_visit(slot) {
                    open.insert(folded.keys.id(slot).to_owned(), state);
                }
            }
        }
        (visits, open, advances)
    }

    fn whole(batches: &[&[Row]], shards: usize) -> BTreeMap<String, Vec<Visit>> {
        // The same numbers for the same stages, whatever the order of the events.
        let mut vocabulary = Vocabulary::default();
        for stage in STAGES {
            vocabulary.stage(stage).unwrap();
        }
        fold(&mut vocabulary, batches, shards, &BTreeMap::new()).0
    }

    const STAGES: [&str; 5] = ["lead", "quotation", "signing", "won", "elsewhere"];
    const HOUR: i64 = 3_600_000_000;
    const MONDAY: i64 = 1_709_514_000_000_000; // 2024-03-04 09:00 in Shanghai

    fn row(id: &str, stage: &str, hours: i64) -> Row {
        (id.to_owned(), stage.to_owned(), MONDAY + hours * HOUR)
    }

    #[test]
    fn folds_a_deal_that_comes_back() {
        let rows = [
            row("00123", "线索登记", 0),
            row("00123", "quotation", 2),
            row("00123", "方案报价", 3),
            row("00123", "lead", 5),
            row("00123", "quotation", 24),
        ];
        let found = whole(&[&rows], 1);
        let visits = &found["00123"];
        let hours: Vec<_> = visits.iter().map(Visit::hours).collect();
        assert_eq!(hours, [Some(2.0), Some(3.0), Some(19.0), None]);
        let worked: Vec<_> = visits.iter().map(|visit| visit.business_hours).collect();
        assert_eq!(worked, [2.0, 1.5, 4.0, 0.0]);
        let prior: Vec<_> = visits.iter().map(|visit| visit.prior_hours).collect();
        assert_eq!(prior, [0.0, 0.0, 2.0, 3.0]);
        let first: Vec<_> = visits.iter().map(|visit| visit.first_entry).collect();
        assert_eq!(first, [true, true, false, false]);
        assert_eq!(visits[0].advanced_at_us, MONDAY + 2 * HOUR);
        assert_eq!(visits[1].advanced_at_us, NEVER);
        assert_eq!(
            visits.iter().map(|visit| visit.number).collect::<Vec<_>>(),
            [1, 2, 3, 4]
        );
    }

    #[test]
    fn orders_events_by_time_and_ties_by_input() {
        let rows = [
            row("a", "signing", 9),
            row("a", "lead", 0),
            row("a", "quotation", 9),
        ];
        let found = whole(&[&rows], 4);
        let stages: Vec<_> = found["a"].iter().map(|visit| visit.stage).collect();
        assert_eq!(stages, [0, 2, 1]);
        assert_eq!(found["a"][1].hours(), Some(0.0));
    }

    #[test]
    fn a_deletion_takes_back_one_equal_event() {
        let rows = [
            row("a", "lead", 0),
            row("a", "quotation", 1),
            row("a", "quotation", 1),
        ];
        let ids: StringArray = rows.iter().map(|row| Some(row.0.as_str())).collect();
        let stages: StringArray = rows.iter().map(|row| Some(row.1.as_str())).collect();
        let changed_at: TimestampMicrosecondArray = rows.iter().map(|row| Some(row.2)).collect();
        let deleted = BooleanArray::from(vec![false, false, true]);
        let late = TimestampMicrosecondArray::from(vec![MONDAY + 96 * HOUR, MONDAY, MONDAY]);
        let mut scatter = Scatter::new(1, None);
        let events = EventColumns {
            systems: Systems::One(0),
            opportunity: &ids,
            stage: &stages,
            changed_at: &changed_at,
            is_date: None,
            by: None,
            recorded_at: Some(&late),
            deleted: Some(&deleted),
        };
        scatter.push(&events, calendar()).unwrap();
        let mut vocabulary = Vocabulary::default();
        vocabulary.learn(&mut scatter).unwrap();
        let mut shard = Shard::default();
        shard.absorb(&scatter, 0).unwrap();
        let folded = shard.fold(&vocabulary, calendar());
        assert_eq!(folded.visits.len(), 1);
        assert!(folded.visits[0].late_entry);
        assert_eq!(folded.visits[0].entered_by, NO_NAME);
    }

    #[test]
    fn refuses_a_column_that_cannot_hold_stages() {
        let rows: Vec<Row> = (0..5000)
            .map(|row| self::row("a", &format!("s{row}"), row))
            .collect();
        let mut scatter = Scatter::new(1, None);
        let ids: StringArray = rows.iter().map(|row| Some(row.0.as_str())).collect();
        let stages: StringArray = rows.iter().map(|row| Some(row.1.as_str())).collect();
        let changed_at: TimestampMicrosecondArray = rows.iter().map(|row| Some(row.2)).collect();
        let events = EventColumns {
            systems: Systems::One(0),
            opportunity: &ids,
            stage: &stages,
            changed_at: &changed_at,
            is_date: None,
            by: None,
            recorded_at: None,
            deleted: None,
        };
        let error = scatter.push(&events, calendar()).unwrap_err().to_string();
        assert!(
            error.contains("is the right column mapped to stage?"),
            "{error}"
        );
    }

    fn rows() -> impl Strategy<Value = Vec<Row>> {
        let one = (0..12_u8, 0..STAGES.len(), 0..200_i64).prop_map(|(id, stage, hours)| {
            let id = if id % 2 == 0 {
                format!("{id}")
            } else {
                format!("a-longer-opportunity-{id}")
            };
            row(&id, STAGES[stage], hours)
        });
        prop::collection::vec(one, 0..120)
    }

    proptest! {
        #[test]
        fn order_across_opportunities_does_not_matter(rows in rows()) {
            let mut grouped = rows.clone();
            grouped.sort_by(|left, right| right.0.cmp(&left.0)); // stable: keeps each deal's order
            prop_assert_eq!(whole(&[&rows], 1), whole(&[&grouped], 8));
        }

        #[test]
        fn split_intake_is_the_whole(rows in rows(), at in 0..120_usize) {
            let at = at.min(rows.len());
            prop_assert_eq!(whole(&[&rows], 2), whole(&[&rows[..at], &rows[at..]], 2));
        }

        #[test]
        fn visits_cover_the_deal_without_gaps(rows in rows()) {
            for (id, visits) in whole(&[&rows], 2) {
                let own: Vec<i64> = rows.iter().filter(|row| row.0 == id).map(|row| row.2).collect();
                prop_assert_eq!(Some(visits[0].entered_at_us), own.iter().min().copied());
                for pair in visits.windows(2) {
                    prop_assert_eq!(pair[0].left_at_us, pair[1].entered_at_us);
                    prop_assert_eq!(pair[0].next_stage, pair[1].stage);
                    prop_assert!(pair[0].stage != pair[1].stage);
                    prop_assert!(pair[0].business_hours >= 0.0 && pair[0].hours() >= Some(0.0));
                }
                prop_assert_eq!(visits.last().unwrap().left_at_us, NEVER);
            }
        }

        #[test]
        fn resumed_from_open_visits_is_the_whole(rows in rows(), at in 0..120_usize) {
            let mut rows = rows;
            rows.sort_by_key(|row| row.2);
            let at = at.min(rows.len());
            let mut vocabulary = Vocabulary::default();
            for stage in STAGES {
                vocabulary.stage(stage).unwrap();
            }
            let (mut visits, open, _) =
                fold(&mut vocabulary, &[&rows[..at]], 2, &BTreeMap::new());
            let (later, _, advances) = fold(&mut vocabulary, &[&rows[at..]], 2, &open);
            for (id, later) in later {
                let own = visits.entry(id).or_default();
                own.pop();
                own.extend(later);
            }
            for ((id, stage), at) in advances {
                let own = visits.get_mut(&id).unwrap();
                let first = own.iter_mut().find(|visit| visit.first_entry && visit.stage == stage);
                first.unwrap().advanced_at_us = at;
            }
            prop_assert_eq!(visits, whole(&[&rows], 4));
        }
    }
}
