//! Building marts from the raw tables: load, resolve references, write.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use anyhow::Context;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use chrono::NaiveDate;
use millrace_lake::{Lake, Table};
use millrace_models::calendar::WorkingCalendar;
use millrace_models::catalog::Catalog;
use millrace_models::entity::{Entity, FieldKind};
use millrace_models::marts;

use crate::facts::{Mart, Sink};
use crate::orders::Line;
use crate::run::RunOptions;
use crate::store::{Store, Systems, Text, each_row, text_at};
use crate::visits::{Extent, Sinks, StageChanges};
use crate::world::{Dictionaries, Members, World};
use crate::{dimensions, orders, quotes, visits};

/// The raw tables as they were when the run began.
pub(crate) struct Inputs {
    pub(crate) raw: BTreeMap<Entity, Table>,
}

/// What was built and not committed.
pub(crate) struct Built {
    pub(crate) marts: Vec<Mart>,
    pub(crate) catalog: Catalog,
    /// Of the events in the marts that were built.
    pub(crate) extent: Extent,
    /// When the newest raw row came in.
    pub(crate) ingested_us: Option<i64>,
    pub(crate) warnings: Vec<String>,
}

impl Inputs {
    fn raw(&self, entity: Entity) -> anyhow::Result<&Table> {
        self.raw
            .get(&entity)
            .with_context(|| format!("no table raw/{}", entity.name()))
    }

    /// When the newest row of the raw tables came in, by the statistics of their files.
    fn ingested_us(&self) -> anyhow::Result<Option<i64>> {
        let mut newest = None;
        for table in self.raw.values() {
            newest = newest.max(crate::raw::latest(table, "_ingested_at")?);
        }
        Ok(newest)
    }
}

/// Builds the marts that the options name.
pub(crate) fn build(lake: &Lake, inputs: &Inputs, options: &RunOptions) -> anyhow::Result<Built> {
    let resolved = load(inputs, options)?.resolve(inputs)?;
    let catalog = resolved.world.catalog();
    let as_of_us = options.as_of.map_or(i64::MAX, |at| at.timestamp_micros());
    let mut builder = Builder {
        lake,
        options,
        catalog: &catalog,
        now_us: as_of_us.min(options.now.timestamp_micros()),
        marts: Vec::new(),
        extent: Extent::NOTHING,
        warnings: Vec::new(),
    };
    builder.facts(resolved)?;
    let Builder {
        marts,
        extent,
        warnings,
        ..
    } = builder;
    Ok(Built {
        marts,
        catalog,
        extent,
        ingested_us: inputs.ingested_us()?,
        warnings,
    })
}

fn wants(options: &RunOptions, marts: &[&str]) -> bool {
    options.jobs.is_empty() || options.jobs.iter().any(|job| marts.contains(&job.as_str()))
}

/// What was read.
struct Loaded {
    calendar: WorkingCalendar,
    systems: Systems,
    stores: [Store; 3],
    quotes: Option<Store>,
    lines: Vec<Line>,
    changes: Option<StageChanges>,
    mentions: BTreeSet<(Entity, u16, Text)>,
    as_of_us: Option<i64>,
}

fn load(inputs: &Inputs, options: &RunOptions) -> anyhow::Result<Loaded> {
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
    let mut quotes = None;
    if wants(options, &["quote_outcomes", "accounts"]) {
        quotes = Some(store(Entity::Quote)?);
    }
    let mut lines = Vec::new();
    if wants(options, &["orders", "accounts", "products"]) {
        lines = orders::load(inputs.raw(Entity::Order)?, &mut systems, as_of_us)?;
    }
    let mut mentions = BTreeSet::new();
    if wants(options, &["accounts", "users", "products"]) {
        mentions = mentioned(inputs, &mut systems)?;
    }
    let mut changes = None;
    if wants(
        options,
        &[
            "stage_visits",
            "conversion_cycles",
            "opportunities",
            "users",
        ],
    ) {
        options.progress.step("stage changes");
        let table = inputs.raw(Entity::StageChange)?;
        changes = Some(visits::intake(table, &calendar, &mut systems, as_of_us)?);
    }
    Ok(Loaded {
        calendar,
        systems,
        stores,
        quotes,
        lines,
        changes,
        mentions,
        as_of_us,
    })
}

/// What was read, with all references resolved.
struct Resolved {
    world: World,
    quotes: Option<Store>,
    /// The accounts that quotes name themselves.
    quote_accounts: Vec<Option<u32>>,
    lines: Vec<Line>,
    changes: Option<StageChanges>,
    people: Vec<Vec<u32>>,
}

impl Loaded {
    fn resolve(self, inputs: &Inputs) -> anyhow::Result<Resolved> {
        let Self {
            calendar,
            systems,
            stores,
            quotes,
            mut lines,
            changes,
            mentions,
            as_of_us,
        } = self;
        let deals = inputs.raw(Entity::Opportunity)?;
        let mut world = World::new(calendar, systems, stores, deals, as_of_us)?;
        let mut quote_accounts = Vec::new();
        for record in quotes.iter().flat_map(|store| &store.records) {
            let account = record.text(Entity::Quote, "account");
            quote_accounts
                .push(account.map(|account| world.accounts.resolve(record.system, account)));
        }
        for line in &mut lines {
            let system = line.record.system;
            let account = line.record.text(Entity::Order, "account");
            let product = line.record.text(Entity::Order, "product");
            let account = account.map(|account| world.accounts.resolve(system, account));
            let product = product.map(|product| world.products.resolve(system, product));
            (line.account, line.product) = (account, product);
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
            quote_accounts,
            lines,
            changes,
            people,
        })
    }
}

struct Builder<'a> {
    lake: &'a Lake,
    options: &'a RunOptions,
    catalog: &'a Catalog,
    /// Events after it do not count as the last.
    now_us: i64,
    marts: Vec<Mart>,
    extent: Extent,
    warnings: Vec<String>,
}

impl Builder<'_> {
    fn sink(&self, mart: &str) -> anyhow::Result<Option<Sink>> {
        if !wants(self.options, &[mart]) {
            return Ok(None);
        }
        let schema = marts::schema(mart).with_context(|| format!("no mart {mart}"))?;
        let entity = match mart {
            "accounts" => Some(Entity::Account),
            "users" => Some(Entity::User),
            "products" => Some(Entity::Product),
            "opportunities" => Some(Entity::Opportunity),
            _ => None,
        };
        let schema = match entity {
            Some(entity) => dimensions::with_attributes(&schema, self.catalog, entity),
            None => schema,
        };
        let partition = (mart == "stage_visits").then_some(marts::VISITS_PARTITION);
        Ok(Some(Sink::new(self.lake, mart, schema, partition)))
    }

    /// Writes a mart of one batch, if it is wanted.
    fn write(
        &mut self,
        mart: &str,
        batch: impl FnOnce(SchemaRef) -> anyhow::Result<RecordBatch>,
    ) -> anyhow::Result<()> {
        if let Some(sink) = self.sink(mart)? {
            self.options.progress.step(mart);
            sink.write(batch(sink.schema())?, None)?;
            self.marts.push(sink.finish()?);
        }
        Ok(())
    }

    fn facts(&mut self, resolved: Resolved) -> anyhow::Result<()> {
        let Resolved {
            world,
            quotes,
            quote_accounts,
            lines,
            changes,
            people,
        } = resolved;
        let now_us = self.now_us;
        let dictionaries = world.dictionaries();
        if let Some(changes) = changes {
            self.stages(changes, &world, &dictionaries, &people)?;
        }
        let mut extent = self.extent;
        if let Some(store) = &quotes {
            self.write("quote_outcomes", |schema| {
                let (batch, own) = quotes::batch(
                    store,
                    &quote_accounts,
                    &world,
                    &dictionaries,
                    schema,
                    now_us,
                )?;
                extent = extent.join(own);
                Ok(batch)
            })?;
        }
        self.write("orders", |schema| {
            let (batch, own) = orders::batch(&lines, &world, &dictionaries, schema, now_us)?;
            extent = extent.join(own);
            Ok(batch)
        })?;
        self.extent = extent;
        self.write("accounts", |schema| {
            dimensions::accounts(&world, &schema, &orders::first_sales(&lines))
        })?;
        self.write("users", |schema| dimensions::users(&world, &schema))?;
        self.write("products", |schema| dimensions::products(&world, &schema))?;
        let days = self.days(&world.calendar);
        self.write("calendar", |schema| {
            dimensions::calendar(&world.calendar, &schema, *days.start(), *days.end())
        })?;
        let unknown = world.calendar.years_without_data(days);
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
        self.options.progress.step("stage visits and cycles");
        let sinks = Sinks {
            visits: visits.as_ref(),
            cycles: cycles.as_ref(),
            deals: deals.as_ref(),
        };
        self.extent = visits::write(changes, world, dictionaries, people, &sinks, self.now_us)?;
        for sink in [visits, cycles, deals].into_iter().flatten() {
            self.marts.push(sink.finish()?);
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
) -> anyhow::Result<BTreeSet<(Entity, u16, Text)>> {
    const LOADED: [Entity; 8] = [
        Entity::Account,
        Entity::User,
        Entity::Team,
        Entity::Product,
        Entity::Opportunity,
        Entity::StageChange,
        Entity::Quote,
        Entity::Order,
    ];
    let mut mentions = BTreeSet::new();
    for (entity, table) in &inputs.raw {
        if LOADED.contains(entity) || table.rows() == 0 {
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
