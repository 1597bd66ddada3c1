//! The lease under which marts are made: of several processes one works at a time.
//!
//! It is lengthened while the work goes on, and lost when that is late: then the work is dropped,
//! and what it would still have committed is refused by its token.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use chrono::TimeDelta;
use futures::future::BoxFuture;
use millrace_lake::Lake;
use millrace_models::marts;
use millrace_operations::Store;
use millrace_operations::lease::{Lease, give_back, holder, lengthen, take};
use millrace_operations::service::scorecard;
use tokio::task::JoinSet;
use tokio::time::error::Elapsed;

use crate::close::sync;
use crate::health::{Again, follow, score};
use crate::run::{Gate, RunOptions, RunReport, StepReport, run};

/// What the lease is called.
pub const LEASE: &str = "marts";
/// While somebody holds this one, nothing is removed from the lake: a backup reads it.
pub(crate) const STILL: &str = "backup";
/// How long it lasts without being lengthened: so long others wait for a process that was killed.
const LASTS: TimeDelta = TimeDelta::seconds(10);
const LENGTHENED_EVERY: Duration = Duration::from_secs(3);
/// A command waits so long for another process, and asks so often.
const PATIENCE: Duration = Duration::from_mins(10);
const ASKED_EVERY: Duration = Duration::from_millis(200);

/// The lease was lost to another process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Overtaken;

impl std::fmt::Display for Overtaken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("another process took over the work")
    }
}

impl std::error::Error for Overtaken {}

/// A lease as the gate of a run: before each commit it must still be held.
struct Held {
    store: Store,
    lease: Lease,
}

impl Gate for Held {
    fn pass<'a>(&'a self, _: &'a str) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(async {
            let held = lengthen(&self.store, &self.lease, LASTS).await?;
            anyhow::ensure!(held, Overtaken);
            Ok(())
        })
    }
}

/// Where it is known which lease is held, so that it can be given back when the work is dropped.
pub(crate) type Slot = Arc<Mutex<Option<Lease>>>;

/// The gate and the token of work under a lease.
pub(crate) struct Under {
    pub(crate) gate: Arc<dyn Gate>,
    pub(crate) fence: i64,
    pub(crate) lease: Lease,
}

async fn taken(store: &Store, name: &str) -> anyhow::Result<Option<Lease>> {
    let holder = format!("process {}", std::process::id());
    Ok(take(store, name, &holder, LASTS).await?)
}

/// Does a work while nothing is removed from the lake, after those who do such a work now.
pub(crate) async fn still<T>(
    store: &Store,
    slot: &Slot,
    work: impl AsyncFnOnce() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let lease = free(store, STILL).await?;
    let lease = lease.context("another backup has been at work for too long")?;
    holding(store, slot, lease, async |_: Under| work().await).await
}

/// Whether something may be removed from the lake now.
pub(crate) async fn may_remove(store: &Store) -> anyhow::Result<bool> {
    Ok(holder(store, STILL).await?.is_none())
}

/// Does a work under the lease of the marts; `None` when another process has it.
pub(crate) async fn under_lease<T>(
    store: &Store,
    slot: &Slot,
    work: impl AsyncFnOnce(Under) -> anyhow::Result<T>,
) -> anyhow::Result<Option<T>> {
    under_lease_of(store, slot, LEASE, work).await
}

/// Does a work under a lease of that name; `None` when another process has it.
pub(crate) async fn under_lease_of<T>(
    store: &Store,
    slot: &Slot,
    name: &str,
    work: impl AsyncFnOnce(Under) -> anyhow::Result<T>,
) -> anyhow::Result<Option<T>> {
    let Some(lease) = taken(store, name).await? else {
        return Ok(None);
    };
    holding(store, slot, lease, work).await.map(Some)
}

async fn holding<T>(
    store: &Store,
    slot: &Slot,
    lease: Lease,
    work: impl AsyncFnOnce(Under) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    keep(slot, Some(lease.clone()));
    let under = Under {
        gate: Arc::new(Held {
            store: store.clone(),
            lease: lease.clone(),
        }),
        fence: lease.token,
        lease: lease.clone(),
    };
    // By a task of its own, as work that counts for long lets nothing else go on beside it; it ends with
    // this.
    let mut keeper = JoinSet::new();
    let (own, held) = (store.clone(), lease.clone());
    keeper.spawn(async move { lengthened(&own, &held).await });
    let done = tokio::select! {
        done = work(under) => done,
        Some(lost) = keeper.join_next() => Err(lost.unwrap_or_else(Into::into)),
    };
    drop(keeper);
    give_up(store, slot).await;
    done
}

/// Lengthens the lease for as long as that succeeds; says why it did not.
async fn lengthened(store: &Store, lease: &Lease) -> anyhow::Error {
    loop {
        tokio::time::sleep(LENGTHENED_EVERY).await;
        match lengthen(store, lease, LASTS).await {
            Ok(true) => {}
            Ok(false) => return Overtaken.into(),
            Err(error) => return error.into(),
        }
    }
}

fn keep(slot: &Slot, lease: Option<Lease>) -> Option<Lease> {
    let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
    std::mem::replace(&mut *slot, lease)
}

/// Gives back the lease that is held, if any.
pub(crate) async fn give_up(store: &Store, slot: &Slot) {
    if let Some(lease) = keep(slot, None)
        && let Err(error) = give_back(store, &lease).await
    {
        tracing::debug!(%error, "the lease ends by itself");
    }
}

/// The lease of that name once nobody has it; a timeout where that takes too long.
async fn free(store: &Store, name: &str) -> anyhow::Result<Result<Lease, Elapsed>> {
    let waiting = async {
        loop {
            if let Some(lease) = taken(store, name).await? {
                return anyhow::Ok(lease);
            }
            tokio::time::sleep(ASKED_EVERY).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting)
        .await
        .map_or_else(|late| Ok(Err(late)), |lease| lease.map(Ok))
}

/// Does a work under the lease, after those who have it now.
pub(crate) async fn when_free<T>(
    store: &Store,
    work: impl AsyncFnOnce(Under) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let lease = free(store, LEASE).await?;
    let lease = lease.context("another process has been working on the marts for too long")?;
    holding(store, &Slot::default(), lease, work).await
}

/// Builds the marts that the options name and scores the accounts: all of it where they name none.
async fn run_and_score(
    lake: &Lake,
    store: &Store,
    options: &RunOptions,
) -> anyhow::Result<RunReport> {
    let is_kept = |job: &String| marts::KEPT.contains(&&**job);
    let (scores, jobs): (Vec<String>, Vec<String>) =
        options.jobs.iter().cloned().partition(is_kept);
    let named = !scores.is_empty();
    let only_scores = named && jobs.is_empty();
    let mut report = if only_scores {
        let newest = lake.latest_set().await?;
        let newest = newest.context("nothing is published yet: run all marts first")?;
        RunReport::nothing(&newest)
    } else {
        let options = RunOptions {
            jobs,
            ..options.clone()
        };
        run(lake, &options).await?
    };
    if named || options.jobs.is_empty() {
        let again = if named && options.full {
            Again::Always
        } else {
            Again::Changed
        };
        let began = Instant::now();
        let rules = scorecard::rules(store.reader()).await?;
        if let Some(scored) = score(lake, options, &rules, again).await? {
            report.set = scored.set;
            report.published = true;
            report.marts.extend(scored.marts);
            report.steps.push(StepReport {
                name: "scores".to_owned(),
                seconds: began.elapsed().as_secs_f64(),
            });
        }
        // what was so at another time is no reason to do something now
        if options.as_of.is_none() {
            options.gate.pass("health").await?;
            follow(lake, store).await?;
        }
    }
    Ok(report)
}

/// [`run`] under the lease, and the scores of accounts, after those who have it now.
///
/// # Errors
///
/// Those of [`run`] and of the database; when others keep the lease for ten minutes.
pub async fn run_leased(
    lake: &Lake,
    store: &Store,
    options: &RunOptions,
) -> anyhow::Result<RunReport> {
    when_free(store, async |under: Under| {
        let options = RunOptions {
            // While it waited, others may have published.
            now: options.now.max(store.now()),
            gate: Arc::clone(&under.gate),
            fence: under.fence,
            ..options.clone()
        };
        let report = Box::pin(run_and_score(lake, store, &options)).await?;
        let closed = sync(lake, store, &under).await?;
        Ok(RunReport {
            set: closed.unwrap_or(report.set),
            ..report
        })
    })
    .await
}
