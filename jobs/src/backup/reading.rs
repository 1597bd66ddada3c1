//! An archive read from its beginning to its end: everything is checked before anything is used.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use sha2::{Digest, Sha256};

use super::Progress;
use super::manifest::{FOLDERS, FORMAT, HEADER, Header, MANIFEST, Manifest};
use super::writing::hex;

/// The header and the manifest are read into memory: so large they may be.
const LARGEST: u64 = 1 << 30;
const BUFFER: usize = 1 << 20;

/// An archive that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveError {
    /// The member that is concerned, where it is known.
    pub member: Option<String>,
    /// What is wrong.
    pub reason: String,
}

impl std::fmt::Display for ArchiveError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.member {
            Some(member) => write!(formatter, "{member}: {}", self.reason),
            None => formatter.write_str(&self.reason),
        }
    }
}

impl std::error::Error for ArchiveError {}

fn of_member(member: &str, reason: impl Into<String>) -> ArchiveError {
    ArchiveError {
        member: Some(member.to_owned()),
        reason: reason.into(),
    }
}

fn of_all(reason: impl Into<String>) -> ArchiveError {
    ArchiveError {
        member: None,
        reason: reason.into(),
    }
}

/// Reads an archive and checks that every member is there with its bytes; what it holds.
///
/// # Errors
///
/// [`ArchiveError`] when it is damaged, truncated, changed, or of a newer program.
pub fn check(file: &Path, progress: &dyn Progress) -> anyhow::Result<Manifest> {
    read(file, None, progress, &AtomicBool::new(false))
}

/// As [`check`], with the members written below a folder, which is empty; it fails when it is to stop.
pub(super) fn read(
    file: &Path,
    into: Option<&Path>,
    progress: &dyn Progress,
    stop: &AtomicBool,
) -> anyhow::Result<Manifest> {
    let opened = File::open(file);
    let opened = opened.with_context(|| format!("{} cannot be read", file.display()))?;
    let read = Counted {
        from: BufReader::with_capacity(BUFFER, opened),
        progress,
        stop,
    };
    let decoder = zstd::Decoder::new(read)?;
    let mut reading = Reading {
        into,
        header: None,
        manifest: None,
        found: BTreeMap::new(),
        last: None,
    };
    let mut archive = tar::Archive::new(decoder);
    let entries = archive.entries()?;
    for entry in entries {
        let entry = entry.map_err(|error| reading.broken(&error))?;
        reading.member(entry)?;
    }
    // Behind the last member there is nothing but the end, whose checksum is looked at as well.
    let mut rest = archive.into_inner();
    let trailing = io::copy(&mut rest, &mut Zeros);
    trailing.map_err(|error| reading.broken(&error))?;
    Ok(reading.end()?)
}

/// Bytes of the archive, told of as they are read.
struct Counted<'a> {
    from: BufReader<File>,
    progress: &'a dyn Progress,
    stop: &'a AtomicBool,
}

impl Read for Counted<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(io::Error::other("it was stopped"));
        }
        let read = self.from.read(into)?;
        self.progress.advanced(read as u64);
        Ok(read)
    }
}

/// Takes zeros, the padding of a tar, and nothing else.
struct Zeros;

impl Write for Zeros {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.iter().any(|byte| *byte != 0) {
            return Err(io::Error::other("there is something behind its end"));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Reading<'a> {
    into: Option<&'a Path>,
    header: Option<Header>,
    manifest: Option<Manifest>,
    /// Size and hash of each member.
    found: BTreeMap<String, (u64, String)>,
    last: Option<String>,
}

impl Reading<'_> {
    fn member(&mut self, mut entry: tar::Entry<'_, impl Read>) -> anyhow::Result<()> {
        let name = name_of(&entry)?;
        if self.manifest.is_some() {
            return Err(of_member(&name, "stands behind the manifest").into());
        }
        if self.header.is_none() != (name == HEADER) {
            let reason = format!("this is no backup of Millrace: it must begin with {HEADER}");
            return Err(of_all(reason).into());
        }
        if self.found.contains_key(&name) {
            return Err(of_member(&name, "is there twice").into());
        }
        let size = entry.header().size()?;
        if name == HEADER || name == MANIFEST {
            let mut bytes = Vec::new();
            let read = (&mut entry).take(LARGEST).read_to_end(&mut bytes);
            read.map_err(|error| broken_in(&name, &error))?;
            if bytes.len() as u64 != size {
                return Err(of_member(&name, "is cut off").into());
            }
            if name == HEADER {
                self.header = Some(header(&bytes)?);
                let hash = hex(&Sha256::digest(&bytes));
                self.found.insert(name.clone(), (size, hash));
            } else {
                let manifest = serde_json::from_slice(&bytes)
                    .map_err(|error| of_member(MANIFEST, format!("cannot be read: {error}")))?;
                self.manifest = Some(manifest);
            }
        } else {
            let sha256 = match self.into {
                Some(folder) => {
                    let path = folder.join(&name);
                    let mut file = create(&path)
                        .with_context(|| format!("{} cannot be written", path.display()))?;
                    copy(&name, &mut entry, size, &mut file)?
                }
                None => copy(&name, &mut entry, size, &mut io::sink())?,
            };
            self.found.insert(name.clone(), (size, sha256));
        }
        self.last = Some(name);
        Ok(())
    }

    /// What stops the reading between two members.
    fn broken(&self, error: &io::Error) -> ArchiveError {
        let reason = format!("the archive is damaged or cut off behind it ({error})");
        match &self.last {
            Some(last) => of_member(last, reason),
            None => of_all(format!(
                "this is no backup of Millrace, or it is cut off at its beginning ({error})"
            )),
        }
    }

    /// Everything that the manifest names must be there as it says, and nothing else.
    fn end(mut self) -> Result<Manifest, ArchiveError> {
        let last = self.last.as_deref().unwrap_or_default();
        let Some(manifest) = self.manifest else {
            return Err(of_member(last, "the archive ends behind it: it is cut off"));
        };
        if self.header.as_ref() != Some(&manifest.header) {
            return Err(of_member(HEADER, "is not the one that the manifest is of"));
        }
        for member in &manifest.members {
            let found = self.found.remove(&member.name);
            let Some((bytes, sha256)) = found else {
                return Err(of_member(&member.name, "is missing"));
            };
            if bytes != member.bytes {
                let reason = format!("has {bytes} bytes instead of {}", member.bytes);
                return Err(of_member(&member.name, reason));
            }
            if sha256 != member.sha256 {
                return Err(of_member(
                    &member.name,
                    "was changed: its SHA-256 is not that of the manifest",
                ));
            }
        }
        match self.found.into_keys().next() {
            Some(name) => Err(of_member(&name, "is not in the manifest")),
            None => Ok(manifest),
        }
    }
}

fn header(bytes: &[u8]) -> Result<Header, ArchiveError> {
    #[derive(serde::Deserialize)]
    struct Format {
        format: u32,
    }
    let wrong = |error: serde_json::Error| of_member(HEADER, format!("cannot be read: {error}"));
    // The form first: a newer one may have another header.
    let format: Format = serde_json::from_slice(bytes).map_err(wrong)?;
    if format.format > FORMAT {
        return Err(of_all(format!(
            "the archive is of form {}, and this program reads up to {FORMAT}: use the newer program \
             that took it",
            format.format
        )));
    }
    serde_json::from_slice(bytes).map_err(wrong)
}

fn broken_in(name: &str, error: &io::Error) -> ArchiveError {
    of_member(name, format!("is damaged or cut off ({error})"))
}

/// The bytes of a member, hashed on the way; errors of writing are told apart from those of reading.
fn copy(
    name: &str,
    from: &mut impl Read,
    size: u64,
    into: &mut impl Write,
) -> anyhow::Result<String> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; BUFFER];
    let mut all = 0;
    loop {
        let read = from
            .read(&mut buffer)
            .map_err(|error| broken_in(name, &error))?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else {
            break;
        };
        hash.update(bytes);
        into.write_all(bytes)
            .with_context(|| format!("{name} cannot be written"))?;
        all += read as u64;
    }
    into.flush()
        .with_context(|| format!("{name} cannot be written"))?;
    if all != size {
        return Err(of_member(name, "is cut off").into());
    }
    Ok(hex(&hash.finalize()))
}

fn create(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// The name of a member: a plain file below one of our folders, and nowhere else.
fn name_of(entry: &tar::Entry<'_, impl Read>) -> Result<String, ArchiveError> {
    let shown = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
    if !entry.header().entry_type().is_file() {
        return Err(of_member(&shown, "is no plain file"));
    }
    let name = std::str::from_utf8(&entry.path_bytes()).map(ToOwned::to_owned);
    let Ok(name) = name else {
        return Err(of_member(&shown, "has a name that is no text"));
    };
    let path = PathBuf::from(&name);
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    let folder = name.split_once('/').map(|(folder, _)| folder);
    let is_ours = match folder {
        Some(folder) => FOLDERS.contains(&folder),
        None => name == HEADER || name == MANIFEST,
    };
    let is_odd = name.contains(['\\', ':']) || name.chars().any(char::is_control);
    let is_empty_part = name.split('/').any(|part| part.is_empty() || part == ".");
    if is_odd || is_empty_part || !path.components().all(is_plain) {
        return Err(of_member(
            &name,
            "names a place outside of the archive's folders",
        ));
    }
    if !is_ours {
        return Err(of_member(&name, "is none of the files that a backup has"));
    }
    Ok(name)
}
