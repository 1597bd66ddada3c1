//! Passwords and their hashes.

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::error::{OperationsError, Result};

/// The least number of characters of a password.
pub(super) const LEAST_LENGTH: usize = 10;

/// A password in clear; never printed by `Debug`.
#[derive(Clone)]
pub struct Password(String);

impl std::fmt::Debug for Password {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Password(…)")
    }
}

impl From<String> for Password {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl Password {
    /// A random one of 100 bits, in letters and digits that are not mistaken for each other.
    ///
    /// # Errors
    ///
    /// When the system gives no random bytes.
    pub fn random() -> Result<Self> {
        const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
        let mut bytes = [0; 20];
        getrandom::fill(&mut bytes).map_err(OperationsError::Random)?;
        let letters = bytes
            .iter()
            .map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
        Ok(Self(letters.collect()))
    }

    /// The text, to be shown once.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// That it is long enough and not the name.
    ///
    /// # Errors
    ///
    /// [`OperationsError::WeakPassword`] when it is not.
    pub fn check(&self, username: &str) -> Result<()> {
        let long = self.0.chars().count() >= LEAST_LENGTH;
        if long && !self.0.eq_ignore_ascii_case(username) {
            return Ok(());
        }
        Err(OperationsError::WeakPassword {
            least: LEAST_LENGTH,
        })
    }

    /// Its hash, computed beside the threads that serve.
    pub(crate) async fn hash(&self) -> Result<String> {
        let password = self.0.clone();
        beside(move || {
            let mut salt = [0; 16];
            getrandom::fill(&mut salt).map_err(OperationsError::Random)?;
            let salt = SaltString::encode_b64(&salt).map_err(OperationsError::Hash)?;
            let hash = argon2id().hash_password(password.as_bytes(), &salt);
            hash.map(|hash| hash.to_string())
                .map_err(OperationsError::Hash)
        })
        .await
    }

    /// Whether the hash is of this password. Without a hash it takes as long and is false, so that
    /// the time does not tell whether a name exists.
    pub(super) async fn verify(&self, hash: Option<String>) -> Result<bool> {
        let password = self.0.clone();
        beside(move || {
            let Some(hash) = hash else {
                let salt = SaltString::encode_b64(&[0; 16]).map_err(OperationsError::Hash)?;
                let _ = argon2id().hash_password(password.as_bytes(), &salt);
                return Ok(false);
            };
            let hash = PasswordHash::new(&hash).map_err(OperationsError::Hash)?;
            Ok(argon2id()
                .verify_password(password.as_bytes(), &hash)
                .is_ok())
        })
        .await
    }
}

/// argon2id with the crate's parameters, which are those that OWASP recommends (19 MiB, 2 passes).
fn argon2id() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default())
}

async fn beside<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or(Err(OperationsError::Poisoned))
}
