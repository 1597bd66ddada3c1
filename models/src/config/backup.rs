//! Where the daily backups go, and which of them are kept.
//!
//! ```toml
//! [backup]
//! directory = "backups"      # in the data directory, or an absolute path: better on another disk
//! daily = 7                  # of so many days the last backup is kept,
//! weekly = 4                 # of so many weeks,
//! monthly = 12               # and of so many months
//! ```

use std::path::PathBuf;

use serde::Deserialize;

use super::server::over;
use super::{ConfigError, read, wrong};

/// More of each is not kept.
const MOST: u32 = 10_000;

/// Where the daily backups go, and which of them are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupSettings {
    /// Their directory; a relative one is in the data directory.
    pub directory: PathBuf,
    /// Of so many days the last one is kept.
    pub daily: u32,
    /// Of so many weeks.
    pub weekly: u32,
    /// Of so many months.
    pub monthly: u32,
}

impl Default for BackupSettings {
    fn default() -> Self {
        Self {
            directory: PathBuf::from("backups"),
            daily: 7,
            weekly: 4,
            monthly: 12,
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct BackupTable {
    directory: Option<String>,
    daily: Option<u64>,
    weekly: Option<u64>,
    monthly: Option<u64>,
}

impl BackupSettings {
    /// Reads the settings from the text of `millrace.toml`, with `MILLRACE_BACKUP_DIRECTORY`,
    /// `MILLRACE_BACKUP_DAILY`, `MILLRACE_BACKUP_WEEKLY` and `MILLRACE_BACKUP_MONTHLY` over it.
    ///
    /// # Errors
    ///
    /// When the text is no TOML, a key is unknown, or a value makes no sense.
    pub fn parse(
        text: &str,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let table = read(text)?.backup;
        let mut settings = Self::default();
        let (key, written) = over("backup.directory", table.directory, &environment);
        if let Some(directory) = written {
            if directory.trim().is_empty() || directory.contains('\0') {
                return Err(wrong(
                    &key,
                    &directory,
                    "write a directory, as /backup/millrace",
                ));
            }
            settings.directory = PathBuf::from(directory.trim());
        }
        let counts = [
            ("backup.daily", table.daily, &mut settings.daily),
            ("backup.weekly", table.weekly, &mut settings.weekly),
            ("backup.monthly", table.monthly, &mut settings.monthly),
        ];
        for (key, written, count) in counts {
            let written = written.map(|count| count.to_string());
            let (key, written) = over(key, written, &environment);
            if let Some(written) = written {
                let number = written.trim().parse::<u32>().ok();
                let number = number.filter(|number| *number <= MOST);
                *count = number.ok_or_else(|| {
                    wrong(&key, &written, "write how many are kept, from 0 to 10000")
                })?;
            }
        }
        if settings.daily == 0 && settings.weekly == 0 && settings.monthly == 0 {
            return Err(wrong(
                "backup.daily",
                "0",
                "keep at least one of days, weeks or months",
            ));
        }
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_and_the_environment_goes_over_them() {
        let text = "[backup]\ndirectory = \"/backup\"\ndaily = 3\nmonthly = 0";
        let settings = BackupSettings::parse(text, |_| None).unwrap();
        let expected = BackupSettings {
            directory: PathBuf::from("/backup"),
            daily: 3,
            weekly: 4,
            monthly: 0,
        };
        assert_eq!(settings, expected);
        let environment = |name: &str| (name == "MILLRACE_BACKUP_WEEKLY").then(|| " 9 ".to_owned());
        let settings = BackupSettings::parse(text, environment).unwrap();
        assert_eq!(settings.weekly, 9);
        assert_eq!(
            BackupSettings::parse("", |_| None),
            Ok(BackupSettings::default())
        );
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let message = |text: &str| {
            BackupSettings::parse(text, |_| None)
                .unwrap_err()
                .to_string()
        };
        assert!(message("[backup]\ndaily = 20000").starts_with("backup.daily is \"20000\""));
        assert!(message("[backup]\ndirectory = \" \"").starts_with("backup.directory is \" \""));
        assert!(message("[backup]\ndaily = 0\nweekly = 0\nmonthly = 0").contains("at least one"));
        assert!(message("[backup]\nhourly = 1").contains("hourly"));
        let environment = |name: &str| (name == "MILLRACE_BACKUP_DAILY").then(|| "many".to_owned());
        let error = BackupSettings::parse("", environment).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("MILLRACE_BACKUP_DAILY is \"many\"")
        );
    }
}
