//! The tables of the sets that months are closed on.
//!
//! A set never changes, so its tables are opened once, when a statement first reads them, and serve
//! the sessions of all later sets.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use chrono::{DateTime, Utc};
use datafusion::catalog::TableProvider;
use datafusion::common::TableReference;
use futures::future::try_join_all;
use millrace_models::entity::Entity;
use tokio::sync::RwLock;

use super::error::QueryError;
use super::tables::{Named, Opened, nothing, providers, raw};
use crate::{Lake, LakeError, PublishedSet, Table};

/// The tables that were opened, by the set and the mart; each as the mart's table is by now.
type Tables = HashMap<(i64, String), (SchemaRef, Vec<Named>)>;

/// The sets that months are closed on. Cloning is cheap; clones share their tables.
#[derive(Clone)]
pub(super) struct Pins {
    lake: Lake,
    sets: Arc<RwLock<BTreeMap<i64, Arc<PublishedSet>>>>,
    tables: Arc<RwLock<Tables>>,
}

/// What a table of an earlier set is called in statements.
pub(super) fn name(table: &str, set: i64) -> String {
    format!("{table}@{set}")
}

/// The first set of all records that is complete to a moment, unless that is before all of them.
fn complete_to(sets: &[PublishedSet], moment: DateTime<Utc>) -> Option<i64> {
    let mut whole = sets.iter().filter(|set| !set.inputs.is_empty()).peekable();
    if moment < whole.peek()?.complete_to {
        return None;
    }
    let set = whole.find(|set| set.complete_to >= moment)?;
    Some(set.id)
}

impl Pins {
    pub(super) fn new(lake: Lake) -> Self {
        Self {
            lake,
            sets: Arc::default(),
            tables: Arc::default(),
        }
    }

    /// Of the kept sets that were made of all records the first that is complete to a moment; none
    /// where that is the newest one, or the moment is before all of them.
    pub(super) async fn at(
        &self,
        moment: DateTime<Utc>,
        newest: &PublishedSet,
    ) -> Result<Option<Arc<PublishedSet>>, QueryError> {
        if moment >= newest.complete_to {
            return Ok(None);
        }
        let sets = self.lake.sets().await?;
        match complete_to(&sets, moment) {
            Some(id) if id < newest.id => Ok(Some(self.set(id).await?)),
            _ => Ok(None),
        }
    }

    /// The set of that number.
    pub(super) async fn set(&self, id: i64) -> Result<Arc<PublishedSet>, QueryError> {
        if let Some(set) = self.sets.read().await.get(&id) {
            return Ok(Arc::clone(set));
        }
        let sets = self.lake.sets().await?;
        let set = sets.into_iter().find(|set| set.id == id);
        let set = Arc::new(set.ok_or(LakeError::NoSet { set: id })?);
        self.sets.write().await.insert(id, Arc::clone(&set));
        Ok(set)
    }

    /// The tables of a mart in a set, with the columns that they have in the newest one.
    async fn open(
        &self,
        set: &PublishedSet,
        mart: &str,
        newest: &PublishedSet,
    ) -> Result<Vec<Named>, QueryError> {
        if !set.versions.contains_key(&format!("marts/{mart}")) {
            return nothing(mart);
        }
        let newest = self.table(newest, mart).await?;
        let key = (set.id, mart.to_owned());
        if let Some((schema, known)) = self.tables.read().await.get(&key)
            && *schema == newest.schema()
        {
            return Ok(known.clone());
        }
        let table = self.table(set, mart).await?;
        let all = providers(mart, &table, &newest)?;
        let opened = (newest.schema(), all.clone());
        self.tables.write().await.insert(key, opened);
        Ok(all)
    }

    async fn table(&self, set: &PublishedSet, mart: &str) -> Result<Table, QueryError> {
        let name = format!("marts/{mart}");
        match set.versions.get(&name) {
            Some(version) => Ok(self.lake.table_at(&name, *version).await?),
            None => Err(LakeError::NoTable { table: name }.into()),
        }
    }
}

impl Opened {
    /// Makes these marts of a set tables of the session, under their [`name`].
    pub(super) async fn pin(&self, set: &PublishedSet, marts: &[&str]) -> Result<(), QueryError> {
        let missing = |mart: &&&str| !self.has(&name(mart, set.id));
        let opening = marts.iter().filter(missing);
        let opened = try_join_all(opening.map(|mart| self.pins.open(set, mart, &self.set))).await?;
        for (mart, own) in opened.into_iter().flatten() {
            self.add(&name(&mart, set.id), own)?;
        }
        Ok(())
    }

    /// Makes a raw table, as it is now, a table of the session; what it is called.
    pub(super) async fn raw(&self, entity: Entity) -> Result<String, QueryError> {
        let table = format!("raw/{}", entity.name());
        let table = self.pins.lake.table(&table).await?;
        let name = name(table.name(), table.version());
        if !self.has(&name) {
            self.add(&name, raw(&table)?)?;
        }
        Ok(name)
    }

    /// Whether the session has a table of that name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.context
            .table_exist(TableReference::bare(name))
            .unwrap_or(false)
    }

    /// Makes it a table of the session, unless another query was faster.
    pub(super) fn add(&self, name: &str, table: Arc<dyn TableProvider>) -> Result<(), QueryError> {
        match self
            .context
            .register_table(TableReference::bare(name), table)
        {
            // Another query was faster.
            Err(_) if self.has(name) => Ok(()),
            done => Ok(done.map(drop)?),
        }
    }
}
