//! Building marts from the raw tables: load, resolve references, write.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use anyhow::Context;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use chrono::NaiveDate;
use hashbrown::HashMap;
use millrace_lake::Lake;
use millrace_models::calendar::WorkingCalendar;
use millrace_models::catalog::Catalog;
use millrace_models::entity::{Entity, FieldKind};
use millrace_models::marts;

use crate::activity::Activity;
use crate::bearings::Bearing;
use crate::facts::{Mart, Sink};
use crate::orders::Lines;
use crate::partial::{NeedsAll, Partial, Rows};
use crate::payments::Payments;
use crate::quality::Askings;
use crate::raw::Raw;
use crate::run::RunOptions;
use crate::store::{Store, Systems, Text, each_row, text_at};
use crate::visits::{Extent, Share, Sinks, StageChanges};
use crate::world::{Dictionaries, Known, Members, World};
use crate::{
    activity, contracts, deliveries, dimensions, orders, payments, quality, quotes, replace,
    tickets, visits,
};

/// The raw tables as they were when the run began.
pub(crate) struct Inputs {
    pub(crate) raw: BTreeMap<Entity, Raw>,
}

/// What was built and not committed.
pub(crate) struct Built {
    pub(crate) marts: Vec<Mart>,
    pub(crate) catalog: Catalog,
    /// Of the events in the marts that were built.
    pub(crate) extent: Extent,
    pub(crate) systems: BTreeSet<String>,
    pub(crate) asked: Askings,
    pub(crate) warnings: Vec<String>,
}

impl Inputs {
    pub(crate) fn raw(&self, entity: Entity) -> anyhow::Result<&Raw> {
        self.raw
            .get(&entity)
            .with_context(|| format!("no table raw/{}", entity.name()))
    }

    /// When the newest of these rows came in, by the statistics of their files.
    pub(crate) fn ingested_us(&self) -> anyhow::Result<Option<i64>> {
        let mut newest = None;
        for raw in self.raw.values() {
            newest = newest.max(crate::raw::latest(raw, "_ingested_at")?);
        }
        Ok(newest)
    }
}

/// Builds the marts that the options name, or those of a part of the records.
pub(crate) fn build(
    lake: &Lake,
    inputs: &Inputs,
    options: &RunOptions,
    share: Share,
    partial: Option<&Partial>,
) -> anyhow::Result<Built> {
    let mut task = Task::new(options, partial);
    if share.index > 0 {
        // The first share makes what is not divided.
        task.wanted.retain(|mart| DIVIDED.contains(mart));
    }
    task.share = share;
    let mut resolved = load(inputs, &task)?.resolve(inputs, &task)?;
    if let Some(days) = partial.and_then(|partial| partial.days.as_ref()) {
        resolved.take_days(days);
    }
    let mut catalog = resolved.world.catalog();
    let mut systems: BTreeSet<String> = resolved.world.systems.names().map(str::to_owned).collect();
    if let Some(partial) = partial {
        let before = &partial.base;
        catalog.join(&before.catalog);
        if catalog.attributes != before.catalog.attributes
            || catalog.has("account", "region") != before.catalog.has("account", "region")
        {
            return Err(NeedsAll("records have an attribute for the first time").into());
        }
        systems.extend(before.systems.iter().cloned());
    }
    let mut builder = Builder {
        lake,
        task: &task,
        catalog: &catalog,
        now_us: now_us(options),
        marts: Vec::new(),
        extent: Extent::NOTHING,
        asked: Askings::new(),
        warnings: Vec::new(),
    };
    if let Some(partial) = partial {
        let base = &partial.base;
        for at in [base.first_event_at, base.last_event_at]
            .into_iter()
            .flatten()
        {
            builder.extent.see(at.timestamp_micros());
        }
        builder.asked.clone_from(&base.asked);
    }
    let own = builder.facts(resolved)?;
    if partial.is_some() {
        builder.calendar(&own)?;
    }
    let Builder {
        marts,
        extent,
        asked,
        warnings,
        ..
    } = builder;
    Ok(Built {
        marts,
        catalog,
        extent,
        systems,
        asked,
        warnings,
    })
}

/// Adds the calendar, if it is wanted, to marts of all records that were built in shares.
pub(crate) fn calendar(lake: &Lake, options: &RunOptions, built: &mut Built) -> anyhow::Result<()> {
    let company = &options.company;
    let days = WorkingCalendar::chinese(&company.hours, company.zone, &company.overrides);
    let mut builder = Builder {
        lake,
        task: &Task::new(options, None),
        catalog: &built.catalog.clone(),
        now_us: now_us(options),
        marts: std::mem::take(&mut built.marts),
        extent: built.extent,
        asked: Askings::new(),
        warnings: std::mem::take(&mut built.warnings),
    };
    builder.calendar(&days)?;
    built.marts = builder.marts;
    built.warnings = builder.warnings;
    Ok(())
}

/// The columns of a mart, with those of the attributes that there are.
pub(crate) fn mart_schema(mart: &str, catalog: &Catalog) -> anyhow::Result<SchemaRef> {
    let schema = marts::schema(mart).with_context(|| format!("no mart {mart}"))?;
    let entity = match mart {
        "accounts" => Some(Entity::Account),
        "users" => Some(Entity::User),
        "products" => Some(Entity::Product),
        "opportunities" => Some(Entity::Opportunity),
        _ => None,
    };
    Ok(match entity {
        Some(entity) => dimensions::with_attributes(&schema, catalog, entity),
        None => schema,
    })
}

/// Events after it do not count as the last.
fn now_us(options: &RunOptions) -> i64 {
    let as_of_us = options.as_of.map_or(i64::MAX, |at| at.timestamp_micros());
    as_of_us.min(options.now.timestamp_micros())
}

/// The marts that shares make their own part of; the others are made by the first share.
const DIVIDED: [&str; 3] = ["stage_visits", "conversion_cycles", "opportunities"];

/// What is built.
struct Task<'a> {
    options: &'a RunOptions,
    partial: Option<&'a Partial>,
    wanted: BTreeSet<&'static str>,
    /// The deals that are.
    share: Share,
}

impl<'a> Task<'a> {
    /// What is wanted of all deals.
    fn new(options: &'a RunOptions, partial: Option<&'a Partial>) -> Self {
        let is_named =
            |mart: &&str| options.jobs.is_empty() || options.jobs.iter().any(|job| job == *mart);
        let wanted = match partial {
            Some(partial) => partial.names(),
            None => marts::built().filter(is_named).collect(),
        };
        Self {
            options,
            partial,
            wanted,
            share: Share::ALL,
        }
    }

    fn wants(&self, marts: &[&str]) -> bool {
        marts.iter().any(|mart| self.wanted.contains(mart))
    }
}

/// The marts that are made of instalments, receipts and contracts.
const OF_PAYMENTS: [&str; 3] = ["contracts", "payment_performance", "record_quality"];

/// The marts for which the order lines are read.
const OF_ORDERS: [&str; 3] = ["orders", "accounts", "products"];

/// What was read.
struct Loaded {
    calendar: WorkingCalendar,
    systems: Systems,
    stores: [Store; 3],
    facts: Facts,
    mentions: BTreeSet<(Entity, u16, Text)>,
    as_of_us: Option<i64>,
}

/// The records that become facts; those that no wanted mart needs are not there.
#[derive(Default)]
struct Facts {
    quotes: Option<Store>,
    lines: Lines,
    changes: Option<StageChanges>,
    payments: Option<[Store; 4]>,
    tickets: Option<Store>,
    deliveries: Option<Store>,
    activity: Option<Activity>,
    contacts: Option<Store>,
}

fn load(inputs: &Inputs, task: &Task<'_>) -> anyhow::Result<Loaded> {
    let options = task.options;
    let company = &options.company;
    let calendar = WorkingCalendar::chinese(&company.hours, company.zone, &company.overrides);
    let as_of_us = options.as_of.map(|at| at.timestamp_micros());
    let mut systems = Systems::default();
    options.progress.step("records");
    systems.learn_teams(inputs.raw(Entity::Team)?)?;
    let mut store =
        |entity: Entity| Store::load(entity, inputs.raw(entity)?, &mut systems, as_of_us);
    let stores = [
        store(Entity::Account)?,
        store(Entity::User)?,
        store(Entity::Product)?,
    ];
    let mut facts = Facts::default();
    if task.wants(&["quote_outcomes", "accounts", "record_quality"]) {
        facts.quotes = Some(store(Entity::Quote)?);
    }
    if task.wants(&OF_PAYMENTS) {
        facts.payments = Some([
            store(Entity::PaymentPlan)?,
            store(Entity::Receipt)?,
            store(Entity::ReceiptAllocation)?,
            store(Entity::Contract)?,
        ]);
    }
    if task.wants(&["ticket_service", "record_quality"]) {
        facts.tickets = Some(store(Entity::Ticket)?);
    }
    if task.wants(&["deliveries"]) {
        facts.deliveries = Some(store(Entity::Delivery)?);
    }
    if task.wants(&["record_quality"]) {
        facts.contacts = Some(store(Entity::Contact)?);
    }
    if task.wants(&OF_ORDERS) {
        let table = inputs.raw(Entity::Order)?;
        let at_once = options.rows_at_once;
        facts.lines = Lines::load(table, &mut systems, as_of_us, at_once)?;
    }
    if task.wants(&["activity", "user_days"]) {
        let interactions = inputs.raw(Entity::Interaction)?;
        let writes = inputs.raw(Entity::BusinessWrite)?;
        facts.activity = Some(activity::load(
            interactions,
            writes,
            &mut systems,
            as_of_us,
        )?);
    }
    let mut mentions = BTreeSet::new();
    if task.wants(&["accounts", "users", "products"]) {
        mentions = mentioned(inputs, &mut systems, task)?;
    }
    if task.wants(&[
        "stage_visits",
        "conversion_cycles",
        "opportunities",
        "users",
    ]) {
        options.progress.step("stage changes");
        let table = inputs.raw(Entity::StageChange)?;
        let at_once = options.rows_at_once;
        facts.changes = Some(visits::intake(
            table,
            &calendar,
            &mut systems,
            as_of_us,
            at_once,
            task.share,
        )?);
    }
    Ok(Loaded {
        calendar,
        systems,
        stores,
        facts,
        mentions,
        as_of_us,
    })
}

/// What was read, with all references resolved.
struct Resolved {
    world: World,
    quotes: Option<(Store, Vec<Bearing>)>,
    lines: Lines,
    changes: Option<StageChanges>,
    people: Vec<Vec<u32>>,
    payments: Option<Payments>,
    tickets: Option<(Store, Vec<Bearing>)>,
    requesters: Vec<Option<u32>>,
    deliveries: Option<(Store, Vec<Bearing>)>,
    activity: Option<Activity>,
    contacts: Option<(Store, Vec<Bearing>)>,
}

impl Loaded {
    fn resolve(self, inputs: &Inputs, task: &Task<'_>) -> anyhow::Result<Resolved> {
        let Self {
            calendar,
            systems,
            stores,
            facts,
            mentions,
            as_of_us,
        } = self;
        let Facts {
            quotes,
            mut lines,
            changes,
            payments,
            tickets,
            deliveries,
            mut activity,
            contacts,
        } = facts;
        let deals = inputs.raw(Entity::Opportunity)?;
        let nothing = Known::default();
        let known = task.partial.map_or(&nothing, |partial| &partial.known);
        let mut world = World::new(calendar, systems, stores, deals, as_of_us, known)?;
        let own = |world: &mut World, store: Option<Store>| {
            store.map(|store| {
                let bearings = Bearing::of_store(world, &store, "owner");
                (store, bearings)
            })
        };
        let quotes = own(&mut world, quotes);
        let tickets = own(&mut world, tickets);
        let deliveries = own(&mut world, deliveries);
        let contacts = own(&mut world, contacts);
        let requesters = tickets.iter().flat_map(|(store, _)| &store.records);
        let requesters = requesters
            .map(|record| {
                let requester = record.text(Entity::Ticket, "requester")?;
                Some(world.users.resolve(record.system, requester))
            })
            .collect();
        let payments = payments.map(|stores| Payments::resolve(stores, &mut world));
        lines.resolve(&mut world);
        if let Some(activity) = &mut activity {
            activity.resolve(&mut world);
        }
        let people = changes
            .as_ref()
            .map(|changes| visits::resolve_people(&mut world, changes));
        for (entity, system, reference) in &mentions {
            match entity {
                Entity::User => world.users.resolve(*system, reference),
                Entity::Product => world.products.resolve(*system, reference),
                Entity::Account => world.accounts.resolve(*system, reference),
                _ => continue,
            };
        }
        for members in [&mut world.accounts, &mut world.users, &mut world.products] {
            Members::label(members);
        }
        let people = people.unwrap_or_default();
        Ok(Resolved {
            world,
            quotes,
            lines,
            changes,
            people,
            payments,
            tickets,
            requesters,
            deliveries,
            activity,
            contacts,
        })
    }
}

impl Resolved {
    /// Takes these as the writes of people by day, instead of those that were read.
    fn take_days(&mut self, days: &HashMap<(Text, i32), i32>) {
        let Some(activity) = &mut self.activity else {
            return;
        };
        let users = self.world.users.all.iter().zip(0_u32..);
        let places: HashMap<&Text, u32> = users.map(|(user, place)| (&user.id, place)).collect();
        let found = days
            .iter()
            .filter_map(|((user, day), writes)| Some(((*places.get(user)?, *day), *writes)));
        activity.days = found.collect();
    }
}

struct Builder<'a> {
    lake: &'a Lake,
    task: &'a Task<'a>,
    catalog: &'a Catalog,
    /// Events after it do not count as the last.
    now_us: i64,
    marts: Vec<Mart>,
    extent: Extent,
    asked: Askings,
    warnings: Vec<String>,
}

impl Builder<'_> {
    fn sink(&self, mart: &str) -> anyhow::Result<Option<Sink>> {
        if !self.task.wants(&[mart]) {
            return Ok(None);
        }
        let schema = mart_schema(mart, self.catalog)?;
        let partition = marts::partition(mart);
        let rows = match self.task.partial {
            Some(partial) => partial.marts.get(mart).cloned(),
            None => None,
        };
        let rows = rows.unwrap_or(Rows::All);
        Ok(Some(Sink::new(self.lake, mart, schema, partition, rows)))
    }

    /// Closes a mart, with the rows of the set before that stay.
    fn finish(&mut self, sink: Sink) -> anyhow::Result<()> {
        let kept = match self.task.partial {
            Some(partial) => {
                let step = format!("{}, what stays", sink.table());
                self.task.options.progress.step(&step);
                replace::keep(self.lake, partial, &sink)?
            }
            None => replace::Kept::default(),
        };
        self.marts.push(kept.with(sink.finish()?));
        Ok(())
    }

    /// Writes a mart of one batch, if it is wanted.
    fn write(
        &mut self,
        mart: &str,
        batch: impl FnOnce(SchemaRef) -> anyhow::Result<RecordBatch>,
    ) -> anyhow::Result<()> {
        if let Some(sink) = self.sink(mart)? {
            self.task.options.progress.step(mart);
            sink.write(batch(sink.schema())?, None)?;
            self.finish(sink)?;
        }
        Ok(())
    }

    /// All marts but the calendar, by which they are made.
    fn facts(&mut self, mut resolved: Resolved) -> anyhow::Result<WorkingCalendar> {
        let world = &resolved.world;
        let dictionaries = world.dictionaries();
        if let Some(changes) = resolved.changes.take() {
            self.stages(changes, world, &dictionaries, &resolved.people)?;
        }
        let first_sales = self.orders(std::mem::take(&mut resolved.lines), world, &dictionaries)?;
        self.sales(&resolved, &dictionaries)?;
        self.service(&resolved, &dictionaries)?;
        self.quality(&resolved, &dictionaries)?;
        self.write("accounts", |schema| {
            dimensions::accounts(world, &schema, &first_sales)
        })?;
        self.write("users", |schema| dimensions::users(world, &schema))?;
        self.write("products", |schema| dimensions::products(world, &schema))?;
        Ok(resolved.world.calendar)
    }

    /// The days of all events, and what is not known of them.
    fn calendar(&mut self, calendar: &WorkingCalendar) -> anyhow::Result<()> {
        let days = self.days(calendar);
        self.write("calendar", |schema| {
            dimensions::calendar(calendar, &schema, *days.start(), *days.end())
        })?;
        let unknown = calendar.years_without_data(days);
        if !unknown.is_empty() {
            let years: Vec<String> = unknown.iter().map(ToString::to_string).collect();
            self.warnings.push(format!(
                "no statutory holidays are known for {}: only weekends rest there; name the \
                 holidays in calendar.holidays",
                years.join(", ")
            ));
        }
        Ok(())
    }

    /// Orders, and when each account first bought, by its place.
    fn orders(
        &mut self,
        lines: Lines,
        world: &World,
        dictionaries: &Dictionaries,
    ) -> anyhow::Result<HashMap<u32, i64>> {
        let sink = self.sink("orders")?;
        if sink.is_some() {
            self.task.options.progress.step("orders");
        }
        let seen = orders::write(lines, world, dictionaries, sink.as_ref(), self.now_us)?;
        if let Some(sink) = sink {
            self.extent = self.extent.join(seen.extent);
            self.finish(sink)?;
        }
        Ok(seen.first_sales)
    }

    /// Quotes, contracts and payments.
    fn sales(&mut self, resolved: &Resolved, dictionaries: &Dictionaries) -> anyhow::Result<()> {
        let (world, now_us) = (&resolved.world, self.now_us);
        if let Some((store, bearings)) = &resolved.quotes {
            self.timed("quote_outcomes", |schema| {
                quotes::batch(store, bearings, world, dictionaries, schema, now_us)
            })?;
        }
        if let Some(own) = &resolved.payments {
            self.write("contracts", |schema| {
                let bearings = &own.contract_bearings;
                contracts::batch(&own.contracts, bearings, world, dictionaries, schema)
            })?;
            self.timed("payment_performance", |schema| {
                payments::batch(own, world, dictionaries, schema, now_us)
            })?;
        }
        Ok(())
    }

    /// Tickets, and what people do.
    fn service(&mut self, resolved: &Resolved, dictionaries: &Dictionaries) -> anyhow::Result<()> {
        let (world, now_us) = (&resolved.world, self.now_us);
        if let Some((store, bearings)) = &resolved.tickets {
            let own = tickets::Tickets {
                store,
                bearings,
                requesters: &resolved.requesters,
            };
            self.timed("ticket_service", |schema| {
                tickets::batch(&own, world, dictionaries, schema, now_us)
            })?;
        }
        if let Some((store, bearings)) = &resolved.deliveries {
            self.write("deliveries", |schema| {
                deliveries::batch(store, bearings, world, dictionaries, schema)
            })?;
        }
        if let Some(own) = &resolved.activity {
            self.timed("activity", |schema| {
                activity::batch(own, world, dictionaries, schema, now_us)
            })?;
            self.write("user_days", |schema| {
                activity::user_days(own, world, dictionaries, schema, now_us)
            })?;
        }
        Ok(())
    }

    fn quality(&mut self, resolved: &Resolved, dictionaries: &Dictionaries) -> anyhow::Result<()> {
        let (Some(contacts), Some(quotes), Some(tickets), Some(payments)) = (
            &resolved.contacts,
            &resolved.quotes,
            &resolved.tickets,
            &resolved.payments,
        ) else {
            return Ok(());
        };
        if let Some(sink) = self.sink("record_quality")? {
            self.task.options.progress.step("record_quality");
            let records = quality::Records {
                contacts: (&contacts.0, &contacts.1),
                quotes: (&quotes.0, &quotes.1),
                tickets: (&tickets.0, &tickets.1),
                payments,
            };
            let before = self.task.partial.map(|partial| &partial.base.asked);
            let asked = quality::write(&records, &resolved.world, dictionaries, &sink, before)?;
            self.asked.extend(asked);
            self.finish(sink)?;
        }
        Ok(())
    }

    /// Writes a mart of one batch whose events count as seen, if it is wanted.
    fn timed(
        &mut self,
        mart: &str,
        batch: impl FnOnce(SchemaRef) -> anyhow::Result<(RecordBatch, Extent)>,
    ) -> anyhow::Result<()> {
        let mut extent = self.extent;
        self.write(mart, |schema| {
            let (batch, own) = batch(schema)?;
            extent = extent.join(own);
            Ok(batch)
        })?;
        self.extent = extent;
        Ok(())
    }

    fn stages(
        &mut self,
        changes: StageChanges,
        world: &World,
        dictionaries: &Dictionaries,
        people: &[Vec<u32>],
    ) -> anyhow::Result<()> {
        if changes.incomplete > 0 {
            self.warnings.push(format!(
                "{} stage changes were left out: they name no opportunity, stage or time",
                changes.incomplete
            ));
        }
        let visits = self.sink("stage_visits")?;
        let cycles = self.sink("conversion_cycles")?;
        let deals = self.sink("opportunities")?;
        if visits.is_none() && cycles.is_none() && deals.is_none() {
            return Ok(());
        }
        self.task.options.progress.step("stage visits and cycles");
        let sinks = Sinks {
            visits: visits.as_ref(),
            cycles: cycles.as_ref(),
            deals: deals.as_ref(),
        };
        let extent = visits::write(changes, world, dictionaries, people, &sinks, self.now_us)?;
        self.extent = self.extent.join(extent);
        for sink in [visits, cycles, deals].into_iter().flatten() {
            self.finish(sink)?;
        }
        Ok(())
    }

    /// The days from the first event to today.
    fn days(&self, calendar: &WorkingCalendar) -> RangeInclusive<NaiveDate> {
        let first_us = self.extent.first_us.min(self.now_us);
        calendar.date(first_us)..=calendar.date(self.now_us)
    }
}

/// Accounts, users and products that the other entities refer to.
fn mentioned(
    inputs: &Inputs,
    systems: &mut Systems,
    task: &Task<'_>,
) -> anyhow::Result<BTreeSet<(Entity, u16, Text)>> {
    const LOADED: [Entity; 5] = [
        Entity::User,
        Entity::Team,
        Entity::Product,
        Entity::Opportunity,
        Entity::StageChange,
    ];
    let mut mentions = BTreeSet::new();
    for (entity, table) in &inputs.raw {
        let is_loaded = *entity == Entity::Order && task.wants(&OF_ORDERS);
        if is_loaded || LOADED.contains(entity) || table.table.rows == 0 {
            continue;
        }
        let references: Vec<(&str, Entity)> = entity
            .fields()
            .iter()
            .filter_map(|field| match field.kind {
                FieldKind::Reference(to) if to.is_named() => Some((field.name, to)),
                _ => None,
            })
            .collect();
        let mut columns = vec!["_source", "_op"];
        columns.extend(references.iter().map(|(name, _)| *name));
        each_row(
            table,
            systems,
            Some(&columns),
            |system, deleted, batch, row| {
                if deleted {
                    return;
                }
                for (name, to) in &references {
                    if let Some(text) = text_at(batch, name, row) {
                        mentions.insert((*to, system, text));
                    }
                }
            },
        )?;
    }
    Ok(mentions)
}
