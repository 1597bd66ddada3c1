//! What is done by itself, and when.

use crate::record::record;

/// What can be done.
pub const WORKS: &[&str] = &[
    "ingest",
    "marts",
    "health",
    "monthly_report",
    "upkeep",
    "backup",
    "dispatches",
];
/// What becomes of moments that nobody was there for.
pub const CATCH_UPS: &[&str] = &["once", "all"];

record! {
    /// What is done by itself, and when.
    "schedule" in "schedules", seen by [Everybody];
    /// What people call it.
    name: String => required, length(100), sort, search;
    /// What is done.
    work: String => required, choice(WORKS);
    /// The mapping file of an ingest, on the server.
    mapping: Option<String> => length(400);
    /// When: such as `working-day 1 08:00` or `cron 30 8 * * 1-5`.
    rule: String => required, length(200);
    /// The time zone of the rule; the company's without one.
    zone: Option<String> => length(60);
    /// What becomes of moments that nobody was there for: the last one, or all of them.
    catch_up: String => choice(CATCH_UPS);
    /// Where all are caught up: those of so many days at most.
    catch_up_days: Option<i64> => between(1, 3_660);
    /// How long it may take.
    time_limit_minutes: i64 => between(1, 10_080);
    /// Whether it is done at all.
    enabled: bool;
}
