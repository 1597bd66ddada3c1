//! A role: who may what, as data.

use crate::record::record;

record! {
    /// A role: who may what, as data.
    "role" in "roles", seen by [Everybody];
    /// The code.
    code: String => required, length(64), filter, sort;
    /// The Chinese name.
    name_zh: String => required, length(100);
    /// The English name.
    name_en: String => required, length(100);
    /// What it may do: `millrace_models::scope::Rights`.
    rights: Json => required;
    /// How many accounts one person may hold.
    pool_capacity: Option<i64> => between(0, 1_000_000);
    /// How many claims one person may make in a day.
    daily_claims: Option<i64> => between(0, 1_000_000);
    /// The highest discount without approval.
    discount_limit: i64 => basis_points;
}
