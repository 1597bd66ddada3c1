//! Drafts of quotes: made from lines, in versions and alternatives under one number.
//!
//! A number stands for one question of a customer. Its versions come one after the other, and of one
//! version there may be alternatives that are offered together. Only a draft is rewritten; what was
//! sent stays as it was sent (see [`quote_decision`](super::quote_decision)).

use chrono::NaiveDate;
use millrace_models::scope::Action;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Set};

use super::pricing::{self, Basis, NewLine, Totals};
use super::{lookup, money};
use crate::caller::Caller;
use crate::entity::{account, contact, opportunity, quote, quote_line};
use crate::error::{OperationsError, Result};
use crate::unit::{Target, Unit};

/// What a draft says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewQuote {
    /// The person it is addressed to.
    pub contact_id: Option<i64>,
    /// The price list that prices are taken from.
    pub price_list_id: Option<i64>,
    /// The currency; the company's when not given.
    pub currency: Option<String>,
    /// What one unit of another currency is worth in the company's, in millionths.
    pub rate: Option<i64>,
    /// The last day that it will hold.
    pub valid_until: Option<NaiveDate>,
    /// The terms of payment.
    pub payment_terms: Option<String>,
    /// The terms of delivery.
    pub delivery_terms: Option<String>,
    /// The risk to be judged by who approves.
    pub risk_note: Option<String>,
    /// The lines.
    pub lines: Vec<NewLine>,
}

/// Whose quote it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// Of a deal, and so of its customer.
    Opportunity(i64),
    /// Of a customer, without a deal.
    Account(i64),
}

/// Makes the first version of a quote, under a number of its own.
///
/// # Errors
///
/// [`OperationsError::Invalid`] with the line and field that is wrong; when the deal has ended.
pub async fn draft(
    unit: &Unit,
    caller: &Caller,
    whose: For,
    input: NewQuote,
) -> Result<quote::Model> {
    caller.require(&quote::RESOURCE, Action::Create)?;
    let (account_id, opportunity_id) = place_of(unit, caller, whose).await?;
    let place = quote::ActiveModel {
        account_id: Set(account_id),
        opportunity_id: Set(opportunity_id),
        owner_id: Set(Some(caller.user_id)),
        team_id: Set(caller.team_id),
        ..Default::default()
    };
    write(unit, caller, place, account_id, input).await
}

/// The customer and the deal, if it is open.
async fn place_of(unit: &Unit, caller: &Caller, whose: For) -> Result<(i64, Option<i64>)> {
    match whose {
        For::Opportunity(id) => {
            let deal: opportunity::Model = unit.take(caller, Action::Update, id.into()).await?;
            if deal.outcome != "open" {
                return Err(super::stage_move::state(&deal, &deal.outcome, &["open"]));
            }
            Ok((deal.account_id, Some(id)))
        }
        For::Account(id) => {
            let account: account::Model = unit.refer(caller, "account_id", id).await?;
            Ok((account.id, None))
        }
    }
}

/// What a quote would come to, priced and not saved.
#[derive(Debug, Clone, PartialEq)]
pub struct Priced {
    /// The lines with their prices and amounts.
    pub lines: Vec<quote_line::Model>,
    /// What they come to, as the fields of a quote.
    pub totals: Totals,
    /// Whether the caller may give that discount without an approval.
    pub within_limit: bool,
}

/// Prices the lines of a quote as [`draft`] would, and saves nothing.
///
/// # Errors
///
/// As [`draft`].
pub async fn price(unit: &Unit, caller: &Caller, whose: For, input: NewQuote) -> Result<Priced> {
    caller.require(&quote::RESOURCE, Action::Create)?;
    pricing::may_price(caller)?;
    let (account_id, _) = place_of(unit, caller, whose).await?;
    let place = quote::ActiveModel::default();
    let (_, basis, lines) = fill(unit, caller, place, account_id, input).await?;
    let lines = lines.into_iter().map(|line| pricing::unsaved(unit, line));
    let lines: Vec<quote_line::Model> = lines.collect();
    let totals = pricing::totals(&basis, &lines)?;
    let discount = totals.discount.unwrap_or(0);
    Ok(Priced {
        within_limit: super::approval::may_give(unit, caller, discount).await?,
        lines,
        totals,
    })
}

/// Makes the next version under the number of a quote.
///
/// # Errors
///
/// As [`draft`]; when the customer has accepted a version already.
pub async fn revise(
    unit: &Unit,
    caller: &Caller,
    quote_id: i64,
    input: NewQuote,
) -> Result<quote::Model> {
    let (base, all) = family(unit, caller, quote_id).await?;
    let last = all.iter().map(|quote| quote.quote_version).max();
    let version = last.unwrap_or(base.quote_version) + 1;
    sibling(unit, caller, base.clone(), version, base.alternative, input).await
}

/// Makes another alternative of the same version, to be offered beside it.
///
/// # Errors
///
/// As [`revise`]; [`OperationsError::Taken`] when there is one of that name.
pub async fn alternative(
    unit: &Unit,
    caller: &Caller,
    quote_id: i64,
    name: String,
    input: NewQuote,
) -> Result<quote::Model> {
    let (base, _) = family(unit, caller, quote_id).await?;
    if name.trim().is_empty() {
        return Err(OperationsError::field("alternative", "must not be empty"));
    }
    let version = base.quote_version;
    sibling(unit, caller, base, version, Some(name), input).await
}

/// Rewrites a draft with its lines.
///
/// # Errors
///
/// As [`draft`]; [`OperationsError::State`] when it is no draft any more.
pub async fn rewrite(
    unit: &Unit,
    caller: &Caller,
    target: impl Into<Target>,
    input: NewQuote,
) -> Result<quote::Model> {
    pricing::may_price(caller)?;
    let read: quote::Model = unit.take(caller, Action::Update, target.into()).await?;
    stands(&read, &["draft"])?;
    for line in lines_of(unit, read.id).await? {
        unit.delete(&line).await?;
    }
    let place = quote::ActiveModel::default();
    let (mut change, basis, lines) = fill(unit, caller, place, read.account_id, input).await?;
    let lines = insert_lines(unit, read.id, lines).await?;
    pricing::total(&mut change, &basis, &lines)?;
    unit.update_given(&read, change).await
}

/// The lines of a quote in their order.
///
/// # Errors
///
/// Those of the database.
pub async fn lines_of(unit: &Unit, quote_id: i64) -> Result<Vec<quote_line::Model>> {
    let lines = quote_line::Entity::find()
        .filter(quote_line::Column::QuoteId.eq(quote_id))
        .filter(quote_line::Column::DeletedAt.is_null())
        .order_by_asc(quote_line::Column::Position)
        .all(unit)
        .await?;
    Ok(lines)
}

/// All versions and alternatives under a number.
pub(super) async fn under(unit: &Unit, number: &str) -> Result<Vec<quote::Model>> {
    let quotes = quote::Entity::find()
        .filter(quote::Column::Number.eq(number))
        .filter(quote::Column::DeletedAt.is_null())
        .order_by_asc(quote::Column::Id)
        .all(unit)
        .await?;
    Ok(quotes)
}

/// That a quote stands in one of those ways.
pub(super) fn stands(quote: &quote::Model, needs: &'static [&'static str]) -> Result<()> {
    if needs.contains(&quote.outcome.as_str()) {
        return Ok(());
    }
    Err(OperationsError::State {
        entity: quote::RESOURCE.name,
        id: quote.id,
        state: quote.outcome.clone(),
        needs,
    })
}

/// A quote and all under its number, none of which has been accepted.
async fn family(
    unit: &Unit,
    caller: &Caller,
    quote_id: i64,
) -> Result<(quote::Model, Vec<quote::Model>)> {
    let base: quote::Model = unit.take(caller, Action::Update, quote_id.into()).await?;
    let all = under(unit, &base.number).await?;
    for quote in &all {
        let open: &[&str] = &[
            "draft",
            "in_approval",
            "approved",
            "sent",
            "declined",
            "expired",
            "superseded",
            "withdrawn",
        ];
        stands(quote, open)?;
    }
    Ok((base, all))
}

async fn sibling(
    unit: &Unit,
    caller: &Caller,
    base: quote::Model,
    version: i64,
    alternative: Option<String>,
    input: NewQuote,
) -> Result<quote::Model> {
    caller.require(&quote::RESOURCE, Action::Create)?;
    let place = quote::ActiveModel {
        number: Set(base.number),
        quote_version: Set(version),
        alternative: Set(alternative),
        account_id: Set(base.account_id),
        opportunity_id: Set(base.opportunity_id),
        owner_id: Set(base.owner_id),
        team_id: Set(base.team_id),
        ..Default::default()
    };
    write(unit, caller, place, base.account_id, input).await
}

/// Writes a new quote and its lines.
async fn write(
    unit: &Unit,
    caller: &Caller,
    place: quote::ActiveModel,
    account_id: i64,
    input: NewQuote,
) -> Result<quote::Model> {
    pricing::may_price(caller)?;
    let (draft, basis, lines) = fill(unit, caller, place, account_id, input).await?;
    let made = unit.insert_given::<quote::Model>(draft).await?;
    let lines = insert_lines(unit, made.id, lines).await?;
    let mut totals = quote::ActiveModel::default();
    pricing::total(&mut totals, &basis, &lines)?;
    unit.update(&made, totals).await
}

/// The head and the priced lines of a quote.
async fn fill(
    unit: &Unit,
    caller: &Caller,
    place: quote::ActiveModel,
    account_id: i64,
    input: NewQuote,
) -> Result<(quote::ActiveModel, Basis, Vec<quote_line::ActiveModel>)> {
    if let Some(id) = input.contact_id {
        let contact: contact::Model = unit.refer(caller, "contact_id", id).await?;
        lookup::same_account("contact_id", contact.account_id, account_id)?;
    }
    let currency = money::currency(input.currency)?;
    let foreign = currency != money::COMPANY_CURRENCY;
    let rate = match input.rate {
        Some(rate) if foreign && rate > 0 => rate,
        None if !foreign => money::PAR,
        Some(_) if foreign => return Err(OperationsError::field("rate", "must be above 0")),
        Some(_) => {
            let fault = "is for other currencies than the company's";
            return Err(OperationsError::field("rate", fault));
        }
        None => {
            return Err(OperationsError::field(
                "rate",
                "is required in that currency",
            ));
        }
    };
    if let Some(id) = input.price_list_id {
        pricing::price_list(unit, caller, id, &currency).await?;
    }
    if input.valid_until.is_some_and(|until| until < unit.today()) {
        return Err(OperationsError::field("valid_until", "must not be past"));
    }
    let basis = Basis {
        price_list_id: input.price_list_id,
        currency,
        rate,
    };
    let lines = pricing::price(unit, caller, &basis, input.lines).await?;
    let draft = quote::ActiveModel {
        contact_id: Set(input.contact_id),
        price_list_id: Set(input.price_list_id),
        currency: Set(basis.currency.clone()),
        rate: Set(foreign.then_some(rate)),
        rate_on: Set(foreign.then(|| unit.today())),
        valid_until: Set(input.valid_until),
        payment_terms: Set(input.payment_terms),
        delivery_terms: Set(input.delivery_terms),
        risk_note: Set(input.risk_note),
        ..place
    };
    Ok((draft, basis, lines))
}

async fn insert_lines(
    unit: &Unit,
    quote_id: i64,
    lines: Vec<quote_line::ActiveModel>,
) -> Result<Vec<quote_line::Model>> {
    let mut written = Vec::with_capacity(lines.len());
    for line in lines {
        let line = quote_line::ActiveModel {
            quote_id: Set(quote_id),
            ..line
        };
        written.push(unit.insert_given::<quote_line::Model>(line).await?);
    }
    Ok(written)
}
