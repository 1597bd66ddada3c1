//! The instalments of a contract: due by date or by an event and days of credit.
//!
//! An instalment waits until its event has come; then it has a day on which it is due. Its state
//! follows from that and from what was allocated to it, except that somebody wrote it off.

use chrono::{Days, NaiveDate};
use millrace_models::scope::Action;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Set};

use super::contract::{past, refused, stands};
use super::{money, payment_request};
use crate::caller::Caller;
use crate::entity::{contract, payment_plan};
use crate::error::{OperationsError, Result, Rule};
use crate::unit::{Target, Unit};

/// An instalment as it is agreed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewInstalment {
    /// What it is for, one of [`payment_plan::KINDS`].
    pub kind: String,
    /// What makes it due, one of [`payment_plan::EVENTS`].
    pub due_by: String,
    /// The day, where it is due by date.
    pub on: Option<NaiveDate>,
    /// Days of credit after the day or the event.
    pub credit_days: i64,
    /// Its share of the contract in basis points; all instalments have one, or all an amount.
    pub share: Option<i64>,
    /// Its amount in fen.
    pub amount: Option<i64>,
}

/// Plans the instalments of a contract, in the place of those there were.
///
/// # Errors
///
/// [`Rule::NotTheWholeAmount`]; [`Rule::AlreadyPaid`] when money was allocated to one of them.
pub async fn plan(
    unit: &Unit,
    caller: &Caller,
    contract_id: i64,
    instalments: Vec<NewInstalment>,
) -> Result<Vec<payment_plan::Model>> {
    caller.require(&payment_plan::RESOURCE, Action::Create)?;
    let contract: contract::Model = unit
        .take(caller, Action::Update, contract_id.into())
        .await?;
    stands(&contract, &["draft", "signed", "effective"])?;
    for old in of_contract(unit, contract.id).await? {
        if old.received_amount > 0 {
            return Err(refused(&contract, Rule::AlreadyPaid));
        }
        payment_request::cancel_all(unit, old.id).await?;
        unit.delete(&old).await?;
    }
    write(unit, &contract, &instalments).await?;
    if let Some(signed_on) = contract.signed_on {
        event(unit, contract.id, "signing", signed_on).await?;
    }
    of_contract(unit, contract.id).await
}

/// Enters that an event came that makes instalments of a contract due: a shipment, an acceptance by
/// the customer, an invoice.
///
/// # Errors
///
/// When it is no such event, or to come.
pub async fn happened(
    unit: &Unit,
    caller: &Caller,
    contract_id: i64,
    event_name: &str,
    on: NaiveDate,
) -> Result<Vec<payment_plan::Model>> {
    let contract: contract::Model = unit
        .take(caller, Action::Update, contract_id.into())
        .await?;
    past("event_on", on, unit)?;
    if !["shipment", "acceptance", "invoice"].contains(&event_name) {
        let fault = "must be one of shipment, acceptance, invoice";
        return Err(OperationsError::field("due_by", fault));
    }
    event(unit, contract.id, event_name, on).await?;
    of_contract(unit, contract.id).await
}

/// Gives up what is left of an instalment.
///
/// # Errors
///
/// When it is paid or written off.
pub async fn write_off(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
) -> Result<payment_plan::Model> {
    let read: payment_plan::Model = unit.take(caller, Action::Assign, target.into()).await?;
    open(&read)?;
    payment_request::cancel_all(unit, read.id).await?;
    let change = payment_plan::ActiveModel {
        status: Set("written_off".to_owned()),
        ..Default::default()
    };
    unit.update(&read, change).await
}

/// The instalments of a contract in their order.
pub(super) async fn of_contract(unit: &Unit, contract_id: i64) -> Result<Vec<payment_plan::Model>> {
    let plans = payment_plan::Entity::find()
        .filter(payment_plan::Column::ContractId.eq(contract_id))
        .filter(payment_plan::Column::DeletedAt.is_null())
        .order_by_asc(payment_plan::Column::Position)
        .order_by_asc(payment_plan::Column::Id)
        .all(unit)
        .await?;
    Ok(plans)
}

/// Writes the instalments of a contract that has none.
pub(super) async fn write(
    unit: &Unit,
    contract: &contract::Model,
    instalments: &[NewInstalment],
) -> Result<()> {
    let amounts = amounts(contract, instalments)?;
    for ((position, instalment), amount) in (1..).zip(instalments).zip(amounts) {
        let by_date = instalment.due_by == "date";
        if by_date != instalment.on.is_some() {
            let fault = "is for instalments that are due by date, and required there";
            let field = format!("instalments[{position}].on");
            return Err(OperationsError::field(field, fault));
        }
        let due_on = instalment
            .on
            .map(|on| due(on, instalment.credit_days))
            .transpose()?;
        let draft = payment_plan::ActiveModel {
            contract_id: Set(Some(contract.id)),
            account_id: Set(contract.account_id),
            position: Set(position),
            kind: Set(instalment.kind.clone()),
            due_by: Set(instalment.due_by.clone()),
            event_on: Set(instalment.on),
            credit_days: Set(instalment.credit_days),
            due_on: Set(due_on),
            share: Set(instalment.share),
            amount: Set(amount),
            status: Set(status(amount, 0, due_on.is_some()).to_owned()),
            ..Default::default()
        };
        unit.insert_given::<payment_plan::Model>(draft).await?;
    }
    Ok(())
}

/// The event came for the instalments of the contract that wait for it.
pub(super) async fn event(unit: &Unit, contract_id: i64, name: &str, on: NaiveDate) -> Result<()> {
    for plan in of_contract(unit, contract_id).await? {
        if plan.due_by == name && plan.event_on.is_none() && plan.status != "written_off" {
            came(unit, &plan, on).await?;
        }
    }
    Ok(())
}

/// The event of one instalment came.
pub(super) async fn came(unit: &Unit, plan: &payment_plan::Model, on: NaiveDate) -> Result<()> {
    let change = payment_plan::ActiveModel {
        event_on: Set(Some(on)),
        due_on: Set(Some(due(on, plan.credit_days)?)),
        status: Set(status(plan.amount, plan.received_amount, true).to_owned()),
        ..Default::default()
    };
    unit.update(plan, change).await?;
    Ok(())
}

/// The contract came to another amount: so do its instalments.
pub(super) async fn rescale(unit: &Unit, contract: &contract::Model, amount: i64) -> Result<()> {
    let plans = of_contract(unit, contract.id).await?;
    let shared: Option<Vec<i64>> = plans.iter().map(|plan| plan.share).collect();
    let weights = shared.unwrap_or_else(|| plans.iter().map(|plan| plan.amount).collect());
    for (plan, amount) in plans.iter().zip(money::spread(amount, &weights)) {
        if plan.received_amount > amount {
            return Err(refused(contract, Rule::AlreadyPaid));
        }
        let change = payment_plan::ActiveModel {
            amount: Set(amount),
            status: Set(status(amount, plan.received_amount, plan.due_on.is_some()).to_owned()),
            ..Default::default()
        };
        unit.update(plan, change).await?;
    }
    Ok(())
}

/// That money can still be asked and received for an instalment.
pub(super) fn open(plan: &payment_plan::Model) -> Result<()> {
    let needs: &[&str] = &["waiting", "due", "partly_paid"];
    if needs.contains(&plan.status.as_str()) {
        return Ok(());
    }
    Err(OperationsError::State {
        entity: payment_plan::RESOURCE.name,
        id: plan.id,
        state: plan.status.clone(),
        needs,
    })
}

/// How an instalment stands that nobody wrote off.
pub(super) fn status(amount: i64, received: i64, due: bool) -> &'static str {
    match received {
        received if received >= amount => "paid",
        1.. => "partly_paid",
        _ if due => "due",
        _ => "waiting",
    }
}

fn due(on: NaiveDate, credit_days: i64) -> Result<NaiveDate> {
    u64::try_from(credit_days)
        .ok()
        .and_then(|days| on.checked_add_days(Days::new(days)))
        .ok_or_else(|| OperationsError::field("credit_days", "must be between 0 and 3650"))
}

/// What each instalment comes to: together they are the contract.
fn amounts(contract: &contract::Model, instalments: &[NewInstalment]) -> Result<Vec<i64>> {
    let whole = || refused(contract, Rule::NotTheWholeAmount);
    let amount = contract.amount.ok_or_else(whole)?;
    let amounts: Option<Vec<i64>> = instalments.iter().map(|plan| plan.amount).collect();
    let shares: Option<Vec<i64>> = instalments.iter().map(|plan| plan.share).collect();
    let amounts = match (amounts, shares) {
        (Some(amounts), _) => amounts,
        (None, Some(shares)) => {
            let total = money::sum(shares.iter().copied())?;
            if total != money::WHOLE || shares.iter().any(|share| *share < 0) {
                return Err(whole());
            }
            money::spread(amount, &shares)
        }
        (None, None) => {
            let fault = "give every one an amount, or every one a share";
            return Err(OperationsError::field("instalments", fault));
        }
    };
    if amounts.iter().any(|amount| *amount <= 0) {
        let fault = "must come to something each";
        return Err(OperationsError::field("instalments", fault));
    }
    if money::sum(amounts.iter().copied())? != amount {
        return Err(whole());
    }
    Ok(amounts)
}

#[cfg(test)]
mod tests {
    use super::status;

    #[test]
    fn the_state_follows_from_the_money_and_the_event() {
        assert_eq!(status(100, 0, false), "waiting");
        assert_eq!(status(100, 0, true), "due");
        assert_eq!(status(100, 1, false), "partly_paid");
        assert_eq!(status(100, 100, false), "paid");
    }
}
