//! What becomes of a quote: sent, which freezes it, and then decided by the customer or by time.
//!
//! Sending a version makes those before it superseded, and accepting one alternative makes the others
//! superseded. A quote that was expired by time can still be decided as of a day on which it held:
//! the answer came in time and was entered late.

use chrono::{DateTime, Days, NaiveDate, TimeZone, Utc};
use millrace_models::calendar::WorkingCalendar;
use millrace_models::scope::Action;
use sea_orm::sea_query::Condition;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};

use super::moves::{happened, touch};
use super::{money, quote as drafts};
use crate::caller::Caller;
use crate::entity::{opportunity, quote, quote_line};
use crate::error::{OperationsError, Result, Rule};
use crate::row::truncate;
use crate::unit::{Target, Unit};

/// How many calendar days a quote holds that does not say so.
pub const VALID_DAYS: u64 = 30;

/// What the customer says to a quote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Accepted as it is.
    Accept,
    /// Only these lines are accepted.
    AcceptLines(Vec<i64>),
    /// Declined.
    Decline {
        /// Why.
        reason: String,
    },
}

/// The last day that a sent quote holds.
pub fn last_day(quote: &quote::Model, calendar: &WorkingCalendar) -> Option<NaiveDate> {
    let sent_on = calendar.date_of(quote.sent_at?);
    quote
        .valid_until
        .or_else(|| sent_on.checked_add_days(Days::new(VALID_DAYS)))
}

/// Sends a quote: from now on it stays as it is.
///
/// # Errors
///
/// When it is no draft and not approved, has no lines, a newer version was sent, or its discount is
/// beyond what the caller may give ([`Rule::NeedsApproval`]).
pub async fn send(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
    sent_at: Option<DateTime<Utc>>,
) -> Result<quote::Model> {
    let read: quote::Model = unit.take(caller, Action::Update, target.into()).await?;
    drafts::stands(&read, &["draft", "approved"])?;
    let refused = |rule| refused(&read, rule);
    if drafts::lines_of(unit, read.id).await?.is_empty() {
        return Err(refused(Rule::NoLines));
    }
    if read.outcome == "draft" && !super::approval::within_limit(unit, caller, &read).await? {
        return Err(refused(Rule::NeedsApproval));
    }
    let sent_at = sent_at.map_or(unit.now(), truncate);
    happened("sent_at", sent_at, unit.now())?;
    let sent_on = unit.calendar().date_of(sent_at);
    if read.valid_until.is_some_and(|until| until < sent_on) {
        let fault = "must not be before the day it is sent";
        return Err(OperationsError::field("valid_until", fault));
    }
    let all = drafts::under(unit, &read.number).await?;
    let newer = |other: &&quote::Model| other.quote_version > read.quote_version;
    if all
        .iter()
        .filter(newer)
        .any(|other| other.sent_at.is_some())
    {
        return Err(refused(Rule::NewerVersion));
    }
    for older in &all {
        if older.outcome == "sent" && older.quote_version < read.quote_version {
            supersede(unit, older, sent_at).await?;
        }
    }
    let change = quote::ActiveModel {
        outcome: Set("sent".to_owned()),
        sent_at: Set(Some(sent_at)),
        ..Default::default()
    };
    let sent = unit.update(&read, change).await?;
    if let Some(deal) = sent.opportunity_id {
        touch(unit, deal, sent_at).await?;
        estimate(unit, deal, &sent).await?;
    }
    Ok(sent)
}

/// Enters what the customer decided, and when.
///
/// # Errors
///
/// When the quote is not out, or held no longer on that day ([`Rule::NotValidAnyMore`]); without a
/// reason for declining, or with lines that are not of the quote.
pub async fn decide(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
    decision: Decision,
    decided_at: Option<DateTime<Utc>>,
) -> Result<quote::Model> {
    let read: quote::Model = unit.take(caller, Action::Update, target.into()).await?;
    drafts::stands(&read, &["sent", "expired"])?;
    let at = decided_at.map_or(unit.now(), truncate);
    happened("decided_at", at, unit.now())?;
    if read.sent_at.is_some_and(|sent_at| at < sent_at) {
        let fault = "must not be before it was sent";
        return Err(OperationsError::field("decided_at", fault));
    }
    let last = last_day(&read, unit.calendar());
    if read.outcome == "expired" && last.is_some_and(|last| unit.calendar().date_of(at) > last) {
        return Err(refused(&read, Rule::NotValidAnyMore));
    }
    let all = drafts::under(unit, &read.number).await?;
    let newer = |other: &&quote::Model| other.quote_version > read.quote_version;
    if all
        .iter()
        .filter(newer)
        .any(|other| other.sent_at.is_some())
    {
        return Err(refused(&read, Rule::NewerVersion));
    }
    if let Some(chosen) = all.iter().find(|other| is_accepted(other)) {
        drafts::stands(chosen, &["sent"])?;
    }
    let mut change = quote::ActiveModel {
        decided_at: Set(Some(at)),
        ..Default::default()
    };
    let outcome = match decision {
        Decision::Accept => {
            mark_lines(unit, &read, None).await?;
            change.accepted_amount = Set(read.amount);
            "accepted"
        }
        Decision::AcceptLines(ids) => {
            let (amount, whole) = mark_lines(unit, &read, Some(&ids)).await?;
            let amount = money::converted(amount, read.rate.unwrap_or(money::PAR))?;
            change.accepted_amount = Set(if whole { read.amount } else { Some(amount) });
            if whole { "accepted" } else { "partial" }
        }
        Decision::Decline { reason } => {
            if reason.trim().is_empty() {
                let fault = "must not be empty";
                return Err(OperationsError::field("declined_reason", fault));
            }
            change.declined_reason = Set(Some(reason));
            "declined"
        }
    };
    change.outcome = Set(outcome.to_owned());
    let decided = unit.update_given(&read, change).await?;
    if is_accepted(&decided) {
        for other in all.iter().filter(|other| other.id != read.id) {
            if other.outcome == "sent" {
                supersede(unit, other, at).await?;
            }
        }
    }
    if let Some(deal) = decided.opportunity_id {
        touch(unit, deal, at).await?;
    }
    Ok(decided)
}

/// Takes a quote back that the customer has not decided on.
///
/// # Errors
///
/// When it is neither a draft nor out.
pub async fn withdraw(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
) -> Result<quote::Model> {
    let read: quote::Model = unit.take(caller, Action::Update, target.into()).await?;
    drafts::stands(&read, &["draft", "in_approval", "approved", "sent"])?;
    let change = quote::ActiveModel {
        outcome: Set("withdrawn".to_owned()),
        decided_at: Set(Some(unit.now())),
        ..Default::default()
    };
    unit.update(&read, change).await
}

/// Marks the quotes as expired whose last day is past, at most so many; gives how many it were. For
/// a job: run again it finds none. They expire with the end of that day, whenever the job runs.
///
/// # Errors
///
/// Those of the database.
pub async fn expire_due(unit: &Unit, limit: u64) -> Result<usize> {
    let calendar = unit.calendar();
    let today = unit.today();
    let first_day = today
        .checked_sub_days(Days::new(VALID_DAYS))
        .unwrap_or(today);
    let past = Condition::any()
        .add(quote::Column::ValidUntil.lt(today))
        .add(
            Condition::all()
                .add(quote::Column::ValidUntil.is_null())
                .add(quote::Column::SentAt.lt(start_of(calendar, first_day))),
        );
    let due = quote::Entity::find()
        .filter(quote::Column::Outcome.eq("sent"))
        .filter(quote::Column::DeletedAt.is_null())
        .filter(past)
        .order_by_asc(quote::Column::Id)
        .limit(limit)
        .all(unit)
        .await?;
    for quote in &due {
        let end = last_day(quote, calendar).and_then(|day| day.succ_opt());
        let change = quote::ActiveModel {
            outcome: Set("expired".to_owned()),
            decided_at: Set(end.map(|day| start_of(calendar, day))),
            ..Default::default()
        };
        unit.update(quote, change).await?;
    }
    Ok(due.len())
}

/// The first moment of a day in the company's zone.
pub(super) fn start_of(calendar: &WorkingCalendar, day: NaiveDate) -> DateTime<Utc> {
    let us = calendar.start_of_day_us(day);
    Utc.timestamp_micros(us).single().unwrap_or_default()
}

fn is_accepted(quote: &quote::Model) -> bool {
    ["accepted", "partial"].contains(&quote.outcome.as_str())
}

async fn supersede(unit: &Unit, quote: &quote::Model, at: DateTime<Utc>) -> Result<()> {
    let change = quote::ActiveModel {
        outcome: Set("superseded".to_owned()),
        decided_at: Set(Some(at)),
        ..Default::default()
    };
    unit.update(quote, change).await?;
    Ok(())
}

/// Says of each line whether it was accepted; all when no ids are given. Gives what the accepted
/// ones come to in the quote's currency, and whether they are the whole quote.
async fn mark_lines(
    unit: &Unit,
    quote: &quote::Model,
    accepted: Option<&[i64]>,
) -> Result<(i64, bool)> {
    let lines = drafts::lines_of(unit, quote.id).await?;
    let of_quote = |id: &i64| lines.iter().any(|line| line.id == *id);
    if let Some(ids) = accepted
        && (ids.is_empty() || !ids.iter().all(of_quote))
    {
        let fault = "must be lines of the quote, at least one";
        return Err(OperationsError::field("accepted_lines", fault));
    }
    let takes = |line: &quote_line::Model| accepted.is_none_or(|ids| ids.contains(&line.id));
    for line in &lines {
        let change = quote_line::ActiveModel {
            accepted: Set(Some(takes(line))),
            ..Default::default()
        };
        unit.update(line, change).await?;
    }
    let sold = lines.iter().filter(|line| takes(line));
    let amount = money::sum(sold.map(|line| line.amount))?;
    Ok((amount, lines.iter().all(takes)))
}

/// A deal without an amount takes that of the quote that was sent for it.
async fn estimate(unit: &Unit, opportunity_id: i64, sent: &quote::Model) -> Result<()> {
    let deal: opportunity::Model = unit.get(opportunity_id).await?;
    if deal.amount.is_some() || deal.outcome != "open" {
        return Ok(());
    }
    let change = opportunity::ActiveModel {
        currency: Set(sent.currency.clone()),
        original_amount: Set(sent.original_amount),
        rate: Set(sent.rate),
        rate_on: Set(sent.rate_on),
        tax_rate: Set(sent.tax_rate),
        amount: Set(sent.amount),
        amount_without_tax: Set(sent.amount_without_tax),
        ..Default::default()
    };
    unit.update(&deal, change).await?;
    Ok(())
}

pub(super) fn refused(quote: &quote::Model, rule: Rule) -> OperationsError {
    OperationsError::Refused {
        entity: quote::RESOURCE.name,
        id: quote.id,
        rule,
    }
}
