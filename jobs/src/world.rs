//! Accounts, people, products and deals with their references resolved: what facts refer to.

#![allow(
    clippy::cast_possible_truncation,
    reason = "places and slots are 32 bits wide; systems 16"
)]

use std::collections::BTreeSet;

use hashbrown::{HashMap, HashSet};
use millrace_models::calendar::WorkingCalendar;
use millrace_models::catalog::Catalog;
use millrace_models::entity::Entity;
use millrace_models::stage;

use crate::store::{Moment, Record, Store, Systems, Text, Versions};

/// Finds records by id within a system, then by name.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    by_id: HashMap<(u16, Text), u32>,
    by_name: HashMap<Text, u32>,
}

impl Directory {
    fn find(&self, system: u16, reference: &str) -> Option<u32> {
        let reference = reference.trim();
        let by_id = self.by_id.get(&(system, Text::from(reference)));
        by_id.or_else(|| self.by_name.get(reference)).copied()
    }
}

/// An account, a person or a product.
#[derive(Debug)]
pub(crate) struct Member {
    /// Its id in the marts.
    pub(crate) id: Text,
    /// What people read.
    pub(crate) label: Text,
    /// Its record; `None` when it is only named by others.
    pub(crate) record: Option<Record>,
    system: u16,
    name: Option<Text>,
    region: Option<Text>,
    industry: Option<Text>,
    segment: Option<Text>,
    /// Accounts: who looks after it.
    pub(crate) owners: Versions<u32>,
    /// Accounts: the account that it belongs to.
    pub(crate) parent: Option<u32>,
    teams: Versions<Text>,
    managers: Versions<Text>,
}

impl Member {
    /// A text field of its record.
    pub(crate) fn text(&self, entity: Entity, field: &str) -> Option<&str> {
        self.record.as_ref()?.text(entity, field).map(AsRef::as_ref)
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        self.name.as_ref().unwrap_or(&self.id)
    }
}

/// The members of an entity.
#[derive(Debug)]
pub(crate) struct Members {
    pub(crate) entity: Entity,
    pub(crate) all: Vec<Member>,
    directory: Directory,
}

/// A deal as its record says.
#[derive(Debug)]
pub(crate) struct Deal {
    pub(crate) id: Text,
    pub(crate) system: u16,
    pub(crate) account: Option<u32>,
    pub(crate) product: Option<u32>,
    pub(crate) owners: Versions<u32>,
    pub(crate) opened: Option<Moment>,
    pub(crate) won: Option<Moment>,
    pub(crate) closed: Option<Moment>,
    pub(crate) recorded_us: Option<i64>,
    pub(crate) outcome: Option<Text>,
    /// As code where the stage is known.
    pub(crate) stage: Option<Text>,
    pub(crate) amount: Option<i128>,
    pub(crate) record: Record,
}

/// The dimensions of a fact. Ids; people as at the event.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Dimensions<'a> {
    pub(crate) owner: Option<&'a str>,
    pub(crate) team: Option<&'a str>,
    pub(crate) manager: Option<&'a str>,
    pub(crate) current_owner: Option<&'a str>,
    pub(crate) current_team: Option<&'a str>,
    pub(crate) account: Option<&'a str>,
    pub(crate) region: Option<&'a str>,
    pub(crate) industry: Option<&'a str>,
    pub(crate) segment: Option<&'a str>,
    pub(crate) product: Option<&'a str>,
}

/// Everything that facts refer to.
pub(crate) struct World {
    pub(crate) calendar: WorkingCalendar,
    pub(crate) systems: Systems,
    pub(crate) accounts: Members,
    pub(crate) users: Members,
    pub(crate) products: Members,
    pub(crate) deals: Vec<Deal>,
    deal_index: HashMap<(u16, Text), u32>,
    /// Moments after it are not seen.
    pub(crate) as_of_us: i64,
    account_region: bool,
}

impl Members {
    fn new(store: Store, systems: &Systems) -> Self {
        let entity = store.entity;
        let mut members = Self {
            entity,
            all: Vec::new(),
            directory: Directory::default(),
        };
        for record in store.records {
            let name = record.text(entity, "name").cloned();
            let Some(id) = record.text(entity, "id").or(name.as_ref()).cloned() else {
                continue;
            };
            let place = members.all.len() as u32;
            let has_id = record.text(entity, "id").is_some();
            if has_id {
                members
                    .directory
                    .by_id
                    .insert((record.system, id.clone()), place);
            }
            if let Some(name) = &name {
                members
                    .directory
                    .by_name
                    .entry(Text::from(name.trim()))
                    .or_insert(place);
            }
            members.all.push(Member {
                name,
                region: record.text(entity, "region").cloned(),
                industry: record.text(entity, "industry").cloned(),
                segment: record.text(entity, "segment").cloned(),
                teams: record.versions(entity, "team").cloned().unwrap_or_default(),
                managers: record
                    .versions(entity, "manager")
                    .cloned()
                    .unwrap_or_default(),
                system: record.system,
                record: Some(record),
                ..named(&id)
            });
        }
        members.tell_apart(systems);
        members
    }

    /// Gives ids that two systems share the system's name in front.
    fn tell_apart(&mut self, systems: &Systems) {
        let mut count: HashMap<Text, u32> = HashMap::new();
        for member in &self.all {
            *count.entry(member.id.clone()).or_default() += 1;
        }
        for member in &mut self.all {
            if count.get(&member.id).is_some_and(|count| *count > 1) {
                member.id = qualified(systems, member.system, &member.id);
            }
        }
    }

    /// The member that is referred to, created by that name when unknown.
    pub(crate) fn resolve(&mut self, system: u16, reference: &str) -> u32 {
        if let Some(found) = self.directory.find(system, reference) {
            return found;
        }
        let name = Text::from(reference.trim());
        let place = self.all.len() as u32;
        self.directory.by_name.insert(name.clone(), place);
        self.all.push(Member {
            name: Some(name.clone()),
            system,
            ..named(&name)
        });
        place
    }

    /// The member at a place.
    pub(crate) fn get(&self, place: u32) -> &Member {
        &self.all[place as usize]
    }

    fn id(&self, place: Option<u32>) -> Option<&str> {
        place.map(|place| &*self.all[place as usize].id)
    }

    /// Writes labels: the name, with the id behind it where two share the name.
    pub(crate) fn label(&mut self) {
        let mut count: HashMap<Text, u32> = HashMap::new();
        for member in &self.all {
            *count.entry(Text::from(member.name())).or_default() += 1;
        }
        for member in &mut self.all {
            let name = member.name();
            member.label = if count.get(name).is_some_and(|count| *count > 1) && *name != *member.id
            {
                Text::from(format!("{name} ({})", member.id))
            } else {
                Text::from(name)
            };
        }
    }
}

fn named(id: &Text) -> Member {
    Member {
        id: id.clone(),
        label: id.clone(),
        record: None,
        system: 0,
        name: None,
        region: None,
        industry: None,
        segment: None,
        owners: Versions::default(),
        parent: None,
        teams: Versions::default(),
        managers: Versions::default(),
    }
}

/// An id with its system in front, where two systems share the id.
pub(crate) fn qualified(systems: &Systems, system: u16, id: &str) -> Text {
    Text::from(format!("{}:{id}", systems.name(system)))
}

impl World {
    /// Resolves what the records say of each other.
    pub(crate) fn new(
        calendar: WorkingCalendar,
        systems: Systems,
        stores: [Store; 4],
        as_of_us: Option<i64>,
    ) -> Self {
        let [accounts, users, products, deals] = stores;
        let mut accounts = Members::new(accounts, &systems);
        let mut users = Members::new(users, &systems);
        let mut products = Members::new(products, &systems);
        for place in 0..accounts.all.len() {
            let member = &accounts.all[place];
            let Some(record) = &member.record else {
                continue;
            };
            let system = member.system;
            let owners = record
                .versions(Entity::Account, "owner")
                .cloned()
                .unwrap_or_default();
            let parent = record.text(Entity::Account, "parent").cloned();
            let owners = owners.map(|owner| Some(users.resolve(system, owner)));
            let parent = parent.map(|parent| accounts.resolve(system, &parent));
            let member = &mut accounts.all[place];
            member.owners = owners;
            member.parent = parent;
        }
        let as_of_us = as_of_us.unwrap_or(i64::MAX);
        let mut found: Vec<Deal> = Vec::with_capacity(deals.records.len());
        for record in deals.records {
            let deal = deal(record, as_of_us, &mut accounts, &mut users, &mut products);
            found.extend(deal);
        }
        let mut deal_index = HashMap::with_capacity(found.len());
        for (place, deal) in found.iter().enumerate() {
            deal_index.insert((deal.system, deal.id.clone()), place as u32);
        }
        let mut own = HashSet::with_capacity(found.len());
        let shared: HashSet<Text> = found
            .iter()
            .filter(|deal| !own.insert(deal.id.clone()))
            .map(|deal| deal.id.clone())
            .collect();
        for deal in found.iter_mut().filter(|deal| shared.contains(&deal.id)) {
            deal.id = qualified(&systems, deal.system, &deal.id);
        }
        let account_region = accounts.all.iter().any(|account| account.region.is_some());
        Self {
            calendar,
            systems,
            accounts,
            users,
            products,
            deals: found,
            deal_index,
            as_of_us,
            account_region,
        }
    }

    /// The deal with that id in that system.
    pub(crate) fn find_deal(&self, system: u16, id: &str) -> Option<u32> {
        if self.deals.is_empty() {
            return None;
        }
        self.deal_index.get(&(system, Text::from(id))).copied()
    }

    /// The deal that is referred to: of that system, else the only one of that id.
    pub(crate) fn deal(&self, system: u16, reference: Option<&Text>) -> Option<&Deal> {
        let place = self.find_deal(system, reference?)?;
        self.deals.get(place as usize)
    }

    /// The dimensions of a fact of an account, a product and those who owned it, at a moment.
    pub(crate) fn dimensions(
        &self,
        owners: &Versions<u32>,
        account: Option<u32>,
        product: Option<u32>,
        at_us: i64,
    ) -> Dimensions<'_> {
        let member = account.map(|account| self.accounts.get(account));
        let owners = match member {
            Some(account) if owners.0.is_empty() => &account.owners,
            _ => owners,
        };
        let owner = owners.at(at_us).map(|owner| self.users.get(*owner));
        let current = owners.last().map(|owner| self.users.get(*owner));
        let region = member.and_then(|account| account.region.as_deref());
        Dimensions {
            owner: owner.map(|owner| &*owner.id),
            team: owner
                .and_then(|owner| owner.teams.at(at_us))
                .map(AsRef::as_ref),
            manager: owner
                .and_then(|owner| owner.managers.at(at_us))
                .map(AsRef::as_ref),
            current_owner: current.map(|owner| &*owner.id),
            current_team: current
                .and_then(|owner| owner.teams.last())
                .map(AsRef::as_ref),
            account: self.accounts.id(account),
            region: if self.account_region {
                region
            } else {
                owner.and_then(|owner| owner.region.as_deref())
            },
            industry: member.and_then(|account| account.industry.as_deref()),
            segment: member.and_then(|account| account.segment.as_deref()),
            product: self.products.id(product),
        }
    }

    /// The dimensions of a deal at a moment.
    pub(crate) fn deal_dimensions(&self, deal: &Deal, at_us: i64) -> Dimensions<'_> {
        self.dimensions(&deal.owners, deal.account, deal.product, at_us)
    }

    /// Which fields and attributes carry values.
    pub(crate) fn catalog(&self) -> Catalog {
        let mut catalog = Catalog::default();
        for members in [&self.accounts, &self.users, &self.products] {
            let records = members
                .all
                .iter()
                .filter_map(|member| member.record.as_ref());
            note(&mut catalog, members.entity, records);
            if members.all.iter().any(|member| member.name.is_some()) {
                let mapped = catalog
                    .mapped
                    .entry(members.entity.name().to_owned())
                    .or_default();
                mapped.insert("name".to_owned());
            }
        }
        note(
            &mut catalog,
            Entity::Opportunity,
            self.deals.iter().map(|deal| &deal.record),
        );
        catalog
    }
}

fn note<'a>(catalog: &mut Catalog, entity: Entity, records: impl Iterator<Item = &'a Record>) {
    let mut filled = vec![false; entity.fields().len()];
    let mut attributes: BTreeSet<Text> = BTreeSet::new();
    for record in records {
        for (filled, value) in filled.iter_mut().zip(&record.values) {
            *filled |= value.is_some();
        }
        for name in record.attributes.keys() {
            if !attributes.contains(name) {
                attributes.insert(name.clone());
            }
        }
    }
    let mapped = catalog.mapped.entry(entity.name().to_owned()).or_default();
    let fields = entity
        .fields()
        .iter()
        .zip(filled)
        .filter(|(_, filled)| *filled);
    mapped.extend(fields.map(|(field, _)| field.name.to_owned()));
    mapped.extend(attributes.iter().map(ToString::to_string));
    let own = catalog
        .attributes
        .entry(entity.name().to_owned())
        .or_default();
    own.extend(attributes.iter().map(ToString::to_string));
}

/// The code of a stage where it is known, else as written.
fn stage_code(written: &Text) -> Text {
    stage::find(written).map_or_else(
        || Text::from(written.trim()),
        |stage| Text::from(stage.code),
    )
}

fn deal(
    record: Record,
    as_of_us: i64,
    accounts: &mut Members,
    users: &mut Members,
    products: &mut Members,
) -> Option<Deal> {
    const ENTITY: Entity = Entity::Opportunity;
    let system = record.system;
    let id = record.text(ENTITY, "id")?.clone();
    let opened = record.time(ENTITY, "opened_at");
    if opened.is_some_and(|opened| opened.at_us > as_of_us) {
        return None;
    }
    let seen = |moment: &Moment| moment.at_us <= as_of_us;
    let (won, closed) = (
        record.time(ENTITY, "won_at"),
        record.time(ENTITY, "closed_at"),
    );
    let later = won.or(closed).is_some_and(|end| !seen(&end));
    let outcome = record.text(ENTITY, "outcome").cloned();
    let owners = record
        .versions(ENTITY, "owner")
        .cloned()
        .unwrap_or_default();
    Some(Deal {
        account: record
            .text(ENTITY, "account")
            .map(|account| accounts.resolve(system, account)),
        product: record
            .text(ENTITY, "product")
            .map(|product| products.resolve(system, product)),
        owners: owners.map(|owner| Some(users.resolve(system, owner))),
        opened,
        won: won.filter(seen),
        closed: closed.filter(seen),
        recorded_us: record
            .time(ENTITY, "recorded_at")
            .map(|moment| moment.at_us),
        outcome: if later {
            Some(Text::from("open"))
        } else {
            outcome
        },
        stage: record.text(ENTITY, "stage").map(stage_code),
        amount: record.amount(ENTITY, "amount"),
        id,
        system,
        record,
    })
}
