//! What the probability is read from: recency, frequency and money, the trend, the rhythm and the
//! purchase process, as numbers of one account.

use super::gaps::Gaps;
use super::history::Standing;
use super::purchase_process::PurchaseProcess;

/// The number of features of an account.
pub(crate) const FEATURES: usize = 11;

/// The features of accounts on a day; a row an account.
pub(crate) struct Features {
    pub(crate) rows: Vec<[f64; FEATURES]>,
    /// The purchase process as of that day, where there is enough to fit one.
    pub(crate) process: Option<PurchaseProcess>,
}

impl Features {
    /// For the next `horizon_days` of accounts as they stood on one day. `near` is the purchase
    /// process of another day, if known.
    pub(crate) fn of(
        standings: &[Standing<'_>],
        horizon_days: i32,
        near: Option<&PurchaseProcess>,
    ) -> Self {
        let process = PurchaseProcess::fit(standings, near);
        let gaps = Gaps::of(standings);
        let rows = standings
            .iter()
            .map(|standing| row(standing, horizon_days, process.as_ref(), &gaps))
            .collect();
        Self { rows, process }
    }
}

fn row(
    standing: &Standing<'_>,
    horizon_days: i32,
    process: Option<&PurchaseProcess>,
    gaps: &Gaps,
) -> [f64; FEATURES] {
    let horizon = f64::from(horizon_days);
    let silent = standing.silent_days();
    let average = standing.spend() / standing.count();
    let expected = process.map_or(0.0, |process| process.expected_purchases(standing, horizon));
    let due = gaps.buys_within(standing, horizon_days);
    let recent = |newest: i32, oldest: i32| {
        let days = |horizons: i32| horizon_days.saturating_mul(horizons);
        standing
            .purchases_between(days(newest), days(oldest))
            .ln_1p()
    };
    [
        silent.ln_1p(),
        silent / horizon,
        standing.age_days().ln_1p(),
        standing.count().ln(),
        f64::from(u8::from(standing.purchases.len() == 1)),
        average.abs().ln_1p().copysign(average),
        (expected.max(1e-6) + 0.01).ln(),
        recent(0, 1),
        recent(1, 2),
        recent(2, 4),
        ((due + 0.02) / (1.02 - due)).ln(),
    ]
}
