//! Closing months (关账): the numbers of a closed month stay those of the set that it is closed on.
//!
//! A close is made in four steps, under the lease of the marts: everything that was written is brought
//! in and published; a set is published for the close and named in itself, so that upkeep keeps it
//! whoever does it; the close is recorded in operations, and holds from then on; a set is published
//! that says so, and the numbers follow. Broken off before the record, there is a set that nobody
//! needs, and the next round lets go of it; broken off after it, the next round does the last step.
//! Opening a month again is a record first as well.

use anyhow::Context as _;
use chrono::NaiveDate;
use millrace_ingest::{WINDOW, ingest_changes};
use millrace_lake::{Close, Lake, PublishedSet};
use millrace_operations::entity::month_close;
use millrace_operations::service::month_close::{self as service, Closer};
use millrace_operations::{Store, Unit};

use crate::lease::{Under, when_free};
use crate::live::Live;

impl Live {
    /// Closes a month, with everything that was written up to now.
    ///
    /// # Errors
    ///
    /// When the caller may not, or the month cannot be closed now
    /// ([`OperationsError`](millrace_operations::OperationsError)); those of a round.
    pub async fn close_month(
        &self,
        closer: Closer<'_>,
        month: NaiveDate,
        note: Option<&str>,
    ) -> anyhow::Result<month_close::Model> {
        service::may_close(&self.store, closer, month).await?;
        when_free(&self.store, async |under: Under| {
            let closed_at = self.store.now();
            ingest_changes(&self.lake, &self.store, WINDOW, closed_at).await?;
            if self.is_stale(closed_at).await? {
                self.build(&under, closed_at).await?;
            }
            let newest = self.lake.latest_set().await?;
            let newest = newest.context("there are no numbers yet: nothing was published")?;
            let base = newest.id;
            let mut set = PublishedSet {
                published_at: closed_at,
                ..newest
            };
            set.closes.push(Close {
                month,
                set: base + 1,
                closed_at,
                stands: false,
            });
            let set = publish(&self.lake, &under, set, base).await?;
            let author = service::author(closer, None);
            let work =
                async |unit: Unit| service::close(&unit, closer, month, closed_at, set, note).await;
            let close = self.store.write(&author, work).await?;
            sync(&self.lake, &self.store, &under).await?;
            Ok(close)
        })
        .await
    }

    /// Opens the last closed month again: its numbers follow its records.
    ///
    /// # Errors
    ///
    /// When the caller may not, or it is not the last closed month; those of the lake.
    pub async fn reopen_month(
        &self,
        closer: Closer<'_>,
        month: NaiveDate,
        reason: &str,
    ) -> anyhow::Result<month_close::Model> {
        let author = service::author(closer, Some(reason));
        let work = async |unit: Unit| service::reopen(&unit, closer, month, reason).await;
        let opened = self.store.write(&author, work).await?;
        when_free(&self.store, async |under: Under| {
            sync(&self.lake, &self.store, &under).await
        })
        .await?;
        Ok(opened)
    }
}

/// Whether the newest set says otherwise than operations which months are closed.
pub(crate) async fn differs(lake: &Lake, store: &Store) -> anyhow::Result<bool> {
    match lake.latest_set().await? {
        Some(set) => Ok(wanted(lake, store, &set).await? != set.closes),
        None => Ok(false),
    }
}

/// Publishes which months are closed, where the newest set says otherwise; the number of the set.
pub(crate) async fn sync(lake: &Lake, store: &Store, under: &Under) -> anyhow::Result<Option<i64>> {
    let Some(newest) = lake.latest_set().await? else {
        return Ok(None);
    };
    let closes = wanted(lake, store, &newest).await?;
    if closes == newest.closes {
        return Ok(None);
    }
    // The marts are those of then: a set of today would say that the day has been seen to.
    let base = newest.id;
    let set = PublishedSet { closes, ..newest };
    Ok(Some(publish(lake, under, set, base).await?))
}

async fn publish(lake: &Lake, under: &Under, set: PublishedSet, base: i64) -> anyhow::Result<i64> {
    under.gate.pass("published").await?;
    let set = PublishedSet {
        fence: under.fence,
        made: millrace_lake::Made::default(),
        ..set
    };
    Ok(lake.publish_after(set, Some(base)).await?)
}

/// The closes that operations has, as far as the lake has their sets.
async fn wanted(lake: &Lake, store: &Store, newest: &PublishedSet) -> anyhow::Result<Vec<Close>> {
    let standing = service::standing(store.reader()).await?;
    let closes = standing.into_iter().map(|close| Close {
        month: close.month,
        set: close.published_set,
        closed_at: close.closed_at,
        stands: true,
    });
    let mut closes: Vec<Close> = closes.collect();
    let known = |close: &Close| newest.closes.iter().any(|own| own.set == close.set);
    if !closes.iter().all(known) {
        let sets = lake.sets().await?;
        closes.retain(|close| {
            let there = sets.iter().any(|set| set.id == close.set);
            if !there {
                let (month, set) = (close.month, close.set);
                tracing::debug!(%month, set, "a month is closed on a set of another lake");
            }
            there
        });
    }
    Ok(closes)
}
