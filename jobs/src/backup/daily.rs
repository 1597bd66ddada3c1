//! The backup of every day: taken, read back, and older ones removed that need not be kept.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use millrace_models::config::BackupSettings;

use super::reading::check;
use super::retention::{Kept, name_of, to_remove};
use super::{Installation, Progress, Stopped, Taken, record, take, told};

/// What a daily backup did.
#[derive(Debug, Clone, PartialEq)]
pub struct Daily {
    /// The backup, which was read back.
    pub taken: Taken,
    /// Older ones that were removed.
    pub removed: Vec<PathBuf>,
}

/// The directory of the daily backups: a relative one is in the data directory.
pub fn directory_of(data_dir: &Path, settings: &BackupSettings) -> PathBuf {
    data_dir.join(&settings.directory)
}

/// Takes the backup of the day, reads it back, and only when that is good removes older ones that need
/// not be kept. A failure is logged and kept for `doctor`.
///
/// # Errors
///
/// Those of [`take`]; when what was written cannot be read back.
pub async fn daily(
    from: &Installation,
    settings: &BackupSettings,
    progress: Arc<dyn Progress>,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<Daily> {
    let now = from.store.now();
    let directory = directory_of(&from.data_dir, settings);
    let file = directory.join(name_of(now));
    let done = Box::pin(once(from, settings, &directory, &file, progress, stop)).await;
    match &done {
        Ok(done) => {
            let bytes = done.taken.bytes;
            let removed = done.removed.len();
            tracing::info!(file = %file.display(), bytes, removed, "backup taken");
            if !done.taken.manifest.attachments.is_whole() {
                tracing::error!("attachments are missing or damaged: `millrace doctor` names them");
            }
        }
        Err(error) if error.is::<Stopped>() => {}
        Err(error) => {
            told(record::failed(&from.data_dir, now, &file, error));
            let error = format!("{error:#}");
            tracing::error!(error, file = %file.display(), "no backup was taken");
        }
    }
    done
}

async fn once(
    from: &Installation,
    settings: &BackupSettings,
    directory: &Path,
    file: &Path,
    progress: Arc<dyn Progress>,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<Daily> {
    std::fs::create_dir_all(directory)
        .with_context(|| format!("the directory {} cannot be created", directory.display()))?;
    let taken = take(from, file, false, Arc::clone(&progress), stop).await?;
    progress.step("reading it back");
    let (archive, own) = (file.to_owned(), Arc::clone(&progress));
    let read = tokio::task::spawn_blocking(move || check(&archive, &*own)).await?;
    read.with_context(|| format!("{} cannot be read back", file.display()))?;
    let kept = Kept {
        daily: settings.daily,
        weekly: settings.weekly,
        monthly: settings.monthly,
    };
    let entries = std::fs::read_dir(directory)?;
    let files: Vec<PathBuf> = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<_>>()?;
    let removed = to_remove(&files, kept, from.company.zone);
    for file in &removed {
        std::fs::remove_file(file)
            .with_context(|| format!("{} cannot be removed", file.display()))?;
    }
    Ok(Daily { taken, removed })
}
