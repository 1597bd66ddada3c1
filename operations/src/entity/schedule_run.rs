//! One time that something was, or is to be, done by itself.

use crate::record::record;

/// How a run can stand.
pub const STATES: &[&str] = &[
    "planned",
    "running",
    "done",
    "failed",
    "cancelled",
    "skipped",
];

record! {
    /// One time that something was, or is to be, done by itself.
    "schedule_run" in "schedule_runs", open false, seen by [Everybody];
    /// What is done.
    schedule_id: i64 => required, reference("schedule");
    /// The moment that it is due.
    planned_at: DateTime<Utc> => required, filter, sort;
    /// How it stands.
    state: String => choice(STATES);
    /// Whether somebody asked for it, beside the rule.
    manual: bool;
    /// Who did.
    requested_by_id: Option<i64> => reference("user");
    /// When it began.
    began_at: Option<DateTime<Utc>> => filter;
    /// When it ended.
    ended_at: Option<DateTime<Utc>> => filter;
    /// How often it was begun.
    attempt: i64;
    /// The lease under which it was begun last.
    token: i64;
    /// When it was asked to end.
    cancel_asked_at: Option<DateTime<Utc>> => filter;
    /// What it did.
    result: Option<String> => length(2_000);
    /// Why it failed, or was left out.
    error: Option<String> => length(4_000);
}
