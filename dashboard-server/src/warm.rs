//! Keeps ready what questions are answered from: opens new sets before they are asked, and makes
//! the sums that were asked for lately.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use crate::state::AppState;

/// How often it looks for a new set.
const LOOK: Duration = Duration::from_millis(500);
/// How long it rests between two rollups, as a part of how long one took: so that questions and
/// publishing have most of the processors.
const REST: f32 = 1.0;

/// Goes on until it is dropped.
pub(crate) async fn keep_warm(state: &AppState) {
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = looks.tick() => {}
            () = state.engine().lacking() => {}
        }
        loop {
            let began = Instant::now();
            match state.engine().warm(state.now()).await {
                Ok(true) => sleep(began.elapsed().mul_f32(REST)).await,
                Ok(false) => break,
                Err(error) => {
                    tracing::warn!(%error, "sums were not made");
                    break;
                }
            }
        }
    }
}
