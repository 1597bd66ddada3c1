//! A rule by which accounts without an owner are routed to a team.

use crate::record::record;

record! {
    /// A rule by which accounts without an owner are routed to a team: the first whose conditions
    /// all hold; a condition that is left empty always holds.
    "routing_rule" in "routing_rules", seen by [Everybody];
    /// Its place among the rules: the lowest is tried first.
    position: i64 => required, between(1, 100_000), sort;
    /// The tag that the account carries.
    tag_id: Option<i64> => reference("tag");
    /// The region that the account is in.
    region: Option<String> => length(100), filter;
    /// The industry that the account is in.
    industry: Option<String> => length(100), filter;
    /// The team that the account is routed to.
    team_id: i64 => required, reference("team");
    /// Whether it is used.
    enabled: bool;
}
