//! The pipeline: raw tables in, marts out, published as one set.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::{Context, bail};
use arrow::datatypes::SchemaRef;
use chrono::{DateTime, Utc};
use millrace_lake::{Change, Lake, Mode, PublishedSet, Table};
use millrace_models::calendar::WorkingCalendar;
use millrace_models::catalog::Catalog;
use millrace_models::config::Company;
use millrace_models::entity::{Entity, FieldKind};
use millrace_models::marts;
use serde::Serialize;

use crate::dimensions;
use crate::facts::{Mart, Sink, table_name};
use crate::store::{Store, Systems, Text, each_row};
use crate::visits::{Extent, Sinks};
use crate::world::{Members, World};
use crate::{orders, quotes, visits};

/// Told how a run gets on. All methods do nothing unless they are written.
pub trait Progress: Send + Sync {
    /// A step is begun.
    fn step(&self, name: &str) {
        let _ = name;
    }
}

/// Says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {}

/// What to run.
#[derive(Clone)]
pub struct RunOptions {
    /// Zone and working hours.
    pub company: Company,
    /// What happened later is not seen.
    pub as_of: Option<DateTime<Utc>>,
    /// The time.
    pub now: DateTime<Utc>,
    /// Marts to build, by name; empty for all. The others stay as they are.
    pub jobs: Vec<String>,
    /// Build even what has not changed.
    pub full: bool,
    /// Told of each step.
    pub progress: Arc<dyn Progress>,
}

/// What a run did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunReport {
    /// Number of the published set.
    pub set: i64,
    /// Up to when what was brought in is contained.
    pub complete_to: DateTime<Utc>,
    /// The marts that were built.
    pub marts: Vec<MartReport>,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// A mart that was built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MartReport {
    /// Its name.
    pub name: String,
    /// Its rows.
    pub rows: u64,
    /// Its new version.
    pub version: i64,
}

/// The raw tables as they were when the run began.
struct Inputs {
    raw: BTreeMap<Entity, Table>,
}

/// What was built and not committed.
struct Built {
    marts: Vec<Mart>,
    catalog: Catalog,
    extent: Extent,
    ingested_us: Option<i64>,
    warnings: Vec<String>,
}

/// Brings the marts up to date with the raw tables and publishes them as one set.
///
/// # Errors
///
/// When a mart is named that does not exist, raw data cannot be read, or a table was changed by
/// another run meanwhile.
pub async fn run(lake: &Lake, options: &RunOptions) -> anyhow::Result<RunReport> {
    for job in &options.jobs {
        if !marts::TABLES.contains(&job.as_str()) {
            bail!("there is no job {job:?}: the jobs are {}", marts::TABLES.join(", "));
        }
    }
    let before = lake.latest_set().await?;
    let mut inputs = Inputs { raw: BTreeMap::new() };
    for entity in Entity::all() {
        let table = lake.table(&format!("raw/{}", entity.name())).await?;
        inputs.raw.insert(*entity, table);
    }
    let mut bases = BTreeMap::new();
    for mart in marts::TABLES {
        bases.insert(table_name(mart), lake.table(&table_name(mart)).await?);
    }
    let (own_lake, own_options) = (lake.clone(), options.clone());
    let built = tokio::task::spawn_blocking(move || build(&own_lake, &inputs, &own_options))
        .await
        .context("the run stopped")??;
    let Built { marts, catalog, extent, ingested_us, warnings } = built;

    let mut versions: BTreeMap<String, i64> =
        bases.iter().map(|(name, table)| (name.clone(), table.version())).collect();
    if let Some(before) = &before {
        versions.extend(before.versions.iter().map(|(name, version)| (name.clone(), *version)));
    }
    let mut reports = Vec::new();
    for mart in marts {
        let base = bases.get(&mart.table).with_context(|| format!("no table {}", mart.table))?;
        let rows = mart.files.iter().map(millrace_lake::NewFile::rows).sum();
        let change = Change {
            mode: Mode::Overwrite,
            files: mart.files,
            schema: Some(mart.schema),
            transactions: Vec::new(),
        };
        let version = lake.commit(base, change).await?;
        let name = mart.table.trim_start_matches("marts/").to_owned();
        reports.push(MartReport { name, rows, version });
        versions.insert(mart.table, version);
    }

    let time = |at_us: i64| DateTime::from_timestamp_micros(at_us);
    let complete_to = options.as_of.or(ingested_us.and_then(time)).unwrap_or(options.now);
    let seen = extent != Extent::NOTHING;
    let partial = before.filter(|_| !options.jobs.is_empty());
    let set = lake
        .publish(PublishedSet {
            id: 0,
            published_at: options.now,
            complete_to,
            versions,
            catalog,
            first_event_at: match &partial {
                Some(before) => before.first_event_at.or(time(extent.first_us).filter(|_| seen)),
                None => time(extent.first_us).filter(|_| seen),
            },
            last_event_at: match &partial {
                Some(before) => before.last_event_at.or(time(extent.last_us).filter(|_| seen)),
                None => time(extent.last_us).filter(|_| seen),
            },
        })
        .await?;
    Ok(RunReport { set, complete_to, marts: reports, warnings })
}

/// The marts that are wanted, and what is needed to build them.
struct Wanted<'a> {
    jobs: &'a [String],
}

impl Wanted<'_> {
    fn has(&self, mart: &str) -> bool {
        self.jobs.is_empty() || self.jobs.iter().any(|job| job == mart)
    }
}

fn build(lake: &Lake, inputs: &Inputs, options: &RunOptions) -> anyhow::Result<Built> {
    let company = &options.company;
    let calendar = WorkingCalendar::chinese(&company.hours, company.zone, &company.overrides);
    let wanted = Wanted { jobs: &options.jobs };
    let as_of_us = options.as_of.map(|at| at.timestamp_micros());
    let now_us = as_of_us.unwrap_or(i64::MAX).min(options.now.timestamp_micros());
    let raw = |entity: Entity| {
        inputs.raw.get(&entity).with_context(|| format!("no table raw/{}", entity.name()))
    };
    let mut systems = Systems::default();
    options.progress.step("records");
    let mut load =
        |entity: Entity| Store::load(entity, raw(entity)?, &mut systems, as_of_us);
    let stores = [
        load(Entity::Account)?,
        load(Entity::User)?,
        load(Entity::Product)?,
        load(Entity::Opportunity)?,
    ];
    let all = options.jobs.is_empty();
    let sent = if wanted.has("quote_outcomes") || all { Some(load(Entity::Quote)?) } else { None };
    let need_lines = ["orders", "accounts"].into_iter().any(|mart| wanted.has(mart));
    let mut lines = if need_lines {
        orders::load(raw(Entity::Order)?, &mut systems, as_of_us)?
    } else {
        Vec::new()
    };
    let need_changes = ["stage_visits", "conversion_cycles", "opportunities", "users", "calendar"];
    let changes = if need_changes.into_iter().any(|mart| wanted.has(mart)) {
        options.progress.step("stage changes");
        Some(visits::intake(raw(Entity::StageChange)?, &calendar, &mut systems, as_of_us)?)
    } else {
        None
    };
    let mentions = if all || wanted.has("accounts") || wanted.has("users") || wanted.has("products") {
        mentioned(inputs, &mut systems)?
    } else {
        BTreeSet::new()
    };

    let mut world = World::new(calendar, systems, stores, as_of_us);
    let mut quote_accounts = Vec::new();
    for record in sent.iter().flat_map(|store| &store.records) {
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
        .map(|changes| visits::resolve_people(&mut world, changes))
        .unwrap_or_default();
    for (entity, system, reference) in &mentions {
        match entity {
            Entity::User => world.users.resolve(*system, reference),
            Entity::Product => world.products.resolve(*system, reference),
            _ => world.accounts.resolve(*system, reference),
        };
    }
    for members in [&mut world.accounts, &mut world.users, &mut world.products] {
        Members::label(members);
    }

    let catalog = world.catalog();
    let schema = |mart: &str| -> anyhow::Result<SchemaRef> {
        let schema = marts::schema(mart).with_context(|| format!("no mart {mart}"))?;
        let entity = match mart {
            "accounts" => Entity::Account,
            "users" => Entity::User,
            "products" => Entity::Product,
            "opportunities" => Entity::Opportunity,
            _ => return Ok(schema),
        };
        Ok(dimensions::with_attributes(&schema, &catalog, entity))
    };
    let sink = |mart: &str| -> anyhow::Result<Option<Sink>> {
        if !wanted.has(mart) {
            return Ok(None);
        }
        let partition = (mart == "stage_visits").then_some(marts::VISITS_PARTITION);
        Ok(Some(Sink::new(lake, mart, schema(mart)?, partition)))
    };

    let mut built = Vec::new();
    let mut extent = Extent::NOTHING;
    let mut warnings = Vec::new();
    if let Some(changes) = changes {
        options.progress.step("stage visits and cycles");
        if changes.incomplete > 0 {
            warnings.push(format!(
                "{} stage changes were left out: they name no opportunity, stage or time",
                changes.incomplete
            ));
        }
        let (visits, cycles, deals) =
            (sink("stage_visits")?, sink("conversion_cycles")?, sink("opportunities")?);
        let sinks =
            Sinks { visits: visits.as_ref(), cycles: cycles.as_ref(), deals: deals.as_ref() };
        extent = visits::write(changes, &world, &people, &sinks, now_us)?;
        for sink in [visits, cycles, deals].into_iter().flatten() {
            built.push(sink.finish()?);
        }
    }
    if let (Some(store), Some(sink)) = (&sent, sink("quote_outcomes")?) {
        options.progress.step("quotes");
        let (batch, own) =
            quotes::batch(store, &quote_accounts, &world, sink.schema(), now_us)?;
        extent = extent.join(own);
        sink.write(&batch)?;
        built.push(sink.finish()?);
    }
    if let Some(sink) = sink("orders")? {
        options.progress.step("orders");
        let (batch, own) = orders::batch(&lines, &world, sink.schema(), now_us)?;
        extent = extent.join(own);
        sink.write(&batch)?;
        built.push(sink.finish()?);
    }
    options.progress.step("dimensions");
    if let Some(sink) = sink("accounts")? {
        let first_sales = orders::first_sales(&lines);
        sink.write(&dimensions::accounts(&world, sink.schema(), &first_sales)?)?;
        built.push(sink.finish()?);
    }
    if let Some(sink) = sink("users")? {
        sink.write(&dimensions::users(&world, sink.schema())?)?;
        built.push(sink.finish()?);
    }
    if let Some(sink) = sink("products")? {
        sink.write(&dimensions::products(&world, sink.schema())?)?;
        built.push(sink.finish()?);
    }
    let last_us = now_us.max(if extent == Extent::NOTHING { now_us } else { extent.last_us });
    let days = world.calendar.date(extent.first_us.min(now_us))..=world.calendar.date(last_us);
    if let Some(sink) = sink("calendar")? {
        let batch =
            dimensions::calendar(&world.calendar, sink.schema(), *days.start(), *days.end())?;
        sink.write(&batch)?;
        built.push(sink.finish()?);
    }
    let unknown = world.calendar.years_without_data(days);
    if !unknown.is_empty() {
        let years: Vec<String> = unknown.iter().map(ToString::to_string).collect();
        warnings.push(format!(
            "no statutory holidays are known for {}: only weekends rest there; name the holidays \
             in calendar.holidays",
            years.join(", ")
        ));
    }
    let ingested_us = inputs.ingested_us()?;
    Ok(Built { marts: built, catalog, extent, ingested_us, warnings })
}

impl Inputs {
    /// When the newest row of the raw tables came in, by the statistics of their files.
    fn ingested_us(&self) -> anyhow::Result<Option<i64>> {
        let mut newest = None;
        for table in self.raw.values() {
            newest = newest.max(crate::raw::latest(table, "_ingested_at")?);
        }
        Ok(newest)
    }
}

/// Accounts, users and products that the other entities refer to.
fn mentioned(
    inputs: &Inputs,
    systems: &mut Systems,
) -> anyhow::Result<BTreeSet<(Entity, u16, Text)>> {
    const LOADED: [Entity; 7] = [
        Entity::Account,
        Entity::User,
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
        each_row(table, systems, Some(&columns), |system, deleted, batch, row| {
            if deleted {
                return;
            }
            for (name, to) in &references {
                if let Some(text) = crate::store::text_at(batch, name, row) {
                    mentions.insert((*to, system, text));
                }
            }
        })?;
    }
    Ok(mentions)
}
