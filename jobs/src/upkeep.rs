//! Upkeep of the lake, under the lease of the marts.

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use millrace_lake::{Lake, LakeError, Upkept};
use millrace_models::entity::Entity;
use millrace_operations::Store;

use crate::close::sync;
use crate::lease::{Under, may_remove, when_free};

/// Puts small files together, and forgets sets that are not kept; idempotent. What moved meanwhile is
/// left for the next time.
pub(crate) async fn tidy(lake: &Lake, now: DateTime<Utc>) -> anyhow::Result<Upkept> {
    let mut done = Upkept::default();
    for entity in Entity::all() {
        let name = format!("raw/{}", entity.name());
        done.merged_files += unless_moved(lake.compact(&name).await)?;
    }
    done.forgotten_sets = unless_moved(lake.forget_sets(now).await)?;
    Ok(done)
}

fn unless_moved(done: Result<usize, LakeError>) -> Result<usize, LakeError> {
    match done {
        Err(error) if error.is_retryable() => Ok(0),
        done => done,
    }
}

/// All upkeep: small files are put together, sets that are not kept are forgotten, and files and log
/// entries that nothing refers to any more are removed a day after they were written. Under the
/// lease, after those who have it now.
///
/// # Errors
///
/// Those of the lake and of the database.
pub async fn upkeep(lake: &Lake, store: &Store) -> anyhow::Result<Upkept> {
    when_free(store, async |under: Under| {
        sync(lake, store, &under).await?;
        let now = store.now();
        let tidied = tidy(lake, now).await?;
        let cleaned = if may_remove(store).await? {
            lake.clean(now).await.context("cleaning the lake")?
        } else {
            tracing::info!("a backup is being taken: nothing is removed now");
            Upkept::default()
        };
        Ok(Upkept {
            merged_files: tidied.merged_files,
            forgotten_sets: tidied.forgotten_sets,
            ..cleaned
        })
    })
    .await
}
