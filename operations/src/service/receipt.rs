//! Money received, and which instalments it pays.
//!
//! A receipt is allocated to several instalments, at once or later: an advance may come before there
//! is anything to pay. What is allocated never exceeds the receipt nor an instalment; the database
//! says so too. When the advance of a contract covers its deposit, the contract takes effect.

use chrono::NaiveDate;
use millrace_models::scope::Action;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, Set};

use super::contract::{past, settle_deposit};
use super::{instalment, money, payment_request};
use crate::caller::Caller;
use crate::entity::{account, payment_plan, receipt, receipt_allocation};
use crate::error::{OperationsError, Result, Rule};
use crate::unit::{Target, Unit};

/// Money that came in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewReceipt {
    /// The customer.
    pub account_id: i64,
    /// The day it came in; today when not given.
    pub received_on: Option<NaiveDate>,
    /// What it is, one of [`receipt::KINDS`]; a payment when not given.
    pub kind: Option<String>,
    /// How it was paid.
    pub method: Option<String>,
    /// The reference of the bank.
    pub reference: Option<String>,
    /// The currency; the company's when not given.
    pub currency: Option<String>,
    /// The amount in its hundredths.
    pub original_amount: i64,
    /// What one unit of another currency was worth in the company's on that day, in millionths.
    pub rate: Option<i64>,
    /// What it pays.
    pub allocations: Vec<Allocation>,
}

/// A part of a receipt that pays an instalment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Allocation {
    /// The instalment.
    pub payment_plan_id: i64,
    /// The amount, in fen.
    pub amount: i64,
    /// The day it counts from; that of the receipt when not given.
    pub on: Option<NaiveDate>,
}

/// Enters money received, and what it pays.
///
/// # Errors
///
/// When a field is wrong; as [`allocate`].
pub async fn receive(unit: &Unit, caller: &Caller, input: NewReceipt) -> Result<receipt::Model> {
    caller.require(&receipt::RESOURCE, Action::Create)?;
    let account: account::Model = unit.refer(caller, "account_id", input.account_id).await?;
    let received_on = input.received_on.unwrap_or_else(|| unit.today());
    past("received_on", received_on, unit)?;
    if input.original_amount <= 0 {
        return Err(OperationsError::field("original_amount", "must be above 0"));
    }
    let currency = money::currency(input.currency)?;
    let foreign = currency != money::COMPANY_CURRENCY;
    let rate = match input.rate {
        Some(rate) if foreign && rate > 0 => Some(rate),
        None if !foreign => None,
        _ => {
            let fault = "is required, above 0, in other currencies than the company's only";
            return Err(OperationsError::field("rate", fault));
        }
    };
    let amount = money::converted(input.original_amount, rate.unwrap_or(money::PAR))?;
    let draft = receipt::ActiveModel {
        account_id: Set(account.id),
        received_on: Set(received_on),
        kind: Set(input.kind.unwrap_or_else(|| "payment".to_owned())),
        method: Set(input.method),
        reference: Set(input.reference),
        currency: Set(currency),
        original_amount: Set(Some(input.original_amount)),
        rate: Set(rate),
        rate_on: Set(rate.map(|_| received_on)),
        amount: Set(Some(amount)),
        ..Default::default()
    };
    let made = unit.insert_given::<receipt::Model>(draft).await?;
    if input.allocations.is_empty() {
        return Ok(made);
    }
    pay(unit, caller, made, &input.allocations).await
}

/// Allocates a receipt, or more of it, to instalments of its customer.
///
/// # Errors
///
/// [`Rule::BeyondReceipt`], [`Rule::BeyondInstalment`], [`Rule::OtherAccount`], [`Rule::Refund`];
/// [`OperationsError::State`] for an instalment that is paid or written off.
pub async fn allocate(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
    allocations: &[Allocation],
) -> Result<receipt::Model> {
    let read: receipt::Model = unit.take(caller, Action::Update, target.into()).await?;
    pay(unit, caller, read, allocations).await
}

/// Takes an allocation back; the instalment is open again for what it held. What followed from the
/// money meanwhile, as a contract that took effect, stays.
///
/// # Errors
///
/// When the caller may not change the receipt.
pub async fn take_back(unit: &Unit, caller: &Caller, allocation_id: i64) -> Result<receipt::Model> {
    let allocation: receipt_allocation::Model = unit
        .take(caller, Action::Read, allocation_id.into())
        .await?;
    let read: receipt::Model = unit
        .take(caller, Action::Update, allocation.receipt_id.into())
        .await?;
    unit.delete(&allocation).await?;
    let plan: payment_plan::Model = unit.get(allocation.payment_plan_id).await?;
    let received = plan.received_amount - allocation.amount;
    let mut change = payment_plan::ActiveModel {
        received_amount: Set(received),
        ..Default::default()
    };
    if plan.status != "written_off" {
        let status = instalment::status(plan.amount, received, plan.due_on.is_some());
        change.status = Set(status.to_owned());
    }
    unit.update(&plan, change).await?;
    let change = receipt::ActiveModel {
        allocated_amount: Set(read.allocated_amount - allocation.amount),
        ..Default::default()
    };
    unit.update(&read, change).await
}

/// Removes a receipt that was entered by mistake and pays nothing.
///
/// # Errors
///
/// [`Rule::AlreadyPaid`] while it is allocated.
pub async fn remove(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
) -> Result<receipt::Model> {
    let read: receipt::Model = unit.take(caller, Action::Delete, target.into()).await?;
    let held = receipt_allocation::Entity::find()
        .filter(receipt_allocation::Column::ReceiptId.eq(read.id))
        .filter(receipt_allocation::Column::DeletedAt.is_null())
        .count(unit)
        .await?;
    if held > 0 {
        return Err(refused(&read, Rule::AlreadyPaid));
    }
    unit.delete(&read).await
}

async fn pay(
    unit: &Unit,
    caller: &Caller,
    read: receipt::Model,
    allocations: &[Allocation],
) -> Result<receipt::Model> {
    caller.require(&receipt_allocation::RESOURCE, Action::Create)?;
    if read.kind == "refund" {
        return Err(refused(&read, Rule::Refund));
    }
    if allocations.iter().any(|allocation| allocation.amount <= 0) {
        return Err(OperationsError::field("amount", "must be above 0"));
    }
    let more = money::sum(allocations.iter().map(|allocation| allocation.amount))?;
    let left = read.amount.unwrap_or(0) - read.allocated_amount;
    if more > left {
        return Err(refused(&read, Rule::BeyondReceipt));
    }
    for allocation in allocations {
        one(unit, caller, &read, *allocation).await?;
    }
    let change = receipt::ActiveModel {
        allocated_amount: Set(read.allocated_amount + more),
        ..Default::default()
    };
    unit.update(&read, change).await
}

async fn one(
    unit: &Unit,
    caller: &Caller,
    receipt: &receipt::Model,
    allocation: Allocation,
) -> Result<()> {
    let plan: payment_plan::Model = unit
        .refer(caller, "payment_plan_id", allocation.payment_plan_id)
        .await?;
    if plan.account_id != receipt.account_id {
        return Err(refused(receipt, Rule::OtherAccount));
    }
    instalment::open(&plan)?;
    if allocation.amount > plan.amount - plan.received_amount {
        return Err(OperationsError::Refused {
            entity: payment_plan::RESOURCE.name,
            id: plan.id,
            rule: Rule::BeyondInstalment,
        });
    }
    let on = allocation.on.unwrap_or(receipt.received_on);
    past("on", on, unit)?;
    if on < receipt.received_on {
        return Err(OperationsError::field(
            "on",
            "must not be before the money came in",
        ));
    }
    let draft = receipt_allocation::ActiveModel {
        receipt_id: Set(receipt.id),
        payment_plan_id: Set(plan.id),
        amount: Set(allocation.amount),
        allocated_on: Set(on),
        ..Default::default()
    };
    unit.insert::<receipt_allocation::Model>(draft).await?;
    let received = plan.received_amount + allocation.amount;
    let status = instalment::status(plan.amount, received, plan.due_on.is_some());
    let change = payment_plan::ActiveModel {
        received_amount: Set(received),
        status: Set(status.to_owned()),
        ..Default::default()
    };
    let paid = unit.update(&plan, change).await?;
    if paid.status == "paid" {
        payment_request::paid(unit, paid.id).await?;
    }
    if let (Some(contract_id), "advance") = (paid.contract_id, paid.kind.as_str()) {
        let plans = instalment::of_contract(unit, contract_id).await?;
        let paying = plans.iter().filter(|plan| plan.kind == "advance");
        let advanced = money::sum(paying.map(|plan| plan.received_amount))?;
        settle_deposit(unit, contract_id, advanced, on).await?;
    }
    Ok(())
}

fn refused(receipt: &receipt::Model, rule: Rule) -> OperationsError {
    OperationsError::Refused {
        entity: receipt::RESOURCE.name,
        id: receipt.id,
        rule,
    }
}
