//! What came of the last backups, kept in the data directory for `status` and `doctor`.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Taken;

const FILE: &str = "last-backup.json";

/// What came of the last backups.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The last that was taken.
    pub last: Option<Last>,
    /// The last that failed, if none was taken since.
    pub failed: Option<Failed>,
}

/// A backup that was taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Last {
    /// The moment that it holds.
    pub taken_at: DateTime<Utc>,
    /// The archive.
    pub file: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// How long it took.
    pub seconds: f64,
    /// Attachments that records name and that it lacks, or whose bytes are damaged.
    pub missing_attachments: u64,
}

/// A backup that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// When it began.
    pub at: DateTime<Utc>,
    /// The archive that it would have become.
    pub file: PathBuf,
    /// Why.
    pub error: String,
}

/// What came of the last backups of a data directory; nothing where none is known.
///
/// # Errors
///
/// When the file cannot be read.
pub fn read(data_dir: &Path) -> anyhow::Result<Record> {
    let path = data_dir.join(FILE);
    match std::fs::read(&path) {
        Ok(text) => serde_json::from_slice(&text)
            .with_context(|| format!("{} cannot be read", path.display())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Record::default()),
        Err(error) => Err(error).with_context(|| format!("{} cannot be read", path.display())),
    }
}

pub(super) fn succeeded(data_dir: &Path, taken: &Taken) -> anyhow::Result<()> {
    let attachments = &taken.manifest.attachments;
    let file = std::path::absolute(&taken.file).unwrap_or_else(|_| taken.file.clone());
    let last = Last {
        taken_at: taken.manifest.header.taken_at,
        file,
        bytes: taken.bytes,
        seconds: taken.seconds,
        missing_attachments: attachments.missing_count + attachments.damaged.len() as u64,
    };
    let record = Record {
        last: Some(last),
        failed: None,
    };
    write(data_dir, &record)
}

pub(super) fn failed(
    data_dir: &Path,
    at: DateTime<Utc>,
    file: &Path,
    error: &anyhow::Error,
) -> anyhow::Result<()> {
    let failed = Failed {
        at,
        file: file.to_owned(),
        error: format!("{error:#}"),
    };
    let record = Record {
        // One that cannot be read tells nothing any more.
        last: read(data_dir).unwrap_or_default().last,
        failed: Some(failed),
    };
    write(data_dir, &record)
}

fn write(data_dir: &Path, record: &Record) -> anyhow::Result<()> {
    let path = data_dir.join(FILE);
    let part = path.with_extension("part");
    std::fs::write(&part, serde_json::to_vec_pretty(record)?)?;
    Ok(std::fs::rename(&part, &path)?)
}
