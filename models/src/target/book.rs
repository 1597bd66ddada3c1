//! Targets that were read, and which of them a number has.

use std::collections::BTreeMap;

use super::{TargetPeriod, Whom, adds_up};
use crate::metric::Metric;

/// The target of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Its value, in parts of the metric's unit: see [`super::parts_of`].
    pub parts: i64,
    /// The record; none where it is the sum of several.
    pub id: Option<i64>,
    /// Whether it is the sum of the targets of the parts of the period.
    pub summed: bool,
}

/// Targets by metric, whom and period.
#[derive(Debug, Clone, Default)]
pub struct Book {
    targets: BTreeMap<(String, Whom, TargetPeriod), (i64, i64)>,
}

impl Book {
    /// Enters a target: its record and its value in parts.
    pub fn enter(&mut self, metric: &str, whom: Whom, period: TargetPeriod, id: i64, parts: i64) {
        self.targets
            .insert((metric.to_owned(), whom, period), (id, parts));
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// The target of a metric for somebody in a period: its own; where there is none and the metric
    /// [adds up](adds_up), the sum of those of all months of the quarter, or all quarters of the
    /// year. A part without a target leaves the whole without one.
    pub fn of(&self, metric: &Metric, whom: Whom, period: TargetPeriod) -> Option<Found> {
        let own = self.targets.get(&(metric.name.clone(), whom, period));
        if let Some((id, parts)) = own {
            return Some(Found {
                parts: *parts,
                id: Some(*id),
                summed: false,
            });
        }
        let parts = period.parts();
        if parts.is_empty() || !adds_up(metric) {
            return None;
        }
        let of_parts = parts.into_iter().map(|part| self.of(metric, whom, part));
        let sum = of_parts
            .map(|found| found.map(|found| found.parts))
            .sum::<Option<i64>>()?;
        Some(Found {
            parts: sum,
            id: None,
            summed: true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::Registry;

    fn book(entries: &[(&str, &str, i64)]) -> Book {
        let mut book = Book::default();
        for (index, (metric, period, parts)) in (1_i64..).zip(entries) {
            let period = period.parse().unwrap();
            book.enter(metric, Whom::Team(7), period, index, *parts);
        }
        book
    }

    fn found(book: &Book, metric: &str, period: &str) -> Option<(i64, bool)> {
        let metric = Registry::shipped().unwrap().metric(metric).unwrap();
        let found = book.of(metric, Whom::Team(7), period.parse().unwrap());
        found.map(|found| (found.parts, found.summed))
    }

    #[test]
    fn a_longer_period_is_the_sum_of_its_parts_where_values_add_up() {
        let months = [
            ("won_amount", "2026-10", 100),
            ("won_amount", "2026-11", 200),
            ("won_amount", "2026-12", 300),
            ("win_rate", "2026-10", 3_000),
            ("win_rate", "2026-11", 3_100),
            ("win_rate", "2026-12", 3_200),
        ];
        let mut own = book(&months);
        assert_eq!(found(&own, "won_amount", "2026-11"), Some((200, false)));
        assert_eq!(found(&own, "won_amount", "2026-Q4"), Some((600, true)));
        assert_eq!(found(&own, "win_rate", "2026-Q4"), None);
        // three quarters are missing
        assert_eq!(found(&own, "won_amount", "2026"), None);
        for (quarter, parts) in [("2026-Q1", 1_000), ("2026-Q2", 1_100), ("2026-Q3", 1_200)] {
            own.enter(
                "won_amount",
                Whom::Team(7),
                quarter.parse().unwrap(),
                90,
                parts,
            );
        }
        assert_eq!(found(&own, "won_amount", "2026"), Some((3_900, true)));
        // its own stands over the sum
        own.enter(
            "won_amount",
            Whom::Team(7),
            "2026".parse().unwrap(),
            91,
            5_000,
        );
        assert_eq!(found(&own, "won_amount", "2026"), Some((5_000, false)));
    }

    #[test]
    fn a_target_is_for_whom_it_was_set() {
        let book = book(&[("won_amount", "2026-10", 100)]);
        let metric = Registry::shipped().unwrap().metric("won_amount").unwrap();
        let month = "2026-10".parse().unwrap();
        assert_eq!(book.of(metric, Whom::Company, month), None);
        assert_eq!(book.of(metric, Whom::Person(7), month), None);
        assert_eq!(book.of(metric, Whom::Team(7), month).unwrap().id, Some(1));
    }
}
