//! A version of a quote (报价单).

use crate::record::record;

/// How a quote can stand: before sending, and as in `millrace_models::entity::QUOTE_OUTCOMES`.
pub const OUTCOMES: &[&str] = &[
    "draft",
    "in_approval",
    "approved",
    "sent",
    "accepted",
    "partial",
    "declined",
    "expired",
    "superseded",
    "withdrawn",
];

record! {
    /// A version of a quote (报价单).
    "quote" in "quotes", number "QUO", open false, seen by [Owner("owner_id"), Team("team_id")];
    money;
    /// The human number, shared by all versions and alternatives.
    number: String => computed, length(40), filter, sort, search;
    /// The version under that number, from 1.
    quote_version: i64 => between(1, 1_000), filter;
    /// The alternative that it is of several offered together, as `A`.
    alternative: Option<String> => length(20);
    /// The opportunity.
    opportunity_id: Option<i64> => reference("opportunity");
    /// The account.
    account_id: i64 => required, reference("account");
    /// The person it is addressed to.
    contact_id: Option<i64> => reference("contact");
    /// The owner.
    owner_id: Option<i64> => computed, reference("user");
    /// The team of the owner.
    team_id: Option<i64> => computed, reference("team");
    /// The price list that it was made from.
    price_list_id: Option<i64> => reference("price_list");
    /// How it stands.
    outcome: String => computed, choice(OUTCOMES);
    /// When it was asked to be approved.
    approval_requested_at: Option<DateTime<Utc>> => computed;
    /// When it was approved.
    approved_at: Option<DateTime<Utc>> => computed;
    /// When it was sent.
    sent_at: Option<DateTime<Utc>> => computed, filter;
    /// The last day that it holds.
    valid_until: Option<NaiveDate> => filter;
    /// When the customer decided.
    decided_at: Option<DateTime<Utc>> => computed, filter;
    /// The amount at list prices, in fen.
    list_amount: Option<i64> => computed, money;
    /// What it costs the firm, in fen.
    cost_amount: Option<i64> => computed, money, margin;
    /// The discount on list prices.
    discount: Option<i64> => computed, basis_points;
    /// The margin, in basis points; below zero where it loses.
    margin: Option<i64> => computed, margin;
    /// What the customer accepted, in fen.
    accepted_amount: Option<i64> => computed, money;
    /// Why the customer declined.
    declined_reason: Option<String> => computed, length(1_000);
    /// The terms of payment.
    payment_terms: Option<String> => length(1_000);
    /// The terms of delivery.
    delivery_terms: Option<String> => length(1_000);
    /// The risk to be judged by who approves.
    risk_note: Option<String> => length(2_000);
}
