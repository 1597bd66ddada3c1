//! The price of a product on a price list.

use crate::record::record;

record! {
    /// The price of a product on a price list.
    "price_list_item" in "price_list_items", seen by [Everybody];
    /// The price list.
    price_list_id: i64 => required, reference("price_list");
    /// The product.
    product_id: i64 => required, reference("product");
    /// The quantity from which the price holds.
    minimum_quantity: i64 => quantity;
    /// The price of one unit, tax included.
    unit_price: i64 => required, unit_price;
}
