//! A request to a customer to pay (请款).

use crate::record::record;

/// How a payment request can stand.
pub const STATUSES: &[&str] = &["draft", "sent", "paid", "cancelled"];

record! {
    /// A request to a customer to pay (请款).
    "payment_request" in "payment_requests", number "PRQ", open false, seen by [Owner("requested_by_id"), Through("account_id", "account")];
    /// The human number.
    number: String => computed, length(40), filter, sort, search;
    /// The account.
    account_id: i64 => required, reference("account");
    /// The instalment.
    payment_plan_id: i64 => required, reference("payment_plan");
    /// Who asked for it.
    requested_by_id: Option<i64> => computed, reference("user");
    /// When it was made.
    requested_at: DateTime<Utc> => computed, filter;
    /// The amount, in fen.
    amount: i64 => required, money;
    /// How it stands.
    status: String => computed, choice(STATUSES);
    /// The day it was sent.
    sent_on: Option<NaiveDate> => filter;
    /// Remarks.
    note: Option<String>;
}
