//! Which set the rows of a number are taken from.
//!
//! What happened in a closed month is counted as it was known when the month was closed: its rows
//! come from the set that it is closed on, all others from the newest. They are put together below
//! everything that is counted, grouped or listed, so a median of a quarter or a drill over two
//! months is one statement whether months of it are closed or not. A state at the end of a day of a
//! closed month is that of its set. What is followed from its beginning on (cohorts) goes on after
//! any close, and is taken from the newest set.
//!
//! Who may see a row of an earlier set is decided by whose it is today: see [`View::source_in`].

use chrono::{DateTime, NaiveDate, Utc};
use millrace_models::marts;
use millrace_models::metric::{Base, Metric, TimeRole};
use millrace_models::period::Grain;
use millrace_models::query::Period;
use millrace_models::scope::Reach;

use super::dimension::identifier;
use super::error::QueryError;
use super::pins;
use super::reads::Versions;
use super::view::{View, condition, mart};
use crate::{Close, PublishedSet};

/// The column that holds the moment that a row is seen at, where rows of several sets are together.
pub(super) const SEEN_AT: &str = "closed.as_of";

/// The tables that records may be joined with.
const JOINED: [&str; 5] = [
    "accounts",
    "opportunities",
    "users",
    "products",
    "account_health",
];

/// Rows of one set.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// The number of the set, where it is not the newest.
    pub(super) pinned: Option<i64>,
    /// The last event in the set.
    pub(super) last_event_at: Option<DateTime<Utc>>,
    /// What happened later is not seen.
    pub(super) as_of: DateTime<Utc>,
    /// The days that its rows are of.
    pub(super) days: Days,
}

impl Source {
    /// Whether something in the set happened after the moment that it is seen at.
    pub(super) fn is_past(&self) -> bool {
        self.last_event_at.is_none_or(|last| last > self.as_of)
    }
}

/// Days that rows are taken from.
#[derive(Debug, Clone)]
pub(super) enum Days {
    /// All.
    All,
    /// These.
    Within(Period),
    /// All but these.
    Outside(Vec<Period>),
}

/// The days of the month that begins on a day.
pub(super) fn days_of(month: NaiveDate) -> Period {
    let last = Grain::Month.next(month).pred_opt().unwrap_or(month);
    Period {
        from: month,
        to: last,
    }
}

/// What of a metric comes from the sets of closed months, at a moment; nothing where none is closed.
pub(super) async fn sources(
    view: View<'_>,
    base: &Base,
    metric: &Metric,
    period: Option<Period>,
    end: DateTime<Utc>,
    as_of: DateTime<Utc>,
) -> Result<Vec<Source>, QueryError> {
    let mut sources = Vec::new();
    for close in view.opened.set.closed(as_of) {
        let days = days_of(close.month);
        match metric.time.role {
            TimeRole::Snapshot => {
                let day = view.opened.calendar.date_of(end);
                if days.from <= day && day <= days.to {
                    let source = source(view, base, close, Days::All).await?;
                    let as_of = end.min(source.as_of);
                    return Ok(vec![Source { as_of, ..source }]);
                }
            }
            TimeRole::Event => {
                let asked = |period: Period| period.from <= days.to && days.from <= period.to;
                if period.is_none_or(asked) {
                    sources.push(source(view, base, close, Days::Within(days)).await?);
                }
            }
            TimeRole::CohortStart => {}
        }
    }
    Ok(sources)
}

/// Whether any row of a metric may come from the set of a closed month.
pub(super) fn touches(
    view: View<'_>,
    metric: &Metric,
    period: Option<Period>,
    as_of: DateTime<Utc>,
) -> bool {
    let last = period.map_or_else(|| view.opened.calendar.date_of(as_of), |period| period.to);
    view.opened.set.closed(as_of).any(|close| {
        let days = days_of(close.month);
        match metric.time.role {
            TimeRole::Snapshot => days.from <= last && last <= days.to,
            TimeRole::Event => {
                period.is_none_or(|period| period.from <= days.to && days.from <= period.to)
            }
            TimeRole::CohortStart => false,
        }
    })
}

/// The set that a month is closed on, for these of its days.
pub(super) async fn source(
    view: View<'_>,
    base: &Base,
    close: &Close,
    days: Days,
) -> Result<Source, QueryError> {
    let set = view.opened.pins.set(close.set).await?;
    view.opened.pin(&set, &read(base)).await?;
    Ok(Source {
        pinned: Some(set.id),
        last_event_at: set.last_event_at,
        as_of: close.closed_at,
        days,
    })
}

/// The marts that the records of a base are read from.
fn read(base: &Base) -> Vec<&'static str> {
    let select = base.from.as_deref().unwrap_or_default();
    let named = |mart: &&&str| {
        **mart == base.table || JOINED.contains(*mart) || select.contains(&format!("{{{mart}}}"))
    };
    marts::TABLES.iter().filter(named).copied().collect()
}

/// The set that tells how the records stood at an earlier moment: of those that are kept the first
/// that is complete to it. None where that is the newest, and for a moment before all of them, which
/// is told by when things happened and were recorded.
pub(super) async fn then(
    view: View<'_>,
    base: &Base,
    as_of: DateTime<Utc>,
) -> Result<Option<Source>, QueryError> {
    let opened = view.opened;
    let marts = read(base);
    let Some(set) = opened.pins.at(as_of, &opened.set).await? else {
        return Ok(None);
    };
    if !has_all(&set, &marts, base) {
        return Ok(None);
    }
    opened.pin(&set, &marts).await?;
    Ok(Some(Source {
        pinned: Some(set.id),
        last_event_at: set.last_event_at,
        as_of,
        days: Days::All,
    }))
}

/// Whether a set has these marts; scores that records are only joined with may lack.
fn has_all(set: &PublishedSet, marts: &[&str], base: &Base) -> bool {
    let needed = marts.iter();
    let needed = needed.filter(|mart| **mart == base.table || !marts::KEPT.contains(*mart));
    let mut names = needed.map(|mart| format!("marts/{mart}"));
    names.all(|name| set.versions.contains_key(&name))
}

/// The versions of tables that were read at a moment, from those of the newest set.
pub(super) async fn versions(
    view: View<'_>,
    newest: Versions,
    as_of: DateTime<Utc>,
) -> Result<Versions, QueryError> {
    let opened = view.opened;
    let Some(set) = opened.pins.at(as_of, &opened.set).await? else {
        return Ok(newest);
    };
    let then = |table: &str| set.versions.get(&format!("marts/{table}")).copied();
    let newest = newest.into_iter();
    Ok(newest
        .map(|(table, version)| {
            let version = then(&table).unwrap_or(version);
            (table, version)
        })
        .collect())
}

/// The days of all of these, those that follow each other as one.
pub(super) fn merged(sources: &[Source]) -> Vec<Period> {
    let mut merged: Vec<Period> = Vec::new();
    for source in sources {
        let Days::Within(days) = source.days else {
            continue;
        };
        match merged.last_mut() {
            Some(last) if last.to.succ_opt() == Some(days.from) => last.to = days.to,
            _ => merged.push(days),
        }
    }
    merged
}

/// What the rows of a mart are of, and who has them now.
fn people(mart: &str) -> Option<(&'static str, &'static str, &'static str)> {
    let key = match mart {
        "accounts" => return Some(("account_id", "owner", "team")),
        "opportunities" => return Some(("opportunity_id", "owner", "team")),
        "stage_visits" | "conversion_cycles" => "opportunity_id",
        "quote_outcomes" => "quote_id",
        "orders" => "order_id",
        "contracts" => "contract_id",
        "payment_performance" => "plan_id",
        "ticket_service" => "ticket_id",
        "deliveries" => "delivery_id",
        "activity" => "interaction_id",
        "user_days" => "user_id",
        "record_quality" => "record_id",
        _ => return None,
    };
    Some((key, "current_owner", "current_team"))
}

/// The rows of a table of an earlier set, each with who has it today. A record that is gone is its
/// account's; where that is gone too, nobody's.
fn renewed(table: &str, set: i64) -> String {
    let pinned = identifier(&pins::name(table, set));
    let Some((key, owner, team)) = people(mart(table)) else {
        return pinned;
    };
    let newest = mart(table);
    let today = |column: &str, own: &str| {
        format!("CASE WHEN n.id IS NULL THEN a.{own} ELSE n.{own} END AS {column}")
    };
    format!(
        "(SELECT p.* REPLACE ({}, {}) FROM {pinned} AS p \
         LEFT JOIN (SELECT {key} AS id, max({owner}) AS o, max({team}) AS t FROM {newest} GROUP BY {key}) AS n ON p.{key} = n.id \
         LEFT JOIN (SELECT account_id AS id, owner AS o, team AS t FROM accounts) AS a ON p.account_id = a.id)",
        today(owner, "o"),
        today(team, "t"),
    )
}

impl View<'_> {
    /// A table of a set, without the rows that are not the caller's. Whose a row is, the newest set
    /// says, whichever set it is read from: a handover after a close shows a record to who has it
    /// now, and to nobody who had it. `with_people`: whether who has them now is asked for as well.
    pub(super) fn source_in(&self, table: &str, set: Option<i64>, with_people: bool) -> String {
        let Some(set) = set else {
            return self.source(table);
        };
        let pinned = || identifier(&pins::name(table, set));
        match self.access.reach(self.registry, mart(table)) {
            Reach::Everything if with_people => renewed(table, set),
            Reach::Everything => pinned(),
            Reach::Nothing => format!("(SELECT * FROM {} WHERE false)", pinned()),
            Reach::Any(ways) => {
                let rows = renewed(table, set);
                format!("(SELECT * FROM {rows} WHERE {})", condition(&ways))
            }
        }
    }
}
