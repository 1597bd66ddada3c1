//! The timeline of an account or a deal: what happened, the latest first.
//!
//! It is put together from the records of ten kinds, each asked for once a page by the time at which it
//! happened; where a kind knows days only, a day counts from its beginning. Each record is one that the
//! caller reads beyond the pool, as they see it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, NaiveDate, Utc};
use millrace_models::scope::Action;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Condition, Expr, ExprTrait as _, Func, Order, Query, SelectStatement};
use serde::Serialize;

use crate::caller::{Caller, column_of};
use crate::entity::{
    account, attachment, contract, delivery, interaction, opportunity, order, pool_move, quote,
    receipt, stage_change, ticket,
};
use crate::error::{OperationsError, Result};
use crate::resource::Resource;
use crate::resources;
use crate::row::{self, Row, integer};
use crate::store::Store;

/// The most entries of one page.
pub const MOST_ENTRIES: u64 = 100;

/// Whose timeline it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// Of an account.
    Account(i64),
    /// Of a deal.
    Opportunity(i64),
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// The resource of the record.
    pub kind: &'static str,
    /// The record.
    pub record: Row,
}

/// A page of a timeline.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Timeline {
    /// What happened, the latest first.
    pub entries: Vec<Entry>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

/// A page of the timeline of an account or deal.
///
/// # Errors
///
/// When the caller does not see it, the cursor is not one of a timeline, or the limit is not from 1 to
/// [`MOST_ENTRIES`].
pub async fn timeline(
    store: &Store,
    caller: &Caller,
    of: Of,
    cursor: Option<&str>,
    limit: u64,
) -> Result<Timeline> {
    if !(1..=MOST_ENTRIES).contains(&limit) {
        let fault = format!("must be from 1 to {MOST_ENTRIES}");
        return Err(OperationsError::field("limit", fault));
    }
    let (resource, id) = match of {
        Of::Account(id) => (&account::RESOURCE, id),
        Of::Opportunity(id) => (&opportunity::RESOURCE, id),
    };
    resources::get(store, caller, resource, id).await?;
    let after = cursor.map(Place::decode).transpose()?;
    let mut found: Vec<(Place, Entry)> = Vec::new();
    for (source, place) in SOURCES.iter().zip(0..) {
        found.extend(source.read(store, caller, of, place, after, limit).await?);
    }
    found.sort_by_key(|(place, _)| std::cmp::Reverse(*place));
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found
        .last()
        .filter(|_| more)
        .map(|(place, _)| place.encode());
    let entries = found.into_iter().map(|(_, entry)| entry).collect();
    Ok(Timeline { entries, next })
}

/// The place of an entry: its time, its source, its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    at: DateTime<Utc>,
    source: usize,
    id: i64,
}

impl Place {
    fn encode(self) -> String {
        let parts = serde_json::json!([self.at.timestamp_micros(), self.source, self.id]);
        URL_SAFE_NO_PAD.encode(parts.to_string())
    }

    fn decode(text: &str) -> Result<Self> {
        let parts = URL_SAFE_NO_PAD.decode(text).ok();
        let parts =
            parts.and_then(|bytes| serde_json::from_slice::<(i64, usize, i64)>(&bytes).ok());
        parts
            .and_then(|(at, source, id)| {
                let at = DateTime::from_timestamp_micros(at)?;
                Some(Self { at, source, id })
            })
            .ok_or(OperationsError::Cursor)
    }
}

/// When records of a source happened.
#[derive(Debug, Clone, Copy)]
enum When {
    /// At the first of these times that they have.
    At(&'static [&'static str]),
    /// On the first of these days that they have; those that have none are of another source.
    On(&'static [&'static str]),
    /// When they were recorded, where they have none of these days.
    Recorded(&'static [&'static str]),
}

/// Records of one kind.
struct Source {
    resource: &'static Resource,
    when: When,
}

const fn source(resource: &'static Resource, when: When) -> Source {
    Source { resource, when }
}

static SOURCES: [Source; 12] = [
    source(&interaction::RESOURCE, When::At(&["at"])),
    source(&stage_change::RESOURCE, When::At(&["changed_at"])),
    source(&quote::RESOURCE, When::At(&["sent_at", "recorded_at"])),
    source(&contract::RESOURCE, When::On(&["signed_on"])),
    source(&contract::RESOURCE, When::Recorded(&["signed_on"])),
    source(&order::RESOURCE, When::At(&["ordered_at"])),
    source(&receipt::RESOURCE, When::On(&["received_on"])),
    source(&ticket::RESOURCE, When::At(&["opened_at"])),
    source(&pool_move::RESOURCE, When::At(&["at"])),
    source(
        &delivery::RESOURCE,
        When::On(&["accepted_on", "delivered_on", "shipped_on"]),
    ),
    source(
        &delivery::RESOURCE,
        When::Recorded(&["accepted_on", "delivered_on", "shipped_on"]),
    ),
    source(&attachment::RESOURCE, When::At(&["recorded_at"])),
];

impl Source {
    /// The latest entries behind a place, one more than wanted.
    async fn read(
        &self,
        store: &Store,
        caller: &Caller,
        of: Of,
        place: usize,
        after: Option<Place>,
        limit: u64,
    ) -> Result<Vec<(Place, Entry)>> {
        let resource = self.resource;
        let readable = caller.rights.scope(resource.name, Action::Read).is_some();
        let Some(theirs) = self.theirs(of).filter(|_| readable) else {
            return Ok(Vec::new());
        };
        let time = self.time();
        let id = column_of(resource, "id");
        let mut select = row::select(resource);
        select
            .cond_where(theirs)
            .cond_where(self.known())
            .and_where(column_of(resource, "deleted_at").is_null())
            .cond_where(caller.reach_of(resource))
            .order_by_expr(time.clone(), Order::Desc)
            .order_by_expr(id.clone(), Order::Desc)
            .limit(limit + 1);
        if let Some(after) = after {
            let same = match place.cmp(&after.source) {
                std::cmp::Ordering::Less => Some(Condition::all()),
                std::cmp::Ordering::Equal => Some(Condition::all().add(id.lt(after.id))),
                std::cmp::Ordering::Greater => None,
            };
            select.cond_where(self.behind(store, &time, after.at, same));
        }
        let results = store.reader().query_all(&select).await?;
        let entries = results.iter().map(|result| {
            let row = row::read(resource, result)?;
            let at = self.at(store, &row);
            let place = Place {
                at,
                source: place,
                id: integer(&row, "id").unwrap_or_default(),
            };
            let entry = Entry {
                at,
                recorded_at: moment(&row, "recorded_at").unwrap_or_default(),
                kind: resource.name,
                record: caller.mask(resource, row),
            };
            Ok((place, entry))
        });
        entries.collect()
    }

    /// What belongs to the account or deal; none where nothing of the kind does.
    fn theirs(&self, of: Of) -> Option<Condition> {
        let resource = self.resource;
        let all = |expression: Expr| Some(Condition::all().add(expression));
        let deals = |account: i64| {
            Query::select()
                .expr(column_of(&opportunity::RESOURCE, "id"))
                .from(opportunity::RESOURCE.table)
                .and_where(column_of(&opportunity::RESOURCE, "account_id").eq(account))
                .to_owned()
        };
        match of {
            Of::Account(id) if resource.field("account_id").is_some() => {
                all(column_of(resource, "account_id").eq(id))
            }
            Of::Account(id) => all(column_of(resource, "opportunity_id").in_subquery(deals(id))),
            Of::Opportunity(id) if resource.name == attachment::RESOURCE.name => {
                all(column_of(resource, "entity")
                    .eq(opportunity::RESOURCE.name)
                    .and(column_of(resource, "record_id").eq(id)))
            }
            Of::Opportunity(id) if resource.name == delivery::RESOURCE.name => {
                let orders: SelectStatement = Query::select()
                    .expr(column_of(&order::RESOURCE, "id"))
                    .from(order::RESOURCE.table)
                    .and_where(column_of(&order::RESOURCE, "opportunity_id").eq(id))
                    .to_owned();
                all(column_of(resource, "order_id").in_subquery(orders))
            }
            Of::Opportunity(id) => {
                resource.field("opportunity_id")?;
                all(column_of(resource, "opportunity_id").eq(id))
            }
        }
    }

    /// The records whose time this source goes by.
    fn known(&self) -> Condition {
        let columns = |names: &[&'static str]| -> Vec<Expr> {
            let resource = self.resource;
            names.iter().map(|name| column_of(resource, name)).collect()
        };
        match self.when {
            When::At(_) => Condition::all(),
            When::On(days) => columns(days)
                .into_iter()
                .fold(Condition::any(), |any, day| any.add(day.is_not_null())),
            When::Recorded(days) => columns(days)
                .into_iter()
                .fold(Condition::all(), |all, day| all.add(day.is_null())),
        }
    }

    /// The column, or the first of several, that it is ordered by.
    fn time(&self) -> Expr {
        let names: &[&'static str] = match self.when {
            When::At(names) | When::On(names) => names,
            When::Recorded(_) => &["recorded_at"],
        };
        match names {
            [one] => column_of(self.resource, one),
            several => {
                let columns = several.iter().map(|name| column_of(self.resource, name));
                Expr::expr(Func::coalesce(columns))
            }
        }
    }

    /// The records behind a time; of those at the very time the ones that meet `same`.
    fn behind(
        &self,
        store: &Store,
        time: &Expr,
        at: DateTime<Utc>,
        same: Option<Condition>,
    ) -> Condition {
        let (before, equal) = match self.when {
            When::At(_) | When::Recorded(_) => (time.clone().lt(at), time.clone().eq(at)),
            When::On(_) => {
                let day = store.calendar().date_of(at);
                if start_of(store, day) == at {
                    (time.clone().lt(day), time.clone().eq(day))
                } else {
                    return Condition::all().add(time.clone().lte(day));
                }
            }
        };
        let any = Condition::any().add(before);
        match same {
            Some(same) => any.add(Condition::all().add(equal).add(same)),
            None => any,
        }
    }

    fn at(&self, store: &Store, row: &Row) -> DateTime<Utc> {
        let found = match self.when {
            When::At(times) => times.iter().find_map(|name| moment(row, name)),
            When::On(days) => days.iter().find_map(|name| {
                let day = row.get(*name)?.as_str()?.parse::<NaiveDate>().ok()?;
                Some(start_of(store, day))
            }),
            When::Recorded(_) => moment(row, "recorded_at"),
        };
        found.unwrap_or_default()
    }
}

fn moment(row: &Row, field: &str) -> Option<DateTime<Utc>> {
    row.get(field)?.as_str()?.parse().ok()
}

fn start_of(store: &Store, day: NaiveDate) -> DateTime<Utc> {
    super::quote_decision::start_of(store.calendar(), day)
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn a_place_survives_its_text() {
        let place = Place {
            at: "2026-03-02T09:00:00.123456Z".parse().unwrap(),
            source: 3,
            id: 7,
        };
        assert_eq!(Place::decode(&place.encode()).unwrap(), place);
        assert!(Place::decode("???").is_err());
    }
}
