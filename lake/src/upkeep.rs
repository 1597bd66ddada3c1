//! Upkeep of the tables: many small files put together, what no reader needs any more removed.
//!
//! Everything here may be broken off anywhere and done again, also by two processes at once: files
//! are put together by a commit that is refused when the table moved, and removed are only files
//! that no version which is still kept refers to and that have been there for longer than any run
//! takes.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use chrono::{DateTime, TimeDelta, Utc};
use millrace_models::entity::Entity;
use millrace_models::marts;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::Deserialize;

use crate::error::LakeError;
use crate::lake::{Change, Lake, Mode};
use crate::log::{commit_file, last_checkpoint};
use crate::published::{self, PUBLISHED, PublishedSet};
use crate::table::{Table, TableFile};
use crate::writer::{NewFile, TableWriter};

/// A file of fewer rows is small.
const SMALL_ROWS: u64 = 128 * 1024;
/// So many small files that follow each other are put together.
const SMALL_FILES: usize = 8;
/// So many files of published sets are put together.
const SET_FILES: usize = 64;
const BATCH_ROWS: usize = 32 * 1024;
/// Files and log entries that are younger are never removed: longer than any run or query takes.
const YOUNG: TimeDelta = TimeDelta::days(1);

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

    /// Removes what no kept set and no newest version of a table refers to: files, and entries of
    /// the logs that a checkpoint stands for.
    ///
    /// # Errors
    /// When a log cannot be read or a file not removed.
    pub async fn clean(&self, now: DateTime<Utc>) -> Result<Upkept, LakeError> {
        let mut oldest: BTreeMap<String, i64> = BTreeMap::new();
        for set in self.sets().await? {
            for (name, version) in set.versions {
                let oldest = oldest.entry(name).or_insert(version);
                *oldest = (*oldest).min(version);
            }
        }
        let mut done = Upkept::default();
        for name in table_names() {
            let table = self.table(&name).await?;
            let oldest = oldest.get(&name).copied().unwrap_or(table.version());
            let before = SystemTime::from(now - YOUNG);
            clean_files(&table, oldest, before, &mut done)?;
            clean_log(&table, oldest, before, &mut done)?;
        }
        Ok(done)
    }
}

/// The names of all tables.
fn table_names() -> Vec<String> {
    let raw = Entity::all()
        .iter()
        .map(|entity| format!("raw/{}", entity.name()));
    let marts = marts::TABLES.iter().map(|mart| format!("marts/{mart}"));
    raw.chain(marts).chain([PUBLISHED.to_owned()]).collect()
}

/// The sets that are kept: all of the last hour, of each hour of the last two days the last, of each
/// day of the last 35 the last, and the newest. By number.
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
    last.into_values().collect()
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

#[derive(Deserialize)]
struct LogLine {
    remove: Option<RemoveLine>,
}

#[derive(Deserialize)]
struct RemoveLine {
    path: String,
}

/// The files that were removed from the table by the versions after `oldest`: one of these may still
/// be read at an earlier version. `None` where the log does not reach back so far.
fn removed_since(table: &Table, oldest: i64) -> Result<Option<HashSet<PathBuf>>, LakeError> {
    let mut removed = HashSet::new();
    for version in oldest + 1..=table.version() {
        let path = commit_file(table.root(), version);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(LakeError::file(&path)(error)),
        };
        for line in text.lines().filter(|line| line.starts_with("{\"remove\"")) {
            let line: LogLine =
                serde_json::from_str(line).map_err(|source| LakeError::LogEntry {
                    path: path.clone(),
                    source,
                })?;
            removed.extend(
                line.remove
                    .map(|own| table.root().join(unescaped(&own.path))),
            );
        }
    }
    Ok(Some(removed))
}

/// A path as the log has it, its escapes resolved.
fn unescaped(path: &str) -> String {
    let decoded = percent_decoded(path.as_bytes());
    String::from_utf8(decoded).unwrap_or_else(|_| path.to_owned())
}

fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        let digits = (*first == b'%').then(|| after.get(..2)).flatten();
        let byte = digits
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    decoded
}

fn clean_files(
    table: &Table,
    oldest: i64,
    before: SystemTime,
    done: &mut Upkept,
) -> Result<(), LakeError> {
    let Some(mut needed) = removed_since(table, oldest)? else {
        return Ok(());
    };
    needed.extend(table.files().iter().map(|file| file.path.clone()));
    for (path, metadata) in files_below(table.root())? {
        let is_parquet = path
            .extension()
            .is_some_and(|extension| extension == "parquet");
        let is_old = metadata.modified().is_ok_and(|modified| modified < before);
        if is_parquet && is_old && !needed.contains(&path) && remove(&path)? {
            done.removed_files += 1;
            done.removed_bytes += metadata.len();
        }
    }
    Ok(())
}

/// All files of a table but those of its log.
fn files_below(root: &Path) -> Result<Vec<(PathBuf, std::fs::Metadata)>, LakeError> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(directory) = open.pop() {
        let entries = std::fs::read_dir(&directory).map_err(LakeError::file(&directory))?;
        for entry in entries {
            let path = entry.map_err(LakeError::file(&directory))?.path();
            let metadata = match std::fs::metadata(&path) {
                Ok(metadata) => metadata,
                // Another process was faster.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(LakeError::file(&path)(error)),
            };
            if !metadata.is_dir() {
                found.push((path, metadata));
            } else if !path.ends_with("_delta_log") {
                open.push(path);
            }
        }
    }
    Ok(found)
}

/// Removes the entries that the newest checkpoint up to `oldest` stands for.
fn clean_log(
    table: &Table,
    oldest: i64,
    before: SystemTime,
    done: &mut Upkept,
) -> Result<(), LakeError> {
    let Some((checkpoint, _)) = last_checkpoint(table.root(), oldest)? else {
        return Ok(());
    };
    let log = table.root().join("_delta_log");
    for entry in std::fs::read_dir(&log).map_err(LakeError::file(&log))? {
        let entry = entry.map_err(LakeError::file(&log))?;
        let name = entry.file_name();
        let version = name
            .to_str()
            .and_then(|name| name.get(..20)?.parse::<i64>().ok());
        let is_old = entry
            .metadata()
            .and_then(|metadata| metadata.modified())
            .is_ok_and(|modified| modified < before);
        if version.is_some_and(|version| version < checkpoint) && is_old && remove(&entry.path())? {
            done.removed_entries += 1;
        }
    }
    Ok(())
}

/// Removes a file; whether it was there.
fn remove(path: &Path) -> Result<bool, LakeError> {
    match std::fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(LakeError::file(path)(error)),
    }
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
