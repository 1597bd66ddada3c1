//! What every request can reach.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use millrace_lake::Lake;
use millrace_lake::query::Engine;
use millrace_models::calendar::WorkingCalendar;
use millrace_models::clock::Clock;
use millrace_models::config::Company;

/// The shared state of the server. Cheap to clone.
#[derive(Clone)]
pub struct AppState {
    inner: Arc<Inner>,
}

struct Inner {
    company: Company,
    lake: Lake,
    engine: Engine,
    clock: Arc<dyn Clock>,
}

impl AppState {
    /// A server over this lake, with the settings of this company.
    pub fn new(lake: Lake, company: Company, clock: Arc<dyn Clock>) -> Self {
        let calendar = WorkingCalendar::chinese(&company.hours, company.zone, &company.overrides);
        let engine = Engine::new(lake.clone(), company.zone, Arc::new(calendar));
        Self {
            inner: Arc::new(Inner {
                company,
                lake,
                engine,
                clock,
            }),
        }
    }

    pub(crate) fn company(&self) -> &Company {
        &self.inner.company
    }

    pub(crate) fn lake(&self) -> &Lake {
        &self.inner.lake
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.inner.engine
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.inner.clock.now()
    }
}
