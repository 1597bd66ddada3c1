//! One copy of a subscription for one recipient, and what became of it: the outbox and its receipts.

use super::subscription::CHANNELS;
use crate::record::record;

/// How a copy can stand.
pub const STATES: &[&str] = &[
    "planned", "sending", "sent", "retrying", "unknown", "given_up", "withheld", "quiet", "skipped",
];

record! {
    /// One copy of a subscription for one recipient, and what became of it.
    "dispatch" in "dispatches", open false, seen by [Owner("recipient_id"), Through("subscription_id", "subscription")];
    /// Of which subscription.
    subscription_id: i64 => required, reference("subscription");
    /// For whom, by whose rights; of a webhook its owner.
    recipient_id: i64 => required, reference("user");
    /// The moment that it is due.
    planned_at: DateTime<Utc> => required, filter, sort;
    /// Whether somebody asked for it, beside the rule.
    manual: bool;
    /// How it comes.
    channel: String => required, choice(CHANNELS);
    /// Where to: the mail address, or the address that is called.
    address: Option<String> => length(1_000);
    /// How it stands.
    state: String => choice(STATES);
    /// How often it was tried.
    attempts: i64;
    /// When it is tried next.
    next_attempt_at: Option<DateTime<Utc>> => filter;
    /// When it was written.
    rendered_at: Option<DateTime<Utc>>;
    /// When it was taken over by the other side.
    sent_at: Option<DateTime<Utc>> => filter;
    /// The subject of the mail.
    subject: Option<String> => length(400);
    /// What the mail is known by, however often it is sent.
    message_id: Option<String> => length(200);
    /// Why it did not come.
    reason: Option<String> => length(2_000);
    /// What the other side said.
    response: Option<String> => length(1_000);
    /// The lease under which it was sent last.
    token: i64;
}
