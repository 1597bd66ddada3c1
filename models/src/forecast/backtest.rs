//! How forecasts at the same point of past periods would have done.

use serde::Serialize;

use super::{Forecast, HALF_A_FEN, History, Outlook, Sum, Window};

/// What a past period was forecast to be, and what it was.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Proof {
    /// The place of the period among those before, the latest being the 0th.
    #[serde(skip)]
    pub place: usize,
    /// What was won in it.
    pub actual: Sum,
    /// The forecast as of then, with what was known then.
    pub forecast: Forecast,
    /// What was won in the same period a year before; none where the history does not go back so far.
    pub year_before: Option<Sum>,
}

/// How far off a way of telling was, over the past periods.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Miss {
    /// Periods that it could tell, and in which something was won.
    pub periods: usize,
    /// The mean of |told − actual| / actual, of the number of deals.
    pub count: f64,
    /// The same of the amounts.
    pub amount: f64,
}

/// The record of the forecast and of what it is compared with.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Backtest {
    /// The periods, the latest first.
    pub proofs: Vec<Proof>,
    /// The forecast from the history of stages.
    pub forecast: Option<Miss>,
    /// The weighted pipeline.
    pub weighted: Option<Miss>,
    /// The same period a year before.
    pub year_before: Option<Miss>,
    /// The share of periods whose number of deals lay within the interval.
    pub covered_count: Option<f64>,
    /// The same of the amounts.
    pub covered_amount: Option<f64>,
}

/// Forecasts the first `most` of the past periods as of then: `before` are the periods before the one
/// that is forecast, the latest first, each with the moment at which as many working days were left;
/// `a_year` is how many periods a year has, and `actual` what was won in one of them ([`won_in`], or
/// as it was told when it was closed).
///
/// [`won_in`]: super::won_in
pub fn backtest(
    history: &History,
    before: &[Window],
    (most, a_year): (usize, usize),
    actual: impl Fn(&Window) -> Sum,
    seed: u64,
) -> Backtest {
    let first = history.deals.iter().map(|deal| deal.opened_us).min();
    let proofs: Vec<Proof> = before
        .iter()
        .enumerate()
        .take(most)
        .filter_map(|(place, window)| {
            let outlook = Outlook::new(history, *window, &before[place + 1..]).ok()?;
            let year = before.get(place + a_year);
            let year = year.filter(|past| first.is_some_and(|first| first <= past.opens_us));
            Some(Proof {
                place,
                actual: actual(window),
                forecast: outlook.forecast(None, seed.wrapping_add(place as u64)),
                year_before: year.map(&actual),
            })
        })
        .collect();
    let within = |low: f64, actual: f64, high: f64| {
        low - HALF_A_FEN <= actual && actual <= high + HALF_A_FEN
    };
    let share = |covered: &dyn Fn(&Proof) -> bool| {
        let held = proofs.iter().filter(|proof| covered(proof)).count();
        (!proofs.is_empty()).then(|| held as f64 / proofs.len() as f64)
    };
    let covered_count = share(&|proof| {
        let Forecast { low, high, .. } = &proof.forecast;
        within(low.count, proof.actual.count, high.count)
    });
    let covered_amount = share(&|proof| {
        let Forecast { low, high, .. } = &proof.forecast;
        within(low.amount, proof.actual.amount, high.amount)
    });
    Backtest {
        forecast: miss(&proofs, |proof| Some(proof.forecast.expected)),
        weighted: miss(&proofs, |proof| Some(proof.forecast.standing.weighted)),
        year_before: miss(&proofs, |proof| proof.year_before),
        covered_count,
        covered_amount,
        proofs,
    }
}

fn miss(proofs: &[Proof], told: impl Fn(&Proof) -> Option<Sum>) -> Option<Miss> {
    let told = proofs
        .iter()
        .filter(|proof| proof.actual.count > 0.0 && proof.actual.amount > 0.0)
        .filter_map(|proof| Some((told(proof)?, proof.actual)));
    let (mut periods, mut count, mut amount) = (0, 0.0, 0.0);
    for (told, actual) in told {
        periods += 1;
        count += (told.count - actual.count).abs() / actual.count;
        amount += (told.amount - actual.amount).abs() / actual.amount;
    }
    (periods > 0).then(|| Miss {
        periods,
        count: count / periods as f64,
        amount: amount / periods as f64,
    })
}

#[cfg(test)]
mod tests;
