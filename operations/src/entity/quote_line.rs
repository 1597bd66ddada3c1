//! A line of a quote.

use crate::record::record;

record! {
    /// A line of a quote.
    "quote_line" in "quote_lines", open false, seen by [Through("quote_id", "quote")];
    /// The quote.
    quote_id: i64 => required, reference("quote");
    /// Its place, from 1.
    position: i64 => required, between(1, 10_000), sort;
    /// The product.
    product_id: Option<i64> => reference("product");
    /// What is offered.
    description: String => required, length(1_000);
    /// How much.
    quantity: i64 => required, quantity;
    /// The unit.
    unit: String => length(20);
    /// The list price of one unit.
    list_unit_price: Option<i64> => unit_price;
    /// The price of one unit, tax included.
    unit_price: i64 => required, unit_price;
    /// What one unit costs the firm.
    unit_cost: Option<i64> => unit_price, margin;
    /// The tax rate.
    tax_rate: i64 => basis_points;
    /// The amount, tax included, in fen.
    amount: i64 => required, money;
    /// The amount without tax, in fen.
    amount_without_tax: i64 => required, money;
    /// Whether the customer accepted it.
    accepted: Option<bool>;
}
