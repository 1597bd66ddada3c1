//! Time as an argument: a clock is passed in, never read, outside `main`.

use chrono::{DateTime, Utc};

/// Tells the time. The binary passes the system's clock, tests pass a time of their choice.
pub trait Clock: Send + Sync {
    /// The present moment, in UTC.
    fn now(&self) -> DateTime<Utc>;
}

/// A clock that stands still.
#[derive(Debug, Clone, Copy)]
pub struct FixedClock(pub DateTime<Utc>);

impl Clock for FixedClock {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }
}
