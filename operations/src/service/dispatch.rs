//! The outbox: copies of subscriptions on their way, each with its receipt.
//!
//! A copy is marked as `sending` in a transaction of its own before the first byte of it leaves, and
//! as what came of it after. Whoever finds one that is being sent under an earlier lease knows that
//! its sender ended in between: it may have been taken over or not, so it is `unknown`, and never
//! sent again by itself. What was refused, or never left, is tried again.

use chrono::{DateTime, TimeDelta, Utc};
use millrace_models::scope::Action;
use millrace_models::subscription::Standing;
use sea_orm::sea_query::Condition;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};

use super::schedule::shortened;
use super::subscription::remember;
use crate::caller::Caller;
use crate::entity::dispatch::{self, Column};
use crate::entity::subscription;
use crate::error::{OperationsError, Result};
use crate::lease::{self, Lease};
use crate::store::Store;
use crate::unit::Unit;

/// The first pause after a failure; each doubles it, up to the longest.
const FIRST_PAUSE: TimeDelta = TimeDelta::minutes(1);
const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(1);
/// How long it is tried.
const TRIED_FOR: TimeDelta = TimeDelta::days(3);
/// Copies that are taken at once.
const AT_ONCE: u64 = 100;

/// The copies that are due, the longest waiting first.
///
/// # Errors
///
/// Those of the database.
pub async fn due(store: &Store) -> Result<Vec<dispatch::Model>> {
    Ok(dispatch::Entity::find()
        .filter(Column::NextAttemptAt.lte(store.now()))
        .filter(Column::DeletedAt.is_null())
        .order_by_asc(Column::NextAttemptAt)
        .order_by_asc(Column::Id)
        .limit(AT_ONCE)
        .all(store.reader())
        .await?)
}

/// When the next copy is tried.
///
/// # Errors
///
/// Those of the database.
pub async fn next_attempt(store: &Store) -> Result<Option<DateTime<Utc>>> {
    let next = dispatch::Entity::find()
        .filter(Column::NextAttemptAt.is_not_null())
        .filter(Column::DeletedAt.is_null())
        .order_by_asc(Column::NextAttemptAt)
        .one(store.reader())
        .await?;
    Ok(next.and_then(|copy| copy.next_attempt_at))
}

/// Whether a process that is gone has left copies that it was sending.
///
/// # Errors
///
/// Those of the database.
pub async fn has_sending(store: &Store) -> Result<bool> {
    let one = dispatch::Entity::find()
        .filter(Column::State.eq("sending"))
        .filter(Column::DeletedAt.is_null())
        .one(store.reader())
        .await?;
    Ok(one.is_some())
}

/// Marks what an earlier holder was sending when it ended; gives how many copies it is.
///
/// # Errors
///
/// Those of the database.
pub async fn left_behind(unit: &Unit, lease: &Lease) -> Result<u64> {
    held(unit, lease).await?;
    let left = dispatch::Entity::find()
        .filter(Column::State.eq("sending"))
        .filter(Column::Token.lt(lease.token))
        .all(unit)
        .await?;
    let count = left.len() as u64;
    for copy in left {
        let change = dispatch::ActiveModel {
            state: Set("unknown".to_owned()),
            reason: Set(Some(
                "the program ended while it was handed over: whether it was taken is not known"
                    .to_owned(),
            )),
            ..Default::default()
        };
        unit.update(&copy, change).await?;
    }
    Ok(count)
}

async fn held(unit: &Unit, lease: &Lease) -> Result<()> {
    if lease::is_held(unit, lease).await? {
        return Ok(());
    }
    Err(OperationsError::Overtaken)
}

/// The condition that a copy is still as the one who holds the lease has taken it.
fn is_waiting(copy: &dispatch::Model) -> Condition {
    Condition::all()
        .add(Column::Version.eq(copy.version))
        .add(Column::State.is_in(["planned", "retrying"]))
}

/// What is written of a copy before it leaves.
#[derive(Debug, Clone, Default)]
pub struct Written {
    /// Where to.
    pub address: String,
    /// Its subject.
    pub subject: String,
    /// What the mail is known by.
    pub message_id: String,
    /// How a threshold stands that it tells of.
    pub standing: Option<Standing>,
}

/// Marks a copy as being sent, if the lease is still held and nobody else took it.
///
/// # Errors
///
/// [`OperationsError::Overtaken`]; those of the database.
pub async fn begin(
    unit: &Unit,
    lease: &Lease,
    copy: &dispatch::Model,
    written: &Written,
) -> Result<Option<dispatch::Model>> {
    held(unit, lease).await?;
    let change = dispatch::ActiveModel {
        state: Set("sending".to_owned()),
        attempts: Set(copy.attempts + 1),
        token: Set(lease.token),
        next_attempt_at: Set(None),
        rendered_at: Set(Some(unit.now())),
        address: Set(Some(shortened_to(&written.address, 1_000))),
        subject: Set(Some(shortened_to(&written.subject, 400))),
        message_id: Set(Some(written.message_id.clone())),
        reason: Set(None),
        ..Default::default()
    };
    let begun = unit
        .update_if::<dispatch::Model>(copy.id, is_waiting(copy), change)
        .await?;
    if begun.is_some()
        && let Some(standing) = written.standing
    {
        remember(unit, copy.subscription_id, copy.recipient_id, standing).await?;
    }
    Ok(begun)
}

fn shortened_to(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// What came of a copy that was being sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The other side took it over, and said so.
    Sent(String),
    /// It did not, and will not.
    Refused(String),
    /// It did not, or was not there: it is tried again.
    Failed(String),
    /// Nobody knows.
    Unknown(String),
}

/// Writes down what came of a copy that this holder was sending; whether it was still its own.
///
/// # Errors
///
/// Those of the database.
pub async fn end(unit: &Unit, copy: &dispatch::Model, outcome: &Outcome) -> Result<bool> {
    let mut change = dispatch::ActiveModel::default();
    match outcome {
        Outcome::Sent(response) => {
            change.state = Set("sent".to_owned());
            change.sent_at = Set(Some(unit.now()));
            change.response = Set(Some(shortened_to(response, 1_000)));
        }
        Outcome::Refused(reason) => {
            change.state = Set("given_up".to_owned());
            change.reason = Set(Some(shortened(reason)));
        }
        Outcome::Failed(reason) => again_later(unit, copy, copy.attempts, reason, &mut change),
        Outcome::Unknown(reason) => {
            change.state = Set("unknown".to_owned());
            change.reason = Set(Some(shortened(reason)));
        }
    }
    let own = Condition::all()
        .add(Column::State.eq("sending"))
        .add(Column::Token.eq(copy.token));
    let ended = unit
        .update_if::<dispatch::Model>(copy.id, own, change)
        .await?;
    Ok(ended.is_some())
}

/// When a copy that failed is tried again, or that it is not any more.
fn again_later(
    unit: &Unit,
    copy: &dispatch::Model,
    attempts: i64,
    reason: &str,
    change: &mut dispatch::ActiveModel,
) {
    change.reason = Set(Some(shortened(reason)));
    let doublings = u32::try_from(attempts.clamp(1, 16) - 1).unwrap_or_default();
    let pause = (FIRST_PAUSE * 2_i32.pow(doublings)).min(LONGEST_PAUSE);
    let next = unit.now() + pause;
    if next - copy.recorded_at.max(copy.planned_at) > TRIED_FOR {
        change.state = Set("given_up".to_owned());
        change.next_attempt_at = Set(None);
    } else {
        change.state = Set("retrying".to_owned());
        change.next_attempt_at = Set(Some(next));
    }
}

/// Writes down that a copy failed before anything of it left.
///
/// # Errors
///
/// [`OperationsError::Overtaken`]; those of the database.
pub async fn failed(
    unit: &Unit,
    lease: &Lease,
    copy: &dispatch::Model,
    reason: &str,
) -> Result<()> {
    held(unit, lease).await?;
    let attempts = copy.attempts + 1;
    let mut change = dispatch::ActiveModel {
        attempts: Set(attempts),
        ..Default::default()
    };
    again_later(unit, copy, attempts, reason, &mut change);
    unit.update_if::<dispatch::Model>(copy.id, is_waiting(copy), change)
        .await
        .map(drop)
}

/// Writes down that a copy does not leave: because its recipient gets nothing (`withheld`), or because
/// there is nothing to tell (`quiet`).
///
/// # Errors
///
/// [`OperationsError::Overtaken`]; those of the database.
pub async fn kept(
    unit: &Unit,
    lease: &Lease,
    copy: &dispatch::Model,
    state: &'static str,
    reason: &str,
    standing: Option<Standing>,
) -> Result<()> {
    held(unit, lease).await?;
    let change = dispatch::ActiveModel {
        state: Set(state.to_owned()),
        next_attempt_at: Set(None),
        reason: Set(Some(shortened(reason))),
        ..Default::default()
    };
    let kept = unit
        .update_if::<dispatch::Model>(copy.id, is_waiting(copy), change)
        .await?;
    if kept.is_some()
        && let Some(standing) = standing
    {
        remember(unit, copy.subscription_id, copy.recipient_id, standing).await?;
    }
    Ok(())
}

/// Sends a copy that did not come once more, at somebody's wish: it may come twice where it is not
/// known whether it came. A mail keeps its id.
///
/// # Errors
///
/// When there is none that the caller may send, or it came or is on its way.
pub async fn again(unit: &Unit, caller: Option<&Caller>, id: i64) -> Result<dispatch::Model> {
    let copy: dispatch::Model = match caller {
        Some(caller) => {
            let copy: dispatch::Model = unit.get_for(caller, Action::Read, id).await?;
            unit.get_for::<subscription::Model>(caller, Action::Update, copy.subscription_id)
                .await?;
            copy
        }
        None => unit.get(id).await?,
    };
    if !["unknown", "given_up", "withheld", "retrying", "skipped"].contains(&copy.state.as_str()) {
        return Err(OperationsError::State {
            entity: dispatch::RESOURCE.name,
            id,
            state: copy.state,
            needs: &["unknown", "given_up", "withheld", "retrying", "skipped"],
        });
    }
    let change = dispatch::ActiveModel {
        state: Set("planned".to_owned()),
        next_attempt_at: Set(Some(unit.now())),
        ..Default::default()
    };
    unit.update(&copy, change).await
}

/// Has all copies that wait for their next attempt tried now; gives how many.
///
/// # Errors
///
/// Those of the database.
pub async fn hurry(unit: &Unit) -> Result<u64> {
    let waiting = dispatch::Entity::find()
        .filter(Column::State.eq("retrying"))
        .filter(Column::NextAttemptAt.gt(unit.now()))
        .filter(Column::DeletedAt.is_null())
        .all(unit)
        .await?;
    let count = waiting.len() as u64;
    for copy in waiting {
        let change = dispatch::ActiveModel {
            next_attempt_at: Set(Some(unit.now())),
            ..Default::default()
        };
        unit.update(&copy, change).await?;
    }
    Ok(count)
}

/// The receipts of a subscription, of one moment or the last ones, the latest first.
///
/// # Errors
///
/// Those of the database.
pub async fn receipts(
    store: &Store,
    subscription: i64,
    at: Option<DateTime<Utc>>,
) -> Result<Vec<dispatch::Model>> {
    let mut select = dispatch::Entity::find()
        .filter(Column::SubscriptionId.eq(subscription))
        .filter(Column::DeletedAt.is_null());
    if let Some(at) = at {
        select = select.filter(Column::PlannedAt.eq(at));
    }
    Ok(select
        .order_by_desc(Column::PlannedAt)
        .order_by_asc(Column::Id)
        .limit(2 * AT_ONCE)
        .all(store.reader())
        .await?)
}
