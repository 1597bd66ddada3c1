//! An application to finance to issue an invoice (开票申请).

use crate::record::record;

/// The kinds of invoices.
pub const KINDS: &[&str] = &["special", "ordinary"];
/// How an application can stand.
pub const STATUSES: &[&str] = &["applied", "issued", "rejected", "voided"];

record! {
    /// An application to finance to issue an invoice (开票申请).
    "invoice_application" in "invoice_applications", number "INV", open false, seen by [Owner("applied_by_id"), Through("account_id", "account")];
    /// The human number.
    number: String => computed, length(40), filter, sort, search;
    /// The account.
    account_id: i64 => required, reference("account");
    /// The contract.
    contract_id: Option<i64> => reference("contract");
    /// The instalment.
    payment_plan_id: Option<i64> => reference("payment_plan");
    /// Who applied.
    applied_by_id: Option<i64> => computed, reference("user");
    /// When it was applied for.
    applied_at: DateTime<Utc> => computed, filter;
    /// The name on the invoice.
    title: String => required, length(200);
    /// The unified social credit code on the invoice.
    credit_code: Option<String> => length(18);
    /// What kind of invoice it is.
    kind: String => required, choice(KINDS);
    /// The tax rate.
    tax_rate: i64 => required, basis_points;
    /// The amount, tax included, in fen.
    amount: i64 => required, money;
    /// The amount without tax, in fen.
    amount_without_tax: Option<i64> => computed, money;
    /// How it stands.
    status: String => computed, choice(STATUSES);
    /// The number of the invoice.
    invoice_number: Option<String> => computed, length(64), filter, search;
    /// The day it was issued.
    issued_on: Option<NaiveDate> => computed, filter;
}
