//! What operations does by the clock: quotes expire, neglected accounts go back to the pool, what
//! nobody needs any more is removed.
//!
//! Each may run at any time, again, and in several processes at once: it finds what is due and does
//! it once.

use chrono::{DateTime, TimeDelta, Utc};
use millrace_operations::service::quote_decision::expire_due;
use millrace_operations::service::return_due::return_due;
use millrace_operations::sign_in::SessionRules;
use millrace_operations::upkeep::remove_expired;
use millrace_operations::{Actor, Result, Store};

/// All of it goes by days; every so often is soon enough after a day's beginning.
const EVERY: TimeDelta = TimeDelta::minutes(15);
/// Quotes that expire in one transaction.
const QUOTES: u64 = 200;

/// When it is next.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    next: Option<DateTime<Utc>>,
}

impl Schedule {
    /// Does what is due, if it is time to look again. A failure is told, and tried again next time.
    pub(crate) async fn run_due(&mut self, store: &Store) {
        let now = store.now();
        if self.next.is_some_and(|next| now < next) {
            return;
        }
        self.next = Some(now + EVERY);
        let done = [
            ("quotes expire", quotes(store).await),
            ("accounts return to the pool", pool(store).await),
            ("what is expired is removed", old(store).await),
        ];
        for (what, done) in done {
            match done {
                Ok(0) => {}
                Ok(count) => tracing::info!(count, "{what}"),
                Err(error) => tracing::error!(%error, "{what}: failed"),
            }
        }
    }
}

async fn quotes(store: &Store) -> Result<u64> {
    let actor = Actor::system("quotes");
    let mut all = 0;
    loop {
        let work = async |unit| expire_due(&unit, QUOTES).await;
        let done = store.write(&actor, work).await? as u64;
        all += done;
        if done < QUOTES {
            return Ok(all);
        }
    }
}

async fn pool(store: &Store) -> Result<u64> {
    let done = return_due(store).await?;
    Ok((done.warned.len() + done.returned.len()) as u64)
}

async fn old(store: &Store) -> Result<u64> {
    remove_expired(store, SessionRules::default()).await
}
