//! A ticket (工单).

use crate::record::record;

/// How bad a ticket can be.
pub const SEVERITIES: &[&str] = &["low", "normal", "high", "urgent"];
/// How a ticket can stand.
pub const STATUSES: &[&str] = &[
    "open",
    "in_progress",
    "paused",
    "resolved",
    "closed",
    "cancelled",
];

record! {
    /// A ticket (工单).
    "ticket" in "tickets", number "TIC", seen by [Owner("requester_id"), Owner("owner_id"), Team("team_id"), Through("account_id", "account")];
    /// The human number.
    number: String => computed, length(40), filter, sort, search;
    /// What kind it is, as configured.
    kind: String => required, length(64), filter;
    /// What it is about.
    title: String => required, length(200), sort, search;
    /// The whole story.
    description: Option<String> => length(20_000);
    /// The values of its form.
    form: Json;
    /// The account.
    account_id: Option<i64> => reference("account");
    /// The opportunity.
    opportunity_id: Option<i64> => reference("opportunity");
    /// The quote.
    quote_id: Option<i64> => reference("quote");
    /// The order.
    order_id: Option<i64> => reference("order");
    /// Who asked.
    requester_id: Option<i64> => computed, reference("user");
    /// Who answers.
    owner_id: Option<i64> => computed, reference("user");
    /// The team that answers.
    team_id: Option<i64> => computed, reference("team");
    /// How bad it is.
    severity: String => choice(SEVERITIES);
    /// How it stands.
    status: String => computed, choice(STATUSES);
    /// When it was opened.
    opened_at: DateTime<Utc> => computed, filter;
    /// When it was first answered.
    first_response_at: Option<DateTime<Utc>> => computed, filter;
    /// When it was resolved.
    resolved_at: Option<DateTime<Utc>> => computed, filter;
    /// When it was closed.
    closed_at: Option<DateTime<Utc>> => computed, filter;
    /// Until when it is due.
    due_at: Option<DateTime<Utc>> => computed, filter;
    /// What was first answered.
    response: Option<String> => computed, length(20_000);
    /// What resolved it.
    resolution: Option<String> => computed, length(20_000);
    /// Why it stands so: why it is paused, was cancelled or reopened.
    status_reason: Option<String> => computed, length(1_000);
    /// Since when it is paused.
    paused_at: Option<DateTime<Utc>> => computed, filter;
    /// For how much working time (工作时间) it was paused or rested as resolved, in seconds, the running
    /// pause left out.
    paused_working_seconds: i64 => computed;
    /// How satisfied the asker was, from 1 to 5.
    satisfaction: Option<i64> => computed, between(1, 5), filter;
}
