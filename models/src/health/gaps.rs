//! How long accounts wait between purchases, by how many they have made (Kaplan and Meier, 1958: the
//! current wait of each counts as one that has not ended).

use super::history::Standing;

/// Those with fewer purchases than the first number are the first class, and so on.
const CLASSES: [usize; 3] = [2, 4, 8];

/// Curves of waiting.
pub(crate) struct Gaps {
    /// By class and day: the part that waits longer than that many days.
    curves: [Vec<f64>; CLASSES.len() + 1],
}

impl Gaps {
    pub(crate) fn of(standings: &[Standing<'_>]) -> Self {
        let mut ended: [Vec<u32>; CLASSES.len() + 1] = Default::default();
        let mut open: [Vec<u32>; CLASSES.len() + 1] = Default::default();
        for standing in standings {
            for (index, gap) in standing.gaps().enumerate() {
                count(&mut ended[class(index + 1)], gap);
            }
            let waiting = standing.day - standing.last;
            count(&mut open[class(standing.purchases.len())], waiting);
        }
        let curves = std::array::from_fn(|class| curve(&ended[class], &open[class]));
        Self { curves }
    }

    /// The part of those who have waited as long as this account that buys within `days`.
    pub(crate) fn buys_within(&self, standing: &Standing<'_>, days: i32) -> f64 {
        let curve = &self.curves[class(standing.purchases.len())];
        let waiting = standing.day - standing.last;
        let now = at(curve, waiting);
        if now <= 0.0 {
            return 0.0;
        }
        1.0 - at(curve, waiting.saturating_add(days)) / now
    }
}

fn class(purchases: usize) -> usize {
    CLASSES.iter().filter(|class| purchases >= **class).count()
}

fn count(counts: &mut Vec<u32>, days: i32) {
    let days = usize::try_from(days).unwrap_or(0);
    if counts.len() <= days {
        counts.resize(days + 1, 0);
    }
    counts[days] += 1;
}

fn curve(ended: &[u32], open: &[u32]) -> Vec<f64> {
    let days = ended.len().max(open.len());
    let of = |counts: &[u32], day: usize| f64::from(counts.get(day).copied().unwrap_or(0));
    let total = |counts: &[u32]| counts.iter().map(|count| f64::from(*count)).sum::<f64>();
    let mut waiting = total(ended) + total(open);
    let mut part = 1.0;
    let mut curve = Vec::with_capacity(days);
    for day in 0..days {
        if waiting > 0.0 {
            part *= 1.0 - of(ended, day) / waiting;
        }
        curve.push(part);
        waiting -= of(ended, day) + of(open, day);
    }
    curve
}

fn at(curve: &[f64], days: i32) -> f64 {
    let Some(last) = curve.len().checked_sub(1) else {
        return 1.0;
    };
    let day = usize::try_from(days).unwrap_or(0).min(last);
    curve[day]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_waits_are_censored() {
        // one waits 1 day, one 3; one has waited 2 days so far
        let curve = curve(&[0, 1, 0, 1], &[0, 0, 1]);
        let expected = [1.0, 2.0 / 3.0, 2.0 / 3.0, 0.0];
        for (found, expected) in curve.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{curve:?}");
        }
    }
}
