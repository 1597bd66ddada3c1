//! A published set as one caller sees it.
//!
//! Every table that a statement reads is read through [`View::source`]: the rows that are not the
//! caller's are left out where they enter, below everything that is counted, joined, listed or
//! suggested, so nothing above has to think of it.

use std::collections::HashSet;
use std::sync::Arc;

use millrace_models::metric::{Base, Metric, Registry, nearest};
use millrace_models::scope::{Access, Action, Reach, Way};

use super::dimension::{self, Dimension, Labels, identifier, literal};
use super::error::QueryError;
use super::tables::{Dictionary, FINISHED_VISITS, Opened, STANDING};

/// A published set and who looks at it.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) opened: &'a Opened,
    pub(super) registry: &'static Registry,
    pub(super) access: &'a Access,
}

/// The words for ids, as far as the caller may read them.
#[derive(Debug, Clone)]
pub(super) struct Words {
    dictionary: Arc<Dictionary>,
    /// The ids whose words the caller reads; all where there is no list.
    visible: Option<Arc<HashSet<String>>>,
}

impl Words {
    fn shows(&self, id: &str) -> bool {
        self.visible
            .as_ref()
            .is_none_or(|visible| visible.contains(id))
    }

    /// The word for an id; the id itself where the caller reads no word for it.
    pub(super) fn label<'a>(&'a self, id: &'a str) -> &'a str {
        let label = self.dictionary.label.get(id).filter(|_| self.shows(id));
        label.map_or(id, String::as_str)
    }

    /// The id that people write as that word.
    pub(super) fn id(&self, word: &str) -> Option<&str> {
        let id = self.dictionary.id.get(word)?;
        self.shows(id).then_some(id.as_str())
    }

    /// Whether there is such an id at all.
    pub(super) fn has(&self, id: &str) -> bool {
        self.dictionary.label.contains_key(id)
    }

    /// All words, sorted.
    pub(super) fn all(&self) -> impl Iterator<Item = &str> {
        let words = self.dictionary.id.iter();
        words
            .filter(|(_, id)| self.shows(id))
            .map(|(word, _)| word.as_str())
    }
}

/// The mart that a registered table is of.
pub(super) fn mart(table: &str) -> &str {
    match table {
        FINISHED_VISITS => "stage_visits",
        STANDING => "account_health",
        table => table,
    }
}

pub(super) fn condition(ways: &[Way]) -> String {
    let ways: Vec<String> = ways
        .iter()
        .map(|way| match way {
            Way::OneOf { column, values } => {
                let values: Vec<String> = values.iter().map(|value| literal(value)).collect();
                format!("{} IN ({})", identifier(column), values.join(", "))
            }
            Way::Of {
                column,
                entity,
                ways,
            } => format!(
                "({} = {} AND {})",
                identifier(column),
                literal(entity),
                condition(ways)
            ),
            Way::Through {
                column,
                table,
                key,
                ways,
            } => format!(
                "{} IN (SELECT {} FROM {table} WHERE {})",
                identifier(column),
                identifier(key),
                condition(ways)
            ),
        })
        .collect();
    format!("({})", ways.join(" OR "))
}

impl<'a> View<'a> {
    pub(super) fn new(opened: &'a Opened, access: &'a Access) -> Result<Self, QueryError> {
        Ok(Self {
            opened,
            registry: Registry::shipped()?,
            access,
        })
    }

    /// A table, without the rows that are not the caller's.
    pub(super) fn source(&self, table: &str) -> String {
        self.within(table, table)
    }

    /// What has the columns of a table, without the rows that are not the caller's.
    pub(super) fn within(&self, table: &str, read: &str) -> String {
        match self.access.reach(self.registry, mart(table)) {
            Reach::Everything => read.to_owned(),
            Reach::Nothing => format!("(SELECT * FROM {read} WHERE false)"),
            Reach::Any(ways) => format!("(SELECT * FROM {read} WHERE {})", condition(&ways)),
        }
    }

    fn sees_all(&self, table: &str) -> bool {
        self.access.reach(self.registry, mart(table)) == Reach::Everything
    }

    /// Whether the caller sees all rows of a base and all that its dimension refers to.
    pub(super) fn is_whole(&self, base: &Base, dimension: &Dimension) -> bool {
        let labels = dimension.labels.map(|labels| labels.table().0);
        let joined = dimension.join.as_ref().map(|join| join.table);
        [Some(base.table.as_str()), labels, joined]
            .into_iter()
            .flatten()
            .all(|table| self.sees_all(table))
    }

    /// A metric that the caller may do this with.
    pub(super) fn metric(&self, name: &str, action: Action) -> Result<&'static Metric, QueryError> {
        let Some(metric) = self.registry.metric(name) else {
            let known = self.metrics().map(|metric| metric.name.as_str());
            return Err(QueryError::Metric {
                name: name.to_owned(),
                suggestions: nearest(name, known),
            });
        };
        let allowed = self.registry.allows(metric, self.access, action);
        allowed.map_err(|reason| QueryError::Forbidden {
            metric: name.to_owned(),
            reason,
        })?;
        Ok(metric)
    }

    /// The metrics that the caller sees.
    pub(super) fn metrics(&self) -> impl Iterator<Item = &'static Metric> + use<'a> {
        let (registry, access) = (self.registry, self.access);
        let metrics = registry.metrics().iter();
        metrics.filter(move |metric| registry.allows(metric, access, Action::Read).is_ok())
    }

    /// A dimension of a metric.
    pub(super) fn dimension(
        &self,
        metric: &Metric,
        base: &Base,
        name: &str,
    ) -> Result<Dimension, QueryError> {
        // A fact carries copies of its account's attributes; who does not see all accounts reads
        // them from the accounts that they see.
        let copies = base.table == "accounts" || self.sees_all("accounts");
        dimension::resolve(metric, base, name, &self.opened.set.catalog, copies)
    }

    /// Whether the caller sees a column of a base.
    pub(super) fn shows(&self, base: &Base, column: &str) -> bool {
        let hidden = self.registry.hidden(base, column);
        hidden.is_none_or(|need| self.access.sees(need))
    }

    /// The words for the ids of a dimension table.
    pub(super) async fn words(&self, labels: Labels) -> Result<Words, QueryError> {
        let dictionary = self.opened.labels(labels).await?;
        let (table, key) = labels.table();
        let visible = if self.sees_all(table) {
            None
        } else {
            let select = format!("SELECT {key} FROM {}", self.source(table));
            let ids = self.opened.distinct(&select, async || Ok(None)).await?;
            Some(Arc::new(ids.iter().cloned().collect()))
        };
        Ok(Words {
            dictionary,
            visible,
        })
    }
}
