//! The receipt of a handover (交接): what went from whom to whom.

use crate::record::record;

record! {
    /// The receipt of a handover (交接): what went from whom to whom.
    "handover" in "handovers", open false, seen by [Owner("by_id"), Owner("from_user_id")];
    /// Who handed over.
    from_user_id: i64 => required, reference("user");
    /// Who did it.
    by_id: Option<i64> => reference("user");
    /// When.
    at: DateTime<Utc> => required, filter;
    /// Why.
    reason: Option<String> => length(1_000);
    /// The rule by which successors were chosen.
    rule: Json => required;
    /// The records: a list of `{"entity", "id", "to_user_id"}`, no amounts and no names.
    moved: Json => required;
}
