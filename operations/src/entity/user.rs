//! A person of the firm.

use crate::record::record;

record! {
    /// A person of the firm.
    "user" in "users", open false, seen by [Everybody];
    /// The name to sign in with, lower case.
    username: String => required, length(64), filter, sort, search;
    /// The person's name.
    name: String => required, length(100), sort, search;
    /// The mail address.
    email: Option<String> => length(200);
    /// The telephone number.
    phone: Option<String> => length(40);
    /// The team.
    team_id: Option<i64> => reference("team");
    /// The superior.
    manager_id: Option<i64> => reference("user");
    /// The role.
    role_id: i64 => required, reference("role");
    /// The region.
    region: Option<String> => length(100), filter;
    /// The language of the pages: `zh` or `en`.
    language: String => choice(&["zh", "en"]);
    /// Whether the person may sign in.
    enabled: bool;
    /// The last day of a leave that is running.
    on_leave_until: Option<NaiveDate>;
    /// The day the person left the firm.
    left_on: Option<NaiveDate>;
}
