//! A way in or out of the pool.

use crate::record::record;

/// The ways in and out of the pool.
pub const KINDS: &[&str] = &["claim", "assign", "release", "return", "request"];

record! {
    /// A way in or out of the pool.
    "pool_move" in "pool_moves", open false, seen by [Owner("user_id"), Through("account_id", "account")];
    /// The account.
    account_id: i64 => required, reference("account");
    /// The lead, where it is one and not the account.
    opportunity_id: Option<i64> => reference("opportunity");
    /// What happened.
    kind: String => required, choice(KINDS);
    /// Who got it, asked for it or lost it.
    user_id: Option<i64> => reference("user");
    /// Who did it.
    by_id: Option<i64> => reference("user");
    /// When it happened.
    at: DateTime<Utc> => required, filter;
    /// Why.
    reason: Option<String> => length(1_000);
}
