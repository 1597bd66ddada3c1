//! Requests to a customer to pay an instalment (请款): draft, sent, and paid when the instalment is.

use chrono::NaiveDate;
use millrace_models::scope::Action;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};

use super::contract::past;
use super::instalment;
use crate::caller::Caller;
use crate::entity::{payment_plan, payment_request};
use crate::error::{OperationsError, Result, Rule};
use crate::unit::{Target, Unit};

/// Makes a request for an instalment: for all that is left of it, when no amount is given.
///
/// # Errors
///
/// When the instalment is paid or written off; [`Rule::BeyondInstalment`].
pub async fn draft(
    unit: &Unit,
    caller: &Caller,
    payment_plan_id: i64,
    amount: Option<i64>,
    note: Option<String>,
) -> Result<payment_request::Model> {
    caller.require(&payment_request::RESOURCE, Action::Create)?;
    let plan: payment_plan::Model = unit
        .refer(caller, "payment_plan_id", payment_plan_id)
        .await?;
    instalment::open(&plan)?;
    let left = plan.amount - plan.received_amount;
    let amount = amount.unwrap_or(left);
    if amount <= 0 {
        return Err(OperationsError::field("amount", "must be above 0"));
    }
    if amount > left {
        return Err(OperationsError::Refused {
            entity: payment_plan::RESOURCE.name,
            id: plan.id,
            rule: Rule::BeyondInstalment,
        });
    }
    let draft = payment_request::ActiveModel {
        account_id: Set(plan.account_id),
        payment_plan_id: Set(plan.id),
        requested_by_id: Set(Some(caller.user_id)),
        requested_at: Set(unit.now()),
        amount: Set(amount),
        note: Set(note),
        ..Default::default()
    };
    unit.insert_given::<payment_request::Model>(draft).await
}

/// Enters that a request went out to the customer.
///
/// # Errors
///
/// When it is no draft, or the day is to come.
pub async fn send(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
    sent_on: Option<NaiveDate>,
) -> Result<payment_request::Model> {
    let read: payment_request::Model = unit.take(caller, Action::Update, target.into()).await?;
    stands(&read, &["draft"])?;
    let sent_on = sent_on.unwrap_or_else(|| unit.today());
    past("sent_on", sent_on, unit)?;
    let change = payment_request::ActiveModel {
        status: Set("sent".to_owned()),
        sent_on: Set(Some(sent_on)),
        ..Default::default()
    };
    unit.update(&read, change).await
}

/// Takes a request back.
///
/// # Errors
///
/// When it is paid or cancelled.
pub async fn cancel(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
) -> Result<payment_request::Model> {
    let read: payment_request::Model = unit.take(caller, Action::Update, target.into()).await?;
    stands(&read, &["draft", "sent"])?;
    set(unit, &read, "cancelled").await
}

/// The instalment is paid, and so are the requests for it that went out.
pub(super) async fn paid(unit: &Unit, payment_plan_id: i64) -> Result<()> {
    for request in of_instalment(unit, payment_plan_id, &["sent"]).await? {
        set(unit, &request, "paid").await?;
    }
    Ok(())
}

/// The instalment is gone, and so are the requests for it.
pub(super) async fn cancel_all(unit: &Unit, payment_plan_id: i64) -> Result<()> {
    for request in of_instalment(unit, payment_plan_id, &["draft", "sent"]).await? {
        set(unit, &request, "cancelled").await?;
    }
    Ok(())
}

async fn of_instalment(
    unit: &Unit,
    payment_plan_id: i64,
    statuses: &[&str],
) -> Result<Vec<payment_request::Model>> {
    let requests = payment_request::Entity::find()
        .filter(payment_request::Column::PaymentPlanId.eq(payment_plan_id))
        .filter(payment_request::Column::Status.is_in(statuses.iter().copied()))
        .filter(payment_request::Column::DeletedAt.is_null())
        .all(unit)
        .await?;
    Ok(requests)
}

async fn set(
    unit: &Unit,
    read: &payment_request::Model,
    status: &str,
) -> Result<payment_request::Model> {
    let change = payment_request::ActiveModel {
        status: Set(status.to_owned()),
        ..Default::default()
    };
    unit.update(read, change).await
}

fn stands(read: &payment_request::Model, needs: &'static [&'static str]) -> Result<()> {
    if needs.contains(&read.status.as_str()) {
        return Ok(());
    }
    Err(OperationsError::State {
        entity: payment_request::RESOURCE.name,
        id: read.id,
        state: read.status.clone(),
        needs,
    })
}
