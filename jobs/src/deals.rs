//! The deals as their records say, in columns: there can be millions.

#![allow(
    clippy::cast_possible_truncation,
    reason = "places are 32 bits wide; amounts fit the lake's decimal(18, 2)"
)]

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use arrow::datatypes::{Date32Type, Decimal128Type, Int32Type, TimestampMicrosecondType};
use hashbrown::hash_table::Entry;
use hashbrown::{HashMap, HashSet, HashTable};
use millrace_models::entity::{Entity, FieldKind};
use millrace_models::fold::key_hash;
use millrace_models::stage;
use rayon::prelude::*;

use crate::raw::{Constant, Piece, Raw, Strings, pieces};
use crate::store::{Moment, Systems, Text, Versions, attributes_of, is_whole};
use crate::texts::{NONE, Texts};
use crate::world::{Members, qualified};

/// A column that takes no memory until something is in it.
#[derive(Debug)]
struct Column<T> {
    values: Vec<T>,
    none: T,
}

impl<T: Copy + PartialEq> Column<T> {
    fn new(none: T) -> Self {
        Self {
            values: Vec::new(),
            none,
        }
    }

    fn get(&self, place: u32) -> Option<T> {
        let value = self.values.get(place as usize).copied();
        value.filter(|value| *value != self.none)
    }

    fn set(&mut self, place: u32, value: T) {
        let place = place as usize;
        if self.values.len() <= place {
            self.values.resize(place + 1, self.none);
        }
        self.values[place] = value;
    }

    /// Takes the value away, if there is one.
    fn clear(&mut self, place: u32) {
        if let Some(value) = self.values.get_mut(place as usize) {
            *value = self.none;
        }
    }
}

/// Moments, with a flag for those without a time of day.
#[derive(Debug)]
struct Moments {
    at_us: Column<i64>,
    is_date: Column<bool>,
}

impl Moments {
    fn new() -> Self {
        Self {
            at_us: Column::new(i64::MIN),
            is_date: Column::new(false),
        }
    }

    fn get(&self, place: u32) -> Option<Moment> {
        let at_us = self.at_us.get(place)?;
        let is_date = self.is_date.get(place).unwrap_or(false);
        Some(Moment { at_us, is_date })
    }

    fn set(&mut self, place: u32, moment: Moment) {
        self.at_us.set(place, moment.at_us);
        if moment.is_date || self.is_date.get(place).is_some() {
            self.is_date.set(place, moment.is_date);
        }
    }

    fn clear(&mut self, place: u32) {
        self.at_us.clear(place);
        self.is_date.clear(place);
    }
}

/// The times of a deal, in the order of the columns.
const TIMES: [&str; 4] = ["opened_at", "won_at", "closed_at", "recorded_at"];
/// The texts of a deal that repeat, in the order of the columns.
const TEXTS: [&str; 5] = ["outcome", "stage", "lost_reason", "competitor", "source"];
const AMOUNTS: [&str; 2] = ["amount", "lost_amount"];

/// All deals that have a record.
#[derive(Debug)]
pub(crate) struct Deals {
    table: HashTable<(u32, u32)>,
    bytes: Vec<u8>,
    ends: Vec<u32>,
    systems: Vec<u16>,
    accounts: Column<u32>,
    products: Column<u32>,
    owners: Column<u32>,
    /// Owners over time, of the deals that changed hands.
    histories: HashMap<u32, Versions<u32>>,
    /// A version for each user: the owner of a deal that never changed hands.
    single: Vec<(i64, u32)>,
    /// When the first row of a deal came in, as a number of `ingests`.
    ingested: Column<u16>,
    ingests: Vec<i64>,
    times: [Moments; 4],
    texts_of: [Column<u32>; 5],
    amounts: [Column<i64>; 2],
    expected: Column<i32>,
    /// Texts of the world: the teams that records name themselves.
    teams: Column<u32>,
    attributes: BTreeMap<Text, Column<u32>>,
    deleted: HashSet<u32>,
    qualified: HashMap<u32, Text>,
    texts: Texts,
    as_of_us: i64,
}

/// A deal as its record says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deal<'a> {
    pub(crate) place: u32,
    /// Its id in the marts.
    pub(crate) id: &'a str,
    /// The account, the product: places among the members, or [`NONE`].
    pub(crate) account: u32,
    pub(crate) product: u32,
    pub(crate) owners: &'a [(i64, u32)],
    pub(crate) opened: Option<Moment>,
    pub(crate) won: Option<Moment>,
    pub(crate) closed: Option<Moment>,
    pub(crate) recorded_us: Option<i64>,
    pub(crate) outcome: Option<&'a str>,
    /// As code where the stage is known.
    pub(crate) stage: Option<&'a str>,
    pub(crate) amount: Option<i128>,
    pub(crate) lost_amount: Option<i128>,
    pub(crate) lost_reason: Option<&'a str>,
    pub(crate) competitor: Option<&'a str>,
    pub(crate) source: Option<&'a str>,
    pub(crate) expected_close_on: Option<i32>,
    /// The team that the record names: a text of the world, or [`NONE`].
    pub(crate) team: u32,
}

/// The members that deals refer to, and the texts of the world.
pub(crate) struct Referred<'a> {
    pub(crate) accounts: &'a mut Members,
    pub(crate) users: &'a mut Members,
    pub(crate) products: &'a mut Members,
    pub(crate) texts: &'a mut Texts,
}

fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

impl Deals {
    fn new(as_of_us: Option<i64>) -> Self {
        Self {
            table: HashTable::new(),
            bytes: Vec::new(),
            ends: Vec::new(),
            systems: Vec::new(),
            accounts: Column::new(NONE),
            products: Column::new(NONE),
            owners: Column::new(NONE),
            histories: HashMap::new(),
            single: Vec::new(),
            ingested: Column::new(u16::MAX),
            ingests: Vec::new(),
            times: std::array::from_fn(|_| Moments::new()),
            texts_of: std::array::from_fn(|_| Column::new(NONE)),
            amounts: std::array::from_fn(|_| Column::new(i64::MIN)),
            expected: Column::new(i32::MIN),
            teams: Column::new(NONE),
            attributes: BTreeMap::new(),
            deleted: HashSet::new(),
            qualified: HashMap::new(),
            texts: Texts::default(),
            as_of_us: as_of_us.unwrap_or(i64::MAX),
        }
    }

    /// Reads the raw table: later rows of the same deal fill and override, null says nothing.
    /// What changed or happened after `as_of_us` is not seen.
    pub(crate) fn load(
        table: &Raw,
        systems: &mut Systems,
        as_of_us: Option<i64>,
        referred: &mut Referred<'_>,
    ) -> anyhow::Result<Self> {
        let mut deals = Self::new(as_of_us);
        let pieces = pieces(table, Strings::Compact)?;
        for round in pieces.chunks(rayon::current_num_threads()) {
            let batches = round
                .par_iter()
                .map(|piece| {
                    let columns = columns(piece);
                    piece
                        .read(Some(&columns), piece.rows().max(1))?
                        .collect::<anyhow::Result<Vec<_>>>()
                })
                .collect::<anyhow::Result<Vec<_>>>()?;
            for batch in batches.into_iter().flatten() {
                deals.take(&batch, systems, referred)?;
            }
        }
        deals.single = (0_u32..)
            .take(referred.users.all.len())
            .map(|user| (i64::MIN, user))
            .collect();
        deals.tell_apart(systems);
        Ok(deals)
    }

    #[allow(clippy::too_many_lines, reason = "one field after another")]
    fn take(
        &mut self,
        batch: &RecordBatch,
        systems: &mut Systems,
        referred: &mut Referred<'_>,
    ) -> anyhow::Result<()> {
        let rows = batch.num_rows();
        let ids = batch
            .column_by_name("id")
            .and_then(|column| column.as_string_view_opt())
            .context("raw/opportunity has no text column id")?;
        let sources = Coded::new(batch, "_source");
        let ops = Coded::new(batch, "_op");
        let changed = time(batch, "_changed_at");
        let ingested = time(batch, "_ingested_at");
        // Rows that hold the whole record; empty where there is none.
        let mut whole = Vec::new();
        let mut places = Vec::with_capacity(rows);
        let mut own_systems = Vec::with_capacity(rows);
        for row in 0..rows {
            let system =
                systems.number(sources.as_ref().and_then(|own| own.text(row)).unwrap_or(""));
            own_systems.push(system);
            let unseen =
                changed.is_some_and(|at| at.is_valid(row) && at.value(row) > self.as_of_us);
            let id = ids.is_valid(row).then(|| ids.value(row));
            let Some(id) = id.filter(|id| !id.is_empty() && !unseen) else {
                places.push(NONE);
                continue;
            };
            let (place, is_new) = self.place(id, system)?;
            let ingested_us = ingested
                .filter(|at| at.is_valid(row))
                .map_or(0, |at| at.value(row));
            if is_new {
                let ingest = self.ingest(ingested_us);
                self.ingested.set(place, ingest);
            }
            let op = ops.as_ref().and_then(|own| own.text(row));
            if op == Some("delete") {
                self.deleted.insert(place);
                places.push(NONE);
                continue;
            }
            if is_whole(op) {
                whole.resize(rows, false);
                whole[row] = true;
            }
            if !self.deleted.is_empty() {
                self.deleted.remove(&place);
            }
            places.push(place);
        }
        let said = Said {
            places: &places,
            whole: &whole,
        };
        self.references(batch, said, &own_systems, referred);
        self.owners(batch, said, &own_systems, referred.users);
        for (index, name) in TIMES.into_iter().enumerate() {
            let at = time(batch, name);
            let dates = batch.column_by_name(&format!("{name}_is_date"));
            let dates: Option<&BooleanArray> = dates.and_then(|own| own.as_boolean_opt());
            for (row, place, filled) in said.rows(at.map(|at| at as &dyn Array)) {
                let Some(at) = at.filter(|_| filled) else {
                    self.times[index].clear(place);
                    continue;
                };
                let is_date = dates.is_some_and(|own| own.is_valid(row) && own.value(row));
                let at_us = at.value(row);
                self.times[index].set(place, Moment { at_us, is_date });
            }
        }
        for (index, name) in TEXTS.into_iter().enumerate() {
            let column = Coded::new(batch, name);
            let numbers = column.as_ref().map(|column| {
                column.each(|text| match (name, stage::find(text)) {
                    ("stage", Some(stage)) => self.texts.number(stage.code),
                    _ => self.texts.number(text.trim()),
                })
            });
            for (row, place, _) in said.rows(column.as_ref().map(Coded::array)) {
                let coded = column.as_ref().zip(numbers.as_ref());
                match coded.and_then(|(column, numbers)| column.number(numbers, row)) {
                    Some(number) => self.texts_of[index].set(place, number),
                    None if said.is_whole(row) => self.texts_of[index].clear(place),
                    None => {}
                }
            }
        }
        for (index, name) in AMOUNTS.into_iter().enumerate() {
            let column = batch.column_by_name(name);
            let column = column.and_then(|own| own.as_primitive_opt::<Decimal128Type>());
            for (row, place, filled) in said.rows(column.map(|own| own as &dyn Array)) {
                match column.filter(|_| filled) {
                    Some(column) => self.amounts[index].set(place, column.value(row) as i64),
                    None => self.amounts[index].clear(place),
                }
            }
        }
        let expected = batch.column_by_name("expected_close_on");
        let expected = expected.and_then(|own| own.as_primitive_opt::<Date32Type>());
        for (row, place, filled) in said.rows(expected.map(|own| own as &dyn Array)) {
            match expected.filter(|_| filled) {
                Some(column) => self.expected.set(place, column.value(row)),
                None => self.expected.clear(place),
            }
        }
        self.teams(batch, said, &own_systems, systems, referred.texts);
        self.take_attributes(batch, said);
        Ok(())
    }

    /// The place of a deal, and whether it is new.
    fn place(&mut self, id: &str, system: u16) -> anyhow::Result<(u32, bool)> {
        let hash = key_hash(id.as_bytes()) as u32;
        let Self {
            table,
            bytes,
            ends,
            systems,
            ..
        } = self;
        let found = table.entry(
            spread(hash),
            |(seen, place)| {
                let place = *place as usize;
                *seen == hash
                    && systems[place] == system
                    && slice(bytes, ends, place) == id.as_bytes()
            },
            |(seen, _)| spread(*seen),
        );
        match found {
            Entry::Occupied(entry) => Ok((entry.get().1, false)),
            Entry::Vacant(entry) => {
                let place = ends.len() as u32;
                bytes.extend_from_slice(id.as_bytes());
                ends.push(u32::try_from(bytes.len()).context("opportunity ids exceed 4 GiB")?);
                systems.push(system);
                entry.insert((hash, place));
                Ok((place, true))
            }
        }
    }

    fn take_attributes(&mut self, batch: &RecordBatch, said: Said<'_>) {
        let attributes = batch.column_by_name("attributes");
        let attributes = attributes.and_then(|own| own.as_string_view_opt());
        for (row, place, filled) in said.rows(attributes.map(|own| own as &dyn Array)) {
            if said.is_whole(row) {
                for column in self.attributes.values_mut() {
                    column.clear(place);
                }
            }
            let Some(column) = attributes.filter(|_| filled) else {
                continue;
            };
            for (name, value) in attributes_of(column.value(row)) {
                let number = self.texts.number(&value);
                let column = self.attributes.entry(name);
                column
                    .or_insert_with(|| Column::new(NONE))
                    .set(place, number);
            }
        }
    }

    fn ingest(&mut self, at_us: i64) -> u16 {
        let known = self.ingests.iter().rposition(|known| *known == at_us);
        let place = known.unwrap_or_else(|| {
            self.ingests.push(at_us);
            self.ingests.len() - 1
        });
        u16::try_from(place).unwrap_or(u16::MAX - 1)
    }

    fn references(
        &mut self,
        batch: &RecordBatch,
        said: Said<'_>,
        systems: &[u16],
        referred: &mut Referred<'_>,
    ) {
        for (name, members, own) in [
            ("account", &mut *referred.accounts, &mut self.accounts),
            ("product", &mut *referred.products, &mut self.products),
        ] {
            let column = Coded::new(batch, name);
            let mut resolver = column.as_ref().map(|own| Resolver::new(own, members));
            for (row, place, _) in said.rows(column.as_ref().map(Coded::array)) {
                let resolver = resolver.as_mut();
                match resolver.and_then(|own| own.member(row, systems[row])) {
                    Some(member) => own.set(place, member),
                    None if said.is_whole(row) => own.clear(place),
                    None => {}
                }
            }
        }
    }

    fn owners(
        &mut self,
        batch: &RecordBatch,
        said: Said<'_>,
        systems: &[u16],
        users: &mut Members,
    ) {
        let column = Coded::new(batch, "owner");
        let (changed, ingested) = (time(batch, "_changed_at"), time(batch, "_ingested_at"));
        let mut resolver = column.as_ref().map(|own| Resolver::new(own, users));
        for (row, place, _) in said.rows(column.as_ref().map(Coded::array)) {
            let resolver = resolver.as_mut();
            let owner = match resolver.and_then(|own| own.member(row, systems[row])) {
                Some(owner) => owner,
                // Nobody is somebody too: from then on the deal has no owner.
                None if said.is_whole(row) => NONE,
                None => continue,
            };
            let before = self.owners.get(place);
            let known = self.histories.contains_key(&place);
            if known || before.is_some_and(|before| before != owner) {
                let at = changed
                    .filter(|at| at.is_valid(row))
                    .map(|at| at.value(row));
                let came_us = ingested
                    .filter(|at| at.is_valid(row))
                    .map_or(0, |at| at.value(row));
                let first = self
                    .ingested
                    .get(place)
                    .map(|ingest| self.ingests[usize::from(ingest)]);
                // Rows of the first ingest are one version, unless they say when they changed.
                let at_us = at.unwrap_or(if first == Some(came_us) && before != Some(owner) {
                    i64::MIN
                } else {
                    came_us
                });
                let history = self.histories.entry(place).or_insert_with(|| {
                    let mut history = Versions::default();
                    history.push(i64::MIN, before.unwrap_or(NONE));
                    history
                });
                history.push(at_us, owner);
            } else if owner == NONE {
                let mut history = Versions::default();
                history.push(i64::MIN, NONE);
                self.histories.insert(place, history);
            }
            self.owners.set(place, owner);
        }
    }

    fn teams(
        &mut self,
        batch: &RecordBatch,
        said: Said<'_>,
        own_systems: &[u16],
        systems: &Systems,
        texts: &mut Texts,
    ) {
        let column = Coded::new(batch, "team");
        for (row, place, _) in said.rows(column.as_ref().map(Coded::array)) {
            let written = column.as_ref().and_then(|column| column.text(row));
            match written.filter(|text| !text.is_empty()) {
                Some(text) => {
                    let name = systems.team(own_systems[row], text);
                    self.teams.set(place, texts.number(&name));
                }
                None if said.is_whole(row) => self.teams.clear(place),
                None => {}
            }
        }
    }

    /// Gives ids that two systems share the system's name in front.
    fn tell_apart(&mut self, systems: &Systems) {
        if self.systems.windows(2).all(|pair| pair[0] == pair[1]) {
            return;
        }
        let mut first: HashMap<&str, u32> = HashMap::new();
        let mut shared: Vec<u32> = Vec::new();
        for place in (0..self.ends.len() as u32).filter(|place| self.exists(*place)) {
            if let Some(other) = first.insert(self.written(place), place) {
                shared.extend([other, place]);
            }
        }
        let qualified = shared.into_iter().map(|place| {
            let system = self.systems[place as usize];
            (place, qualified(systems, system, self.written(place)))
        });
        let qualified: HashMap<u32, Text> = qualified.collect();
        drop(first);
        self.qualified = qualified;
    }

    /// The ids of the deals of which facts carry something else than by other records of them: both
    /// are of the same members and texts.
    pub(crate) fn other_than(&self, before: &Self) -> BTreeSet<Text> {
        let carried = |deals: &Self, place: u32| {
            let deal = deals.get(place)?;
            let Deal {
                account,
                product,
                team,
                ..
            } = deal;
            let id = Text::from(deal.id);
            Some((id, deal.owners.to_vec(), account, product, team))
        };
        let mut other = BTreeSet::new();
        for (own, others) in [(self, before), (before, self)] {
            for place in 0..own.len() as u32 {
                let id = own.written(place);
                let there = others.find(own.system(place), id.as_bytes());
                let there = there.and_then(|place| carried(others, place));
                if carried(own, place) != there {
                    other.insert(Text::from(id));
                }
            }
        }
        other
    }

    /// The id of the deal at a place, as its record has it.
    pub(crate) fn written(&self, place: u32) -> &str {
        // The bytes came from strings, whole.
        std::str::from_utf8(slice(&self.bytes, &self.ends, place as usize)).unwrap_or_default()
    }

    fn exists(&self, place: u32) -> bool {
        !self.deleted.contains(&place)
            && self.times[0]
                .get(place)
                .is_none_or(|opened| opened.at_us <= self.as_of_us)
    }

    /// How many places there are; not every place has a deal.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no deal.
    pub(crate) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The place of the deal with that id in that system.
    pub(crate) fn find(&self, system: u16, id: &[u8]) -> Option<u32> {
        let hash = key_hash(id) as u32;
        let found = self.table.find(spread(hash), |(seen, place)| {
            let place = *place as usize;
            *seen == hash
                && self.systems[place] == system
                && slice(&self.bytes, &self.ends, place) == id
        });
        found
            .map(|(_, place)| *place)
            .filter(|place| self.exists(*place))
    }

    /// The system whose id the deal at a place has.
    pub(crate) fn system(&self, place: u32) -> u16 {
        self.systems[place as usize]
    }

    /// The system of all deals, if there is but one.
    pub(crate) fn one_system(&self) -> Option<u16> {
        let first = self.systems.first().copied()?;
        let same = self.systems.iter().all(|own| *own == first);
        same.then_some(first)
    }

    /// Who owned the deal over time.
    pub(crate) fn owned(&self, place: u32) -> &[(i64, u32)] {
        if let Some(history) = self.histories.get(&place) {
            return &history.0;
        }
        match self.owners.get(place) {
            Some(owner) => std::slice::from_ref(&self.single[owner as usize]),
            None => &[],
        }
    }

    /// The team that the deal's record names, a text of the world, or [`NONE`].
    pub(crate) fn team(&self, place: u32) -> u32 {
        self.teams.get(place).unwrap_or(NONE)
    }

    /// Account, product and amount of the deal at a place.
    pub(crate) fn bearings(&self, place: u32) -> (u32, u32, Option<i64>) {
        let account = self.accounts.get(place).unwrap_or(NONE);
        let product = self.products.get(place).unwrap_or(NONE);
        (account, product, self.amounts[0].get(place))
    }

    /// The deal at a place, if there is one.
    pub(crate) fn get(&self, place: u32) -> Option<Deal<'_>> {
        if !self.exists(place) {
            return None;
        }
        let [opened, won, closed, recorded] =
            [0, 1, 2, 3].map(|index: usize| self.times[index].get(place));
        let text = |index: usize| {
            self.texts_of[index]
                .get(place)
                .and_then(|number| self.texts.get(number))
        };
        let amount = |index: usize| self.amounts[index].get(place).map(i128::from);
        let seen = |moment: &Moment| moment.at_us <= self.as_of_us;
        let later = won.or(closed).is_some_and(|end| !seen(&end));
        Some(Deal {
            place,
            id: self
                .qualified
                .get(&place)
                .map_or_else(|| self.written(place), AsRef::as_ref),
            account: self.accounts.get(place).unwrap_or(NONE),
            product: self.products.get(place).unwrap_or(NONE),
            owners: self.owned(place),
            opened,
            won: won.filter(seen),
            closed: closed.filter(seen),
            recorded_us: recorded.map(|moment| moment.at_us),
            outcome: if later { Some("open") } else { text(0) },
            stage: text(1),
            amount: amount(0),
            lost_amount: amount(1),
            lost_reason: text(2),
            competitor: text(3),
            source: text(4),
            expected_close_on: self.expected.get(place),
            team: self.team(place),
        })
    }

    /// Whether any record says that its deal ended.
    pub(crate) fn has_ends(&self) -> bool {
        let [_, won, closed, _] = &self.times;
        !won.at_us.values.is_empty() || !closed.at_us.values.is_empty()
    }

    /// The deals of a range of places.
    pub(crate) fn places(&self, from: usize, until: usize) -> impl Iterator<Item = Deal<'_>> {
        (from..until.min(self.len())).filter_map(|place| self.get(place as u32))
    }

    /// An attribute of a deal.
    pub(crate) fn attribute(&self, place: u32, name: &str) -> Option<&str> {
        self.texts.get(self.attributes.get(name)?.get(place)?)
    }

    /// The names of the attributes.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = &str> {
        self.attributes.keys().map(AsRef::as_ref)
    }

    /// The fields that have any value.
    pub(crate) fn filled(&self) -> Vec<&'static str> {
        let mut filled = Vec::new();
        if !self.is_empty() {
            filled.push("id");
        }
        for (name, column) in [
            ("account", &self.accounts),
            ("product", &self.products),
            ("owner", &self.owners),
        ] {
            if !column.values.is_empty() {
                filled.push(name);
            }
        }
        let times = TIMES.into_iter().zip(&self.times);
        filled.extend(
            times
                .filter(|(_, own)| !own.at_us.values.is_empty())
                .map(|(name, _)| name),
        );
        let texts = TEXTS.into_iter().zip(&self.texts_of);
        filled.extend(
            texts
                .filter(|(_, own)| !own.values.is_empty())
                .map(|(name, _)| name),
        );
        let amounts = AMOUNTS.into_iter().zip(&self.amounts);
        filled.extend(
            amounts
                .filter(|(_, own)| !own.values.is_empty())
                .map(|(name, _)| name),
        );
        if !self.expected.values.is_empty() {
            filled.push("expected_close_on");
        }
        filled
    }
}

fn slice<'a>(bytes: &'a [u8], ends: &[u32], place: usize) -> &'a [u8] {
    let from = if place == 0 {
        0
    } else {
        ends[place - 1] as usize
    };
    &bytes[from..ends[place] as usize]
}

/// The columns of a piece that say anything.
fn columns(piece: &Piece) -> Vec<&'static str> {
    let mut columns = vec!["id"];
    for name in [
        "_source",
        "_op",
        "_changed_at",
        "_ingested_at",
        "attributes",
    ] {
        if !matches!(piece.constant(name), Constant::Null) {
            columns.push(name);
        }
    }
    for field in Entity::Opportunity.fields() {
        if field.name != "id" && !matches!(piece.constant(field.name), Constant::Null) {
            columns.push(field.name);
        }
        let companion = TIMES
            .iter()
            .zip(IS_DATE)
            .find(|(name, _)| **name == field.name);
        if field.kind == FieldKind::Time
            && let Some((_, companion)) = companion
            && !matches!(piece.constant(companion), Constant::Null | Constant::No)
        {
            columns.push(companion);
        }
    }
    columns
}

const IS_DATE: [&str; 4] = [
    "opened_at_is_date",
    "won_at_is_date",
    "closed_at_is_date",
    "recorded_at_is_date",
];

fn time<'a>(
    batch: &'a RecordBatch,
    name: &str,
) -> Option<&'a arrow::array::TimestampMicrosecondArray> {
    batch
        .column_by_name(name)?
        .as_primitive_opt::<TimestampMicrosecondType>()
}

/// Which rows of a batch are of which deal, and which hold the whole record.
#[derive(Clone, Copy)]
struct Said<'a> {
    /// [`NONE`] for a row that is left out.
    places: &'a [u32],
    /// Empty where no row does.
    whole: &'a [bool],
}

impl<'a> Said<'a> {
    /// The rows that say something of a column, in order, with their deal's place: those with a
    /// value, and those of a whole record, where there being none is said too.
    fn rows(
        self,
        column: Option<&'a dyn Array>,
    ) -> impl Iterator<Item = (usize, u32, bool)> + use<'a> {
        let silent = column.is_none() && self.whole.is_empty();
        let rows = if silent { &[] } else { self.places };
        rows.iter().enumerate().filter_map(move |(row, place)| {
            let filled = column.is_some_and(|column| column.is_valid(row));
            (*place != NONE && (filled || self.is_whole(row))).then_some((row, *place, filled))
        })
    }

    fn is_whole(self, row: usize) -> bool {
        self.whole.get(row).copied().unwrap_or(false)
    }
}

/// A column of texts that repeat.
struct Coded<'a> {
    keys: &'a arrow::array::Int32Array,
    values: &'a arrow::array::StringArray,
}

impl<'a> Coded<'a> {
    fn new(batch: &'a RecordBatch, name: &str) -> Option<Self> {
        let column = batch
            .column_by_name(name)?
            .as_dictionary_opt::<Int32Type>()?;
        Some(Self {
            keys: column.keys(),
            values: column.values().as_string_opt()?,
        })
    }

    fn array(&self) -> &'a dyn Array {
        self.keys
    }

    fn key(&self, row: usize) -> Option<usize> {
        let key = self.keys.is_valid(row).then(|| self.keys.value(row))?;
        usize::try_from(key).ok()
    }

    fn text(&self, row: usize) -> Option<&'a str> {
        let key = self.key(row)?;
        self.values.is_valid(key).then(|| self.values.value(key))
    }

    /// A number for each of the different texts, [`NONE`] for the empty one.
    fn each(&self, mut number: impl FnMut(&str) -> u32) -> Vec<u32> {
        let numbers = self.values.iter().map(|text| match text {
            Some(text) if !text.is_empty() => number(text),
            _ => NONE,
        });
        numbers.collect()
    }

    fn number(&self, numbers: &[u32], row: usize) -> Option<u32> {
        let number = numbers.get(self.key(row)?).copied();
        number.filter(|number| *number != NONE)
    }
}

/// Resolves each of the different references of a column once.
struct Resolver<'a, 'b> {
    column: &'b Coded<'a>,
    members: &'b mut Members,
    known: Vec<(u16, Vec<u32>)>,
}

impl<'a, 'b> Resolver<'a, 'b> {
    fn new(column: &'b Coded<'a>, members: &'b mut Members) -> Self {
        Self {
            column,
            members,
            known: Vec::new(),
        }
    }

    fn member(&mut self, row: usize, system: u16) -> Option<u32> {
        let key = self.column.key(row)?;
        let known = self.known.iter().position(|(own, _)| *own == system);
        let known = known.unwrap_or_else(|| {
            self.known
                .push((system, vec![NONE; self.column.values.len()]));
            self.known.len() - 1
        });
        if self.known[known].1[key] == NONE {
            let text = self
                .column
                .text(row)
                .filter(|text| !text.trim().is_empty())?;
            self.known[known].1[key] = self.members.resolve(system, text);
        }
        Some(self.known[known].1[key])
    }
}
