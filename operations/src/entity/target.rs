//! A target: what a metric is to reach in a month, quarter or year.

use crate::record::record;

record! {
    /// A target: what a metric is to reach in a period, for the company, a team or a person.
    "target" in "targets", seen by [Team("team_id"), About("user_id"), Announced("team_id", "user_id")];
    /// The metric, by its name in the registry.
    metric: String => required, length(100), filter, sort;
    /// What kind of period it is for.
    grain: String => required, choice(&["month", "quarter", "year"]);
    /// The first day of the period.
    starts_on: NaiveDate => required, filter, sort;
    /// The team that it is for, with the teams below; without team and person it is for the company.
    team_id: Option<i64> => reference("team");
    /// The person whom it is for.
    user_id: Option<i64> => reference("user");
    /// Of a metric in money: the amount to reach, in fen.
    amount: Option<i64> => money;
    /// Of any other metric: the value to reach; shares in basis points, counts as they are, days, hours and points in thousandths.
    value: Option<i64> => between(0, 1_000_000_000_000_000);
    /// What was said of it.
    note: Option<String> => length(1_000);
}
