//! Accounts: whose own rows are made anew, and whose facts, too.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray};
use hashbrown::{HashMap, HashSet};
use millrace_lake::Table;
use millrace_models::entity::Entity;

use super::{ACCOUNTS, REACHING, REFERRED, Space, Touching};
use crate::partial;
use crate::raw::Rows;
use crate::replace::read;
use crate::store::{Store, Systems, Text};
use crate::texts::Texts;
use crate::world::Members;

/// What facts carry of an account, and what finds it.
type Carried = (Option<Text>, Option<Text>, [Option<Text>; 4], String);

impl Touching<'_> {
    /// From the accounts that new rows are about and refer to, to those whose rows change.
    pub(super) fn accounts(&mut self, tables: &BTreeMap<String, Table>) -> anyhow::Result<()> {
        // When an account first bought is known by all its orders.
        let orders = Rows::of(vec![("id", self.spaces.keys(&[Space::Order]))]);
        self.spread(Entity::Order, orders, &[("account", Space::Account)])?;
        self.spaces.copy(Space::OrderAccount, Space::Account);
        let contacts = Rows::of(vec![("id", self.spaces.keys(&[Space::Contact]))]);
        self.spread(Entity::Contact, contacts, &[("account", Space::Account)])?;
        self.only_named()?;
        self.close(ACCOUNTS)?;
        if self.has_new(Entity::Account) {
            self.reaching(tables)?;
            self.reach()?;
        }
        // What is reached has rows of its own that may be of somebody who is only named.
        while self.named_before(tables)? {
            self.reach()?;
        }
        Ok(())
    }

    /// From accounts that reach to all whose rows are made anew with them.
    fn reach(&mut self) -> anyhow::Result<()> {
        self.close(REACHING)?;
        let children = Rows::of(vec![("parent", self.spaces.keys(&[Space::Reaching]))]);
        let own = [("id", Space::Account), ("name", Space::Account)];
        self.spread(Entity::Account, children, &own)?;
        self.spaces.copy(Space::Reaching, Space::Account);
        self.close(ACCOUNTS)
    }

    /// Accounts whose rows are made anew and that only facts name: whether any does is known by all of
    /// its facts, unless a new one surely does. Whether there are any that were not known to reach.
    fn named_before(&mut self, tables: &BTreeMap<String, Table>) -> anyhow::Result<bool> {
        let keys = self.spaces.keys(&[Space::Account]);
        let rows = Rows::of(vec![("id", keys.clone()), ("name", keys.clone())]);
        let mut systems = Systems::default();
        let mut load = |rows: Rows| {
            let raw = self.raw(Entity::Account, rows)?;
            let store = Store::load(Entity::Account, &raw, &mut systems, None)?;
            anyhow::Ok(Members::new(store, &systems, &mut Texts::default()))
        };
        let before = load(rows.clone().before(self.from(Entity::Account)))?;
        let now = load(rows)?;
        let mut recorded: HashMap<&str, usize> = HashMap::new();
        for member in &before.all {
            *recorded.entry(&member.id).or_default() += 1;
        }
        let surely: HashSet<&str> = self
            .surely_named
            .iter()
            .filter(|(system, text)| !now.knows(systems.number(system), text))
            .map(|(_, text)| text.trim())
            .collect();
        let only_named: Vec<Text> = known(tables, keys)?
            .into_iter()
            .filter(|(id, rows)| *rows > recorded.get(id.as_str()).copied().unwrap_or(0))
            .filter(|(id, _)| !surely.contains(id.as_str()))
            .map(|(id, _)| Text::from(id))
            .collect();
        let before = self.spaces.size();
        for id in only_named {
            self.spaces.add(Space::Reaching, &id);
        }
        Ok(self.spaces.size() > before)
    }

    /// Accounts that new rows name and no record has.
    fn only_named(&mut self) -> anyhow::Result<()> {
        let references = self.references.get(&Entity::Account);
        let references = references.cloned().unwrap_or_default();
        for (_, text) in &references {
            self.spaces.add(Space::Referred, text);
        }
        self.close(REFERRED)?;
        let keys = self.spaces.keys(&[Space::Referred]);
        let rows = Rows::of(vec![("id", keys.clone()), ("name", keys)]);
        let mut systems = Systems::default();
        let raw = self.raw(Entity::Account, rows)?;
        let store = Store::load(Entity::Account, &raw, &mut systems, None)?;
        let members = Members::new(store, &systems, &mut Texts::default());
        for (system, text) in references {
            if !members.knows(systems.number(&system), &text) {
                self.spaces.add(Space::Account, &text);
            }
        }
        Ok(())
    }

    /// Accounts of which something changed that their facts carry.
    fn reaching(&mut self, tables: &BTreeMap<String, Table>) -> anyhow::Result<()> {
        let keys = self.spaces.keys(&[Space::Account]);
        let rows = Rows::of(vec![("id", keys.clone()), ("name", keys.clone())]);
        let mut systems = Systems::default();
        systems.learn_teams(&self.raw(Entity::Team, Rows::ALL)?)?;
        let mut load = |rows: Rows| {
            let raw = self.raw(Entity::Account, rows)?;
            let store = Store::load(Entity::Account, &raw, &mut systems, None)?;
            anyhow::Ok(carried(&store))
        };
        let before = load(rows.clone().before(self.from(Entity::Account)))?;
        let now = load(rows)?;
        let mut reaching: Vec<Text> = Vec::new();
        let mut touch = |own: &Carried| {
            reaching.extend([&own.0, &own.1].into_iter().flatten().cloned());
        };
        for (written, was) in &before {
            let is = now.get(written);
            if is != Some(was) {
                touch(was);
                is.into_iter().for_each(&mut touch);
            }
        }
        let known = known(tables, keys)?;
        for (written, own) in &now {
            let called = |text: &Option<Text>| {
                text.as_ref().is_some_and(|text| {
                    known.contains_key(text.trim())
                        || before.values().any(|other| {
                            other.0.as_ref() == Some(text) || other.1.as_ref() == Some(text)
                        })
                })
            };
            if !before.contains_key(written) && (called(&own.0) || called(&own.1)) {
                touch(own);
            }
        }
        for text in reaching {
            self.spaces.add(Space::Reaching, &text);
        }
        Ok(())
    }
}

fn carried(store: &Store) -> BTreeMap<(u16, Text), Carried> {
    let entity = store.entity;
    let records = store.records.iter();
    records
        .filter_map(|record| {
            let text = |field: &str| record.text(entity, field).cloned();
            let (id, name) = (text("id"), text("name"));
            let called = id.clone().or_else(|| name.clone())?;
            let attributes = ["region", "industry", "segment", "team"].map(text);
            let owners = format!("{:?}", record.versions(entity, "owner"));
            Some(((record.system, called), (id, name, attributes, owners)))
        })
        .collect()
}

/// Which of the keys the accounts of the set before are called by, and how many of them by each.
fn known(
    tables: &BTreeMap<String, Table>,
    keys: std::sync::Arc<crate::raw::Keys>,
) -> anyhow::Result<HashMap<String, usize>> {
    const ID: &str = "account_id";
    let mut known = HashMap::new();
    let Some(table) = tables.get("marts/accounts") else {
        return Ok(known);
    };
    let rows = partial::Rows::Of(ID, keys);
    for file in table.files().iter().filter(|file| rows.may_be_in(file)) {
        for batch in read(file, Some(&[ID]))? {
            let batch = rows.only(batch?)?;
            let ids = batch.column(0).as_string::<i32>();
            let valid = (0..ids.len()).filter(|row| ids.is_valid(*row));
            for row in valid {
                *known.entry(ids.value(row).to_owned()).or_insert(0) += 1;
            }
        }
    }
    Ok(known)
}
