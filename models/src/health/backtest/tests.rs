use proptest::prelude::*;

use super::*;
use crate::health::evidence::{Decision, Delivery, Evidence, Instalment, Term, Ticket};
use crate::health::history::{DayAmount, LineKind, OrderLine};
use crate::health::lunar::Years;

/// A small firm: accounts that buy every 20 to 110 days until they stop, by a congruential generator.
fn firm(accounts: usize) -> Vec<OrderLine> {
    let mut state = 7_u64;
    let mut next = |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut lines = Vec::new();
    for account in 0..accounts {
        let rhythm = 20 + next(90);
        let stops = if next(3) == 0 { 200 + next(600) } else { 2_000 };
        let mut day = next(300);
        while day < 1_000.min(stops) {
            lines.push(OrderLine {
                account,
                day: i32::try_from(day).unwrap(),
                kind: LineKind::Sale,
                amount: 10.0 + next(90) as f64,
                untaxed: None,
                product: Some(u32::try_from(next(9)).unwrap()),
            });
            day += rhythm / 2 + next(rhythm);
        }
    }
    lines
}

#[test]
fn the_probability_beats_the_simple_rules_where_rhythms_differ() {
    let history = History::new(400, firm(400));
    let found = backtest(&history, 880, 60, 960, Card::default()).unwrap();
    assert_eq!(found.model.kind, Model::Fitted);
    assert!(found.model.calibrated);
    let auc = |ranking: &Ranking| ranking.auc.unwrap();
    let own = auc(&found.probability.ranking);
    for other in [
        &found.baselines.recency,
        &found.baselines.frequency,
        &found.baselines.rfm,
    ] {
        assert!(own > auc(other), "{own} is not above {}", auc(other));
    }
    assert!(own > 0.9, "{own}");
    assert!(
        found.probability.calibration_error.unwrap() < 0.06,
        "{found:?}"
    );
    let (predicted, observed) = found
        .probability
        .calibration
        .iter()
        .map(|bin| (bin.predicted, bin.observed))
        .fold((0.0, 0.0), |sum, bin| (sum.0 + bin.0, sum.1 + bin.1));
    assert!((predicted - observed).abs() < 0.5);
}

#[test]
fn a_short_history_falls_back_on_the_purchase_process_and_says_so() {
    let history = History::new(60, firm(60));
    let found = backtest(&history, 330, 200, 960, Card::default()).unwrap();
    assert_eq!(found.model.kind, Model::PurchaseProcess);
    assert_eq!(found.model.days, 0);
    assert!(
        found
            .warnings
            .iter()
            .any(|warning| warning.contains("too short"))
    );
}

#[test]
fn everybody_of_one_outcome_is_measured_without_a_ranking() {
    let lines = (0..30).flat_map(|account| {
        (0..40).map(move |index| OrderLine {
            account,
            day: index * 10,
            kind: LineKind::Sale,
            amount: 1.0,
            untaxed: None,
            product: None,
        })
    });
    let history = History::new(30, lines);
    let found = backtest(&history, 300, 30, 390, Card::default()).unwrap();
    assert_eq!((found.accounts, found.positives), (30, 30));
    assert_eq!(found.probability.ranking.auc, None);
    assert_eq!(found.model.kind, Model::PurchaseProcess);
    assert!(!found.warnings.is_empty());
}

#[test]
fn what_cannot_be_known_is_refused() {
    let history = History::new(50, firm(50));
    let refused = backtest(&history, 950, 91, 990, Card::default()).unwrap_err();
    assert_eq!(refused, BacktestError::HorizonOpen { days_left: 51 });
    let cut = backtest(&history.until(930), 900, 91, 991, Card::default()).unwrap();
    assert!(
        cut.warnings
            .iter()
            .any(|warning| warning.contains("history may end"))
    );
    let refused = backtest(&history, -5, 91, 990, Card::default()).unwrap_err();
    assert_eq!(refused, BacktestError::NobodyOrdered);
    assert_eq!(
        backtest(&history, 500, 0, 990, Card::default()).unwrap_err(),
        BacktestError::Horizon(0)
    );
}

/// All scores of a day, as bits.
fn scores(history: &History, day: i32) -> Vec<u64> {
    let outlook = Outlook::of(history, day, 45, Years::Lunar);
    let predictions = &outlook.orders;
    let others = outlook.shrink.iter().chain(&outlook.non_renewal);
    let others = others.map(|own| own.map_or(1, f64::to_bits));
    let seen = history.until(day);
    let standings = seen.standings(day);
    let card = Scorecard::new(&seen, &standings, Card::default());
    let ratings = standings.iter().map(|own| card.rate(own).score.to_bits());
    predictions
        .probabilities
        .iter()
        .chain(&predictions.expected_purchases)
        .map(|value| value.to_bits())
        .chain(others)
        .chain(ratings)
        .collect()
}

/// What is known beside orders of accounts by the end of a day, and with `later` what comes after it.
fn evidence(day: i32, later: &[(usize, i32)]) -> Vec<(usize, Evidence)> {
    let of = |account: usize| {
        let place = i32::try_from(account).unwrap();
        let paid = |days: i32| DayAmount {
            day: day - days,
            amount: 40.0,
        };
        let instalment = |days: i32, received: Vec<DayAmount>| Instalment {
            due: day - days,
            amount: 100.0,
            received,
            written_off: None,
        };
        let mut own = Evidence {
            instalments: vec![
                instalment(20 + place, vec![paid(30 + place), paid(place)]),
                instalment(80, vec![paid(10)]),
            ],
            tickets: vec![Ticket {
                opened: day - place,
                resolved: None,
                late: (place % 2 == 0).then_some(day - place / 2),
                is_complaint: place % 3 == 0,
                is_severe: place % 5 == 0,
            }],
            decisions: vec![Decision {
                day: day - place,
                is_accepted: place % 2 == 0,
            }],
            two_way: (0..place % 7).map(|days| day - days * 20).collect(),
            people: vec![(day - place, 1), (day - 20, 2)],
            deliveries: vec![Delivery {
                promised: day - 1 - place,
                delivered: (place % 2 == 0).then_some(day - place),
            }],
            // a year each, some of them renewed
            terms: (0..8)
                .map(|years| {
                    let expires = day + place - 60 - years * 100;
                    Term {
                        signed: expires - 365,
                        expires,
                        renewed: ((place + years) % 3 == 0 && expires < day).then_some(expires - 5),
                    }
                })
                .collect(),
        };
        for (_, days) in later.iter().filter(|(of, _)| *of == account) {
            let after = day + days;
            own.instalments
                .push(instalment(-days, vec![paid(3), paid(-days)]));
            own.instalments[0].received.push(paid(-days));
            own.instalments[1].written_off = Some(after);
            own.tickets[0].resolved = Some(after);
            own.tickets[0].late = own.tickets[0].late.or(Some(after));
            own.tickets.push(Ticket {
                opened: after,
                ..own.tickets[0]
            });
            own.decisions.push(Decision {
                day: after,
                is_accepted: false,
            });
            own.two_way.push(after);
            own.people.push((after, 3));
            for delivery in &mut own.deliveries {
                delivery.delivered = delivery.delivered.or(Some(after));
            }
            own.deliveries.push(Delivery {
                promised: after,
                delivered: Some(after),
            });
            for term in &mut own.terms {
                term.renewed = term.renewed.or(Some(after));
            }
            own.terms.push(Term {
                signed: after,
                expires: after + 365,
                renewed: None,
            });
        }
        (account, own)
    };
    (0..130).map(of).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Whatever is recorded for later days, the scores do not change by a bit.
    #[test]
    fn nothing_after_the_cutoff_is_seen(
        cutoff in 350..900_i32,
        later in prop::collection::vec(
            (0..130_usize, 1..2_000_i32, 0..3_u8, -1e6..1e6_f64, 0..50_u32),
            0..60,
        ),
    ) {
        let known: Vec<OrderLine> = firm(120).into_iter().filter(|line| line.day <= cutoff).collect();
        let added = later.into_iter().map(|(account, days, kind, amount, product)| OrderLine {
            account,
            day: cutoff + days,
            kind: [LineKind::Sale, LineKind::Return, LineKind::Cancellation][usize::from(kind)],
            amount,
            untaxed: (product % 2 == 0).then_some(amount / 1.13),
            product: Some(product),
        });
        let others: Vec<(usize, i32)> = added.clone().map(|line| (line.account, line.day - cutoff)).collect();
        let before = History::new(130, known.clone()).with_evidence(evidence(cutoff, &[]));
        let after = History::new(130, known.into_iter().chain(added));
        let after = after.with_evidence(evidence(cutoff, &others));
        let expected = scores(&before, cutoff);
        prop_assert!(!expected.is_empty());
        prop_assert_eq!(expected, scores(&after, cutoff));
    }
}
