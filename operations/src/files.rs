//! The bytes of attachments, in an object store: a folder beside the data now, any store later.
//!
//! A file lies under the SHA-256 of its bytes, so the same file is kept once and a key says what it
//! must hold. It comes in under a name of its own, is hashed and judged on the way, and gets its key
//! when it is whole; its record is made after that. So a record always has its bytes, whenever the
//! program was killed; what may be left is a piece under `incoming/` ([`Files::sweep`] removes it) or
//! a file that no record names.
//!
//! The local store does not sync: a killed process loses nothing that was acknowledged, a power cut
//! may.

mod media;

use std::path::Path as FilePath;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures::{Stream, StreamExt as _, TryStreamExt as _};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, WriteMultipart};
use sha2::{Digest, Sha256};

use crate::error::{OperationsError, Result};
use crate::migrations::hex;

/// How many bytes of a file say what it is.
const HEAD: usize = 64 * 1024;
/// How many parts of a file are on their way at once.
const PARTS: usize = 4;
/// How long a file may take to come in.
const COMING: TimeDelta = TimeDelta::days(1);

/// Where the bytes of attachments lie. Cloning it is cheap and gives the same place.
#[derive(Debug, Clone)]
pub struct Files {
    store: Arc<dyn ObjectStore>,
}

/// A file that came in whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Where it lies.
    pub object_key: String,
    /// Its size in bytes.
    pub bytes: i64,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Its media type, by its content and its name.
    pub media_type: &'static str,
}

impl Files {
    /// Files in a folder, which is made when it is not there.
    ///
    /// # Errors
    ///
    /// When it cannot be made.
    pub fn in_folder(folder: &FilePath) -> Result<Self> {
        std::fs::create_dir_all(folder).map_err(|error| OperationsError::Files(Box::new(error)))?;
        let store = LocalFileSystem::new_with_prefix(folder)?;
        Ok(Self::in_store(Arc::new(store)))
    }

    /// Files in any object store.
    pub fn in_store(store: Arc<dyn ObjectStore>) -> Self {
        Self { store }
    }

    /// Takes a file in, of at most so many bytes.
    ///
    /// # Errors
    ///
    /// [`OperationsError::Invalid`] when it is empty, too large, or of a kind that is not taken;
    /// the error of the pieces, and those of the object store.
    pub async fn take_in<S, E>(&self, name: &str, most_bytes: u64, pieces: S) -> Result<Stored, E>
    where
        S: Stream<Item = Result<Bytes, E>> + Send,
        E: From<OperationsError>,
    {
        let coming = coming().map_err(E::from)?;
        match self.write(&coming, name, most_bytes, pieces).await {
            Ok(stored) => {
                let key = Path::from(stored.object_key.as_str());
                let placed = self.store.rename(&coming, &key).await;
                placed.map_err(|error| E::from(error.into()))?;
                Ok(stored)
            }
            Err(error) => Err(error),
        }
    }

    /// The bytes of a file.
    ///
    /// # Errors
    ///
    /// Those of the object store.
    pub async fn open(
        &self,
        object_key: &str,
    ) -> Result<impl Stream<Item = Result<Bytes>> + Send + use<>> {
        let found = self.store.get(&Path::from(object_key)).await?;
        Ok(found.into_stream().map_err(OperationsError::from))
    }

    /// Removes what began to come in more than a day ago and never arrived; gives how many it were.
    ///
    /// # Errors
    ///
    /// Those of the object store.
    pub async fn sweep(&self, now: DateTime<Utc>) -> Result<usize> {
        let incoming = Path::from("incoming");
        let found: Vec<_> = self.store.list(Some(&incoming)).try_collect().await?;
        let old = found
            .into_iter()
            .filter(|piece| now - piece.last_modified > COMING);
        let mut swept = 0;
        for piece in old {
            self.store.delete(&piece.location).await?;
            swept += 1;
        }
        Ok(swept)
    }

    async fn write<S, E>(
        &self,
        coming: &Path,
        name: &str,
        most_bytes: u64,
        pieces: S,
    ) -> Result<Stored, E>
    where
        S: Stream<Item = Result<Bytes, E>> + Send,
        E: From<OperationsError>,
    {
        let failed = |error: object_store::Error| E::from(error.into());
        let upload = self.store.put_multipart(coming).await.map_err(failed)?;
        let mut upload = WriteMultipart::new(upload);
        let mut read = Read::default();
        let mut pieces = std::pin::pin!(pieces);
        while let Some(piece) = pieces.next().await {
            let judged = piece.and_then(|piece| {
                read.add(&piece, most_bytes).map_err(E::from)?;
                Ok(piece)
            });
            match judged {
                Ok(piece) => {
                    upload.wait_for_capacity(PARTS).await.map_err(failed)?;
                    upload.put(piece);
                }
                Err(error) => {
                    upload.abort().await.map_err(failed)?;
                    return Err(error);
                }
            }
        }
        match read.end(name) {
            Ok(stored) => {
                upload.finish().await.map_err(failed)?;
                Ok(stored)
            }
            Err(error) => {
                upload.abort().await.map_err(failed)?;
                Err(error.into())
            }
        }
    }
}

/// What is known of a file while it comes in.
#[derive(Default)]
struct Read {
    hash: Sha256,
    bytes: u64,
    head: Vec<u8>,
}

impl Read {
    fn add(&mut self, piece: &[u8], most_bytes: u64) -> Result<()> {
        self.bytes += piece.len() as u64;
        if self.bytes > most_bytes {
            let fault = format!("must have at most {most_bytes} bytes");
            return Err(OperationsError::field("file", fault));
        }
        self.hash.update(piece);
        let more = HEAD.saturating_sub(self.head.len()).min(piece.len());
        self.head.extend_from_slice(&piece[..more]);
        Ok(())
    }

    fn end(self, name: &str) -> Result<Stored> {
        if self.bytes == 0 {
            return Err(OperationsError::field("file", "must not be empty"));
        }
        let Some(media_type) = media::type_of(&self.head, name) else {
            let fault = format!("is of no kind that is taken: {}", media::TAKEN);
            return Err(OperationsError::field("file", fault));
        };
        let sha256 = hex(&self.hash.finalize());
        Ok(Stored {
            object_key: format!("sha256/{}/{sha256}", &sha256[..2]),
            bytes: i64::try_from(self.bytes).unwrap_or(i64::MAX),
            sha256,
            media_type,
        })
    }
}

/// A name that nothing else comes in under.
fn coming() -> Result<Path> {
    let mut name = [0; 16];
    getrandom::fill(&mut name).map_err(OperationsError::Random)?;
    Ok(Path::from(format!("incoming/{}", hex(&name))))
}
