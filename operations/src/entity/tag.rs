//! A tag that accounts can carry and the pool routes by.

use crate::record::record;

record! {
    /// A tag that accounts can carry and the pool routes by.
    "tag" in "tags", seen by [Everybody];
    /// The name.
    name: String => required, length(100), filter, sort, search;
    /// What kind of tag it is, as `region` or `industry`.
    kind: String => length(40), filter;
    /// The team that accounts with this tag are routed to.
    team_id: Option<i64> => reference("team");
}
