//! A product.

use crate::record::record;

record! {
    /// A product.
    "product" in "products", seen by [Everybody];
    /// The code.
    code: String => required, length(64), filter, sort, search;
    /// The name.
    name: String => required, length(200), sort, search;
    /// The series.
    series: Option<String> => length(100), filter;
    /// The unit it is sold by.
    unit: String => length(20);
    /// The list price of one unit, tax included.
    list_price: Option<i64> => unit_price;
    /// What one unit costs the firm.
    cost: Option<i64> => unit_price, margin;
    /// The tax rate.
    tax_rate: i64 => basis_points;
    /// Whether it is made as catalogued.
    standard: bool;
    /// Whether it is sold.
    enabled: bool;
}
