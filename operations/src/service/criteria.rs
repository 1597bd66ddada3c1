//! What a stage asks of a deal before it may be entered or left, as declarations.
//!
//! A stage keeps two lists of JSON objects with one key each:
//!
//! | declaration | holds when |
//! |---|---|
//! | `{"field": "expected_close_on"}` | that field of the deal is filled |
//! | `{"attachment": "requirements"}` | a file of that kind is attached to the deal |
//! | `{"quote": "sent"}` | a quote of the deal was sent and still counts (sent, accepted or partial) |
//! | `{"quote": "accepted"}` | a quote of the deal was accepted, in whole or in part |
//! | `{"contract": "signed"}` | a contract of the deal is signed |
//! | `{"contract": "effective"}` | a contract of the deal is effective |

use std::fmt;

use sea_orm::sea_query::Condition;
use sea_orm::{ColumnTrait, EntityTrait, JsonValue, PaginatorTrait, QueryFilter};
use serde::{Deserialize, Serialize};

use crate::entity::{attachment, contract, opportunity, quote, stage};
use crate::error::{OperationsError, Result};
use crate::record::Record as _;
use crate::unit::Unit;

/// A declaration of what must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Criterion {
    /// That field of the deal is filled.
    Field(String),
    /// A file of that kind is attached to the deal.
    Attachment(String),
    /// A quote of the deal stands so.
    Quote(QuoteState),
    /// A contract of the deal stands so.
    Contract(ContractState),
}

/// How a quote must stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuoteState {
    /// Sent, and neither declined, expired nor withdrawn since.
    Sent,
    /// Accepted, in whole or in part.
    Accepted,
}

/// How a contract must stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContractState {
    /// Signed, effective or not yet.
    Signed,
    /// Effective.
    Effective,
}

/// At which end of a stage a criterion is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// On entering it.
    Enter,
    /// On leaving it.
    Leave,
}

/// A criterion that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// The stage that asks for it.
    pub stage_id: i64,
    /// Its code.
    pub stage: String,
    /// Whether to enter or to leave it.
    pub when: When,
    /// What must hold.
    pub criterion: Criterion,
}

impl fmt::Display for Missing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.criterion {
            Criterion::Field(name) => write!(formatter, "the field {name}")?,
            Criterion::Attachment(kind) => write!(formatter, "an attachment of the kind {kind}")?,
            Criterion::Quote(QuoteState::Sent) => formatter.write_str("a sent quote")?,
            Criterion::Quote(QuoteState::Accepted) => formatter.write_str("an accepted quote")?,
            Criterion::Contract(ContractState::Signed) => {
                formatter.write_str("a signed contract")?;
            }
            Criterion::Contract(ContractState::Effective) => {
                formatter.write_str("an effective contract")?;
            }
        }
        let when = match self.when {
            When::Enter => "enter",
            When::Leave => "leave",
        };
        write!(formatter, " to {when} {}", self.stage)
    }
}

/// Reads the declarations of a stage.
///
/// # Errors
///
/// What is wrong with them, and what they may be.
pub fn parse(declared: &JsonValue) -> Result<Vec<Criterion>, String> {
    let criteria: Vec<Criterion> =
        serde_json::from_value(declared.clone()).map_err(|error| error.to_string())?;
    for criterion in &criteria {
        if let Criterion::Field(name) = criterion
            && opportunity::RESOURCE.field(name).is_none()
        {
            return Err(format!("an opportunity has no field {name:?}"));
        }
    }
    Ok(criteria)
}

/// What of a stage's criteria does not hold for the deal.
pub(super) async fn missing(
    unit: &Unit,
    deal: &opportunity::Model,
    stage: &stage::Model,
    when: When,
) -> Result<Vec<Missing>> {
    let declared = match when {
        When::Enter => &stage.entry_criteria,
        When::Leave => &stage.exit_criteria,
    };
    let criteria = parse(declared).map_err(|detail| OperationsError::Damaged {
        entity: stage::RESOURCE.name,
        id: stage.id,
        detail,
    })?;
    let mut missing = Vec::new();
    for criterion in criteria {
        if !holds(unit, deal, &criterion).await? {
            missing.push(Missing {
                stage_id: stage.id,
                stage: stage.code.clone(),
                when,
                criterion,
            });
        }
    }
    Ok(missing)
}

async fn holds(unit: &Unit, deal: &opportunity::Model, criterion: &Criterion) -> Result<bool> {
    let found = match criterion {
        Criterion::Field(name) => return Ok(filled(deal, name)),
        Criterion::Attachment(kind) => {
            attachment::Entity::find()
                .filter(attachment::Column::Entity.eq(opportunity::RESOURCE.name))
                .filter(attachment::Column::RecordId.eq(deal.id()))
                .filter(attachment::Column::Kind.eq(kind))
                .filter(attachment::Column::DeletedAt.is_null())
                .count(unit)
                .await?
        }
        Criterion::Quote(state) => {
            let outcomes: &[&str] = match state {
                QuoteState::Sent => &["sent", "accepted", "partial"],
                QuoteState::Accepted => &["accepted", "partial"],
            };
            quote::Entity::find()
                .filter(quote::Column::OpportunityId.eq(deal.id))
                .filter(quote::Column::Outcome.is_in(outcomes.iter().copied()))
                .filter(quote::Column::DeletedAt.is_null())
                .count(unit)
                .await?
        }
        Criterion::Contract(state) => {
            let least = match state {
                ContractState::Signed => contracts(&["signed", "effective", "completed"]),
                ContractState::Effective => contracts(&["effective", "completed"]),
            };
            contract::Entity::find()
                .filter(contract::Column::OpportunityId.eq(deal.id))
                .filter(least)
                .count(unit)
                .await?
        }
    };
    Ok(found > 0)
}

/// Contracts that stand so.
pub(super) fn contracts(statuses: &[&str]) -> Condition {
    Condition::all()
        .add(contract::Column::Status.is_in(statuses.iter().copied()))
        .add(contract::Column::DeletedAt.is_null())
}

fn filled(deal: &opportunity::Model, field: &str) -> bool {
    let row = serde_json::to_value(deal).unwrap_or_default();
    match row.get(field) {
        None | Some(JsonValue::Null) => false,
        Some(JsonValue::String(text)) => !text.trim().is_empty(),
        Some(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn declarations_are_read() {
        let declared = json!([{"field": "amount"}, {"attachment": "requirements"}, {"quote": "sent"}, {"contract": "effective"}]);
        let criteria = parse(&declared).unwrap();
        assert_eq!(criteria.len(), 4);
        assert_eq!(serde_json::to_value(&criteria).unwrap(), declared);
    }

    #[test]
    fn wrong_declarations_are_told() {
        for (declared, said) in [
            (json!([{"field": "colour"}]), "no field \"colour\""),
            (json!([{"quote": "lost"}]), "unknown variant `lost`"),
            (json!([{"weather": "fine"}]), "unknown variant `weather`"),
            (json!({"quote": "sent"}), "expected a sequence"),
        ] {
            let error = parse(&declared).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}
