//! The probability that a deal is won within so many working days.
//!
//! A visit of a stage ends in another stage, in winning, or in the deal's end otherwise; these compete.
//! For each stage and each working day of a visit, the hazard of each outcome is what of the visits
//! that were still there on that day went that way: open visits are at risk for as long as they have
//! been watched, and are then left out of the count (censored), never counted as not won. The chance to be
//! there still is Kaplan and Meier's product (1958), the chance of an outcome Aalen and Johansen's
//! (1978) sum. What follows a change of stage is that stage's own, from its first day (a semi-Markov
//! process, Pyke 1961).
//!
//! Where few visits lasted so long, a day's hazard is drawn towards the mean of all days of the stage:
//! as if [`PRIOR_DAYS`] more days had been watched that went as these.

use super::{History, To};

/// Days of mean hazard that each day's own is mixed with.
pub const PRIOR_DAYS: f64 = 10.0;
/// Working days that have a hazard each; later ones share one, in groups.
const SINGLE_DAYS: usize = 20;
/// The first day of each group after them.
const GROUPS: [usize; 16] = [
    20, 25, 30, 35, 40, 45, 50, 55, 60, 70, 80, 100, 120, 160, 200, 240,
];
const BINS: usize = SINGLE_DAYS + GROUPS.len();

/// The bin of a day of a visit, the day it began being the 0th.
fn bin(day: usize) -> usize {
    if day < SINGLE_DAYS {
        return day;
    }
    SINGLE_DAYS + GROUPS.partition_point(|first| *first <= day) - 1
}

/// What was seen of a stage, and the hazards that follow.
#[derive(Debug, Clone)]
struct Stage {
    /// By bin: to each stage, then won, then ended.
    hazards: Vec<Vec<f64>>,
}

/// Hazards by stage.
#[derive(Debug)]
pub struct Incidence {
    stages: Vec<Stage>,
    /// Finished visits that were learned from.
    pub finished: usize,
    /// Open ones.
    pub censored: usize,
}

/// By stage, the probability to be won within 0, 1, 2, … working days after entering it.
pub type ByEntry = Vec<Vec<f64>>;

impl Incidence {
    /// Learns from what had happened by a moment; `day` is the working day that is over by then.
    pub fn learn(history: &History, at_us: i64, day: i32) -> Self {
        Self::with_prior(history, at_us, day, PRIOR_DAYS)
    }

    /// The same with another prior; without any the hazards are what was seen and nothing else.
    pub fn with_prior(history: &History, at_us: i64, day: i32, prior_days: f64) -> Self {
        let count = history.told.len();
        let (won, ended) = (count, count + 1);
        let mut at_risk = vec![vec![0.0_f64; BINS]; count];
        let mut events = vec![vec![vec![0.0_f64; count + 2]; BINS]; count];
        // visits by the last day on which they were at risk; exposure is summed from behind
        let mut last = vec![vec![0_u32; 512]; count];
        let (mut finished, mut censored) = (0, 0);
        for visit in &history.visits {
            let stage = usize::from(visit.stage);
            if visit.entered_us > at_us || stage >= count {
                continue;
            }
            let is_open = visit.is_open_at(at_us);
            let until = if is_open { day } else { visit.left };
            let days = usize::try_from((until - visit.entered).max(0)).unwrap_or_default();
            let place = days.min(last[stage].len() - 1);
            last[stage][place] += 1;
            if is_open {
                censored += 1;
                continue;
            }
            finished += 1;
            let to = match visit.to {
                To::Stage(next) => usize::from(next),
                To::Won => won,
                To::Ended | To::Open => ended,
            };
            if to < count + 2 {
                events[stage][bin(days)][to] += 1.0;
            }
        }
        for (last, at_risk) in last.iter().zip(&mut at_risk) {
            let mut there = 0.0;
            for (day, ends) in last.iter().enumerate().rev() {
                there += f64::from(*ends);
                at_risk[bin(day)] += there;
            }
        }
        let stages = at_risk.iter().zip(&events).map(|(at_risk, events)| {
            let exposure: f64 = at_risk.iter().sum();
            let mean: Vec<f64> = (0..count + 2)
                .map(|to| {
                    let seen: f64 = events.iter().map(|events| events[to]).sum();
                    if exposure > 0.0 { seen / exposure } else { 0.0 }
                })
                .collect();
            let hazards = at_risk.iter().zip(events).map(|(days, events)| {
                let whole = days + prior_days;
                let own = events.iter().zip(&mean).map(|(seen, mean)| {
                    if whole > 0.0 {
                        (seen + prior_days * mean) / whole
                    } else {
                        0.0
                    }
                });
                own.collect()
            });
            Stage {
                hazards: hazards.collect(),
            }
        });
        Self {
            stages: stages.collect(),
            finished,
            censored,
        }
    }

    /// By stage, the probability to be won within up to `days` working days after entering it.
    pub fn by_entry(&self, days: usize) -> ByEntry {
        let count = self.stages.len();
        let mut won: ByEntry = vec![Vec::with_capacity(days + 1); count];
        for within in 0..=days {
            // what leaves its stage on a later day than the first goes on with fewer days left
            let later: Vec<f64> = (0..count)
                .map(|stage| {
                    let mut there = 1.0 - self.leaving(stage, 0);
                    let mut sum = self.hazard(stage, 0, count);
                    for day in 1..=within {
                        sum += there * self.step(stage, day, within - day, &won);
                        there *= 1.0 - self.leaving(stage, day);
                    }
                    sum
                })
                .collect();
            // what leaves on the very day goes on with as many: those equations are solved together
            let mut own = later.clone();
            for _ in 0..200 {
                let mut moved = 0.0_f64;
                for stage in (0..count).rev() {
                    let at_once = (0..count).map(|to| self.hazard(stage, 0, to) * own[to]);
                    let next = later[stage] + at_once.sum::<f64>();
                    moved = moved.max((next - own[stage]).abs());
                    own[stage] = next;
                }
                if moved < 1e-12 {
                    break;
                }
            }
            for (won, own) in won.iter_mut().zip(own) {
                won.push(own.clamp(0.0, 1.0));
            }
        }
        won
    }

    /// The probability that a deal that has been in a stage for `age` working days is won within the
    /// next `days`.
    pub fn of(&self, stage: u8, age: i32, days: usize, by_entry: &ByEntry) -> f64 {
        let stage = usize::from(stage);
        if stage >= self.stages.len() {
            return 0.0;
        }
        let age = usize::try_from(age).unwrap_or_default();
        let (mut there, mut sum) = (1.0, 0.0);
        for day in 1..=days {
            sum += there * self.step(stage, age + day, days - day, by_entry);
            there *= 1.0 - self.leaving(stage, age + day);
        }
        sum.clamp(0.0, 1.0)
    }

    /// Won on a day of a visit, or later after a change of stage on it, within the days left then.
    fn step(&self, stage: usize, day: usize, left: usize, by_entry: &ByEntry) -> f64 {
        let count = self.stages.len();
        let onwards = (0..count).map(|to| {
            let then = by_entry[to].get(left).copied().unwrap_or(0.0);
            self.hazard(stage, day, to) * then
        });
        self.hazard(stage, day, count) + onwards.sum::<f64>()
    }

    fn hazard(&self, stage: usize, day: usize, to: usize) -> f64 {
        self.stages[stage].hazards[bin(day)][to]
    }

    /// The hazard of leaving, whichever way.
    fn leaving(&self, stage: usize, day: usize) -> f64 {
        self.stages[stage].hazards[bin(day)]
            .iter()
            .sum::<f64>()
            .min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Visit;
    use super::*;

    const DAY_US: i64 = 86_400_000_000;

    /// A visit that began on a day and ended on another, or is open.
    fn visit(stage: u8, entered: i32, left: Option<i32>, to: To) -> Visit {
        let left = left.unwrap_or(10_000);
        Visit {
            deal: 0,
            stage,
            to,
            entered_us: i64::from(entered) * DAY_US,
            left_us: i64::from(left) * DAY_US,
            entered,
            left,
        }
    }

    fn learned(stages: usize, visits: Vec<Visit>, day: i32, prior: f64) -> Incidence {
        let history = History {
            deals: Vec::new(),
            visits,
            told: vec![0.5; stages],
        };
        Incidence::with_prior(&history, i64::from(day) * DAY_US, day, prior)
    }

    fn near(left: f64, right: f64) {
        assert!((left - right).abs() < 1e-9, "{left} is not {right}");
    }

    #[test]
    fn days_share_a_bin_only_after_the_first() {
        assert_eq!(bin(0), 0);
        assert_eq!(bin(19), 19);
        assert_eq!(bin(20), 20);
        assert_eq!(bin(24), 20);
        assert_eq!(bin(25), 21);
        assert_eq!(bin(10_000), BINS - 1);
    }

    /// Five visits: won after 1 day, lost after 2, won after 2, open since 2, open since 4.
    /// Day 1: 5 at risk, 1 won. Day 2: 4 at risk, 1 won, 1 lost. Days 3, 4: 1 at risk.
    #[test]
    fn competing_outcomes_by_hand() {
        let visits = vec![
            visit(0, 0, Some(1), To::Won),
            visit(0, 0, Some(2), To::Ended),
            visit(0, 3, Some(5), To::Won),
            visit(0, 8, None, To::Open),
            visit(0, 6, None, To::Open),
        ];
        let own = learned(1, visits, 10, 0.0);
        assert_eq!((own.finished, own.censored), (3, 2));
        let won = own.by_entry(4);
        near(won[0][0], 0.0);
        near(won[0][1], 0.2);
        // 0.2 + 0.8 * 1/4
        near(won[0][2], 0.4);
        near(won[0][4], 0.4);
        // who is there after one day: one of four is won on the next
        near(own.of(0, 1, 1, &won), 0.25);
        near(own.of(0, 0, 2, &won), 0.4);
        near(own.of(0, 2, 5, &won), 0.0);
    }

    /// Half of the first stage goes on after a day, of the second half are won after a day.
    #[test]
    fn what_follows_a_change_of_stage_takes_its_own_time() {
        let visits = vec![
            visit(0, 0, Some(1), To::Stage(1)),
            visit(0, 0, Some(1), To::Ended),
            visit(1, 1, Some(2), To::Won),
            visit(1, 1, Some(2), To::Ended),
        ];
        let own = learned(2, visits, 10, 0.0);
        let won = own.by_entry(3);
        near(won[0][1], 0.0);
        near(won[0][2], 0.25);
        near(won[1][1], 0.5);
        near(own.of(0, 0, 2, &won), 0.25);
        near(own.of(0, 0, 1, &won), 0.0);
    }

    /// A deal that passes both stages on the day it is opened, and one that never moves.
    #[test]
    fn stages_that_are_passed_in_a_day_are_solved_together() {
        let visits = vec![
            visit(0, 0, Some(0), To::Stage(1)),
            visit(0, 0, Some(5), To::Ended),
            visit(1, 0, Some(0), To::Stage(0)),
            visit(1, 0, Some(0), To::Won),
        ];
        let own = learned(2, visits, 10, 0.0);
        let won = own.by_entry(1);
        // x = y / 2, y = 1/2 + x / 2
        near(won[0][0], 1.0 / 3.0);
        near(won[1][0], 2.0 / 3.0);
    }

    #[test]
    fn nothing_that_came_later_is_seen() {
        let visits = vec![
            visit(0, 0, Some(3), To::Won),
            visit(0, 0, Some(9), To::Won),
            visit(0, 7, Some(8), To::Won),
        ];
        let own = learned(1, visits, 5, 0.0);
        assert_eq!((own.finished, own.censored), (1, 1));
        near(own.by_entry(3)[0][3], 0.5);
    }

    #[test]
    fn few_are_drawn_towards_the_mean_of_the_stage() {
        // ten visits of ten days, one of which is won on day 3: the mean hazard is 1 of 104 days
        let mut visits = vec![visit(0, 0, Some(3), To::Won)];
        visits.extend((0..9).map(|_| visit(0, 0, None, To::Open)));
        let bare = learned(1, visits.clone(), 10, 0.0);
        let drawn = learned(1, visits, 10, 10.0);
        near(bare.hazard(0, 3, 1), 0.1);
        let days = 4.0 + 9.0 * 11.0;
        let mean = 1.0 / days;
        near(drawn.hazard(0, 3, 1), (1.0 + 10.0 * mean) / 20.0);
        // later than anything that was seen: the mean
        near(drawn.hazard(0, 300, 1), mean);
        near(bare.hazard(0, 300, 1), 0.0);
    }
}
