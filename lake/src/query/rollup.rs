//! Sums by span of time and dimension, kept in memory, from which counts, sums, means and ratios of
//! any period, grain and filter over these dimensions are added up without reading a record.
//!
//! A rollup is made by one scan of each file of its table, without the filters and the period of
//! the question that it is made for, and holds every metric of the same records and time that adds
//! up. It answers for the versions of the tables that it was made from and for no others: after a
//! set was published the records answer until it is made anew, for which only files are read that
//! were not there before. Whose rows it is of is a part of what it is.

mod build;
mod cells;
mod layout;
mod read;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use millrace_models::marts;
use millrace_models::metric::{Base, Measure, Metric};
use millrace_models::period::Grain;
use millrace_models::query::Period;
use millrace_models::scope::{Access, Reach};

use super::closed;
use super::compile::Selection;
use super::condition::{Test, UNLISTED};
use super::error::QueryError;
use super::measured::{Groups, Member};
use super::origin::RollupInfo;
use super::reads::{self, Versions};
use super::tables::Opened;
use super::view::View;
use cells::Cells;
use layout::Layout;

pub(super) use build::Made;

/// Cells of a rollup at most; reading more is no faster than reading records.
const MOST_CELLS: usize = 2_000_000;
/// So many cells are worth it however few records there are.
const FEW_CELLS: usize = 10_000;
/// A rollup has at most one cell for so many records.
const RECORDS_PER_CELL: u64 = 3;
/// What one rollup takes of the memory for all, at most: one part of so many.
const PART_OF_ALL: usize = 3;
/// Of a rollup with more cells than this its parts by fewer dimensions are kept as well.
const WIDE: usize = 1 << 15;
/// Rollups that are wished for and not there yet, at most.
const MOST_WISHES: usize = 64;
/// How long a rollup that nobody asks is made anew for new sets.
const IN_USE: TimeDelta = TimeDelta::hours(1);

/// What a rollup is of, but for versions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Spec {
    /// The rows of each mart.
    reach: Vec<Reach>,
    entity: String,
    /// The column whose spans it is by.
    time: Option<String>,
    /// Day or month.
    grain: Grain,
    dimensions: BTreeSet<String>,
}

impl Spec {
    /// Whether what is asked of the other can be added up from this.
    fn serves(&self, asked: &Self) -> bool {
        self.entity == asked.entity
            && self.time == asked.time
            && self.grain <= asked.grain
            && self.dimensions.is_superset(&asked.dimensions)
            && self.reach == asked.reach
    }
}

/// The members of a dimension by their codes.
#[derive(Debug, Clone, Default)]
struct Dictionary {
    members: Vec<Member>,
    codes: HashMap<Member, u32>,
}

impl Dictionary {
    fn code(&mut self, member: Member) -> u32 {
        if let Some(code) = self.codes.get(&member) {
            return *code;
        }
        let code = u32::try_from(self.members.len()).unwrap_or(u32::MAX);
        self.members.push(member.clone());
        self.codes.insert(member, code);
        code
    }
}

/// A rollup of some versions of its tables.
#[derive(Debug)]
pub(super) struct Rollup {
    spec: Spec,
    table: String,
    versions: Versions,
    basis: u64,
    layout: Layout,
    /// In the order of the names of the dimensions.
    dictionaries: Vec<Dictionary>,
    /// The cells of each file, by what they were made from.
    parts: Vec<(String, Arc<Cells>)>,
}

impl Rollup {
    fn bytes(&self) -> usize {
        self.parts.iter().map(|(_, cells)| cells.bytes()).sum()
    }

    fn cells(&self) -> usize {
        self.parts.iter().map(|(_, cells)| cells.len()).sum()
    }

    /// Whether it is of the tables that a set has.
    fn is_of(&self, opened: &Opened) -> bool {
        let version = |table: &str| opened.set.versions.get(&format!("marts/{table}")).copied();
        self.basis == opened.basis
            && self
                .versions
                .iter()
                .all(|(table, own)| version(table) == Some(*own))
    }

    fn info(&self) -> RollupInfo {
        RollupInfo {
            table: self.table.clone(),
            time: self.spec.time.clone(),
            span: match self.spec.grain {
                Grain::Month => "month",
                _ => "day",
            }
            .to_owned(),
            dimensions: self.spec.dimensions.iter().cloned().collect(),
        }
    }
}

/// A rollup that is wished for, or there, and who sees its rows.
struct Entry {
    spec: Spec,
    access: Access,
    /// When it was last asked.
    asked: DateTime<Utc>,
    /// How often anything was asked before: what was asked longest ago goes first.
    turn: u64,
    state: State,
}

enum State {
    Wished,
    Made(Arc<Rollup>),
    /// It would be too large; not tried again for these versions.
    TooLarge(Versions),
}

/// The rollups of an engine.
pub(super) struct Rollups {
    entries: Mutex<(u64, Vec<Entry>)>,
    most_bytes: usize,
    /// Told when one is wished for.
    wished: tokio::sync::Notify,
}

/// What is asked of a rollup.
pub(super) struct Asked<'a> {
    pub(super) view: View<'a>,
    pub(super) base: &'a Base,
    /// The metrics, all of the base and of one time, by their places in the query.
    pub(super) metrics: &'a [(usize, &'a Metric)],
    /// The names of the dimensions of a group, spans of time among them.
    pub(super) by: &'a [String],
    pub(super) conditions: &'a [millrace_models::query::Condition],
    pub(super) period: Option<Period>,
    pub(super) as_of: DateTime<Utc>,
    pub(super) now: DateTime<Utc>,
}

/// Whether a metric can be added up from parts that were summed before.
pub(super) fn adds_up(metric: &Metric) -> bool {
    let measure = match &metric.measure {
        Measure::Count | Measure::Sum { .. } | Measure::Mean { .. } => true,
        Measure::Ratio { per, .. } => per.is_none(),
        _ => false,
    };
    measure
        && metric.immature.is_none()
        && !metric
            .expressions()
            .iter()
            .any(|text| text.contains("{as_of}"))
}

impl Rollups {
    /// Room for rollups of so many bytes.
    pub(super) fn new(bytes: u64) -> Self {
        Self {
            entries: Mutex::default(),
            most_bytes: usize::try_from(bytes).unwrap_or(usize::MAX),
            wished: tokio::sync::Notify::new(),
        }
    }

    /// Done when a rollup is wished for.
    pub(super) async fn wish(&self) {
        self.wished.notified().await;
    }

    /// The groups that are asked for; none where no rollup of these tables is there, which is then
    /// wished for.
    ///
    /// # Errors
    /// As the conditions of a scan.
    pub(super) async fn groups(
        &self,
        asked: &Asked<'_>,
    ) -> Result<Option<(Groups, RollupInfo)>, QueryError> {
        let Some(spec) = spec(asked) else {
            return Ok(None);
        };
        let Some(rollup) = self.find(asked, &spec) else {
            return Ok(None);
        };
        let Some((_, first)) = asked.metrics.first() else {
            return Ok(None);
        };
        let is_past = asked.as_of < asked.view.opened.set.complete_to;
        if is_past || closed::touches(asked.view, first, asked.period, asked.as_of) {
            return Ok(None);
        }
        let selection =
            Selection::new(asked.view, asked.base, first, &[], None, asked.as_of).await?;
        let mut tests = Vec::with_capacity(asked.conditions.len());
        let mut spans = Vec::new();
        if let Some(period) = asked.period
            && first.time.column.is_some()
        {
            spans.push((false, vec![(period.from, period.to)]));
        }
        for condition in asked.conditions {
            let name = &condition.dimension;
            let dimension = asked.view.dimension(first, asked.base, name)?;
            match selection.test(&dimension, condition).await? {
                Test::Spans { not, spans: own } => spans.push((not, own)),
                test => {
                    let place = rollup.place(name);
                    let Some(place) = place else { return Ok(None) };
                    tests.push((place, test));
                }
            }
        }
        let info = rollup.info();
        Ok(rollup
            .groups(asked, &tests, &spans)
            .map(|groups| (groups, info)))
    }

    /// The smallest rollup that serves; where there is none, what is asked is wished for.
    fn find(&self, asked: &Asked<'_>, spec: &Spec) -> Option<Arc<Rollup>> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let (turn, entries) = &mut *entries;
        *turn += 1;
        let mut found: Option<(usize, Arc<Rollup>)> = None;
        let mut known = false;
        for (place, entry) in entries.iter_mut().enumerate() {
            if entry.spec == *spec {
                known = true;
                entry.asked = asked.now;
                entry.turn = *turn;
            }
            let State::Made(rollup) = &entry.state else {
                continue;
            };
            if entry.spec.serves(spec)
                && rollup.is_of(asked.view.opened)
                && found
                    .as_ref()
                    .is_none_or(|(_, best)| rollup.cells() < best.cells())
            {
                found = Some((place, Arc::clone(rollup)));
            }
        }
        if let Some((place, rollup)) = &found {
            entries[*place].asked = asked.now;
            entries[*place].turn = *turn;
            if known || rollup.cells() <= WIDE {
                return Some(Arc::clone(rollup));
            }
        }
        let found = found.map(|(_, rollup)| rollup);
        if !known {
            let wished = |entry: &&Entry| matches!(entry.state, State::Wished);
            if entries.iter().filter(wished).count() >= MOST_WISHES {
                return found;
            }
            entries.push(Entry {
                spec: spec.clone(),
                access: asked.view.access.clone(),
                asked: asked.now,
                turn: *turn,
                state: State::Wished,
            });
        }
        self.wished.notify_one();
        found
    }

    /// What is to be made next for a set, of what was asked lately: the widest, from which others
    /// can be added up, and of these what was asked last.
    pub(super) fn next(&self, opened: &Opened, now: DateTime<Utc>) -> Option<Wish> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, entries) = &mut *entries;
        entries.retain(|entry| now - entry.asked < IN_USE);
        let lacking = entries.iter().filter(|entry| match &entry.state {
            State::Wished => true,
            State::Made(rollup) => !rollup.is_of(opened),
            State::TooLarge(versions) => versions.iter().any(|(table, version)| {
                opened.set.versions.get(&format!("marts/{table}")) != Some(version)
            }),
        });
        let next = lacking.max_by_key(|entry| (entry.spec.dimensions.len(), entry.turn))?;
        let wider = entries.iter().filter_map(|entry| match &entry.state {
            State::Made(rollup)
                if rollup.spec.serves(&next.spec)
                    && rollup.spec != next.spec
                    && rollup.is_of(opened) =>
            {
                Some(rollup)
            }
            _ => None,
        });
        Some(Wish {
            wider: wider.min_by_key(|rollup| rollup.cells()).cloned(),
            spec: next.spec.clone(),
            access: next.access.clone(),
            before: match &next.state {
                State::Made(rollup) => Some(Arc::clone(rollup)),
                _ => None,
            },
            most_bytes: self.most_bytes / PART_OF_ALL,
        })
    }

    /// Takes what was made; what was asked longest ago makes room.
    pub(super) fn keep(&self, spec: &Spec, made: Made) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, entries) = &mut *entries;
        if let Some(entry) = entries.iter_mut().find(|entry| entry.spec == *spec) {
            entry.state = match made {
                Made::Rollup(rollup) => State::Made(Arc::from(rollup)),
                Made::TooLarge(versions) => State::TooLarge(versions),
            };
        }
        loop {
            let bytes = entries.iter().map(|entry| match &entry.state {
                State::Made(rollup) => rollup.bytes(),
                _ => 0,
            });
            if bytes.sum::<usize>() <= self.most_bytes {
                return;
            }
            let made = |(_, entry): &(usize, &Entry)| matches!(entry.state, State::Made(_));
            let oldest = entries.iter().enumerate().filter(made);
            let Some((place, _)) = oldest.min_by_key(|(_, entry)| entry.turn) else {
                return;
            };
            entries.swap_remove(place);
        }
    }

    /// Forgets a wish that cannot be fulfilled.
    pub(super) fn forget(&self, spec: &Spec) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.1.retain(|entry| entry.spec != *spec);
    }
}

/// A rollup that is to be made.
pub(super) struct Wish {
    pub(super) spec: Spec,
    pub(super) access: Access,
    /// One of the same set that it can be added up from.
    wider: Option<Arc<Rollup>>,
    /// The same of an earlier set.
    before: Option<Arc<Rollup>>,
    most_bytes: usize,
}

/// What would answer; none where a rollup cannot.
fn spec(asked: &Asked<'_>) -> Option<Spec> {
    let (_, first) = asked.metrics.first()?;
    let whole_month = |from: NaiveDate, to: NaiveDate| {
        let after = to.succ_opt().unwrap_or(to);
        Grain::Month.start(from) == from && Grain::Month.start(after) == after
    };
    let mut grain = Grain::Month;
    let has_time = first.time.column.is_some();
    if has_time
        && asked
            .period
            .is_some_and(|period| !whole_month(period.from, period.to))
    {
        grain = Grain::Day;
    }
    let conditions = asked.conditions.iter();
    let conditions = conditions.map(|condition| &condition.dimension);
    let mut dimensions = BTreeSet::new();
    for name in asked.by.iter().chain(conditions) {
        // a name that is none is refused where the records are scanned
        asked.view.dimension(first, asked.base, name).ok()?;
        match Grain::from_name(name) {
            Some(Grain::Day | Grain::Week) => grain = Grain::Day,
            Some(_) => {}
            None => {
                dimensions.insert(name.clone());
            }
        }
    }
    // as many cells as records
    if dimensions.iter().any(|name| UNLISTED.contains(&&**name)) {
        return None;
    }
    let (view, marts) = (asked.view, marts::TABLES.iter());
    Some(Spec {
        reach: marts
            .map(|mart| view.access.reach(view.registry, mart))
            .collect(),
        entity: asked.base.name.clone(),
        time: first.time.column.clone(),
        grain,
        dimensions,
    })
}

/// Makes a rollup of a set, or says that it would be too large.
pub(super) async fn make(opened: &Opened, wish: &Wish) -> Result<Option<Made>, QueryError> {
    if let Some(wider) = &wish.wider
        && let Some(narrowed) = wider.narrowed(&wish.spec)
    {
        return Ok(Some(Made::Rollup(Box::new(narrowed))));
    }
    let view = View::new(opened, &wish.access)?;
    build::build(view, wish).await
}

/// The tables that a rollup of these metrics and dimensions is made from.
fn versions(view: View<'_>, metrics: &[&Metric], spec: &Spec) -> Versions {
    reads::versions(view, metrics, &spec.dimensions.iter().map(String::as_str))
}
