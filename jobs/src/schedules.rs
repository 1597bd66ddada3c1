//! What is done by itself: planned when it is due, run by one of the processes that look.
//!
//! A round plans what has come due and runs what waits. A run is done under the lease of its schedule:
//! so of several servers one does it, two runs of one schedule never overlap, and what a killed process
//! had begun is begun again by whoever gets the lease after it. While it works it looks whether somebody
//! wants it to end, and whether it takes longer than it may.
//!
//! Time is that of the store's clock. Between rounds it rests until the next moment that something is
//! due, but looks every few seconds for what other processes wrote.

mod works;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures::FutureExt as _;
use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use millrace_operations::entity::{schedule, schedule_run};
use millrace_operations::lease::holder;
use millrace_operations::service::schedule::{
    Ended, begin, end, is_cancelled, next_due, plan, say, waiting,
};
use millrace_operations::{Actor, OperationsError, Store, Unit};

use crate::lease::{Overtaken, Slot, give_up, under_lease_of};
pub use works::Standard;

/// Runs that one process has under way at most.
const AT_ONCE: usize = 3;
/// How often it is looked for what other processes wrote.
const LOOKED_EVERY: Duration = Duration::from_secs(5);
/// How often a run looks whether it is to end.
const WATCHED_EVERY: Duration = Duration::from_secs(2);
/// What a process writes itself is looked at once in so long.
const SHORTEST: Duration = Duration::from_millis(250);

/// What does the works.
pub trait Works: Send + Sync {
    /// Does what a schedule says; gives in a line what it did.
    ///
    /// It may be dropped anywhere, and begun again by another process: it does nothing that cannot be
    /// done twice.
    fn work<'a>(&'a self, task: &'a Task) -> BoxFuture<'a, anyhow::Result<String>>;
}

/// A run that is under way.
#[derive(Debug)]
pub struct Task {
    /// What is done.
    pub schedule: schedule::Model,
    /// Which time.
    pub run: schedule_run::Model,
    store: Store,
}

impl Task {
    /// Writes a line into the run's log. A line that cannot be written ends no run.
    pub async fn say(&self, text: &str) {
        if let Err(error) = say(&self.store, self.run.id, text).await {
            tracing::warn!(%error, run = self.run.id, "a line of a run's log is lost: {text}");
        }
    }
}

/// Plans and runs. Cheap to clone.
#[derive(Clone)]
pub struct Scheduler {
    store: Store,
    works: Arc<dyn Works>,
}

fn lease_name(schedule: i64) -> String {
    format!("schedule:{schedule}")
}

fn actor() -> Actor {
    Actor::system("schedule")
}

impl Scheduler {
    /// With the records, whose clock is the time, and what does the works.
    pub fn new(store: Store, works: Arc<dyn Works>) -> Self {
        Self { store, works }
    }

    /// Plans what has come due; gives how many runs it made.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn plan(&self) -> anyhow::Result<u64> {
        let now = self.store.now();
        if next_due(&self.store).await?.is_none_or(|due| due > now) {
            return Ok(0);
        }
        let work = async |unit: Unit| plan(&unit).await;
        Ok(self.store.write(&actor(), work).await?)
    }

    /// Plans what has come due and runs all that waits, one after the other; gives how many runs came
    /// to an end. What another process runs is left to it.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn round(&self) -> anyhow::Result<u64> {
        self.plan().await?;
        let mut ended = 0;
        for id in self.free(&BTreeSet::new()).await? {
            while self.run(id, &Slot::default()).await? {
                ended += 1;
            }
        }
        Ok(ended)
    }

    /// The schedules that wait to be run and that nobody runs.
    async fn free(&self, busy: &BTreeSet<i64>) -> anyhow::Result<Vec<i64>> {
        let mut free = Vec::new();
        for id in waiting(&self.store).await? {
            if !busy.contains(&id) && holder(&self.store, &lease_name(id)).await?.is_none() {
                free.push(id);
            }
        }
        Ok(free)
    }

    /// Runs the next that waits of a schedule; whether there was one.
    async fn run(&self, id: i64, slot: &Slot) -> anyhow::Result<bool> {
        let work = async |under: crate::lease::Under| {
            let token = under.fence;
            let begun = self
                .store
                .write(&actor(), async |unit: Unit| begin(&unit, id, token).await)
                .await?;
            let Some((schedule, run)) = begun else {
                return Ok(false);
            };
            self.done(schedule, run).await?;
            Ok(true)
        };
        match under_lease_of(&self.store, slot, &lease_name(id), work).await {
            Ok(done) => Ok(done.unwrap_or(false)),
            Err(error) if is_overtaken(&error) => {
                tracing::warn!(schedule = id, "another process took over a run");
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    async fn done(
        &self,
        schedule: schedule::Model,
        run: schedule_run::Model,
    ) -> anyhow::Result<()> {
        let minutes = schedule.time_limit_minutes;
        let task = Task {
            schedule,
            run,
            store: self.store.clone(),
        };
        if task.run.attempt > 1 {
            task.say("begun again: who ran it has ended").await;
        }
        let working = AssertUnwindSafe(self.works.work(&task)).catch_unwind();
        let ended = tokio::select! {
            biased;
            done = working => match done {
                Ok(Ok(result)) => Ended::Done(result),
                Ok(Err(error)) => Ended::Failed(format!("{error:#}")),
                Err(_) => Ended::Failed("it broke down; the server's log says where".to_owned()),
            },
            ended = self.watch(&task.run, minutes) => ended?,
        };
        let (name, run) = (&task.schedule.name, task.run.id);
        match &ended {
            Ended::Done(result) => tracing::info!(schedule = name, run, "done: {result}"),
            Ended::Failed(error) => tracing::error!(schedule = name, run, "failed: {error}"),
            Ended::Cancelled => tracing::info!(schedule = name, run, "cancelled"),
        }
        let work = async |unit: Unit| end(&unit, &task.run, &ended).await;
        let own = self.store.write(&actor(), work).await?;
        anyhow::ensure!(own, Overtaken);
        Ok(())
    }

    /// Done when a run is to end before its work does.
    async fn watch(&self, run: &schedule_run::Model, minutes: i64) -> anyhow::Result<Ended> {
        let mut written = self.store.written();
        let began = run.began_at.unwrap_or_else(|| self.store.now());
        loop {
            written.borrow_and_update();
            if is_cancelled(&self.store, run.id).await? {
                return Ok(Ended::Cancelled);
            }
            if self.store.now() - began > TimeDelta::minutes(minutes) {
                return Ok(Ended::Failed(format!(
                    "it took longer than {minutes} minutes, and was ended"
                )));
            }
            tokio::select! {
                _ = written.changed() => {}
                () = tokio::time::sleep(WATCHED_EVERY) => {}
            }
        }
    }

    /// Goes round until it is dropped: then what is under way is, as by a kill, and begun again by
    /// whoever comes next.
    pub(crate) async fn rounds(&self, held: &Slots) {
        let mut under_way = FuturesUnordered::new();
        let mut busy = BTreeSet::new();
        let mut written = self.store.written();
        let mut trouble = Trouble::default();
        loop {
            written.borrow_and_update();
            trouble.note("schedules", self.plan().await.err());
            match self.free(&busy).await {
                Ok(free) => {
                    for id in free {
                        if busy.len() >= AT_ONCE {
                            break;
                        }
                        busy.insert(id);
                        let slot = held.slot(&lease_name(id));
                        under_way.push(async move { (id, self.run(id, &slot).await) });
                    }
                }
                Err(error) => trouble.note("schedules", Some(error)),
            }
            tokio::select! {
                Some((id, ended)) = under_way.next(), if !under_way.is_empty() => {
                    busy.remove(&id);
                    if let Err(error) = ended {
                        tracing::error!(error = format!("{error:#}"), schedule = id, "a run ended badly");
                    }
                }
                () = rest(&self.store, &mut written, next_due(&self.store).await.ok().flatten()) => {}
            }
        }
    }
}

/// Rests until a moment, or until this process writes something, and a few seconds at most.
pub(crate) async fn rest(
    store: &Store,
    written: &mut tokio::sync::watch::Receiver<u64>,
    until: Option<chrono::DateTime<chrono::Utc>>,
) {
    let wait = until.and_then(|until| (until - store.now()).to_std().ok());
    let wait = wait.unwrap_or(LOOKED_EVERY).clamp(SHORTEST, LOOKED_EVERY);
    tokio::time::sleep(SHORTEST.min(wait)).await;
    tokio::select! {
        _ = written.changed() => {}
        () = tokio::time::sleep(wait.saturating_sub(SHORTEST)) => {}
    }
}

/// Whether the lease was lost, which is no failure: another process does the work.
pub(crate) fn is_overtaken(error: &anyhow::Error) -> bool {
    error.is::<Overtaken>() || matches!(error.downcast_ref(), Some(OperationsError::Overtaken))
}

/// The leases that a process holds, so that they can be given back when it ends.
#[derive(Debug, Clone, Default)]
pub(crate) struct Slots(Arc<std::sync::Mutex<BTreeMap<String, Slot>>>);

impl Slots {
    pub(crate) fn slot(&self, name: &str) -> Slot {
        let mut slots = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        Arc::clone(slots.entry(name.to_owned()).or_default())
    }

    pub(crate) async fn give_up(&self, store: &Store) {
        let slots: Vec<Slot> = {
            let slots = self
                .0
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            slots.values().cloned().collect()
        };
        for slot in slots {
            give_up(store, &slot).await;
        }
    }
}

/// Rounds that fail one after the other are told of once.
#[derive(Debug, Default)]
pub(crate) struct Trouble(Option<String>);

impl Trouble {
    pub(crate) fn note(&mut self, what: &str, error: Option<anyhow::Error>) {
        let text = error.map(|error| format!("{error:#}"));
        if let Some(text) = &text
            && self.0.as_ref() != Some(text)
        {
            tracing::error!(error = text, "{what} are not looked after");
        }
        self.0 = text;
    }
}
