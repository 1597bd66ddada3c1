//! From facts to the account of a change.

use super::chance::two_sided;
use super::decompose::{Form, Split, Sums, split};
use super::inference::{Bags, Drawn, Interval, half};
use super::lattice::{Cells, Leaf};
use super::reversal::{Reversal, reversals};
use super::select::{Choice, Search, choose};
use super::{Condition, Facts};

/// Below this a finding is called significant, all that was searched taken into account.
const ALPHA: f64 = 0.05;

/// How an account is made.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Conditions of a segment at most, 1 to 3.
    pub depth: usize,
    /// Segments at most.
    pub most: usize,
    /// Facts of a segment at least.
    pub support: usize,
    /// Whether a ratio that moves everywhere alike is multiplied (durations, amounts), or has
    /// something added to it (shares).
    pub proportional: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            depth: 3,
            most: 8,
            support: 12,
            proportional: false,
        }
    }
}

/// A part of the account.
#[derive(Debug, Clone)]
pub struct Part {
    /// What its records have in common; nothing for the rest.
    pub conditions: Vec<Condition>,
    /// Parts of the account that it leaves out, by place, because they were named before.
    pub except: Vec<usize>,
    /// Its sums before and after.
    pub sums: [Sums; 2],
    /// What it gave.
    pub split: Split,
    /// Where what it gave lies with 95 % confidence.
    pub interval: Interval,
    /// Whether it deviates beyond chance, all that was searched taken into account; of the rest,
    /// whether what it gave does.
    pub significant: bool,
    /// How probable so large a deviation is by chance, times the number of segments searched, at
    /// most 1.
    pub probability: f64,
}

/// The account of a change.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// Everything, before and after.
    pub whole: [Sums; 2],
    /// The segments, the clearest first.
    pub segments: Vec<Part>,
    /// All other records.
    pub rest: Part,
    /// For each row of the facts, its segment; the number of segments for the rest.
    pub assignment: Vec<usize>,
    /// Where the change lies with 95 % confidence.
    pub interval: Interval,
    /// Whether the rest moved alike, and segments are judged against that.
    pub common: bool,
    /// How many segments were searched.
    pub searched: usize,
    /// Dimensions within whose values a ratio moved against the whole.
    pub reversals: Vec<Reversal>,
}

impl Explanation {
    /// Whether no segment deviates beyond chance.
    pub fn is_chance(&self) -> bool {
        !self.segments.iter().any(|segment| segment.significant)
    }
}

/// What is usual: for each row the ratio that its values let expect, both periods together.
///
/// A main effect for each value, shrunk towards nothing by the weight of twenty rows and fitted by
/// turns; it keeps a change of the mix from looking like a change of rates.
fn usual(facts: &Facts) -> Vec<f64> {
    let (mut above, mut below) = (0.0, 0.0);
    for [was, is] in &facts.sums {
        above += was.above + is.above;
        below += was.below + is.below;
    }
    let mean = if below == 0.0 { 0.0 } else { above / below };
    let mut level = vec![mean; facts.len()];
    let shrink = 20.0 * below.abs() / facts.len().max(1) as f64;
    let mut effects: Vec<Vec<f64>> = facts
        .cardinalities
        .iter()
        .map(|count| vec![0.0; *count as usize])
        .collect();
    for _ in 0..3 {
        for (codes, effects) in facts.codes.iter().zip(&mut effects) {
            let mut sums = vec![(0.0, shrink); effects.len()];
            for ((code, [was, is]), level) in codes.iter().zip(&facts.sums).zip(&level) {
                let sum = &mut sums[*code as usize];
                let below = was.below + is.below;
                sum.0 += was.above + is.above - (level - effects[*code as usize]) * below;
                sum.1 += below;
            }
            let fitted: Vec<f64> = sums
                .iter()
                .map(|(above, below)| if *below > 0.0 { above / below } else { 0.0 })
                .collect();
            for (code, level) in codes.iter().zip(&mut level) {
                *level += fitted[*code as usize] - effects[*code as usize];
            }
            *effects = fitted;
        }
    }
    level
}

/// As [`usual`], but of factors that multiply.
fn usual_factors(facts: &Facts) -> Vec<f64> {
    let (mut above, mut below) = (0.0, 0.0);
    for [was, is] in &facts.sums {
        above += was.above + is.above;
        below += was.below + is.below;
    }
    let mean = if below == 0.0 { 0.0 } else { above / below };
    let mut level = vec![mean; facts.len()];
    let shrink = 20.0 * above.abs() / facts.len().max(1) as f64;
    for _ in 0..3 {
        for (codes, count) in facts.codes.iter().zip(&facts.cardinalities) {
            let mut sums = vec![(shrink, shrink); *count as usize];
            for ((code, [was, is]), level) in codes.iter().zip(&facts.sums).zip(&level) {
                let sum = &mut sums[*code as usize];
                sum.0 += was.above + is.above;
                sum.1 += level * (was.below + is.below);
            }
            for (code, level) in codes.iter().zip(&mut level) {
                let (above, below) = sums[*code as usize];
                if below > 0.0 && above > 0.0 {
                    *level *= above / below;
                }
            }
        }
    }
    level
}

/// What the search looks at: the leaves of all rows, the difference of the two periods where
/// nothing moved, and the mean square of each period.
struct Seen {
    leaves: Vec<Leaf>,
    still: f64,
    spread: [f64; 2],
}

#[allow(clippy::cast_possible_truncation, reason = "half the width suffices for the search")]
fn seen(facts: &Facts, form: Form, proportional: bool) -> Seen {
    let single = |pair: [f64; 2]| [pair[0] as f32, pair[1] as f32];
    let mut square = [0.0; 2];
    let mut records = [0.0; 2];
    let mut leaf = |values: [f64; 2], below: [f64; 2], sums: &[Sums; 2]| {
        let counts = [0, 1].map(|period| f64::from(u8::from(sums[period].records > 0.0)));
        for period in 0..2 {
            square[period] += values[period] * values[period];
            records[period] += counts[period];
        }
        Leaf {
            sum: single(values),
            below: single(below),
            square: single([values[0] * values[0], values[1] * values[1]]),
            product: (values[0] * values[1]) as f32,
            counts: single(counts),
        }
    };
    let mut still = 0.0;
    let leaves = if form == Form::Sum {
        let rows = facts.sums.iter();
        rows.map(|sums| leaf([sums[0].above, sums[1].above], [0.0; 2], sums)).collect()
    } else {
        // of a proportional ratio the facts are held against what they let expect
        let level = if proportional { usual_factors(facts) } else { usual(facts) };
        let below = |sums: &Sums, level: f64| {
            if proportional { level * sums.below } else { sums.below }
        };
        let (mut over, mut all) = ([0.0; 2], [0.0; 2]);
        for (sums, level) in facts.sums.iter().zip(&level) {
            for period in 0..2 {
                over[period] += sums[period].above - level * sums[period].below;
                all[period] += below(&sums[period], *level);
            }
        }
        let offset = [0, 1].map(|period| {
            if all[period] == 0.0 { 0.0 } else { over[period] / all[period] }
        });
        still = offset[0] - offset[1];
        let rows = facts.sums.iter().zip(&level);
        rows.map(|(sums, level)| {
            let value = |period: usize| {
                let own = &sums[period];
                own.above - level * own.below - offset[period] * below(own, *level)
            };
            leaf(
                [value(0), value(1)],
                [below(&sums[0], *level), below(&sums[1], *level)],
                sums,
            )
        })
        .collect()
    };
    let spread = [0, 1].map(|period| {
        if records[period] > 0.0 { square[period] / records[period] } else { 0.0 }
    });
    Seen { leaves, still, spread }
}

/// The rows as cells, those of one cell together; of all units, or of one half.
fn cells(facts: &Facts, leaves: &[Leaf], of: Option<usize>) -> Cells {
    let mut rows: Vec<u32> = (0..u32::try_from(facts.len()).unwrap_or(u32::MAX)).collect();
    if let Some(of) = of {
        rows.retain(|row| half(facts.units[*row as usize]) == of);
    }
    // where cells have several rows, fewer cells make every pass shorter
    let places: f64 = facts.cardinalities.iter().map(|count| f64::from(*count)).product();
    if places >= 2e6 || places >= rows.len() as f64 {
        let pick = |codes: &Vec<u32>| rows.iter().map(|row| codes[*row as usize]).collect();
        return Cells {
            codes: facts.codes.iter().map(pick).collect(),
            leaves: rows.iter().map(|row| leaves[*row as usize]).collect(),
        };
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below two million")]
    let mut index = vec![u32::MAX; places as usize];
    let mut cells = Cells {
        codes: vec![Vec::new(); facts.codes.len()],
        leaves: Vec::new(),
    };
    for row in rows {
        let row = row as usize;
        let dimensions = facts.codes.iter().zip(&facts.cardinalities);
        let place = dimensions.fold(0_usize, |place, (codes, count)| {
            place * *count as usize + codes[row] as usize
        });
        let next = u32::try_from(cells.leaves.len()).unwrap_or(u32::MAX);
        if index[place] == u32::MAX {
            index[place] = next;
            cells.leaves.push(Leaf::default());
            for (own, codes) in cells.codes.iter_mut().zip(&facts.codes) {
                own.push(codes[row]);
            }
        }
        let (own, leaf) = (&mut cells.leaves[index[place] as usize], &leaves[row]);
        for period in 0..2 {
            own.sum[period] += leaf.sum[period];
            own.below[period] += leaf.below[period];
            own.square[period] += leaf.square[period];
            own.counts[period] += leaf.counts[period];
        }
        own.product += leaf.product;
    }
    cells
}

fn assign(facts: &Facts, segments: &[Vec<Condition>]) -> Vec<usize> {
    (0..facts.len())
        .map(|row| {
            let found = segments.iter().position(|segment| facts.meets(row, segment));
            found.unwrap_or(segments.len())
        })
        .collect()
}

/// Whether two segments could share a record.
fn overlap(one: &[Condition], other: &[Condition]) -> bool {
    let against = |(dimension, code): &Condition| {
        let same = other.iter().find(|(own, _)| own == dimension);
        same.is_some_and(|(_, own)| own != code)
    };
    !one.iter().any(against)
}

/// The dimension whose values went apart the most, its values with the largest contributions first.
fn widest(facts: &Facts, form: Form, whole: [Sums; 2], most: usize) -> Vec<Vec<Condition>> {
    let size = |form: Form, sums: [Sums; 2]| split(form, sums, whole).contribution().abs();
    let mut best: Option<(f64, usize, Vec<(f64, u32)>)> = None;
    for dimension in 0..facts.codes.len() {
        let count = facts.cardinalities[dimension];
        let mut parts = vec![[Sums::default(); 2]; count as usize];
        for (code, sums) in facts.codes[dimension].iter().zip(&facts.sums) {
            let part = &mut parts[*code as usize];
            *part = [part[0].plus(sums[0]), part[1].plus(sums[1])];
        }
        let mut sizes: Vec<(f64, u32)> =
            parts.iter().zip(0..).map(|(part, code)| (size(form, *part), code)).collect();
        sizes.sort_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(&right.1)));
        // by as many values as are shown, so that a dimension of many values has no advantage
        let shown: f64 = sizes.iter().take(most).map(|(size, _)| size).sum();
        let all: f64 = sizes.iter().map(|(size, _)| size).sum();
        let told = if all > 0.0 { shown * shown / all } else { 0.0 };
        if count > 1 && best.as_ref().is_none_or(|(other, ..)| told > *other) {
            best = Some((told, dimension, sizes));
        }
    }
    let Some((_, dimension, sizes)) = best else {
        return Vec::new();
    };
    let named = sizes.into_iter().filter(|(size, _)| *size > 0.0).take(most);
    named.map(|(_, code)| vec![(dimension, code)]).collect()
}

/// How sure a chosen segment is.
struct Judgement {
    interval: Interval,
    significant: bool,
    probability: f64,
}

/// The draws of all units, of each half, and who chose what.
struct Evidence<'a> {
    all: &'a Drawn,
    halves: [Drawn; 2],
    /// What each half chose by itself.
    choices: &'a [Choice; 2],
}

impl Evidence<'_> {
    /// Judges a segment. What one half of the units chose by itself is estimated by the other, and
    /// by both where both did; what neither chose gets the interval that holds for all segments
    /// searched at once.
    fn judge(&self, part: usize, conditions: &[Condition], z: f64, searched: f64) -> Judgement {
        let z = z.abs().min(self.all.z(part).abs());
        let probability = (two_sided(z) * searched).min(1.0);
        let chose = |half: usize| {
            let mut chosen = self.choices[half].segments.iter();
            chosen.any(|chosen| chosen.conditions == *conditions)
        };
        let (drawn, alpha) = match (chose(0), chose(1)) {
            (true, true) => (self.all, ALPHA),
            (true, false) => (&self.halves[1], ALPHA),
            (false, true) => (&self.halves[0], ALPHA),
            (false, false) => (self.all, ALPHA / searched.max(1.0)),
        };
        let [low, high] = drawn.deviation(part, alpha);
        Judgement {
            interval: drawn.contribution(part, alpha),
            significant: probability <= ALPHA && (low > 0.0 || high < 0.0),
            probability,
        }
    }
}

/// A disjoint list, and what goes with it.
struct Listed {
    list: Vec<Vec<Condition>>,
    assignment: Vec<usize>,
    sums: Vec<[Sums; 2]>,
    bags: Bags,
}

impl Listed {
    fn new(facts: &Facts, list: Vec<Vec<Condition>>) -> Self {
        let assignment = assign(facts, &list);
        let mut sums = vec![[Sums::default(); 2]; list.len() + 1];
        for (part, row) in assignment.iter().zip(&facts.sums) {
            let own = &mut sums[*part];
            *own = [own[0].plus(row[0]), own[1].plus(row[1])];
        }
        let rows = assignment.iter().zip(&facts.units).zip(&facts.sums);
        let bags = Bags::new(
            list.len() + 1,
            rows.map(|((part, unit), sums)| (*unit, *part, *sums)),
        );
        Self {
            list,
            assignment,
            sums,
            bags,
        }
    }
}

/// Accounts for the change of a metric.
///
/// The segments are disjoint (a record belongs to the first that it meets) and with the rest they
/// sum to the change. Where none deviates beyond chance, the account is by the values of the one
/// dimension that tells most, none of them significant.
pub fn explain(facts: &Facts, form: Form, options: Options) -> Explanation {
    let mut whole = [Sums::default(); 2];
    for sums in &facts.sums {
        whole = [whole[0].plus(sums[0]), whole[1].plus(sums[1])];
    }
    let Seen {
        leaves,
        still,
        spread,
    } = seen(facts, form, options.proportional);
    let search = Search {
        form,
        still,
        spread,
        records: leaves.iter().map(Leaf::count).sum(),
        depth: options.depth.clamp(1, 3),
        support: options.support as f64,
        most: options.most,
    };
    let search_in = |of: Option<usize>| {
        let part = if of.is_some() { 0.5 } else { 1.0 };
        let search = Search {
            support: search.support * part,
            records: search.records * part,
            ..search
        };
        choose(
            &cells(facts, &leaves, of),
            &facts.cardinalities,
            search,
        )
    };
    let mut choice = search_in(None);
    // what each half chooses by itself, where there is anything to be sure of
    let halves = (!choice.segments.is_empty()).then(|| [0, 1].map(|half| search_in(Some(half))));
    let (listed, all, judged) = loop {
        let list = choice.segments.iter().map(|chosen| chosen.conditions.clone()).collect();
        let listed = Listed::new(facts, list);
        let all = listed.bags.draw(form, choice.common, None);
        let Some(choices) = halves.as_ref().filter(|_| !listed.list.is_empty()) else {
            break (listed, all, Vec::new());
        };
        let evidence = Evidence {
            all: &all,
            halves: [0, 1].map(|half| listed.bags.draw(form, choice.common, Some(half))),
            choices,
        };
        let judged: Vec<Judgement> = choice
            .segments
            .iter()
            .enumerate()
            .map(|(index, chosen)| {
                let searched = choice.searched[chosen.conditions.len() - 1] * search.depth;
                evidence.judge(index, &chosen.conditions, chosen.z, searched as f64)
            })
            .collect();
        // what does not hold is no longer named, and the others are judged without it
        if judged.iter().all(|judged| judged.significant) {
            break (listed, all, judged);
        }
        let mut kept = judged.iter().map(|judged| judged.significant);
        choice.segments.retain(|_| kept.next().unwrap_or(false));
    };
    let (listed, all, judged) = if judged.is_empty() {
        let listed = Listed::new(facts, widest(facts, form, whole, options.most));
        let all = listed.bags.draw(form, choice.common, None);
        let judged = (0..listed.list.len()).map(|index| Judgement {
            interval: all.contribution(index, ALPHA),
            significant: false,
            probability: 1.0,
        });
        let judged = judged.collect();
        (listed, all, judged)
    } else {
        (listed, all, judged)
    };
    let list = &listed.list;
    let part = |index: usize, judged: Judgement| {
        let conditions = list.get(index).cloned().unwrap_or_default();
        let earlier = list.iter().take(index).enumerate();
        let except = earlier.filter(|(_, other)| index < list.len() && overlap(&conditions, other));
        Part {
            except: except.map(|(place, _)| place).collect(),
            conditions,
            sums: listed.sums[index],
            split: split(form, listed.sums[index], whole),
            interval: judged.interval,
            significant: judged.significant,
            probability: judged.probability,
        }
    };
    let segments = judged.into_iter().enumerate();
    let segments = segments.map(|(index, judged)| part(index, judged)).collect();
    let interval = all.contribution(list.len(), ALPHA);
    let rest = part(
        list.len(),
        Judgement {
            interval,
            significant: interval[0] > 0.0 || interval[1] < 0.0,
            probability: 1.0,
        },
    );
    let change = form.value(whole[1]).zip(form.value(whole[0])).map(|(is, was)| is - was);
    let reversals = match (form, change) {
        (Form::Ratio, Some(change)) => reversals(facts, change, all.change_error()),
        _ => Vec::new(),
    };
    Explanation {
        whole,
        segments,
        rest,
        interval: all.change(),
        assignment: listed.assignment,
        common: choice.common,
        searched: choice.searched.iter().sum(),
        reversals,
    }
}
