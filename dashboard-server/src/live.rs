//! `GET /api/live`: news, as server-sent events (HTML, section 9.2).
//!
//! A stream has no queue: it looks twice a second at the newest set and at the count of writes, and
//! says what is otherwise than when it last said something. However much happens, and however slow
//! its reader is, no more than the last state waits for them. It is no part of the OpenAPI document,
//! which has no words for an answer that does not end.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use chrono::{DateTime, SecondsFormat, Utc};
use futures::Stream;
use millrace_lake::PublishedSet;
use millrace_models::metric::Registry;
use millrace_models::scope::{Access, Reach};
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::error::ApiError;
use crate::extract::Waiting;
use crate::state::AppState;

/// How often a stream looks for news.
const LOOK: Duration = Duration::from_millis(500);
/// How often it looks whether its session is still open when there are none.
const LOOKS_A_CHECK: u32 = 20;
/// How often it says that it is there.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// A set was published; the first event of a stream says which one is the newest.
#[derive(Serialize)]
struct SetNews {
    /// Its number; none before the first.
    set: Option<i64>,
    published_at: Option<String>,
    complete_to: Option<String>,
    /// The tables whose version is another than in the set that was told of before, of those that
    /// one sees anything of.
    tables: Vec<String>,
    /// How often records were written since the server started.
    writes: u64,
}

/// Records were written.
#[derive(Serialize)]
struct WriteNews {
    writes: u64,
}

/// What a stream has told.
struct Told {
    set: Option<i64>,
    versions: BTreeMap<String, i64>,
    writes: u64,
}

/// One who listens.
struct Listener {
    state: AppState,
    waiting: Waiting,
    looks: Interval,
    since_check: u32,
    written: watch::Receiver<u64>,
    closing: watch::Receiver<bool>,
    told: Option<Told>,
}

/// News, until the session ends or the server does.
pub(crate) async fn live(
    State(state): State<AppState>,
    waiting: Waiting,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let listener = Listener {
        written: state.store().written(),
        closing: state.closing(),
        state,
        waiting,
        looks,
        since_check: 0,
        told: None,
    };
    let events = futures::stream::unfold(listener, |mut listener| async move {
        let event = listener.next().await?;
        Some((Ok(event), listener))
    });
    let heartbeat = KeepAlive::new().interval(HEARTBEAT);
    Ok(Sse::new(events).keep_alive(heartbeat))
}

impl Listener {
    /// The next event; none when there will be no more.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if *self.closing.borrow() {
                return None;
            }
            tokio::select! {
                _ = self.looks.tick() => {}
                // the server ends
                _ = self.closing.changed() => return None,
            }
            let set = match self.state.lake().latest_set().await {
                Ok(set) => set,
                Err(error) => {
                    tracing::warn!(%error, "no news of sets");
                    return None;
                }
            };
            let writes = *self.written.borrow();
            let is_new_set =
                (self.told.as_ref()).is_none_or(|told| told.set != set.as_ref().map(|set| set.id));
            let is_written = self.told.as_ref().is_none_or(|told| told.writes != writes);
            self.since_check += 1;
            if !is_new_set && !is_written && self.since_check < LOOKS_A_CHECK {
                continue;
            }
            self.since_check = 0;
            // nothing is told to who has gone out meanwhile
            let caller = self.waiting.caller(&self.state).await.ok()?;
            if is_new_set {
                return self.set_news(&caller.access(), set, writes);
            }
            if is_written && let Some(told) = &mut self.told {
                told.writes = writes;
                return event("writes", &WriteNews { writes });
            }
        }
    }

    fn set_news(
        &mut self,
        access: &Access,
        set: Option<PublishedSet>,
        writes: u64,
    ) -> Option<Event> {
        let zone = self.state.company().zone;
        let local = |at: DateTime<Utc>| {
            at.with_timezone(&zone)
                .to_rfc3339_opts(SecondsFormat::Secs, false)
        };
        let before = self.told.take().map(|told| told.versions);
        let before = before.unwrap_or_default();
        let versions = set
            .as_ref()
            .map(|set| set.versions.clone())
            .unwrap_or_default();
        let changed = versions
            .iter()
            .filter(|(table, version)| before.get(*table) != Some(version))
            .filter_map(|(table, _)| table.strip_prefix("marts/"));
        let news = SetNews {
            set: set.as_ref().map(|set| set.id),
            published_at: set.as_ref().map(|set| local(set.published_at)),
            complete_to: set.as_ref().map(|set| local(set.complete_to)),
            tables: seen(access, changed)?,
            writes,
        };
        self.told = Some(Told {
            set: news.set,
            versions,
            writes,
        });
        event("set", &news)
    }
}

/// The tables that somebody sees anything of.
fn seen<'a>(access: &Access, tables: impl Iterator<Item = &'a str>) -> Option<Vec<String>> {
    let registry = Registry::shipped().ok()?;
    let seen = tables.filter(|table| access.reach(registry, table) != Reach::Nothing);
    Some(seen.map(str::to_owned).collect())
}

fn event(name: &str, news: &impl Serialize) -> Option<Event> {
    Event::default().event(name).json_data(news).ok()
}
