//! The lake: whether its tables are whole, and how fresh they are.

use chrono::TimeDelta;
use millrace_ingest::{changes_behind, ingested_mark};
use millrace_lake::{Lake, LakeError};
use millrace_operations::Store;

use super::{Finding, Patient, long, when};

const CHECK: &str = "lake";
/// Changes may wait so long, and numbers be so old.
const LATE: TimeDelta = TimeDelta::minutes(15);
const OLD: TimeDelta = TimeDelta::hours(26);

pub(super) async fn lake(patient: &Patient, store: Option<&Store>) -> Vec<Finding> {
    let root = patient.data_dir.join("lake");
    let lake = match Lake::open(&root).await {
        Ok(lake) => lake,
        Err(error @ LakeError::NotInitialised { .. }) => {
            return vec![Finding::error(
                CHECK,
                error.to_string(),
                "make it with `millrace init`",
            )];
        }
        Err(error) => {
            let todo = "see to the rights and the disk, or restore the last backup";
            return vec![Finding::error(CHECK, error.to_string(), todo)];
        }
    };
    let mut found = vec![files(&lake).await];
    found.push(published(patient, &lake).await);
    if let Some(store) = store {
        found.push(behind(patient, &lake, store).await);
    }
    found
}

async fn files(lake: &Lake) -> Finding {
    let todo = "restore the last backup, or, where only marts are concerned, make them anew with \
                `millrace run --full`";
    let flaws = match lake.flaws().await {
        Ok(flaws) => flaws,
        Err(error) => return Finding::error(CHECK, error.to_string(), todo),
    };
    let sets = lake.sets().await.map_or(0, |sets| sets.len());
    match flaws.first() {
        None => Finding::ok(
            CHECK,
            format!("all files of all tables and of {sets} kept sets are there"),
        ),
        Some(flaw) => {
            let how = match flaw.found {
                Some(found) => format!("has {found} bytes instead of {}", flaw.size),
                None => "is missing".to_owned(),
            };
            let says = format!(
                "{} files are missing or cut off, as {} of {}, which {how}",
                flaws.len(),
                flaw.path.display(),
                flaw.table
            );
            Finding::error(CHECK, says, todo)
        }
    }
}

async fn published(patient: &Patient, lake: &Lake) -> Finding {
    const CHECK: &str = "numbers";
    let todo = "start `millrace serve` or `millrace worker`, or make them with `millrace run`";
    match lake.latest_set().await {
        Err(error) => Finding::error(CHECK, error.to_string(), "look at the lake first"),
        Ok(None) => Finding::warning(CHECK, "nothing was published yet", todo),
        Ok(Some(set)) => {
            let age = patient.clock.now() - set.published_at;
            let says = format!(
                "set {} of {}, {} ago",
                set.id,
                when(set.published_at, patient),
                long(age)
            );
            if age > OLD {
                Finding::warning(CHECK, says, todo)
            } else {
                Finding::ok(CHECK, says)
            }
        }
    }
}

async fn behind(patient: &Patient, lake: &Lake, store: &Store) -> Finding {
    const CHECK: &str = "lake and log";
    let mark = match ingested_mark(lake, store).await {
        Ok(mark) => mark,
        Err(error) => return Finding::error(CHECK, error.to_string(), "look at the lake first"),
    };
    match store.has_reached(mark).await {
        Ok(true) => {}
        Ok(false) => {
            let says =
                format!("the lake has read up to {mark}, and the change log does not go so far");
            let todo = "lake and database do not belong together: restore both from one backup";
            return Finding::error(CHECK, says, todo);
        }
        Err(error) => {
            return Finding::error(CHECK, error.to_string(), "look at the database first");
        }
    }
    let behind = match changes_behind(lake, store).await {
        Ok(behind) => behind,
        Err(error) => return Finding::error(CHECK, error.to_string(), "look at the lake first"),
    };
    let Some(since) = behind.since else {
        return Finding::ok(CHECK, "every change is in the lake");
    };
    let age = patient.clock.now() - since;
    let says = format!(
        "{} changes of the last {} are not in the lake yet",
        behind.entries,
        long(age)
    );
    if age > LATE {
        let todo =
            "start `millrace serve` or `millrace worker`, or bring them in with `millrace ingest`";
        Finding::warning(CHECK, says, todo)
    } else {
        Finding::ok(CHECK, says)
    }
}
