//! A move of a deal; never rewritten, a correction is a new one.

use crate::record::record;

/// The kinds of moves.
pub const KINDS: &[&str] = &[
    "open",
    "forward",
    "back",
    "skip",
    "close",
    "reopen",
    "complete",
    "correction",
];

record! {
    /// A move of a deal; never rewritten, a correction is a new one.
    "stage_change" in "stage_changes", open false, seen by [Through("opportunity_id", "opportunity")];
    /// The opportunity.
    opportunity_id: i64 => required, reference("opportunity");
    /// The stage it left, if any.
    from_stage_id: Option<i64> => reference("stage");
    /// The stage it entered.
    stage_id: i64 => required, reference("stage");
    /// The outcome after the move.
    outcome: String => choice(millrace_models::entity::OUTCOMES);
    /// When it moved.
    changed_at: DateTime<Utc> => required, filter;
    /// Who moved it.
    by_id: Option<i64> => reference("user");
    /// What kind of move it is.
    kind: String => required, choice(KINDS);
    /// Why, where a reason is due.
    reason: Option<String> => length(1_000);
    /// The criteria that were overridden.
    overridden: Option<Json>;
    /// The change that it corrects.
    corrects_id: Option<i64> => reference("stage_change");
}
