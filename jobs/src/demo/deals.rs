//! Opportunities and their way through the stages.
//!
//! A deal is planned to its very end, whenever that is, and cut at the last day when it is
//! written: what is open then is open for the right reason.

use super::catalog::{COMPETITORS, IMPROVING, LOSSES, PRODUCTS, REGIONS, SOURCES, series_effect};
use super::company::{Account, Rep, Segment, Span};
use super::days::{MINUTES, Stamp, season};
use super::random::{Dice, Even, rounded};

/// The index of the stage in which the customer's requirements are gathered.
pub(super) const REQUIREMENTS: usize = 2;
/// The index of the stage in which quotes are made.
pub(super) const QUOTATION: usize = 3;
/// The index of the stage in which the contract is signed.
pub(super) const SIGNING: usize = 4;
/// Deals of an account in two years.
const DEALS: f64 = 3.4;

/// How a deal ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    Won,
    Lost,
    Shelved,
    Invalid,
    Duplicate,
    /// It never ends.
    Stuck,
}

/// A stay in a stage, from its start to the next one's or to the end of the deal.
pub(super) struct Visit {
    pub(super) stage: usize,
    pub(super) from: Stamp,
    pub(super) to: Stamp,
}

/// A deal as planned.
pub(super) struct Deal {
    pub(super) account: usize,
    pub(super) product: usize,
    pub(super) source: &'static str,
    pub(super) opened: Stamp,
    pub(super) visits: Vec<Visit>,
    pub(super) end: End,
    pub(super) ended: Stamp,
    /// In fen.
    pub(super) amount: i64,
    pub(super) loss: Option<(&'static str, Option<&'static str>)>,
    /// Entered on the day it was signed, all at once.
    pub(super) entered_at_end: bool,
    /// When it was given up for a while, and taken up again.
    pub(super) pause: Option<(Stamp, Stamp)>,
    /// Working minutes from the opening to when the close is expected.
    pub(super) expected: i64,
}

/// Shares of a won deal's time: registration, contact, requirements, quotation, signing.
const SHARES: [f64; 5] = [0.09, 0.17, 0.27, 0.29, 0.18];

/// Quantiles of a deal's time against its mean, from the quickest to the slowest.
const PACE: [f64; 11] = [
    0.28, 0.47, 0.59, 0.69, 0.79, 0.89, 1.0, 1.13, 1.31, 1.62, 2.75,
];
/// The mean of what [`pace`] gives.
const PACE_MEAN: f64 = 1.0005;

fn pace(unit: f64) -> f64 {
    let place = unit * 10.0;
    let index = super::random::index_of(place, 10);
    let share = place - index as f64;
    (PACE[index] * (1.0 - share) + PACE[index + 1] * share) / PACE_MEAN
}

/// Keeps a team's mean where it is meant to be, whatever mix of deals, products and reps wins.
struct Tempo {
    even: Even,
    /// Sum and count of the winners' factors so far.
    sum: f64,
    count: f64,
}

impl Tempo {
    fn new(dice: &mut Dice) -> Tempo {
        Tempo {
            even: Even::new(dice),
            sum: 8.0,
            count: 8.0,
        }
    }

    /// A deal's factor against the mean of the winners so far.
    fn level(&mut self, end: End, factor: f64) -> f64 {
        if end == End::Won {
            self.sum += factor;
            self.count += 1.0;
        }
        factor * self.count / self.sum
    }
}

/// The deals, by opening. Those opened before the first day are the backlog it began with.
pub(super) fn deals(seed: u64, span: &Span, accounts: &[Account], reps: &[Rep]) -> Vec<Deal> {
    let mut dice = Dice::new(seed, "deals");
    let mut teams: Vec<Tempo> = REGIONS.iter().map(|_| Tempo::new(&mut dice)).collect();
    let mut deals = Vec::new();
    for opened in openings(&mut dice, span, accounts.len()) {
        let Some(account) = buyer(&mut dice, accounts, opened) else {
            continue;
        };
        let team = reps[accounts[account].owner(opened)].region;
        let deal = plan(
            &mut dice,
            &mut teams[team],
            span,
            accounts,
            reps,
            account,
            opened,
        );
        if deal.end != End::Stuck && deal.ended < span.open {
            continue;
        }
        deals.push(deal);
    }
    deals
}

/// The openings by season, and a backlog of half a year.
fn openings(dice: &mut Dice, span: &Span, accounts: usize) -> Vec<Stamp> {
    let weigh = |from, to| -> Vec<(Stamp, f64)> {
        // In a short demo what came before is not much less.
        let length = (span.close - span.open).max(250 * MINUTES) as f64;
        let growth = |stamp| 1.0 + 0.12 * (stamp - span.open) as f64 / length;
        span.days
            .within(from, to)
            .map(|(date, stamp)| (stamp, season(date) * growth(stamp)))
            .collect()
    };
    let sum = |days: &[(Stamp, f64)]| days.iter().map(|day| day.1).sum::<f64>();
    let inside = weigh(span.start, span.end);
    let backlog = weigh(span.days.date(span.begin), span.start);
    let count = accounts as f64 * DEALS * span.length() / 730.5;
    let carried = count * sum(&backlog) / sum(&inside).max(1.0);
    let mut openings = Vec::new();
    for (days, count) in [(backlog, carried), (inside, count)] {
        // Walk the cumulative weight in even steps, each shaken within itself.
        let step = sum(&days) / count.max(1.0);
        let mut left = 0.0;
        for (stamp, weight) in days {
            left += weight;
            while left >= step {
                left -= step;
                openings.push(stamp + dice.whole(0, MINUTES - 1));
            }
        }
    }
    openings.sort_unstable();
    openings
}

/// An account that somebody looks after by then; those who sink ask less often.
fn buyer(dice: &mut Dice, accounts: &[Account], opened: Stamp) -> Option<usize> {
    let known = accounts.partition_point(|account| account.created <= opened);
    for _ in 0..1_000 {
        let index = super::random::index_of(dice.unit() * known as f64, known);
        let account = accounts[..known].get(index)?;
        let weight = account.weight.min(4.0) * if account.sinking(opened) { 0.4 } else { 1.0 };
        if dice.chance(weight / 4.0) && account.owned_from() < opened {
            return Some(index);
        }
    }
    None
}

fn plan(
    dice: &mut Dice,
    tempo: &mut Tempo,
    span: &Span,
    accounts: &[Account],
    reps: &[Rep],
    index: usize,
    opened: Stamp,
) -> Deal {
    let account = &accounts[index];
    let rep = &reps[account.owner(opened)];
    let region = &REGIONS[rep.region];
    let product = dice.weighted(&product_weights(account.industry));
    let (slow, liked) = series_effect(PRODUCTS[product].2);
    let (median, length, odds) = match account.segment {
        Segment::Project => (158_000.0, 1.14, 0.88),
        Segment::Repeat => (88_000.0, 0.9, 1.14),
        Segment::Distributor => (62_000.0, 0.86, 1.04),
    };
    let size = dice.factor(0.6);
    let yuan = (median * 1.2 * account.scale * size).clamp(20_000.0, 800_000.0);
    let mut chance = region.win * rep.win * odds * liked;
    chance *= if size > 1.6 { 0.84 } else { 1.03 };
    chance *= if account.sinking(opened) { 0.6 } else { 1.0 };

    let end = match dice.weighted(&[0.055, 0.03, 0.068, 0.017, 0.83]) {
        0 => End::Invalid,
        1 => End::Duplicate,
        2 => End::Shelved,
        3 => End::Stuck,
        _ if dice.chance(chance.clamp(0.06, 0.82)) => End::Won,
        _ => End::Lost,
    };
    let path = path(dice, end);
    let mean = region.cycle.0 * tempo.level(end, length * slow * rep.pace);
    // Winners draw evenly, so that what is reported about them is what was planned.
    let unit = if end == End::Won {
        tempo.even.next()
    } else {
        dice.unit()
    };
    let total = mean * pace(unit) * if end == End::Lost { 0.92 } else { 1.0 };
    let (visits, ended) = walk(dice, span, rep.region, opened, &path, total);

    let loss = (end == End::Lost).then(|| {
        let (reason, rival) = dice.choose(&LOSSES);
        (
            reason,
            (rival && dice.chance(0.82)).then(|| dice.choose(&COMPETITORS)),
        )
    });
    Deal {
        account: index,
        product,
        source: if dice.chance(0.55) {
            account.source
        } else {
            dice.choose(&SOURCES)
        },
        opened,
        end,
        ended,
        amount: rounded(yuan / 100.0) * 10_000,
        loss,
        entered_at_end: end == End::Won && dice.chance(0.03),
        pause: pause(dice, &visits),
        visits,
        expected: rounded(mean * dice.between(0.7, 1.3) * 5.0 / 7.0) * MINUTES,
    }
}

/// Now and then a customer puts a project off before anything was quoted, and comes back.
fn pause(dice: &mut Dice, visits: &[Visit]) -> Option<(Stamp, Stamp)> {
    let visit = visits.iter().find(|visit| visit.stage == REQUIREMENTS)?;
    let length = visit.to - visit.from;
    if !dice.chance(0.05) || !(4 * MINUTES..60 * MINUTES).contains(&length) {
        return None;
    }
    Some((visit.from + length * 3 / 10, visit.from + length * 7 / 10))
}

fn product_weights(industry: usize) -> [f64; 24] {
    let mut weights = [1.0; 24];
    for (weight, product) in weights.iter_mut().zip(&PRODUCTS) {
        // Petrochemicals, power and steel buy alloys and control; water and buildings butterflies.
        *weight = match (industry, product.2) {
            (0 | 2 | 3, "调节阀" | "截止阀") | (6, "闸阀" | "截止阀") => 1.8,
            (1 | 5, "蝶阀" | "止回阀") => 2.2,
            (4 | 7, "球阀" | "气动执行器") => 1.9,
            (_, "管件") => 1.4,
            _ => 1.0,
        };
    }
    weights
}

/// The stages that a deal goes through, with those it comes back to.
fn path(dice: &mut Dice, end: End) -> Vec<usize> {
    let last = match end {
        End::Won => 4,
        End::Lost => dice.weighted(&[0.03, 0.09, 0.22, 0.52, 0.14]),
        End::Shelved => dice.weighted(&[0.0, 0.1, 0.4, 0.5]),
        End::Invalid => dice.weighted(&[0.7, 0.3]),
        End::Duplicate => dice.weighted(&[0.85, 0.15]),
        End::Stuck => dice.weighted(&[0.1, 0.2, 0.4, 0.3]),
    };
    let mut path = Vec::new();
    for stage in 0..=last {
        path.push(stage);
        if stage == 3 && last >= 3 && dice.chance(0.13) {
            path.extend([2, 3]);
        }
        if stage == 4 && dice.chance(0.05) {
            path.extend([3, 4]);
        }
    }
    path
}

/// Lays a path out in time. Half way through the demo the improving team learns to work faster:
/// from then on its clock runs quicker, also for deals under way.
fn walk(
    dice: &mut Dice,
    span: &Span,
    team: usize,
    opened: Stamp,
    path: &[usize],
    total: f64,
) -> (Vec<Visit>, Stamp) {
    let reached = path.iter().copied().max().unwrap_or(0);
    let all: f64 = SHARES[..=reached].iter().sum();
    let drawn: Vec<f64> = path
        .iter()
        .map(|stage| SHARES[*stage] * dice.factor(0.55))
        .collect();
    let scale = total * all / drawn.iter().sum::<f64>();
    let cycle = REGIONS[team].cycle;
    let faster = if team == IMPROVING {
        cycle.0 / cycle.1
    } else {
        1.0
    };
    let begun = span.days.elapsed(opened);
    let slow = (span.days.elapsed(span.change) - begun).max(0.0);
    let mut passed = 0.0;
    let mut from = opened;
    let mut visits = Vec::new();
    for (stage, share) in path.iter().zip(drawn) {
        passed += share * scale;
        let real = if passed <= slow {
            passed
        } else {
            slow + (passed - slow) / faster
        };
        let to = span.days.stamp(begun + real).max(from + dice.whole(12, 90));
        visits.push(Visit {
            stage: *stage,
            from,
            to,
        });
        from = to;
    }
    (visits, from)
}
