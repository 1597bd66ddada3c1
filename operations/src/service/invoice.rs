//! Applications to finance to issue an invoice (开票申请).
//!
//! Who sells applies; who may act in the name of others on these records, as finance may, issues or
//! rejects. An invoice makes the instalments due that wait for one.

use chrono::NaiveDate;
use millrace_models::scope::Action;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};

use super::contract::{past, refused};
use super::{instalment, money};
use crate::caller::Caller;
use crate::entity::{account, contract, invoice_application, payment_plan};
use crate::error::{OperationsError, Result, Rule};
use crate::unit::{Target, Unit};

/// What an invoice is applied for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// The contract.
    pub contract_id: i64,
    /// The instalment, where it is for one.
    pub payment_plan_id: Option<i64>,
    /// The name on the invoice; that of the customer when not given.
    pub title: Option<String>,
    /// The unified social credit code on it; that of the customer when not given.
    pub credit_code: Option<String>,
    /// What kind of invoice, one of [`invoice_application::KINDS`].
    pub kind: String,
    /// The tax rate; that of the contract when not given.
    pub tax_rate: Option<i64>,
    /// The amount, tax included, in fen; what is left of the instalment when not given.
    pub amount: Option<i64>,
}

/// What finance says to an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The invoice is issued.
    Issue {
        /// Its number.
        invoice_number: String,
        /// The day of issue; today when not given.
        issued_on: Option<NaiveDate>,
    },
    /// There will be none.
    Reject,
    /// One that was issued is void.
    Void,
}

/// Applies for an invoice.
///
/// # Errors
///
/// [`Rule::BeyondContract`] when all invoices together would exceed the contract; when a field is
/// missing or wrong.
pub async fn apply(
    unit: &Unit,
    caller: &Caller,
    input: Application,
) -> Result<invoice_application::Model> {
    caller.require(&invoice_application::RESOURCE, Action::Create)?;
    let contract: contract::Model = unit.refer(caller, "contract_id", input.contract_id).await?;
    super::contract::stands(&contract, &["signed", "effective", "completed"])?;
    let plan: Option<payment_plan::Model> = match input.payment_plan_id {
        Some(id) => Some(unit.refer(caller, "payment_plan_id", id).await?),
        None => None,
    };
    if plan
        .as_ref()
        .is_some_and(|plan| plan.contract_id != Some(contract.id))
    {
        let fault = "belongs to another contract";
        return Err(OperationsError::field("payment_plan_id", fault));
    }
    let Some(amount) = input.amount.or(plan.map(|plan| plan.amount)) else {
        let fault = "is required without an instalment";
        return Err(OperationsError::field("amount", fault));
    };
    let Some(tax_rate) = input.tax_rate.or(contract.tax_rate) else {
        let fault = "is required: the contract has several";
        return Err(OperationsError::field("tax_rate", fault));
    };
    if amount <= 0 || !(0..=money::WHOLE).contains(&tax_rate) {
        let fault = "must be above 0, with a tax rate between 0 and 10000";
        return Err(OperationsError::field("amount", fault));
    }
    let invoiced = invoice_application::Entity::find()
        .filter(invoice_application::Column::ContractId.eq(contract.id))
        .filter(invoice_application::Column::Status.is_in(["applied", "issued"]))
        .filter(invoice_application::Column::DeletedAt.is_null())
        .all(unit)
        .await?;
    let invoiced = money::sum(invoiced.iter().map(|application| application.amount))?;
    if contract
        .amount
        .is_some_and(|whole| amount > whole - invoiced)
    {
        return Err(refused(&contract, Rule::BeyondContract));
    }
    let account: account::Model = unit.get(contract.account_id).await?;
    let draft = invoice_application::ActiveModel {
        account_id: Set(contract.account_id),
        contract_id: Set(Some(contract.id)),
        payment_plan_id: Set(input.payment_plan_id),
        applied_by_id: Set(Some(caller.user_id)),
        applied_at: Set(unit.now()),
        title: Set(input.title.unwrap_or(account.name)),
        credit_code: Set(input.credit_code.or(account.credit_code)),
        kind: Set(input.kind),
        tax_rate: Set(tax_rate),
        amount: Set(amount),
        amount_without_tax: Set(Some(money::without_tax(amount, tax_rate)?)),
        ..Default::default()
    };
    unit.insert_given::<invoice_application::Model>(draft).await
}

/// Answers an application.
///
/// # Errors
///
/// [`OperationsError::State`] when it does not stand so that it could;
/// [`OperationsError::Forbidden`] for those who only apply.
pub async fn answer(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
    answer: Answer,
) -> Result<invoice_application::Model> {
    let read: invoice_application::Model = unit.take(caller, Action::Assign, target.into()).await?;
    let (needs, status): (&[&str], _) = match answer {
        Answer::Issue { .. } => (&["applied"], "issued"),
        Answer::Reject => (&["applied"], "rejected"),
        Answer::Void => (&["issued"], "voided"),
    };
    if !needs.contains(&read.status.as_str()) {
        return Err(OperationsError::State {
            entity: invoice_application::RESOURCE.name,
            id: read.id,
            state: read.status,
            needs,
        });
    }
    let mut change = invoice_application::ActiveModel {
        status: Set(status.to_owned()),
        ..Default::default()
    };
    let Answer::Issue {
        invoice_number,
        issued_on,
    } = answer
    else {
        return unit.update(&read, change).await;
    };
    if invoice_number.trim().is_empty() {
        return Err(OperationsError::field(
            "invoice_number",
            "must not be empty",
        ));
    }
    let issued_on = issued_on.unwrap_or_else(|| unit.today());
    past("issued_on", issued_on, unit)?;
    change.invoice_number = Set(Some(invoice_number));
    change.issued_on = Set(Some(issued_on));
    let issued = unit.update_given(&read, change).await?;
    match (issued.payment_plan_id, issued.contract_id) {
        (Some(plan), _) => {
            let found = payment_plan::Entity::find_by_id(plan)
                .filter(payment_plan::Column::DeletedAt.is_null())
                .one(unit)
                .await?;
            if let Some(plan) = found
                && plan.due_by == "invoice"
                && plan.event_on.is_none()
                && plan.status != "written_off"
            {
                instalment::came(unit, &plan, issued_on).await?;
            }
        }
        (None, Some(contract)) => {
            instalment::event(unit, contract, "invoice", issued_on).await?;
        }
        (None, None) => {}
    }
    Ok(issued)
}
