//! Upkeep of the tables: many small files put together, what no reader needs any more removed.
//!
//! Everything here may be broken off anywhere and done again, also by two processes at once: files
//! are put together by a commit that is refused when the table moved, and removed are only files
//! that no version which is still kept refers to: those that a commit replaced after longer than a
//! query takes, others after longer than any run takes.

mod clean;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::File;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use millrace_models::entity::Entity;
use millrace_models::marts;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::error::LakeError;
use crate::files::TableFile;
use crate::lake::{Change, Lake, Mode};
use crate::published::{self, PUBLISHED, PublishedSet};
use crate::table::Table;
use crate::writer::{NewFile, TableWriter};

/// A file of fewer rows is small.
const SMALL_ROWS: u64 = 128 * 1024;
/// So many small files that follow each other are put together.
const SMALL_FILES: usize = 8;
/// So many files of published sets are put together.
const SET_FILES: usize = 64;
const BATCH_ROWS: usize = 32 * 1024;

/// What upkeep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Upkept {
    /// Files that were put together.
    pub merged_files: usize,
    /// Published sets that are not kept any longer.
    pub forgotten_sets: usize,
    /// Files that were removed.
    pub removed_files: usize,
    /// Bytes of these.
    pub removed_bytes: u64,
    /// Log entries that were removed.
    pub removed_entries: usize,
}

impl Lake {
    /// Puts small files of the raw table `name` together, its rows in their order. How many files
    /// that were.
    ///
    /// # Errors
    /// [`LakeError::Moved`] when the table moved meanwhile; what reading and writing can fail with.
    pub async fn compact(&self, name: &str) -> Result<usize, LakeError> {
        let table = self.table(name).await?;
        let runs = small_runs(&table);
        if runs.is_empty() {
            return Ok(0);
        }
        let merged: HashSet<&Path> = runs.iter().flatten().map(|own| &*own.path).collect();
        let stays = |file: &&TableFile| !merged.contains(&*file.path);
        let kept: Vec<TableFile> = table.files().iter().filter(stays).cloned().collect();
        let count = merged.len();
        drop(merged);
        let writers: Vec<(TableWriter, Vec<TableFile>)> = runs
            .into_iter()
            .map(|run| (self.writer(name, table.schema(), None), run))
            .collect();
        let copied = tokio::task::spawn_blocking(move || {
            let files = writers.into_iter().map(|(writer, run)| copy(writer, &run));
            files.collect::<Result<Vec<_>, _>>()
        });
        let files = copied.await.map_err(|_| LakeError::Stopped)??;
        let change = Change {
            mode: Mode::Rewrite,
            files: files.into_iter().flatten().collect(),
            kept,
            schema: None,
            transactions: Vec::new(),
        };
        self.commit(&table, change).await?;
        Ok(count)
    }

    /// Keeps of the published sets those that [`kept_sets`] names, and puts their files together,
    /// when they lie in many. How many are not kept any longer.
    ///
    /// # Errors
    /// [`LakeError::Moved`] when another set was published meanwhile.
    pub async fn forget_sets(&self, now: DateTime<Utc>) -> Result<usize, LakeError> {
        let table = self.table(PUBLISHED).await?;
        if table.files().len() < SET_FILES {
            return Ok(0);
        }
        let sets = self.sets().await?;
        let kept = kept_sets(&sets, now);
        let mut writer = self.writer(PUBLISHED, table.schema(), None);
        for set in sets.iter().filter(|set| kept.contains(&set.id)) {
            writer.write(&published::to_batch(set)?, None)?;
        }
        let change = Change {
            mode: Mode::Replace,
            files: writer.finish()?,
            kept: Vec::new(),
            schema: None,
            transactions: Vec::new(),
        };
        self.commit(&table, change).await?;
        Ok(sets.len() - kept.len())
    }
}

/// The names of all tables.
pub(crate) fn table_names() -> Vec<String> {
    let raw = Entity::all()
        .iter()
        .map(|entity| format!("raw/{}", entity.name()));
    let marts = marts::TABLES.iter().map(|mart| format!("marts/{mart}"));
    raw.chain(marts).chain([PUBLISHED.to_owned()]).collect()
}

/// The sets that months are closed on, or are being closed on, by number.
fn closed_on(sets: &[PublishedSet]) -> BTreeSet<i64> {
    let newest = sets.iter().max_by_key(|set| set.id);
    let closes = newest.into_iter().flat_map(|set| &set.closes);
    closes.map(|close| close.set).collect()
}

/// The sets that are kept: all of the last hour, of each hour of the last two days the last, of each
/// day of the last 35 the last, the newest, and those that months are closed on. By number.
pub fn kept_sets(sets: &[PublishedSet], now: DateTime<Utc>) -> BTreeSet<i64> {
    let mut last: BTreeMap<(u8, i64), i64> = BTreeMap::new();
    for set in sets {
        let age = now - set.published_at;
        let seconds = set.published_at.timestamp();
        let slots = [
            (age <= TimeDelta::hours(1)).then_some((0, set.id)),
            (age <= TimeDelta::days(2)).then_some((1, seconds.div_euclid(3600))),
            (age <= TimeDelta::days(35)).then_some((2, seconds.div_euclid(86_400))),
            Some((3, 0)),
        ];
        for slot in slots.into_iter().flatten() {
            let last = last.entry(slot).or_insert(set.id);
            *last = (*last).max(set.id);
        }
    }
    let there: BTreeSet<i64> = sets.iter().map(|set| set.id).collect();
    let closed = closed_on(sets);
    last.into_values()
        .chain(closed.intersection(&there).copied())
        .collect()
}

/// Small files that follow each other in the order of their rows, where there are enough.
fn small_runs(table: &Table) -> Vec<Vec<TableFile>> {
    let mut files: Vec<&TableFile> = table.files().iter().collect();
    files.sort_by_key(|file| file.integer_bounds("_seq"));
    let runs = files.chunk_by(|left, right| left.rows < SMALL_ROWS && right.rows < SMALL_ROWS);
    runs.filter(|run| run.len() >= SMALL_FILES)
        .map(|run| run.iter().map(|file| (*file).clone()).collect())
        .collect()
}

fn copy(mut writer: TableWriter, files: &[TableFile]) -> Result<Vec<NewFile>, LakeError> {
    for file in files {
        let handle = File::open(&file.path).map_err(LakeError::file(&file.path))?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(handle)
            .and_then(|builder| builder.with_batch_size(BATCH_ROWS).build())
            .map_err(LakeError::parquet(&file.path))?;
        for batch in reader {
            writer.write_widened(&batch?)?;
        }
    }
    writer.finish()
}

/// How much of a table there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extent {
    /// Files of the newest version.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Entries of the log.
    pub log_entries: usize,
}

impl Table {
    /// How many files the table has at this version, how large they are, and how long its log is.
    ///
    /// # Errors
    /// When the log cannot be listed.
    pub fn extent(&self) -> Result<Extent, LakeError> {
        let log = self.root().join("_delta_log");
        let entries = std::fs::read_dir(&log).map_err(LakeError::file(&log))?;
        let is_commit = |name: &Path| name.extension().is_some_and(|own| own == "json");
        let entries = entries.filter(|entry| {
            let path = entry.as_ref().map(std::fs::DirEntry::path);
            path.is_ok_and(|path| is_commit(&path))
        });
        Ok(Extent {
            files: self.files().len(),
            bytes: self.files().iter().map(|file| file.size).sum(),
            log_entries: entries.count(),
        })
    }
}
