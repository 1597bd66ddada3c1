//! A mapping from beginning to end.

mod columns;
mod prepare;
mod rows;
mod sink;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use millrace_lake::{Change, Lake, Mode, NewFile, Table};
use millrace_models::entity::Entity;
use serde::Serialize;
use xxhash_rust::xxh3::Xxh3;

use self::prepare::Prepared;
use self::sink::Sink;
use crate::error::IngestError;
use crate::known::Known;
use crate::mapping::{Mapping, Source};
use crate::progress::Progress;
use crate::reader::{Format, Kind, unreadable};

/// Commits are tried again so often when another process added to the same table meanwhile.
const ATTEMPTS: usize = 4;

/// What to do with a row that has a bad cell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnError {
    /// Stop; nothing is committed.
    #[default]
    Stop,
    /// Leave it out and write it, with the reasons, to `FILE.rejected.csv` beside the source.
    Reject,
}

/// How an ingest runs.
#[derive(Clone, Copy)]
pub struct IngestOptions<'a> {
    /// The zone whose days and months the company counts in.
    pub company_zone: Tz,
    /// The time that the rows are marked as ingested at.
    pub now: DateTime<Utc>,
    /// What to do with a row that has a bad cell.
    pub on_error: OnError,
    /// Do everything but write.
    pub dry_run: bool,
    /// Told how it gets on.
    pub progress: &'a dyn Progress,
}

/// What an ingest did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct IngestReport {
    /// Whether nothing was written.
    pub dry_run: bool,
    /// Whose ids the records have.
    pub system: String,
    /// One for each file, in the order of the mapping.
    pub sources: Vec<SourceReport>,
}

/// What became of one file.
#[derive(Debug, Clone, Serialize)]
pub struct SourceReport {
    /// The file.
    pub file: PathBuf,
    /// Its sheet, in a workbook.
    pub sheet: Option<String>,
    /// What its rows are.
    pub entity: &'static str,
    /// What kind of file it is; `None` where it was not opened again.
    pub format: Option<Format>,
    /// Its encoding, for text.
    pub encoding: Option<&'static str>,
    /// The row that names its columns.
    pub header_row: Option<u64>,
    /// Records in the file.
    pub read: u64,
    /// Records that the lake did not have.
    pub added: u64,
    /// Records that the lake had already.
    pub unchanged: u64,
    /// Records that were left out for a bad cell.
    pub rejected: u64,
    /// Where those are.
    pub reject_file: Option<PathBuf>,
    /// Whether the very same content was ingested before, so that the file was not opened again.
    pub same_as_before: bool,
}

/// One file of one source.
struct Job<'a> {
    order: usize,
    source: &'a Source,
    file: PathBuf,
    transaction: String,
}

/// What is to be committed to the table of an entity.
#[derive(Default)]
struct Pending {
    files: Vec<NewFile>,
    transactions: Vec<(String, i64)>,
}

/// Reads the sources of a mapping into the raw tables of the lake.
///
/// All sources are converted first; then each entity's rows are added in one commit. Broken off
/// in between, the next call continues where this one ended.
///
/// # Errors
/// When the mapping is wrong, a file cannot be read, a cell does not hold what it should (unless
/// such rows are rejected), or the lake cannot be written.
pub async fn ingest_mapping(
    lake: &Lake,
    mapping: &Path,
    options: &IngestOptions<'_>,
) -> Result<IngestReport, IngestError> {
    let mapping = Mapping::read(mapping)?;
    let mut attempt = 1;
    loop {
        match ingest_once(lake, &mapping, options).await {
            Err(IngestError::Lake(error)) if error.is_retryable() && attempt < ATTEMPTS => {
                tracing::info!(%error, "another process wrote meanwhile; once more");
                attempt += 1;
            }
            done => return done,
        }
    }
}

async fn ingest_once(
    lake: &Lake,
    mapping: &Mapping,
    options: &IngestOptions<'_>,
) -> Result<IngestReport, IngestError> {
    let mut tables = BTreeMap::new();
    let entities: BTreeSet<Entity> = mapping.sources.iter().map(|source| source.entity).collect();
    for entity in entities {
        tables.insert(entity, lake.table(&table_name(entity)).await?);
    }
    let run = Run {
        lake,
        mapping,
        options,
        zone: mapping.zone.unwrap_or(options.company_zone),
    };
    let (report, pending) = run.convert(&tables)?;
    if options.dry_run {
        return Ok(report);
    }
    for (entity, pending) in pending {
        let Some(table) = tables.get(&entity) else {
            continue;
        };
        let change = Change {
            mode: Mode::AppendUnmoved,
            files: pending.files,
            kept: Vec::new(),
            schema: None,
            transactions: pending.transactions,
        };
        lake.commit(table, change).await?;
    }
    Ok(report)
}

pub(crate) fn table_name(entity: Entity) -> String {
    format!("raw/{}", entity.name())
}

struct Run<'a> {
    lake: &'a Lake,
    mapping: &'a Mapping,
    options: &'a IngestOptions<'a>,
    zone: Tz,
}

impl Run<'_> {
    fn convert(
        &self,
        tables: &BTreeMap<Entity, Table>,
    ) -> Result<(IngestReport, Vec<(Entity, Pending)>), IngestError> {
        let jobs = self.jobs()?;
        let mut reports = Vec::new();
        let mut all_pending = Vec::new();
        let mut rejects = Vec::new();
        for (entity, table) in tables {
            let (known, new): (Vec<&Job<'_>>, Vec<&Job<'_>>) = jobs
                .iter()
                .filter(|job| job.source.entity == *entity)
                .partition(|job| table.transaction(&job.transaction).is_some());
            reports.extend(known.into_iter().map(|job| (job.order, unopened(job))));
            if new.is_empty() {
                continue;
            }
            let pending = self.convert_entity(table, &new, &mut reports, &mut rejects)?;
            all_pending.push((*entity, pending));
        }
        reports.sort_by_key(|(order, _)| *order);
        let report = IngestReport {
            dry_run: self.options.dry_run,
            system: self.mapping.system.clone(),
            sources: reports.into_iter().map(|(_, report)| report).collect(),
        };
        Ok((report, all_pending))
    }

    fn jobs(&self) -> Result<Vec<Job<'_>>, IngestError> {
        let mut jobs = Vec::new();
        for source in &self.mapping.sources {
            let fingerprint = source.fingerprint(self.zone, self.options.company_zone);
            for file in self.mapping.files(source)? {
                let hash = content_hash(&file, &fingerprint)?;
                let (system, entity) = (&self.mapping.system, source.entity.name());
                let transaction = format!("file:{system}:{entity}:{hash:032x}");
                jobs.push(Job {
                    order: jobs.len(),
                    source,
                    file,
                    transaction,
                });
            }
        }
        Ok(jobs)
    }

    /// Converts the files of one entity, in the order of the mapping.
    fn convert_entity(
        &self,
        table: &Table,
        jobs: &[&Job<'_>],
        reports: &mut Vec<(usize, SourceReport)>,
        rejects: &mut Vec<PathBuf>,
    ) -> Result<Pending, IngestError> {
        let Some(entity) = jobs.first().map(|job| job.source.entity) else {
            return Ok(Pending::default());
        };
        let compared = table.rows() > 0 || jobs.len() > 1;
        let (prepared, repeated) = prepare::prepare(entity, jobs, compared)?;
        let known = if compared {
            let mut known = Known::new(entity, repeated);
            known.load(table, &self.mapping.system)?;
            Some(known)
        } else {
            None
        };
        let mut sink = Sink::new(
            self,
            entity,
            known,
            i64::try_from(table.rows()).unwrap_or(i64::MAX),
        );
        let mut pending = Pending::default();
        for (job, prepared) in jobs.iter().zip(prepared) {
            self.options.progress.started(&job.file, size(&job.file));
            let report = self.convert_file(job, prepared, &mut sink, rejects)?;
            self.options.progress.finished(&job.file);
            rejects.extend(report.reject_file.clone());
            reports.push((job.order, report));
            let transaction = (job.transaction.clone(), 1);
            if !pending.transactions.contains(&transaction) {
                pending.transactions.push(transaction);
            }
        }
        pending.files = sink.finish()?;
        Ok(pending)
    }

    fn convert_file(
        &self,
        job: &Job<'_>,
        prepared: Prepared,
        sink: &mut Sink<'_>,
        rejects: &[PathBuf],
    ) -> Result<SourceReport, IngestError> {
        let mut plan = prepared.plan(self, job)?;
        sink.begin(self.stamp(&job.file));
        let mut report = unopened(job);
        report.same_as_before = false;
        report.sheet.clone_from(&plan.table.sheet);
        report.format = Some(plan.table.input.format());
        report.encoding = plan.table.input.encoding();
        report.header_row = plan.table.header_row;
        let outcome = if matches!(plan.table.input.kind, Kind::Parquet(_))
            && job.source.options.skip_footer == 0
        {
            columns::convert(self, job, &mut plan, sink, rejects)?
        } else {
            rows::convert(self, job, &mut plan, sink, rejects)?
        };
        report.read = outcome.read;
        report.rejected = outcome.rejected;
        report.reject_file = outcome.reject_file;
        (report.added, report.unchanged) = sink.counts();
        Ok(report)
    }

    fn stamp(&self, file: &Path) -> crate::batch::Stamp {
        let folder = self.mapping.file.parent().unwrap_or(Path::new(""));
        let name = file.strip_prefix(folder).unwrap_or(file);
        crate::batch::Stamp {
            system: self.mapping.system.clone(),
            file: name
                .strip_prefix(".")
                .unwrap_or(name)
                .to_string_lossy()
                .into_owned(),
            ingested_at: self.options.now,
        }
    }
}

/// What came of the rows of a file.
struct Outcome {
    read: u64,
    rejected: u64,
    reject_file: Option<PathBuf>,
}

fn unopened(job: &Job<'_>) -> SourceReport {
    SourceReport {
        file: job.file.clone(),
        sheet: None,
        entity: job.source.entity.name(),
        format: None,
        encoding: None,
        header_row: None,
        read: 0,
        added: 0,
        unchanged: 0,
        rejected: 0,
        reject_file: None,
        same_as_before: true,
    }
}

fn size(file: &Path) -> u64 {
    std::fs::metadata(file).map_or(0, |metadata| metadata.len())
}

/// Tells whether the same bytes were read by the same mapping before.
fn content_hash(path: &Path, fingerprint: &str) -> Result<u128, IngestError> {
    let mut file = File::open(path).map_err(unreadable(path))?;
    let mut hash = Xxh3::new();
    hash.update(fingerprint.as_bytes());
    let mut chunk = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut chunk).map_err(unreadable(path))?;
        if read == 0 {
            return Ok(hash.digest128());
        }
        hash.update(&chunk[..read]);
    }
}
