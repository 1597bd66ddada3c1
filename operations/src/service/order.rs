//! Orders (订单): sales under a contract or by themselves, returns and credits, and how they come along.
//!
//! Lines are priced like those of a quote. Amounts are not below zero; the kind says which way they
//! count. A return or credit names the sale that it takes back from, and all of these together are
//! never more than the sale. A sale is cancelled by its status, as long as nothing was delivered;
//! orders of the kind `cancel` come from imports only. What makes instalments due is the delivery, not
//! the status of the order.

use chrono::{DateTime, NaiveDate, Utc};
use millrace_models::scope::{Action, Visibility};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Set};

use super::pricing::{self, Basis, NewLine};
use super::{contract as contracts, lookup, money, moves};
use crate::caller::Caller;
use crate::entity::{account, contract, opportunity, order, order_line};
use crate::error::{OperationsError, Result, Rule};
use crate::row::truncate;
use crate::unit::{Target, Unit};

/// The kinds of orders that are entered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    /// A sale.
    #[default]
    Sale,
    /// Goods come back.
    Return,
    /// Money is given back without goods.
    Credit,
}

/// An order as it is entered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewOrder {
    /// The customer.
    pub account_id: i64,
    /// The contract.
    pub contract_id: Option<i64>,
    /// The deal; that of the contract when not given.
    pub opportunity_id: Option<i64>,
    /// What kind it is.
    pub kind: Kind,
    /// The sale that a return or credit takes back from; required there, and for these only.
    pub reverses_id: Option<i64>,
    /// When it was placed; now when not given.
    pub ordered_at: Option<DateTime<Utc>>,
    /// The day that delivery is promised for.
    pub promised_on: Option<NaiveDate>,
    /// Where goods are delivered to; as the account says when not given.
    pub delivery_address: Option<String>,
    /// The price list that prices are taken from.
    pub price_list_id: Option<i64>,
    /// The currency; that of the contract, the sale or the company when not given.
    pub currency: Option<String>,
    /// What one unit of another currency is worth in the company's, in millionths; the frozen rate of
    /// the contract or the sale when not given.
    pub rate: Option<i64>,
    /// The lines.
    pub lines: Vec<NewLine>,
}

/// How an order comes along; each may be passed over, none comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// It is made.
    InProduction,
    /// It is delivered.
    Delivered,
    /// The customer accepted it.
    Accepted,
    /// It was cancelled before anything was delivered.
    Cancelled,
}

/// Enters an order with its lines.
///
/// # Errors
///
/// [`OperationsError::Invalid`] with the line and field that is wrong; when the contract does not
/// stand; [`Rule::BeyondOrder`].
pub async fn place(unit: &Unit, caller: &Caller, input: NewOrder) -> Result<order::Model> {
    caller.require(&order::RESOURCE, Action::Create)?;
    if !caller.rights.sees(Visibility::Amounts) {
        let resource = order::RESOURCE.name;
        return Err(OperationsError::forbidden(resource, Action::Create));
    }
    if input.lines.is_empty() {
        return Err(OperationsError::field("lines", "must have a line"));
    }
    let ordered_at = input.ordered_at.map_or(unit.now(), truncate);
    moves::happened("ordered_at", ordered_at, unit.now())?;
    let account: account::Model = unit.refer(caller, "account_id", input.account_id).await?;
    let contract = contract_of(unit, caller, &input).await?;
    let deal_id = input.opportunity_id.or(contract
        .as_ref()
        .and_then(|contract| contract.opportunity_id));
    let deal: Option<opportunity::Model> = match (deal_id, input.opportunity_id) {
        (Some(id), Some(_)) => Some(unit.refer(caller, "opportunity_id", id).await?),
        (Some(id), None) => Some(unit.get(id).await?),
        (None, _) => None,
    };
    if let Some(deal) = &deal {
        lookup::same_account("opportunity_id", deal.account_id, account.id)?;
    }
    let sale = sale_of(unit, caller, &input).await?;
    let basis = basis(unit, caller, &input, contract.as_ref(), sale.as_ref()).await?;
    let (owner_id, team_id) = [
        contract.as_ref().map(|one| (one.owner_id, one.team_id)),
        deal.as_ref().map(|one| (one.owner_id, one.team_id)),
        Some((account.owner_id, account.team_id)),
    ]
    .into_iter()
    .flatten()
    .find(|(owner, _)| owner.is_some())
    .unwrap_or((Some(caller.user_id), caller.team_id));
    let lines = lines(unit, caller, &basis, input.lines).await?;
    let original = money::sum(lines.iter().map(|line| line.0))?;
    let net = money::sum(lines.iter().map(|line| line.1))?;
    let foreign = basis.currency != money::COMPANY_CURRENCY;
    let rates: Vec<i64> = lines.iter().map(|line| line.2).collect();
    let draft = order::ActiveModel {
        account_id: Set(account.id),
        contract_id: Set(input.contract_id),
        opportunity_id: Set(deal_id),
        reverses_id: Set(input.reverses_id),
        owner_id: Set(owner_id),
        team_id: Set(team_id),
        kind: Set(input.kind.word().to_owned()),
        ordered_at: Set(ordered_at),
        promised_on: Set(input.promised_on),
        status: Set("placed".to_owned()),
        delivery_address: Set(input.delivery_address.or(account.delivery_address)),
        rate: Set(foreign.then_some(basis.rate)),
        rate_on: Set(foreign.then(|| unit.calendar().date_of(ordered_at))),
        original_amount: Set(Some(original)),
        amount: Set(Some(money::converted(original, basis.rate)?)),
        amount_without_tax: Set(Some(money::converted(net, basis.rate)?)),
        tax_rate: Set(rates
            .first()
            .copied()
            .filter(|first| rates.iter().all(|rate| rate == first))),
        currency: Set(basis.currency),
        ..Default::default()
    };
    let made = unit.insert_given::<order::Model>(draft).await?;
    for (_, _, _, line) in lines {
        let line = order_line::ActiveModel {
            order_id: Set(made.id),
            ..line
        };
        unit.insert_given::<order_line::Model>(line).await?;
    }
    if let Some(sale) = sale {
        within_sale(unit, &sale).await?;
    }
    Ok(made)
}

/// Enters how an order comes along.
///
/// # Errors
///
/// [`OperationsError::State`] when it has come further or has ended; [`Rule::Delivered`] for the
/// cancelling of what was delivered; [`Rule::InUse`] of a sale that something was taken back from.
pub async fn set_status(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
    status: Status,
) -> Result<order::Model> {
    let read: order::Model = unit.take(caller, Action::Update, target.into()).await?;
    if status == Status::Cancelled && read.status == "delivered" {
        return Err(refused(&read, Rule::Delivered));
    }
    let (needs, word): (&[&str], _) = match status {
        Status::InProduction => (&["placed"], "in_production"),
        Status::Delivered => (&["placed", "in_production"], "delivered"),
        Status::Accepted => (&["placed", "in_production", "delivered"], "accepted"),
        Status::Cancelled => (&["placed", "in_production"], "cancelled"),
    };
    if !needs.contains(&read.status.as_str()) {
        return Err(OperationsError::State {
            entity: order::RESOURCE.name,
            id: read.id,
            state: read.status,
            needs,
        });
    }
    if status == Status::Cancelled && !taken_back(unit, read.id).await?.is_empty() {
        return Err(refused(&read, Rule::InUse));
    }
    let change = order::ActiveModel {
        status: Set(word.to_owned()),
        ..Default::default()
    };
    unit.update(&read, change).await
}

/// The lines of an order in their order.
///
/// # Errors
///
/// Those of the database.
pub async fn lines_of(unit: &Unit, order_id: i64) -> Result<Vec<order_line::Model>> {
    let lines = order_line::Entity::find()
        .filter(order_line::Column::OrderId.eq(order_id))
        .filter(order_line::Column::DeletedAt.is_null())
        .order_by_asc(order_line::Column::Position)
        .all(unit)
        .await?;
    Ok(lines)
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Sale => "sale",
            Self::Return => "return",
            Self::Credit => "credit",
        }
    }
}

/// The contract, if it is of the customer and one that orders can come under.
async fn contract_of(
    unit: &Unit,
    caller: &Caller,
    input: &NewOrder,
) -> Result<Option<contract::Model>> {
    let Some(id) = input.contract_id else {
        return Ok(None);
    };
    let contract: contract::Model = unit.refer(caller, "contract_id", id).await?;
    lookup::same_account("contract_id", contract.account_id, input.account_id)?;
    let needs: &[&str] = match input.kind {
        Kind::Sale => &["signed", "effective"],
        Kind::Return | Kind::Credit => &["signed", "effective", "completed", "terminated"],
    };
    contracts::stands(&contract, needs)?;
    if contract.kind == "framework" {
        let fault = "is a framework contract: order under a call-off";
        return Err(OperationsError::field("contract_id", fault));
    }
    Ok(Some(contract))
}

/// The sale that is taken back from.
async fn sale_of(unit: &Unit, caller: &Caller, input: &NewOrder) -> Result<Option<order::Model>> {
    let fault = |message| Err(OperationsError::field("reverses_id", message));
    match (input.kind, input.reverses_id) {
        (Kind::Sale, None) => Ok(None),
        (Kind::Sale, Some(_)) => fault("is for returns and credits"),
        (_, None) => fault("is required: the sale that it takes back from"),
        (_, Some(id)) => {
            let sale: order::Model = unit.refer(caller, "reverses_id", id).await?;
            lookup::same_account("reverses_id", sale.account_id, input.account_id)?;
            if sale.kind != "sale" {
                return fault("is no sale");
            }
            if sale.status == "cancelled" {
                return fault("was cancelled");
            }
            Ok(Some(sale))
        }
    }
}

/// What the lines are priced by.
async fn basis(
    unit: &Unit,
    caller: &Caller,
    input: &NewOrder,
    contract: Option<&contract::Model>,
    sale: Option<&order::Model>,
) -> Result<Basis> {
    let given = sale
        .map(|sale| (sale.currency.clone(), sale.rate))
        .or(contract.map(|contract| (contract.currency.clone(), contract.rate)));
    let (kept, frozen) = given.unwrap_or((money::COMPANY_CURRENCY.to_owned(), None));
    let currency = match &input.currency {
        Some(code) => money::currency(Some(code.clone()))?,
        None => kept.clone(),
    };
    if sale.is_some() && currency != kept {
        let fault = "must be that of the sale";
        return Err(OperationsError::field("currency", fault));
    }
    let frozen = frozen.filter(|_| currency == kept);
    let foreign = currency != money::COMPANY_CURRENCY;
    let rate = match input.rate.or(frozen) {
        Some(rate) if foreign && rate > 0 => rate,
        None if !foreign => money::PAR,
        _ => {
            let fault = "is required, above 0, in other currencies than the company's only";
            return Err(OperationsError::field("rate", fault));
        }
    };
    if let Some(id) = input.price_list_id {
        pricing::price_list(unit, caller, id, &currency).await?;
    }
    Ok(Basis {
        price_list_id: input.price_list_id,
        currency,
        rate,
    })
}

/// The lines with their amount, their amount without tax and their tax rate.
async fn lines(
    unit: &Unit,
    caller: &Caller,
    basis: &Basis,
    lines: Vec<NewLine>,
) -> Result<Vec<(i64, i64, i64, order_line::ActiveModel)>> {
    let priced = pricing::price(unit, caller, basis, lines).await?;
    let ordered = priced.into_iter().map(|line| {
        let (amount, net, tax_rate) = (
            line.amount.clone().take().unwrap_or_default(),
            line.amount_without_tax.clone().take().unwrap_or_default(),
            line.tax_rate.clone().take().unwrap_or_default(),
        );
        let line = order_line::ActiveModel {
            position: line.position,
            product_id: line.product_id,
            description: line.description,
            quantity: line.quantity,
            unit: line.unit,
            unit_price: line.unit_price,
            tax_rate: line.tax_rate,
            amount: line.amount,
            amount_without_tax: line.amount_without_tax,
            ..Default::default()
        };
        (amount, net, tax_rate, line)
    });
    Ok(ordered.collect())
}

/// The returns and credits of a sale that stand.
async fn taken_back(unit: &Unit, sale_id: i64) -> Result<Vec<order::Model>> {
    let orders = order::Entity::find()
        .filter(order::Column::ReversesId.eq(sale_id))
        .filter(order::Column::Status.ne("cancelled"))
        .filter(order::Column::DeletedAt.is_null())
        .all(unit)
        .await?;
    Ok(orders)
}

/// That no more was taken back of a sale than it was, in its own currency.
async fn within_sale(unit: &Unit, sale: &order::Model) -> Result<()> {
    let taken = taken_back(unit, sale.id).await?;
    let taken = money::sum(taken.iter().filter_map(|order| order.original_amount))?;
    if taken > sale.original_amount.or(sale.amount).unwrap_or(0) {
        return Err(refused(sale, Rule::BeyondOrder));
    }
    Ok(())
}

fn refused(read: &order::Model, rule: Rule) -> OperationsError {
    OperationsError::Refused {
        entity: order::RESOURCE.name,
        id: read.id,
        rule,
    }
}
