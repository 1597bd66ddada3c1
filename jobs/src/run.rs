//! The pipeline: raw tables in, marts out, published as one set.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use millrace_lake::{Change, Lake, Mode, PublishedSet};
use millrace_models::config::Company;
use millrace_models::entity::Entity;
use millrace_models::marts;
use serde::Serialize;

use crate::build::{Built, Inputs, build};
use crate::facts::table_name;
use crate::visits::Extent;

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

/// Brings the marts up to date with the raw tables and publishes them as one set.
///
/// # Errors
///
/// When a mart is named that does not exist, raw data cannot be read, or a table was changed by
/// another run meanwhile.
#[allow(clippy::too_many_lines, reason = "one step after another")]
pub async fn run(lake: &Lake, options: &RunOptions) -> anyhow::Result<RunReport> {
    for job in &options.jobs {
        if !marts::TABLES.contains(&job.as_str()) {
            bail!(
                "there is no job {job:?}: the jobs are {}",
                marts::TABLES.join(", ")
            );
        }
    }
    let before = lake.latest_set().await?;
    let mut inputs = Inputs {
        raw: BTreeMap::new(),
    };
    for entity in Entity::all() {
        let table = lake.table(&format!("raw/{}", entity.name())).await?;
        inputs.raw.insert(*entity, table);
    }
    let mut bases = BTreeMap::new();
    for mart in marts::TABLES {
        bases.insert(table_name(mart), lake.table(&table_name(mart)).await?);
    }
    let read: BTreeMap<String, u64> = inputs
        .raw
        .values()
        .map(|table| (table.name().to_owned(), table.rows()))
        .collect();
    let (own_lake, own_options) = (lake.clone(), options.clone());
    let built = tokio::task::spawn_blocking(move || build(&own_lake, &inputs, &own_options))
        .await
        .context("the run stopped")??;
    let Built {
        marts,
        catalog,
        extent,
        ingested_us,
        warnings,
    } = built;

    let mut versions: BTreeMap<String, i64> = bases
        .iter()
        .map(|(name, table)| (name.clone(), table.version()))
        .collect();
    if let Some(before) = &before {
        versions.extend(
            before
                .versions
                .iter()
                .map(|(name, version)| (name.clone(), *version)),
        );
    }
    let mut reports = Vec::new();
    for mart in marts {
        let base = bases
            .get(&mart.table)
            .with_context(|| format!("no table {}", mart.table))?;
        let rows = mart.files.iter().map(millrace_lake::NewFile::rows).sum();
        let change = Change {
            mode: Mode::Overwrite,
            files: mart.files,
            schema: Some(mart.schema),
            transactions: Vec::new(),
        };
        let version = lake.commit(base, change).await?;
        let name = mart.table.trim_start_matches("marts/").to_owned();
        reports.push(MartReport {
            name,
            rows,
            version,
        });
        versions.insert(mart.table, version);
    }

    let time = |at_us: i64| DateTime::from_timestamp_micros(at_us);
    let complete_to = options
        .as_of
        .or(ingested_us.and_then(time))
        .unwrap_or(options.now);
    let seen = extent != Extent::NOTHING;
    let partial = before.filter(|_| !options.jobs.is_empty());
    let set = lake
        .publish(PublishedSet {
            id: 0,
            published_at: options.now,
            complete_to,
            versions,
            catalog,
            inputs: match (&partial, options.as_of) {
                (None, None) => read,
                (Some(before), None) => before.inputs.clone(),
                (_, Some(_)) => BTreeMap::new(),
            },
            first_event_at: match &partial {
                Some(before) => before
                    .first_event_at
                    .or(time(extent.first_us).filter(|_| seen)),
                None => time(extent.first_us).filter(|_| seen),
            },
            last_event_at: match &partial {
                Some(before) => before
                    .last_event_at
                    .or(time(extent.last_us).filter(|_| seen)),
                None => time(extent.last_us).filter(|_| seen),
            },
        })
        .await?;
    Ok(RunReport {
        set,
        complete_to,
        marts: reports,
        warnings,
    })
}
