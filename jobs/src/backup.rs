//! Backups: database, lake and attachments as one consistent archive, taken while servers run and write.
//!
//! # Why it is consistent
//!
//! What the lake has read of the change log must be in the log, and a month that is closed names a set
//! that the lake must have. So both are fixed under the lease of the marts, when nobody publishes or
//! closes: first the versions of the tables (the one whose mark says how far the log was read before the
//! others), then the snapshot of the database, which so knows at least what the lake knows. From there
//! on everybody works on: the snapshot is a transaction that holds nobody up, files of a table never
//! change, attachments lie under the hash of their bytes and are made before their records. Only the
//! removal of old files waits, by the lease [`STILL`](crate::lease::STILL).
//!
//! What was written after the moment of the snapshot is not in the archive.
//!
//! # The archive
//!
//! A tar of plain files, compressed by zstd: `millrace-backup.json` first (what it is), then
//! `database/TABLE/000001.copy` (rows as text, see [`millrace_operations::snapshot`]), `attachments/…`,
//! `lake/…`, `settings/millrace.toml` without its secrets, and last `manifest.json` with the size and the
//! SHA-256 of every member. It is written to `FILE.part` and gets its name when it is whole and synced.

mod daily;
mod manifest;
mod reading;
mod record;
mod restore;
mod retention;
mod settings;
mod writing;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use millrace_ingest::last_table;
use millrace_lake::{Lake, Pins};
use millrace_models::config::Company;
use millrace_operations::snapshot::{Piece, Snapshot, TableShape};
use millrace_operations::{OperationsError, Store};
use tokio::sync::mpsc;

pub use daily::{Daily, daily, directory_of};
pub use manifest::{FORMAT, Header, LakeManifest, Manifest, Member};
pub use reading::{ArchiveError, check};
pub use record::{Failed, Last, Record, read as read_record};
pub use restore::{Restore, Restored, restore};
pub use retention::{Kept, name_of, taken_at, to_remove};

use crate::backup::manifest::Attached;
use crate::backup::writing::{Orders, Part};
use crate::lease::{Under, give_up, still, when_free};

/// What is told while it goes on.
pub trait Progress: Send + Sync {
    /// Another part of the work begins.
    fn step(&self, name: &str);
    /// So many bytes more are done.
    fn advanced(&self, bytes: u64);
}

/// Tells nothing.
#[derive(Debug, Clone, Copy)]
pub struct Quiet;

impl Progress for Quiet {
    fn step(&self, _: &str) {}
    fn advanced(&self, _: u64) {}
}

/// What a backup is taken of.
#[derive(Debug, Clone)]
pub struct Installation {
    /// The records.
    pub store: Store,
    /// The tables.
    pub lake: Lake,
    /// The company.
    pub company: Company,
    /// The data directory; attachments are in its folder `attachments`.
    pub data_dir: PathBuf,
    /// The settings file, which need not be there.
    pub settings_file: PathBuf,
}

/// A backup that was taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Taken {
    /// The archive.
    pub file: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// What it holds.
    pub manifest: Manifest,
    /// How long it took.
    pub seconds: f64,
    /// For how long nobody could publish numbers, of these.
    pub pinned_seconds: f64,
}

/// The folder of the attachments in a data directory.
pub(crate) const ATTACHMENTS: &str = "attachments";
/// So many missing attachments are named.
const NAMED: usize = 100;

/// Takes a backup into `file`, until it is done or `stop` is; then nothing is left of it. A file that
/// is there is replaced with `force` only. What came of it is kept in the data directory for `doctor`,
/// unless it could not begin.
///
/// # Errors
///
/// When the file is there already or cannot be written, another backup takes too long, or a file of the
/// lake is missing; those of the database. Attachments that are missing or damaged are no error, as they
/// would be forever; the manifest names them.
pub async fn take(
    from: &Installation,
    file: &Path,
    force: bool,
    progress: Arc<dyn Progress>,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<Taken> {
    let part = Part::create(file, force)?;
    let now = from.store.now();
    let taken = until(from, part, progress, stop).await;
    match &taken {
        Ok(taken) => told(record::succeeded(&from.data_dir, taken)),
        Err(error) if error.is::<Stopped>() => {}
        Err(error) => told(record::failed(&from.data_dir, now, file, error)),
    }
    taken
}

fn told(kept: anyhow::Result<()>) {
    if let Err(error) = kept {
        tracing::warn!(%error, "what came of the backup is not kept for `doctor`");
    }
}

/// Somebody asked the backup to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped;

impl std::fmt::Display for Stopped {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the backup was stopped; nothing of it was kept")
    }
}

impl std::error::Error for Stopped {}

async fn until(
    from: &Installation,
    part: Part,
    progress: Arc<dyn Progress>,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<Taken> {
    let slot = crate::lease::Slot::default();
    let taken = tokio::select! {
        taken = still(&from.store, &slot, async || Box::pin(write(from, part, progress)).await) => taken,
        () = stop => Err(Stopped.into()),
    };
    give_up(&from.store, &slot).await;
    taken
}

async fn write(
    from: &Installation,
    part: Part,
    progress: Arc<dyn Progress>,
) -> anyhow::Result<Taken> {
    let began = Instant::now();
    let file = part.file().to_owned();
    progress.step("waiting for a quiet moment");
    let (pins, mut snapshot, taken_at, pinned_seconds) =
        when_free(&from.store, async |_: Under| {
            let began = Instant::now();
            let (pins, snapshot) = Box::pin(fix(&from.lake, &from.store)).await?;
            let seconds = began.elapsed().as_secs_f64();
            Ok((pins, snapshot, from.store.now(), seconds))
        })
        .await?;
    let header = Header::new(taken_at);
    let (orders, writing) = writing::begin(part, taken_at, Arc::clone(&progress));
    let written = async {
        orders.bytes(manifest::HEADER, header.to_json()?).await?;
        progress.step("settings");
        if let Some(text) = settings::without_secrets(&from.settings_file)? {
            orders.bytes(manifest::SETTINGS, text.into_bytes()).await?;
        }
        let mut rows = std::collections::BTreeMap::new();
        for table in snapshot.shape().tables.clone() {
            progress.step(&format!("table {}", table.name));
            let count = table_rows(&mut snapshot, &table, &orders).await?;
            rows.insert(table.name, count);
        }
        let folder = from.data_dir.join(ATTACHMENTS);
        let mut attached = missing(&mut snapshot, &folder).await?;
        let database = snapshot.shape().clone();
        snapshot.end().await?;
        progress.step("attachments");
        attachments(&folder, &orders, &mut attached).await?;
        progress.step("lake");
        for file in &pins.files {
            orders.lake(file).await?;
        }
        Ok::<_, anyhow::Error>((database, rows, attached))
    };
    // The thread that writes knows best why nothing is taken any more.
    let (database, rows, attached) = match written.await {
        Ok(written) => written,
        Err(error) => {
            drop(orders);
            let own = writing.await.context("the writer of the archive ended")?;
            let is_effect = error.is::<writing::Gone>();
            return Err(own.err().filter(|_| is_effect).unwrap_or(error));
        }
    };
    let manifest = Manifest {
        header,
        company: from.company.name.clone(),
        zone: from.company.zone.name().to_owned(),
        database,
        rows,
        lake: LakeManifest::of(&pins),
        attachments: attached,
        members: Vec::new(),
    };
    progress.step("closing the archive");
    orders.finish(manifest).await?;
    drop(orders);
    let (manifest, bytes) = writing.await.context("the writer of the archive ended")??;
    Ok(Taken {
        file,
        bytes,
        manifest,
        seconds: began.elapsed().as_secs_f64(),
        pinned_seconds,
    })
}

/// Fixes what the archive holds: the lake first, so that the database knows at least as much.
async fn fix(lake: &Lake, store: &Store) -> anyhow::Result<(Pins, Snapshot)> {
    let pins = lake.pins(&[last_table()]).await?;
    Ok((pins, Snapshot::begin(store).await?))
}

async fn table_rows(
    snapshot: &mut Snapshot,
    table: &TableShape,
    orders: &Orders,
) -> anyhow::Result<u64> {
    let (send, mut pieces) = mpsc::channel::<Piece>(1);
    let read = async {
        let rows = snapshot.rows(table, &send).await;
        drop(send);
        rows
    };
    let written = async {
        let mut number = 0;
        while let Some(piece) = pieces.recv().await {
            number += 1;
            let name = manifest::rows_name(&table.name, number);
            orders.bytes(&name, piece.text).await?;
        }
        anyhow::Ok(())
    };
    let (read, written) = tokio::join!(read, written);
    written?;
    Ok(read?.unwrap_or(0))
}

/// Tells each file that records name, and whether it is there with its size.
pub(crate) async fn named(
    snapshot: &mut Snapshot,
    folder: &Path,
    mut tell: impl FnMut(String, bool),
) -> Result<(), OperationsError> {
    let (send, mut named) = mpsc::channel(1_000);
    let read = async {
        let read = snapshot.attachments(&send).await;
        drop(send);
        read
    };
    let looked = async {
        while let Some((key, bytes)) = named.recv().await {
            let found = std::fs::metadata(folder.join(&key)).ok();
            let is_there = found.is_some_and(|found| found.len() == bytes);
            tell(key, is_there);
        }
    };
    let (read, ()) = tokio::join!(read, looked);
    read.map(drop)
}

/// The files that records name and that are not there with their size.
async fn missing(snapshot: &mut Snapshot, folder: &Path) -> anyhow::Result<Attached> {
    let mut attached = Attached::default();
    let count = |key: String, is_there: bool| {
        attached.named += 1;
        if !is_there {
            attached.missing_count += 1;
            if attached.missing.len() < NAMED {
                attached.missing.push(key);
            }
        }
    };
    named(snapshot, folder, count).await?;
    Ok(attached)
}

/// Every file that came in whole, folder by folder.
async fn attachments(
    folder: &Path,
    orders: &Orders,
    attached: &mut Attached,
) -> anyhow::Result<()> {
    let hashed = folder.join("sha256");
    for shelf in listed(&hashed)? {
        for path in listed(&shelf)? {
            let bytes = orders.attachment(folder, &path).await?;
            attached.files += 1;
            attached.bytes += bytes;
        }
    }
    Ok(())
}

/// What lies in a folder, in order; nothing where there is none.
fn listed(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(anyhow::Error::new(error).context(folder.display().to_string())),
    };
    let paths = entries.map(|entry| Ok(entry?.path()));
    let mut paths: Vec<PathBuf> = paths.collect::<std::io::Result<_>>()?;
    paths.sort();
    Ok(paths)
}

/// A moment as names of files and schemas have it.
pub(crate) fn stamp(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}
