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

use serde::Serialize;

use incidence::Incidence;
use simulate::{Chance, Seeded};

/// Wins that a history must have for probabilities to be made of it.
pub const LEAST_WON: usize = 20;
/// Past periods that it must have for the deals that are not opened yet.
pub const LEAST_PERIODS: usize = 3;
/// Past periods that are looked at.
pub const MOST_PERIODS: usize = 12;
/// The share of endings that the interval holds.
pub const COVERED: f64 = 0.8;

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
    /// When it ended otherwise, if it did.
    pub ended_us: Option<i64>,
    /// Its amount, where it has one.
    pub amount: Option<f64>,
    /// The end of the day on which it is expected to be won, in UTC microseconds.
    pub expected_us: Option<i64>,
    /// Whose it is: the number of a team or a person, where the forecast is split by them.
    pub group: u32,
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
    /// The probability that it is won within the period.
    pub probability: f64,
    /// Its amount, or the mean of deals won where it has none.
    pub amount: f64,
    /// Whether it has none.
    pub without_amount: bool,
}

/// A forecast.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Forecast {
    /// What is won so far.
    pub won: Sum,
    /// Open deals: how many, and their amount.
    pub open: Sum,
    /// What of them is expected to be won within the period.
    pub from_open: Sum,
    /// What is expected of deals that are not opened yet.
    pub from_new: Sum,
    /// All together.
    pub expected: Sum,
    /// The least of the interval.
    pub low: Sum,
    /// The most of it.
    pub high: Sum,
    /// Won so far, and open deals that are expected to be won by the end of the period times the
    /// probability told of their stage.
    pub weighted: Sum,
    /// Open deals without a day on which they are expected to be won: they are in no weighted pipeline.
    pub undated: usize,
    /// Open deals without an amount: they count with the mean of those won.
    pub without_amount: usize,
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
    /// What past windows brought of deals opened and won in their last days, by deal.
    brought: Vec<Vec<u32>>,
}

impl<'a> Outlook<'a> {
    /// What the history says as of a window; `before` are the periods before it, the latest first,
    /// each with as many working days left as it has.
    ///
    /// # Errors
    /// What of history is lacking.
    pub fn new(history: &'a History, window: Window, before: &[Window]) -> Result<Self, Lacking> {
        let known = |us: Option<i64>| us.is_some_and(|us| us <= window.at_us);
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
            .filter(|deal| known(deal.won_us))
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
        let open = history
            .visits
            .iter()
            .filter(|visit| visit.is_open_at(window.at_us))
            .filter_map(|visit| {
                let deal = history.deals.get(visit.deal as usize)?;
                if known(deal.won_us) || known(deal.ended_us) {
                    return None;
                }
                let days_in_stage = (window.day - visit.entered).max(0);
                Some(Open {
                    deal: visit.deal,
                    stage: visit.stage,
                    days_in_stage,
                    probability: incidence.of(visit.stage, days_in_stage, window.left, &by_entry),
                    amount: deal.amount.unwrap_or(mean),
                    without_amount: deal.amount.is_none(),
                })
            })
            .collect();
        let brought = before.iter().map(|past| {
            let deals = (0_u32..).zip(&history.deals);
            let own = deals.filter(|(_, deal)| {
                deal.opened_us > past.at_us && deal.won_us.is_some_and(|won| won < past.closes_us)
            });
            own.map(|(place, _)| place).collect()
        });
        Ok(Self {
            history,
            window,
            wins,
            visits: incidence.finished,
            censored: incidence.censored,
            open,
            brought: brought.collect(),
        })
    }

    /// The open deals.
    pub fn open(&self) -> &[Open] {
        &self.open
    }

    /// How many past periods the new deals are counted in.
    pub fn periods(&self) -> usize {
        self.brought.len()
    }

    /// What will be won: of all deals, or of those of a group.
    pub fn forecast(&self, group: Option<u32>, seed: u64) -> Forecast {
        let history = self.history;
        let within = |place: u32| {
            let deal = &history.deals[place as usize];
            group.is_none_or(|group| deal.group == group)
        };
        let mut won = Sum::default();
        for deal in &history.deals {
            let counts = group.is_none_or(|group| deal.group == group);
            if counts && self.is_won_in_window(deal) {
                won.add(1.0, deal.amount.unwrap_or(0.0));
            }
        }
        let mut open = Sum::default();
        let mut from_open = Sum::default();
        let mut weighted = won;
        let (mut undated, mut without_amount) = (0, 0);
        let mut chances = Vec::new();
        for own in self.open.iter().filter(|own| within(own.deal)) {
            let deal = &history.deals[own.deal as usize];
            open.add(1.0, deal.amount.unwrap_or(0.0));
            from_open.add(own.probability, own.amount);
            without_amount += usize::from(own.without_amount);
            match deal.expected_us {
                None => undated += 1,
                Some(expected) if expected <= self.window.closes_us => {
                    let told = history.told.get(usize::from(own.stage));
                    weighted.add(told.copied().unwrap_or(0.0), deal.amount.unwrap_or(0.0));
                }
                Some(_) => {}
            }
            chances.push(Chance {
                probability: own.probability,
                amount: own.amount,
            });
        }
        let brought: Vec<Vec<f64>> = self
            .brought
            .iter()
            .map(|deals| {
                let own = deals.iter().filter(|place| within(**place));
                own.map(|place| history.deals[*place as usize].amount.unwrap_or(0.0))
                    .collect()
            })
            .collect();
        let mut from_new = Sum::default();
        let share = 1.0 / brought.len().max(1) as f64;
        for amount in brought.iter().flatten() {
            from_new.add(share, *amount);
        }
        let (low, high) = Seeded::new(seed).interval(won, &chances, &brought, COVERED);
        Forecast {
            won,
            open,
            from_open,
            from_new,
            expected: won + from_open + from_new,
            low,
            high,
            weighted,
            undated,
            without_amount,
        }
    }

    fn is_won_in_window(&self, deal: &Deal) -> bool {
        let window = &self.window;
        deal.won_us.is_some_and(|won| {
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
    for deal in &history.deals {
        if deal
            .won_us
            .is_some_and(|won| opens_us <= won && won < closes_us)
        {
            sum.add(1.0, deal.amount.unwrap_or(0.0));
        }
    }
    sum
}
