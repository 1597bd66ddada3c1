use super::*;
use crate::health::evidence::{Evidence, Term};
use crate::health::history::{LineKind, OrderLine};
use crate::health::probability::Model;

const HORIZON: i32 = 91;
const DAY: i32 = 18_900;

/// Numbers below a bound, by a congruential generator.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: i32) -> i32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        i32::try_from((self.0 >> 33) % u64::try_from(bound).unwrap()).unwrap()
    }
}

/// Accounts that buy about every month over `days` days up to a quarter after [`DAY`]; from some day on
/// two of five buy less from order to order.
fn firm(accounts: usize, days: i32) -> Vec<OrderLine> {
    let mut dice = Dice(11);
    let mut lines = Vec::new();
    for account in 0..accounts {
        let sinks_from = if dice.below(5) < 2 {
            DAY - 700 + dice.below(900)
        } else {
            i32::MAX
        };
        let mut amount = f64::from(100 + dice.below(900));
        let mut day = DAY + HORIZON - days + dice.below(30);
        while day <= DAY + HORIZON {
            lines.push(OrderLine {
                account,
                day,
                kind: LineKind::Sale,
                amount: amount * f64::from(80 + dice.below(40)) / 100.0,
                untaxed: None,
                product: None,
            });
            if day >= sinks_from {
                amount *= 0.8;
            }
            day += 20 + dice.below(20);
        }
    }
    lines
}

#[test]
fn shrinking_is_told_better_than_by_the_mean_rate_and_the_last_trend() {
    let history = History::new(400, firm(400, 1_700));
    let outlook = Outlook::of(&history, DAY, HORIZON, Years::Lunar);
    let seen = history.until(DAY);
    let standings = seen.standings(DAY);
    let version = outlook.version(Target::Shrink);
    assert_eq!(version.kind, Model::Fitted);
    assert!(version.is_calibrated && version.trial.is_some());
    assert_eq!(version.learned_days.first(), Some(&(DAY - HORIZON)));
    assert!(
        outlook.shrink.iter().all(Option::is_some),
        "all bought a year before"
    );
    let found = outlook.shrinking(&standings, &history, HORIZON, Years::Lunar);
    assert!((40..360).contains(&found.positives), "{}", found.positives);
    let probability = found.probability.unwrap();
    let base_rate = found.baselines.base_rate.unwrap();
    assert!(probability.brier.unwrap() < base_rate.brier);
    assert!(probability.ranking.auc.unwrap() > 0.9, "{probability:?}");
    assert!(probability.ranking.auc >= found.baselines.last_trend.auc);
    assert!(
        probability.calibration_error.unwrap() < 0.08,
        "{probability:?}"
    );
}

#[test]
fn what_cannot_be_learned_has_no_number() {
    let history = History::new(400, firm(400, 500));
    let outlook = Outlook::of(&history, DAY, HORIZON, Years::Lunar);
    for target in [Target::Shrink, Target::NonRenewal] {
        let version = outlook.version(target);
        assert_eq!(version.kind, Model::NotEnoughHistory);
        assert_eq!((version.is_calibrated, version.trial), (false, None));
    }
    let standings = history.until(DAY).standings(DAY).len();
    assert_eq!(outlook.shrink, vec![None; standings]);
    assert_eq!(outlook.non_renewal, vec![None; standings]);
    // nobody who bought nothing a year before can shrink
    let lines = firm(300, 1_700).into_iter().chain([OrderLine {
        account: 300,
        day: DAY - 10,
        kind: LineKind::Sale,
        amount: 5.0,
        untaxed: None,
        product: None,
    }]);
    let outlook = Outlook::of(&History::new(301, lines), DAY, HORIZON, Years::Lunar);
    assert_eq!(outlook.shrink.last(), Some(&None));
    assert!(outlook.shrink[0].is_some());
}

/// Contracts of a year, one after the other; who has stopped buying does not renew.
fn contracts(lines: &[OrderLine], accounts: usize) -> Vec<(usize, Evidence)> {
    let mut dice = Dice(5);
    let all = (0..accounts).map(|account| {
        let days = lines.iter().filter(|line| line.account == account);
        let last = days.map(|line| line.day).max().unwrap();
        let mut terms = Vec::new();
        let mut signed = DAY - 1_500 + dice.below(365);
        while signed < DAY + 200 {
            let expires = signed + 365;
            let is_renewed = last > expires - 60;
            terms.push(Term {
                signed,
                expires,
                renewed: is_renewed.then_some(expires - 10),
            });
            if !is_renewed {
                break;
            }
            signed = expires - 10;
        }
        let own = Evidence {
            terms,
            ..Evidence::default()
        };
        (account, own)
    });
    all.collect()
}

#[test]
fn contracts_of_silent_accounts_are_likely_not_renewed() {
    let mut dice = Dice(3);
    let stops: Vec<i32> = (0..500).map(|_| DAY - 1_200 + dice.below(2_400)).collect();
    let lines = firm(500, 1_700).into_iter();
    let lines: Vec<OrderLine> = lines
        .filter(|line| line.day <= stops[line.account])
        .collect();
    let evidence = contracts(&lines, 500);
    let history = History::new(500, lines).with_evidence(evidence);
    let outlook = Outlook::of(&history, DAY, HORIZON, Years::Lunar);
    let seen = history.until(DAY);
    let standings = seen.standings(DAY);
    let version = outlook.version(Target::NonRenewal);
    assert_eq!(version.kind, Model::Fitted, "{version:?}");
    assert_eq!(
        version.learned_days.first(),
        Some(&(DAY - HORIZON - 90)),
        "only what is decided"
    );
    let mean = |is_silent: bool| {
        let of = standings.iter().zip(&outlook.non_renewal);
        let of = of.filter(|(own, _)| (own.silent_days() > 90.0) == is_silent);
        let all: Vec<f64> = of.filter_map(|(_, own)| *own).collect();
        assert!(!all.is_empty());
        all.iter().sum::<f64>() / all.len() as f64
    };
    assert!(mean(true) > 0.7, "{}", mean(true));
    assert!(mean(false) < 0.4, "{}", mean(false));
    let none = outlook
        .non_renewal
        .iter()
        .filter(|own| own.is_none())
        .count();
    assert!(none > 200, "most have no contract that runs out");
    let of = |today: i32| outlook.non_renewals(&standings, &history, HORIZON, Years::Lunar, today);
    assert!(of(DAY + HORIZON + 89).is_none(), "not decided yet");
    let found = of(DAY + HORIZON + 90).unwrap();
    assert_eq!(found.accounts + none, standings.len());
    assert!(found.probability.unwrap().ranking.auc.unwrap() > 0.8);
}
