//! What is worked out from what was read, away from everything that waits.

use std::collections::HashMap;

use millrace_models::forecast::backtest::{Miss, Proof, backtest};
use millrace_models::forecast::{
    Ahead, LEAST_PERIODS, LEAST_WON, Lacking, Open, Outlook, Standing, Sum, Window,
};
use millrace_models::target::TargetPeriod;

use super::history::Known;
use super::{Brought, Figures, Group, Learned, Won};

/// A number for a text, the same wherever it is made.
pub(super) fn seed_of(text: &str) -> u64 {
    let bytes = text.bytes();
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// What is worked out away from everything that waits.
pub(super) struct Work {
    pub(super) window: Window,
    pub(super) past: Vec<(TargetPeriod, Window)>,
    pub(super) most: usize,
    pub(super) a_year: usize,
    /// What the groups are called.
    pub(super) names: Vec<Option<String>>,
    pub(super) so_far: Sum,
    pub(super) by_group: Option<Won>,
    pub(super) earlier: Won,
    pub(super) seed: u64,
}

/// An open deal: its id and episode, its stage where that is known, and what is told of it.
pub(super) type Keyed = ((String, i32), Option<String>, Open);

/// What came of it.
pub(super) struct Told<Deal> {
    pub(super) lacking: Option<Lacking>,
    pub(super) learned: Learned,
    pub(super) total: Figures,
    pub(super) groups: Vec<Group>,
    pub(super) ahead: Vec<Ahead>,
    pub(super) brought: Vec<Brought>,
    pub(super) proof: Option<Tested>,
    pub(super) open: Vec<Deal>,
}

/// Proofs and their periods.
pub(super) struct Tested {
    pub(super) periods: Vec<(TargetPeriod, i64, Proof)>,
    pub(super) forecast: Option<Miss>,
    pub(super) weighted: Option<Miss>,
    pub(super) year_before: Option<Miss>,
    pub(super) covered_count: Option<f64>,
    pub(super) covered_amount: Option<f64>,
}

impl Told<Open> {
    /// With the ids of the open deals.
    pub(super) fn keyed(self, known: &Known) -> Told<Keyed> {
        let Self {
            lacking,
            learned,
            total,
            groups,
            ahead,
            brought,
            proof,
            open,
        } = self;
        let open = open.into_iter().map(|own| {
            let stage = known.stages.get(usize::from(own.stage));
            let stage = stage.filter(|stage| !stage.is_empty()).cloned();
            (known.deals[own.deal as usize].clone(), stage, own)
        });
        Told {
            lacking,
            learned,
            total,
            groups,
            ahead,
            brought,
            proof,
            open: open.collect(),
        }
    }
}

impl Work {
    pub(super) fn run(&self, known: &Known) -> Told<Open> {
        let history = &known.history;
        let windows: Vec<Window> = self.past.iter().map(|(_, window)| *window).collect();
        let mut learned = Learned {
            wins: history
                .deals
                .iter()
                .filter(|deal| deal.won_us.is_some_and(|won| won <= self.window.at_us))
                .count(),
            least_wins: LEAST_WON,
            least_periods: LEAST_PERIODS,
            ..Learned::default()
        };
        let counts = |own: &&Open| history.deals[own.deal as usize].counts;
        let counting =
            |open: &[Open]| -> Vec<Open> { open.iter().filter(counts).copied().collect() };
        let outlook = match Outlook::new(history, self.window, &windows) {
            Ok(outlook) => outlook,
            Err(lacking) => {
                let open = history.open_at(&self.window);
                let figures = |group: Option<u32>, won: Sum| {
                    let standing = Standing::of(history, &self.window, &open, group);
                    Figures::standing(standing.with_won(won))
                };
                return Told {
                    lacking: Some(lacking),
                    learned,
                    total: figures(None, self.so_far),
                    groups: self.groups(&|group, won| figures(Some(group), won)),
                    ahead: Vec::new(),
                    brought: Vec::new(),
                    proof: None,
                    open: counting(&open),
                };
            }
        };
        learned.visits = outlook.visits;
        learned.open_visits = outlook.censored;
        let figures = |group: Option<u32>, won: Sum, seed: u64| {
            let forecast = outlook.forecast(group, seed).with_won(won);
            Figures {
                standing: forecast.standing,
                from_open: Some(forecast.from_open),
                from_new: Some(forecast.from_new),
                expected: Some(forecast.expected),
                low: Some(forecast.low),
                high: Some(forecast.high),
                endings: Some(forecast.endings),
            }
        };
        let total = figures(None, self.so_far, self.seed);
        let groups = self.groups(&|group, won| {
            let name = self.names[group as usize].as_deref().unwrap_or_default();
            figures(Some(group), won, self.seed ^ seed_of(name))
        });
        let own = Standing::of(history, &self.window, outlook.open(), None).won;
        let moved = total.standing.won - own;
        let ahead = outlook.path(self.seed).into_iter().map(|day| Ahead {
            expected: day.expected + moved,
            low: day.low + moved,
            high: day.high + moved,
        });
        let brought: Vec<Brought> = outlook
            .brought(None)
            .into_iter()
            .zip(&self.past)
            .map(|(sum, (period, _))| Brought {
                period: *period,
                sum,
            })
            .collect();
        learned.periods = brought.len();
        Told {
            lacking: None,
            learned,
            total,
            groups,
            ahead: ahead.collect(),
            brought,
            proof: Some(self.proof(known, &windows)),
            open: counting(outlook.open()),
        }
    }

    /// The groups that there is anything of, the one with most expected first.
    fn groups(&self, figures: &dyn Fn(u32, Sum) -> Figures) -> Vec<Group> {
        let Some(won) = &self.by_group else {
            return Vec::new();
        };
        let mut left: HashMap<&Option<String>, Sum> =
            won.by.iter().map(|(name, sum)| (name, *sum)).collect();
        let mut groups: Vec<Group> = (0_u32..)
            .zip(&self.names)
            .map(|(number, name)| Group {
                name: name.clone(),
                figures: figures(number, left.remove(name).unwrap_or_default()),
            })
            .collect();
        // who has nothing now, and had something when a month was closed
        groups.extend(left.into_iter().map(|(name, won)| Group {
            name: name.clone(),
            figures: Figures::standing(Standing::default().with_won(won)),
        }));
        groups.retain(|group| !group.figures.is_empty());
        groups.sort_by(|left, right| {
            let first = right.figures.amount().total_cmp(&left.figures.amount());
            first.then_with(|| left.name.cmp(&right.name))
        });
        groups
    }

    fn proof(&self, known: &Known, windows: &[Window]) -> Tested {
        let actual = |window: &Window| {
            let period = self
                .past
                .iter()
                .find(|(_, own)| own.opens_us == window.opens_us);
            period.map_or_else(Sum::default, |(period, _)| {
                self.earlier.of(&period.to_string())
            })
        };
        let tested = backtest(
            &known.history,
            windows,
            (self.most, self.a_year),
            actual,
            self.seed,
        );
        let periods = tested.proofs.into_iter().map(|proof| {
            let (period, window) = self.past[proof.place];
            (period, window.at_us, proof)
        });
        Tested {
            periods: periods.collect(),
            forecast: tested.forecast,
            weighted: tested.weighted,
            year_before: tested.year_before,
            covered_count: tested.covered_count,
            covered_amount: tested.covered_amount,
        }
    }
}
