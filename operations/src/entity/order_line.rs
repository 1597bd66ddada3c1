//! A line of an order.

use crate::record::record;

record! {
    /// A line of an order.
    "order_line" in "order_lines", open false, seen by [Through("order_id", "order")];
    /// The order.
    order_id: i64 => required, reference("order");
    /// Its place, from 1.
    position: i64 => required, between(1, 10_000), sort;
    /// The product.
    product_id: Option<i64> => reference("product");
    /// What is ordered.
    description: String => required, length(1_000);
    /// How much.
    quantity: i64 => required, quantity;
    /// The unit.
    unit: String => length(20);
    /// The price of one unit, tax included.
    unit_price: i64 => required, unit_price;
    /// The tax rate.
    tax_rate: i64 => basis_points;
    /// The amount, tax included, in fen.
    amount: i64 => required, money;
    /// The amount without tax, in fen.
    amount_without_tax: i64 => required, money;
}
