//! An order, a return, a credit or a cancellation.

use crate::record::record;

/// How an order can stand.
pub const STATUSES: &[&str] = &[
    "placed",
    "in_production",
    "delivered",
    "accepted",
    "cancelled",
];

record! {
    /// An order, a return, a credit or a cancellation.
    "order" in "orders", number "ORD", open false, seen by [Owner("owner_id"), Team("team_id")];
    money;
    /// The human number.
    number: String => computed, length(40), filter, sort, search;
    /// The account.
    account_id: i64 => required, reference("account");
    /// The contract.
    contract_id: Option<i64> => reference("contract");
    /// The opportunity.
    opportunity_id: Option<i64> => reference("opportunity");
    /// The owner.
    owner_id: Option<i64> => computed, reference("user");
    /// The team of the owner.
    team_id: Option<i64> => computed, reference("team");
    /// What kind it is.
    kind: String => choice(millrace_models::entity::ORDER_KINDS);
    /// When it was placed.
    ordered_at: DateTime<Utc> => required, filter;
    /// The day that delivery is promised for.
    promised_on: Option<NaiveDate> => filter;
    /// How it stands.
    status: String => choice(STATUSES);
    /// The sale that a return or credit takes back from.
    reverses_id: Option<i64> => reference("order");
    /// Where goods are delivered to.
    delivery_address: Option<String> => length(400);
}
