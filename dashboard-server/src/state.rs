//! What every request can reach.

use std::net::SocketAddr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use millrace_lake::Lake;
use millrace_lake::query::Engine;
use millrace_models::calendar::WorkingCalendar;
use millrace_models::config::{Company, ServerSettings};
use millrace_operations::files::Files;
use millrace_operations::sign_in::SessionRules;
use millrace_operations::{Result, Store, Unit};
use object_store::ObjectStore;
use tokio::sync::watch;

use crate::error::ApiError;
use crate::extract::Signed;
use crate::health::Histories;

/// The shared state of the server. Cheap to clone.
#[derive(Clone)]
pub struct AppState {
    inner: Arc<Parts>,
    engine: Engine,
    histories: Arc<Histories>,
    /// Whether the server is asked to end.
    closing: Arc<watch::Sender<bool>>,
}

/// What a server is made of.
pub struct Parts {
    /// The records of daily work; its clock is the server's.
    pub store: Store,
    /// Where the numbers come from.
    pub lake: Lake,
    /// The files attached to records.
    pub attachments: Arc<dyn ObjectStore>,
    /// The company's settings.
    pub company: Company,
    /// How the server is reached.
    pub settings: ServerSettings,
    /// The address that it listens on, where it does.
    pub listen: Option<SocketAddr>,
}

impl AppState {
    /// A server of these parts.
    pub fn new(parts: Parts) -> Self {
        let company = &parts.company;
        let calendar = WorkingCalendar::chinese(&company.hours, company.zone, &company.overrides);
        let engine = Engine::new(parts.lake.clone(), company.zone, Arc::new(calendar))
            .keeping(parts.settings.numbers);
        Self {
            inner: Arc::new(parts),
            engine,
            histories: Arc::default(),
            closing: Arc::new(watch::Sender::new(false)),
        }
    }

    /// Ends what would go on for as long as somebody listens.
    pub(crate) fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Told when the server is asked to end.
    pub(crate) fn closing(&self) -> watch::Receiver<bool> {
        self.closing.subscribe()
    }

    pub(crate) fn company(&self) -> &Company {
        &self.inner.company
    }

    pub(crate) fn lake(&self) -> &Lake {
        &self.inner.lake
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(crate) fn histories(&self) -> &Histories {
        &self.histories
    }

    pub(crate) fn store(&self) -> &Store {
        &self.inner.store
    }

    pub(crate) fn files(&self) -> Files {
        Files::in_store(Arc::clone(&self.inner.attachments))
    }

    pub(crate) fn settings(&self) -> &ServerSettings {
        &self.inner.settings
    }

    pub(crate) fn listen(&self) -> Option<SocketAddr> {
        self.inner.listen
    }

    /// How long sessions last.
    pub(crate) fn session_rules() -> SessionRules {
        SessionRules::default()
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.inner.store.now()
    }

    /// Runs a service in one transaction, in the name of the one who asks.
    pub(crate) async fn write<T, F, Fut>(&self, signed: &Signed, work: F) -> Result<T, ApiError>
    where
        F: FnMut(Unit) -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        Ok(self.store().write(&signed.0.actor(), work).await?)
    }
}
