//! A price list.

use crate::record::record;

record! {
    /// A price list.
    "price_list" in "price_lists", seen by [Everybody];
    /// The name.
    name: String => required, length(100), sort, search;
    /// The currency, as in ISO 4217.
    currency: String => length(3), filter;
    /// The segment of accounts that it is for.
    segment: Option<String> => length(100), filter;
    /// The first day it holds.
    valid_from: NaiveDate => required, filter;
    /// The last day it holds.
    valid_until: Option<NaiveDate> => filter;
    /// Whether it is in use.
    enabled: bool;
}
