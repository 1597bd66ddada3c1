//! Closing a month (关账) and opening it again.
//!
//! A closed month keeps the numbers of the published set that it is closed on; see
//! `millrace_jobs::close`, which makes that set and keeps it. Months are closed in their order: the
//! first is any month that is over, then always the one after the last. Only the last one is opened
//! again, for a reason; it may then be closed anew, on another set, and has a record for each close.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use millrace_models::period::Grain;
use millrace_models::scope::Action;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Set};

use crate::caller::Caller;
use crate::entity::month_close::{self, RESOURCE};
use crate::entity::user;
use crate::error::{OperationsError, Result};
use crate::store::Store;
use crate::unit::{Actor, Unit};

/// Who closes: a person by their rights, or whoever has the program itself in hand.
pub type Closer<'a> = Option<&'a Caller>;

fn allowed(closer: Closer<'_>, action: Action) -> Result<()> {
    closer.map_or(Ok(()), |caller| caller.require(&RESOURCE, action))
}

/// The closes that stand, in the order of their months.
///
/// # Errors
///
/// Those of the database.
pub async fn standing<C: ConnectionTrait>(connection: &C) -> Result<Vec<month_close::Model>> {
    Ok(month_close::Entity::find()
        .filter(month_close::Column::ReopenedAt.is_null())
        .filter(month_close::Column::DeletedAt.is_null())
        .order_by_asc(month_close::Column::Month)
        .all(connection)
        .await?)
}

/// All closes, also of months that were opened again, the latest first.
///
/// # Errors
///
/// Those of the database.
pub async fn history<C: ConnectionTrait>(connection: &C) -> Result<Vec<month_close::Model>> {
    Ok(month_close::Entity::find()
        .filter(month_close::Column::DeletedAt.is_null())
        .order_by_desc(month_close::Column::Id)
        .all(connection)
        .await?)
}

/// The month of a close that stands.
///
/// # Errors
///
/// [`OperationsError::NotFound`]; [`OperationsError::State`] where the month was opened again.
pub async fn month_of(store: &Store, caller: &Caller, id: i64) -> Result<NaiveDate> {
    caller.require(&RESOURCE, Action::Read)?;
    let found = month_close::Entity::find_by_id(id)
        .filter(month_close::Column::DeletedAt.is_null())
        .one(store.reader())
        .await?;
    let entity = RESOURCE.name;
    let close = found.ok_or(OperationsError::NotFound { entity, id })?;
    if close.reopened_at.is_some() {
        return Err(OperationsError::State {
            entity,
            id,
            state: "reopened".to_owned(),
            needs: &["closed"],
        });
    }
    Ok(close.month)
}

/// The names of people by their ids.
///
/// # Errors
///
/// Those of the database.
pub async fn people<C: ConnectionTrait>(connection: &C) -> Result<BTreeMap<i64, String>> {
    let people = user::Entity::find().all(connection).await?;
    Ok(people.into_iter().map(|own| (own.id, own.name)).collect())
}

/// That a month may be closed now, before anything is made ready for it.
///
/// # Errors
///
/// [`OperationsError::Forbidden`]; [`OperationsError::Invalid`] for a month that is not over or not
/// the next one.
pub async fn may_close(store: &Store, closer: Closer<'_>, month: NaiveDate) -> Result<()> {
    allowed(closer, Action::Create)?;
    let today = store.calendar().date_of(store.now());
    check(&standing(store.reader()).await?, month, today)
}

fn check(standing: &[month_close::Model], month: NaiveDate, today: NaiveDate) -> Result<()> {
    let refused = |text: String| Err(OperationsError::field("month", text));
    if Grain::Month.start(month) != month {
        return refused(format!("must be the first day of a month, not {month}"));
    }
    if today < Grain::Month.next(month) {
        return refused(format!(
            "{} is not over: it can be closed from {} on",
            Grain::Month.label(month),
            Grain::Month.next(month)
        ));
    }
    let Some(last) = standing.last() else {
        return Ok(());
    };
    let next = Grain::Month.next(last.month);
    if month == next {
        return Ok(());
    }
    refused(if standing.iter().any(|close| close.month == month) {
        format!("{} is closed already", Grain::Month.label(month))
    } else {
        format!(
            "months are closed in their order: the next is {}, not {}",
            Grain::Month.label(next),
            Grain::Month.label(month)
        )
    })
}

/// Records that a month is closed at a moment, on a published set.
///
/// # Errors
///
/// Those of [`may_close`], also when another was faster.
pub async fn close(
    unit: &Unit,
    closer: Closer<'_>,
    month: NaiveDate,
    closed_at: DateTime<Utc>,
    published_set: i64,
    note: Option<&str>,
) -> Result<month_close::Model> {
    allowed(closer, Action::Create)?;
    check(&standing(unit).await?, month, unit.today())?;
    let note = note.map(str::trim).filter(|note| !note.is_empty());
    let draft = month_close::ActiveModel {
        month: Set(month),
        closed_at: Set(closed_at),
        closed_by_id: Set(unit.actor().user_id),
        note: Set(note.map(str::to_owned)),
        published_set: Set(published_set),
        ..Default::default()
    };
    unit.insert_given::<month_close::Model>(draft).await
}

/// Opens the last closed month again.
///
/// # Errors
///
/// [`OperationsError::Forbidden`]; [`OperationsError::Invalid`] without a reason, and for a month that
/// is not the last closed one.
pub async fn reopen(
    unit: &Unit,
    closer: Closer<'_>,
    month: NaiveDate,
    reason: &str,
) -> Result<month_close::Model> {
    allowed(closer, Action::Update)?;
    super::release::given(reason)?;
    let standing = standing(unit).await?;
    let refused = |text: String| Err(OperationsError::field("month", text));
    let Some(last) = standing.last() else {
        return refused("no month is closed".to_owned());
    };
    if last.month != month {
        return refused(format!(
            "the last closed month is opened first: {}, not {}",
            Grain::Month.label(last.month),
            Grain::Month.label(month)
        ));
    }
    let draft = month_close::ActiveModel {
        reopened_at: Set(Some(unit.now())),
        reopened_by_id: Set(unit.actor().user_id),
        reopen_reason: Set(Some(reason.trim().to_owned())),
        ..Default::default()
    };
    unit.update_given(last, draft).await
}

/// In whose name it is recorded.
pub fn author(closer: Closer<'_>, reason: Option<&str>) -> Actor {
    let actor = closer.map_or_else(|| Actor::system("millrace close"), Caller::actor);
    match reason {
        Some(reason) => actor.because(reason),
        None => actor,
    }
}
