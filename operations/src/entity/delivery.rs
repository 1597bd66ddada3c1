//! A delivery.

use crate::record::record;

record! {
    /// A delivery.
    "delivery" in "deliveries", number "DEL", seen by [Through("account_id", "account")];
    /// The human number.
    number: String => computed, length(40), filter, sort, search;
    /// The account.
    account_id: i64 => required, reference("account");
    /// The order.
    order_id: Option<i64> => reference("order");
    /// The day promised.
    promised_on: Option<NaiveDate> => filter;
    /// The day it was shipped.
    shipped_on: Option<NaiveDate> => filter;
    /// The day it arrived.
    delivered_on: Option<NaiveDate> => filter;
    /// The day the customer accepted it.
    accepted_on: Option<NaiveDate> => filter;
    /// The carrier.
    carrier: Option<String> => length(100);
    /// The number to follow it by.
    tracking_number: Option<String> => length(100), search;
    /// Remarks.
    note: Option<String>;
}
