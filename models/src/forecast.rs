//! What will be won by the end of a month or quarter, from the firm's own history.
//!
//! Three parts add up: what is won so far; each open deal by the probability that it is won in the
//! working days that are left, given its stage and how long it has been there ([`incidence`]); and the
//! deals that are not opened yet, as many as past periods brought in their last days. The interval is
//! that of simulated endings ([`simulate`]) with a seed of its own, so that the same history gives the
//! same interval. [`backtest`] does the same as of past periods, seeing nothing that came later, and
//! says how far off it was, beside the weighted pipeline and beside the same period a year before.
//!
//! Time is counted in working days: holidays and weekends in which nobody signs take no part in it.

pub mod backtest;
pub mod incidence;
pub mod simulate;

use std::collections::HashMap;

use serde::Serialize;

use incidence::Incidence;
use simulate::{Chance, Endings, Seeded};

/// Wins that a history must have for probabilities to be made of it.
pub const LEAST_WON: usize = 20;
/// Past periods that it must have for the deals that are not opened yet.
pub const LEAST_PERIODS: usize = 3;
/// Past periods that are looked at.
pub const MOST_PERIODS: usize = 12;
/// The share of endings that the interval holds.
pub const COVERED: f64 = 0.8;
/// Amounts that differ by less are one: the last digit of a sum depends on its order.
pub const HALF_A_FEN: f64 = 0.005;

/// How a visit of a stage ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    /// It has not.
    Open,
    /// In another stage, by its number.
    Stage(u8),
    /// The deal was won.
    Won,
    /// The deal ended otherwise: lost, put aside, invalid.
    Ended,
}

/// A visit of a stage before winning.
#[derive(Debug, Clone, Copy)]
pub struct Visit {
    /// The deal, by its place.
    pub deal: u32,
    /// The stage, by its number.
    pub stage: u8,
    /// How it ended.
    pub to: To,
    /// When it began and ended, in UTC microseconds.
    pub entered_us: i64,
    /// See there; meaningless while it is open.
    pub left_us: i64,
    /// The same as counts of working days.
    pub entered: i32,
    /// See there.
    pub left: i32,
}

/// A deal.
#[derive(Debug, Clone, Copy)]
pub struct Deal {
    /// When it was opened, in UTC microseconds.
    pub opened_us: i64,
    /// When it was won, if it was.
    pub won_us: Option<i64>,
    /// The same as a count of working days; meaningless where it was not.
    pub won_day: i32,
    /// When it ended otherwise, if it did.
    pub ended_us: Option<i64>,
    /// Its amount, where it has one.
    pub amount: Option<f64>,
    /// The end of the day on which it is expected to be won, in UTC microseconds.
    pub expected_us: Option<i64>,
    /// Whose it is: the number of a team or a person, where the forecast is split by them.
    pub group: u32,
    /// Whether it counts. What does not is learned from, and nothing else.
    pub counts: bool,
}

/// All that is known.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// The deals.
    pub deals: Vec<Deal>,
    /// Their visits of stages before winning, those of a deal in their order.
    pub visits: Vec<Visit>,
    /// The probability that is told of each stage, by its number.
    pub told: Vec<f64>,
}

/// A month or quarter, and the moment in it that it is forecast at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its first moment, in UTC microseconds.
    pub opens_us: i64,
    /// The first moment after it.
    pub closes_us: i64,
    /// What is known: all up to this moment.
    pub at_us: i64,
    /// The working day that is over by then, as a count of working days.
    pub day: i32,
    /// Working days that are left.
    pub left: usize,
    /// Those of them that lie before its first moment: none once it has begun.
    pub until: usize,
}

impl Window {
    /// Working days that are left within it.
    pub fn days(&self) -> usize {
        self.left.saturating_sub(self.until)
    }
}

/// A number of deals and their amount.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Sum {
    /// How many deals.
    pub count: f64,
    /// Their amount.
    pub amount: f64,
}

impl Sum {
    fn add(&mut self, share: f64, amount: f64) {
        self.count += share;
        self.amount += share * amount;
    }
}

impl std::ops::Sub for Sum {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            count: self.count - other.count,
            amount: self.amount - other.amount,
        }
    }
}

impl std::ops::Add for Sum {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            amount: self.amount + other.amount,
        }
    }
}

/// Why there is no forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lacking {
    /// Fewer than [`LEAST_WON`] deals were won before.
    Wins,
    /// Fewer than [`LEAST_PERIODS`] whole periods lie before it.
    Periods,
}

/// An open deal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Open {
    /// Its place.
    pub deal: u32,
    /// The stage that it is in.
    pub stage: u8,
    /// Working days that it has been there.
    pub days_in_stage: i32,
    /// The probability that it is won within the period; 0 where nothing tells.
    pub probability: f64,
    /// Its amount, or the mean of deals won where it has none and something tells; else 0.
    pub amount: f64,
    /// Whether it has none.
    pub without_amount: bool,
    /// What of it is in the weighted pipeline: the probability that is told of its stage, and 0 where
    /// it is not expected to be won by the end of the period.
    pub weight: f64,
}

/// What is told without looking back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Standing {
    /// What is won so far.
    pub won: Sum,
    /// Open deals: how many, and their amount.
    pub open: Sum,
    /// Won so far, and open deals that are expected to be won by the end of the period times the
    /// probability told of their stage.
    pub weighted: Sum,
    /// Open deals without a day on which they are expected to be won: they are in no weighted pipeline.
    pub undated: usize,
    /// Open deals without an amount: they count with the mean of those won.
    pub without_amount: usize,
}

/// A forecast.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Forecast {
    /// What is told without it.
    #[serde(flatten)]
    pub standing: Standing,
    /// What of the open deals is expected to be won within the period.
    pub from_open: Sum,
    /// What is expected of deals that are not opened yet.
    pub from_new: Sum,
    /// All together.
    pub expected: Sum,
    /// The least of the interval.
    pub low: Sum,
    /// The most of it.
    pub high: Sum,
    /// The endings that the interval is of.
    #[serde(skip)]
    pub endings: Endings,
}

impl Forecast {
    /// The same with other deals won so far, as where a month of the period is closed.
    #[must_use]
    pub fn with_won(mut self, won: Sum) -> Self {
        let moved = won - self.standing.won;
        self.standing = self.standing.with_won(won);
        self.expected = self.expected + moved;
        self.low = self.low + moved;
        self.high = self.high + moved;
        self.endings = self.endings.moved(moved);
        self
    }
}

impl Standing {
    /// What stands at a window: of all deals that count, or of those of a group.
    pub fn of(history: &History, window: &Window, open: &[Open], group: Option<u32>) -> Self {
        let mut standing = Self::default();
        let within = |deal: &Deal| deal.is_of(group);
        for deal in history.deals.iter().filter(|deal| within(deal)) {
            if deal.is_won_in(window) {
                standing.won.add(1.0, deal.amount.unwrap_or(0.0));
            }
        }
        standing.weighted = standing.won;
        for own in open {
            let deal = &history.deals[own.deal as usize];
            if !within(deal) {
                continue;
            }
            let amount = deal.amount.unwrap_or(0.0);
            standing.open.add(1.0, amount);
            standing.weighted.add(own.weight, amount);
            standing.undated += usize::from(deal.expected_us.is_none());
            standing.without_amount += usize::from(own.without_amount);
        }
        standing
    }

    /// The same with other deals won so far.
    #[must_use]
    pub fn with_won(mut self, won: Sum) -> Self {
        self.weighted = self.weighted + (won - self.won);
        self.won = won;
        self
    }
}

/// What is expected to be won by the end of a working day.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ahead {
    /// What is expected.
    pub expected: Sum,
    /// The least of the interval.
    pub low: Sum,
    /// The most of it.
    pub high: Sum,
}

/// What the history says as of a window, from which forecasts are made.
#[derive(Debug)]
pub struct Outlook<'a> {
    history: &'a History,
    window: Window,
    /// Deals that were won by then, over all time.
    pub wins: usize,
    /// Finished visits that the probabilities are made of.
    pub visits: usize,
    /// Open ones.
    pub censored: usize,
    open: Vec<Open>,
    /// By stage and working days in it, the probability to be won within the first 0, 1, 2, … working
    /// days of the window.
    curves: HashMap<(u8, i32), Vec<f64>>,
    /// What past windows brought of deals opened and won in their last days.
    brought: Vec<Vec<Brought>>,
}

/// A deal that was opened and won in the last days of a past window.
#[derive(Debug, Clone, Copy)]
struct Brought {
    deal: u32,
    /// On which working day of the window that was left, the first being 1.
    day: usize,
}

impl<'a> Outlook<'a> {
    /// What the history says as of a window; `before` are the periods before it, the latest first,
    /// each with as many working days left as it has.
    ///
    /// # Errors
    /// What of history is lacking.
    pub fn new(history: &'a History, window: Window, before: &[Window]) -> Result<Self, Lacking> {
        let first = history.deals.iter().map(|deal| deal.opened_us).min();
        let before: Vec<&Window> = before
            .iter()
            .take(MOST_PERIODS)
            // a period that began before the first deal was opened says nothing of how many come
            .filter(|past| first.is_some_and(|first| first <= past.opens_us))
            .collect();
        let won: Vec<&Deal> = history
            .deals
            .iter()
            .filter(|deal| deal.is_won_by(window.at_us))
            .collect();
        let wins = won.len();
        if wins < LEAST_WON {
            return Err(Lacking::Wins);
        }
        if before.len() < LEAST_PERIODS {
            return Err(Lacking::Periods);
        }
        let amounts: Vec<f64> = won.iter().filter_map(|deal| deal.amount).collect();
        let mean = if amounts.is_empty() {
            0.0
        } else {
            amounts.iter().sum::<f64>() / amounts.len() as f64
        };
        let incidence = Incidence::learn(history, window.at_us, window.day);
        let by_entry = incidence.by_entry(window.left);
        let mut curves: HashMap<(u8, i32), Vec<f64>> = HashMap::new();
        let mut open = history.open_at(&window);
        for own in &mut open {
            let curve = curves
                .entry((own.stage, own.days_in_stage))
                .or_insert_with(|| {
                    let within = |days| incidence.of(own.stage, own.days_in_stage, days, &by_entry);
                    let before = within(window.until);
                    let days = window.until..=window.left.max(window.until);
                    days.map(|days| (within(days) - before).max(0.0)).collect()
                });
            own.probability = curve.last().copied().unwrap_or(0.0);
            if own.without_amount {
                own.amount = mean;
            }
        }
        let brought = before.iter().map(|past| {
            let deals = (0_u32..).zip(&history.deals);
            let own = deals.filter(|(_, deal)| {
                deal.opened_us > past.at_us
                    && deal
                        .won_us
                        .is_some_and(|won| past.opens_us <= won && won < past.closes_us)
            });
            own.map(|(place, deal)| Brought {
                deal: place,
                day: usize::try_from(deal.won_day - past.day)
                    .unwrap_or_default()
                    .saturating_sub(past.until)
                    .clamp(1, window.days().max(1)),
            })
            .collect()
        });
        Ok(Self {
            history,
            window,
            wins,
            visits: incidence.finished,
            censored: incidence.censored,
            open,
            curves,
            brought: brought.collect(),
        })
    }

    /// The open deals, those too that do not count.
    pub fn open(&self) -> &[Open] {
        &self.open
    }

    /// What each of the past periods brought of deals that were not opened yet when as many working
    /// days were left, the latest first: of this, what is expected of new deals is the mean.
    pub fn brought(&self, group: Option<u32>) -> Vec<Sum> {
        let sums = self.own_brought(group).into_iter().map(|deals| {
            let mut sum = Sum::default();
            for (_, amount) in deals {
                sum.add(1.0, amount);
            }
            sum
        });
        sums.collect()
    }

    /// Day and amount of what past periods brought.
    fn own_brought(&self, group: Option<u32>) -> Vec<Vec<(usize, f64)>> {
        let past = self.brought.iter().map(|deals| {
            let own = deals.iter().filter_map(|brought| {
                let deal = &self.history.deals[brought.deal as usize];
                deal.is_of(group)
                    .then(|| (brought.day, deal.amount.unwrap_or(0.0)))
            });
            own.collect()
        });
        past.collect()
    }

    fn own_open(&self, group: Option<u32>) -> impl Iterator<Item = &Open> {
        let deals = &self.history.deals;
        let open = self.open.iter();
        open.filter(move |own| deals[own.deal as usize].is_of(group))
    }

    /// What will be won: of all deals that count, or of those of a group.
    pub fn forecast(&self, group: Option<u32>, seed: u64) -> Forecast {
        let standing = Standing::of(self.history, &self.window, &self.open, group);
        let mut from_open = Sum::default();
        let mut chances = Vec::new();
        for own in self.own_open(group) {
            from_open.add(own.probability, own.amount);
            chances.push(Chance {
                probability: own.probability,
                amount: own.amount,
            });
        }
        let brought: Vec<Vec<f64>> = self
            .own_brought(group)
            .into_iter()
            .map(|deals| deals.into_iter().map(|(_, amount)| amount).collect())
            .collect();
        let mut from_new = Sum::default();
        let share = 1.0 / brought.len().max(1) as f64;
        for amount in brought.iter().flatten() {
            from_new.add(share, *amount);
        }
        let endings = Seeded::new(seed).endings(standing.won, &chances, &brought);
        let (low, high) = endings.interval(COVERED);
        Forecast {
            standing,
            from_open,
            from_new,
            expected: standing.won + from_open + from_new,
            low,
            high,
            endings,
        }
    }

    /// What will be won by the end of each of the working days that are left of the period, of all
    /// deals that count. The last is what [`Outlook::forecast`] says with the same seed.
    pub fn path(&self, seed: u64) -> Vec<Ahead> {
        let days = self.window.days();
        let won = Standing::of(self.history, &self.window, &self.open, None).won;
        let open: Vec<(&[f64], f64)> = self
            .own_open(None)
            .filter_map(|own| {
                let curve = self.curves.get(&(own.stage, own.days_in_stage))?;
                Some((curve.as_slice(), own.amount))
            })
            .collect();
        let brought = self.own_brought(None);
        let mut expected = vec![won; days + 1];
        for (curve, amount) in &open {
            for (sum, probability) in expected.iter_mut().zip(*curve) {
                sum.add(*probability, *amount);
            }
        }
        let share = 1.0 / brought.len().max(1) as f64;
        for (day, amount) in brought.iter().flatten() {
            for sum in expected.iter_mut().skip(*day) {
                sum.add(share, *amount);
            }
        }
        let endings = Seeded::new(seed).paths(won, &open, &brought, days);
        let ahead = expected.into_iter().zip(endings).skip(1);
        ahead
            .map(|(expected, endings)| {
                let (low, high) = endings.interval(COVERED);
                Ahead {
                    expected,
                    low,
                    high,
                }
            })
            .collect()
    }
}

impl History {
    /// The deals that are open at a window, in the order of their visits.
    pub fn open_at(&self, window: &Window) -> Vec<Open> {
        let visits = self.visits.iter();
        let open = visits.filter(|visit| visit.is_open_at(window.at_us));
        open.filter_map(|visit| {
            let deal = self.deals.get(visit.deal as usize)?;
            let ended = deal.ended_us.is_some_and(|us| us <= window.at_us);
            if deal.is_won_by(window.at_us) || ended {
                return None;
            }
            // what should have been won before the period began is no part of one yet to begin
            let is_due = deal.expected_us.is_some_and(|expected| {
                expected <= window.closes_us && (window.until == 0 || expected > window.opens_us)
            });
            let told = self.told.get(usize::from(visit.stage));
            Some(Open {
                deal: visit.deal,
                stage: visit.stage,
                days_in_stage: (window.day - visit.entered).max(0),
                probability: 0.0,
                amount: deal.amount.unwrap_or(0.0),
                without_amount: deal.amount.is_none(),
                weight: told.copied().filter(|_| is_due).unwrap_or(0.0),
            })
        })
        .collect()
    }
}

impl Deal {
    fn is_of(&self, group: Option<u32>) -> bool {
        self.counts && group.is_none_or(|group| self.group == group)
    }

    fn is_won_by(&self, at_us: i64) -> bool {
        self.won_us.is_some_and(|won| won <= at_us)
    }

    fn is_won_in(&self, window: &Window) -> bool {
        self.won_us.is_some_and(|won| {
            window.opens_us <= won && won < window.closes_us && won <= window.at_us
        })
    }
}

impl Visit {
    /// Whether it had begun and not ended at a moment.
    pub fn is_open_at(&self, at_us: i64) -> bool {
        self.entered_us <= at_us && (self.to == To::Open || self.left_us > at_us)
    }
}

/// What was won within a window, as it is known now.
pub fn won_in(history: &History, opens_us: i64, closes_us: i64) -> Sum {
    let mut sum = Sum::default();
    for deal in history.deals.iter().filter(|deal| deal.counts) {
        if deal
            .won_us
            .is_some_and(|won| opens_us <= won && won < closes_us)
        {
            sum.add(1.0, deal.amount.unwrap_or(0.0));
        }
    }
    sum
}
