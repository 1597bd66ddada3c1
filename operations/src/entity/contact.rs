//! A person at a customer (联系人).

use crate::record::record;

/// The parts that a contact can play in decisions.
pub const DECISION_ROLES: &[&str] = &["decider", "influencer", "buyer", "user", "gatekeeper"];

record! {
    /// A person at a customer (联系人).
    "contact" in "contacts", seen by [Through("account_id", "account")];
    /// The account.
    account_id: i64 => required, reference("account");
    /// The name.
    name: String => required, length(100), sort, search;
    /// The job title.
    title: Option<String> => length(100);
    /// The department.
    department: Option<String> => length(100);
    /// The part played in decisions.
    decision_role: Option<String> => choice(DECISION_ROLES);
    /// Whether this is the one to turn to first.
    primary_contact: bool;
    /// The mobile number.
    mobile: Option<String> => phone, search;
    /// The number at the desk.
    phone: Option<String> => phone, search;
    /// The mail address.
    email: Option<String> => length(200), contact_detail, search;
    /// The name in WeChat.
    wechat: Option<String> => length(100), contact_detail;
    /// Remarks that colleagues may read.
    note: Option<String>;
}
