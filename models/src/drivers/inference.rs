//! How sure a part of a change is: a bootstrap over units.
//!
//! Records of one unit (a deal's visits, an account's orders) rise and fall together, so units are
//! drawn, not rows (Efron 1979). Many units are first put into bags by a hash, and bags are drawn.

use super::chance::{Random, mix};
use super::decompose::{Form, Sums, split};

/// Bags at most.
const BAGS: usize = 1024;
/// Draws.
const DRAWS: usize = 999;

/// Which half of the units: segments that one half chose are estimated by the other.
pub fn half(unit: u32) -> usize {
    usize::from(mix(u64::from(unit)) & 1 == 1)
}

/// The sums of each part, by bag; bags of half 0 are even.
#[derive(Debug)]
pub struct Bags {
    sums: Vec<Vec<[Sums; 2]>>,
    parts: usize,
}

impl Bags {
    /// Puts rows into bags: of each row its unit, its part and its sums.
    pub fn new(parts: usize, rows: impl Iterator<Item = (u32, usize, [Sums; 2])>) -> Self {
        let mut sums = vec![vec![[Sums::default(); 2]; parts]; BAGS];
        for (unit, part, row) in rows {
            let bits = usize::try_from(mix(u64::from(unit)) >> 33).unwrap_or(0);
            let bag = &mut sums[bits % (BAGS / 2) * 2 + half(unit)][part];
            *bag = [bag[0].plus(row[0]), bag[1].plus(row[1])];
        }
        Self { sums, parts }
    }

    /// Keeps bags that have anything, of one half where asked for.
    fn of(&self, half: Option<usize>) -> Vec<&Vec<[Sums; 2]>> {
        let own = |index: usize| half.is_none_or(|half| index % 2 == half);
        let all = self
            .sums
            .iter()
            .enumerate()
            .filter(|(index, _)| own(*index));
        let filled =
            |bag: &&Vec<[Sums; 2]>| bag.iter().flatten().any(|sums| *sums != Sums::default());
        all.map(|(_, bag)| bag).filter(filled).collect()
    }

    /// What the parts gave and how they deviate, point and draws, of all units or of one half.
    pub fn draw(&self, form: Form, common: bool, half: Option<usize>) -> Drawn {
        let bags = self.of(half);
        let scale = match (form, half) {
            // half of the units bring half of a sum
            (Form::Sum, Some(_)) => self.of(None).len() as f64 / bags.len().max(1) as f64,
            _ => 1.0,
        };
        let account = |times: &[u32]| {
            let mut sums = vec![[Sums::default(); 2]; self.parts];
            for (bag, times) in bags.iter().zip(times) {
                if *times == 0 {
                    continue;
                }
                let times = f64::from(*times);
                for (sum, add) in sums.iter_mut().zip(bag.iter()) {
                    for period in 0..2 {
                        sum[period].records += times * add[period].records;
                        sum[period].above += times * add[period].above;
                        sum[period].below += times * add[period].below;
                    }
                }
            }
            Account::new(form, common, &sums, scale)
        };
        let point = account(&vec![1; bags.len()]);
        let mut random = Random::new(0x6d69_6c6c_7261_6365);
        let mut draws = Vec::with_capacity(DRAWS);
        let mut times = vec![0; bags.len()];
        for _ in 0..DRAWS {
            times.fill(0);
            for _ in 0..bags.len() {
                times[random.below(bags.len())] += 1;
            }
            draws.push(account(&times));
        }
        Drawn { point, draws }
    }
}

/// What each part gave to the change, and how it deviates from the rest (the last part).
#[derive(Debug, Clone)]
pub struct Account {
    contributions: Vec<f64>,
    deviations: Vec<f64>,
    /// Of a ratio, how much the share of each part changed, and how far its ratio lies from that of
    /// all others, both periods together: where both are, the mix moved the whole.
    mixes: Vec<[f64; 2]>,
    change: f64,
}

impl Account {
    fn new(form: Form, common: bool, parts: &[[Sums; 2]], scale: f64) -> Self {
        let all = |period: usize| {
            let parts = parts.iter().map(|part| part[period]);
            parts.fold(Sums::default(), Sums::plus)
        };
        let whole = [all(0), all(1)];
        let contributions: Vec<f64> = parts
            .iter()
            .map(|part| scale * split(form, *part, whole).contribution())
            .collect();
        let moved = |part: &[Sums; 2]| match form {
            Form::Sum => (part[0].above > 0.0).then(|| part[1].above / part[0].above),
            Form::Ratio => Some(part[1].ratio()? - part[0].ratio()?),
        };
        let rest = parts.last().and_then(moved).filter(|_| common);
        let deviations = parts
            .iter()
            .map(|part| match form {
                Form::Sum => scale * (part[1].above - rest.unwrap_or(1.0) * part[0].above),
                Form::Ratio => moved(part).map_or(0.0, |own| own - rest.unwrap_or(0.0)),
            })
            .collect();
        let mix = |part: &[Sums; 2]| {
            let share = |period: usize| match whole[period].below {
                0.0 => 0.0,
                below => part[period].below / below,
            };
            let own = part[0].plus(part[1]);
            let others = whole[0].plus(whole[1]).minus(own);
            let apart = own.ratio().zip(others.ratio());
            let apart = apart.map_or(0.0, |(own, others)| own - others);
            [share(1) - share(0), apart]
        };
        let mixes = match form {
            Form::Sum => Vec::new(),
            Form::Ratio => parts.iter().map(mix).collect(),
        };
        Self {
            change: contributions.iter().sum(),
            contributions,
            deviations,
            mixes,
        }
    }
}

/// A point and its draws.
#[derive(Debug)]
pub struct Drawn {
    point: Account,
    draws: Vec<Account>,
}

/// An interval.
pub type Interval = [f64; 2];

fn deviation(point: f64, draws: &[f64]) -> f64 {
    let sum: f64 = draws.iter().map(|draw| (draw - point).powi(2)).sum();
    (sum / draws.len().max(1) as f64).sqrt()
}

/// The interval that covers `1 - alpha`, of the draws where they are many enough for it, else by
/// their standard deviation.
fn interval(point: f64, mut draws: Vec<f64>, alpha: f64) -> Interval {
    let tail = alpha / 2.0 * draws.len() as f64;
    if tail < 10.0 {
        let reach = super::chance::critical(alpha) * deviation(point, &draws);
        return [point - reach, point + reach];
    }
    draws.sort_unstable_by(f64::total_cmp);
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place in the list"
    )]
    let low = tail.floor() as usize;
    [draws[low], draws[draws.len() - 1 - low]]
}

impl Drawn {
    fn of(&self, pick: impl Fn(&Account) -> f64, alpha: f64) -> Interval {
        let draws = self.draws.iter().map(&pick).collect();
        interval(pick(&self.point), draws, alpha)
    }

    /// The interval of what a part gave.
    pub fn contribution(&self, part: usize, alpha: f64) -> Interval {
        self.of(|account| account.contributions[part], alpha)
    }

    /// The interval of how far a part deviates.
    pub fn deviation(&self, part: usize, alpha: f64) -> Interval {
        self.of(|account| account.deviations[part], alpha)
    }

    /// The interval of the whole change.
    pub fn change(&self) -> Interval {
        self.of(|account| account.change, 0.05)
    }

    /// The standard error of the whole change.
    pub fn change_error(&self) -> f64 {
        let draws: Vec<f64> = self.draws.iter().map(|account| account.change).collect();
        deviation(self.point.change, &draws)
    }

    /// How far a part deviates, in its standard errors.
    pub fn z(&self, part: usize) -> f64 {
        self.errors(|account| account.deviations.get(part).copied())
    }

    /// Of a ratio, the lesser of how far the share of a part moved and how far its ratio is from
    /// that of all others, each in its standard errors.
    pub fn mix_z(&self, part: usize) -> f64 {
        let errors = |index: usize| {
            let of = |account: &Account| account.mixes.get(part).map(|mix| mix[index]);
            self.errors(of).abs()
        };
        errors(0).min(errors(1))
    }

    /// A number in its standard errors; 0 where there is none.
    fn errors(&self, pick: impl Fn(&Account) -> Option<f64>) -> f64 {
        let Some(point) = pick(&self.point) else {
            return 0.0;
        };
        let draws: Vec<f64> = self.draws.iter().filter_map(pick).collect();
        let error = deviation(point, &draws);
        if error > 0.0 {
            point / error
        } else if point == 0.0 {
            0.0
        } else {
            f64::INFINITY
        }
    }
}
