//! Worlds whose truth is known: deals come at random, and each day move on, are won or lost by fixed
//! chances.

use super::super::incidence::Incidence;
use super::super::simulate::Seeded;
use super::super::{Deal, Lacking, To, Visit, won_in};
use super::*;

const DAY_US: i64 = 86_400_000_000;
/// Days of a month, all worked.
const MONTH: i32 = 20;
/// The chances of a day in the first stage: to go on, to end.
const FIRST: (f64, f64) = (0.10, 0.05);
/// In the second: to be won, to end.
const SECOND: (f64, f64) = (0.08, 0.06);

fn us(day: i32) -> i64 {
    i64::from(day) * DAY_US
}

/// The end of a visit that began on a day: when, and which of two ways.
fn ending(dice: &mut Seeded, from: i32, (first, second): (f64, f64)) -> (i32, bool) {
    let mut day = from;
    loop {
        day += 1;
        let drawn = dice.unit();
        if drawn < first {
            return (day, true);
        }
        if drawn < first + second {
            return (day, false);
        }
    }
}

/// A firm over so many months, with `rate` new deals a day; what lies after its end is not known.
fn firm(months: i32, rate: usize, seed: u64) -> History {
    let mut dice = Seeded::new(seed);
    let end = months * MONTH;
    let mut history = History {
        told: vec![0.2, 0.5],
        ..History::default()
    };
    for day in 0..end {
        for _ in 0..2 * rate {
            if dice.unit() >= 0.5 {
                continue;
            }
            let place = u32::try_from(history.deals.len()).unwrap();
            let amount = 10.0 + 20.0 * dice.unit();
            let mut deal = Deal {
                opened_us: us(day),
                won_us: None,
                won_day: 0,
                ended_us: None,
                amount: Some(amount),
                expected_us: Some(us(day + 30)),
                group: place % 2,
                counts: true,
            };
            let mut add = |stage, entered: i32, left: i32, to| {
                let known = left < end;
                history.visits.push(Visit {
                    deal: place,
                    stage,
                    to: if known { to } else { To::Open },
                    entered_us: us(entered),
                    left_us: us(left),
                    entered,
                    left,
                });
                known
            };
            let (left, on) = ending(&mut dice, day, FIRST);
            let to = if on { To::Stage(1) } else { To::Ended };
            if add(0, day, left, to) {
                if on {
                    let (closed, won) = ending(&mut dice, left, SECOND);
                    let to = if won { To::Won } else { To::Ended };
                    if add(1, left, closed, to) {
                        if won {
                            deal.won_us = Some(us(closed));
                            deal.won_day = closed;
                        } else {
                            deal.ended_us = Some(us(closed));
                        }
                    }
                } else {
                    deal.ended_us = Some(us(left));
                }
            }
            history.deals.push(deal);
        }
    }
    history
}

/// A month as of the moment when so many of its days are left.
fn window(month: i32, left: i32) -> Window {
    let day = (month + 1) * MONTH - 1 - left;
    Window {
        opens_us: us(month * MONTH),
        closes_us: us((month + 1) * MONTH),
        at_us: us(day),
        day,
        left: usize::try_from(left).unwrap(),
        until: 0,
    }
}

/// The months before one, the latest first.
fn before(month: i32, left: i32) -> Vec<Window> {
    (0..month).rev().map(|past| window(past, left)).collect()
}

/// The truth: won within so many days of entering the first and the second stage.
fn truth(days: usize) -> [Vec<f64>; 2] {
    let step = |within: usize, chances: (f64, f64), then: &dyn Fn(usize) -> f64| {
        let (mut there, mut sum) = (1.0, 0.0);
        for day in 1..=within {
            sum += there * chances.0 * then(within - day);
            there *= 1.0 - chances.0 - chances.1;
        }
        sum
    };
    let second: Vec<f64> = (0..=days)
        .map(|within| step(within, SECOND, &|_| 1.0))
        .collect();
    let first = (0..=days)
        .map(|within| step(within, FIRST, &|left| second[left]))
        .collect();
    [first, second]
}

#[test]
fn probabilities_are_those_of_the_world() {
    let history = firm(36, 3, 11);
    let day = 36 * MONTH - 1;
    let learned = Incidence::learn(&history, us(day), day).by_entry(40);
    let known = truth(40);
    for (stage, known) in known.iter().enumerate() {
        for days in [1, 5, 10, 20, 40] {
            let (told, truth) = (learned[stage][days], known[days]);
            assert!(
                (told - truth).abs() < 0.03,
                "stage {stage}, {days} days: {told}, not {truth}"
            );
        }
    }
}

/// Leaving open visits out, as a count of finished ones does, would tell other chances: a censored
/// one must count for as long as it was watched.
#[test]
fn open_visits_count_for_as_long_as_they_were_watched() {
    let history = firm(4, 3, 3);
    let day = 4 * MONTH - 1;
    let learned = Incidence::learn(&history, us(day), day);
    assert!(learned.censored > 20, "{}", learned.censored);
    let with_open = learned.by_entry(20)[1][20];
    let finished = History {
        deals: history.deals.clone(),
        visits: history
            .visits
            .iter()
            .filter(|visit| visit.to != To::Open)
            .copied()
            .collect(),
        told: history.told.clone(),
    };
    let without = Incidence::learn(&finished, us(day), day).by_entry(20)[1][20];
    let truth = truth(20)[1][20];
    assert!(
        (with_open - truth).abs() < (without - truth).abs(),
        "{with_open} and {without} of {truth}"
    );
}

#[test]
fn what_is_expected_is_what_comes_on_average() {
    let (mut told, mut actual) = (0.0, 0.0);
    for (seed, month) in (0..8).flat_map(|seed| (20..47).step_by(3).map(move |month| (seed, month)))
    {
        let history = firm(month + 2, 3, seed);
        let outlook = Outlook::new(&history, window(month, 12), &before(month, 12)).unwrap();
        let forecast = outlook.forecast(None, 1);
        let in_month = window(month, 0);
        told += forecast.expected.count;
        actual += won_in(&history, in_month.opens_us, in_month.closes_us).count;
    }
    assert!((told / actual - 1.0).abs() < 0.03, "{told} of {actual}");
}

#[test]
fn the_backtest_tells_how_far_off_it_was() {
    let history = firm(48, 4, 8);
    let actual = |past: &Window| won_in(&history, past.opens_us, past.closes_us);
    let test = backtest(&history, &before(47, 10), (12, 12), actual, 3);
    assert_eq!(test.proofs.len(), 12);
    let (own, weighted) = (test.forecast.unwrap(), test.weighted.unwrap());
    let year = test.year_before.unwrap();
    assert_eq!((own.periods, year.periods), (12, 12));
    assert!(own.count < 0.15, "{own:?}");
    assert!(
        own.count < year.count && own.amount < year.amount,
        "{own:?} {year:?}"
    );
    // all that is expected within 30 days of opening, with chances that are too high
    assert!(own.count < weighted.count, "{own:?} {weighted:?}");
    let covered = test.covered_count.unwrap();
    assert!((0.6..=1.0).contains(&covered), "{covered}");
    // a proof is a forecast of its own: by hand for the latest
    let proof = &test.proofs[0];
    let past = window(46, 10);
    let outlook = Outlook::new(&history, past, &before(46, 10)).unwrap();
    assert_eq!(proof.forecast, outlook.forecast(None, 3));
    let error = (proof.forecast.expected.count - proof.actual.count).abs() / proof.actual.count;
    assert!(error < 0.5, "{error}");
}

/// Many worlds: four of five intervals hold what comes.
#[test]
fn intervals_hold_what_they_say() {
    let (mut held, mut all) = (0, 0);
    for seed in 0..12 {
        let history = firm(20, 3, 100 + seed);
        for month in [14, 16, 18] {
            let at = window(month, 12);
            let outlook = Outlook::new(&history, at, &before(month, 12)).unwrap();
            let forecast = outlook.forecast(None, seed);
            let actual = won_in(&history, at.opens_us, at.closes_us).amount;
            held += u32::from(forecast.low.amount <= actual && actual <= forecast.high.amount);
            all += 1;
        }
    }
    assert!((26..=35).contains(&held), "{held} of {all}");
}

#[test]
fn groups_add_up_to_the_whole() {
    let history = firm(20, 3, 2);
    let outlook = Outlook::new(&history, window(19, 8), &before(19, 8)).unwrap();
    let whole = outlook.forecast(None, 1);
    let parts = outlook.forecast(Some(0), 1).expected + outlook.forecast(Some(1), 1).expected;
    assert!((whole.expected.count - parts.count).abs() < 1e-9);
    assert!((whole.expected.amount - parts.amount).abs() < 1e-6);
    assert!(whole.low.amount < whole.expected.amount);
    assert!(whole.expected.amount < whole.high.amount);
    assert!(whole.standing.won.count <= whole.low.count);
}

#[test]
fn without_history_there_is_no_forecast() {
    let history = firm(20, 3, 2);
    let early = Outlook::new(&history, window(1, 8), &before(1, 8));
    assert_eq!(early.unwrap_err(), Lacking::Periods);
    let empty = History::default();
    let none = Outlook::new(&empty, window(5, 8), &before(5, 8));
    assert_eq!(none.unwrap_err(), Lacking::Wins);
}

#[test]
fn on_the_last_day_it_is_what_is_won() {
    let history = firm(20, 3, 2);
    let at = window(18, 0);
    let outlook = Outlook::new(&history, at, &before(18, 0)).unwrap();
    let forecast = outlook.forecast(None, 1);
    assert_eq!(forecast.expected, forecast.standing.won);
    assert_eq!(forecast.low, forecast.high);
    assert_eq!(
        forecast.standing.won,
        won_in(&history, at.opens_us, at.closes_us)
    );
}

#[test]
fn deals_without_amount_or_day_are_told() {
    let mut history = firm(20, 3, 2);
    let at = window(19, 8);
    let open: Vec<u32> = Outlook::new(&history, at, &before(19, 8))
        .unwrap()
        .open()
        .iter()
        .map(|open| open.deal)
        .collect();
    history.deals[open[0] as usize].amount = None;
    history.deals[open[1] as usize].expected_us = None;
    let outlook = Outlook::new(&history, at, &before(19, 8)).unwrap();
    let forecast = outlook.forecast(None, 1);
    let standing = forecast.standing;
    assert_eq!((standing.without_amount, standing.undated), (1, 1));
    let own = outlook.open()[0];
    assert!(
        own.without_amount && (15.0..25.0).contains(&own.amount),
        "{own:?}"
    );
}

#[test]
fn days_lead_to_the_forecast() {
    let history = firm(20, 3, 2);
    let outlook = Outlook::new(&history, window(19, 8), &before(19, 8)).unwrap();
    let (forecast, path) = (outlook.forecast(None, 5), outlook.path(5));
    assert_eq!(path.len(), 8);
    let last = path[7];
    for (told, own) in [(last.low, forecast.low), (last.high, forecast.high)] {
        assert_eq!(told.count.to_bits(), own.count.to_bits());
        assert!((told.amount - own.amount).abs() < 1e-6);
    }
    assert!((last.expected.amount - forecast.expected.amount).abs() < 1e-6);
    let mut before = forecast.standing.won;
    for day in path {
        assert!(before.amount <= day.expected.amount);
        assert!(day.low.amount <= day.high.amount);
        before = day.expected;
    }
}

#[test]
fn what_does_not_count_is_learned_from() {
    let mut history = firm(20, 3, 2);
    let (at, past) = (window(19, 8), before(19, 8));
    let odd = Outlook::new(&history, at, &past)
        .unwrap()
        .forecast(Some(1), 1);
    for deal in &mut history.deals {
        deal.counts = deal.group == 1;
    }
    let outlook = Outlook::new(&history, at, &past).unwrap();
    assert_eq!(outlook.forecast(None, 1), odd);
    let none = outlook.forecast(Some(0), 1);
    assert_eq!(none.expected, Sum::default());
}

/// A month seen from the one before: what is won until it begins is no part of it.
#[test]
fn a_month_ahead_is_what_comes_in_it_on_average() {
    let ahead = |month: i32| Window {
        left: usize::try_from(MONTH + 8).unwrap(),
        until: 8,
        ..Window {
            opens_us: us(month * MONTH),
            closes_us: us((month + 1) * MONTH),
            ..window(month - 1, 8)
        }
    };
    let (mut told, mut actual) = (0.0, 0.0);
    for (seed, month) in (0..8).flat_map(|seed| (20..47).step_by(3).map(move |month| (seed, month)))
    {
        let history = firm(month + 2, 3, seed);
        let past: Vec<Window> = (1..month).rev().map(ahead).collect();
        let outlook = Outlook::new(&history, ahead(month), &past).unwrap();
        let forecast = outlook.forecast(None, 1);
        assert_eq!(forecast.standing.won, Sum::default());
        assert_eq!(outlook.path(1).len(), usize::try_from(MONTH).unwrap());
        told += forecast.expected.count;
        actual += won_in(&history, us(month * MONTH), us((month + 1) * MONTH)).count;
    }
    assert!((told / actual - 1.0).abs() < 0.03, "{told} of {actual}");
}

#[test]
fn other_wins_move_all_that_follows_from_them() {
    let history = firm(20, 3, 2);
    let outlook = Outlook::new(&history, window(19, 8), &before(19, 8)).unwrap();
    let own = outlook.forecast(None, 1);
    let more = Sum {
        count: 2.0,
        amount: 40.0,
    };
    let other = own.clone().with_won(own.standing.won + more);
    for (other, own) in [
        (other.expected, own.expected),
        (other.low, own.low),
        (other.high, own.high),
        (other.standing.weighted, own.standing.weighted),
    ] {
        assert!((other.amount - own.amount - 40.0).abs() < 1e-6);
        assert!((other.count - own.count - 2.0).abs() < 1e-9);
    }
    assert_eq!(other.from_open, own.from_open);
    let reached = own.endings.reach(own.expected.amount);
    let then = other.endings.reach(own.expected.amount + 40.0 - 1e-6);
    assert!((reached - then).abs() < 0.01, "{reached} {then}");
}
