//! HMAC-SHA256 (RFC 2104), by which who is called by a webhook knows who calls.

use sha2::{Digest as _, Sha256};

/// The header that holds `sha256=` and the signature in hexadecimal.
pub const SIGNATURE_HEADER: &str = "millrace-signature";
/// The header that holds the seconds since 1970 that are signed together with the body.
pub const TIMESTAMP_HEADER: &str = "millrace-timestamp";

const BLOCK: usize = 64;

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0_u8; BLOCK];
    if key.len() > BLOCK {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let pad = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::new()
        .chain_update(pad(0x36))
        .chain_update(message)
        .finalize();
    let outer = Sha256::new().chain_update(pad(0x5c)).chain_update(inner);
    outer.finalize().into()
}

/// The value of the signature's header: of the timestamp, a dot and the body.
pub fn sign(secret: &str, timestamp: i64, body: &str) -> String {
    use std::fmt::Write as _;
    let message = format!("{timestamp}.{body}");
    let signature = hmac(secret.as_bytes(), message.as_bytes());
    signature
        .iter()
        .fold("sha256=".to_owned(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(key: &[u8], message: &[u8], expected: &str) {
        let found = hmac(key, message);
        let found: Vec<String> = found.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found.concat(), expected);
    }

    #[test]
    fn signs_as_rfc_4231_has_it() {
        check(
            &[0x0b; 20],
            b"Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        );
        check(
            b"Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        );
        check(
            &[0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        );
    }

    #[test]
    fn the_time_is_signed_with_the_body() {
        assert_ne!(sign("a", 1, "body"), sign("a", 2, "body"));
        assert_ne!(sign("a", 1, "body"), sign("b", 1, "body"));
        assert!(sign("a", 1, "body").starts_with("sha256="));
    }
}
