//! A team; teams form a tree.

use crate::record::record;

record! {
    /// A team; teams form a tree.
    "team" in "teams", seen by [Everybody];
    /// The name.
    name: String => required, length(100), sort, search;
    /// The team above.
    parent_id: Option<i64> => reference("team");
    /// The one who leads it.
    leader_id: Option<i64> => reference("user");
    /// The region.
    region: Option<String> => length(100), filter;
}
