//! What a new opportunity or quote of a known account can be filled in with, from its history.
//!
//! Every value says which record it was read from, and of which day. All of it is read as the caller
//! sees it: records out of their scope are no source, and what their role does not see (prices, whole
//! numbers) is left out or masked as everywhere else.

use chrono::{DateTime, NaiveDate, Utc};
use millrace_models::calendar::WorkingCalendar;
use sea_orm::JsonValue;
use sea_orm::sea_query::ExprTrait as _;
use sea_orm::sea_query::{Condition, Expr};
use serde::Serialize;

use crate::caller::{Caller, column_of};
use crate::entity::{account, contact, opportunity, order, order_line, product, quote, quote_line};
use crate::error::{OperationsError, Result};
use crate::resource::Resource;
use crate::resources::{Seen, seen};
use crate::row::{Row, integer};
use crate::store::Store;

/// How many of the latest orders, quotes and deals are looked at.
const RECORDS: u64 = 20;
/// How many lines and contacts are looked at.
const LINES: u64 = 200;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    /// The resource.
    pub entity: &'static str,
    /// Its id.
    pub id: i64,
    /// Its number, where it has one.
    pub number: Option<String>,
    /// The day, in the company's zone: of the order or quote, or when the record was last changed.
    pub on: NaiveDate,
}

/// A value and where it comes from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Suggestion {
    /// The value.
    pub value: JsonValue,
    /// Where it comes from.
    pub source: Source,
}

/// A product that the account bought or was quoted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BoughtProduct {
    /// The product.
    pub product_id: i64,
    /// What it was called there.
    pub description: Option<String>,
    /// How much of it, in thousandths.
    pub quantity: Option<i64>,
    /// The unit.
    pub unit: Option<String>,
    /// The price of one unit, in millionths, tax included; for those who see prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<i64>,
    /// The discount on the list price of then, in basis points; for those who see prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discount: Option<i64>,
    /// The tax rate, in basis points.
    pub tax_rate: Option<i64>,
    /// The order or quote.
    pub source: Source,
}

/// A person at the account, as the caller sees them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KnownContact {
    /// The contact.
    pub contact: Row,
    /// The record itself.
    pub source: Source,
}

/// What is known of an account.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prefill {
    /// The account.
    pub account_id: i64,
    /// What was bought, and then what was quoted, the latest of each product.
    pub products: Vec<BoughtProduct>,
    /// The terms of payment of the last quote that has some.
    pub payment_terms: Option<Suggestion>,
    /// The terms of delivery of the last quote that has some.
    pub delivery_terms: Option<Suggestion>,
    /// The days of credit of the account.
    pub credit_days: Option<Suggestion>,
    /// The currency of the last order or quote.
    pub currency: Option<Suggestion>,
    /// The person whom the last quote or deal was about.
    pub contact_id: Option<Suggestion>,
    /// The people at the account, first whom to turn to first.
    pub contacts: Vec<KnownContact>,
    /// Where the last order went, or else what the last deal or the account says.
    pub delivery_address: Option<Suggestion>,
}

/// What a new opportunity or quote of the account can be filled in with.
///
/// # Errors
///
/// When the caller does not read the account, or only as one of the pool.
pub async fn prefill(store: &Store, caller: &Caller, account_id: i64) -> Result<Prefill> {
    let history = History { store, caller };
    let id = Expr::col(("accounts", "id")).eq(account_id);
    let wanted = history.wanted(&account::RESOURCE, id, "id", 1);
    let accounts = seen(store.reader(), caller, wanted).await?;
    let account = accounts.first().ok_or(OperationsError::NotFound {
        entity: account::RESOURCE.name,
        id: account_id,
    })?;
    let of = |resource: &'static Resource, latest, limit| {
        let ours = column_of(resource, "account_id").eq(account_id);
        history.wanted(resource, ours, latest, limit)
    };
    let reader = store.reader();
    let orders = seen(reader, caller, of(&order::RESOURCE, "ordered_at", RECORDS)).await?;
    let quotes = seen(reader, caller, of(&quote::RESOURCE, "id", RECORDS)).await?;
    let deals = seen(reader, caller, of(&opportunity::RESOURCE, "id", RECORDS)).await?;
    let mut contacts = seen(reader, caller, of(&contact::RESOURCE, "id", LINES)).await?;
    contacts.sort_by_key(|row| row.get("primary_contact") != Some(&JsonValue::Bool(true)));

    let mut orders: Vec<&Row> = orders.iter().collect();
    orders.retain(|row| is_sale(row));
    let mut quotes: Vec<&Row> = quotes.iter().collect();
    quotes.retain(|row| left_the_house(row));
    let deals: Vec<&Row> = deals.iter().collect();
    let ours = [account];
    let pick = |resource: &'static Resource, rows: &[&Row], field: &str| {
        history.suggestion(resource, rows, field)
    };
    let products = history.products(&orders, &quotes).await?;
    let (order, quote, lead) = (&order::RESOURCE, &quote::RESOURCE, &opportunity::RESOURCE);
    Ok(Prefill {
        account_id,
        products,
        payment_terms: pick(quote, &quotes, "payment_terms"),
        delivery_terms: pick(quote, &quotes, "delivery_terms"),
        credit_days: pick(&account::RESOURCE, &ours, "credit_days"),
        currency: pick(order, &orders, "currency").or_else(|| pick(quote, &quotes, "currency")),
        contact_id: pick(quote, &quotes, "contact_id")
            .or_else(|| pick(lead, &deals, "contact_id"))
            .filter(|suggestion| {
                let id = suggestion.value.as_i64();
                contacts.iter().any(|contact| integer(contact, "id") == id)
            }),
        delivery_address: pick(order, &orders, "delivery_address")
            .or_else(|| pick(lead, &deals, "delivery_address"))
            .or_else(|| pick(&account::RESOURCE, &ours, "delivery_address")),
        contacts: contacts
            .into_iter()
            .map(|contact| KnownContact {
                source: history.source(&contact::RESOURCE, &contact),
                contact,
            })
            .collect(),
    })
}

/// An order that goods were bought by.
fn is_sale(row: &Row) -> bool {
    let is =
        |field: &str, word: &str| row.get(field).and_then(|value| value.as_str()) == Some(word);
    is("kind", "sale") && !is("status", "cancelled")
}

/// A quote that the customer has seen.
fn left_the_house(row: &Row) -> bool {
    row.get("sent_at").is_some_and(|value| !value.is_null())
        && row.get("outcome").and_then(|value| value.as_str()) != Some("withdrawn")
}

struct History<'a> {
    store: &'a Store,
    caller: &'a Caller,
}

impl History<'_> {
    fn wanted(
        &self,
        resource: &'static Resource,
        condition: Expr,
        latest: &'static str,
        limit: u64,
    ) -> Seen {
        let _ = self;
        Seen {
            resource,
            condition: Condition::all().add(condition),
            latest,
            pool: false,
            limit,
        }
    }

    /// The products of the orders and quotes: of each the latest order, or else the latest quote.
    async fn products(&self, orders: &[&Row], quotes: &[&Row]) -> Result<Vec<BoughtProduct>> {
        let mut products: Vec<BoughtProduct> = Vec::new();
        for (resource, rows, line_resource, parent) in [
            (&order::RESOURCE, orders, &order_line::RESOURCE, "order_id"),
            (&quote::RESOURCE, quotes, &quote_line::RESOURCE, "quote_id"),
        ] {
            let ids: Vec<i64> = rows.iter().filter_map(|row| integer(row, "id")).collect();
            let of_these = column_of(line_resource, parent).is_in(ids);
            let wanted = self.wanted(line_resource, of_these, "id", LINES);
            let lines = seen(self.store.reader(), self.caller, wanted).await?;
            for row in rows {
                let id = integer(row, "id");
                for line in lines.iter().filter(|line| integer(line, parent) == id) {
                    let Some(product_id) = integer(line, "product_id") else {
                        continue;
                    };
                    let listed = products.iter_mut().find(|one| one.product_id == product_id);
                    if let Some(listed) = listed {
                        // An order knows no list price: the discount is that of the quote.
                        listed.discount = listed.discount.or(discount(line));
                        continue;
                    }
                    let source = self.source(resource, row);
                    products.push(product_of(line, product_id, source));
                }
            }
        }
        self.still_sold(products).await
    }

    /// Without what is not sold any more.
    async fn still_sold(&self, mut products: Vec<BoughtProduct>) -> Result<Vec<BoughtProduct>> {
        let ids = products.iter().map(|product| product.product_id);
        let sold = column_of(&product::RESOURCE, "id")
            .is_in(ids)
            .and(column_of(&product::RESOURCE, "enabled").eq(true));
        let wanted = self.wanted(&product::RESOURCE, sold, "id", LINES);
        let rows = seen(self.store.reader(), self.caller, wanted).await?;
        let sold: Vec<i64> = rows.iter().filter_map(|row| integer(row, "id")).collect();
        products.retain(|product| sold.contains(&product.product_id));
        Ok(products)
    }

    /// The value of a field in the first of the rows that has one.
    fn suggestion(
        &self,
        resource: &'static Resource,
        rows: &[&Row],
        field: &str,
    ) -> Option<Suggestion> {
        rows.iter().find_map(|row| {
            let value = row.get(field).filter(|value| !value.is_null())?;
            Some(Suggestion {
                value: value.clone(),
                source: self.source(resource, row),
            })
        })
    }

    fn source(&self, resource: &'static Resource, row: &Row) -> Source {
        let calendar: &WorkingCalendar = self.store.calendar();
        let happened = ["ordered_at", "sent_at", "updated_at"]
            .into_iter()
            .find_map(|field| row.get(field)?.as_str()?.parse::<DateTime<Utc>>().ok());
        Source {
            entity: resource.name,
            id: integer(row, "id").unwrap_or_default(),
            number: row
                .get("number")
                .and_then(|number| number.as_str())
                .map(ToOwned::to_owned),
            on: calendar.date_of(happened.unwrap_or_default()),
        }
    }
}

fn product_of(line: &Row, product_id: i64, source: Source) -> BoughtProduct {
    let text = |field: &str| {
        let value = line.get(field).and_then(|value| value.as_str());
        value.map(ToOwned::to_owned)
    };
    BoughtProduct {
        product_id,
        description: text("description"),
        quantity: integer(line, "quantity"),
        unit: text("unit"),
        unit_price: integer(line, "unit_price"),
        discount: discount(line),
        tax_rate: integer(line, "tax_rate"),
        source,
    }
}

/// How far the price is below the list price, in basis points, rounded down; none where either is
/// unknown or not seen.
fn discount(line: &Row) -> Option<i64> {
    let list = integer(line, "list_unit_price").filter(|list| *list > 0)?;
    let price = integer(line, "unit_price")?;
    let off = i128::from(std::cmp::max(list - price, 0)) * 10_000 / i128::from(list);
    i64::try_from(off).ok()
}
