//! What somebody wants to be told of, when and how (订阅).

use crate::record::record;

/// What one can subscribe to.
pub const KINDS: &[&str] = &["monthly_report", "dashboard", "list", "threshold"];
/// How it comes.
pub const CHANNELS: &[&str] = &["mail", "webhook"];

record! {
    /// What somebody wants to be told of, when and how (订阅).
    "subscription" in "subscriptions", seen by [Owner("owner_id")];
    /// What people call it.
    name: String => required, length(200), sort, search;
    /// Whose it is.
    owner_id: i64 => computed, reference("user");
    /// What of.
    kind: String => required, choice(KINDS);
    /// Which numbers, list or threshold it is.
    content: Json => required;
    /// When: such as `working-days 18:00`; a monthly report without one comes when it is made.
    rule: Option<String> => length(200);
    /// The time zone of the rule; the company's without one.
    zone: Option<String> => length(60);
    /// How it comes.
    channel: String => choice(CHANNELS);
    /// The ids of the users who get a mail.
    recipients: Json;
    /// The address that a webhook calls.
    url: Option<String> => length(1_000);
    /// What the bodies of a webhook are signed with.
    secret: Option<String> => computed, length(100), secret;
    /// Its language; that of each recipient without one.
    language: Option<String> => choice(&["zh", "en"]);
    /// Whether it comes at all.
    enabled: bool;
}
