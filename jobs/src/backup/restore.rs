//! An archive back into an installation, on the database that this one has: all of it, or nothing.
//!
//! The archive is read to its end and checked, its files into `restore.part` in the data directory; the
//! rows are loaded into a database file beside its place, or into PostgreSQL in one transaction that is
//! still open; the lake is told the marks of the new change log and is looked through. Only then are the
//! parts given their places, by renaming, and the transaction is committed. What was there before is
//! moved aside with `force`, and never deleted.

use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use millrace_ingest::log_application;
use millrace_lake::Lake;
use millrace_models::config;
use millrace_models::entity::Entity;
use millrace_operations::snapshot::{Loading, Marks, TableShape};
use millrace_operations::{OperationsError, Place};
use sea_orm::DbBackend;
use tokio::sync::mpsc;

use super::manifest::{Manifest, SETTINGS, rows_name};
use super::reading::{ArchiveError, read};
use super::writing::sync_folder;
use super::{ATTACHMENTS, Progress, stamp};

/// Where an archive is unpacked to, in the data directory.
const STAGING: &str = "restore.part";
/// Held while an archive is restored.
const LOCK: &str = "restore.lock";
const LAKE: &str = "lake";

/// What is restored, and where to.
#[derive(Debug, Clone)]
pub struct Restore {
    /// The archive.
    pub file: PathBuf,
    /// The data directory, made when it is not there.
    pub data_dir: PathBuf,
    /// The database.
    pub place: Place,
    /// Move what is there aside.
    pub force: bool,
    /// When it began.
    pub now: DateTime<Utc>,
}

/// What was restored.
#[derive(Debug, Clone, PartialEq)]
pub struct Restored {
    /// What the archive held.
    pub manifest: Manifest,
    /// Where that is which was there before.
    pub aside: Option<PathBuf>,
    /// The schema of the tables that were there before, on PostgreSQL.
    pub aside_schema: Option<String>,
    /// Whether the settings of the archive were taken: those that are there stay.
    pub settings_taken: bool,
    /// How long it took.
    pub seconds: f64,
}

/// Restores an archive; stopped or failed, nothing of it is left.
///
/// # Errors
///
/// [`ArchiveError`] when the archive is not as it was written; when there is something already; those of
/// the database and the file system.
pub async fn restore(what: &Restore, progress: Arc<dyn Progress>) -> anyhow::Result<Restored> {
    let began = Instant::now();
    let stays = what.data_dir.exists();
    let folder = what.data_dir.display();
    std::fs::create_dir_all(&what.data_dir)
        .with_context(|| format!("the directory {folder} cannot be created"))?;
    let made = RemovedIfEmpty(what.data_dir.clone(), !stays);
    let lock = Locked::take(&what.data_dir.join(LOCK))?;
    let there = Parts::there(what);
    if let Some(found) = there.first().filter(|_| !what.force) {
        anyhow::bail!(
            "{} is there already: restore into an empty data directory, or move what is there aside \
             with --force",
            found.display()
        );
    }
    progress.step("unpacking and checking");
    // What is unpacked belongs to the thread that does it, so that it goes after the last file came.
    let traces = Traces {
        staging: Staging::make(what)?,
        _lock: lock,
        _made: made,
    };
    let stop = StopOnDrop::default();
    let (manifest, traces) = {
        let (file, stop) = (what.file.clone(), Arc::clone(&stop.0));
        let progress = Arc::clone(&progress);
        let unpacked = tokio::task::spawn_blocking(move || {
            let folder = &traces.staging.folder;
            let manifest = read(&file, Some(folder), &*progress, &stop)?;
            anyhow::Ok((manifest, traces))
        });
        unpacked
            .await
            .context("the reader of the archive ended")??
    };
    let staging = &traces.staging;
    progress.step("loading the database");
    let aside_schema = matches!(what.place, Place::Url(_)).then(|| aside_schema(what.now));
    let (loading, marks, moved) = load(what, staging, &manifest, aside_schema, &*progress).await?;
    progress.step("checking the lake");
    lake(&staging.folder.join(LAKE), &what.place, &manifest, &marks).await?;
    progress.step("putting it in place");
    // A file must be whole before it gets its name; a transaction is committed when the files have theirs.
    let mut loading = Some(loading);
    if matches!(what.place, Place::File(_))
        && let Some(loading) = loading.take()
    {
        loading.commit().await?;
    }
    let mut placing = Moves::default();
    let aside = (!there.is_empty()).then(|| aside_folder(what));
    let settings_taken = place(what, staging, &there, aside.as_deref(), &mut placing)?;
    if let Some(loading) = loading.take() {
        loading.commit().await?;
    }
    placing.stay();
    Ok(Restored {
        manifest,
        aside,
        aside_schema: moved,
        settings_taken,
        seconds: began.elapsed().as_secs_f64(),
    })
}

/// Loads the rows; the marks of the lake in the new log, and the schema that tables were moved to.
async fn load(
    what: &Restore,
    staging: &Staging,
    manifest: &Manifest,
    aside: Option<String>,
    progress: &dyn Progress,
) -> anyhow::Result<(Loading, Marks, Option<String>)> {
    let shape = &manifest.database;
    let place = match &what.place {
        Place::File(_) => Place::File(staging.database.clone()),
        url @ Place::Url(_) => url.clone(),
    };
    let read = marks(&staging.folder.join(LAKE), &shape.database).await?;
    let begin = |aside: Option<String>| {
        let (place, read) = (place.clone(), read.clone());
        async move { Loading::begin(&place, shape, read, aside.as_deref()).await }
    };
    let (mut loading, moved) = match begin(None).await {
        Err(OperationsError::NotEmpty { .. }) if what.force => (begin(aside.clone()).await?, aside),
        Err(error @ OperationsError::NotEmpty { .. }) => {
            return Err(anyhow::Error::new(error)
                .context("restore into an empty database, or move its tables aside with --force"));
        }
        Err(
            error @ (OperationsError::MigrationUnknown { .. }
            | OperationsError::MigrationChanged { .. }),
        ) => {
            let reason = format!("the archive is of another version of the program: {error}");
            let member = None;
            return Err(ArchiveError { member, reason }.into());
        }
        other => (other?, None),
    };
    for table in &shape.tables {
        progress.step(&format!("table {}", table.name));
        let wanted = manifest.rows.get(&table.name).copied().unwrap_or(0);
        let found = rows(&mut loading, table, &staging.folder).await?;
        if found != wanted {
            let reason = format!("has {found} rows instead of {wanted}");
            let member = Some(format!("database/{}", table.name));
            return Err(ArchiveError { member, reason }.into());
        }
    }
    loading.check().await?;
    let marks = loading.marks();
    Ok((loading, marks, moved))
}

async fn rows(loading: &mut Loading, table: &TableShape, folder: &Path) -> anyhow::Result<u64> {
    let (send, pieces) = mpsc::channel(1);
    let read = async move {
        for number in 1.. {
            let path = folder.join(rows_name(&table.name, number));
            if !path.exists() {
                break;
            }
            let text = std::fs::read(&path).with_context(|| path.display().to_string())?;
            if send.send(text).await.is_err() {
                break;
            }
        }
        anyhow::Ok(())
    };
    let (read, rows) = tokio::join!(read, loading.rows(table, pieces));
    read?;
    rows.with_context(|| format!("database/{} cannot be loaded", table.name))
}

/// Up to where the tables of the lake have read the change log that the archive holds.
async fn marks(lake: &Path, database: &str) -> anyhow::Result<Vec<i64>> {
    let application = log_application(backend(database)?);
    let lake = Lake::at(lake)?;
    let mut marks = Vec::new();
    for name in raw_tables() {
        marks.extend(lake.table(&name).await?.transaction(application));
    }
    Ok(marks)
}

fn backend(database: &str) -> anyhow::Result<DbBackend> {
    match database {
        "sqlite" => Ok(DbBackend::Sqlite),
        "postgres" => Ok(DbBackend::Postgres),
        other => anyhow::bail!("the archive is of a database that is not known: {other}"),
    }
}

fn raw_tables() -> impl Iterator<Item = String> {
    let entities = Entity::all().iter();
    entities.map(|entity| format!("raw/{}", entity.name()))
}

/// Tells the tables of the lake how far they have read the log that is there now, and looks whether every
/// file is there.
async fn lake(
    folder: &Path,
    place: &Place,
    manifest: &Manifest,
    marks: &Marks,
) -> anyhow::Result<()> {
    let from = log_application(backend(&manifest.database.database)?);
    let into = log_application(match place {
        Place::File(_) => DbBackend::Sqlite,
        Place::Url(_) => DbBackend::Postgres,
    });
    let lake = Lake::at(folder)?;
    for name in raw_tables() {
        let table = lake.table(&name).await?;
        let read = table.transaction(from);
        let mark = read.and_then(|read| marks.get(&read)).copied();
        // Where nothing was read there is nothing to say, unless another log was read once.
        if mark.is_some() || table.transaction(into).is_some() {
            lake.restate(&name, into, mark.unwrap_or(0)).await?;
        }
    }
    let flaws = lake.flaws().await?;
    if let Some(flaw) = flaws.first() {
        let reason = format!(
            "needs {}, which the archive does not have with {} bytes",
            flaw.path.file_name().unwrap_or_default().to_string_lossy(),
            flaw.size
        );
        let member = Some(format!("lake/{}", flaw.table));
        return Err(ArchiveError { member, reason }.into());
    }
    Ok(())
}

/// Gives every part its place; whether the settings were taken.
fn place(
    what: &Restore,
    staging: &Staging,
    there: &[PathBuf],
    aside: Option<&Path>,
    moves: &mut Moves,
) -> anyhow::Result<bool> {
    if let Some(aside) = aside {
        std::fs::create_dir_all(aside).with_context(|| aside.display().to_string())?;
        for path in there {
            let name = path.file_name().unwrap_or(OsStr::new("old"));
            moves.rename(path, &aside.join(name))?;
        }
    }
    for folder in [LAKE, ATTACHMENTS] {
        let (from, to) = (staging.folder.join(folder), what.data_dir.join(folder));
        if from.exists() {
            // An empty folder that was made beforehand is no obstacle.
            let _ = std::fs::remove_dir(&to);
            moves.rename(&from, &to)?;
        } else {
            std::fs::create_dir_all(&to).with_context(|| to.display().to_string())?;
        }
    }
    let (from, to) = (
        staging.folder.join(SETTINGS),
        what.data_dir.join(config::FILE_NAME),
    );
    let settings_taken = from.exists() && !to.exists();
    if settings_taken {
        moves.rename(&from, &to)?;
    }
    if let Place::File(database) = &what.place {
        moves.rename(&staging.database, database)?;
        sync_folder(database)?;
    }
    sync_folder(&what.data_dir.join(LAKE))?;
    Ok(settings_taken)
}

/// What an installation has.
struct Parts;

impl Parts {
    /// The parts that are there already.
    fn there(what: &Restore) -> Vec<PathBuf> {
        let mut parts = Vec::new();
        if let Place::File(database) = &what.place {
            parts.extend(["", "-wal", "-shm"].map(|end| with_end(database, end)));
        }
        let is_filled = |folder: &PathBuf| {
            std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
        };
        let folders = [LAKE, ATTACHMENTS].map(|folder| what.data_dir.join(folder));
        parts.retain(|file| file.exists());
        parts.extend(folders.into_iter().filter(is_filled));
        parts
    }
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

fn aside_schema(now: DateTime<Utc>) -> String {
    format!("before_restore_{}", stamp(now).to_ascii_lowercase())
}

fn aside_folder(what: &Restore) -> PathBuf {
    let name = format!("before-restore-{}", stamp(what.now));
    what.data_dir.join(name)
}

/// The folder that an archive is unpacked to, and the database beside its place; gone when dropped.
struct Staging {
    folder: PathBuf,
    database: PathBuf,
}

impl Staging {
    fn make(what: &Restore) -> anyhow::Result<Self> {
        let folder = what.data_dir.join(STAGING);
        let database = match &what.place {
            Place::File(database) => with_end(database, ".restore.part"),
            Place::Url(_) => folder.join("unused.db"),
        };
        let staging = Self { folder, database };
        // What is left of one that was killed.
        staging.remove();
        let folder = &staging.folder;
        std::fs::create_dir(folder)
            .with_context(|| format!("the directory {} cannot be created", folder.display()))?;
        Ok(staging)
    }

    fn remove(&self) {
        let _ = std::fs::remove_dir_all(&self.folder);
        for end in ["", "-wal", "-shm", "-journal"] {
            let _ = std::fs::remove_file(with_end(&self.database, end));
        }
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Renamings that are taken back, the last first, unless they are to stay.
#[derive(Default)]
struct Moves(Vec<(PathBuf, PathBuf)>);

impl Moves {
    fn rename(&mut self, from: &Path, to: &Path) -> anyhow::Result<()> {
        let renamed = std::fs::rename(from, to);
        let (shown, place) = (from.display(), to.display());
        renamed.with_context(|| format!("{shown} cannot become {place}"))?;
        self.0.push((from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn stay(&mut self) {
        self.0.clear();
    }
}

impl Drop for Moves {
    fn drop(&mut self) {
        for (from, to) in self.0.drain(..).rev() {
            if let Err(error) = std::fs::rename(&to, &from) {
                tracing::error!(%error, from = %to.display(), to = %from.display(), "not moved back");
            }
        }
    }
}

/// What goes in the end, in this order.
struct Traces {
    staging: Staging,
    _lock: Locked,
    _made: RemovedIfEmpty,
}

/// Tells a thread that nobody waits for it any more.
#[derive(Default)]
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A file that is locked, and removed in the end.
struct Locked {
    path: PathBuf,
    _file: File,
}

impl Locked {
    fn take(path: &Path) -> anyhow::Result<Self> {
        let file = File::create(path).with_context(|| path.display().to_string())?;
        anyhow::ensure!(
            file.try_lock().is_ok(),
            "another process restores into this data directory"
        );
        Ok(Self {
            path: path.to_owned(),
            _file: file,
        })
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// A directory that was made for this, and goes where nothing came into it.
struct RemovedIfEmpty(PathBuf, bool);

impl Drop for RemovedIfEmpty {
    fn drop(&mut self) {
        if self.1 {
            let _ = std::fs::remove_dir(&self.0);
        }
    }
}
