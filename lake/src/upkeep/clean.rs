//! Removing what no reader needs any more: files, entries of the logs, checkpoints.
//!
//! A log is kept from the newest checkpoint that is not after the oldest version of the last hour's
//! sets. Each earlier version that a set names has a checkpoint of its own, which says what the table
//! was without the entries before it; so what is kept is bounded by an hour of commits and the number
//! of sets, however long the history is.

use std::collections::{BTreeSet, HashSet};
use std::fs::{DirEntry, File, Metadata};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use chrono::{DateTime, TimeDelta, Utc};
use deltalake_core::DeltaTable;
use deltalake_core::checkpoints::create_checkpoint;
use serde::Deserialize;

use super::{Upkept, table_names};
use crate::error::LakeError;
use crate::lake::Lake;
use crate::log::{checkpoint_file, paths_in_checkpoint};
use crate::published::PublishedSet;
use crate::table::Table;

/// Of sets that are younger every version can be loaded from the log.
const RECENT: TimeDelta = TimeDelta::hours(1);
/// Entries of logs that are younger are never removed, nor the files that they took out of their
/// table: longer than a query takes.
const YOUNG_ENTRIES: TimeDelta = TimeDelta::hours(2);
/// Files that no version refers to are not removed when they are younger: they may be those of a run
/// or an ingest that has not committed yet.
const YOUNG_FILES: TimeDelta = TimeDelta::days(1);

impl Lake {
    /// Removes what no kept set and no newest version of a table refers to: files, and entries of
    /// the logs that a checkpoint stands for.
    ///
    /// # Errors
    /// When a log cannot be read, a checkpoint not written or a file not removed.
    pub async fn clean(&self, now: DateTime<Utc>) -> Result<Upkept, LakeError> {
        let sets = self.sets().await?;
        let mut done = Upkept::default();
        for name in table_names() {
            let table = self.table(&name).await?;
            let mut log = Log::list(&table)?;
            let versions = Versions::of(&table, &sets, &log, now);
            for version in &versions.apart {
                if !log.checkpoints.contains(version) {
                    stand_alone(&self.table_at(&name, *version).await?).await?;
                    log.checkpoints.insert(*version);
                }
            }
            let mut needed: HashSet<PathBuf> = HashSet::new();
            needed.extend(table.files().iter().map(|file| file.path.clone()));
            for version in &versions.apart {
                let paths = paths_in_checkpoint(&checkpoint_file(table.root(), *version))?;
                let paths = paths.iter().map(|path| table.root().join(unescaped(path)));
                needed.extend(paths);
            }
            for version in versions.named.range(versions.base..versions.recent) {
                let earlier = self.table_at(&name, *version).await?;
                needed.extend(earlier.files().iter().map(|file| file.path.clone()));
            }
            let before = SystemTime::from(now - YOUNG_ENTRIES);
            let (old, young): (Vec<Entry>, Vec<Entry>) = log
                .entries
                .into_iter()
                .partition(|entry| entry.version <= versions.recent && entry.modified < before);
            // What was taken out lately may still be read: at a version of the last hour, or by who
            // loaded the table before.
            for entry in young {
                needed.extend(removed_by(&table, &entry.path)?.into_iter().flatten());
            }
            for entry in old {
                entry.clean(&table, &versions, &needed, &mut done)?;
            }
            let before = SystemTime::from(now - YOUNG_FILES);
            remove_files(&table, &needed, before, &mut done)?;
        }
        Ok(done)
    }
}

/// Which versions of a table can be asked for.
struct Versions {
    /// Those that sets name.
    named: BTreeSet<i64>,
    /// The oldest of the last hour.
    recent: i64,
    /// The log goes back to the checkpoint of this version.
    base: i64,
    /// Those of the named ones that are before it: each has a checkpoint of its own.
    apart: BTreeSet<i64>,
}

impl Versions {
    fn of(table: &Table, sets: &[PublishedSet], log: &Log, now: DateTime<Utc>) -> Self {
        let version = |set: &PublishedSet| set.versions.get(table.name()).copied();
        let named: BTreeSet<i64> = sets.iter().filter_map(version).collect();
        let recent = sets.iter().filter(|set| now - set.published_at <= RECENT);
        let recent = recent.filter_map(version).min();
        let recent = recent.unwrap_or(table.version()).min(table.version());
        let base = log.checkpoints.range(..=recent).next_back().copied();
        let base = base.unwrap_or(0);
        Self {
            apart: named.range(..base).copied().collect(),
            named,
            recent,
            base,
        }
    }
}

/// What lies in the log of a table.
struct Log {
    entries: Vec<Entry>,
    checkpoints: BTreeSet<i64>,
}

struct Entry {
    version: i64,
    path: PathBuf,
    modified: SystemTime,
    is_checkpoint: bool,
}

impl Log {
    fn list(table: &Table) -> Result<Self, LakeError> {
        let log = table.root().join("_delta_log");
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(&log).map_err(LakeError::file(&log))? {
            let entry: DirEntry = entry.map_err(LakeError::file(&log))?;
            let name = entry.file_name();
            let version = name.to_str().and_then(|name| name.get(..20)?.parse().ok());
            let Some(version) = version else { continue };
            let modified = match entry.metadata().and_then(|own| own.modified()) {
                Ok(modified) => modified,
                // Another process was faster.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(LakeError::file(entry.path())(error)),
            };
            let is_checkpoint = name
                .to_str()
                .is_some_and(|name| name.ends_with(".checkpoint.parquet"));
            entries.push(Entry {
                version,
                path: entry.path(),
                modified,
                is_checkpoint,
            });
        }
        let checkpoints = entries.iter().filter(|entry| entry.is_checkpoint);
        Ok(Self {
            checkpoints: checkpoints.map(|entry| entry.version).collect(),
            entries,
        })
    }
}

impl Entry {
    /// Removes the files that it took out of the table, and itself where nobody needs it. The files
    /// first: once the entry is gone, only their age tells that they are unused.
    fn clean(
        self,
        table: &Table,
        versions: &Versions,
        needed: &HashSet<PathBuf>,
        done: &mut Upkept,
    ) -> Result<(), LakeError> {
        for path in removed_by(table, &self.path)?.into_iter().flatten() {
            let size = std::fs::metadata(&path).map_or(0, |own| own.len());
            if !needed.contains(&path) && remove(&path)? {
                done.removed_files += 1;
                done.removed_bytes += size;
            }
        }
        let is_named = self.is_checkpoint && versions.apart.contains(&self.version);
        if self.version < versions.base && !is_named {
            done.removed_entries += usize::from(remove(&self.path)?);
        }
        Ok(())
    }
}

/// Writes a checkpoint of an earlier version. The log's hint goes on naming the newest.
async fn stand_alone(table: &Table) -> Result<(), LakeError> {
    let hint = table.root().join("_delta_log/_last_checkpoint");
    let newest = std::fs::read(&hint).map_err(LakeError::file(&hint))?;
    let mut delta = DeltaTable::new(table.log_store().clone());
    delta.state = Some(table.state().clone());
    create_checkpoint(&delta, None)
        .await
        .map_err(LakeError::delta(table.name()))?;
    let partial = hint.with_extension("partial");
    File::create(&partial)
        .and_then(|mut file| file.write_all(&newest))
        .and_then(|()| std::fs::rename(&partial, &hint))
        .map_err(LakeError::file(&hint))
}

#[derive(Deserialize)]
struct LogLine {
    remove: Option<RemoveLine>,
}

#[derive(Deserialize)]
struct RemoveLine {
    path: String,
}

/// The files that an entry took out of the table; `None` where there is no such entry.
fn removed_by(table: &Table, entry: &Path) -> Result<Option<Vec<PathBuf>>, LakeError> {
    if entry.extension().is_none_or(|own| own != "json") {
        return Ok(None);
    }
    let text = match std::fs::read_to_string(entry) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(LakeError::file(entry)(error)),
    };
    let mut removed = Vec::new();
    for line in text.lines().filter(|line| line.starts_with("{\"remove\"")) {
        let line: LogLine = serde_json::from_str(line).map_err(|source| LakeError::LogEntry {
            path: entry.to_owned(),
            source,
        })?;
        let path = line.remove.map(|own| unescaped(&own.path));
        removed.extend(path.map(|path| table.root().join(path)));
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

/// Removes files that no log speaks of any more: those of writers that were killed.
fn remove_files(
    table: &Table,
    needed: &HashSet<PathBuf>,
    before: SystemTime,
    done: &mut Upkept,
) -> Result<(), LakeError> {
    for (path, metadata) in files_below(table.root())? {
        let is_parquet = path.extension().is_some_and(|own| own == "parquet");
        let is_old = metadata.modified().is_ok_and(|modified| modified < before);
        if is_parquet && is_old && !needed.contains(&path) && remove(&path)? {
            done.removed_files += 1;
            done.removed_bytes += metadata.len();
        }
    }
    Ok(())
}

/// All files of a table but those of its log.
fn files_below(root: &Path) -> Result<Vec<(PathBuf, Metadata)>, LakeError> {
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

/// Removes a file; whether it was there.
fn remove(path: &Path) -> Result<bool, LakeError> {
    match std::fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(LakeError::file(path)(error)),
    }
}
