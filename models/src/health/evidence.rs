//! What else is known of an account than its orders: payments, conversations, quotes, tickets.

use super::history::{DayAmount, Standing};

/// An instalment, and what was paid of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Instalment {
    /// The day by whose end it is to be paid.
    pub due: i32,
    /// How much, in the company's currency.
    pub amount: f64,
    /// What came, by day; money given back is negative.
    pub received: Vec<DayAmount>,
    /// When it was given up.
    pub written_off: Option<i32>,
}

/// A complaint, or another ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket {
    /// When it was opened.
    pub opened: i32,
    /// When it was resolved.
    pub resolved: Option<i32>,
    /// From when on it is late, unless it is resolved.
    pub late: Option<i32>,
    /// Whether it is a complaint.
    pub is_complaint: bool,
    /// Whether it is severe.
    pub is_severe: bool,
}

/// A delivery that was promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Delivery {
    /// The day that was promised.
    pub promised: i32,
    /// The day it arrived.
    pub delivered: Option<i32>,
}

/// A contract that runs out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Term {
    /// The day it was signed.
    pub signed: i32,
    /// Its last day.
    pub expires: i32,
    /// When its successor was signed, if by 90 days after it.
    pub renewed: Option<i32>,
}

/// How a quote was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decision {
    /// When.
    pub day: i32,
    /// Whether it was accepted, in part at least.
    pub is_accepted: bool,
}

/// What is known of one account, in any order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Evidence {
    /// What was to be paid.
    pub instalments: Vec<Instalment>,
    /// What it asked for help with.
    pub tickets: Vec<Ticket>,
    /// Decided quotes.
    pub decisions: Vec<Decision>,
    /// Days of interactions in which both sides said something; one for each.
    pub two_way: Vec<i32>,
    /// Days of those that name the person, and the person by a number.
    pub people: Vec<(i32, u32)>,
    /// What was to be delivered.
    pub deliveries: Vec<Delivery>,
    /// Contracts that run out.
    pub terms: Vec<Term>,
}

/// What kinds of ticket are complaints, in small letters, however a source writes them.
pub const COMPLAINTS: [&str; 4] = ["complaint", "complaints", "投诉", "客户投诉"];
/// Which severities are severe.
pub const SEVERE: [&str; 8] = [
    "high", "urgent", "critical", "severe", "高", "紧急", "严重", "重大",
];

/// Less than this is paid.
const SMALLEST: f64 = 0.005;

impl Evidence {
    /// In an order that does not depend on that in which it came: sums are the same to the bit.
    pub(super) fn sort(&mut self) {
        for own in &mut self.instalments {
            own.received.sort_unstable_by(|left, right| {
                let by_amount = left.amount.total_cmp(&right.amount);
                left.day.cmp(&right.day).then(by_amount)
            });
        }
        self.instalments.sort_by(|left, right| {
            let by_amount = left.amount.total_cmp(&right.amount);
            let paid = |own: &Instalment| own.received.iter().map(|own| own.amount).sum::<f64>();
            let by_paid = paid(left).total_cmp(&paid(right));
            let by_day = left.due.cmp(&right.due);
            by_day.then(by_amount).then(by_paid)
        });
        self.tickets.sort_unstable();
        self.decisions.sort_unstable();
        self.two_way.sort_unstable();
        self.people.sort_unstable();
        self.deliveries.sort_unstable();
        self.terms.sort_unstable();
    }

    /// What was known at the end of a day.
    pub(super) fn until(&self, day: i32) -> Self {
        let known = |at: Option<i32>| at.filter(|at| *at <= day);
        let instalments = self.instalments.iter().filter(|own| own.due <= day);
        let tickets = self.tickets.iter().filter(|own| own.opened <= day);
        let decisions = self.decisions.iter().filter(|own| own.day <= day);
        let people = self.people.iter().filter(|own| own.0 <= day);
        let deliveries = self.deliveries.iter().filter(|own| own.promised <= day);
        let terms = self.terms.iter().filter(|own| own.signed <= day);
        Self {
            instalments: instalments
                .map(|own| Instalment {
                    received: own.received_by(day).copied().collect(),
                    written_off: known(own.written_off),
                    ..*own
                })
                .collect(),
            tickets: tickets
                .map(|own| Ticket {
                    resolved: known(own.resolved),
                    late: known(own.late),
                    ..*own
                })
                .collect(),
            decisions: decisions.copied().collect(),
            two_way: self
                .two_way
                .iter()
                .copied()
                .filter(|at| *at <= day)
                .collect(),
            people: people.copied().collect(),
            deliveries: deliveries
                .map(|own| Delivery {
                    delivered: known(own.delivered),
                    ..*own
                })
                .collect(),
            terms: terms
                .map(|own| Term {
                    renewed: known(own.renewed),
                    ..*own
                })
                .collect(),
        }
    }
}

impl Instalment {
    fn received_by(&self, day: i32) -> impl Iterator<Item = &DayAmount> {
        self.received.iter().filter(move |own| own.day <= day)
    }

    fn paid_by(&self, day: i32) -> f64 {
        self.received_by(day).map(|own| own.amount).sum()
    }

    fn is_open_on(&self, day: i32) -> bool {
        let is_given_up = self.written_off.is_some_and(|at| at <= day);
        !is_given_up && self.amount - self.paid_by(day) > SMALLEST
    }
}

impl Ticket {
    fn is_open_on(&self, day: i32) -> bool {
        self.resolved.is_none_or(|at| at > day)
    }

    /// Whether it was not resolved in time, as far as is known at the end of a day.
    fn is_missed_on(&self, day: i32) -> bool {
        let late = self.late.filter(|late| *late <= day);
        late.is_some_and(|late| self.resolved.is_none_or(|at| at >= late))
    }
}

impl Standing<'_> {
    /// Of what fell due in the last `days` days, the part that had come by its due day; `None` where
    /// nothing did.
    pub fn paid_in_time(&self, days: i32) -> Option<f64> {
        let own = self.evidence.instalments.iter();
        let own = own.filter(|own| self.is_within(own.due, days) && own.amount > 0.0);
        let (due, paid) = own.fold((0.0, 0.0), |(due, paid), own| {
            let in_time = own.paid_by(own.due).clamp(0.0, own.amount);
            (due + own.amount, paid + in_time)
        });
        (due > 0.0).then(|| paid / due)
    }

    /// For how many days the oldest open instalment has been overdue; `None` without one.
    pub fn overdue_days(&self) -> Option<i32> {
        let own = self.evidence.instalments.iter();
        let open = own.filter(|own| own.due < self.day && own.is_open_on(self.day));
        open.map(|own| self.day - own.due).max()
    }

    /// What is open of instalments whose due day is over.
    pub fn overdue_amount(&self) -> f64 {
        let own = self.evidence.instalments.iter();
        let open = own.filter(|own| own.due < self.day && own.is_open_on(self.day));
        open.fold(0.0, |sum, own| sum + own.amount - own.paid_by(self.day))
    }

    /// Interactions of the last `days` days in which both sides said something.
    pub fn two_way_within(&self, days: i32) -> f64 {
        let own = self.evidence.two_way.iter();
        own.filter(|day| self.is_within(**day, days)).count() as f64
    }

    /// The same of the `days` days before those.
    pub fn two_way_before(&self, days: i32) -> f64 {
        self.two_way_within(days.saturating_mul(2)) - self.two_way_within(days)
    }

    /// How many persons said something in the last `days` days; `None` where no interaction of both
    /// sides names one.
    pub fn people_within(&self, days: i32) -> Option<usize> {
        let own = self.evidence.people.iter();
        let own = own.filter(|own| self.is_within(own.0, days));
        let mut people: Vec<u32> = own.map(|own| own.1).collect();
        people.sort_unstable();
        people.dedup();
        (!people.is_empty()).then_some(people.len())
    }

    /// Of the deliveries that were promised for the last `days` days, today not among them, the part
    /// that arrived by then; `None` where none was.
    pub fn delivered_in_time(&self, days: i32) -> Option<f64> {
        let own = self.evidence.deliveries.iter();
        let own = own.filter(|own| own.promised < self.day && self.is_within(own.promised, days));
        let (count, in_time) = own.fold((0.0, 0.0), |(count, in_time), own| {
            let is_in_time = own.delivered.is_some_and(|at| at <= own.promised);
            (count + 1.0, in_time + f64::from(is_in_time))
        });
        (count > 0.0).then(|| in_time / count)
    }

    /// The days until the contract that runs longest runs out, negative after it; `None` where none
    /// ever ran out.
    pub fn contract_days_left(&self) -> Option<i32> {
        let own = self
            .evidence
            .terms
            .iter()
            .filter(|own| own.signed <= self.day);
        own.map(|own| own.expires - self.day).max()
    }

    /// Complaints and severe tickets of the last `days` days: one for each that was not resolved in
    /// time, half of one for the others.
    pub fn trouble_within(&self, days: i32) -> f64 {
        let own = self.evidence.tickets.iter();
        let own = own.filter(|own| self.is_within(own.opened, days));
        own.filter(|own| own.is_complaint || own.is_severe)
            .map(|own| if own.is_missed_on(self.day) { 1.0 } else { 0.5 })
            .fold(0.0, |sum, own| sum + own)
    }

    /// Whether a severe complaint is not resolved.
    pub fn has_open_severe_complaint(&self) -> bool {
        let own = self.evidence.tickets.iter();
        own.filter(|own| own.is_complaint && own.is_severe && own.opened <= self.day)
            .any(|own| own.is_open_on(self.day))
    }

    /// Of the quotes that were decided in the last `days` days, the part that was accepted; `None`
    /// where none was decided.
    pub fn quotes_accepted(&self, days: i32) -> Option<f64> {
        let own = self.evidence.decisions.iter();
        let own = own.filter(|own| self.is_within(own.day, days));
        let (count, accepted) = own.fold((0.0, 0.0), |(count, accepted), own| {
            (count + 1.0, accepted + f64::from(own.is_accepted))
        });
        (count > 0.0).then(|| accepted / count)
    }

    fn is_within(&self, day: i32, days: i32) -> bool {
        day <= self.day && day > self.day.saturating_sub(days)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::history::{History, LineKind, OrderLine};

    fn paid(day: i32, amount: f64) -> DayAmount {
        DayAmount { day, amount }
    }

    /// One account that bought on day 0.
    fn with(evidence: Evidence) -> History {
        let line = OrderLine {
            account: 0,
            day: 0,
            kind: LineKind::Sale,
            amount: 1.0,
            untaxed: None,
            product: None,
        };
        History::new(1, [line]).with_evidence([(0, evidence)])
    }

    fn instalments() -> Vec<Instalment> {
        let of = |due, amount, received: &[DayAmount]| Instalment {
            due,
            amount,
            received: received.to_vec(),
            written_off: None,
        };
        vec![
            // in time
            of(100, 60.0, &[paid(90, 20.0), paid(100, 40.0)]),
            // half of it in time, the rest eight days late
            of(110, 40.0, &[paid(110, 20.0), paid(118, 20.0)]),
            // never
            of(120, 100.0, &[]),
        ]
    }

    #[test]
    fn payment_is_judged_by_the_day_it_was_due() {
        let history = with(Evidence {
            instalments: instalments(),
            ..Evidence::default()
        });
        let on = |day| history.standing(0, day).unwrap();
        assert_eq!(on(99).paid_in_time(365), None, "nothing is due yet");
        assert_eq!(on(100).paid_in_time(365), Some(1.0));
        assert_eq!(on(115).paid_in_time(365), Some(0.8));
        assert_eq!(on(115).overdue_days(), Some(5));
        assert_eq!(on(115).overdue_amount().to_string(), "20");
        assert_eq!(on(118).overdue_amount().to_string(), "0");
        assert_eq!(on(120).paid_in_time(365), Some(0.4));
        assert_eq!(on(120).overdue_days(), None, "the day is not over");
        assert_eq!(on(185).overdue_days(), Some(65));
        assert_eq!(on(480).paid_in_time(365), Some(0.0), "the last one alone");
        let mut given_up = instalments();
        given_up[2].written_off = Some(150);
        let history = with(Evidence {
            instalments: given_up,
            ..Evidence::default()
        });
        let on = |day| history.standing(0, day).unwrap();
        assert_eq!(on(149).overdue_days(), Some(29));
        assert_eq!(on(150).overdue_days(), None);
    }

    #[test]
    fn tickets_count_by_how_they_were_handled() {
        let ticket = |opened, resolved, late, is_complaint, is_severe| Ticket {
            opened,
            resolved,
            late,
            is_complaint,
            is_severe,
        };
        let history = with(Evidence {
            tickets: vec![
                ticket(10, Some(12), Some(13), true, false),
                ticket(20, Some(30), Some(22), true, true),
                ticket(40, None, Some(41), false, true),
                ticket(50, None, Some(41), false, false),
            ],
            ..Evidence::default()
        });
        let on = |day| history.standing(0, day).unwrap();
        let trouble = |day| on(day).trouble_within(365).to_string();
        assert_eq!(trouble(12), "0.5");
        assert_eq!(trouble(21), "1", "two that are not late");
        assert!(on(21).has_open_severe_complaint());
        assert_eq!(trouble(22), "1.5");
        assert!(!on(30).has_open_severe_complaint());
        assert_eq!(trouble(41), "2.5", "nor was the last a complaint or severe");
        assert_eq!(trouble(380), "2", "the first is more than a year old");
    }

    #[test]
    fn deliveries_persons_and_contracts_count_by_what_is_known() {
        let delivery = |promised, delivered| Delivery {
            promised,
            delivered,
        };
        let term = |signed, expires| Term {
            signed,
            expires,
            renewed: None,
        };
        let history = with(Evidence {
            deliveries: vec![
                delivery(10, Some(10)),
                delivery(20, Some(22)),
                delivery(30, None),
                delivery(40, Some(35)),
            ],
            people: vec![(5, 1), (6, 1), (50, 2)],
            two_way: vec![5, 6, 50, 100],
            terms: vec![term(0, 100), term(60, 160)],
            ..Evidence::default()
        });
        let on = |day| history.standing(0, day).unwrap();
        assert_eq!(on(10).delivered_in_time(365), None, "the day is not over");
        assert_eq!(on(11).delivered_in_time(365), Some(1.0));
        assert_eq!(on(21).delivered_in_time(365), Some(0.5));
        assert_eq!(on(50).delivered_in_time(365), Some(0.5), "two of four");
        assert_eq!(on(4).people_within(365), None);
        assert_eq!(on(6).people_within(365), Some(1));
        assert_eq!(on(50).people_within(365), Some(2));
        assert_eq!(on(400).people_within(365), Some(1));
        assert_eq!(on(59).contract_days_left(), Some(41));
        assert_eq!(on(60).contract_days_left(), Some(100));
        assert_eq!(on(170).contract_days_left(), Some(-10));
        assert_eq!(on(100).two_way_within(90).to_string(), "2");
        assert_eq!(on(100).two_way_before(90).to_string(), "2");
    }

    #[test]
    fn quotes_and_conversations_count_in_their_windows() {
        let decision = |day, is_accepted| Decision { day, is_accepted };
        let history = with(Evidence {
            decisions: vec![decision(10, true), decision(20, false), decision(30, true)],
            two_way: vec![5, 5, 60, 95],
            ..Evidence::default()
        });
        let on = |day| history.standing(0, day).unwrap();
        assert_eq!(on(9).quotes_accepted(365), None);
        assert_eq!(on(20).quotes_accepted(365), Some(0.5));
        assert_eq!(on(380).quotes_accepted(365), Some(0.5));
        assert_eq!(on(5).two_way_within(90).to_string(), "2");
        assert_eq!(on(95).two_way_within(90).to_string(), "2");
    }
}
