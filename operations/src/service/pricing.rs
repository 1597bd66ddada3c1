//! The lines of a quote: prices from lists and products, and what they come to.

use chrono::NaiveDate;
use millrace_models::scope::Visibility;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Set};

use super::money;
use crate::caller::Caller;
use crate::entity::{price_list, price_list_item, product, quote, quote_line};
use crate::error::{OperationsError, Result};
use crate::unit::Unit;

/// A line of a quote as it is entered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewLine {
    /// The product; without one the line says itself what is offered, and at what price.
    pub product_id: Option<i64>,
    /// What is offered; the name of the product when not given.
    pub description: Option<String>,
    /// How much, in thousandths.
    pub quantity: i64,
    /// The unit; that of the product when not given.
    pub unit: Option<String>,
    /// The price of one unit in the quote's currency, tax included, in millionths; the list price
    /// less the discount when not given.
    pub unit_price: Option<i64>,
    /// The discount on the list price, in basis points, instead of a price.
    pub discount: Option<i64>,
    /// The tax rate; that of the product when not given.
    pub tax_rate: Option<i64>,
}

/// The tax rate of what is no product: the general rate of VAT.
const TAX_RATE: i64 = 1_300;

/// What the lines are priced by.
pub(super) struct Basis {
    pub(super) price_list_id: Option<i64>,
    pub(super) currency: String,
    /// What one unit of the currency is worth in the company's, in millionths.
    pub(super) rate: i64,
}

/// A price list that holds today, in that currency.
pub(super) async fn price_list(
    unit: &Unit,
    caller: &Caller,
    id: i64,
    currency: &str,
) -> Result<price_list::Model> {
    let list: price_list::Model = unit.refer(caller, "price_list_id", id).await?;
    let today = unit.today();
    let holds = |until: Option<NaiveDate>| until.is_none_or(|until| today <= until);
    let fault = if !list.enabled || today < list.valid_from || !holds(list.valid_until) {
        "does not hold today"
    } else if list.currency != currency {
        "is in another currency"
    } else {
        return Ok(list);
    };
    Err(OperationsError::field("price_list_id", fault))
}

/// The lines with their prices, without the quote that they will belong to.
pub(super) async fn price(
    unit: &Unit,
    caller: &Caller,
    basis: &Basis,
    lines: Vec<NewLine>,
) -> Result<Vec<quote_line::ActiveModel>> {
    let mut priced = Vec::with_capacity(lines.len());
    for (position, line) in (1..).zip(lines) {
        let at = |fault: OperationsError| on_line(position, fault);
        priced.push(one(unit, caller, basis, position, line).await.map_err(at)?);
    }
    Ok(priced)
}

async fn one(
    unit: &Unit,
    caller: &Caller,
    basis: &Basis,
    position: i64,
    line: NewLine,
) -> Result<quote_line::ActiveModel> {
    let product: Option<product::Model> = match line.product_id {
        Some(id) => Some(unit.refer(caller, "product_id", id).await?),
        None => None,
    };
    if line.quantity <= 0 {
        return Err(OperationsError::field("quantity", "must be above 0"));
    }
    let list_unit_price = match &product {
        Some(product) => list_price(unit, basis, product, line.quantity).await?,
        None => None,
    };
    let unit_price = match (line.unit_price, line.discount, list_unit_price) {
        (Some(_), Some(_), _) => {
            let fault = "give a price or a discount, not both";
            return Err(OperationsError::field("discount", fault));
        }
        (Some(price), None, _) => price,
        (None, Some(discount), Some(_)) if !(0..=money::WHOLE).contains(&discount) => {
            let fault = "must be between 0 and 10000";
            return Err(OperationsError::field("discount", fault));
        }
        (None, discount, Some(price)) => money::discounted(price, discount.unwrap_or(0))?,
        (None, _, None) => {
            let fault = "is required: there is no list price";
            return Err(OperationsError::field("unit_price", fault));
        }
    };
    let named = product.as_ref().map(|product| product.name.clone());
    let Some(description) = line.description.or(named) else {
        let fault = "is required without a product";
        return Err(OperationsError::field("description", fault));
    };
    let tax_rate = line
        .tax_rate
        .or(product.as_ref().map(|product| product.tax_rate))
        .unwrap_or(TAX_RATE);
    if !(0..=money::WHOLE).contains(&tax_rate) {
        let fault = "must be between 0 and 10000";
        return Err(OperationsError::field("tax_rate", fault));
    }
    let amount = money::amount_of(line.quantity, unit_price)?;
    let sold_by = product.as_ref().map(|product| product.unit.clone());
    Ok(quote_line::ActiveModel {
        position: Set(position),
        product_id: Set(line.product_id),
        description: Set(description),
        quantity: Set(line.quantity),
        unit: Set(line.unit.or(sold_by).unwrap_or_else(|| "件".to_owned())),
        list_unit_price: Set(list_unit_price),
        unit_price: Set(unit_price),
        unit_cost: Set(product.and_then(|product| product.cost)),
        tax_rate: Set(tax_rate),
        amount: Set(amount),
        amount_without_tax: Set(money::without_tax(amount, tax_rate)?),
        ..Default::default()
    })
}

/// The list price of one unit in the quote's currency: by the price list, for the quantity, else by
/// the product.
async fn list_price(
    unit: &Unit,
    basis: &Basis,
    product: &product::Model,
    quantity: i64,
) -> Result<Option<i64>> {
    if let Some(list) = basis.price_list_id {
        let item = price_list_item::Entity::find()
            .filter(price_list_item::Column::PriceListId.eq(list))
            .filter(price_list_item::Column::ProductId.eq(product.id))
            .filter(price_list_item::Column::MinimumQuantity.lte(quantity))
            .filter(price_list_item::Column::DeletedAt.is_null())
            .order_by_desc(price_list_item::Column::MinimumQuantity)
            .one(unit)
            .await?;
        if let Some(item) = item {
            return Ok(Some(item.unit_price));
        }
    }
    match product.list_price {
        Some(price) => Ok(Some(money::in_currency(price, basis.rate)?)),
        None => Ok(None),
    }
}

/// What lines come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// In the quote's currency, tax included.
    pub original_amount: i64,
    /// In the company's, in fen.
    pub amount: i64,
    /// The same without tax.
    pub amount_without_tax: i64,
    /// At list prices, in fen.
    pub list_amount: i64,
    /// The discount on list prices in basis points; none where they come to nothing.
    pub discount: Option<i64>,
    /// What they cost the firm, in fen.
    pub cost_amount: Option<i64>,
    /// The margin in basis points: that of the amount without tax over the cost, and unknown as long
    /// as one line has no cost.
    pub margin: Option<i64>,
    /// The tax rate of all lines, where they have the same.
    pub tax_rate: Option<i64>,
}

/// What the lines come to.
pub(super) fn totals(basis: &Basis, lines: &[quote_line::Model]) -> Result<Totals> {
    let convert = |amount| money::converted(amount, basis.rate);
    let original = money::sum(lines.iter().map(|line| line.amount))?;
    let listed = lines.iter().map(|line| {
        let price = line.list_unit_price.unwrap_or(line.unit_price);
        money::amount_of(line.quantity, price)
    });
    let listed = money::sum(listed.collect::<Result<Vec<_>>>()?)?;
    let net = convert(money::sum(
        lines.iter().map(|line| line.amount_without_tax),
    )?)?;
    let costs: Option<Vec<Result<i64>>> = lines
        .iter()
        .map(|line| Some(money::amount_of(line.quantity, line.unit_cost?)))
        .collect();
    let cost = match costs.filter(|costs| !costs.is_empty()) {
        Some(costs) => Some(money::sum(costs.into_iter().collect::<Result<Vec<_>>>()?)?),
        None => None,
    };
    Ok(Totals {
        original_amount: original,
        amount: convert(original)?,
        amount_without_tax: net,
        list_amount: convert(listed)?,
        discount: money::share_of((listed - original).max(0), listed),
        cost_amount: cost,
        margin: cost.and_then(|cost| money::share_of(net - cost, net)),
        tax_rate: one_rate(lines),
    })
}

/// Fills in what the lines come to.
pub(super) fn total(
    draft: &mut quote::ActiveModel,
    basis: &Basis,
    lines: &[quote_line::Model],
) -> Result<()> {
    let totals = totals(basis, lines)?;
    draft.original_amount = Set(Some(totals.original_amount));
    draft.amount = Set(Some(totals.amount));
    draft.amount_without_tax = Set(Some(totals.amount_without_tax));
    draft.list_amount = Set(Some(totals.list_amount));
    draft.discount = Set(totals.discount);
    draft.cost_amount = Set(totals.cost_amount);
    draft.margin = Set(totals.margin);
    draft.tax_rate = Set(totals.tax_rate);
    Ok(())
}

/// A priced line as if it were saved.
pub(super) fn unsaved(unit: &Unit, mut line: quote_line::ActiveModel) -> quote_line::Model {
    quote_line::Model {
        id: 0,
        quote_id: 0,
        position: line.position.take().unwrap_or_default(),
        product_id: line.product_id.take().flatten(),
        description: line.description.take().unwrap_or_default(),
        quantity: line.quantity.take().unwrap_or_default(),
        unit: line.unit.take().unwrap_or_default(),
        list_unit_price: line.list_unit_price.take().flatten(),
        unit_price: line.unit_price.take().unwrap_or_default(),
        unit_cost: line.unit_cost.take().flatten(),
        tax_rate: line.tax_rate.take().unwrap_or_default(),
        amount: line.amount.take().unwrap_or_default(),
        amount_without_tax: line.amount_without_tax.take().unwrap_or_default(),
        accepted: None,
        recorded_at: unit.now(),
        updated_at: unit.now(),
        deleted_at: None,
        version: 0,
    }
}

/// The tax rate of all lines, where they have the same.
fn one_rate(lines: &[quote_line::Model]) -> Option<i64> {
    let first = lines.first()?.tax_rate;
    lines
        .iter()
        .all(|line| line.tax_rate == first)
        .then_some(first)
}

/// A fault with the line that it is on.
fn on_line(position: i64, fault: OperationsError) -> OperationsError {
    match fault {
        OperationsError::Invalid { mut fields } => {
            for field in &mut fields {
                field.field = format!("lines[{position}].{}", field.field);
            }
            OperationsError::Invalid { fields }
        }
        other => other,
    }
}

/// That the caller may price at all: prices that one does not see one cannot give.
pub(super) fn may_price(caller: &Caller) -> Result<()> {
    if caller.rights.sees(Visibility::Amounts) {
        return Ok(());
    }
    Err(OperationsError::Forbidden {
        entity: quote::RESOURCE.name,
        action: "price",
    })
}
