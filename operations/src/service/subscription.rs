//! Subscriptions: what must hold of them, when copies of them are due and for whom.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use millrace_models::schedule::Zone;
use millrace_models::scope::Action;
use millrace_models::subscription::{Standing, Subject as Content};
use sea_orm::sea_query::ExprTrait as _;
use sea_orm::sea_query::{Expr, OnConflict, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, JsonValue, QueryFilter, QueryOrder, Set};

use super::planning::{self, Subject, When};
use crate::caller::Caller;
use crate::entity::subscription::{self, Column};
use crate::entity::{dispatch, user};
use crate::error::{OperationsError, Result};
use crate::row::{Row, integer};
use crate::store::Store;
use crate::unit::Unit;

/// The people whom one subscription goes to at most.
const MOST_RECIPIENTS: usize = 200;
/// What is told more often than that is a flood.
const LEAST_APART: TimeDelta = TimeDelta::minutes(15);
/// So many moments are looked at for that.
const MOMENTS: usize = 60;

fn subject(id: i64) -> Subject {
    Subject(subscription::RESOURCE.name, id)
}

fn refused(field: &str, message: impl Into<String>) -> OperationsError {
    OperationsError::field(field, message)
}

/// A text to sign bodies with.
pub(crate) fn new_secret() -> Result<String> {
    Ok(format!("mrs_{}", crate::sign_in::random_token()?))
}

/// The record with something to sign with, where it calls an address and has nothing yet.
pub(crate) async fn secured(unit: &Unit, row: Row) -> Result<Row> {
    let calls = row.get("channel").and_then(JsonValue::as_str) == Some("webhook");
    if !calls || row.get("secret").is_some_and(JsonValue::is_string) {
        return Ok(row);
    }
    let read: subscription::Model = unit.get(integer(&row, "id").unwrap_or_default()).await?;
    let change = subscription::ActiveModel {
        secret: Set(Some(new_secret()?)),
        ..Default::default()
    };
    Ok(crate::row::of(&unit.update(&read, change).await?))
}

/// The users whom mails of a subscription go to.
///
/// # Errors
///
/// [`OperationsError::Invalid`] where it is no list of ids.
fn recipients(value: Option<&JsonValue>) -> Result<BTreeSet<i64>> {
    let list = value.and_then(JsonValue::as_array);
    let ids = list.and_then(|list| list.iter().map(JsonValue::as_i64).collect());
    ids.ok_or_else(|| refused("recipients", "must be a list of the ids of users"))
}

/// What must hold of a subscription that was written; another rule begins now.
pub(crate) async fn written(unit: &Unit, row: &Row) -> Result<()> {
    let text = |name: &str| row.get(name).and_then(JsonValue::as_str);
    let kind = text("kind").unwrap_or_default();
    let content = row.get("content").unwrap_or(&JsonValue::Null);
    let parsed = Content::parse(kind, content).map_err(|error| refused("content", error))?;
    if let Content::List(list) = &parsed
        && crate::entity::resource(&list.resource).is_none()
    {
        let message = format!("there is no resource {:?}", list.resource);
        return Err(refused("content", message));
    }
    let zone = unit.calendar().zone();
    let when = match text("rule") {
        Some(rule) => Some(When::parse(rule, text("zone"), zone)?),
        None if kind == "monthly_report" => None,
        None => return Err(refused("rule", "is required: say when it is to come")),
    };
    if let Some(when) = &when {
        let moments = when.next(unit.calendar(), unit.now(), MOMENTS);
        if moments.windows(2).any(|two| two[1] - two[0] < LEAST_APART) {
            return Err(refused(
                "rule",
                "must not come more often than every 15 minutes",
            ));
        }
    }
    if text("channel") == Some("webhook") {
        address(text("url"))?;
    } else {
        if text("url").is_some() {
            return Err(refused("url", "is for a webhook"));
        }
        known_recipients(unit, row.get("recipients")).await?;
    }
    let enabled = row.get("enabled").and_then(JsonValue::as_bool) != Some(false);
    let id = integer(row, "id").unwrap_or_default();
    planning::follow(unit, subject(id), when.as_ref().filter(|_| enabled)).await
}

/// That those who are to get it are users.
async fn known_recipients(unit: &Unit, named: Option<&JsonValue>) -> Result<()> {
    let people = recipients(named)?;
    if people.is_empty() || people.len() > MOST_RECIPIENTS {
        let message = format!("must name 1 to {MOST_RECIPIENTS} users");
        return Err(refused("recipients", message));
    }
    let known = user::Entity::find()
        .filter(user::Column::Id.is_in(people.iter().copied()))
        .filter(user::Column::DeletedAt.is_null())
        .all(unit)
        .await?;
    let known: BTreeSet<i64> = known.into_iter().map(|user| user.id).collect();
    match people.difference(&known).next() {
        Some(missing) => Err(refused("recipients", format!("there is no user {missing}"))),
        None => Ok(()),
    }
}

/// That a webhook can call an address. Which machines it may reach is looked at when it does.
fn address(url: Option<&str>) -> Result<()> {
    let wrong = || refused("url", "must be an address as https://example.com/hook");
    let url = url.ok_or_else(wrong)?;
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))
        .ok_or_else(wrong)?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let plain = !host.is_empty() && !host.contains('@') && !url.chars().any(char::is_whitespace);
    plain.then_some(()).ok_or_else(wrong)
}

async fn enabled<C: ConnectionTrait>(connection: &C) -> Result<Vec<subscription::Model>> {
    Ok(subscription::Entity::find()
        .filter(Column::Enabled.eq(true))
        .filter(Column::DeletedAt.is_null())
        .order_by_asc(Column::Id)
        .all(connection)
        .await?)
}

fn when(zone: Zone, own: &subscription::Model) -> Result<Option<When>> {
    let rule = own.rule.as_deref();
    rule.map(|rule| When::parse(rule, own.zone.as_deref(), zone))
        .transpose()
}

/// When the next enabled subscription is due, also one that is overdue.
///
/// # Errors
///
/// Those of the database.
pub async fn next_due(store: &Store) -> Result<Option<DateTime<Utc>>> {
    let mut next: Option<DateTime<Utc>> = None;
    for own in enabled(store.reader()).await? {
        let Some(when) = when(store.calendar().zone(), &own)? else {
            continue;
        };
        if let Some(until) = planning::until(store.reader(), subject(own.id)).await? {
            let own = when.next(store.calendar(), until, 1);
            next = own.into_iter().chain(next).min();
        }
    }
    Ok(next)
}

/// The next moments of a subscription.
///
/// # Errors
///
/// When its rule cannot be read.
pub fn next_of(
    store: &Store,
    own: &subscription::Model,
    most: usize,
) -> Result<Vec<DateTime<Utc>>> {
    let calendar = store.calendar();
    let when = when(calendar.zone(), own)?.filter(|_| own.enabled);
    Ok(when.map_or(Vec::new(), |when| when.next(calendar, store.now(), most)))
}

/// Plans the copies that have come due; gives how many.
///
/// # Errors
///
/// Those of the database.
pub async fn plan(unit: &Unit) -> Result<u64> {
    let mut planned = 0;
    for own in enabled(unit).await? {
        let Some(when) = when(unit.calendar().zone(), &own)? else {
            continue;
        };
        let Some(until) = planning::until(unit, subject(own.id)).await? else {
            continue;
        };
        let due = when.due(unit, until);
        let Some(last) = due.last().copied() else {
            continue;
        };
        // First of all: of two that plan at once the second waits here, and begins anew.
        planning::planned(unit, subject(own.id), last).await?;
        for at in due {
            // A report tells of its month, whenever it comes; other copies would be the same again.
            let missed = own.kind != "monthly_report" && at < last;
            let missed = missed.then_some("nobody was there; a later one was sent");
            planned += copies(unit, &own, at, None, missed).await?;
        }
    }
    Ok(planned)
}

/// Plans the copies of all monthly reports that come when the report is made; gives how many.
///
/// # Errors
///
/// Those of the database.
pub async fn plan_reports(unit: &Unit, at: DateTime<Utc>) -> Result<u64> {
    let mut planned = 0;
    for own in enabled(unit).await? {
        // who subscribes later gets no reports of before, which may be caught up
        let is_of_then = own.recorded_at <= at;
        if own.kind == "monthly_report" && own.rule.is_none() && is_of_then {
            planned += copies(unit, &own, at, None, None).await?;
        }
    }
    Ok(planned)
}

/// To whom copies are sent at somebody's wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    /// All recipients.
    All,
    /// This one alone, who need not be one of them; of a webhook it is called as ever.
    One(i64),
}

/// Plans a copy for each recipient that has none of that moment yet; by hand for `wish`.
async fn copies(
    unit: &Unit,
    own: &subscription::Model,
    at: DateTime<Utc>,
    wish: Option<To>,
    missed: Option<&str>,
) -> Result<u64> {
    let people = match wish {
        _ if own.channel == "webhook" => BTreeSet::from([own.owner_id]),
        Some(To::One(person)) => BTreeSet::from([person]),
        _ => recipients(Some(&own.recipients))?,
    };
    let there = dispatch::Entity::find()
        .filter(dispatch::Column::SubscriptionId.eq(own.id))
        .filter(dispatch::Column::PlannedAt.eq(at))
        .all(unit)
        .await?;
    let there: BTreeSet<i64> = there.into_iter().map(|copy| copy.recipient_id).collect();
    let mut planned = 0;
    for person in people.difference(&there) {
        let state = if missed.is_some() {
            "skipped"
        } else {
            "planned"
        };
        let copy = dispatch::ActiveModel {
            subscription_id: Set(own.id),
            recipient_id: Set(*person),
            planned_at: Set(at),
            manual: Set(wish.is_some()),
            channel: Set(own.channel.clone()),
            state: Set(state.to_owned()),
            next_attempt_at: Set(missed.is_none().then(|| unit.now())),
            reason: Set(missed.map(str::to_owned)),
            ..Default::default()
        };
        unit.insert::<dispatch::Model>(copy).await?;
        planned += 1;
    }
    Ok(planned)
}

/// Plans copies of a subscription for now, beside its rule; gives them.
///
/// # Errors
///
/// When there is no such subscription or the caller may not change it.
pub async fn send_now(
    unit: &Unit,
    caller: Option<&Caller>,
    id: i64,
    to: To,
) -> Result<Vec<dispatch::Model>> {
    let own: subscription::Model = match caller {
        Some(caller) => unit.get_for(caller, Action::Update, id).await?,
        None => unit.get(id).await?,
    };
    let at = unit.now();
    copies(unit, &own, at, Some(to), None).await?;
    Ok(dispatch::Entity::find()
        .filter(dispatch::Column::SubscriptionId.eq(id))
        .filter(dispatch::Column::PlannedAt.eq(at))
        .order_by_asc(dispatch::Column::Id)
        .all(unit)
        .await?)
}

/// Takes the caller out of the recipients of a subscription, whosever it is. A subscription that
/// nobody is left of rests.
///
/// # Errors
///
/// [`OperationsError::NotFound`] when they are none of them.
pub async fn leave(unit: &Unit, caller: &Caller, id: i64) -> Result<subscription::Model> {
    let entity = subscription::RESOURCE.name;
    let own = subscription::Entity::find_by_id(id)
        .filter(Column::DeletedAt.is_null())
        .one(unit)
        .await?
        .ok_or(OperationsError::NotFound { entity, id })?;
    let mut people = recipients(Some(&own.recipients))?;
    if own.channel != "mail" || !people.remove(&caller.user_id) {
        return Err(OperationsError::NotFound { entity, id });
    }
    let nobody = people.is_empty();
    let change = subscription::ActiveModel {
        recipients: Set(people.into_iter().collect::<Vec<_>>().into()),
        enabled: Set(own.enabled && !nobody),
        ..Default::default()
    };
    let left: subscription::Model = unit.update(&own, change).await?;
    if nobody {
        planning::follow(unit, subject(id), None).await?;
    }
    Ok(left)
}

/// How a threshold stood for somebody when it was last looked at.
///
/// # Errors
///
/// Those of the database.
pub async fn standing<C: ConnectionTrait>(
    connection: &C,
    subscription: i64,
    person: i64,
) -> Result<Standing> {
    let read = Query::select()
        .columns(["beyond", "told_at"])
        .from("threshold_marks")
        .and_where(Expr::col("subscription_id").eq(subscription))
        .and_where(Expr::col("user_id").eq(person))
        .to_owned();
    let Some(row) = connection.query_one(&read).await? else {
        return Ok(Standing::default());
    };
    Ok(Standing {
        beyond: row.try_get_by_index(0)?,
        told_at: row.try_get_by_index(1)?,
    })
}

/// Remembers how a threshold stands for somebody.
pub(crate) async fn remember(
    unit: &Unit,
    subscription: i64,
    person: i64,
    standing: Standing,
) -> Result<()> {
    let write = Query::insert()
        .into_table("threshold_marks")
        .columns(["subscription_id", "user_id", "beyond", "told_at"])
        .values_panic([
            subscription.into(),
            person.into(),
            standing.beyond.into(),
            standing.told_at.into(),
        ])
        .on_conflict(
            OnConflict::columns(["subscription_id", "user_id"])
                .update_columns(["beyond", "told_at"])
                .to_owned(),
        )
        .to_owned();
    unit.run(&write).await.map(drop)
}

/// All subscriptions.
///
/// # Errors
///
/// Those of the database.
pub async fn all(store: &Store) -> Result<Vec<subscription::Model>> {
    Ok(subscription::Entity::find()
        .filter(Column::DeletedAt.is_null())
        .order_by_asc(Column::Id)
        .all(store.reader())
        .await?)
}
