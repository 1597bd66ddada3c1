//! An instalment of a contract (回款计划期次), due by date or by an event and credit days.

use crate::record::record;

/// What an instalment can be for.
pub const KINDS: &[&str] = &[
    "advance",
    "progress",
    "delivery",
    "acceptance",
    "retention",
    "other",
];
/// What can make an instalment due.
pub const EVENTS: &[&str] = &["date", "signing", "shipment", "acceptance", "invoice"];
/// How an instalment can stand.
pub const STATUSES: &[&str] = &["waiting", "due", "partly_paid", "paid", "written_off"];

record! {
    /// An instalment of a contract (回款计划期次), due by date or by an event and credit days.
    "payment_plan" in "payment_plans", open false, seen by [Through("contract_id", "contract"), Through("account_id", "account")];
    /// The contract.
    contract_id: Option<i64> => reference("contract");
    /// The account.
    account_id: i64 => required, reference("account");
    /// Its place, from 1.
    position: i64 => required, between(1, 1_000), sort;
    /// What it is for.
    kind: String => required, choice(KINDS);
    /// What makes it due.
    due_by: String => required, choice(EVENTS);
    /// The day of that event, when it has come.
    event_on: Option<NaiveDate> => filter;
    /// Days of credit after the event.
    credit_days: i64 => between(0, 3_650);
    /// The day it is due, when that is known.
    due_on: Option<NaiveDate> => filter;
    /// Its share of the contract.
    share: Option<i64> => basis_points;
    /// The amount in the company's currency, tax included, in fen.
    amount: i64 => required, money;
    /// What has been allocated to it, in fen.
    received_amount: i64 => computed, money;
    /// How it stands.
    status: String => computed, choice(STATUSES);
}
