//! The newest version of every record of an entity, with what must be remembered of earlier ones.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::datatypes::{
    Date32Type, Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType,
};
use chrono::{NaiveDate, TimeDelta};
use hashbrown::{HashMap, HashSet};
use millrace_models::calendar::WorkingCalendar;
use millrace_models::entity::{Entity, FieldKind};
use millrace_models::identity::labels;

use crate::raw::{Raw, Strings, pieces};
use crate::world::qualified;

/// A shared text.
pub(crate) type Text = Arc<str>;

/// A moment, and whether it is a day without a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment {
    pub(crate) at_us: i64,
    pub(crate) is_date: bool,
}

/// A field's value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Text(Text),
    Time(Moment),
    Date(i32),
    Amount(i128),
    Number(f64),
    Integer(i64),
}

/// A value over time: what it was from each moment on. The first holds before, too.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Versions<T>(pub(crate) Vec<(i64, T)>);

impl<T> Default for Versions<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Versions<T> {
    /// What it was then.
    pub(crate) fn at(&self, at_us: i64) -> Option<&T> {
        version_at(&self.0, at_us)
    }

    /// What it is now.
    pub(crate) fn last(&self) -> Option<&T> {
        self.0.last().map(|(_, value)| value)
    }

    /// The same with other values; those that `change` has none for are left out.
    pub(crate) fn map<U>(&self, mut change: impl FnMut(&T) -> Option<U>) -> Versions<U> {
        let changed = |(at_us, value): &(i64, T)| Some((*at_us, change(value)?));
        Versions(self.0.iter().filter_map(changed).collect())
    }
}

/// The beginning of a day, counted from 1970, in the company's zone.
pub(crate) fn day_start_us(calendar: &WorkingCalendar, day: i32) -> i64 {
    let date = NaiveDate::default() + TimeDelta::days(i64::from(day));
    calendar.start_of_day_us(date)
}

/// What it was then: the first version holds before it was written, too.
pub(crate) fn version_at<T>(versions: &[(i64, T)], at_us: i64) -> Option<&T> {
    let after = versions.partition_point(|(from_us, _)| *from_us <= at_us);
    let version = versions.get(after.saturating_sub(1));
    version.map(|(_, value)| value)
}

impl<T: PartialEq> Versions<T> {
    /// From `at_us` on it is `value`; a version of the same moment is replaced.
    pub(crate) fn push(&mut self, at_us: i64, value: T) {
        if self.0.is_empty() {
            self.0.push((i64::MIN, value));
            return;
        }
        let place = self.0.partition_point(|(from_us, _)| *from_us <= at_us);
        if place > 0 && self.0[place - 1].0 == at_us {
            self.0[place - 1].1 = value;
        } else if place == 0 || self.0[place - 1].1 != value {
            self.0.insert(place, (at_us, value));
        }
    }
}

/// A record in its newest version.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// The system whose id it has.
    pub(crate) system: u16,
    /// By the entity's fields.
    pub(crate) values: Vec<Option<Value>>,
    pub(crate) attributes: BTreeMap<Text, Text>,
    /// Earlier values of the fields that facts remember, by field.
    pub(crate) history: Vec<(usize, Versions<Text>)>,
    pub(crate) ingested_us: i64,
    deleted: bool,
}

/// The records of an entity.
pub(crate) struct Store {
    pub(crate) entity: Entity,
    pub(crate) records: Vec<Record>,
    pub(crate) carried: Carried,
}

/// What the rows of an entity ever carried a value in: once there, a field or an attribute stays
/// known, so that what was said of it can still be asked for.
#[derive(Debug, Default)]
pub(crate) struct Carried {
    /// By the entity's fields.
    pub(crate) fields: Vec<bool>,
    pub(crate) attributes: BTreeSet<Text>,
}

impl Carried {
    fn see(&mut self, record: &Record) {
        self.fields.resize(record.values.len(), false);
        for (carried, value) in self.fields.iter_mut().zip(&record.values) {
            *carried |= value.is_some();
        }
        for name in record.attributes.keys() {
            if !self.attributes.contains(name) {
                self.attributes.insert(name.clone());
            }
        }
    }

    pub(crate) fn has(&self, entity: Entity, field: &str) -> bool {
        let fields = entity.fields().iter().zip(&self.fields);
        fields
            .clone()
            .any(|(own, carried)| *carried && own.name == field)
    }
}

/// Names of the systems, by number.
#[derive(Debug, Default)]
pub(crate) struct Systems {
    names: Vec<Text>,
    numbers: HashMap<Text, u16>,
    /// What the teams are called that have a record, by system and id.
    teams: HashMap<(u16, Text), Text>,
}

impl Systems {
    /// The number of a system.
    pub(crate) fn number(&mut self, name: &str) -> u16 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = u16::try_from(self.names.len()).unwrap_or(u16::MAX);
        let name = Text::from(name);
        self.names.push(name.clone());
        self.numbers.insert(name, number);
        number
    }

    /// What the teams are called, by the name of the system and the id.
    pub(crate) fn teams_by_name(&self) -> BTreeMap<(&str, &str), &str> {
        let teams = self.teams.iter();
        teams
            .map(|((system, id), name)| ((self.name(*system), &**id), &**name))
            .collect()
    }

    /// The number of a system that was met.
    pub(crate) fn find(&self, name: &str) -> Option<u16> {
        self.numbers.get(name).copied()
    }

    /// The names of all systems that were met.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(AsRef::as_ref)
    }

    /// The name of a system.
    pub(crate) fn name(&self, number: u16) -> &str {
        self.names
            .get(usize::from(number))
            .map_or("", AsRef::as_ref)
    }

    /// How many.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// Learns what teams are called now. Records name their team by its id, so a team that is
    /// renamed has its new name in all of history; one that is gone keeps its last.
    pub(crate) fn learn_teams(&mut self, table: &Raw) -> anyhow::Result<()> {
        let mut teams: BTreeMap<(u16, Text), Text> = BTreeMap::new();
        each_row(table, self, None, |system, _, batch, row| {
            let name = text_at(batch, "name", row);
            if let (Some(id), Some(name)) = (text_at(batch, "id", row), name) {
                teams.insert((system, id), name);
            }
        })?;
        let named = labels(teams.iter().map(|((_, id), name)| (&**id, &**name)));
        let keys = teams.keys().cloned();
        self.teams = keys.zip(named.into_iter().map(Text::from)).collect();
        Ok(())
    }

    /// What the team is called that a record names: as its own record says, else as written.
    pub(crate) fn team(&self, system: u16, written: &str) -> Text {
        let written = Text::from(written);
        self.teams
            .get(&(system, written.clone()))
            .cloned()
            .unwrap_or(written)
    }
}

/// The fields whose earlier values facts remember: people as they were at the event.
fn remembered(entity: Entity) -> &'static [&'static str] {
    match entity {
        Entity::Account | Entity::Quote | Entity::Contract => &["owner"],
        Entity::User => &["team", "manager", "enabled", "on_leave_until", "left_on"],
        Entity::Ticket => &["owner", "status"],
        Entity::PaymentPlan => &["written_off"],
        _ => &[],
    }
}

/// Identity of a record within its entity.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Id(u16, Text),
    Name(Text),
    Version(u16, Text, i64),
}

impl Record {
    pub(crate) fn text(&self, entity: Entity, field: &str) -> Option<&Text> {
        match self.get(entity, field)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn time(&self, entity: Entity, field: &str) -> Option<Moment> {
        match self.get(entity, field)? {
            Value::Time(moment) => Some(*moment),
            _ => None,
        }
    }

    pub(crate) fn amount(&self, entity: Entity, field: &str) -> Option<i128> {
        match self.get(entity, field)? {
            Value::Amount(amount) => Some(*amount),
            _ => None,
        }
    }

    pub(crate) fn date(&self, entity: Entity, field: &str) -> Option<i32> {
        match self.get(entity, field)? {
            Value::Date(date) => Some(*date),
            _ => None,
        }
    }

    pub(crate) fn number(&self, entity: Entity, field: &str) -> Option<f64> {
        match self.get(entity, field)? {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    pub(crate) fn integer(&self, entity: Entity, field: &str) -> Option<i64> {
        match self.get(entity, field)? {
            Value::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// The value of a field.
    pub(crate) fn get(&self, entity: Entity, field: &str) -> Option<&Value> {
        let index = entity.fields().iter().position(|own| own.name == field)?;
        self.values.get(index)?.as_ref()
    }

    /// Takes what a later row of the same record says.
    pub(crate) fn fill(&mut self, new: Record) {
        for (own, value) in self.values.iter_mut().zip(new.values) {
            if value.is_some() {
                *own = value;
            }
        }
        self.attributes.extend(new.attributes);
    }

    /// Whether a flag is set.
    pub(crate) fn flag(&self, entity: Entity, field: &str) -> Option<bool> {
        self.integer(entity, field).map(|number| number != 0)
    }

    pub(crate) fn versions(&self, entity: Entity, field: &str) -> Option<&Versions<Text>> {
        let index = entity.fields().iter().position(|own| own.name == field)?;
        self.history
            .iter()
            .find(|(own, _)| *own == index)
            .map(|(_, versions)| versions)
    }
}

/// A text of a row; `None` when null or empty.
pub(crate) fn text_at(batch: &RecordBatch, name: &str, row: usize) -> Option<Text> {
    text_in(batch.column_by_name(name)?.as_string_opt()?, row).map(Text::from)
}

/// A text of a column; `None` when null or empty.
pub(crate) fn text_in(column: &StringArray, row: usize) -> Option<&str> {
    let text = column.is_valid(row).then(|| column.value(row))?;
    (!text.is_empty()).then_some(text)
}

fn time_at(batch: &RecordBatch, name: &str, row: usize) -> Option<i64> {
    let column = batch
        .column_by_name(name)?
        .as_primitive_opt::<TimestampMicrosecondType>()?;
    column.is_valid(row).then(|| column.value(row))
}

/// The number of a row in its table.
pub(crate) fn seq_at(batch: &RecordBatch, row: usize) -> i64 {
    let column = batch.column_by_name("_seq");
    let column = column.and_then(|column| column.as_primitive_opt::<Int64Type>());
    column.map_or(0, |column| column.value(row))
}

/// What was done to the record by a row.
pub(crate) fn op_at(batch: &RecordBatch, row: usize) -> Option<Text> {
    text_at(batch, "_op", row)
}

/// When the record became as a row says, where the row does say.
pub(crate) fn changed_at(batch: &RecordBatch, row: usize) -> Option<i64> {
    time_at(batch, "_changed_at", row)
}

fn value_at(batch: &RecordBatch, name: &str, kind: FieldKind, row: usize) -> Option<Value> {
    let column = batch.column_by_name(name)?;
    if !column.is_valid(row) {
        return None;
    }
    match kind {
        FieldKind::Id | FieldKind::Text | FieldKind::Reference(_) | FieldKind::Choice(_) => {
            text_at(batch, name, row).map(Value::Text)
        }
        FieldKind::Time => {
            let companion = batch.column_by_name(&format!("{name}_is_date"));
            let is_date = companion
                .and_then(|column| column.as_boolean_opt())
                .is_some_and(|column| column.is_valid(row) && column.value(row));
            Some(Value::Time(Moment {
                at_us: time_at(batch, name, row)?,
                is_date,
            }))
        }
        FieldKind::Date => Some(Value::Date(
            column.as_primitive_opt::<Date32Type>()?.value(row),
        )),
        FieldKind::Amount => Some(Value::Amount(
            column.as_primitive_opt::<Decimal128Type>()?.value(row),
        )),
        FieldKind::Number => Some(Value::Number(
            column.as_primitive_opt::<Float64Type>()?.value(row),
        )),
        FieldKind::Integer => Some(Value::Integer(
            column.as_primitive_opt::<Int64Type>()?.value(row),
        )),
        FieldKind::Flag => column
            .as_boolean_opt()
            .map(|column| Value::Integer(i64::from(column.value(row)))),
    }
}

/// Calls `take` for every row of a raw table, in order: its system, whether it is a deletion, the
/// batch and the row.
pub(crate) fn each_row(
    table: &Raw,
    systems: &mut Systems,
    columns: Option<&[&str]>,
    mut take: impl FnMut(u16, bool, &RecordBatch, usize),
) -> anyhow::Result<()> {
    for piece in pieces(table, Strings::Plain)? {
        for batch in piece.read(columns, 8192)? {
            let batch = with_team_names(batch?, systems)?;
            for row in 0..batch.num_rows() {
                let system =
                    systems.number(text_at(&batch, "_source", row).as_deref().unwrap_or(""));
                let deleted = text_at(&batch, "_op", row).as_deref() == Some("delete");
                take(system, deleted, &batch, row);
            }
        }
    }
    Ok(())
}

/// The batch with teams by their names instead of their ids.
fn with_team_names(batch: RecordBatch, systems: &mut Systems) -> anyhow::Result<RecordBatch> {
    let Some((place, _)) = batch.schema().column_with_name("team") else {
        return Ok(batch);
    };
    if systems.teams.is_empty() {
        return Ok(batch);
    }
    let rows = 0..batch.num_rows();
    let names: StringArray = rows
        .map(|row| {
            let written = text_at(&batch, "team", row)?;
            let source = text_at(&batch, "_source", row);
            let system = systems.number(source.as_deref().unwrap_or(""));
            Some(systems.team(system, &written))
        })
        .map(|name| name.as_deref().map(str::to_owned))
        .collect();
    let mut columns = batch.columns().to_vec();
    columns[place] = Arc::new(names);
    Ok(RecordBatch::try_new(batch.schema(), columns)?)
}

/// Whether a row holds the whole record, so that a null in it is one: a row of the change log
/// does, a row of a file says nothing by it.
pub(crate) fn is_whole(op: Option<&str>) -> bool {
    matches!(op, Some("insert" | "update"))
}

/// The attributes of a row: a JSON object of texts.
pub(crate) fn attributes_of(text: &str) -> impl Iterator<Item = (Text, Text)> + use<> {
    serde_json::from_str::<BTreeMap<String, serde_json::Value>>(text)
        .unwrap_or_default()
        .into_iter()
        .filter_map(|(name, value)| match value {
            serde_json::Value::Null => None,
            serde_json::Value::String(text) if text.is_empty() => None,
            serde_json::Value::String(text) => Some((Text::from(name), Text::from(text))),
            other => Some((Text::from(name), Text::from(other.to_string()))),
        })
}

/// The record of a row as it stands in the file.
pub(crate) fn record_at(entity: Entity, system: u16, batch: &RecordBatch, row: usize) -> Record {
    let values = entity
        .fields()
        .iter()
        .map(|field| value_at(batch, field.name, field.kind, row))
        .collect();
    let attributes = text_at(batch, "attributes", row)
        .map(|text| attributes_of(&text).collect())
        .unwrap_or_default();
    let ingested_us = time_at(batch, "_ingested_at", row).unwrap_or(0);
    Record {
        system,
        values,
        attributes,
        history: Vec::new(),
        ingested_us,
        deleted: false,
    }
}

/// What is called how in the marts, of these systems and ids: by its id, with the system in front
/// where two systems share one.
pub(crate) fn mart_ids(systems: &Systems, ids: &[Option<(u16, &Text)>]) -> Vec<Text> {
    let mut first: HashMap<&Text, u16> = HashMap::new();
    let mut shared: HashSet<&Text> = HashSet::new();
    for (system, id) in ids.iter().copied().flatten() {
        if *first.entry(id).or_insert(system) != system {
            shared.insert(id);
        }
    }
    let called = |own: &Option<(u16, &Text)>| match *own {
        Some((system, id)) if shared.contains(id) => qualified(systems, system, id),
        Some((_, id)) => id.clone(),
        None => Text::from(""),
    };
    ids.iter().map(called).collect()
}

impl Store {
    /// The places of the records by system and id.
    pub(crate) fn by_id(&self) -> HashMap<(u16, &str), usize> {
        let places = self
            .records
            .iter()
            .enumerate()
            .filter_map(|(place, record)| {
                let id: &str = record.text(self.entity, "id")?;
                Some(((record.system, id), place))
            });
        places.collect()
    }

    /// What the records are called in the marts.
    pub(crate) fn mart_ids(&self, systems: &Systems) -> Vec<Text> {
        let ids = self.records.iter().map(|record| {
            let id = record.text(self.entity, "id")?;
            Some((record.system, id))
        });
        mart_ids(systems, &ids.collect::<Vec<_>>())
    }

    /// Reads a raw table: later rows of the same record fill and override, null says nothing.
    /// Rows that changed after `as_of_us` are not seen.
    pub(crate) fn load(
        entity: Entity,
        table: &Raw,
        systems: &mut Systems,
        as_of_us: Option<i64>,
    ) -> anyhow::Result<Self> {
        let mut records: Vec<Record> = Vec::new();
        let mut index: HashMap<Key, usize> = HashMap::new();
        let mut carried = Carried::default();
        each_row(table, systems, None, |system, deleted, batch, row| {
            let changed_us = time_at(batch, "_changed_at", row);
            if as_of_us.is_some_and(|as_of_us| changed_us.is_some_and(|at_us| at_us > as_of_us)) {
                return;
            }
            let new = record_at(entity, system, batch, row);
            let Some((own, others)) = keys(entity, &new) else {
                return;
            };
            carried.see(&new);
            let known = index.get(&own).copied();
            let place = known.unwrap_or_else(|| {
                records.push(Record {
                    values: vec![None; new.values.len()],
                    attributes: BTreeMap::new(),
                    ..new.clone()
                });
                records.len() - 1
            });
            index.insert(own, place);
            if let Some(other) = others {
                if entity == Entity::Quote {
                    index.insert(other, place);
                } else {
                    index.entry(other).or_insert(place);
                }
            }
            let whole = is_whole(text_at(batch, "_op", row).as_deref());
            records[place].take(entity, new, changed_us, deleted, whole);
        })?;
        records.retain(|record| !record.deleted);
        let mut store = Self {
            entity,
            records,
            carried,
        };
        if entity == Entity::User {
            store.name_managers();
        }
        Ok(store)
    }

    /// Managers that are named by their ids get their names, also in the past.
    fn name_managers(&mut self) {
        let people: Vec<(u16, Text, Text)> = self
            .records
            .iter()
            .filter_map(|own| {
                let text = |field| own.text(Entity::User, field).cloned();
                Some((own.system, text("id")?, text("name")?))
            })
            .collect();
        let told = labels(people.iter().map(|(_, id, name)| (&**id, &**name)));
        let names: HashMap<(u16, Text), Text> = people
            .into_iter()
            .zip(told)
            .map(|((system, id, _), name)| ((system, id), Text::from(name)))
            .collect();
        let Some(field) = Entity::User
            .fields()
            .iter()
            .position(|own| own.name == "manager")
        else {
            return;
        };
        for record in &mut self.records {
            let system = record.system;
            let rename = |text: &mut Text| {
                if let Some(name) = names.get(&(system, text.clone())) {
                    *text = name.clone();
                }
            };
            if let Some(Value::Text(text)) = &mut record.values[field] {
                rename(text);
            }
            for (own, versions) in &mut record.history {
                if *own == field {
                    versions.0.iter_mut().for_each(|(_, text)| rename(text));
                }
            }
        }
    }
}

impl Record {
    fn take(
        &mut self,
        entity: Entity,
        new: Record,
        changed_us: Option<i64>,
        deleted: bool,
        whole: bool,
    ) {
        self.deleted = deleted;
        if deleted {
            return;
        }
        let at_us = changed_us.unwrap_or(if new.ingested_us == self.ingested_us {
            i64::MIN
        } else {
            new.ingested_us
        });
        for (index, (own, value)) in self.values.iter_mut().zip(new.values).enumerate() {
            if value.is_none() && !whole {
                continue;
            }
            if remembered(entity).contains(&entity.fields()[index].name) {
                // Nobody is somebody too: from then on there is no owner, no team.
                let text = match &value {
                    Some(Value::Text(text)) => text.clone(),
                    Some(Value::Integer(number)) => Text::from(number.to_string()),
                    Some(Value::Date(days)) => Text::from(days.to_string()),
                    _ => Text::from(""),
                };
                let known = self.history.iter().position(|(field, _)| *field == index);
                let known = known.unwrap_or_else(|| {
                    self.history.push((index, Versions::default()));
                    self.history.len() - 1
                });
                self.history[known].1.push(at_us, text);
            }
            *own = value;
        }
        if whole {
            self.attributes = new.attributes;
        } else {
            self.attributes.extend(new.attributes);
        }
    }
}

/// How a row says which record it is of, and what else that record can be found by; `None` when
/// it does not say.
fn keys(entity: Entity, record: &Record) -> Option<(Key, Option<Key>)> {
    let id = record.text(entity, "id").cloned();
    let name = || record.text(entity, "name").cloned().map(Key::Name);
    match (entity, id) {
        // Sources write the versions of a quote under one id, too; a row that names no version
        // is about the latest.
        (Entity::Quote, Some(id)) => {
            let latest = Key::Id(record.system, id.clone());
            Some(match record.integer(entity, "version") {
                Some(version) => (Key::Version(record.system, id, version), Some(latest)),
                None => (latest, None),
            })
        }
        (_, Some(id)) => {
            let other = if entity.is_named() { name() } else { None };
            Some((Key::Id(record.system, id), other))
        }
        (_, None) if entity.is_named() => Some((name()?, None)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_version_holds_before_it_was_written() {
        let mut owner = Versions::default();
        owner.push(50, "a");
        owner.push(100, "b");
        owner.push(200, "b");
        owner.push(150, "c");
        assert_eq!(owner.at(0), Some(&"a"));
        assert_eq!(owner.at(99), Some(&"a"));
        assert_eq!(owner.at(100), Some(&"b"));
        assert_eq!(owner.at(160), Some(&"c"));
        assert_eq!(owner.last(), Some(&"c"));
        assert_eq!(Versions::<u32>::default().at(0), None);
    }
}
