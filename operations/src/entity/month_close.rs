//! A month whose numbers are closed (关账): on what, by whom, and whether it was opened again.

use crate::record::record;

record! {
    /// A month whose numbers are closed: they stay as they were known then.
    "month_close" in "month_closes", open false, seen by [Everybody];
    /// The first day of the month.
    month: NaiveDate => required, filter, sort;
    /// The moment that it is closed at: what was known then is what counts.
    closed_at: DateTime<Utc> => required, filter, sort;
    /// Who closed it; nobody where a command did.
    closed_by_id: Option<i64> => reference("user");
    /// What was said of it.
    note: Option<String> => length(1_000);
    /// The published set of the lake that its numbers are taken from.
    published_set: i64 => required;
    /// When it was opened again; it is closed until then.
    reopened_at: Option<DateTime<Utc>> => filter;
    /// Who opened it again.
    reopened_by_id: Option<i64> => reference("user");
    /// Why it was opened again.
    reopen_reason: Option<String> => length(1_000);
}
