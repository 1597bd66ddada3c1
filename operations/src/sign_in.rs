//! Who may come in: passwords, sessions, API tokens, and the lock-out after failures.
//!
//! Passwords are hashed by argon2id. Sessions and tokens are 256 random bits, of which the database
//! holds the SHA-256: they cannot be guessed, so a slow hash would protect nothing. None of this is
//! in the change log.

mod attempts;
pub(crate) mod credentials;
mod password;
mod profile;
mod session;
mod token;

pub use credentials::{change_password, set_password, share_password};
pub use password::Password;
pub use profile::{Profile, RoleName, profile};
pub use session::{
    Authenticated, OpenSession, Session, SessionRules, SignIn, authenticate, look_at, sessions,
    sign_in, sign_out, sign_out_everywhere,
};
pub use token::{ApiToken, KnownToken, authenticate_token, create_token, revoke_token, tokens};

pub(crate) use session::end_all as end_all_sessions;
pub(crate) use token::end_all as end_all_tokens;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::error::{OperationsError, Result};
use crate::migrations::hex;

/// 256 random bits as text.
pub(crate) fn random_token() -> Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(OperationsError::Random)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// What the database holds of a session or a token.
fn token_hash(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}
