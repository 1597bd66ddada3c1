//! Drafts of contracts, from whatever they are made.

use chrono::NaiveDate;
use millrace_models::scope::{Action, Visibility};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};

use super::contract::{Terms, of_quote, refused};
use super::{instalment, lookup, money, quote as quotes};
use crate::caller::Caller;
use crate::entity::{account, contract, opportunity, quote};
use crate::error::{OperationsError, Result, Rule};
use crate::unit::Unit;

/// What a contract is worth.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Worth {
    /// The currency; the company's when not given.
    pub currency: Option<String>,
    /// The amount in its hundredths, tax included.
    pub original_amount: i64,
    /// An estimate of the rate of another currency, until it is frozen at signing.
    pub rate: Option<i64>,
    /// The tax rate.
    pub tax_rate: i64,
}

/// The kinds of contracts that are made by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A sale.
    Sale,
    /// A service.
    Service,
    /// A framework contract, whose amount, if it has one, is the most that may be called off.
    Framework,
}

/// Whose a contract is that is made by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Party {
    /// The customer.
    pub account_id: i64,
    /// The deal that it will win, if any.
    pub opportunity_id: Option<i64>,
}

/// Makes a contract from what the customer accepted of a quote.
///
/// # Errors
///
/// When the quote is not accepted, in whole or in part; [`Rule::HasContract`] when it has one.
pub async fn from_quote(
    unit: &Unit,
    caller: &Caller,
    quote_id: i64,
    terms: Terms,
) -> Result<contract::Model> {
    allowed(caller)?;
    let quote: quote::Model = unit.take(caller, Action::Read, quote_id.into()).await?;
    quotes::stands(&quote, &["accepted", "partial"])?;
    if of_quote(unit, quote.id).await? > 0 {
        return Err(OperationsError::Refused {
            entity: quote::RESOURCE.name,
            id: quote.id,
            rule: Rule::HasContract,
        });
    }
    let (original, net) = if quote.outcome == "accepted" {
        (quote.original_amount, quote.amount_without_tax)
    } else {
        let lines = quotes::lines_of(unit, quote.id).await?;
        let taken = || lines.iter().filter(|line| line.accepted == Some(true));
        let rate = quote.rate.unwrap_or(money::PAR);
        let net = money::sum(taken().map(|line| line.amount_without_tax))?;
        let original = money::sum(taken().map(|line| line.amount))?;
        (Some(original), Some(money::converted(net, rate)?))
    };
    let draft = contract::ActiveModel {
        account_id: Set(quote.account_id),
        opportunity_id: Set(quote.opportunity_id),
        quote_id: Set(Some(quote.id)),
        owner_id: Set(quote.owner_id),
        team_id: Set(quote.team_id),
        kind: Set("sale".to_owned()),
        currency: Set(quote.currency),
        original_amount: Set(original),
        rate: Set(quote.rate),
        rate_on: Set(quote.rate_on),
        tax_rate: Set(quote.tax_rate),
        amount: Set(quote.accepted_amount),
        amount_without_tax: Set(net),
        ..Default::default()
    };
    let party = Party {
        account_id: quote.account_id,
        opportunity_id: quote.opportunity_id,
    };
    write(unit, caller, draft, party, terms).await
}

/// Makes a contract by itself. A framework contract may have no amount.
///
/// # Errors
///
/// When something it refers to is not seen, or wrong.
pub async fn draft(
    unit: &Unit,
    caller: &Caller,
    kind: Kind,
    party: Party,
    worth: Option<Worth>,
    terms: Terms,
) -> Result<contract::Model> {
    allowed(caller)?;
    unit.refer::<account::Model>(caller, "account_id", party.account_id)
        .await?;
    if let Some(id) = party.opportunity_id {
        let deal: opportunity::Model = unit.refer(caller, "opportunity_id", id).await?;
        lookup::same_account("opportunity_id", deal.account_id, party.account_id)?;
    }
    let word = match kind {
        Kind::Sale => "sale",
        Kind::Service => "service",
        Kind::Framework => "framework",
    };
    if worth.is_none() && kind != Kind::Framework {
        return Err(OperationsError::field("original_amount", "is required"));
    }
    let draft = contract::ActiveModel {
        account_id: Set(party.account_id),
        opportunity_id: Set(party.opportunity_id),
        kind: Set(word.to_owned()),
        ..worth.map_or(Ok(contract::ActiveModel::default()), |worth| {
            valued(unit, worth)
        })?
    };
    write(unit, caller, draft, party, terms).await
}

/// Calls off from a framework contract that runs.
///
/// # Errors
///
/// [`Rule::NotRunning`]; [`Rule::BeyondFramework`] when all its call-offs together would exceed it.
pub async fn call_off(
    unit: &Unit,
    caller: &Caller,
    framework_id: i64,
    opportunity_id: Option<i64>,
    worth: Worth,
    terms: Terms,
) -> Result<contract::Model> {
    allowed(caller)?;
    let framework: contract::Model = unit.take(caller, Action::Read, framework_id.into()).await?;
    runs(&framework, unit.today())?;
    if let Some(id) = opportunity_id {
        let deal: opportunity::Model = unit.refer(caller, "opportunity_id", id).await?;
        lookup::same_account("opportunity_id", deal.account_id, framework.account_id)?;
    }
    let draft = contract::ActiveModel {
        account_id: Set(framework.account_id),
        opportunity_id: Set(opportunity_id),
        framework_id: Set(Some(framework.id)),
        owner_id: Set(framework.owner_id),
        team_id: Set(framework.team_id),
        kind: Set("call_off".to_owned()),
        ..valued(unit, worth)?
    };
    let party = Party {
        account_id: framework.account_id,
        opportunity_id,
    };
    let made = write(unit, caller, draft, party, terms).await?;
    let Some(ceiling) = framework.amount else {
        return Ok(made);
    };
    let amounts: Vec<Option<i64>> = contract::Entity::find()
        .filter(contract::Column::FrameworkId.eq(framework.id))
        .filter(contract::Column::Status.ne("terminated"))
        .filter(contract::Column::DeletedAt.is_null())
        .all(unit)
        .await?
        .into_iter()
        .map(|contract| contract.amount)
        .collect();
    if money::sum(amounts.into_iter().flatten())? > ceiling {
        return Err(refused(&framework, Rule::BeyondFramework));
    }
    Ok(made)
}

/// That a framework contract runs on that day.
pub(super) fn runs(framework: &contract::Model, day: NaiveDate) -> Result<()> {
    let begun = framework.effective_on.is_some_and(|first| first <= day);
    let over = framework.expires_on.is_some_and(|last| last < day);
    if framework.kind == "framework" && framework.status == "effective" && begun && !over {
        return Ok(());
    }
    Err(refused(framework, Rule::NotRunning))
}

fn valued(unit: &Unit, worth: Worth) -> Result<contract::ActiveModel> {
    if worth.original_amount <= 0 {
        return Err(OperationsError::field("original_amount", "must be above 0"));
    }
    if !(0..=money::WHOLE).contains(&worth.tax_rate) {
        let fault = "must be between 0 and 10000";
        return Err(OperationsError::field("tax_rate", fault));
    }
    let currency = money::currency(worth.currency)?;
    let foreign = currency != money::COMPANY_CURRENCY;
    let rate = match worth.rate {
        Some(rate) if foreign && rate > 0 => Some(rate),
        None if !foreign => None,
        _ => {
            let fault = "is required, above 0, in other currencies than the company's only";
            return Err(OperationsError::field("rate", fault));
        }
    };
    let amount = money::converted(worth.original_amount, rate.unwrap_or(money::PAR))?;
    Ok(contract::ActiveModel {
        currency: Set(currency),
        original_amount: Set(Some(worth.original_amount)),
        rate: Set(rate),
        rate_on: Set(rate.map(|_| unit.today())),
        tax_rate: Set(Some(worth.tax_rate)),
        amount: Set(Some(amount)),
        amount_without_tax: Set(Some(money::without_tax(amount, worth.tax_rate)?)),
        ..Default::default()
    })
}

/// Writes the draft with what the terms say, its owner and its instalments.
async fn write(
    unit: &Unit,
    caller: &Caller,
    mut draft: contract::ActiveModel,
    party: Party,
    terms: Terms,
) -> Result<contract::Model> {
    let account: account::Model = unit.get(party.account_id).await?;
    let deal: Option<opportunity::Model> = match party.opportunity_id {
        Some(id) => Some(unit.get(id).await?),
        None => None,
    };
    if let Some(deal) = deal
        .as_ref()
        .filter(|deal| ["invalid", "duplicate"].contains(&deal.outcome.as_str()))
    {
        let needs = &["open", "won", "lost", "shelved"];
        return Err(super::stage_move::state(deal, &deal.outcome, needs));
    }
    if draft.owner_id.is_not_set() || draft.owner_id == Set(None) {
        let owner = match &deal {
            Some(deal) if deal.owner_id.is_some() => (deal.owner_id, deal.team_id),
            _ if account.owner_id.is_some() => (account.owner_id, account.team_id),
            _ => (Some(caller.user_id), caller.team_id),
        };
        (draft.owner_id, draft.team_id) = (Set(owner.0), Set(owner.1));
    }
    if let Some(id) = terms.renews_id {
        let renewed: contract::Model = unit.refer(caller, "renews_id", id).await?;
        lookup::same_account("renews_id", renewed.account_id, party.account_id)?;
    }
    if terms.deposit_amount.is_some_and(|amount| amount <= 0) {
        return Err(OperationsError::field("deposit_amount", "must be above 0"));
    }
    let named = deal.map_or(account.name, |deal| deal.name);
    let draft = contract::ActiveModel {
        name: Set(terms.name.unwrap_or(named)),
        renews_id: Set(terms.renews_id),
        deposit_required: Set(terms.deposit_amount.is_some()),
        deposit_amount: Set(terms.deposit_amount),
        expires_on: Set(terms.expires_on),
        ..draft
    };
    let made = unit.insert_given::<contract::Model>(draft).await?;
    if made.deposit_amount > made.amount {
        return Err(refused(&made, Rule::BeyondContract));
    }
    if !terms.instalments.is_empty() {
        instalment::write(unit, &made, &terms.instalments).await?;
    }
    Ok(made)
}

/// That the caller's role makes contracts, and sees what they are worth.
fn allowed(caller: &Caller) -> Result<()> {
    caller.require(&contract::RESOURCE, Action::Create)?;
    if caller.rights.sees(Visibility::Amounts) {
        return Ok(());
    }
    Err(OperationsError::forbidden(
        contract::RESOURCE.name,
        Action::Create,
    ))
}
