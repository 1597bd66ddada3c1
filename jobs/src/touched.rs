//! What a run has to make anew: from the rows that came in since a set was published to the records
//! whose rows in the marts they can have changed, and to the raw rows that those are made of.
//!
//! Everything goes by keys as they are written: ids, and the names of accounts. Where two systems
//! share an id, both are touched, so that who needs the system's name in front of it is known. A key
//! that is touched without need costs time and changes nothing; so where in doubt it is touched.
//!
//! Some changes are seldom and reach everywhere: of what teams are called, of whose team somebody is
//! in, of which fields a source fills. After them all is made anew.

mod accounts;
mod days;
mod deals;
mod people;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::Context;
use arrow::array::RecordBatch;
use hashbrown::{HashMap, HashSet};
use millrace_lake::{PublishedSet, Table};
use millrace_models::calendar::WorkingCalendar;
use millrace_models::entity::{Entity, FieldKind};
use rayon::prelude::*;

use crate::build::Inputs;
use crate::orders::made_id;
use crate::partial::{self, Partial};
use crate::raw::{Keys, Piece, Raw, Rows, Strings, pieces};
use crate::run::RunOptions;
use crate::store::{Text, op_at, seq_at, text_at};

/// What a run has to do.
pub(crate) enum Plan {
    /// Make everything anew, for this reason.
    All(&'static str),
    /// Nothing is new.
    Nothing,
    /// Make these rows of these marts from these raw rows.
    Part(Box<(Partial, Inputs)>),
}

/// More new rows than this, and than a quarter of all, are not looked at one by one.
const MANY_ROWS: u64 = 50_000;

/// What keys are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Space {
    /// Deals whose stage changes, or whose record, changed.
    Deal,
    /// Deals whose record changed.
    Recorded,
    /// Deals of which facts have to be made anew, too.
    Cascading,
    Quote,
    Order,
    /// Accounts whose order lines without an id are looked at.
    OrderAccount,
    Contract,
    Plan,
    Receipt,
    Allocation,
    /// Accounts and deals whose contracts and payments belong together.
    PayAccount,
    PayDeal,
    Ticket,
    Delivery,
    Interaction,
    InteractionAccount,
    /// Accounts whose own rows are made anew.
    Account,
    /// Accounts of which facts have to be made anew, too.
    Reaching,
    Contact,
    /// Orders that are looked at for when their account first bought.
    FirstOrder,
    /// Accounts that new rows refer to.
    Referred,
    /// Deals and accounts that facts refer to.
    NeededDeal,
    NeededAccount,
}

/// A column, what its values are keys of, and whether rows are found by it.
type Link = (&'static str, Space, bool);

/// What a row of an entity is about.
const OWN: &[(Entity, &[(&str, Space)])] = &[
    (Entity::StageChange, &[("opportunity", Space::Deal)]),
    (
        Entity::Opportunity,
        &[("id", Space::Deal), ("id", Space::Recorded)],
    ),
    (
        Entity::Quote,
        &[("id", Space::Quote), ("number", Space::Quote)],
    ),
    (Entity::Order, &[("id", Space::Order)]),
    (
        Entity::Contract,
        &[("id", Space::Contract), ("renews", Space::Contract)],
    ),
    (Entity::PaymentPlan, &[("id", Space::Plan)]),
    (Entity::Receipt, &[("id", Space::Receipt)]),
    (Entity::ReceiptAllocation, &[("id", Space::Allocation)]),
    (Entity::Ticket, &[("id", Space::Ticket)]),
    (Entity::Delivery, &[("id", Space::Delivery)]),
    (Entity::Interaction, &[("id", Space::Interaction)]),
    (
        Entity::Account,
        &[("id", Space::Account), ("name", Space::Account)],
    ),
    (
        Entity::Contact,
        &[("id", Space::Contact), ("account", Space::Account)],
    ),
];

const ACCOUNTS: &[(Entity, &[Link])] = &[(
    Entity::Account,
    &[("id", Space::Account, true), ("name", Space::Account, true)],
)];
const REACHING: &[(Entity, &[Link])] = &[(
    Entity::Account,
    &[
        ("id", Space::Reaching, true),
        ("name", Space::Reaching, true),
    ],
)];
const REFERRED: &[(Entity, &[Link])] = &[(
    Entity::Account,
    &[
        ("id", Space::Referred, true),
        ("name", Space::Referred, true),
    ],
)];
const NEEDED: &[(Entity, &[Link])] = &[(
    Entity::Account,
    &[
        ("id", Space::NeededAccount, true),
        ("name", Space::NeededAccount, true),
    ],
)];
const QUOTES: &[(Entity, &[Link])] = &[(
    Entity::Quote,
    &[("id", Space::Quote, true), ("number", Space::Quote, true)],
)];
/// What pays what, and what succeeds what, is known account by account.
const PAYMENTS: &[(Entity, &[Link])] = &[
    (
        Entity::Contract,
        &[
            ("id", Space::Contract, true),
            ("renews", Space::Contract, true),
            ("account", Space::PayAccount, true),
            ("opportunity", Space::PayDeal, true),
        ],
    ),
    (
        Entity::PaymentPlan,
        &[
            ("id", Space::Plan, true),
            ("contract", Space::Contract, true),
            ("account", Space::PayAccount, true),
        ],
    ),
    (
        Entity::Receipt,
        &[
            ("id", Space::Receipt, true),
            ("plan", Space::Plan, true),
            ("account", Space::PayAccount, true),
        ],
    ),
    (
        Entity::ReceiptAllocation,
        &[
            ("id", Space::Allocation, true),
            ("receipt", Space::Receipt, true),
            ("plan", Space::Plan, true),
        ],
    ),
    (
        Entity::Account,
        &[
            ("id", Space::PayAccount, true),
            ("name", Space::PayAccount, true),
        ],
    ),
    (
        Entity::Opportunity,
        &[
            ("id", Space::PayDeal, true),
            ("account", Space::PayAccount, true),
        ],
    ),
];

/// Facts that refer to accounts and deals.
const FACTS: [Entity; 8] = [
    Entity::Quote,
    Entity::Order,
    Entity::Contract,
    Entity::PaymentPlan,
    Entity::Receipt,
    Entity::Ticket,
    Entity::Delivery,
    Entity::Interaction,
];

/// A reference of a new row, and the system that it is of.
type Reference = (Text, Text);

/// Keys by what they are of.
#[derive(Default)]
struct Spaces {
    /// As written.
    bare: BTreeMap<Space, HashSet<Text>>,
    /// The systems, where there are several: an id of two has the system in front in the marts.
    systems: Vec<Text>,
}

impl Spaces {
    fn add(&mut self, space: Space, text: &str) {
        let text = text.trim();
        let own = self.bare.entry(space).or_default();
        if text.is_empty() || own.contains(text) {
            return;
        }
        own.insert(Text::from(text));
        // An id that is written like this may be what the marts call another system's id.
        let of_system = self.systems.iter().find_map(|system| {
            let rest = text.strip_prefix(&**system)?.strip_prefix(':')?;
            Some(rest.to_owned())
        });
        if let Some(rest) = of_system {
            self.add(space, &rest);
        }
    }

    fn size(&self) -> usize {
        self.bare.values().map(HashSet::len).sum()
    }

    fn is_empty(&self, space: Space) -> bool {
        self.bare.get(&space).is_none_or(HashSet::is_empty)
    }

    fn copy(&mut self, from: Space, to: Space) {
        let texts = self.bare.get(&from).cloned().unwrap_or_default();
        self.bare.entry(to).or_default().extend(texts);
    }

    /// The keys, also as the marts may call them.
    fn keys(&self, spaces: &[Space]) -> Arc<Keys> {
        let bare = spaces.iter().filter_map(|space| self.bare.get(space));
        let bare: Vec<&Text> = bare.flatten().collect();
        let called = self.systems.iter().flat_map(|system| {
            let own = bare.iter();
            own.map(move |text| Text::from(format!("{system}:{text}")))
        });
        Arc::new(
            called
                .chain(bare.iter().map(|text| (*text).clone()))
                .collect(),
        )
    }
}

struct Touching<'a> {
    raw: &'a BTreeMap<Entity, Table>,
    /// The number of the first new row.
    from: BTreeMap<Entity, i64>,
    spaces: Spaces,
    /// What new rows refer to: accounts, people and products.
    references: BTreeMap<Entity, BTreeSet<Reference>>,
    /// Accounts that a new row refers to which no other new row can have replaced.
    surely_named: BTreeSet<Reference>,
}

impl Touching<'_> {
    fn raw(&self, entity: Entity, rows: Rows) -> anyhow::Result<Raw> {
        let table = self.raw.get(&entity);
        let table = table.with_context(|| format!("no table raw/{}", entity.name()))?;
        Ok(Raw {
            table: table.list(),
            rows,
        })
    }

    fn from(&self, entity: Entity) -> i64 {
        self.from.get(&entity).copied().unwrap_or(i64::MAX)
    }

    fn has_new(&self, entity: Entity) -> bool {
        self.from.contains_key(&entity)
    }

    /// Calls `take` for rows of an entity, with these columns.
    fn find(
        &self,
        entity: Entity,
        rows: Rows,
        columns: &[&str],
        mut take: impl FnMut(&RecordBatch, usize),
    ) -> anyhow::Result<()> {
        let raw = self.raw(entity, rows)?;
        let mut wanted = vec!["_source", "_op", "_seq"];
        wanted.extend(columns);
        // Decoded in parallel, and taken in their order.
        for pieces in pieces(&raw, Strings::Plain)?.chunks(rayon::current_num_threads()) {
            let read = |piece: &Piece| -> anyhow::Result<Vec<RecordBatch>> {
                piece.read(Some(&wanted), 8192)?.collect()
            };
            let read = pieces.par_iter().map(read);
            for batch in read.collect::<anyhow::Result<Vec<_>>>()?.iter().flatten() {
                for row in 0..batch.num_rows() {
                    take(batch, row);
                }
            }
        }
        Ok(())
    }

    /// Adds what rows of an entity are keys of.
    fn spread(
        &mut self,
        entity: Entity,
        rows: Rows,
        links: &[(&'static str, Space)],
    ) -> anyhow::Result<()> {
        if rows.any.as_ref().is_some_and(Vec::is_empty) {
            return Ok(());
        }
        let columns: Vec<&str> = links.iter().map(|(column, _)| *column).collect();
        let mut found: HashSet<(Space, Text)> = HashSet::new();
        self.find(entity, rows, &columns, |batch, row| {
            let texts = links
                .iter()
                .map(|(name, space)| (space, text_at(batch, name, row)));
            found.extend(texts.filter_map(|(space, text)| Some((*space, text?))));
        })?;
        for (space, text) in found {
            self.spaces.add(space, &text);
        }
        Ok(())
    }

    /// Adds what is linked to what is there, and what is linked to that.
    fn close(&mut self, links: &[(Entity, &[Link])]) -> anyhow::Result<()> {
        loop {
            let before = self.spaces.size();
            for (entity, links) in links {
                let by = links.iter().filter(|(_, _, is_found)| *is_found);
                let by = by.map(|(column, space, _)| (*column, self.spaces.keys(&[*space])));
                let rows = Rows::of(by.collect());
                let all: Vec<_> = links
                    .iter()
                    .map(|(name, space, _)| (*name, *space))
                    .collect();
                self.spread(*entity, rows, &all)?;
            }
            if self.spaces.size() == before {
                return Ok(());
            }
        }
    }

    /// What the facts are called of which a column holds one of the keys.
    fn facts(&mut self, entity: Entity, column: &'static str, by: Space) -> anyhow::Result<()> {
        let rows = Rows::of(vec![(column, self.spaces.keys(&[by]))]);
        self.own(entity, rows, |_, _| {})
    }

    /// What rows are about; `also` sees each of them, too. Whether one without an id was taken back.
    fn own(
        &mut self,
        entity: Entity,
        rows: Rows,
        mut also: impl FnMut(&RecordBatch, usize),
    ) -> anyhow::Result<()> {
        if rows.any.as_ref().is_some_and(Vec::is_empty) {
            return Ok(());
        }
        let own = OWN.iter().find(|(own, _)| *own == entity);
        let links = own.map_or(&[][..], |(_, links)| links);
        let mut columns: Vec<&str> = links.iter().map(|(name, _)| *name).collect();
        for field in entity.fields() {
            if matches!(field.kind, FieldKind::Reference(to) if to.is_named()) {
                columns.push(field.name);
            }
        }
        if entity == Entity::BusinessWrite {
            columns.push("at");
        }
        let made = match entity {
            Entity::Order => Some((Space::Order, Space::OrderAccount)),
            Entity::Interaction => Some((Space::Interaction, Space::InteractionAccount)),
            _ => None,
        };
        let mut found: HashSet<(Space, Text)> = HashSet::new();
        self.find(entity, rows, &columns, |batch, row| {
            for (name, space) in links {
                found.extend(text_at(batch, name, row).map(|text| (*space, text)));
            }
            if let Some((space, accounts)) = made
                && text_at(batch, "id", row).is_none()
            {
                found.insert((space, made_id(seq_at(batch, row))));
                found.extend(text_at(batch, "account", row).map(|text| (accounts, text)));
            }
            also(batch, row);
        })?;
        for (space, text) in found {
            self.spaces.add(space, &text);
        }
        Ok(())
    }

    /// What the new rows are about, and what they refer to. Whether a record without an id was taken
    /// back, which cannot be found again.
    fn look_at_new(&mut self) -> anyhow::Result<bool> {
        let mut lost = false;
        for (entity, from) in self.from.clone() {
            let named: Vec<(&str, Entity)> = entity
                .fields()
                .iter()
                .filter_map(|field| match field.kind {
                    FieldKind::Reference(to) if to.is_named() => Some((field.name, to)),
                    _ => None,
                })
                .collect();
            let mut references: BTreeSet<(Entity, Reference)> = BTreeSet::new();
            let mut rows_of: HashMap<(Text, Text), u32> = HashMap::new();
            let mut accounts: Vec<(Option<(Text, Text)>, Reference)> = Vec::new();
            let is_called = entity.fields().iter().any(|field| field.name == "id");
            self.own(entity, Rows::since(from), |batch, row| {
                let source = text_at(batch, "_source", row).unwrap_or_else(|| Text::from(""));
                let id = is_called.then(|| text_at(batch, "id", row)).flatten();
                let called = id.map(|id| (source.clone(), id));
                if let Some(called) = &called {
                    *rows_of.entry(called.clone()).or_default() += 1;
                }
                if op_at(batch, row).as_deref() == Some("delete") {
                    let is_called = entity != Entity::Order || text_at(batch, "id", row).is_some();
                    lost |= !is_called;
                    return;
                }
                for (name, to) in &named {
                    if let Some(text) = text_at(batch, name, row) {
                        if *to == Entity::Account {
                            accounts.push((called.clone(), (source.clone(), text.clone())));
                        }
                        references.insert((*to, (source.clone(), text)));
                    }
                }
            })?;
            let is_last = |called: &(Text, Text)| rows_of.get(called) == Some(&1);
            let sure = accounts
                .into_iter()
                .filter(|(called, _)| called.as_ref().is_none_or(is_last));
            self.surely_named
                .extend(sure.map(|(_, reference)| reference));
            if entity != Entity::Team {
                for (to, reference) in references {
                    self.references.entry(to).or_default().insert(reference);
                }
            }
        }
        Ok(lost)
    }

    /// The raw rows that the rows of the marts are made of.
    fn inputs(&mut self) -> anyhow::Result<Inputs> {
        let keys = |own: &Self, spaces: &[Space]| own.spaces.keys(spaces);
        // Contacts and orders may have been of other accounts before: all their rows are read.
        let of_account = Rows::of(vec![("account", keys(self, &[Space::Account]))]);
        self.spread(
            Entity::Contact,
            of_account.clone(),
            &[("id", Space::Contact)],
        )?;
        self.spread(Entity::Order, of_account, &[("id", Space::FirstOrder)])?;
        let order_accounts = keys(self, &[Space::OrderAccount, Space::Account]);
        let orders = keys(self, &[Space::Order, Space::FirstOrder]);
        let of = |own: &Self, entity: Entity| -> Rows {
            let by = |column, spaces: &[Space]| (column, own.spaces.keys(spaces));
            match entity {
                Entity::StageChange => Rows::of(vec![by("opportunity", &[Space::Deal])]),
                Entity::Quote => Rows::of(vec![
                    by("id", &[Space::Quote]),
                    by("number", &[Space::Quote]),
                ]),
                Entity::Order => Rows::of(vec![
                    ("id", orders.clone()),
                    ("account", order_accounts.clone()),
                ]),
                Entity::Contract => Rows::of(vec![by("id", &[Space::Contract])]),
                Entity::PaymentPlan => Rows::of(vec![by("id", &[Space::Plan])]),
                Entity::Receipt => Rows::of(vec![by("id", &[Space::Receipt])]),
                Entity::ReceiptAllocation => Rows::of(vec![by("id", &[Space::Allocation])]),
                Entity::Ticket => Rows::of(vec![by("id", &[Space::Ticket])]),
                Entity::Delivery => Rows::of(vec![by("id", &[Space::Delivery])]),
                Entity::Interaction => Rows::of(vec![
                    by("id", &[Space::Interaction]),
                    by("account", &[Space::InteractionAccount]),
                ]),
                Entity::Contact => Rows::of(vec![by("id", &[Space::Contact])]),
                Entity::Opportunity => Rows::of(vec![by("id", &[Space::NeededDeal])]),
                Entity::Account => Rows::of(vec![
                    by("id", &[Space::NeededAccount]),
                    by("name", &[Space::NeededAccount]),
                ]),
                Entity::User | Entity::Team | Entity::Product => Rows::ALL,
                _ => Rows::since(own.from(entity)),
            }
        };
        self.spaces.copy(Space::Deal, Space::NeededDeal);
        for entity in FACTS {
            let named = |column: &str| entity.fields().iter().any(|field| field.name == column);
            let links = [
                ("opportunity", Space::NeededDeal),
                ("account", Space::NeededAccount),
            ];
            let links: Vec<_> = links.into_iter().filter(|(name, _)| named(name)).collect();
            self.spread(entity, of(self, entity), &links)?;
        }
        self.spread(
            Entity::Contact,
            of(self, Entity::Contact),
            &[("account", Space::NeededAccount)],
        )?;
        self.spread(
            Entity::Opportunity,
            of(self, Entity::Opportunity),
            &[("account", Space::NeededAccount)],
        )?;
        for (_, text) in self.references.remove(&Entity::Account).unwrap_or_default() {
            self.spaces.add(Space::NeededAccount, &text);
        }
        self.spaces.copy(Space::Account, Space::NeededAccount);
        self.close(NEEDED)?;
        self.spread(
            Entity::Account,
            of(self, Entity::Account),
            &[("parent", Space::NeededAccount)],
        )?;
        self.close(NEEDED)?;
        let mut raw = BTreeMap::new();
        for entity in Entity::all() {
            raw.insert(*entity, self.raw(*entity, of(self, *entity))?);
        }
        Ok(Inputs { raw })
    }

    /// The rows of marts that are made anew.
    fn marts(&self) -> BTreeMap<&'static str, partial::Rows> {
        let mut marts = BTreeMap::new();
        let mut records = BTreeMap::new();
        let mut of = |marts_of: &[(&'static str, &'static str)], types: &[Entity], space: Space| {
            if self.spaces.is_empty(space) {
                return;
            }
            let keys = self.spaces.keys(&[space]);
            for (mart, column) in marts_of {
                marts.insert(*mart, partial::Rows::Of(column, keys.clone()));
            }
            records.extend(types.iter().map(|own| (own.name(), keys.clone())));
        };
        of(
            &[
                ("stage_visits", "opportunity_id"),
                ("conversion_cycles", "opportunity_id"),
                ("opportunities", "opportunity_id"),
            ],
            &[],
            Space::Deal,
        );
        of(&[], &[Entity::Opportunity], Space::Recorded);
        of(
            &[("quote_outcomes", "number")],
            &[Entity::Quote],
            Space::Quote,
        );
        of(&[("orders", "order_id")], &[], Space::Order);
        of(
            &[("contracts", "contract_id")],
            &[Entity::Contract],
            Space::Contract,
        );
        of(
            &[("payment_performance", "plan_id")],
            &[Entity::PaymentPlan],
            Space::Plan,
        );
        of(&[], &[Entity::Receipt], Space::Receipt);
        of(
            &[("ticket_service", "ticket_id")],
            &[Entity::Ticket],
            Space::Ticket,
        );
        of(&[("deliveries", "delivery_id")], &[], Space::Delivery);
        of(&[("activity", "interaction_id")], &[], Space::Interaction);
        of(
            &[("accounts", "account_id")],
            &[Entity::Account],
            Space::Account,
        );
        if !records.is_empty() {
            marts.insert("record_quality", partial::Rows::Records(records));
        }
        marts
    }
}

#[allow(clippy::too_many_lines, reason = "one step after another")]
/// What a run has to do after `base`, whose marts are `tables`, with the raw tables as they are.
pub(crate) fn plan(
    base: &PublishedSet,
    tables: BTreeMap<String, Table>,
    raw: &BTreeMap<Entity, Table>,
    options: &RunOptions,
) -> anyhow::Result<Plan> {
    let mut from = BTreeMap::new();
    let (mut new_rows, mut all_rows) = (0, 0);
    for (entity, table) in raw {
        let Some(before) = base.inputs.get(table.name()).copied() else {
            return Ok(Plan::All("it is not known what the set was made of"));
        };
        if table.rows() < before {
            return Ok(Plan::All("raw rows are gone"));
        }
        if table.rows() > before {
            from.insert(*entity, i64::try_from(before)?);
        }
        new_rows += table.rows() - before;
        all_rows += table.rows();
    }
    if new_rows > MANY_ROWS && new_rows > all_rows / 4 {
        return Ok(Plan::All("much is new"));
    }
    let company = &options.company;
    let calendar = WorkingCalendar::chinese(&company.hours, company.zone, &company.overrides);
    let systems = base.systems.iter().map(|name| Text::from(&**name));
    let systems: Vec<Text> = systems.collect();
    let mut touching = Touching {
        raw,
        from,
        spaces: Spaces {
            systems: if systems.len() > 1 {
                systems
            } else {
                Vec::new()
            },
            ..Spaces::default()
        },
        references: BTreeMap::new(),
        surely_named: BTreeSet::new(),
    };
    if touching.look_at_new()? {
        return Ok(Plan::All("a record without an id was taken back"));
    }
    for references in touching.references.values() {
        if references
            .iter()
            .any(|(system, _)| !base.systems.contains(&**system))
        {
            return Ok(Plan::All("a system is new"));
        }
    }
    let people = match touching.people(&tables)? {
        people::Found::All(reason) => return Ok(Plan::All(reason)),
        people::Found::Some(people) => people,
    };
    touching.accounts(&tables)?;
    touching.deals()?;
    for entity in FACTS {
        let has_deal = entity
            .fields()
            .iter()
            .any(|field| field.name == "opportunity");
        if has_deal {
            touching.facts(entity, "opportunity", Space::Cascading)?;
        }
        touching.facts(entity, "account", Space::Reaching)?;
    }
    touching.paused_tickets(&tables)?;
    touching.close(QUOTES)?;
    let pays = [
        Space::Contract,
        Space::Plan,
        Space::Receipt,
        Space::Allocation,
    ];
    if pays.iter().any(|space| !touching.spaces.is_empty(*space)) {
        touching.close(PAYMENTS)?;
    }
    let mut marts = touching.marts();
    if people.users_changed {
        marts.insert("users", partial::Rows::All);
    }
    if people.products_changed {
        marts.insert("products", partial::Rows::All);
    }
    let days = touching.days(base, &tables, people, &calendar, options.now, &mut marts)?;
    if marts.is_empty() && touching.from.is_empty() {
        return Ok(Plan::Nothing);
    }
    let mut inputs = touching.inputs()?;
    if days.counted_anew {
        for entity in [Entity::Interaction, Entity::BusinessWrite] {
            inputs.raw.insert(entity, touching.raw(entity, Rows::ALL)?);
        }
    }
    let mut known = days.known;
    known.account_region = base.catalog.has("account", "region");
    let partial = Partial {
        marts,
        known,
        days: days.writes,
        base: base.clone(),
        tables,
    };
    Ok(Plan::Part(Box::new((partial, inputs))))
}
