//! How much memory answers may take, so that they come fast.
//!
//! ```toml
//! [numbers]
//! cache_mb = 128      # answers that were given before; 0 keeps none
//! rollup_mb = 384     # sums by day and dimension that answers are added up from; 0 keeps none
//! ```

use serde::Deserialize;

use super::server::over;
use super::{ConfigError, read, wrong};

/// A megabyte, in bytes.
const MEGABYTE: u64 = 1 << 20;
/// What can be written at most: a terabyte.
const MOST_MB: u64 = 1 << 20;

/// How much memory a server keeps for answers, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumbersSettings {
    /// For answers that were given before; 0 keeps none.
    pub cache_bytes: u64,
    /// For sums by day and dimension; 0 keeps none.
    pub rollup_bytes: u64,
}

impl Default for NumbersSettings {
    fn default() -> Self {
        Self {
            cache_bytes: 128 * MEGABYTE,
            rollup_bytes: 384 * MEGABYTE,
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct NumbersTable {
    cache_mb: Option<u64>,
    rollup_mb: Option<u64>,
}

impl NumbersSettings {
    /// Reads the settings from the text of `millrace.toml`, with `MILLRACE_NUMBERS_CACHE_MB` and
    /// `MILLRACE_NUMBERS_ROLLUP_MB` over it.
    ///
    /// # Errors
    ///
    /// When the text is no TOML, a key is unknown, or a value is no number of megabytes.
    pub fn parse(
        text: &str,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let table = read(text)?.numbers;
        let bytes = |key: &str, written: Option<u64>, default: u64| {
            let written = written.map(|megabytes| megabytes.to_string());
            let (key, written) = over(key, written, &environment);
            let Some(written) = written else {
                return Ok(default);
            };
            let megabytes = written.trim().parse::<u64>().ok();
            let megabytes = megabytes.filter(|megabytes| *megabytes <= MOST_MB);
            let expected = "write a number of megabytes, as 128, or 0 to keep none";
            megabytes
                .map(|megabytes| megabytes * MEGABYTE)
                .ok_or_else(|| wrong(&key, &written, expected))
        };
        let default = Self::default();
        Ok(Self {
            cache_bytes: bytes("numbers.cache_mb", table.cache_mb, default.cache_bytes)?,
            rollup_bytes: bytes("numbers.rollup_mb", table.rollup_mb, default.rollup_bytes)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_the_environment_goes_over_them() {
        let text = "[numbers]\ncache_mb = 0\nrollup_mb = 64";
        let settings = NumbersSettings::parse(text, |_| None).unwrap();
        assert_eq!((settings.cache_bytes, settings.rollup_bytes), (0, 64 << 20));
        let environment =
            |name: &str| (name == "MILLRACE_NUMBERS_CACHE_MB").then(|| " 32 ".to_owned());
        let settings = NumbersSettings::parse(text, environment).unwrap();
        assert_eq!(settings.cache_bytes, 32 << 20);
        assert_eq!(
            NumbersSettings::parse("", |_| None),
            Ok(NumbersSettings::default())
        );
    }

    #[test]
    fn what_is_no_size_is_named() {
        let environment =
            |name: &str| (name == "MILLRACE_NUMBERS_ROLLUP_MB").then(|| "much".to_owned());
        let error = NumbersSettings::parse("", environment).unwrap_err();
        assert_eq!(
            error.to_string(),
            "MILLRACE_NUMBERS_ROLLUP_MB is \"much\": write a number of megabytes, as 128, or 0 to \
             keep none"
        );
        let error = NumbersSettings::parse("[numbers]\ncache_mb = 2000000", |_| None).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("numbers.cache_mb is \"2000000\"")
        );
        assert!(NumbersSettings::parse("[numbers]\ncache = 1", |_| None).is_err());
    }
}
