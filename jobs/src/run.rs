//! The pipeline: raw tables in, marts out, published as one set.
//!
//! A run goes on from the published set: it makes anew what the raw rows since then can have
//! changed, and leaves the rest as it is. The set is the truth, and the marts' newest versions are
//! not: a run that was broken off may have left some of them ahead. So each mart is committed as the
//! set's files, less those that are replaced, plus the new ones, whatever else lies in the table; and
//! the new set is published only while the one that it was made from is still the newest. Broken off
//! anywhere, a run has changed nothing that a reader sees, and the next one does it whole.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use millrace_lake::{Change, Lake, Made, Mode, PublishedSet, Table};
use millrace_models::config::Company;
use millrace_models::entity::Entity;
use millrace_models::identity::text_number;
use millrace_models::marts;
use serde::Serialize;

use crate::build::{Built, Inputs, build};
use crate::engine::{Engine, build_all};
use crate::facts::{Mart, table_name};
use crate::partial::NeedsAll;
use crate::raw::{Raw, Rows, latest};
use crate::touched::{Plan, plan};
use crate::visits::{Extent, Share};

/// Counts up when marts are made otherwise than before from the same records.
const MADE: u32 = 4;
/// The application id that every commit of a mart carries, counted up by each.
const APPLICATION: &str = "millrace";

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

/// What a run passes before each commit.
pub trait Gate: Send + Sync {
    /// Whether the run may commit to a table: an error stops it there.
    fn pass<'a>(&'a self, table: &'a str) -> BoxFuture<'a, anyhow::Result<()>>;
}

/// Lets everything pass.
#[derive(Debug, Clone, Copy, Default)]
pub struct Open;

impl Gate for Open {
    fn pass<'a>(&'a self, _: &'a str) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

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
    /// Stage changes that are held in memory at once, at most: [`ROWS_AT_ONCE`] unless there is little.
    pub rows_at_once: usize,
    /// Passed before each commit.
    pub gate: Arc<dyn Gate>,
    /// The token of the lease that the run is under; 0 without one.
    pub fence: i64,
    /// Where the marts of all records are made.
    pub engine: Arc<dyn Engine>,
    /// Told of each step.
    pub progress: Arc<dyn Progress>,
}

/// What a run did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunReport {
    /// Number of the published set; of the one that was there, when nothing was new.
    pub set: i64,
    /// Up to when what was brought in is contained.
    pub complete_to: DateTime<Utc>,
    /// Whether a set was published: something was new.
    pub published: bool,
    /// Why everything was made anew; `None` when only what had changed was.
    pub full: Option<&'static str>,
    /// The marts that were built.
    pub marts: Vec<MartReport>,
    /// What took how long, in its order.
    pub steps: Vec<StepReport>,
    /// What the user should know.
    pub warnings: Vec<String>,
}

impl RunReport {
    /// Nothing is new since a set.
    pub(crate) fn nothing(set: &PublishedSet) -> Self {
        Self {
            set: set.id,
            complete_to: set.complete_to,
            published: false,
            full: None,
            marts: Vec::new(),
            steps: Vec::new(),
            warnings: Vec::new(),
        }
    }
}

/// A step of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepReport {
    /// What was done.
    pub name: String,
    /// How long it took, in seconds.
    pub seconds: f64,
}

/// The steps of a run with the moments they began, passed on to who is told of them.
struct Steps {
    to: Arc<dyn Progress>,
    begun: Mutex<Vec<(String, Instant)>>,
}

impl Steps {
    fn report(&self) -> Vec<StepReport> {
        let begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let ends = begun.iter().skip(1).map(|own| own.1);
        let ends = ends.chain([Instant::now()]);
        begun
            .iter()
            .zip(ends)
            .map(|((name, began), end)| StepReport {
                name: name.clone(),
                seconds: (end - *began).as_secs_f64(),
            })
            .collect()
    }
}

impl Progress for Steps {
    fn step(&self, name: &str) {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        begun.push((name.to_owned(), Instant::now()));
        self.to.step(name);
    }
}

/// A mart that was built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MartReport {
    /// Its name.
    pub name: String,
    /// Its rows.
    pub rows: u64,
    /// Those of them that were written.
    pub written: u64,
    /// Its new version.
    pub version: i64,
}

/// What was built, and from what.
struct Work {
    began: Instant,
    built: Built,
    full: Option<&'static str>,
    /// When the newest raw row came in.
    ingested_us: Option<i64>,
}

/// Brings the marts up to date with the raw tables and publishes them as one set.
///
/// # Errors
///
/// When a mart is named that does not exist, raw data cannot be read, a table was changed by
/// another run meanwhile, or the gate is shut.
pub async fn run(lake: &Lake, options: &RunOptions) -> anyhow::Result<RunReport> {
    let steps = Arc::new(Steps {
        to: Arc::clone(&options.progress),
        begun: Mutex::default(),
    });
    let options = &RunOptions {
        progress: Arc::clone(&steps) as Arc<dyn Progress>,
        ..options.clone()
    };
    let report = run_in_steps(lake, options).await?;
    Ok(RunReport {
        steps: steps.report(),
        ..report
    })
}

async fn run_in_steps(lake: &Lake, options: &RunOptions) -> anyhow::Result<RunReport> {
    for job in &options.jobs {
        if !marts::built().any(|mart| mart == job) {
            bail!(
                "there is no job {job:?}: the jobs are {}",
                marts::built().collect::<Vec<_>>().join(", ")
            );
        }
    }
    options.progress.step("opening the tables");
    let before = lake.latest_set().await?;
    let mut raw = BTreeMap::new();
    for entity in Entity::all() {
        let table = lake.table(&format!("raw/{}", entity.name())).await?;
        raw.insert(*entity, table);
    }
    let mut heads = BTreeMap::new();
    let mut tables = BTreeMap::new();
    for mart in marts::built() {
        let name = table_name(mart);
        let head = lake.table(&name).await?;
        let published = before.as_ref().and_then(|set| set.versions.get(&name));
        let own = match published {
            Some(version) if *version != head.version() => lake.table_at(&name, *version).await?,
            _ => head.clone(),
        };
        tables.insert(name.clone(), own);
        heads.insert(name, head);
    }
    let read: BTreeMap<String, u64> = raw
        .values()
        .map(|table| (table.name().to_owned(), table.rows()))
        .collect();
    let began = Instant::now();
    let (own_lake, own_options, own_before) = (lake.clone(), options.clone(), before.clone());
    let (own_tables, own_raw) = (tables.clone(), raw.clone());
    let due = tokio::task::spawn_blocking(move || {
        let before = own_before.as_ref();
        due(&own_lake, &own_options, before, own_tables, &own_raw, began)
    });
    let work = match due.await.context("the run stopped")?? {
        Due::Nothing => {
            let before = before.context("nothing is new where there is nothing")?;
            return Ok(RunReport::nothing(&before));
        }
        Due::Made(work) => *work,
        Due::All(reason) => {
            tracing::info!(reason, "all marts are built anew");
            let all = raw.iter().map(|(entity, table)| {
                let (table, rows) = (table.list(), Rows::ALL);
                (*entity, Raw { table, rows })
            });
            let inputs = Inputs { raw: all.collect() };
            Work {
                began,
                built: build_all(lake, &inputs, options).await?,
                full: Some(reason),
                ingested_us: inputs.ingested_us()?,
            }
        }
    };
    publish(lake, options, before, work, read, &tables, &heads).await
}

/// What is to be done.
enum Due {
    /// Nothing is new.
    Nothing,
    /// What is new is made.
    Made(Box<Work>),
    /// All marts, for a reason.
    All(&'static str),
}

/// Makes what is new since a set, or says why all marts are to be made.
fn due(
    lake: &Lake,
    options: &RunOptions,
    before: Option<&PublishedSet>,
    tables: BTreeMap<String, Table>,
    raw: &BTreeMap<Entity, Table>,
    began: Instant,
) -> anyhow::Result<Due> {
    let reason = match before {
        _ if options.full => "it was asked for",
        _ if options.as_of.is_some() => "an earlier time was asked for",
        _ if !options.jobs.is_empty() => "some marts were asked for",
        None => "nothing was published",
        Some(set) if set.basis != basis(options) => "the program or the company's settings changed",
        Some(set) if set.published_at > options.now => "the set is of a later time",
        Some(set) => return part(lake, options, set, tables, raw, began),
    };
    Ok(Due::All(reason))
}

/// Builds what changed since a set.
fn part(
    lake: &Lake,
    options: &RunOptions,
    set: &PublishedSet,
    tables: BTreeMap<String, Table>,
    raw: &BTreeMap<Entity, Table>,
    began: Instant,
) -> anyhow::Result<Due> {
    options.progress.step("what changed");
    let (partial, inputs) = match plan(set, tables, raw, options)? {
        Plan::All(reason) => return Ok(Due::All(reason)),
        Plan::Nothing => return Ok(Due::Nothing),
        Plan::Part(part) => *part,
    };
    let built = match build(lake, &inputs, options, Share::ALL, Some(&partial)) {
        Ok(built) => built,
        Err(error) => match error.downcast_ref() {
            Some(NeedsAll(reason)) => return Ok(Due::All(reason)),
            None => return Err(error),
        },
    };
    let mut ingested_us = Some(set.complete_to.timestamp_micros());
    for table in raw.values() {
        let known = set.inputs.get(table.name()).copied().unwrap_or(0);
        if table.rows() > known {
            let new = Raw {
                table: table.list(),
                rows: Rows::since(i64::try_from(known)?),
            };
            ingested_us = ingested_us.max(latest(&new, "_ingested_at")?);
        }
    }
    Ok(Due::Made(Box::new(Work {
        began,
        built,
        full: None,
        ingested_us,
    })))
}

/// What beside the records marts are made by, as a number of its text.
fn basis(options: &RunOptions) -> String {
    let company = &options.company;
    let parts: [&dyn Debug; 3] = [&company.zone, &company.hours, &company.overrides];
    format!("{MADE}-{:016x}", text_number(&format!("{parts:?}")))
}

/// Commits the marts and publishes them.
async fn publish(
    lake: &Lake,
    options: &RunOptions,
    before: Option<PublishedSet>,
    work: Work,
    read: BTreeMap<String, u64>,
    tables: &BTreeMap<String, Table>,
    heads: &BTreeMap<String, Table>,
) -> anyhow::Result<RunReport> {
    let Work {
        began,
        built,
        full,
        ingested_us,
    } = work;
    options.progress.step("committing");
    // What is not made here, such as scores, stays as it was told.
    let mut versions = before
        .as_ref()
        .map_or_else(BTreeMap::new, |set| set.versions.clone());
    let own = tables.iter();
    versions.extend(own.map(|(name, table)| (name.clone(), table.version())));
    let mut reports = Vec::new();
    for mart in built.marts {
        let table = tables.get(&mart.table);
        let head = heads.get(&mart.table);
        let (table, head) = table
            .zip(head)
            .with_context(|| format!("no table {}", mart.table))?;
        if mart.files.is_empty() && mart.kept.len() == table.files().len() && full.is_none() {
            continue;
        }
        options.gate.pass(&mart.table).await?;
        let (name, report) = commit(lake, head, mart, &read).await?;
        versions.insert(name, report.version);
        reports.push(report);
    }
    let time = |at_us: i64| DateTime::from_timestamp_micros(at_us);
    let complete_to = options
        .as_of
        .or(ingested_us.and_then(time))
        .unwrap_or(options.now);
    let extent = built.extent;
    let seen = extent != Extent::NOTHING;
    let partial = before.as_ref().filter(|_| !options.jobs.is_empty());
    let own = |at_us: i64| time(at_us).filter(|_| seen);
    options.gate.pass("published").await?;
    let set = PublishedSet {
        id: 0,
        published_at: options.now,
        complete_to,
        versions,
        catalog: built.catalog,
        inputs: match (partial, options.as_of) {
            (None, None) => read,
            // The marts that were not built are of older rows: the next run builds all.
            _ => BTreeMap::new(),
        },
        first_event_at: partial
            .and_then(|before| before.first_event_at)
            .or(own(extent.first_us)),
        last_event_at: partial
            .and_then(|before| before.last_event_at)
            .or(own(extent.last_us)),
        basis: basis(options),
        systems: built.systems,
        asked: built.asked,
        fence: options.fence,
        made: Made {
            full: full.map(str::to_owned),
            rows: reports.iter().map(|mart| mart.written).sum(),
            took_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        },
        closes: before
            .as_ref()
            .map_or_else(Vec::new, |set| set.closes.clone()),
    };
    let base = before.map(|set| set.id);
    let set = lake.publish_after(set, base).await?;
    Ok(RunReport {
        set,
        complete_to,
        published: true,
        full,
        marts: reports,
        steps: Vec::new(),
        warnings: built.warnings,
    })
}

/// Commits a mart: its files that stay and its new ones, and what they were made of.
pub(crate) async fn commit(
    lake: &Lake,
    head: &Table,
    mart: Mart,
    read: &BTreeMap<String, u64>,
) -> anyhow::Result<(String, MartReport)> {
    let written = mart.files.iter().map(millrace_lake::NewFile::rows).sum();
    let kept: u64 = mart.kept.iter().map(|file| file.rows).sum();
    let next = head.transaction(APPLICATION).unwrap_or(0) + 1;
    let inputs = read
        .iter()
        .map(|(name, rows)| (name.clone(), i64::try_from(*rows).unwrap_or(i64::MAX)));
    let change = Change {
        mode: Mode::Replace,
        files: mart.files,
        kept: mart.kept,
        schema: Some(mart.schema),
        transactions: std::iter::once((APPLICATION.to_owned(), next))
            .chain(inputs)
            .collect(),
    };
    let version = lake.commit(head, change).await?;
    let report = MartReport {
        name: mart.table.trim_start_matches("marts/").to_owned(),
        rows: kept + written,
        written,
        version,
    };
    Ok((mart.table, report))
}
