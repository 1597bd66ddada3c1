//! A file that belongs to a record; its bytes lie in the object store.

use crate::record::record;

record! {
    /// A file that belongs to a record; its bytes lie in the object store.
    "attachment" in "attachments", open false, seen by [Owner("uploaded_by_id"), Through("account_id", "account")];
    /// The resource of the record.
    entity: String => required, length(64), filter;
    /// The id of the record.
    record_id: i64 => required, filter;
    /// The account that the record belongs to, if any; who sees that sees this.
    account_id: Option<i64> => reference("account");
    /// What it is, as `requirements` or `signed_contract`.
    kind: String => required, length(64), filter;
    /// The name of the file.
    file_name: String => required, length(255), sort, search;
    /// Its media type.
    media_type: String => required, length(127);
    /// Its size in bytes.
    bytes: i64 => required, between(0, 1_099_511_627_776);
    /// The SHA-256 of its bytes, in hexadecimal.
    sha256: String => required, length(64);
    /// Where it lies in the object store.
    object_key: String => required, length(400);
    /// Who brought it.
    uploaded_by_id: Option<i64> => reference("user");
}
