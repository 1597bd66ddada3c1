//! Money received (回款).

use crate::record::record;

/// What money received can be.
pub const KINDS: &[&str] = &["payment", "advance", "retention", "refund"];

record! {
    /// Money received (回款).
    "receipt" in "receipts", number "RCP", open false, seen by [Through("account_id", "account")];
    money;
    /// The human number.
    number: String => computed, length(40), filter, sort, search;
    /// The account.
    account_id: i64 => required, reference("account");
    /// The day it came in.
    received_on: NaiveDate => required, filter;
    /// What it is.
    kind: String => choice(KINDS);
    /// How it was paid.
    method: Option<String> => length(40), filter;
    /// The reference of the bank.
    reference: Option<String> => length(100), search;
    /// What has been allocated to instalments, in fen.
    allocated_amount: i64 => computed, money;
}
