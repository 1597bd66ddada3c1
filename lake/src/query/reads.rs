//! What an answer depends on beside its question: the tables that it reads, and whether it changes
//! by the passing of time alone.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use millrace_models::marts;
use millrace_models::metric::{Base, Measure, Metric, TimeRole};
use millrace_models::query::{Period, Query};
use millrace_models::scope::{Reach, Way};

use super::compile::end_of;
use super::tables::Opened;
use super::view::{View, mart};

/// How often what changes by the passing of time alone is answered anew.
const MOMENT: TimeDelta = TimeDelta::minutes(1);

/// Tables and their versions, by name.
pub(super) type Versions = BTreeMap<String, i64>;

/// The versions of the tables that these metrics read, split or selected by these dimensions.
pub(super) fn versions<'a>(
    view: View<'_>,
    metrics: &[&Metric],
    dimensions: &(impl Iterator<Item = &'a str> + Clone),
) -> Versions {
    let mut versions = Versions::new();
    for metric in metrics {
        let Some(base) = view.registry.base(&metric.entity) else {
            continue;
        };
        take(view, &base.table, &mut versions);
        if let Some(select) = &base.from {
            for mart in marts::TABLES {
                if select.contains(&format!("{{{mart}}}")) {
                    take(view, mart, &mut versions);
                }
            }
        }
        for name in dimensions.clone() {
            // a name that is none is refused where it is read
            let Ok(found) = view.dimension(metric, base, name) else {
                continue;
            };
            if let Some(join) = &found.join {
                take(view, join.table, &mut versions);
            }
            if let Some(labels) = found.labels {
                take(view, labels.table().0, &mut versions);
            }
        }
    }
    versions
}

/// The dimensions that a query names.
pub(super) fn named(query: &Query) -> impl Iterator<Item = &str> + Clone {
    let conditions = query.conditions.iter();
    let conditions = conditions.map(|condition| condition.dimension.as_str());
    query.by.iter().map(String::as_str).chain(conditions)
}

/// Takes a table, and those that say whose its rows are.
pub(super) fn take(view: View<'_>, table: &str, versions: &mut Versions) {
    let table = mart(table);
    let Some(version) = view.opened.set.versions.get(&format!("marts/{table}")) else {
        return;
    };
    if versions.insert(table.to_owned(), *version).is_some() {
        return;
    }
    if let Reach::Any(ways) = view.access.reach(view.registry, table) {
        through(view, &ways, versions);
    }
}

fn through(view: View<'_>, ways: &[Way], versions: &mut Versions) {
    for way in ways {
        match way {
            Way::OneOf { .. } => {}
            Way::Of { ways, .. } => through(view, ways, versions),
            Way::Through { table, ways, .. } => {
                take(view, table, versions);
                through(view, ways, versions);
            }
        }
    }
}

/// Whether the records of a base and what a metric says of them change by the passing of time
/// alone, asked for as of a moment.
pub(super) fn moves(
    view: View<'_>,
    metric: &Metric,
    base: &Base,
    periods: &[Option<Period>],
    as_of: DateTime<Utc>,
) -> bool {
    let over = |period: &Option<Period>| {
        period.is_some_and(|period| end_of(view.opened, period.to) <= as_of)
    };
    // a state at the end of a period that is over stays what it was
    if metric.time.role == TimeRole::Snapshot && periods.iter().all(over) {
        return false;
    }
    let last = view.opened.set.last_event_at;
    let mut texts = metric.expressions().into_iter();
    let from = base.from.as_deref().unwrap_or_default();
    base.ages
        || matches!(metric.measure, Measure::CountBack { .. })
        || last.is_none_or(|last| last > as_of)
        || texts.any(|text| text.contains("{as_of}"))
        || from.contains("{as_of}")
        || from.contains("{end:")
}

/// Whether the records of a base as of a moment, or what a metric says of them, are others than as
/// of the last event.
pub(super) fn depends_on(
    view: View<'_>,
    metric: &Metric,
    base: &Base,
    period: Option<Period>,
    as_of: DateTime<Utc>,
) -> bool {
    let end = period.filter(|_| metric.time.role == TimeRole::Snapshot);
    let as_of = end.map_or(as_of, |period| as_of.min(end_of(view.opened, period.to)));
    moves(view, metric, base, &[None], as_of)
}

/// The moment that stands for now, where that matters: the beginning of the minute, but never
/// before the set was published, so that nothing is left out that the set knows to have happened.
pub(super) fn moment(opened: &Opened, now: DateTime<Utc>) -> DateTime<Utc> {
    let within = now
        .timestamp_micros()
        .rem_euclid(MOMENT.num_seconds() * 1_000_000);
    let began = now - TimeDelta::microseconds(within);
    began.max(opened.set.published_at.min(now))
}
