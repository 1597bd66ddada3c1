//! Quantiles and Kaplan-Meier medians as means of what each record does to them.
//!
//! A quantile is no mean, so its change has no exact parts. To first order it has: at a fixed
//! place `c` between the two quantiles, the change is that of the share of records beyond `c`,
//! divided by the density there (the recentred influence function of Firpo, Fortin and Lemieux
//! 2009, taken at the same place for both periods, so that a segment which did not move gives
//! nothing). What the straight line leaves over is stated as a residual.

use super::chance::place;

/// The values that records take on in a decomposition.
#[derive(Debug, Clone, PartialEq)]
pub struct Influence {
    /// For each record before, then for each after, what it adds to the quantile of its period.
    pub values: [Vec<f64>; 2],
    /// For each record before, then for each after, its score among all: the place of its value on
    /// a normal curve (van der Waerden 1952; Prentice 1978 where the end was not seen). A change
    /// far from the quantile shows in them, too, and long tails do not hide it.
    pub scores: [Vec<f64>; 2],
    /// The change of the quantile less that of the means of `values`.
    pub residual: f64,
}

/// The place of quantile `q` in sorted values, linearly interpolated.
fn sorted_quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = q * last as f64;
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place in the list"
    )]
    let low = (place.floor() as usize).min(last);
    let high = (low + 1).min(last);
    Some(sorted[low] + (place - low as f64) * (sorted[high] - sorted[low]))
}

/// The density at `c`, each period weighing the same: a Gaussian kernel of Silverman's width (1986).
fn density(periods: &[Vec<f64>; 2], c: f64) -> f64 {
    let mut all: Vec<f64> = periods.iter().flatten().copied().collect();
    all.sort_unstable_by(f64::total_cmp);
    let count = all.len() as f64;
    let mean = all.iter().sum::<f64>() / count;
    let deviation = (all.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / count).sqrt();
    let quartiles = sorted_quantile(&all, 0.75).zip(sorted_quantile(&all, 0.25));
    let spread = quartiles.map_or(0.0, |(high, low)| (high - low) / 1.34);
    let width = if spread > 0.0 {
        spread.min(deviation)
    } else {
        deviation
    };
    let width = 0.9 * width * count.powf(-0.2);
    if width <= 0.0 {
        return 0.0;
    }
    let kernel = |values: &Vec<f64>| {
        let sum: f64 = values
            .iter()
            .map(|v| (-0.5 * ((v - c) / width).powi(2)).exp())
            .sum();
        sum / values.len() as f64
    };
    let both = f64::midpoint(kernel(&periods[0]), kernel(&periods[1]));
    both / (width * (2.0 * std::f64::consts::PI).sqrt())
}

/// How the share of records beyond `c` becomes a change of the quantile: 1 by the density there.
///
/// `shares` are those of the two periods, `change` what really happened. The slope of the straight
/// line between both is the mean density between the quantiles; it is taken where it agrees with
/// the density by the kernel within a factor of 2, so that nothing is left over.
fn scale(density: f64, shares: [f64; 2], change: f64) -> f64 {
    let moved = shares[1] - shares[0];
    let usual = if density > 0.0 { 1.0 / density } else { 0.0 };
    if moved == 0.0 || usual == 0.0 {
        return usual;
    }
    let chord = change / moved;
    if chord > usual / 2.0 && chord < usual * 2.0 {
        chord
    } else {
        usual
    }
}

fn centred(
    values: &[Vec<f64>; 2],
    durations: &[Vec<Duration>; 2],
    at: f64,
    scale: f64,
    change: f64,
) -> Influence {
    let scaled = |values: &Vec<f64>| values.iter().map(|v| at + scale * v).collect::<Vec<f64>>();
    let values = [scaled(&values[0]), scaled(&values[1])];
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let explained = mean(&values[1]) - mean(&values[0]);
    Influence {
        residual: change - explained,
        scores: scores(durations),
        values,
    }
}

/// The score of each record by the curve of all of them: an event's is the place of its time on a
/// normal curve, that of one that was lost from sight the mean of what lies beyond.
fn scores(durations: &[Vec<Duration>; 2]) -> [Vec<f64>; 2] {
    let mut order: Vec<(f64, bool, usize, usize)> = Vec::new();
    for (period, durations) in durations.iter().enumerate() {
        let own = durations.iter().enumerate();
        order.extend(own.map(|(index, (time, ended))| (*time, *ended, period, index)));
    }
    order.sort_unstable_by(|left, right| left.0.total_cmp(&right.0).then(right.1.cmp(&left.1)));
    let mut scores = [0, 1].map(|period: usize| vec![0.0; durations[period].len()]);
    let (mut curve, mut start) = (1.0, 0);
    while start < order.len() {
        let time = order[start].0;
        let same = order[start..]
            .iter()
            .take_while(|other| other.0.total_cmp(&time).is_eq());
        let (mut end, mut events) = (start, 0.0);
        for (_, ended, ..) in same {
            end += 1;
            events += f64::from(u8::from(*ended));
        }
        let at_risk = (order.len() - start) as f64;
        let after: f64 = curve * (1.0 - events / at_risk);
        let event = place(1.0 - f64::midpoint(curve, after));
        let beyond = if after > 0.0 {
            let reach = place(1.0 - after);
            (-reach * reach / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() / after
        } else {
            event
        };
        for (_, ended, period, index) in &order[start..end] {
            scores[*period][*index] = if *ended { event } else { beyond };
        }
        (curve, start) = (after, end);
    }
    scores
}

/// What each record does to quantile `q` of its period; `None` where a period has no record.
pub fn of_quantile(periods: &[Vec<f64>; 2], q: f64) -> Option<Influence> {
    let sorted = |values: &Vec<f64>| {
        let mut values = values.clone();
        values.sort_unstable_by(f64::total_cmp);
        values
    };
    let (before, after) = (sorted(&periods[0]), sorted(&periods[1]));
    let (was, is) = (sorted_quantile(&before, q)?, sorted_quantile(&after, q)?);
    let at = f64::midpoint(was, is);
    // a value at the place itself, of which whole days have many, lies half beyond
    let beyond = |value: f64| {
        if value > at {
            1.0
        } else if value < at {
            0.0
        } else {
            0.5
        }
    };
    let shares = |values: &Vec<f64>| values.iter().map(|v| beyond(*v) - (1.0 - q)).collect();
    let values: [Vec<f64>; 2] = [shares(&periods[0]), shares(&periods[1])];
    let mean = |values: &Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
    let scale = scale(
        density(periods, at),
        [mean(&values[0]), mean(&values[1])],
        is - was,
    );
    let seen = |values: &Vec<f64>| values.iter().map(|value| (*value, true)).collect();
    let durations = [seen(&periods[0]), seen(&periods[1])];
    Some(centred(&values, &durations, at, scale, is - was))
}

/// A duration, and whether it ended in the event.
pub type Duration = (f64, bool);

/// What each record does to the Kaplan-Meier median of its period, through the share that is
/// still without the event at a place between both medians; `None` where a period has no median.
///
/// The share's influence function is that of the product-limit estimate (Reid 1981): its mean over
/// the records is the share itself.
pub fn of_km_median(periods: &[Vec<Duration>; 2], medians: [f64; 2]) -> Option<Influence> {
    if periods.iter().any(Vec::is_empty) {
        return None;
    }
    let change = medians[1] - medians[0];
    let at = f64::midpoint(medians[0], medians[1]);
    let values = [surviving(&periods[0], at), surviving(&periods[1], at)];
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    // the density of the events near the place, by the drop of both curves over a span around it
    let span = (0.25 * at.abs()).max(change.abs()).max(f64::MIN_POSITIVE);
    let drop = |durations: &Vec<Duration>| {
        let share = |at: f64| mean(&surviving(durations, at));
        (share(at - span) - share(at + span)) / (2.0 * span)
    };
    let density = f64::midpoint(drop(&periods[0]), drop(&periods[1]));
    let scale = scale(density, [mean(&values[0]), mean(&values[1])], change);
    Some(centred(&values, periods, at, scale, change))
}

/// For each record, what it adds to the share still without the event at `at`.
fn surviving(durations: &[Duration], at: f64) -> Vec<f64> {
    let count = durations.len() as f64;
    let mut order: Vec<usize> = (0..durations.len()).collect();
    order.sort_unstable_by(|left, right| durations[*left].0.total_cmp(&durations[*right].0));
    // at each time of events up to `at`: the curve, and the sum of events / at risk^2 (in shares)
    let (mut curve, mut hazard, mut index) = (1.0, 0.0, 0);
    let mut added = vec![0.0; durations.len()];
    while index < order.len() && durations[order[index]].0 <= at {
        let time = durations[order[index]].0;
        let mut next = index;
        let mut events = 0.0;
        while next < order.len() && durations[order[next]].0.total_cmp(&time).is_eq() {
            events += f64::from(u8::from(durations[order[next]].1));
            next += 1;
        }
        let at_risk = (order.len() - index) as f64;
        curve *= 1.0 - events / at_risk;
        let share = at_risk / count;
        hazard += events / count / (share * share);
        for place in &order[index..next] {
            let own = f64::from(u8::from(durations[*place].1)) / share;
            added[*place] = hazard - own;
        }
        index = next;
    }
    for place in &order[index..] {
        added[*place] = hazard;
    }
    added.iter().map(|own| curve * (1.0 + own)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(values: &[f64]) -> f64 {
        values.iter().sum::<f64>() / values.len() as f64
    }

    #[test]
    fn the_values_of_a_median_change_as_it_does() {
        let before: Vec<f64> = (0..200).map(|i| f64::from(i) * 0.5).collect();
        let after: Vec<f64> = before.iter().map(|v| v * 1.2).collect();
        let influence = of_quantile(&[before, after], 0.5).unwrap();
        let change = mean(&influence.values[1]) - mean(&influence.values[0]);
        assert!((change + influence.residual - (59.7 - 49.75)).abs() < 1e-9);
        assert!(influence.residual.abs() < 1e-9);
    }

    #[test]
    fn a_part_that_did_not_move_gives_nothing() {
        let still: Vec<f64> = (0..100).map(f64::from).collect();
        let moved: Vec<f64> = still.iter().map(|v| v + 30.0).collect();
        let before = [still.clone(), still.clone()].concat();
        let after = [still.clone(), moved].concat();
        let influence = of_quantile(&[before, after], 0.5).unwrap();
        let part = |index: usize| mean(&influence.values[index][..100]);
        assert!((part(1) - part(0)).abs() < 1e-9);
    }

    #[test]
    fn scores_are_places_on_a_normal_curve() {
        let values: Vec<f64> = (0..101).map(|i| f64::from(i).exp2()).collect();
        let found = of_quantile(&[values.clone(), values], 0.5).unwrap();
        let scores = &found.scores[0];
        assert!(scores[50].abs() < 1e-9 && scores.is_sorted());
        assert!((scores[84] - place(84.5 / 101.0)).abs() < 1e-9);
        assert_eq!(found.scores[0], found.scores[1]);
        // of four records, one was lost from sight after the first: it stands for the two after it
        let durations = vec![(1.0, true), (2.0, false), (3.0, true), (4.0, true)];
        let [scores, _] = super::scores(&[durations, Vec::new()]);
        assert!((scores[0] - place(0.125)).abs() < 1e-9);
        let beyond = place(0.25);
        let expected = (-beyond * beyond / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() / 0.75;
        assert!((scores[1] - expected).abs() < 1e-9);
    }

    #[test]
    fn the_mean_of_the_survivors_is_the_curve() {
        // 4 of 10 ended by 5, one was lost from sight at 3
        let mut durations: Vec<Duration> = vec![(1.0, true), (2.0, true), (3.0, false)];
        durations.extend([(4.0, true), (5.0, true)]);
        durations.extend((0..5).map(|i| (9.0 + f64::from(i), true)));
        let curve = 0.9 * (8.0 / 9.0) * (6.0 / 7.0) * (5.0 / 6.0);
        assert!((mean(&surviving(&durations, 5.0)) - curve).abs() < 1e-12);
    }
}
