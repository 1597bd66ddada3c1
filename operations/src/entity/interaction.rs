//! A visit, call, message or meeting (跟进记录).

use crate::record::record;

/// The kinds of interactions.
pub const KINDS: &[&str] = &["visit", "call", "message", "meeting", "mail", "note"];

record! {
    /// A visit, call, message or meeting (跟进记录).
    "interaction" in "interactions", open false, seen by [Owner("by_id"), Through("account_id", "account")];
    /// The account.
    account_id: i64 => required, reference("account");
    /// The opportunity.
    opportunity_id: Option<i64> => reference("opportunity");
    /// The person met.
    contact_id: Option<i64> => reference("contact");
    /// Who it was.
    by_id: Option<i64> => computed, reference("user");
    /// What kind it was.
    kind: String => required, choice(KINDS);
    /// When it was.
    at: DateTime<Utc> => required, filter;
    /// What was said.
    content: String => required, length(10_000), search;
    /// Whether the customer answered.
    two_way: bool;
    /// Whether it keeps the account from the pool: a verified visit, an answer, a progress.
    effective: bool => computed;
    /// When the rep checked in at the place (外勤打卡).
    checked_in_at: Option<DateTime<Utc>> => filter;
    /// The latitude of the place, in millionths of a degree.
    latitude: Option<i64> => between(-90_000_000, 90_000_000);
    /// The longitude of the place, in millionths of a degree.
    longitude: Option<i64> => between(-180_000_000, 180_000_000);
    /// How far off the place may be, in metres.
    accuracy_metres: Option<i64> => between(0, 1_000_000);
    /// The name of the place.
    place: Option<String> => length(400);
    /// What comes next.
    next_step: Option<String> => length(1_000);
    /// When it comes.
    next_at: Option<DateTime<Utc>> => filter;
}
