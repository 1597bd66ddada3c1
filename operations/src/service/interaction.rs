//! Visits, calls, messages and meetings, and whether they keep a customer.
//!
//! Whether an interaction is effective is decided by rule, when it is registered, and is not edited
//! afterwards:
//!
//! - a visit is when it is verified: the rep checked in at a place, precisely enough, about when the
//!   visit was, and it was registered within a day of that;
//! - a call, message, meeting or mail is when the customer answered;
//! - a note to oneself never is.
//!
//! The progress of a deal or a quote keeps a customer as well; [`last_effective_at`] knows all of it.

use chrono::{DateTime, TimeDelta, Utc};
use millrace_models::scope::Action;
use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Set};

use super::lookup;
use super::moves::{happened, touch};
use crate::caller::Caller;
use crate::entity::{account, contact, interaction, opportunity, quote, stage_change};
use crate::error::{OperationsError, Result};
use crate::row::truncate;
use crate::unit::{Target, Unit};

/// How far a check-in may be from the time of the visit.
const ABOUT: TimeDelta = TimeDelta::hours(12);
/// How long after the check-in a visit may be registered to be verified.
const PROMPT: TimeDelta = TimeDelta::hours(24);
/// How far off the place of a check-in may be, in metres.
const PRECISE_METRES: i64 = 1_000;

/// A check-in at a place (外勤打卡).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckIn {
    /// When it was; now when not given.
    pub at: Option<DateTime<Utc>>,
    /// The latitude in millionths of a degree.
    pub latitude: i64,
    /// The longitude in millionths of a degree.
    pub longitude: i64,
    /// How far off that may be, in metres.
    pub accuracy_metres: i64,
    /// The name of the place.
    pub place: Option<String>,
}

/// An interaction as it is registered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewInteraction {
    /// The customer.
    pub account_id: i64,
    /// The deal.
    pub opportunity_id: Option<i64>,
    /// The person met.
    pub contact_id: Option<i64>,
    /// What kind, one of [`interaction::KINDS`].
    pub kind: String,
    /// When it was; now when not given.
    pub at: Option<DateTime<Utc>>,
    /// What was said.
    pub content: String,
    /// Whether the customer answered.
    pub two_way: bool,
    /// Where the rep checked in.
    pub check_in: Option<CheckIn>,
    /// What comes next.
    pub next_step: Option<String>,
    /// When it comes.
    pub next_at: Option<DateTime<Utc>>,
}

/// The words of an interaction, which its author may correct.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    /// What was said.
    pub content: Option<String>,
    /// What comes next.
    pub next_step: Option<String>,
    /// When it comes.
    pub next_at: Option<DateTime<Utc>>,
}

/// Registers an interaction of the caller.
///
/// # Errors
///
/// When a field is wrong, or refers to what the caller does not see or another customer has.
pub async fn register(
    unit: &Unit,
    caller: &Caller,
    input: NewInteraction,
) -> Result<interaction::Model> {
    caller.require(&interaction::RESOURCE, Action::Create)?;
    let account: account::Model = unit.refer(caller, "account_id", input.account_id).await?;
    if let Some(id) = input.opportunity_id {
        let deal: opportunity::Model = unit.refer(caller, "opportunity_id", id).await?;
        lookup::same_account("opportunity_id", deal.account_id, account.id)?;
    }
    if let Some(id) = input.contact_id {
        let contact: contact::Model = unit.refer(caller, "contact_id", id).await?;
        lookup::same_account("contact_id", contact.account_id, account.id)?;
    }
    let now = unit.now();
    let at = input.at.map_or(now, truncate);
    happened("at", at, now)?;
    let checked_in_at = match &input.check_in {
        Some(check_in) => {
            let at = check_in.at.map_or(now, truncate);
            happened("checked_in_at", at, now)?;
            Some(at)
        }
        None => None,
    };
    let effective = is_effective(&input, at, now);
    let check_in = input.check_in;
    let draft = interaction::ActiveModel {
        account_id: Set(account.id),
        opportunity_id: Set(input.opportunity_id),
        contact_id: Set(input.contact_id),
        by_id: Set(Some(caller.user_id)),
        kind: Set(input.kind),
        at: Set(at),
        content: Set(input.content),
        two_way: Set(input.two_way),
        effective: Set(effective),
        checked_in_at: Set(checked_in_at),
        latitude: Set(check_in.as_ref().map(|place| place.latitude)),
        longitude: Set(check_in.as_ref().map(|place| place.longitude)),
        accuracy_metres: Set(check_in.as_ref().map(|place| place.accuracy_metres)),
        place: Set(check_in.and_then(|place| place.place)),
        next_step: Set(input.next_step),
        next_at: Set(input.next_at.map(truncate)),
        ..Default::default()
    };
    let made = unit.insert_given::<interaction::Model>(draft).await?;
    if let (Some(deal), true) = (made.opportunity_id, made.effective) {
        touch(unit, deal, made.at).await?;
    }
    Ok(made)
}

/// Corrects the words of an interaction; what it counts for stays.
///
/// # Errors
///
/// [`OperationsError::Forbidden`] for everybody but its author.
pub async fn reword(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
    words: Words,
) -> Result<interaction::Model> {
    let read: interaction::Model = unit.take(caller, Action::Update, target.into()).await?;
    if read.by_id != Some(caller.user_id) {
        return Err(OperationsError::forbidden(
            interaction::RESOURCE.name,
            Action::Update,
        ));
    }
    let mut change = interaction::ActiveModel::default();
    if let Some(content) = words.content {
        change.content = Set(content);
    }
    if let Some(step) = words.next_step {
        change.next_step = Set(Some(step));
    }
    if let Some(at) = words.next_at {
        change.next_at = Set(Some(truncate(at)));
    }
    unit.update_given(&read, change).await
}

/// Removes an interaction; for those whose role deletes.
///
/// # Errors
///
/// When the caller may not.
pub async fn remove(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
) -> Result<interaction::Model> {
    let read: interaction::Model = unit.take(caller, Action::Delete, target.into()).await?;
    unit.delete(&read).await
}

/// When something last kept the customer: an effective interaction, a deal that moved on, a quote
/// that was sent or decided. Only what that user did, where one is given.
///
/// # Errors
///
/// Those of the database.
pub async fn last_effective_at<C: ConnectionTrait>(
    connection: &C,
    account_id: i64,
    by: Option<i64>,
) -> Result<Option<DateTime<Utc>>> {
    let mut met = interaction::Entity::find()
        .filter(interaction::Column::AccountId.eq(account_id))
        .filter(interaction::Column::Effective.eq(true))
        .filter(interaction::Column::DeletedAt.is_null())
        .order_by_desc(interaction::Column::At);
    let deals = Query::select()
        .column(opportunity::Column::Id)
        .from(opportunity::Entity)
        .and_where(opportunity::Column::AccountId.eq(account_id))
        .and_where(opportunity::Column::DeletedAt.is_null())
        .to_owned();
    let mut moved = stage_change::Entity::find()
        .filter(stage_change::Column::OpportunityId.in_subquery(deals))
        .filter(stage_change::Column::Kind.is_in(["forward", "skip", "complete"]))
        .filter(stage_change::Column::DeletedAt.is_null())
        .order_by_desc(stage_change::Column::ChangedAt);
    let mut quoted = quote::Entity::find()
        .filter(quote::Column::AccountId.eq(account_id))
        .filter(quote::Column::SentAt.is_not_null())
        .filter(quote::Column::DeletedAt.is_null());
    if let Some(user) = by {
        met = met.filter(interaction::Column::ById.eq(user));
        moved = moved.filter(stage_change::Column::ById.eq(user));
        quoted = quoted.filter(quote::Column::OwnerId.eq(user));
    }
    let met = met.one(connection).await?.map(|found| found.at);
    let moved = moved.one(connection).await?.map(|found| found.changed_at);
    let found = quoted.all(connection).await?;
    let quoted = found.iter().filter_map(|quote| {
        let answered = ["accepted", "partial", "declined"].contains(&quote.outcome.as_str());
        let decided = quote.decided_at.filter(|_| answered);
        Ord::max(decided, quote.sent_at)
    });
    Ok([met, moved, quoted.max()].into_iter().flatten().max())
}

/// Whether an interaction keeps a customer.
fn is_effective(input: &NewInteraction, at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    match input.kind.as_str() {
        "note" => false,
        "visit" => input.check_in.as_ref().is_some_and(|place| {
            let checked_in_at = place.at.map_or(now, truncate);
            place.accuracy_metres <= PRECISE_METRES
                && (at - checked_in_at).abs() <= ABOUT
                && now - checked_in_at <= PROMPT
        }),
        _ => input.two_way,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: &str, two_way: bool, check_in: Option<(i64, i64)>, expected: bool) {
        let now: DateTime<Utc> = "2026-03-02T10:00:00Z".parse().unwrap();
        let at = now - TimeDelta::hours(1);
        let check_in = check_in.map(|(hours_ago, accuracy_metres)| CheckIn {
            at: Some(now - TimeDelta::hours(hours_ago)),
            accuracy_metres,
            ..CheckIn::default()
        });
        let input = NewInteraction {
            kind: kind.to_owned(),
            two_way,
            check_in,
            ..NewInteraction::default()
        };
        assert_eq!(is_effective(&input, at, now), expected, "{input:?}");
    }

    #[test]
    fn what_counts_is_decided_by_rule() {
        check("note", true, Some((1, 10)), false);
        check("visit", true, None, false);
        check("visit", false, Some((1, 10)), true);
        check("visit", false, Some((1, 1_001)), false);
        check("visit", false, Some((14, 10)), false);
        check("visit", false, Some((25, 10)), false);
        check("call", false, None, false);
        check("call", true, None, true);
        check("message", true, None, true);
    }
}
