//! A tag on an account.

use crate::record::record;

record! {
    /// A tag on an account.
    "account_tag" in "account_tags", seen by [Through("account_id", "account")];
    /// The account.
    account_id: i64 => required, reference("account");
    /// The tag.
    tag_id: i64 => required, reference("tag");
}
