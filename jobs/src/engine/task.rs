//! What a node is told, and what it answers with.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use arrow::array::{AsArray, RecordBatch};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use datafusion::error::DataFusionError;
use millrace_lake::{FileList, Lake, NewFile, WrittenFile};
use millrace_models::catalog::Catalog;
use millrace_models::config::Company;
use millrace_models::entity::Entity;
use millrace_models::marts;
use serde::{Deserialize, Serialize};

use super::Local;
use super::node::MADE;
use crate::build::{Built, Inputs, build, calendar, mart_schema};
use crate::facts::{Mart, table_name};
use crate::quality::Askings;
use crate::raw::{Raw, Rows};
use crate::run::{Open, Progress, RunOptions};
use crate::visits::{Extent, Share};

/// Which marts to make, and of what: all that it takes to do it anywhere the lake can be seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Task {
    /// The folder of the lake.
    lake: PathBuf,
    /// The files of the raw tables, by entity.
    raw: BTreeMap<String, FileList>,
    /// The marts; all where none is named.
    pub(super) marts: Vec<String>,
    /// In how many parts the deals are made.
    pub(super) parts: usize,
    as_of: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
    rows_at_once: usize,
    company: Settings,
}

/// The company's settings, its zone by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Settings {
    name: String,
    zone: String,
    hours: Vec<(NaiveTime, NaiveTime)>,
    overrides: BTreeMap<NaiveDate, bool>,
}

impl Task {
    pub(super) fn new(lake: &Lake, inputs: &Inputs, options: &RunOptions) -> Self {
        let files = |(entity, raw): (&Entity, &Raw)| {
            let list: FileList = raw.table.as_ref().clone();
            (entity.name().to_owned(), list)
        };
        let company = options.company.clone();
        Self {
            lake: lake.root().to_owned(),
            raw: inputs.raw.iter().map(files).collect(),
            marts: options.jobs.clone(),
            parts: options.engine.parts().next_power_of_two(),
            as_of: options.as_of,
            now: options.now,
            rows_at_once: options.rows_at_once,
            company: Settings {
                name: company.name,
                zone: company.zone.name().to_owned(),
                hours: company.hours,
                overrides: company.overrides,
            },
        }
    }

    /// Makes a share of the marts, and says what was written.
    pub(super) fn make(&self, share: Share, progress: Arc<dyn Progress>) -> anyhow::Result<String> {
        let lake = Lake::at(&self.lake)?;
        let raw = self.raw.iter().map(|(name, list)| {
            let entity = Entity::from_name(name).with_context(|| format!("no entity {name}"))?;
            let table = Arc::new(list.clone());
            let rows = Rows::ALL;
            anyhow::Ok((entity, Raw { table, rows }))
        });
        let inputs = Inputs {
            raw: raw.collect::<anyhow::Result<_>>()?,
        };
        let Settings {
            name,
            zone,
            hours,
            overrides,
        } = self.company.clone();
        let options = RunOptions {
            company: Company {
                name,
                zone: zone.parse().map_err(|_| anyhow!("no zone {zone}"))?,
                hours,
                overrides,
            },
            as_of: self.as_of,
            now: self.now,
            jobs: self.marts.clone(),
            full: true,
            rows_at_once: self.rows_at_once,
            engine: Arc::new(Local),
            gate: Arc::new(Open),
            fence: 0,
            progress,
        };
        let built = build(&lake, &inputs, &options, share, None)?;
        Ok(serde_json::to_string(&Outcome::of(built))?)
    }
}

/// What a share came to.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Outcome {
    /// The new files of each mart.
    marts: BTreeMap<String, Vec<WrittenFile>>,
    catalog: Catalog,
    /// The first and the last moment of what was seen, in microseconds.
    seen: (i64, i64),
    systems: BTreeSet<String>,
    asked: Askings,
    warnings: Vec<String>,
}

impl Outcome {
    fn of(built: Built) -> Self {
        let Built {
            marts,
            catalog,
            extent,
            systems,
            asked,
            warnings,
        } = built;
        let files = |mart: Mart| {
            let files = mart.files.into_iter().map(NewFile::hand_over);
            let name = mart.table.trim_start_matches("marts/").to_owned();
            (name, files.collect())
        };
        Self {
            marts: marts.into_iter().map(files).collect(),
            catalog,
            seen: (extent.first_us, extent.last_us),
            systems,
            asked,
            warnings,
        }
    }

    /// Those that the rows of a node of so many parts say.
    pub(super) fn of_rows(batches: &[RecordBatch], parts: usize) -> anyhow::Result<Vec<Self>> {
        let mut outcomes = Vec::new();
        for batch in batches {
            let column = batch.column_by_name(MADE);
            let column = column.and_then(|column| column.as_string_opt::<i32>());
            let column = column.context("the engine gave other rows than it was asked for")?;
            for text in column.iter().flatten() {
                outcomes.push(serde_json::from_str(text)?);
            }
        }
        if outcomes.len() != parts {
            bail!("the engine made {} of {parts} parts", outcomes.len());
        }
        Ok(outcomes)
    }
}

/// Puts together what the parts have made, and adds the calendar, whose days are those of all.
pub(super) fn join(
    lake: &Lake,
    outcomes: Vec<Outcome>,
    options: &RunOptions,
) -> anyhow::Result<Built> {
    let mut built = Built {
        marts: Vec::new(),
        catalog: Catalog::default(),
        extent: Extent::NOTHING,
        systems: BTreeSet::new(),
        asked: Askings::new(),
        warnings: Vec::new(),
    };
    let mut files: BTreeMap<&'static str, Vec<WrittenFile>> = BTreeMap::new();
    for own in outcomes {
        built.catalog.join(&own.catalog);
        let (first_us, last_us) = own.seen;
        built.extent = built.extent.join(Extent { first_us, last_us });
        built.systems.extend(own.systems);
        built.asked.extend(own.asked);
        for warning in own.warnings {
            if !built.warnings.contains(&warning) {
                built.warnings.push(warning);
            }
        }
        for (name, own) in own.marts {
            let mart = marts::built().find(|mart| *mart == name);
            let mart = mart.with_context(|| format!("no mart {name}"))?;
            files.entry(mart).or_default().extend(own);
        }
    }
    for (name, files) in files {
        let schema = mart_schema(name, &built.catalog)?;
        let (table, partition) = (table_name(name), marts::partition(name));
        let files = files
            .into_iter()
            .map(|file| Ok(lake.take_over(&table, Arc::clone(&schema), partition, file)?));
        let files = files.collect::<anyhow::Result<_>>()?;
        built.marts.push(Mart {
            table,
            schema,
            files,
            kept: Vec::new(),
        });
    }
    calendar(lake, options, &mut built)?;
    Ok(built)
}

/// What an engine failed of.
pub(super) fn cause(error: DataFusionError) -> anyhow::Error {
    match error {
        DataFusionError::External(error) => anyhow::Error::from_boxed(error),
        DataFusionError::Context(_, error) => cause(*error),
        error => error.into(),
    }
}
