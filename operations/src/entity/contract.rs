//! A contract (合同), a framework contract or a call-off under one.

use crate::record::record;

/// The kinds of contracts.
pub const KINDS: &[&str] = &["sale", "framework", "call_off", "service"];
/// How a contract can stand.
pub const STATUSES: &[&str] = &["draft", "signed", "effective", "completed", "terminated"];

record! {
    /// A contract (合同), a framework contract or a call-off under one.
    "contract" in "contracts", number "CON", open false, seen by [Owner("owner_id"), Team("team_id")];
    money;
    /// The human number.
    number: String => computed, length(40), filter, sort, search;
    /// What it is about.
    name: String => required, length(200), search;
    /// The account.
    account_id: i64 => required, reference("account");
    /// The opportunity that it wins.
    opportunity_id: Option<i64> => reference("opportunity");
    /// The quote that it was made from.
    quote_id: Option<i64> => reference("quote");
    /// The framework contract that it calls off from.
    framework_id: Option<i64> => reference("contract");
    /// The contract that it renews.
    renews_id: Option<i64> => reference("contract");
    /// The owner.
    owner_id: Option<i64> => computed, reference("user");
    /// The team of the owner.
    team_id: Option<i64> => computed, reference("team");
    /// What kind it is.
    kind: String => required, choice(KINDS);
    /// How it stands.
    status: String => computed, choice(STATUSES);
    /// The day it was signed.
    signed_on: Option<NaiveDate> => filter;
    /// Whether it takes effect only when the deposit is in.
    deposit_required: bool;
    /// The deposit, in fen.
    deposit_amount: Option<i64> => money;
    /// The day the deposit came in.
    deposit_received_on: Option<NaiveDate> => computed;
    /// The day it took effect: signed and, where required, the deposit in.
    effective_on: Option<NaiveDate> => computed, filter;
    /// The last day it runs.
    expires_on: Option<NaiveDate> => filter;
}
