//! What a quote says, as clients give it.

use chrono::NaiveDate;
use millrace_operations::OperationsError;
use millrace_operations::service::pricing::NewLine;
use millrace_operations::service::quote::{For, NewQuote};
use serde::Deserialize;
use utoipa::ToSchema;

/// A line of a quote or an order as it is entered.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LineBody {
    /// The product; without one the line says itself what is offered, and at what price.
    product_id: Option<i64>,
    /// What is offered; the name of the product when not given.
    #[schema(min_length = 1, max_length = 1000)]
    description: Option<String>,
    /// How much, in thousandths.
    #[schema(minimum = 1)]
    quantity: i64,
    /// The unit; that of the product when not given.
    #[schema(max_length = 20)]
    unit: Option<String>,
    /// The price of one unit, tax included, in millionths; the list price less the discount when not
    /// given.
    #[schema(minimum = 0)]
    unit_price: Option<i64>,
    /// The discount on the list price, in basis points, instead of a price.
    #[schema(minimum = 0, maximum = 10_000)]
    discount: Option<i64>,
    /// The tax rate in basis points; that of the product when not given.
    #[schema(minimum = 0, maximum = 10_000)]
    tax_rate: Option<i64>,
}

/// What a draft says.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuoteBody {
    /// The person it is addressed to.
    contact_id: Option<i64>,
    /// The price list that prices are taken from.
    price_list_id: Option<i64>,
    /// The currency, as in ISO 4217; the company's when not given.
    #[schema(pattern = "^[A-Z]{3}$")]
    currency: Option<String>,
    /// What one unit of another currency is worth in the company's, in millionths.
    #[schema(minimum = 1)]
    rate: Option<i64>,
    /// The last day that it will hold.
    valid_until: Option<NaiveDate>,
    /// The terms of payment.
    #[schema(max_length = 1000)]
    payment_terms: Option<String>,
    /// The terms of delivery.
    #[schema(max_length = 1000)]
    delivery_terms: Option<String>,
    /// The risk to be judged by who approves.
    #[schema(max_length = 2000)]
    risk_note: Option<String>,
    /// The lines, at most 1000.
    #[serde(default)]
    #[schema(max_items = 1000)]
    lines: Vec<LineBody>,
}

/// A new quote: of a deal, or of a customer without one.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewQuoteBody {
    /// The deal; this or the customer.
    opportunity_id: Option<i64>,
    /// The customer; this or the deal.
    account_id: Option<i64>,
    /// The person it is addressed to.
    contact_id: Option<i64>,
    /// The price list that prices are taken from.
    price_list_id: Option<i64>,
    /// The currency, as in ISO 4217; the company's when not given.
    #[schema(pattern = "^[A-Z]{3}$")]
    currency: Option<String>,
    /// What one unit of another currency is worth in the company's, in millionths.
    #[schema(minimum = 1)]
    rate: Option<i64>,
    /// The last day that it will hold.
    valid_until: Option<NaiveDate>,
    /// The terms of payment.
    #[schema(max_length = 1000)]
    payment_terms: Option<String>,
    /// The terms of delivery.
    #[schema(max_length = 1000)]
    delivery_terms: Option<String>,
    /// The risk to be judged by who approves.
    #[schema(max_length = 2000)]
    risk_note: Option<String>,
    /// The lines, at most 1000.
    #[serde(default)]
    #[schema(max_items = 1000)]
    lines: Vec<LineBody>,
}

/// Another alternative.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlternativeBody {
    /// What it is called, as `B`.
    #[schema(min_length = 1, max_length = 20)]
    name: String,
    /// The person it is addressed to.
    contact_id: Option<i64>,
    /// The price list that prices are taken from.
    price_list_id: Option<i64>,
    /// The currency, as in ISO 4217; the company's when not given.
    #[schema(pattern = "^[A-Z]{3}$")]
    currency: Option<String>,
    /// What one unit of another currency is worth in the company's, in millionths.
    #[schema(minimum = 1)]
    rate: Option<i64>,
    /// The last day that it will hold.
    valid_until: Option<NaiveDate>,
    /// The terms of payment.
    #[schema(max_length = 1000)]
    payment_terms: Option<String>,
    /// The terms of delivery.
    #[schema(max_length = 1000)]
    delivery_terms: Option<String>,
    /// The risk to be judged by who approves.
    #[schema(max_length = 2000)]
    risk_note: Option<String>,
    /// The lines, at most 1000.
    #[serde(default)]
    #[schema(max_items = 1000)]
    lines: Vec<LineBody>,
}

/// `deny_unknown_fields` does not go with `flatten`; so the fields of a quote are said in each body,
/// and brought together here.
macro_rules! head {
    ($body:expr) => {
        QuoteBody {
            contact_id: $body.contact_id,
            price_list_id: $body.price_list_id,
            currency: $body.currency,
            rate: $body.rate,
            valid_until: $body.valid_until,
            payment_terms: $body.payment_terms,
            delivery_terms: $body.delivery_terms,
            risk_note: $body.risk_note,
            lines: $body.lines,
        }
    };
}

impl From<LineBody> for NewLine {
    fn from(body: LineBody) -> Self {
        Self {
            product_id: body.product_id,
            description: body.description,
            quantity: body.quantity,
            unit: body.unit,
            unit_price: body.unit_price,
            discount: body.discount,
            tax_rate: body.tax_rate,
        }
    }
}

impl From<QuoteBody> for NewQuote {
    fn from(body: QuoteBody) -> Self {
        Self {
            contact_id: body.contact_id,
            price_list_id: body.price_list_id,
            currency: body.currency,
            rate: body.rate,
            valid_until: body.valid_until,
            payment_terms: body.payment_terms,
            delivery_terms: body.delivery_terms,
            risk_note: body.risk_note,
            lines: body.lines.into_iter().map(Into::into).collect(),
        }
    }
}

impl NewQuoteBody {
    /// Whose quote it is, and what it says.
    pub(crate) fn read(self) -> Result<(For, NewQuote), OperationsError> {
        let whose = match (self.opportunity_id, self.account_id) {
            (Some(id), None) => For::Opportunity(id),
            (None, Some(id)) => For::Account(id),
            _ => {
                let fault = "give the deal or the customer, and not both";
                return Err(OperationsError::field("opportunity_id", fault));
            }
        };
        Ok((whose, head!(self).into()))
    }
}

impl AlternativeBody {
    /// What it is called, and what it says.
    pub(crate) fn read(self) -> (String, NewQuote) {
        (self.name.clone(), head!(self).into())
    }
}
