//! The database and what it names.

use std::collections::HashSet;

use chrono::TimeDelta;
use millrace_operations::Store;
use millrace_operations::examine::{Examination, examine};
use millrace_operations::snapshot::Snapshot;

use super::machine::is_open_on_the_way;
use super::{Finding, Patient, long, megabytes, when};
use crate::backup::{ATTACHMENTS, named};

/// Clocks may differ by so much.
const SKEW: TimeDelta = TimeDelta::seconds(2);
/// So many are named.
const NAMED: usize = 3;

/// Looks at the database; opens the store where nothing would be changed by it.
pub(super) async fn database(patient: &Patient, store: &mut Option<Store>) -> Vec<Finding> {
    let looked = examine(&patient.place, &*patient.clock).await;
    let looked = match looked {
        Ok(looked) => looked,
        Err(error) => {
            let todo = "check database.url or MILLRACE_DATABASE_URL; a new one is made by \
                        `millrace init`, an old one comes back by `millrace restore`";
            return vec![Finding::error("database", error.to_string(), todo)];
        }
    };
    let mut found = vec![itself(patient, &looked)];
    found.extend(clock(&looked));
    found.push(migrations(&looked));
    found.extend(log(&looked));
    found.push(leases(patient, &looked));
    let standing = &looked.migrations;
    let is_known =
        standing.missing.is_empty() && standing.unknown.is_empty() && standing.changed.is_empty();
    if is_known {
        let opened = Store::open(&patient.place, patient.clock.clone(), &patient.company).await;
        match opened {
            Ok(opened) => *store = Some(opened),
            Err(error) => {
                let todo = "see what the database's own log says";
                found.push(Finding::error("database", error.to_string(), todo));
            }
        }
    }
    found
}

fn itself(patient: &Patient, looked: &Examination) -> Finding {
    const CHECK: &str = "database";
    let says = format!("{}, {}", looked.version, megabytes(looked.bytes));
    if let Some(complaint) = &looked.complaint {
        let says = format!("{says}: {complaint}");
        let todo = "the file is damaged: stop the servers, keep it, and restore the last backup";
        return Finding::error(CHECK, says, todo);
    }
    let isolation = looked.isolation.as_deref();
    if isolation.is_some_and(|isolation| isolation != "serializable") {
        let says = format!("{says}, which writes {}", isolation.unwrap_or_default());
        let todo = "a pooler in front of it drops the settings of connections: connect directly";
        return Finding::error(CHECK, says, todo);
    }
    if is_open_on_the_way(&patient.place) {
        let says = format!("{says}, spoken to without TLS being asked for");
        return Finding::warning(CHECK, says, "add sslmode=verify-full to its URL");
    }
    Finding::ok(CHECK, says)
}

fn clock(looked: &Examination) -> Option<Finding> {
    const CHECK: &str = "clock";
    let ahead = looked.ahead?;
    Some(if ahead.abs() > SKEW {
        let side = if ahead > TimeDelta::zero() {
            "ahead of"
        } else {
            "behind"
        };
        let says = format!("the database is {} {side} this machine", long(ahead.abs()));
        Finding::warning(CHECK, says, "set both by the same time servers (NTP)")
    } else {
        Finding::ok(CHECK, "the same here and in the database")
    })
}

fn migrations(looked: &Examination) -> Finding {
    const CHECK: &str = "migrations";
    let standing = &looked.migrations;
    if !standing.changed.is_empty() {
        let says = format!(
            "{} are not as they were applied",
            standing.changed.join(", ")
        );
        return Finding::error(CHECK, says, "use the program that the database was made by");
    }
    if !standing.unknown.is_empty() {
        let says = format!("{} are of a newer program", standing.unknown.join(", "));
        return Finding::error(CHECK, says, "use the newer program");
    }
    if !standing.missing.is_empty() {
        let says = format!("{} are not applied yet", standing.missing.join(", "));
        return Finding::warning(CHECK, says, "take a backup; the next start applies them");
    }
    Finding::ok(CHECK, format!("{} applied", standing.applied))
}

fn log(looked: &Examination) -> Option<Finding> {
    const CHECK: &str = "change log";
    let log = looked.log.as_ref()?;
    let mut says = format!("{} entries", log.entries);
    let todo = "somebody wrote past the program: restore the last backup that is good, or keep this \
                one and ask for help";
    if log.gaps > 0 {
        says.push_str(&format!(", {} are missing", log.gaps));
    }
    for (table, records) in log.untold.iter().take(NAMED) {
        says.push_str(&format!(
            ", {records} records of {table} have not one entry for each version"
        ));
    }
    Some(if log.gaps > 0 || !log.untold.is_empty() {
        Finding::error(CHECK, says, todo)
    } else {
        Finding::ok(
            CHECK,
            format!("{says}, one for each version of each record"),
        )
    })
}

fn leases(patient: &Patient, looked: &Examination) -> Finding {
    const CHECK: &str = "at work";
    if looked.leases.is_empty() {
        return Finding::ok(CHECK, "nobody works on the marts now");
    }
    let held = looked.leases.iter().map(|lease| {
        format!(
            "{} by {} until {}",
            lease.name,
            lease.holder,
            when(lease.until, patient)
        )
    });
    Finding::ok(CHECK, held.collect::<Vec<_>>().join(", "))
}

/// Whether every file that a record names is there with its size, and how many nobody names.
pub(super) async fn attachments(patient: &Patient, store: &Store) -> Finding {
    const CHECK: &str = "attachments";
    let folder = patient.data_dir.join(ATTACHMENTS);
    let mut snapshot = match Snapshot::begin(store).await {
        Ok(snapshot) => snapshot,
        Err(error) => {
            return Finding::error(CHECK, error.to_string(), "look at the database first");
        }
    };
    let (mut known, mut missing) = (HashSet::new(), Vec::new());
    let tell = |key: String, is_there: bool| {
        if !is_there {
            missing.push(key.clone());
        }
        known.insert(key);
    };
    if let Err(error) = named(&mut snapshot, &folder, tell).await {
        return Finding::error(CHECK, error.to_string(), "look at the database first");
    }
    let orphans = files(&folder).filter(|key| !known.contains(key)).count();
    let unnamed = match orphans {
        0 => String::new(),
        orphans => format!(", {orphans} files that no record names"),
    };
    if missing.is_empty() {
        return Finding::ok(CHECK, format!("{} files{unnamed}", known.len()));
    }
    let first: Vec<&str> = missing.iter().take(NAMED).map(String::as_str).collect();
    let says = format!(
        "{} of {} files are missing or cut off, as {}{unnamed}",
        missing.len(),
        known.len(),
        first.join(", ")
    );
    let todo = "copy them from a backup into the folder attachments: they are under the same names";
    Finding::error(CHECK, says, todo)
}

/// The keys of the files that came in whole.
fn files(folder: &std::path::Path) -> impl Iterator<Item = String> + use<> {
    let shelves = std::fs::read_dir(folder.join("sha256"))
        .into_iter()
        .flatten()
        .flatten();
    let files = shelves.flat_map(|shelf| {
        let files = std::fs::read_dir(shelf.path())
            .into_iter()
            .flatten()
            .flatten();
        let shelf = shelf.file_name().to_string_lossy().into_owned();
        files.map(move |file| format!("sha256/{shelf}/{}", file.file_name().to_string_lossy()))
    });
    files.collect::<Vec<_>>().into_iter()
}
