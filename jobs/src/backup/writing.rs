//! The thread that writes an archive: members one after the other, hashed on the way, in constant memory.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use millrace_lake::{Content, PinnedFile};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;

use super::manifest::{MANIFEST, Manifest, Member};
use super::{ATTACHMENTS, Progress};

/// Parquet files are compressed already; rows become a tenth.
const LEVEL: i32 = 3;
/// Members that wait to be written.
const WAITING: usize = 4;
const BUFFER: usize = 1 << 20;

/// An archive under way. Dropped before it is whole, nothing is left.
#[derive(Debug)]
pub(super) struct Part {
    file: PathBuf,
    unfinished: PathBuf,
    force: bool,
    whole: bool,
    open: Option<File>,
}

impl Part {
    pub(super) fn create(file: &Path, force: bool) -> anyhow::Result<Self> {
        let shown = file.display();
        anyhow::ensure!(!file.is_dir(), "{shown} is a folder: name a file in it");
        anyhow::ensure!(
            force || !file.exists(),
            "{shown} is there already: choose another name, or replace it with --force"
        );
        let mut part = file.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let open = options.open(&part);
        let open = open.with_context(|| format!("{} cannot be written", part.display()))?;
        // What a killed process left is taken over; what another writes now is not.
        anyhow::ensure!(
            open.try_lock().is_ok(),
            "{} is being written by another process",
            part.display()
        );
        open.set_len(0)?;
        Ok(Self {
            file: file.to_owned(),
            unfinished: part,
            force,
            whole: false,
            open: Some(open),
        })
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// Gives the archive its name, now that it is on the disk.
    fn place(&mut self) -> anyhow::Result<()> {
        let shown = self.file.display();
        anyhow::ensure!(
            self.force || !self.file.exists(),
            "{shown} was made by somebody else meanwhile"
        );
        std::fs::rename(&self.unfinished, &self.file)
            .with_context(|| format!("{shown} cannot be written"))?;
        self.whole = true;
        sync_folder(&self.file)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.whole {
            let _ = std::fs::remove_file(&self.unfinished);
        }
    }
}

/// Makes the names in the folder of a file as durable as its bytes.
pub(super) fn sync_folder(file: &Path) -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        let folder = match file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.with_context(|| format!("{} cannot be synced", folder.display()))?;
    }
    Ok(())
}

enum Order {
    Bytes(String, Vec<u8>),
    File(String, PathBuf, Option<u64>),
    /// A file and what its bytes must be.
    Hashed(String, PathBuf),
    Finish(Box<Manifest>),
}

/// What is to be written.
pub(super) struct Orders(Sender<Order>);

/// The writer went away; it says itself why.
#[derive(Debug)]
pub(super) struct Gone;

impl std::fmt::Display for Gone {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the archive is not written any more")
    }
}

impl std::error::Error for Gone {}

impl Orders {
    async fn send(&self, order: Order) -> anyhow::Result<()> {
        self.0.send(order).await.map_err(|_| Gone.into())
    }

    pub(super) async fn bytes(&self, name: &str, bytes: Vec<u8>) -> anyhow::Result<()> {
        self.send(Order::Bytes(name.to_owned(), bytes)).await
    }

    pub(super) async fn lake(&self, file: &PinnedFile) -> anyhow::Result<()> {
        let name = format!("lake/{}", file.name);
        self.send(match &file.content {
            Content::File(path, size) => Order::File(name, path.clone(), *size),
            Content::Bytes(bytes) => Order::Bytes(name, bytes.clone()),
        })
        .await
    }

    /// An attachment, which lies under the hash of its bytes; its size.
    pub(super) async fn attachment(&self, folder: &Path, path: &Path) -> anyhow::Result<u64> {
        let below = path.strip_prefix(folder).ok().and_then(Path::to_str);
        let below = below.with_context(|| format!("{} has a strange name", path.display()))?;
        let name = format!("{ATTACHMENTS}/{}", below.replace('\\', "/"));
        let bytes = std::fs::metadata(path);
        let bytes = bytes.with_context(|| path.display().to_string())?.len();
        self.send(Order::Hashed(name, path.to_owned())).await?;
        Ok(bytes)
    }

    /// Everything is there: the manifest ends the archive.
    pub(super) async fn finish(&self, manifest: Manifest) -> anyhow::Result<()> {
        self.send(Order::Finish(Box::new(manifest))).await
    }
}

/// Begins to write; the manifest and the size of the archive when it is whole.
pub(super) fn begin(
    part: Part,
    taken_at: DateTime<Utc>,
    progress: Arc<dyn Progress>,
) -> (Orders, JoinHandle<anyhow::Result<(Manifest, u64)>>) {
    let (send, orders) = channel(WAITING);
    let writing = tokio::task::spawn_blocking(move || write(part, taken_at, orders, &*progress));
    (Orders(send), writing)
}

fn write(
    mut part: Part,
    taken_at: DateTime<Utc>,
    mut orders: Receiver<Order>,
    progress: &dyn Progress,
) -> anyhow::Result<(Manifest, u64)> {
    let file = part.open.take().context("an archive is written once")?;
    let mut encoder = zstd::Encoder::new(BufWriter::with_capacity(BUFFER, file), LEVEL)?;
    encoder.include_checksum(true)?;
    let mut archive = Archive {
        tar: tar::Builder::new(encoder),
        taken_at,
        members: Vec::new(),
        progress,
    };
    let mut damaged = Vec::new();
    while let Some(order) = orders.blocking_recv() {
        match order {
            Order::Bytes(name, bytes) => archive.bytes(name, &bytes)?,
            Order::File(name, path, size) => drop(archive.file(name, &path, size)?),
            Order::Hashed(name, path) => {
                let sha256 = archive.file(name.clone(), &path, None)?;
                if path.file_name().and_then(|own| own.to_str()) != Some(&*sha256) {
                    damaged.push(name);
                }
            }
            Order::Finish(mut manifest) => {
                manifest.attachments.damaged = damaged;
                manifest.members = std::mem::take(&mut archive.members);
                archive.bytes(MANIFEST.to_owned(), &serde_json::to_vec_pretty(&manifest)?)?;
                let buffered = archive.tar.into_inner()?.finish()?;
                let file = buffered
                    .into_inner()
                    .map_err(io::IntoInnerError::into_error)?;
                file.sync_all()?;
                let bytes = file.metadata()?.len();
                part.place()?;
                return Ok((*manifest, bytes));
            }
        }
    }
    Err(super::Stopped.into())
}

struct Archive<'a> {
    tar: tar::Builder<zstd::Encoder<'static, BufWriter<File>>>,
    taken_at: DateTime<Utc>,
    members: Vec<Member>,
    progress: &'a dyn Progress,
}

impl Archive<'_> {
    fn bytes(&mut self, name: String, bytes: &[u8]) -> anyhow::Result<()> {
        self.member(name, bytes.len() as u64, bytes).map(drop)
    }

    /// A file that has the size that it must have; the SHA-256 of its bytes.
    fn file(&mut self, name: String, path: &Path, size: Option<u64>) -> anyhow::Result<String> {
        let shown = path.display();
        let file = File::open(path).with_context(|| format!("{shown} cannot be read"))?;
        let found = file.metadata()?.len();
        if let Some(size) = size {
            anyhow::ensure!(found == size, "{shown} has {found} bytes instead of {size}");
        }
        self.member(name, found, file)
            .with_context(|| format!("{shown} cannot be read"))
    }

    fn member(&mut self, name: String, bytes: u64, from: impl Read) -> anyhow::Result<String> {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes);
        header.set_mode(0o600);
        header.set_mtime(u64::try_from(self.taken_at.timestamp()).unwrap_or(0));
        let mut hashed = Hashed {
            from: from.take(bytes),
            hash: Sha256::new(),
            bytes: 0,
            progress: self.progress,
        };
        self.tar.append_data(&mut header, &name, &mut hashed)?;
        anyhow::ensure!(
            hashed.bytes == bytes,
            "{name} became shorter while it was read: {} bytes instead of {bytes}",
            hashed.bytes
        );
        let sha256 = hex(&hashed.hash.finalize());
        self.members.push(Member {
            name,
            bytes,
            sha256: sha256.clone(),
        });
        Ok(sha256)
    }
}

/// Bytes that are hashed while they are read.
struct Hashed<'a, R> {
    from: R,
    hash: Sha256,
    bytes: u64,
    progress: &'a dyn Progress,
}

impl<R: Read> Read for Hashed<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(into)?;
        if let Some(own) = into.get(..read) {
            self.hash.update(own);
        }
        self.bytes += read as u64;
        self.progress.advanced(read as u64);
        Ok(read)
    }
}

/// Bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
