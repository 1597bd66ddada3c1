//! A score of 0 to 100 whose points add up, of factors that people can act on.
//!
//! Each factor turns a number into 0 to 1 by a curve and weighs what the scorecard says. A factor
//! without data is left out and its weight given to the others in proportion, first to those that tell
//! of the same; how much of the whole weight has data is the coverage. What a company does not record at
//! all has no data for anybody.

use serde::{Deserialize, Serialize};

use super::history::{History, Standing, median_gap_of_all, median_purchase_of_all};
use super::rules::Card;

const YEAR: i32 = 365;
/// The account's own rhythm counts against this many gaps of the typical account.
const TYPICAL_GAPS: f64 = 4.0;
/// Conversations are counted over so many days.
const INTERACTION_DAYS: i32 = 90;
/// Without so many persons nothing is risked.
const SOLE: f64 = 1.0;

/// What a score is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Factor {
    /// Days since the last purchase / the account's own days between purchases. Those are the median
    /// of its gaps, drawn towards that of all accounts while it has few (geometric mean, the typical
    /// gap four times).
    Rhythm,
    /// Days with a purchase in the last 365 days.
    Frequency,
    /// Net amount a day of the last lunar year / that of the one before, less 1; after a year of
    /// nothing 1, after two 0. A lunar year ends as far from the Spring Festival as the one before it.
    /// No data before the account is two of them old.
    AmountTrend,
    /// Of the deliveries that were promised for the last 365 days, the part that arrived by the promised
    /// day. No data where none was.
    Delivery,
    /// What was returned in the last 365 days / what was sold. No data where the company records no
    /// returns, or nothing was sold.
    Returns,
    /// Distinct products bought in the last 365 days. No data where lines name none.
    Breadth,
    /// Of the amounts that fell due in the last 365 days, the part that had come by its due day. No
    /// data where nothing fell due.
    Payment,
    /// Interactions of the last 90 days in which both sides said something. No data where the
    /// company records none.
    Interaction,
    /// Interactions of both sides of the last 90 days / those of the 90 before, less 1; after none at
    /// all 1. No data where the company records none, or there was none in either.
    InteractionTrend,
    /// Distinct persons of the customer in the interactions of both sides of the last 365 days. No data
    /// where none of them names the person.
    Contacts,
    /// Complaints and severe tickets of the last 365 days (half of one for what was resolved in time),
    /// for each typical order's worth of sales: x the median purchase of all accounts / what was sold.
    /// No data where the company records no tickets, or nothing was bought.
    Service,
    /// Days until the contract that runs longest runs out; negative after it. No data where the account
    /// never had one that runs out.
    Contract,
    /// Of the quotes decided in the last 365 days, the part that was accepted. No data where none was
    /// decided.
    QuoteAcceptance,
}

impl Factor {
    /// All, with what each weighs of 100 as shipped.
    pub const WEIGHTS: [(Self, f64); 13] = [
        (Self::Rhythm, 20.0),
        (Self::Frequency, 10.0),
        (Self::AmountTrend, 20.0),
        (Self::Delivery, 7.0),
        (Self::Returns, 8.0),
        (Self::Breadth, 2.0),
        (Self::QuoteAcceptance, 3.0),
        (Self::Payment, 15.0),
        (Self::Interaction, 6.0),
        (Self::InteractionTrend, 2.0),
        (Self::Contacts, 2.0),
        (Self::Service, 5.0),
        (Self::Contract, 0.0),
    ];

    /// The factor of that name.
    pub fn named(name: &str) -> Option<Self> {
        let mut all = Self::WEIGHTS.iter().map(|(factor, _)| *factor);
        all.find(|own| own.name() == name)
    }

    /// Its name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rhythm => "rhythm",
            Self::Frequency => "frequency",
            Self::AmountTrend => "amount_trend",
            Self::Delivery => "delivery",
            Self::Returns => "returns",
            Self::Breadth => "breadth",
            Self::Payment => "payment",
            Self::Interaction => "interaction",
            Self::InteractionTrend => "interaction_trend",
            Self::Contacts => "contacts",
            Self::Service => "service",
            Self::Contract => "contract",
            Self::QuoteAcceptance => "quote_acceptance",
        }
    }
}

/// How an account does, by the borders of [`ScorecardRules`](super::ScorecardRules).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// From 75, as shipped.
    Green,
    /// From 60.
    Yellow,
    /// Below.
    Red,
    /// Fewer than 3 purchases, or less than 60 % of the weight with data.
    Unrated,
}

impl Status {
    /// Its name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::Yellow => "yellow",
            Self::Red => "red",
            Self::Unrated => "unrated",
        }
    }

    /// The status of that name.
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::Green, Self::Yellow, Self::Red, Self::Unrated];
        all.into_iter().find(|own| own.name() == name)
    }
}

/// Why a score is held below 60.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// A severe complaint is not resolved.
    OpenComplaint,
    /// Something has been overdue for more than 60 days.
    Overdue,
    /// The silence is longer than 2.5 times the account's rhythm.
    Silent,
}

impl Held {
    /// The reason of that name.
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::OpenComplaint, Self::Overdue, Self::Silent];
        all.into_iter().find(|own| own.name() == name)
    }

    /// Its name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenComplaint => "open_complaint",
            Self::Overdue => "overdue",
            Self::Silent => "silent",
        }
    }
}

/// What a factor says about an account.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reading {
    /// Which factor.
    pub factor: Factor,
    /// Its number, in the unit of the factor; `None` without data.
    pub value: Option<f64>,
    /// What it adds to the score.
    pub points: f64,
    /// What it could add at most: its weight, with its share of those without data; 0 without.
    pub weight: f64,
}

/// The score of an account.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rating {
    /// 0 to 100.
    pub score: f64,
    /// How the account does.
    pub status: Status,
    /// The part of the weight with data, 0 to 1.
    pub coverage: f64,
    /// Every factor; their points and `held_down` add up to the score.
    pub factors: Vec<Reading>,
    /// What is taken off, so that no account that is held down is above 59: at most 0.
    pub held_down: f64,
    /// Why it is held below 60, whether or not it would be above.
    pub held_by: Option<Held>,
    /// The days between purchases that the rhythm is measured by.
    pub rhythm_days: f64,
}

/// What is the same for all accounts of a day.
#[derive(Debug, Clone, Copy)]
pub struct Scorecard<'a> {
    card: Card<'a>,
    typical_gap_days: f64,
    typical_purchase: f64,
    has_returns: bool,
    has_interactions: bool,
    has_tickets: bool,
}

/// Factors that tell of the same: of delivery and quality, and of how one talks with each other.
const ALIKE: [&[Factor]; 2] = [
    &[Factor::Delivery, Factor::Returns],
    &[
        Factor::Interaction,
        Factor::InteractionTrend,
        Factor::Contacts,
    ],
];

/// The weights of factors, those without data given to those that tell of the same.
fn filled(read: &[(Factor, f64, Option<Point>)]) -> Vec<f64> {
    let weight = |(factor, weight, point): &(Factor, f64, Option<Point>)| {
        if point.is_none() {
            return 0.0;
        }
        let alike = ALIKE.iter().find(|alike| alike.contains(factor));
        let alike = alike.copied().unwrap_or_default();
        let alike = read.iter().filter(|own| alike.contains(&own.0));
        let (mut all, mut known) = (0.0, 0.0);
        for (_, weight, point) in alike {
            all += weight;
            known += if point.is_some() { *weight } else { 0.0 };
        }
        if known > 0.0 {
            weight * all / known
        } else {
            *weight
        }
    };
    read.iter().map(weight).collect()
}

impl<'a> Scorecard<'a> {
    /// For the accounts of a history up to the end of its last day; `standings` are theirs.
    pub fn new(seen: &History, standings: &[Standing<'_>], card: Card<'a>) -> Self {
        Self {
            card,
            typical_gap_days: median_gap_of_all(standings)
                .unwrap_or(f64::from(YEAR))
                .max(1.0),
            typical_purchase: median_purchase_of_all(standings, YEAR).unwrap_or(0.0),
            has_returns: seen.has_returns(),
            has_interactions: seen.has_interactions(),
            has_tickets: seen.has_tickets(),
        }
    }

    /// The score of an account and what it is made of.
    pub fn rate(&self, standing: &Standing<'_>) -> Rating {
        let rhythm_days = self.rhythm_days(standing);
        let lateness = standing.silent_days() / rhythm_days;
        let weights = self.card.weights(standing.account);
        let rules = self.card.rules;
        let read: Vec<(Factor, f64, Option<Point>)> = Factor::WEIGHTS
            .iter()
            .map(|(factor, _)| {
                let weight = weights.get(factor).copied().unwrap_or(0.0);
                (*factor, weight, self.read(*factor, standing, lateness))
            })
            .collect();
        let all: f64 = read.iter().map(|own| own.1).sum();
        let filled = filled(&read);
        let covered: f64 = filled.iter().sum();
        let factors: Vec<Reading> = read
            .into_iter()
            .zip(filled)
            .map(|((factor, _, read), weight)| {
                let weight = if covered > 0.0 {
                    weight * 100.0 / covered
                } else {
                    0.0
                };
                Reading {
                    factor,
                    value: read.map(|read| read.value),
                    points: weight * read.map_or(0.0, |read| read.part),
                    weight,
                }
            })
            .collect();
        let sum: f64 = factors.iter().map(|own| own.points).sum();
        let held_by = self.held_by(standing, lateness);
        let score = if held_by.is_some() {
            sum.min(rules.held_most())
        } else {
            sum
        };
        let coverage = if all > 0.0 { covered / all } else { 0.0 };
        let is_rated =
            coverage >= rules.coverage_from && standing.count() >= f64::from(rules.orders_from);
        let status = if is_rated {
            rules.status_of(score)
        } else {
            Status::Unrated
        };
        Rating {
            score,
            status,
            coverage,
            factors,
            held_down: score - sum,
            held_by,
            rhythm_days,
        }
    }

    fn rhythm_days(&self, standing: &Standing<'_>) -> f64 {
        let typical = self.typical_gap_days.ln();
        let Some(own) = standing.median_gap_days() else {
            return self.typical_gap_days;
        };
        let gaps = standing.count() - 1.0;
        let sum = own.max(1.0).ln() * gaps + typical * TYPICAL_GAPS;
        (sum / (gaps + TYPICAL_GAPS)).exp()
    }

    /// The point of an account on a factor's curve; `None` without data.
    fn read(&self, factor: Factor, standing: &Standing<'_>, lateness: f64) -> Option<Point> {
        let curves = &self.card.rules.curves;
        let (value, part) = match factor {
            Factor::Rhythm => (
                lateness,
                1.0 / (1.0 + (lateness / curves.rhythm_half_at).powi(2)),
            ),
            Factor::Frequency => {
                let count = standing.purchases_between(0, YEAR);
                (count, saturating(count, curves.orders_full))
            }
            Factor::AmountTrend => {
                let years = self.card.rules.years();
                let middle = years.before(standing.day);
                let begin = years.before(middle);
                if standing.first > begin {
                    return None;
                }
                let daily = |begin: i32, end: i32| {
                    standing.amount_of(begin, end).max(0.0) / f64::from(end - begin)
                };
                let (now, before) = (daily(middle, standing.day), daily(begin, middle));
                // two years of nothing: nothing to compare, and nothing good
                (
                    change(now, before),
                    (share(now, before) / curves.trend_full).min(1.0),
                )
            }
            Factor::Delivery => {
                let in_time = standing.delivered_in_time(YEAR)?;
                let none = curves.delivered_none;
                (in_time, ((in_time - none) / (1.0 - none)).max(0.0))
            }
            Factor::Returns => {
                let (sold, returned) = standing.sold_and_returned_between(0, YEAR);
                let part = (self.has_returns && sold > 0.0).then(|| returned / sold)?;
                (part, (1.0 - part / curves.returns_none).max(0.0))
            }
            Factor::Breadth if standing.has_products() => {
                let count = standing.products_within(YEAR) as f64;
                (count, saturating(count, curves.products_full))
            }
            Factor::Payment => {
                let paid = standing.paid_in_time(YEAR)?;
                (
                    paid,
                    ((paid - curves.paid_none) / (1.0 - curves.paid_none)).max(0.0),
                )
            }
            Factor::Interaction if self.has_interactions => {
                let count = standing.two_way_within(INTERACTION_DAYS);
                (count, saturating(count, curves.interactions_full))
            }
            Factor::InteractionTrend if self.has_interactions => {
                let now = standing.two_way_within(INTERACTION_DAYS);
                let before = standing.two_way_before(INTERACTION_DAYS);
                if now + before == 0.0 {
                    return None;
                }
                (
                    change(now, before),
                    (share(now, before) / curves.interaction_trend_full).min(1.0),
                )
            }
            Factor::Contacts => {
                let count = standing.people_within(YEAR)? as f64;
                (
                    count,
                    ((count - SOLE) / (curves.contacts_full - SOLE)).min(1.0),
                )
            }
            Factor::Service if self.has_tickets => {
                let (sold, _) = standing.sold_and_returned_between(0, YEAR);
                let orders = sold / self.typical_purchase;
                let trouble = (orders.is_finite() && orders > 0.0)
                    .then(|| standing.trouble_within(YEAR) / orders)?;
                (trouble, (1.0 - trouble / curves.trouble_none).max(0.0))
            }
            Factor::Contract => {
                let days = f64::from(standing.contract_days_left()?);
                (days, (days / curves.contract_days_full).clamp(0.0, 1.0))
            }
            Factor::QuoteAcceptance => {
                let accepted = standing.quotes_accepted(YEAR)?;
                (accepted, (accepted / curves.accepted_full).min(1.0))
            }
            Factor::Breadth | Factor::Interaction | Factor::InteractionTrend | Factor::Service => {
                return None;
            }
        };
        Some(Point { value, part })
    }

    /// What weighs most first.
    fn held_by(&self, standing: &Standing<'_>, lateness: f64) -> Option<Held> {
        let rules = self.card.rules;
        let overdue = standing.overdue_days();
        if standing.has_open_severe_complaint() {
            Some(Held::OpenComplaint)
        } else if overdue.is_some_and(|days| days > rules.overdue_days) {
            Some(Held::Overdue)
        } else {
            (lateness > rules.silent_at).then_some(Held::Silent)
        }
    }
}

/// Where an account is on the curve of a factor.
#[derive(Debug, Clone, Copy)]
struct Point {
    /// The factor's number.
    value: f64,
    /// What part of the weight that is worth, 0 to 1.
    part: f64,
}

/// What became of an amount: of the one before, less 1.
fn change(now: f64, before: f64) -> f64 {
    match (now > 0.0, before > 0.0) {
        (_, true) => now / before - 1.0,
        (true, false) => 1.0,
        (false, false) => 0.0,
    }
}

/// The part of both that is of now; 0 of nothing.
fn share(now: f64, before: f64) -> f64 {
    if now > 0.0 { now / (now + before) } else { 0.0 }
}

/// 0 for nothing, 1 from `full` on, the first ones worth the most.
fn saturating(count: f64, full: f64) -> f64 {
    (count.ln_1p() / full.ln_1p()).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::evidence::{Decision, Delivery, Evidence, Instalment, Term, Ticket};
    use crate::health::history::{DayAmount, LineKind, OrderLine};
    use crate::health::rules::ScorecardRules;

    fn account(days: impl IntoIterator<Item = i32>) -> History {
        let lines = days.into_iter().map(|day| OrderLine {
            account: 0,
            day,
            kind: LineKind::Sale,
            amount: 100.0,
            untaxed: None,
            product: Some(3),
        });
        History::new(1, lines)
    }

    fn rating(history: &History, day: i32) -> Rating {
        let standings = history.standings(day);
        Scorecard::new(history, &standings, Card::default()).rate(&standings[0])
    }

    #[test]
    fn points_add_up_and_weights_fill_a_hundred() {
        let history = account((0..900).step_by(30));
        for day in [100, 880, 940, 1_500] {
            let rating = rating(&history.until(day), day);
            let points: f64 = rating.factors.iter().map(|own| own.points).sum();
            let weights: f64 = rating.factors.iter().map(|own| own.weight).sum();
            assert!((points + rating.held_down - rating.score).abs() < 1e-9);
            assert!((weights - 100.0).abs() < 1e-9);
            assert!((0.0..=100.0).contains(&rating.score));
        }
    }

    #[test]
    fn a_long_silence_is_never_above_59_and_fewer_than_three_orders_are_unrated() {
        let history = account((0..900).step_by(30));
        assert!(rating(&history, 900).score > 75.0);
        let late = rating(&history, 990);
        assert!(late.score <= 59.0, "{late:?}");
        let two = rating(&account([0, 30]), 40);
        assert_eq!(two.status, Status::Unrated);
    }

    /// Sales of a year that begins after one Spring Festival and ends with the next are as good as those
    /// of the year before, whether or not the calendar year holds two of them.
    #[test]
    fn the_trend_does_not_see_where_the_festival_lies() {
        let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap().to_epoch_days();
        // every 10 days, but for the month before the festivals of 2022 to 2026
        let festivals = [
            "2022-02-01",
            "2023-01-22",
            "2024-02-10",
            "2025-01-29",
            "2026-02-17",
        ]
        .map(day);
        let is_quiet = |own: &i32| festivals.iter().any(|at| (at - 30..*at).contains(own));
        let days = (day("2022-03-03")..=day("2026-02-10")).step_by(10);
        let history = account(days.filter(|own| !is_quiet(own)));
        let value = |on: &str, rules: &ScorecardRules| {
            let seen = history.until(day(on));
            let standings = seen.standings(day(on));
            let card = Card {
                rules,
                segments: &[],
            };
            let rating = Scorecard::new(&seen, &standings, card).rate(&standings[0]);
            let mut factors = rating.factors.iter();
            factors
                .find(|own| own.factor == Factor::AmountTrend)
                .unwrap()
                .value
                .unwrap()
        };
        let solar = ScorecardRules {
            lunar_years: false,
            ..ScorecardRules::default()
        };
        // 365 days before 2025-01-28 hold one quiet month, and those before them half of one more
        let lunar = value("2025-01-28", ScorecardRules::shipped());
        assert!(lunar.abs() < 0.05, "{lunar}");
        let plain = value("2025-01-28", &solar);
        assert!(plain.abs() > lunar.abs(), "{plain} {lunar}");
    }

    #[test]
    fn what_has_no_data_lowers_the_coverage_and_not_the_score() {
        let sales = account((0..900).step_by(30));
        let without = rating(&sales, 900);
        assert!((without.coverage - 0.52).abs() < 1e-12);
        assert_eq!(without.status, Status::Unrated);
        let mut lines: Vec<OrderLine> = Vec::new();
        for day in (0..900).step_by(30) {
            let line = |kind, amount| OrderLine {
                account: 0,
                day,
                kind,
                amount,
                untaxed: None,
                product: Some(3),
            };
            lines.push(line(LineKind::Sale, 100.0));
            lines.push(line(LineKind::Return, -5.0));
        }
        let with = rating(&History::new(1, lines), 900);
        assert!(
            (with.coverage - 0.67).abs() < 1e-12,
            "returns tell of quality alone"
        );
        assert_eq!(with.status, Status::Green);
        let returns = with
            .factors
            .iter()
            .find(|own| own.factor == Factor::Returns);
        assert!((returns.unwrap().value.unwrap() - 0.05).abs() < 1e-12);
    }

    #[test]
    fn what_is_known_beside_orders_fills_the_coverage_and_holds_down() {
        let sales = account((0..900).step_by(30));
        let instalment = |due, received: &[DayAmount]| Instalment {
            due,
            amount: 100.0,
            received: received.to_vec(),
            written_off: None,
        };
        let paid = |day, amount| DayAmount { day, amount };
        let mut evidence = Evidence {
            instalments: vec![
                instalment(700, &[paid(690, 100.0)]),
                instalment(800, &[paid(800, 50.0), paid(830, 50.0)]),
            ],
            tickets: vec![Ticket {
                opened: 850,
                resolved: Some(851),
                late: Some(853),
                is_complaint: true,
                is_severe: true,
            }],
            decisions: vec![Decision {
                day: 860,
                is_accepted: true,
            }],
            two_way: vec![820, 840, 850, 880, 890, 895],
            people: vec![(820, 4), (840, 9)],
            deliveries: vec![
                Delivery {
                    promised: 700,
                    delivered: Some(699),
                },
                Delivery {
                    promised: 800,
                    delivered: Some(820),
                },
                Delivery {
                    promised: 860,
                    delivered: Some(860),
                },
                Delivery {
                    promised: 890,
                    delivered: Some(890),
                },
            ],
            terms: vec![Term {
                signed: 100,
                expires: 945,
                renewed: None,
            }],
        };
        let known = sales.clone().with_evidence([(0, evidence.clone())]);
        let known = rating(&known, 900);
        assert!(
            (known.coverage - 1.0).abs() < 1e-12,
            "deliveries tell of quality alone"
        );
        let of = |factor| {
            known
                .factors
                .iter()
                .find(|own| own.factor == factor)
                .unwrap()
        };
        let part = |factor| of(factor).points / of(factor).weight;
        assert_eq!(of(Factor::Payment).value, Some(0.75));
        assert!((part(Factor::Payment) - 0.5).abs() < 1e-12);
        assert_eq!(of(Factor::Interaction).value, Some(6.0));
        assert!((part(Factor::Interaction) - 1.0).abs() < 1e-12);
        assert_eq!(of(Factor::InteractionTrend).value, Some(1.0), "none before");
        assert!((part(Factor::InteractionTrend) - 1.0).abs() < 1e-12);
        assert_eq!(of(Factor::Contacts).value, Some(2.0));
        assert!((part(Factor::Contacts) - 0.5).abs() < 1e-12);
        assert_eq!(of(Factor::Delivery).value, Some(0.75));
        assert!((part(Factor::Delivery) - 0.375).abs() < 1e-12);
        assert_eq!(of(Factor::Contract).value, Some(45.0));
        assert_eq!(of(Factor::Contract).weight.to_string(), "0");
        // half a complaint on what is worth twelve typical orders
        assert!((of(Factor::Service).value.unwrap() - 0.5 / 12.0).abs() < 1e-12);
        assert!((part(Factor::QuoteAcceptance) - 1.0).abs() < 1e-12);
        assert_eq!((known.status, known.held_by), (Status::Yellow, None));

        evidence
            .instalments
            .push(instalment(835, &[paid(836, 99.0)]));
        let overdue = rating(&sales.clone().with_evidence([(0, evidence.clone())]), 900);
        assert_eq!(overdue.held_by, Some(Held::Overdue));
        assert!(overdue.score <= 59.0 && overdue.held_down < 0.0);
        evidence.tickets[0].resolved = None;
        let open = rating(&sales.with_evidence([(0, evidence)]), 900);
        assert_eq!(open.held_by, Some(Held::OpenComplaint));
    }
}
