//! What a caller is told while a long ingest runs.

use std::path::Path;

/// Told how an ingest gets on. All methods do nothing unless they are written.
pub trait Progress: Sync {
    /// A file is begun; `bytes` is its size on disk.
    fn started(&self, file: &Path, bytes: u64) {
        let _ = (file, bytes);
    }
    /// So many more rows of the current file are converted.
    fn advanced(&self, rows: u64) {
        let _ = rows;
    }
    /// The current file is done.
    fn finished(&self, file: &Path) {
        let _ = file;
    }
}

/// Says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {}
