//! Something to be done (待办).

use crate::record::record;

/// Where a to-do can come from.
pub const SOURCES: &[&str] = &[
    "manual", "rule", "alert", "ticket", "approval", "handover", "health",
];
/// How a to-do can stand.
pub const STATES: &[&str] = &["open", "snoozed", "done", "cancelled"];

record! {
    /// Something to be done (待办).
    "todo" in "todos", seen by [Owner("owner_id"), Team("team_id")];
    /// What is to be done.
    title: String => required, length(400), sort, search;
    /// Who is to do it.
    owner_id: Option<i64> => computed, reference("user");
    /// Their team.
    team_id: Option<i64> => computed, reference("team");
    /// Until when.
    due_at: Option<DateTime<Utc>> => filter;
    /// Where it came from.
    source: String => computed, choice(SOURCES);
    /// What caused it, once per cause.
    cause: Option<String> => computed, length(200), filter;
    /// The account.
    account_id: Option<i64> => reference("account");
    /// The opportunity.
    opportunity_id: Option<i64> => reference("opportunity");
    /// The quote.
    quote_id: Option<i64> => reference("quote");
    /// The ticket.
    ticket_id: Option<i64> => reference("ticket");
    /// How it stands.
    state: String => computed, choice(STATES);
    /// Until when it is put off.
    snoozed_until: Option<DateTime<Utc>> => computed, filter;
    /// Why it is put off.
    snooze_reason: Option<String> => computed, length(400);
    /// When it was done.
    completed_at: Option<DateTime<Utc>> => computed, filter;
    /// What came of it.
    result: Option<String> => computed, length(2_000);
}
