//! Keeps the marts up with the records, for as long as it is let run.
//!
//! A round reads the change log into the raw tables, brings the marts up to date if a raw table has
//! rows that the published set has not (or a new day has begun), and publishes them. It begins when
//! this process wrote a record, and looks every second for what others wrote. After a round it rests
//! for as long as the round took: so a burst of writes is one round, the more is written the more is
//! taken together, and building never takes more than half of the time.
//!
//! Several processes may do this over one lake: a round is done under a lease, and the others rest.
//! One that lost its lease without knowing it is refused when it publishes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use millrace_ingest::{IngestError, WINDOW, changes_behind, ingest_changes};
use millrace_lake::{Lake, LakeError};
use millrace_models::config::Company;
use millrace_models::entity::Entity;
use millrace_operations::Store;
use millrace_operations::service::scorecard;

use crate::close;
use crate::engine::Local;
use crate::health::{Again, Followed, follow, score, scores_version};
use crate::lease::{Overtaken, Slot, Under, give_up, may_remove, under_lease};
use crate::run::{RunOptions, RunReport, Silent, run};
use crate::schedule::Schedule;
use crate::upkeep::tidy;
use crate::visits::ROWS_AT_ONCE;

/// How often the change log is asked for what other processes wrote.
const POLL: Duration = Duration::from_secs(1);
/// The rest after a round: as long as it took, but at least and at most so long.
const SHORTEST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_mins(5);
/// How often what nobody needs any more is removed from the lake.
const CLEANED_EVERY: TimeDelta = TimeDelta::hours(1);
/// The rest after a round that failed, at most; the first is [`POLL`], and each doubles it.
const TROUBLED: Duration = Duration::from_mins(1);

/// What is kept fresh, and from what.
#[derive(Debug, Clone)]
pub struct Live {
    /// The records; the time is that of its clock.
    pub store: Store,
    /// The tables.
    pub lake: Lake,
    /// Zone and working hours.
    pub company: Company,
}

/// What a round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// Entries of the change log that it read.
    pub entries: u64,
    /// The set that it published, if there was anything new.
    pub set: Option<i64>,
}

/// What a process remembers from one round to the next.
#[derive(Debug, Default)]
struct Memory {
    cleaned_at: Option<DateTime<Utc>>,
    /// The version of the scores that was followed in the daily work.
    followed: Option<i64>,
}

impl Live {
    /// Goes round until `stop` is done. What is under way then is dropped, as by a kill: the next
    /// round goes on from what was committed.
    pub async fn keep_fresh(&self, stop: impl Future<Output = ()>) {
        let slot = Slot::default();
        tokio::select! {
            () = stop => {}
            () = self.rounds(&slot) => {}
        }
        give_up(&self.store, &slot).await;
    }

    async fn rounds(&self, slot: &Slot) {
        let mut written = self.store.written();
        let mut trouble = Trouble::default();
        let mut schedule = Schedule::default();
        let mut memory = Memory::default();
        loop {
            schedule.run_due(&self.store).await;
            written.borrow_and_update();
            let began = tokio::time::Instant::now();
            let rest = match Box::pin(self.round_in(slot, &mut memory)).await {
                Ok(round) => {
                    trouble.is_over();
                    if let Some(set) = round.set {
                        tracing::info!(set, entries = round.entries, "published");
                    }
                    began.elapsed().clamp(SHORTEST, LONGEST)
                }
                Err(error) if is_conflict(&error) => {
                    tracing::debug!(error = format!("{error:#}"), "another process was faster");
                    SHORTEST
                }
                Err(error) => trouble.rest(&error),
            };
            tokio::time::sleep(rest).await;
            tokio::select! {
                _ = written.changed() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    /// One round: reads, builds and publishes what is new. Nothing when another process is at it.
    ///
    /// # Errors
    ///
    /// Those of the database and of the lake, also when another process was faster.
    pub async fn round(&self) -> anyhow::Result<Round> {
        let mut memory = Memory {
            cleaned_at: Some(self.store.now()),
            followed: None,
        };
        self.round_in(&Slot::default(), &mut memory).await
    }

    async fn round_in(&self, slot: &Slot, memory: &mut Memory) -> anyhow::Result<Round> {
        let now = self.store.now();
        let behind = changes_behind(&self.lake, &self.store).await?;
        let same_closes = !close::differs(&self.lake, &self.store).await?;
        let is_followed = scores_version(&self.lake).await? == memory.followed;
        if behind.entries == 0 && same_closes && is_followed && !self.is_stale(now).await? {
            return Ok(Round::default());
        }
        let work = async |under: Under| {
            let read = ingest_changes(&self.lake, &self.store, WINDOW, now).await?;
            let mut round = Round {
                entries: read.entries,
                set: None,
            };
            if self.is_stale(now).await? {
                let report = self.build(&under, now).await?;
                round.set = report.published.then_some(report.set);
            }
            let rules = scorecard::rules(self.store.reader()).await?;
            let options = self.options(&under, now);
            let scored = score(&self.lake, &options, &rules, Again::Grown).await?;
            round.set = scored.map(|scored| scored.set).or(round.set);
            let closed = close::sync(&self.lake, &self.store, &under).await?;
            round.set = closed.or(round.set);
            let version = scores_version(&self.lake).await?;
            if version != memory.followed {
                under.gate.pass("health").await?;
                let followed = follow(&self.lake, &self.store).await?;
                if followed != Followed::default() {
                    tracing::info!(?followed, "scores are followed");
                }
                memory.followed = version;
            }
            tidy(&self.lake, now).await?;
            let is_due = memory.cleaned_at.is_none_or(|at| now - at >= CLEANED_EVERY);
            if is_due && may_remove(&self.store).await? {
                self.lake.clean(now).await?;
                memory.cleaned_at = Some(now);
            }
            Ok(round)
        };
        let round = under_lease(&self.store, slot, work).await?;
        Ok(round.unwrap_or_default())
    }

    /// Brings the marts up to date and publishes them.
    pub(crate) async fn build(
        &self,
        under: &Under,
        now: DateTime<Utc>,
    ) -> anyhow::Result<RunReport> {
        Box::pin(run(&self.lake, &self.options(under, now))).await
    }

    fn options(&self, under: &Under, now: DateTime<Utc>) -> RunOptions {
        RunOptions {
            company: self.company.clone(),
            as_of: None,
            now,
            jobs: Vec::new(),
            full: false,
            rows_at_once: ROWS_AT_ONCE,
            engine: Arc::new(Local),
            gate: Arc::clone(&under.gate),
            fence: under.fence,
            progress: Arc::new(Silent),
        }
    }

    /// Whether the raw tables have rows that the published set was not built from, or the set is of
    /// another day: what is late or open depends on the day.
    pub(crate) async fn is_stale(&self, now: DateTime<Utc>) -> anyhow::Result<bool> {
        let raw = raw_rows(&self.lake).await?;
        let Some(set) = self.lake.latest_set().await? else {
            return Ok(raw.values().any(|rows| *rows > 0));
        };
        let day = |at: DateTime<Utc>| at.with_timezone(&self.company.zone).date_naive();
        Ok(set.inputs != raw || day(set.published_at) < day(now))
    }
}

/// How many rows each raw table has. They are only appended to, so the same number is the same
/// content.
pub(crate) async fn raw_rows(lake: &Lake) -> anyhow::Result<BTreeMap<String, u64>> {
    let mut rows = BTreeMap::new();
    for entity in Entity::all() {
        let name = format!("raw/{}", entity.name());
        let table = lake.table(&name).await?;
        rows.insert(name, table.rows());
    }
    Ok(rows)
}

/// Whether the round lost to another process: then that one has done the same.
fn is_conflict(error: &anyhow::Error) -> bool {
    let lake = match error.downcast_ref() {
        Some(IngestError::Lake(lake)) => Some(lake),
        _ => error.downcast_ref(),
    };
    error.is::<Overtaken>()
        || lake.is_some_and(|lake: &LakeError| {
            lake.is_retryable() || matches!(lake, LakeError::AlreadyApplied { .. })
        })
}

/// Rounds that fail one after the other: told of once, tried less and less often.
#[derive(Debug, Default)]
struct Trouble {
    failed: u32,
    told: Option<String>,
}

impl Trouble {
    fn rest(&mut self, error: &anyhow::Error) -> Duration {
        let text = format!("{error:#}");
        if self.told.as_deref() == Some(&text) {
            tracing::debug!(error = text, "the marts are not brought up to date");
        } else {
            tracing::error!(error = text, "the marts are not brought up to date");
        }
        self.told = Some(text);
        let rest = POLL * 2_u32.pow(self.failed.min(6));
        self.failed += 1;
        rest.min(TROUBLED)
    }

    fn is_over(&mut self) {
        if self.failed > 0 {
            tracing::info!("the marts are up to date again");
        }
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_race_is_no_trouble() {
        let moved = || LakeError::Moved {
            table: "marts/orders".to_owned(),
            read: 3,
        };
        assert!(is_conflict(&moved().into()));
        assert!(is_conflict(&IngestError::Lake(moved()).into()));
        let broken = LakeError::NoTable {
            table: "marts/orders".to_owned(),
        };
        assert!(!is_conflict(&broken.into()));
    }

    #[test]
    fn rests_longer_after_each_failure_and_begins_anew_after_success() {
        let mut trouble = Trouble::default();
        let error = anyhow::anyhow!("no space");
        let rests: Vec<u64> = (0..8).map(|_| trouble.rest(&error).as_secs()).collect();
        assert_eq!(rests, [1, 2, 4, 8, 16, 32, 60, 60]);
        trouble.is_over();
        assert_eq!(trouble.rest(&error), POLL);
    }
}
