//! Up to where a table was read, as the lake keeps it with the rows.
//!
//! Rows of a transaction that commits late have a cursor below what was read already. Two things
//! keep them from being lost. Every reading begins an overlap below the mark. And on PostgreSQL the
//! mark follows what was reached only by a later reading that began where this one did, and saw
//! every transaction done that could write then.

use millrace_lake::Table;

/// What is known of running transactions; both numbers grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Horizon {
    /// The oldest transaction that was running when the snapshot was taken.
    pub(crate) oldest: i64,
    /// Every transaction that was running then is older than this one.
    pub(crate) next: i64,
}

/// The marks of one table and what is mapped from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Marks {
    application: String,
    /// Nothing below it is missing.
    mark: Option<i64>,
    /// The highest cursor of a reading; the mark once `horizon` has passed.
    reached: Option<i64>,
    horizon: Option<i64>,
}

impl Marks {
    /// What a raw table says.
    pub(crate) fn of(table: &Table, application: &str) -> Self {
        let of = |what: &str| table.transaction(&format!("{application}:{what}"));
        Self {
            mark: of("mark"),
            reached: of("reached"),
            horizon: of("horizon"),
            application: application.to_owned(),
        }
    }

    /// Where a reading begins, before the overlap; `None` for the beginning of the table.
    pub(crate) fn begin(&self) -> Option<i64> {
        self.mark
    }

    /// What is committed with the rows of a reading, the highest cursor of which is `seen`.
    pub(crate) fn after(&self, horizon: Option<Horizon>, seen: Option<i64>) -> Vec<(String, i64)> {
        let mut next = self.clone();
        match horizon {
            // Whether a transaction is running is not known: the overlap is all there is.
            None => next.mark = self.mark.max(seen),
            // None was running.
            Some(now) if now.oldest >= now.next => next.mark = self.mark.max(seen),
            // Those that were running when `reached` was, are done, and what they wrote was read.
            Some(now) if self.horizon.is_none_or(|then| now.oldest >= then) => {
                next.mark = self.mark.max(self.reached);
                if seen > next.mark {
                    next.reached = seen;
                    next.horizon = Some(now.next);
                }
            }
            Some(_) => {}
        }
        let pairs = [
            ("mark", self.mark, next.mark),
            ("reached", self.reached, next.reached),
            ("horizon", self.horizon, next.horizon),
        ];
        let grown = pairs.into_iter().filter(|(_, old, new)| new > old);
        grown
            .filter_map(|(what, _, new)| Some((format!("{}:{what}", self.application), new?)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The marks with what was committed.
    fn committed(marks: &Marks, pairs: &[(String, i64)]) -> Marks {
        let of = |what: &str, old| {
            let name = format!("t:{what}");
            let new = pairs.iter().find(|(own, _)| *own == name);
            new.map(|(_, value)| *value).or(old)
        };
        Marks {
            application: "t".into(),
            mark: of("mark", marks.mark),
            reached: of("reached", marks.reached),
            horizon: of("horizon", marks.horizon),
        }
    }

    const NONE: fn() -> Marks = || Marks {
        application: "t".into(),
        mark: None,
        reached: None,
        horizon: None,
    };

    #[test]
    fn the_mark_waits_for_transactions_that_were_running() {
        let at = |oldest, next| Some(Horizon { oldest, next });
        // Transaction 5 runs while the first reading sees up to 100.
        let first = committed(&NONE(), &NONE().after(at(5, 9), Some(100)));
        assert_eq!(first.begin(), None, "from the beginning again");
        // It still runs when the second sees up to 200: the first must be waited for.
        let second = committed(&first, &first.after(at(5, 12), Some(200)));
        assert_eq!(second, first);
        // It is done, and this reading, from the beginning, has what it wrote.
        let third = committed(&second, &second.after(at(12, 14), Some(200)));
        assert_eq!((third.begin(), third.reached), (Some(100), Some(200)));
        let fourth = committed(&third, &third.after(at(14, 16), Some(200)));
        assert_eq!(fourth.begin(), Some(200));
        let fifth = fourth.after(at(15, 18), Some(200));
        assert_eq!(fifth, [], "nothing to say is not said");
    }

    #[test]
    fn where_nothing_runs_the_mark_is_what_was_reached() {
        let quiet = Some(Horizon { oldest: 9, next: 9 });
        assert_eq!(NONE().after(quiet, Some(7)), [("t:mark".to_owned(), 7)]);
        assert_eq!(NONE().after(None, Some(7)), [("t:mark".to_owned(), 7)]);
        assert_eq!(NONE().after(None, None), []);
    }
}
