//! People and products: there are few, so all are read. What facts carry of them reaches far, so a
//! change of it makes everything anew.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, AsArray};
use hashbrown::HashSet;
use millrace_lake::Table;
use millrace_models::entity::Entity;

use super::Touching;
use crate::raw::Rows;
use crate::replace::read;
use crate::store::{Store, Systems, Text};
use crate::texts::Texts;
use crate::world::{Known, Members};

/// The people and products as they are now.
pub(super) struct People {
    pub(super) users: Members,
    pub(super) systems: Systems,
    /// Those that are only named by others.
    pub(super) known: Known,
    pub(super) users_changed: bool,
    /// The record of a person is new, or says something else.
    pub(super) duties_changed: bool,
    pub(super) products_changed: bool,
}

pub(super) enum Found {
    /// Everything is to be made anew, for this reason.
    All(&'static str),
    Some(Box<People>),
}

/// What facts carry of a member, and what finds it: id in the marts, id and name as written, region,
/// teams and managers over time.
type Carried = (Text, Option<Text>, Option<Text>, Option<Text>, String);

/// A member by the system and what it is called there.
type Written = (u16, Text);

impl Touching<'_> {
    /// Reads the people and products before and now.
    pub(super) fn people(&mut self, tables: &BTreeMap<String, Table>) -> anyhow::Result<Found> {
        let mut systems = Systems::default();
        if self.has_new(Entity::Team) {
            let teams = self.raw(Entity::Team, Rows::ALL.before(self.from(Entity::Team)))?;
            systems.learn_teams(&teams)?;
            let before = systems.teams_by_name();
            let mut after = Systems::default();
            after.learn_teams(&self.raw(Entity::Team, Rows::ALL)?)?;
            if before != after.teams_by_name() {
                return Ok(Found::All("teams are called otherwise"));
            }
        }
        systems.learn_teams(&self.raw(Entity::Team, Rows::ALL)?)?;
        let mut texts = Texts::default();
        let mut load = |own: &Self, entity: Entity, rows: Rows, systems: &mut Systems| {
            let store = Store::load(entity, &own.raw(entity, rows)?, systems, None)?;
            anyhow::Ok(Members::new(store, systems, &mut texts))
        };
        let mut named = BTreeMap::new();
        let mut changed = BTreeMap::new();
        let mut members = BTreeMap::new();
        for (entity, mart, key) in [
            (Entity::User, "marts/users", "user_id"),
            (Entity::Product, "marts/products", "product_id"),
        ] {
            let is_new = self.has_new(entity);
            let mut own = load(self, entity, Rows::ALL, &mut systems)?;
            let in_mart = match tables.get(mart) {
                Some(table) => ids(table, key)?,
                None => BTreeSet::new(),
            };
            let now = carried(&own);
            let before = if is_new {
                let until = Rows::ALL.before(self.from(entity));
                carried(&load(self, entity, until, &mut systems)?)
            } else {
                now.clone()
            };
            let recorded: HashSet<&Text> = before.values().map(|own| &own.0).collect();
            let only_named = in_mart.iter().filter(|id| !recorded.contains(*id));
            let only_named: Vec<Text> = only_named.map(|id| Text::from(own.name_of(id))).collect();
            for (written, was) in &before {
                if now.get(written) != Some(was) {
                    return Ok(Found::All("somebody's team, manager or name changed"));
                }
            }
            let is_named = |text: &Option<Text>| {
                text.as_ref().is_some_and(|text| {
                    only_named.iter().any(|own| **own == *text.trim())
                        || before
                            .values()
                            .any(|own| own.1.as_ref() == Some(text) || own.2.as_ref() == Some(text))
                })
            };
            for (written, own) in &now {
                if !before.contains_key(written) && (is_named(&own.1) || is_named(&own.2)) {
                    return Ok(Found::All("somebody who was only named has a record"));
                }
            }
            for name in &only_named {
                own.only_named(name);
            }
            let mut is_changed = is_new;
            for (system, text) in self.references.get(&entity).into_iter().flatten() {
                let system = systems.number(system);
                is_changed |= !own.knows(system, text);
            }
            named.insert(entity, only_named);
            changed.insert(entity, is_changed);
            members.insert(entity, own);
        }
        let mut take = |entity| named.remove(&entity).unwrap_or_default();
        let known = Known {
            users: take(Entity::User),
            products: take(Entity::Product),
            account_region: false,
        };
        let Some(users) = members.remove(&Entity::User) else {
            return Ok(Found::All("people cannot be read"));
        };
        let is_changed = |entity| changed.get(&entity).copied().unwrap_or(true);
        Ok(Found::Some(Box::new(People {
            users,
            systems,
            known,
            users_changed: is_changed(Entity::User),
            duties_changed: self.has_new(Entity::User),
            products_changed: is_changed(Entity::Product),
        })))
    }
}

fn carried(members: &Members) -> BTreeMap<Written, Carried> {
    let entity = members.entity;
    let all = members.all.iter();
    all.map(|own| {
        let text = |field: &str| own.record.as_ref()?.text(entity, field).cloned();
        let (id, name) = (text("id"), text("name"));
        let called = id.clone().or_else(|| name.clone());
        let called = called.unwrap_or_else(|| own.id.clone());
        let over_time = format!("{:?}", own.over_time());
        (
            (own.system, called),
            (own.id.clone(), id, name, text("region"), over_time),
        )
    })
    .collect()
}

/// The values of a column of a mart.
pub(super) fn ids(table: &Table, column: &str) -> anyhow::Result<BTreeSet<Text>> {
    let mut ids = BTreeSet::new();
    for file in table.files() {
        for batch in read(file, Some(&[column]))? {
            let batch = batch?;
            let texts = batch.column(0).as_string::<i32>();
            let valid = (0..texts.len()).filter(|row| texts.is_valid(*row));
            ids.extend(valid.map(|row| Text::from(texts.value(row))));
        }
    }
    Ok(ids)
}
