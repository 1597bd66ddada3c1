//! What is right and what is wrong with an installation, and what to do about it.
//!
//! Each check looks and changes nothing. One that cannot be made because of another's error says so by
//! being left out: the error stands there already.

mod database;
mod machine;
mod tables;

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use millrace_models::clock::Clock;
use millrace_models::config::{BackupSettings, Company, ServerSettings};
use millrace_operations::Place;
use serde::Serialize;

use crate::backup::{directory_of, read_record};

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// As it should be.
    Ok,
    /// It works, and something is to be looked at.
    Warning,
    /// It does not work, or something is lost.
    Error,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: &'static str,
    /// How it is.
    pub state: State,
    /// In words.
    pub says: String,
    /// What to do next, unless all is well.
    pub todo: Option<String>,
}

impl Finding {
    pub(crate) fn ok(check: &'static str, says: impl Into<String>) -> Self {
        Self {
            check,
            state: State::Ok,
            says: says.into(),
            todo: None,
        }
    }

    pub(crate) fn warning(
        check: &'static str,
        says: impl Into<String>,
        todo: impl Into<String>,
    ) -> Self {
        Self {
            check,
            state: State::Warning,
            says: says.into(),
            todo: Some(todo.into()),
        }
    }

    pub(crate) fn error(
        check: &'static str,
        says: impl Into<String>,
        todo: impl Into<String>,
    ) -> Self {
        Self {
            check,
            state: State::Error,
            says: says.into(),
            todo: Some(todo.into()),
        }
    }
}

/// Where mail is handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailServer {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
}

/// What is looked at.
#[derive(Clone)]
pub struct Patient {
    /// The data directory.
    pub data_dir: PathBuf,
    /// The settings file, which need not be there.
    pub config_file: PathBuf,
    /// The company.
    pub company: Company,
    /// How the server is reached.
    pub server: ServerSettings,
    /// Where backups go.
    pub backup: BackupSettings,
    /// Where the records are.
    pub place: Place,
    /// Where mail is handed in; none where none is sent.
    pub mail: Option<MailServer>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Makes all checks, each told of before it begins.
pub async fn examine(patient: &Patient, mut tell: impl FnMut(&str)) -> Vec<Finding> {
    let mut found = Vec::new();
    tell("data directory");
    found.extend(machine::data_directory(patient));
    found.push(machine::settings(patient));
    tell("database");
    let mut store = None;
    found.extend(database::database(patient, &mut store).await);
    tell("lake");
    found.extend(tables::lake(patient, store.as_ref()).await);
    tell("attachments");
    if let Some(store) = store {
        found.push(database::attachments(patient, &store).await);
        if let Err(error) = store.close().await {
            tracing::debug!(%error, "the database is not closed");
        }
    }
    tell("backup");
    found.push(last_backup(patient));
    tell("fonts");
    found.push(machine::fonts());
    tell("mail");
    found.push(machine::mail(patient).await);
    found.push(machine::address(patient));
    found.push(machine::calendar(patient));
    found
}

/// The worst of them.
pub fn worst(found: &[Finding]) -> State {
    let states = found.iter().map(|finding| finding.state);
    states.max().unwrap_or(State::Ok)
}

/// How long ago a backup may have been taken: a day, and half of one for a night that was long.
const FRESH: TimeDelta = TimeDelta::hours(36);

fn last_backup(patient: &Patient) -> Finding {
    const CHECK: &str = "backup";
    let how = "take one with `millrace backup --daily`, every day";
    let record = match read_record(&patient.data_dir) {
        Ok(record) => record,
        Err(error) => return Finding::warning(CHECK, format!("{error:#}"), how),
    };
    if let Some(failed) = record.failed {
        let last = match &record.last {
            Some(last) => format!("; the last good one is of {}", when(last.taken_at, patient)),
            None => String::new(),
        };
        let says = format!("the last one failed: {}{last}", failed.error);
        return Finding::error(
            CHECK,
            says,
            "mend that, and take one with `millrace backup --daily`",
        );
    }
    let Some(last) = record.last else {
        let directory = directory_of(&patient.data_dir, &patient.backup);
        let says = format!(
            "none was ever taken; {} is where they go",
            directory.display()
        );
        return Finding::warning(CHECK, says, how);
    };
    let age = patient.clock.now() - last.taken_at;
    let says = format!(
        "{} of {}, {} ago, {}",
        last.file.display(),
        when(last.taken_at, patient),
        long(age),
        megabytes(last.bytes)
    );
    if !last.file.exists() {
        let says = format!("{} is gone, which was the last", last.file.display());
        let todo = "if it was not moved to a safe place, take one with `millrace backup --daily`";
        return Finding::warning(CHECK, says, todo);
    }
    if age > FRESH {
        return Finding::warning(CHECK, says, how);
    }
    if last.file.starts_with(&patient.data_dir) {
        return Finding::ok(CHECK, format!("{says}; on the disk of the data itself"));
    }
    Finding::ok(CHECK, says)
}

/// A time as it is shown.
pub(crate) fn when(at: DateTime<Utc>, patient: &Patient) -> String {
    let at = at.with_timezone(&patient.company.zone);
    at.format("%Y-%m-%d %H:%M").to_string()
}

/// A span of time as it is shown.
pub(crate) fn long(time: TimeDelta) -> String {
    let minutes = time.num_minutes();
    match minutes {
        ..1 => format!("{} s", time.num_seconds().max(0)),
        1..120 => format!("{minutes} min"),
        120..2_880 => format!("{} h", minutes / 60),
        _ => format!("{} days", minutes / 1_440),
    }
}

/// A size as it is shown.
pub(crate) fn megabytes(bytes: u64) -> String {
    let size = bytes as f64 / 1e6;
    if size < 1_000.0 {
        format!("{size:.1} MB")
    } else {
        format!("{:.1} GB", size / 1_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_state_counts() {
        let ok = Finding::ok("a", "");
        let warning = Finding::warning("b", "", "");
        let error = Finding::error("c", "", "");
        assert_eq!(worst(&[]), State::Ok);
        assert_eq!(worst(&[ok.clone(), warning.clone()]), State::Warning);
        assert_eq!(worst(&[error, warning, ok]), State::Error);
    }

    #[test]
    fn spans_are_said_as_people_do() {
        assert_eq!(long(TimeDelta::seconds(40)), "40 s");
        assert_eq!(long(TimeDelta::minutes(90)), "90 min");
        assert_eq!(long(TimeDelta::hours(30)), "30 h");
        assert_eq!(long(TimeDelta::hours(80)), "3 days");
        assert_eq!(megabytes(12_340_000), "12.3 MB");
        assert_eq!(megabytes(2_500_000_000), "2.5 GB");
    }
}
