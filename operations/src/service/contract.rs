//! Contracts: made from an accepted quote, by themselves, or called off from a framework contract.
//!
//! A contract is effective when it is signed and, where that is agreed, its deposit is in; with that
//! it wins its deal in the same unit of work. The rate of exchange is frozen at signing: until then
//! amounts in the company's currency are estimates.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use millrace_models::scope::Action;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, Set};

use super::instalment::{self, NewInstalment};
use super::quote_decision::start_of;
use super::stage_move::{self, Win};
use super::{contract_draft, money};
use crate::caller::Caller;
use crate::entity::{contract, opportunity};
use crate::error::{OperationsError, Result, Rule};
use crate::row::YEARS;
use crate::unit::{Target, Unit};

/// What is agreed beside the price.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// What it is about; the name of the deal or the customer when not given.
    pub name: Option<String>,
    /// The deposit in fen, without which the contract takes no effect; none where none is agreed.
    pub deposit_amount: Option<i64>,
    /// The last day it runs.
    pub expires_on: Option<NaiveDate>,
    /// The contract that it renews.
    pub renews_id: Option<i64>,
    /// The instalments; they can be planned later too.
    pub instalments: Vec<NewInstalment>,
}

/// How a contract ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Close {
    /// All of it is done.
    Completed,
    /// It was given up.
    Terminated,
}

/// Signs a contract; it takes effect with that, unless it waits for its deposit.
///
/// # Errors
///
/// When it is no draft; [`Rule::NeedsRate`] in another currency without a rate;
/// [`Rule::NotRunning`] for a call-off outside its framework contract.
pub async fn sign(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
    signed_on: NaiveDate,
    rate: Option<i64>,
) -> Result<contract::Model> {
    let read: contract::Model = unit.take(caller, Action::Update, target.into()).await?;
    stands(&read, &["draft"])?;
    past("signed_on", signed_on, unit)?;
    if read.expires_on.is_some_and(|last| last < signed_on) {
        return Err(OperationsError::field(
            "signed_on",
            "must not be after its last day",
        ));
    }
    if let Some(framework) = read.framework_id {
        let framework: contract::Model = unit.get(framework).await?;
        contract_draft::runs(&framework, signed_on)?;
    }
    let mut change = contract::ActiveModel {
        status: Set("signed".to_owned()),
        signed_on: Set(Some(signed_on)),
        ..Default::default()
    };
    if read.currency != money::COMPANY_CURRENCY && read.original_amount.is_some() {
        let rate = rate
            .filter(|rate| *rate > 0)
            .ok_or_else(|| refused(&read, Rule::NeedsRate))?;
        freeze(unit, &read, &mut change, rate, signed_on).await?;
    }
    let signed = unit.update_given(&read, change).await?;
    instalment::event(unit, signed.id, "signing", signed_on).await?;
    if let Some(deal) = signed.opportunity_id {
        super::moves::touch(unit, deal, unit.now()).await?;
    }
    take_effect(unit, signed).await
}

/// Enters that the deposit is in, where no allocated receipt says it.
///
/// # Errors
///
/// When the contract asks for none, or has it.
pub async fn deposit_received(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
    received_on: NaiveDate,
) -> Result<contract::Model> {
    let read: contract::Model = unit.take(caller, Action::Update, target.into()).await?;
    stands(&read, &["draft", "signed"])?;
    past("deposit_received_on", received_on, unit)?;
    if !read.deposit_required || read.deposit_received_on.is_some() {
        let fault = "is for a contract that waits for its deposit";
        return Err(OperationsError::field("deposit_received_on", fault));
    }
    deposit_is_in(unit, read, received_on).await
}

/// Ends a contract.
///
/// # Errors
///
/// When it does not stand so that it could.
pub async fn close(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
    how: Close,
) -> Result<contract::Model> {
    let read: contract::Model = unit.take(caller, Action::Update, target.into()).await?;
    let (needs, status): (&[&str], _) = match how {
        Close::Completed => (&["effective"], "completed"),
        Close::Terminated => (&["draft", "signed", "effective"], "terminated"),
    };
    stands(&read, needs)?;
    let change = contract::ActiveModel {
        status: Set(status.to_owned()),
        ..Default::default()
    };
    unit.update(&read, change).await
}

/// The deposit of a contract came in by a receipt allocated to its advance.
pub(super) async fn settle_deposit(
    unit: &Unit,
    contract_id: i64,
    advanced: i64,
    received_on: NaiveDate,
) -> Result<()> {
    let read: contract::Model = unit.get(contract_id).await?;
    let waits = read.deposit_required && read.deposit_received_on.is_none();
    let enough = read.deposit_amount.is_some_and(|amount| advanced >= amount);
    if waits && enough && ["draft", "signed"].contains(&read.status.as_str()) {
        deposit_is_in(unit, read, received_on).await?;
    }
    Ok(())
}

/// That a contract stands in one of those ways.
pub(super) fn stands(contract: &contract::Model, needs: &'static [&'static str]) -> Result<()> {
    if needs.contains(&contract.status.as_str()) {
        return Ok(());
    }
    Err(OperationsError::State {
        entity: contract::RESOURCE.name,
        id: contract.id,
        state: contract.status.clone(),
        needs,
    })
}

pub(super) fn refused(contract: &contract::Model, rule: Rule) -> OperationsError {
    OperationsError::Refused {
        entity: contract::RESOURCE.name,
        id: contract.id,
        rule,
    }
}

/// That a day is not to come.
pub(super) fn past(field: &'static str, day: NaiveDate, unit: &Unit) -> Result<()> {
    let fault = if day > unit.today() {
        "must not be in the future"
    } else if !YEARS.contains(&day.year()) {
        "must be a day of our days"
    } else {
        return Ok(());
    };
    Err(OperationsError::field(field, fault))
}

async fn deposit_is_in(
    unit: &Unit,
    read: contract::Model,
    received_on: NaiveDate,
) -> Result<contract::Model> {
    let change = contract::ActiveModel {
        deposit_received_on: Set(Some(received_on)),
        ..Default::default()
    };
    let paid = unit.update(&read, change).await?;
    take_effect(unit, paid).await
}

/// Makes a signed contract effective that waits for nothing more, and wins its deal.
async fn take_effect(unit: &Unit, signed: contract::Model) -> Result<contract::Model> {
    let effective_on = match (signed.signed_on, signed.deposit_received_on) {
        (Some(signed_on), Some(received_on)) => signed_on.max(received_on),
        (Some(signed_on), None) if !signed.deposit_required => signed_on,
        _ => return Ok(signed),
    };
    let change = contract::ActiveModel {
        status: Set("effective".to_owned()),
        effective_on: Set(Some(effective_on)),
        ..Default::default()
    };
    let effective = unit.update(&signed, change).await?;
    let Some(deal) = effective.opportunity_id else {
        return Ok(effective);
    };
    let deal: opportunity::Model = unit.get(deal).await?;
    let win = Win {
        won_at: moment_of(unit, &deal, effective_on),
        worth: worth(&effective),
    };
    stage_move::win(unit, deal.id, win).await?;
    Ok(effective)
}

/// When on that day the deal was won: now, where it is today; else with the day's beginning, or with
/// the deal's own, when it was opened on that very day.
fn moment_of(unit: &Unit, deal: &opportunity::Model, day: NaiveDate) -> DateTime<Utc> {
    if day == unit.today() {
        return unit.now();
    }
    let begin = start_of(unit.calendar(), day);
    if unit.calendar().date_of(deal.opened_at) == day {
        return begin.max(deal.opened_at);
    }
    begin
}

/// What the deal is worth by its contract.
fn worth(contract: &contract::Model) -> opportunity::ActiveModel {
    if contract.amount.is_none() {
        return opportunity::ActiveModel::default();
    }
    opportunity::ActiveModel {
        currency: Set(contract.currency.clone()),
        original_amount: Set(contract.original_amount),
        rate: Set(contract.rate),
        rate_on: Set(contract.rate_on),
        tax_rate: Set(contract.tax_rate),
        amount: Set(contract.amount),
        amount_without_tax: Set(contract.amount_without_tax),
        ..Default::default()
    }
}

/// Fixes the rate, and with it what the contract, its deposit and its instalments come to.
async fn freeze(
    unit: &Unit,
    read: &contract::Model,
    change: &mut contract::ActiveModel,
    rate: i64,
    signed_on: NaiveDate,
) -> Result<()> {
    change.rate = Set(Some(rate));
    change.rate_on = Set(Some(signed_on));
    let (Some(original), Some(before)) = (read.original_amount, read.amount) else {
        return Ok(());
    };
    let amount = money::converted(original, rate)?;
    change.amount = Set(Some(amount));
    if let Some(net) = read.amount_without_tax {
        change.amount_without_tax = Set(Some(money::scaled(net, before, amount)?));
    }
    if let Some(deposit) = read.deposit_amount {
        change.deposit_amount = Set(Some(money::scaled(deposit, before, amount)?));
    }
    instalment::rescale(unit, read, amount).await
}

/// How many contracts that stand were made from the quote.
pub(super) async fn of_quote(unit: &Unit, quote_id: i64) -> Result<u64> {
    let standing = contract::Entity::find()
        .filter(contract::Column::QuoteId.eq(quote_id))
        .filter(contract::Column::Status.ne("terminated"))
        .filter(contract::Column::DeletedAt.is_null())
        .count(unit)
        .await?;
    Ok(standing)
}
