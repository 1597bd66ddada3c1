//! A note that only its author sees; the change log says that it changed, never what it says.

use crate::record::record;

record! {
    /// A note that only its author sees; the change log says that it changed, never what it says.
    "private_note" in "private_notes", seen by [Author("author_id")];
    /// The author.
    author_id: i64 => computed, reference("user");
    /// The account.
    account_id: Option<i64> => reference("account");
    /// The opportunity.
    opportunity_id: Option<i64> => reference("opportunity");
    /// The person.
    contact_id: Option<i64> => reference("contact");
    /// What it says.
    body: String => required, length(20_000), secret;
}
