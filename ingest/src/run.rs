//! A mapping from beginning to end.

mod columns;
mod prepare;
mod rows;
mod sink;
mod tables;

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
use self::tables::TableJob;
use crate::error::IngestError;
use crate::known::{Known, has_identity};
use crate::mapping::{FileSource, Mapping, Reads, Source};
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
    /// One for each file and table, in the order of the mapping.
    pub sources: Vec<SourceReport>,
}

/// What became of one file or table.
#[derive(Debug, Clone, Serialize)]
pub struct SourceReport {
    /// The file; of a table, the database and the table.
    pub file: PathBuf,
    /// Its sheet, in a workbook.
    pub sheet: Option<String>,
    /// What its rows are.
    pub entity: &'static str,
    /// What kind of file it is; `None` where it was not opened again, and for a table.
    pub format: Option<Format>,
    /// Its encoding, for text.
    pub encoding: Option<&'static str>,
    /// The row that names its columns.
    pub header_row: Option<u64>,
    /// Records in the file; of a table, those that were read this time.
    pub read: u64,
    /// Records that the lake did not have.
    pub added: u64,
    /// Records that were taken back.
    pub deleted: u64,
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
    files: &'a FileSource,
    file: PathBuf,
    transaction: String,
}

/// What is read, in the order of the mapping.
enum Task<'a> {
    File(Job<'a>),
    Table(TableJob<'a>),
}

impl Task<'_> {
    fn entity(&self) -> Entity {
        match self {
            Task::File(job) => job.source.entity,
            Task::Table(job) => job.source.entity,
        }
    }
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
    let (report, pending) = Box::pin(run.convert(&tables)).await?;
    if options.dry_run {
        return Ok(report);
    }
    for (entity, pending) in pending {
        let Some(table) = tables.get(&entity) else {
            continue;
        };
        if pending.files.is_empty() && pending.transactions.is_empty() {
            continue; // a table that had nothing new to say
        }
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
    async fn convert(
        &self,
        tables: &BTreeMap<Entity, Table>,
    ) -> Result<(IngestReport, Vec<(Entity, Pending)>), IngestError> {
        let tasks = self.tasks()?;
        let mut reports = Vec::new();
        let mut all_pending = Vec::new();
        let mut rejects = Vec::new();
        for (entity, table) in tables {
            let own = tasks.iter().filter(|task| task.entity() == *entity);
            let (known, new): (Vec<&Task<'_>>, Vec<&Task<'_>>) = own.partition(|task| {
                matches!(task, Task::File(job) if table.transaction(&job.transaction).is_some())
            });
            for task in known {
                if let Task::File(job) = task {
                    let mut report = SourceReport::of(job.file.clone(), *entity);
                    report.same_as_before = true;
                    reports.push((job.order, report));
                }
            }
            if new.is_empty() {
                continue;
            }
            let pending = self
                .convert_entity(*entity, table, &new, &mut reports, &mut rejects)
                .await?;
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

    fn tasks(&self) -> Result<Vec<Task<'_>>, IngestError> {
        let mut tasks = Vec::new();
        for source in &self.mapping.sources {
            let files = match &source.reads {
                Reads::Files(files) => files,
                Reads::Table(table) => {
                    let sources = self.mapping.sources.iter();
                    let others = sources.filter(|other| other.entity == source.entity);
                    tasks.push(Task::Table(TableJob {
                        order: tasks.len(),
                        source,
                        table,
                        is_whole: has_identity(source.entity) && others.count() == 1,
                    }));
                    continue;
                }
            };
            let fingerprint = source.fingerprint(self.zone, self.options.company_zone);
            for file in self.mapping.files(&source.place, files)? {
                let hash = content_hash(&file, &fingerprint)?;
                let (system, entity) = (&self.mapping.system, source.entity.name());
                let transaction = format!("file:{system}:{entity}:{hash:032x}");
                tasks.push(Task::File(Job {
                    order: tasks.len(),
                    source,
                    files,
                    file,
                    transaction,
                }));
            }
        }
        Ok(tasks)
    }

    /// Converts the files and tables of one entity, in the order of the mapping.
    async fn convert_entity(
        &self,
        entity: Entity,
        table: &Table,
        tasks: &[&Task<'_>],
        reports: &mut Vec<(usize, SourceReport)>,
        rejects: &mut Vec<PathBuf>,
    ) -> Result<Pending, IngestError> {
        let jobs: Vec<&Job<'_>> = tasks
            .iter()
            .filter_map(|task| match task {
                Task::File(job) => Some(job),
                Task::Table(_) => None,
            })
            .collect();
        let compared = table.rows() > 0 || tasks.len() > 1 || jobs.is_empty();
        let (prepared, repeated) = prepare::prepare(entity, &jobs, compared)?;
        let known = if compared {
            let system = &self.mapping.system;
            Some(Known::new(entity, table, system, repeated)?)
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
        let mut prepared = prepared.into_iter();
        for task in tasks {
            let (order, report, transactions) = match task {
                Task::File(job) => {
                    let Some(prepared) = prepared.next() else {
                        continue;
                    };
                    self.options.progress.started(&job.file, size(&job.file));
                    let report = self.convert_file(job, prepared, &mut sink, rejects)?;
                    self.options.progress.finished(&job.file);
                    (job.order, report, vec![(job.transaction.clone(), 1)])
                }
                Task::Table(job) => {
                    let done = tables::convert(self, job, table, &mut sink, rejects).await?;
                    (job.order, done.report, done.transactions)
                }
            };
            rejects.extend(report.reject_file.clone());
            reports.push((order, report));
            for transaction in transactions {
                if !pending.transactions.contains(&transaction) {
                    pending.transactions.push(transaction);
                }
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
        let mut report = SourceReport::of(job.file.clone(), job.source.entity);
        report.sheet.clone_from(&plan.table.sheet);
        report.format = Some(plan.table.input.format());
        report.encoding = plan.table.input.encoding();
        report.header_row = plan.table.header_row;
        let outcome = if matches!(plan.table.input.kind, Kind::Parquet(_))
            && job.files.options.skip_footer == 0
        {
            columns::convert(self, job, &mut plan, sink, rejects)?
        } else {
            rows::convert(self, job, &mut plan, sink, rejects)?
        };
        report.read = outcome.read;
        report.rejected = outcome.rejected;
        report.reject_file = outcome.reject_file;
        (report.added, report.deleted, report.unchanged) = sink.counts();
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
            op: "upsert",
        }
    }
}

/// What came of the rows of a file.
struct Outcome {
    read: u64,
    rejected: u64,
    reject_file: Option<PathBuf>,
}

impl SourceReport {
    fn of(file: PathBuf, entity: Entity) -> Self {
        Self {
            file,
            sheet: None,
            entity: entity.name(),
            format: None,
            encoding: None,
            header_row: None,
            read: 0,
            added: 0,
            deleted: 0,
            unchanged: 0,
            rejected: 0,
            reject_file: None,
            same_as_before: false,
        }
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
