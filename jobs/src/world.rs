//! Accounts, people, products and deals with their references resolved: what facts refer to.

#![allow(
    clippy::cast_possible_truncation,
    reason = "places and slots are 32 bits wide; systems 16"
)]

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use hashbrown::{HashMap, HashSet};
use millrace_models::calendar::WorkingCalendar;
use millrace_models::catalog::Catalog;
use millrace_models::entity::Entity;

use crate::deals::{Deal, Deals, Referred};
use crate::raw::Raw;
use crate::store::{Carried, Record, Store, Systems, Text, Versions, version_at};
use crate::texts::{NONE, Texts};

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
    pub(crate) system: u16,
    name: Option<Text>,
    /// Numbers of the world's texts.
    region: u32,
    industry: u32,
    segment: u32,
    /// Accounts: who looks after it.
    pub(crate) owners: Versions<u32>,
    /// Accounts: the account that it belongs to.
    pub(crate) parent: Option<u32>,
    /// Accounts: their success manager, a place among the users.
    pub(crate) success_manager: Option<u32>,
    /// Accounts: the team that the record names, a text of the world.
    own_team: u32,
    teams: Versions<u32>,
    managers: Versions<u32>,
}

impl Member {
    /// A text field of its record.
    pub(crate) fn text(&self, entity: Entity, field: &str) -> Option<&str> {
        self.record.as_ref()?.text(entity, field).map(AsRef::as_ref)
    }

    /// Its teams and managers over time, as numbers of the world's texts.
    pub(crate) fn over_time(&self) -> [&Versions<u32>; 2] {
        [&self.teams, &self.managers]
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        self.name.as_ref().unwrap_or(&self.id)
    }
}

/// In front of the id of one who is only named, where a record has that id.
const ONLY_NAMED: &str = "named:";

/// The members of an entity.
#[derive(Debug)]
pub(crate) struct Members {
    pub(crate) entity: Entity,
    pub(crate) all: Vec<Member>,
    pub(crate) carried: Carried,
    directory: Directory,
    /// The ids of those with a record: one who is only named is called otherwise.
    recorded: HashSet<Text>,
}

/// The dimensions of a fact as numbers, [`NONE`] for null. People as at the event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dimensions {
    /// Places among the users.
    pub(crate) owner: u32,
    pub(crate) current_owner: u32,
    /// Texts of the world.
    pub(crate) team: u32,
    pub(crate) manager: u32,
    pub(crate) current_team: u32,
    pub(crate) region: u32,
    pub(crate) industry: u32,
    pub(crate) segment: u32,
    /// A place among the accounts.
    pub(crate) account: u32,
    /// A place among the products.
    pub(crate) product: u32,
}

impl Dimensions {
    /// Of a fact that refers to nothing.
    pub(crate) const NOTHING: Self = Self {
        owner: NONE,
        current_owner: NONE,
        team: NONE,
        manager: NONE,
        current_team: NONE,
        region: NONE,
        industry: NONE,
        segment: NONE,
        account: NONE,
        product: NONE,
    };
}

/// What the numbers of dimensions stand for, as columns: ids, and texts.
pub(crate) struct Dictionaries {
    pub(crate) users: ArrayRef,
    pub(crate) accounts: ArrayRef,
    pub(crate) products: ArrayRef,
    pub(crate) texts: ArrayRef,
}

/// What is known beside the records that are read.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// People and products that are only named by others.
    pub(crate) users: Vec<Text>,
    pub(crate) products: Vec<Text>,
    /// Whether any account ever had a region.
    pub(crate) account_region: bool,
}

/// Everything that facts refer to.
pub(crate) struct World {
    pub(crate) calendar: WorkingCalendar,
    pub(crate) systems: Systems,
    pub(crate) accounts: Members,
    pub(crate) users: Members,
    pub(crate) products: Members,
    pub(crate) deals: Deals,
    texts: Texts,
    /// Moments after it are not seen.
    pub(crate) as_of_us: i64,
    account_region: bool,
}

impl Members {
    pub(crate) fn new(store: Store, systems: &Systems, texts: &mut Texts) -> Self {
        let entity = store.entity;
        let mut members = Self {
            entity,
            all: Vec::new(),
            carried: store.carried,
            directory: Directory::default(),
            recorded: HashSet::new(),
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
            let mut text = |text: &Text| texts.number(text);
            let mut number = |field: &str| record.text(entity, field).map_or(NONE, &mut text);
            let (region, industry, segment) =
                (number("region"), number("industry"), number("segment"));
            let own_team = match entity {
                Entity::Account => number("team"),
                _ => NONE,
            };
            let mut versions = |field: &str| {
                let versions = record.versions(entity, field).cloned().unwrap_or_default();
                versions.map(|value| {
                    let none = value.is_empty();
                    Some(if none { NONE } else { texts.number(value) })
                })
            };
            let (teams, managers) = (versions("team"), versions("manager"));
            members.all.push(Member {
                name,
                region,
                industry,
                segment,
                own_team,
                teams,
                managers,
                system: record.system,
                record: Some(record),
                ..named(&id)
            });
        }
        members.tell_apart(systems);
        // Accounts are not read all at once, so nothing about one may depend on all others.
        if entity != Entity::Account {
            members.recorded = members.all.iter().map(|own| own.id.clone()).collect();
        }
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

    /// Whether an id that a system gave reads like one with another system's name in front.
    pub(crate) fn share_an_id(&self) -> bool {
        let mut seen = HashSet::new();
        !self.all.iter().all(|member| seen.insert(&member.id))
    }

    /// Whether a reference finds a member.
    pub(crate) fn knows(&self, system: u16, reference: &str) -> bool {
        self.directory.find(system, reference).is_some()
    }

    /// The member that is referred to, created by that name when unknown.
    pub(crate) fn resolve(&mut self, system: u16, reference: &str) -> u32 {
        if let Some(found) = self.directory.find(system, reference) {
            return found;
        }
        let place = self.only_named(reference);
        self.all[place as usize].system = system;
        place
    }

    /// The member of that name, created by it when unknown.
    pub(crate) fn only_named(&mut self, name: &str) -> u32 {
        let name = Text::from(name.trim());
        if let Some(known) = self.directory.by_name.get(&name) {
            return *known;
        }
        let place = self.all.len() as u32;
        self.directory.by_name.insert(name.clone(), place);
        let id = if self.recorded.contains(&name) {
            Text::from(format!("{ONLY_NAMED}{name}"))
        } else {
            name.clone()
        };
        self.all.push(Member {
            name: Some(name),
            ..named(&id)
        });
        place
    }

    /// The name of a member that is only named, by its id.
    pub(crate) fn name_of<'a>(&self, id: &'a str) -> &'a str {
        let name = id.strip_prefix(ONLY_NAMED);
        name.filter(|name| self.recorded.contains(*name))
            .unwrap_or(id)
    }

    /// The member at a place.
    pub(crate) fn get(&self, place: u32) -> &Member {
        &self.all[place as usize]
    }

    fn ids(&self) -> ArrayRef {
        Arc::new(StringArray::from_iter_values(
            self.all.iter().map(|member| &*member.id),
        ))
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
        region: NONE,
        industry: NONE,
        segment: NONE,
        owners: Versions::default(),
        parent: None,
        success_manager: None,
        own_team: NONE,
        teams: Versions::default(),
        managers: Versions::default(),
    }
}

/// An id with its system in front, where two systems share the id.
pub(crate) fn qualified(systems: &Systems, system: u16, id: &str) -> Text {
    Text::from(format!("{}:{id}", systems.name(system)))
}

impl World {
    /// Resolves what the records say of each other; `stores` are accounts, users and products,
    /// `deals` the raw table of opportunities.
    ///
    /// # Errors
    ///
    /// When the table cannot be read.
    pub(crate) fn new(
        calendar: WorkingCalendar,
        mut systems: Systems,
        stores: [Store; 3],
        deals: &Raw,
        as_of_us: Option<i64>,
        known: &Known,
    ) -> anyhow::Result<Self> {
        let mut texts = Texts::default();
        let [mut accounts, mut users, mut products] =
            stores.map(|store| Members::new(store, &systems, &mut texts));
        for (members, named) in [(&mut users, &known.users), (&mut products, &known.products)] {
            for name in named {
                members.only_named(name);
            }
        }
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
            let owners = owners.map(|owner| {
                let none = owner.is_empty();
                Some(if none {
                    NONE
                } else {
                    users.resolve(system, owner)
                })
            });
            let success_manager = record.text(Entity::Account, "success_manager");
            let success_manager = success_manager.map(|own| users.resolve(system, own));
            let parent = parent.map(|parent| accounts.resolve(system, &parent));
            let member = &mut accounts.all[place];
            member.owners = owners;
            member.parent = parent;
            member.success_manager = success_manager;
        }
        let mut referred = Referred {
            accounts: &mut accounts,
            users: &mut users,
            products: &mut products,
            texts: &mut texts,
        };
        let deals = Deals::load(deals, &mut systems, as_of_us, &mut referred)?;
        let account_region =
            known.account_region || accounts.carried.has(Entity::Account, "region");
        Ok(Self {
            calendar,
            systems,
            accounts,
            users,
            products,
            deals,
            texts,
            as_of_us: as_of_us.unwrap_or(i64::MAX),
            account_region,
        })
    }

    /// The columns that dimensions are numbers of, when all members are known.
    pub(crate) fn dictionaries(&self) -> Dictionaries {
        Dictionaries {
            users: self.users.ids(),
            accounts: self.accounts.ids(),
            products: self.products.ids(),
            texts: self.texts.array(),
        }
    }

    /// The deal that is referred to.
    pub(crate) fn deal(&self, system: u16, reference: Option<&Text>) -> Option<Deal<'_>> {
        self.deals
            .get(self.deals.find(system, reference?.as_bytes())?)
    }

    /// The dimensions of a fact at a moment: of an account, a product, those who owned it and the
    /// team that its record names, a text of the world or [`NONE`]. Of a fact that nobody owned
    /// itself, those who owned the account.
    pub(crate) fn dimensions(
        &self,
        owners: &[(i64, u32)],
        team: u32,
        account: u32,
        product: u32,
        at_us: i64,
    ) -> Dimensions {
        let member = (account != NONE).then(|| self.accounts.get(account));
        let (owners, own_team) = match member {
            Some(account) if owners.is_empty() && team == NONE => {
                (&account.owners.0[..], account.own_team)
            }
            _ => (owners, team),
        };
        let place = version_at(owners, at_us).copied().unwrap_or(NONE);
        let current_place = owners.last().map_or(NONE, |(_, owner)| *owner);
        let owner = (place != NONE).then(|| self.users.get(place));
        let current = (current_place != NONE).then(|| self.users.get(current_place));
        let current_team = current.and_then(|own| own.teams.last()).copied();
        Dimensions {
            owner: place,
            current_owner: current_place,
            team: owner
                .and_then(|own| own.teams.at(at_us))
                .copied()
                .unwrap_or(NONE),
            manager: owner
                .and_then(|own| own.managers.at(at_us))
                .copied()
                .unwrap_or(NONE),
            current_team: if own_team == NONE {
                current_team.unwrap_or(NONE)
            } else {
                own_team
            },
            region: if self.account_region {
                member.map_or(NONE, |account| account.region)
            } else {
                owner.map_or(NONE, |owner| owner.region)
            },
            industry: member.map_or(NONE, |account| account.industry),
            segment: member.map_or(NONE, |account| account.segment),
            account,
            product,
        }
    }

    /// The dimensions of a deal at a moment.
    pub(crate) fn deal_dimensions(&self, deal: &Deal<'_>, at_us: i64) -> Dimensions {
        self.dimensions(deal.owners, deal.team, deal.account, deal.product, at_us)
    }

    /// Whether an account is one to look after: not dormant, lost or blocked, and no prospect that
    /// nobody works on.
    pub(crate) fn is_active(account: &Member) -> bool {
        const AT_REST: [&str; 5] = ["dormant", "lost", "blocked", "inactive", "closed"];
        match account.text(Entity::Account, "status") {
            Some("prospect") => account.owners.last().is_some_and(|owner| *owner != NONE),
            status => !status.is_some_and(|status| AT_REST.contains(&status)),
        }
    }

    /// The number of a text; facts may carry it then.
    pub(crate) fn text(&mut self, text: &str) -> u32 {
        self.texts.number(text)
    }

    /// The team whose an account is now: the one that its record names, else its owner's.
    pub(crate) fn account_team(&self, place: u32) -> Option<&str> {
        let account = self.accounts.get(place);
        if account.own_team != NONE {
            return self.texts.get(account.own_team);
        }
        let owner = account.owners.last().filter(|owner| **owner != NONE)?;
        self.texts.get(*self.users.get(*owner).teams.last()?)
    }

    /// Which fields and attributes carry values.
    pub(crate) fn catalog(&self) -> Catalog {
        let mut catalog = Catalog::default();
        for members in [&self.accounts, &self.users, &self.products] {
            note(&mut catalog, members.entity, &members.carried);
            if members.all.iter().any(|member| member.name.is_some()) {
                let mapped = catalog
                    .mapped
                    .entry(members.entity.name().to_owned())
                    .or_default();
                mapped.insert("name".to_owned());
            }
        }
        let name = Entity::Opportunity.name().to_owned();
        let attributes = || self.deals.attributes().map(str::to_owned);
        let filled = self.deals.filled().into_iter().map(str::to_owned);
        catalog
            .mapped
            .insert(name.clone(), filled.chain(attributes()).collect());
        catalog.attributes.insert(name, attributes().collect());
        catalog
    }
}

fn note(catalog: &mut Catalog, entity: Entity, carried: &Carried) {
    let names = || carried.attributes.iter().map(ToString::to_string);
    let fields = entity.fields().iter().zip(&carried.fields);
    let fields = fields.filter(|(_, carried)| **carried);
    let mapped = catalog.mapped.entry(entity.name().to_owned()).or_default();
    mapped.extend(fields.map(|(field, _)| field.name.to_owned()));
    mapped.extend(names());
    let own = catalog.attributes.entry(entity.name().to_owned());
    own.or_default().extend(names());
}
