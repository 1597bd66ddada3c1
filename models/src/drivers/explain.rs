//! From facts to the account of a change.

use super::chance::two_sided;
use super::coarse::coarse;
use super::decompose::{Form, Split, Sums, split};
use super::group::Shape;
use super::inference::{Bags, Drawn, Interval};
use super::lattice::Lattice;
use super::reversal::{Reversal, reversals};
use super::search::Search;
use super::seen::{Seen, seen};
use super::select::{Choice, Chosen, choose};
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

fn assign(facts: &Facts, segments: &[Vec<Condition>]) -> Vec<usize> {
    (0..facts.len())
        .map(|row| {
            let found = segments
                .iter()
                .position(|segment| facts.meets(row, segment));
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

/// How much a dimension tells, its place, and the size of each value's contribution.
type Told = (f64, usize, Vec<(f64, u32)>);

/// The dimension whose values went apart the most, its values with the largest contributions first.
fn widest(facts: &Facts, form: Form, whole: [Sums; 2], most: usize) -> Vec<Vec<Condition>> {
    let size = |form: Form, sums: [Sums; 2]| split(form, sums, whole).contribution().abs();
    let mut best: Option<Told> = None;
    for dimension in 0..facts.codes.len() {
        let count = facts.cardinalities[dimension];
        let mut parts = vec![[Sums::default(); 2]; count as usize];
        for (code, sums) in facts.codes[dimension].iter().zip(&facts.sums) {
            let part = &mut parts[*code as usize];
            *part = [part[0].plus(sums[0]), part[1].plus(sums[1])];
        }
        let mut sizes: Vec<(f64, u32)> = parts
            .iter()
            .zip(0..)
            .map(|(part, code)| (size(form, *part), code))
            .collect();
        sizes.sort_by(|left, right| {
            let larger = coarse(right.0).total_cmp(&coarse(left.0));
            larger.then(left.1.cmp(&right.1))
        });
        // by as many values as are shown, so that a dimension of many values has no advantage
        let shown: f64 = sizes.iter().take(most).map(|(size, _)| size).sum();
        let all: f64 = sizes.iter().map(|(size, _)| size).sum();
        let told = if all > 0.0 { shown * shown / all } else { 0.0 };
        let told = coarse(told);
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

/// What adding up in another order may leave where nothing is, as a share of the numbers added.
const ROUNDING: f64 = 1e-9;

/// Whether an interval lies on one side of zero by more than the rounding of what it was added up
/// from: numbers as large as these.
#[must_use]
pub fn excludes_zero([low, high]: Interval, values: [Option<f64>; 2]) -> bool {
    let sizes = values.into_iter().flatten().chain([low, high]);
    let rounding = ROUNDING * sizes.fold(0.0, |size: f64, value| size.max(value.abs()));
    low > rounding || high < -rounding
}

/// How sure a chosen segment is.
struct Judgement {
    interval: Interval,
    significant: bool,
    probability: f64,
}

/// What was drawn: of the number itself, and of what the search judges where that is something
/// else.
struct Evidence {
    own: Drawn,
    judged: Option<Drawn>,
}

impl Evidence {
    fn judged(&self) -> &Drawn {
        self.judged.as_ref().unwrap_or(&self.own)
    }
}

/// The draws of all units, of each half, and who chose what.
struct Judge<'a> {
    all: &'a Evidence,
    halves: [Evidence; 2],
    /// What each half chose by itself.
    choices: &'a [Choice; 2],
    /// How large numbers are of what the search judges, in each period.
    sizes: [Option<f64>; 2],
}

impl Judge<'_> {
    /// Judges a segment. What one half of the units chose by itself is estimated by the other, and
    /// by both where both did; what neither chose gets the interval that holds for all segments
    /// searched at once.
    fn judge(&self, part: usize, chosen: &Chosen, searched: f64, facts: f64) -> Judgement {
        let conditions = &chosen.conditions;
        let search_z = chosen.z;
        // the error is itself known from so many facts only (Student 1908)
        let z = self.all.judged().z(part);
        let z = if facts > 0.0 {
            (facts * (z * z / facts).ln_1p()).sqrt().min(search_z.abs())
        } else {
            0.0
        };
        let probability = (two_sided(z) * searched).min(1.0);
        let chose = |half: usize| {
            let mut chosen = self.choices[half].segments.iter();
            chosen.any(|own| own.conditions == *conditions)
        };
        let (drawn, alpha) = match (chose(0), chose(1)) {
            (true, true) => (self.all, ALPHA),
            (true, false) => (&self.halves[1], ALPHA),
            (false, true) => (&self.halves[0], ALPHA),
            (false, false) => (self.all, ALPHA / searched.max(1.0)),
        };
        let deviation = drawn.judged().deviation(part, alpha);
        Judgement {
            interval: drawn.own.contribution(part, alpha),
            significant: probability <= ALPHA && excludes_zero(deviation, self.sizes),
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
    /// The same of what the search judges, where that is something else.
    judged: Option<Bags>,
}

impl Listed {
    fn new(facts: &Facts, list: Vec<Vec<Condition>>) -> Self {
        let assignment = assign(facts, &list);
        let mut sums = vec![[Sums::default(); 2]; list.len() + 1];
        for (part, row) in assignment.iter().zip(&facts.sums) {
            let own = &mut sums[*part];
            *own = [own[0].plus(row[0]), own[1].plus(row[1])];
        }
        let parts = list.len() + 1;
        let rows = assignment.iter().zip(&facts.units);
        let bags = Bags::new(
            parts,
            rows.clone()
                .zip(&facts.sums)
                .map(|((part, unit), sums)| (*unit, *part, *sums)),
        );
        let judged = (!facts.scores.is_empty()).then(|| {
            let rows = rows.enumerate();
            Bags::new(
                parts,
                rows.map(|(row, (part, unit))| (*unit, *part, facts.judged(row))),
            )
        });
        Self {
            list,
            assignment,
            sums,
            bags,
            judged,
        }
    }

    /// Draws from all units, or from one half.
    fn draw(&self, form: Form, common: bool, half: Option<usize>) -> Evidence {
        let draw = |bags: &Bags| bags.draw(form, common, half);
        Evidence {
            judged: self.judged.as_ref().map(draw),
            own: draw(&self.bags),
        }
    }
}

/// Accounts for the change of a metric.
///
/// The segments are disjoint (a record belongs to the first that it meets) and with the rest they
/// sum to the change. Where none deviates beyond chance, the account is by the values of the one
/// dimension that tells most; significant are those whose share moved the whole.
#[allow(clippy::too_many_lines, reason = "one step after another")]
pub fn explain(facts: &Facts, form: Form, options: Options) -> Explanation {
    let mut whole = [Sums::default(); 2];
    for sums in &facts.sums {
        whole = [whole[0].plus(sums[0]), whole[1].plus(sums[1])];
    }
    let Seen {
        cells,
        still,
        spread,
        records,
    } = seen(facts, form, options.proportional);
    let search = Search {
        form,
        still,
        spread,
        records,
        depth: options.depth.clamp(1, 3),
        support: options.support as f64,
        most: options.most,
    };
    let of_half = Search {
        support: search.support / 2.0,
        records: search.records / 2.0,
        ..search
    };
    let levels = whole.map(|sums| form.value(sums));
    let sizes = if facts.scores.is_empty() {
        levels
    } else {
        // places on a normal curve are of the order of one
        [Some(1.0); 2]
    };
    let ranges = [0..cells.first, cells.first..cells.leaves.len()];
    let shape = Shape::new(&cells, &facts.cardinalities, search.depth, search.support);
    let lattices = [0, 1].map(|half: usize| {
        let range = ranges[half].clone();
        Lattice::new(&cells, range, &shape, of_half.support)
    });
    let whole_lattice = lattices[0].joined(&lattices[1], search.support);
    let mut choice = choose(&whole_lattice, 0..cells.leaves.len(), search);
    // what each half chooses by itself, where there is anything to be sure of
    let halves = (!choice.segments.is_empty()).then(|| {
        let choose = |half: usize| choose(&lattices[half], ranges[half].clone(), of_half);
        std::thread::scope(|scope| {
            let other = scope.spawn(|| choose(1));
            let one = choose(0);
            [one, other.join().unwrap_or_default()]
        })
    });
    let (listed, all, judged) = loop {
        let list = choice
            .segments
            .iter()
            .map(|chosen| chosen.conditions.clone())
            .collect();
        let listed = Listed::new(facts, list);
        let all = listed.draw(form, choice.common, None);
        let Some(choices) = halves.as_ref().filter(|_| !listed.list.is_empty()) else {
            break (listed, all, Vec::new());
        };
        let judge = Judge {
            all: &all,
            halves: [0, 1].map(|half| listed.draw(form, choice.common, Some(half))),
            choices,
            sizes,
        };
        let judged: Vec<Judgement> = choice
            .segments
            .iter()
            .enumerate()
            .map(|(index, chosen)| {
                let searched = choice.searched[chosen.conditions.len() - 1] * search.depth;
                let [before, after] = listed.sums[index].map(|sums| sums.records);
                let facts = match form {
                    Form::Sum => before + after,
                    Form::Ratio => 4.0 * before * after / (before + after),
                };
                judge.judge(index, chosen, searched as f64, facts)
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
        let all = listed.draw(form, choice.common, None);
        // no rate moved, but the shares of values whose rates differ may have: a value is a finding
        // where both are beyond chance, for all values that it could have been
        let values = choice.searched.first().copied().unwrap_or(0) as f64;
        let judged = (0..listed.list.len()).map(|index| {
            let probability = (two_sided(all.own.mix_z(index)) * values).min(1.0);
            let interval = all.own.contribution(index, ALPHA);
            Judgement {
                interval,
                significant: probability <= ALPHA && excludes_zero(interval, levels),
                probability,
            }
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
    let segments = segments
        .map(|(index, judged)| part(index, judged))
        .collect();
    let interval = all.own.contribution(list.len(), ALPHA);
    let rest = part(
        list.len(),
        Judgement {
            interval,
            significant: excludes_zero(interval, levels),
            probability: 1.0,
        },
    );
    let [was, is] = levels;
    let change = is.zip(was).map(|(is, was)| is - was);
    let reversals = match (form, change) {
        (Form::Ratio, Some(change)) => reversals(facts, change, all.own.change_error()),
        _ => Vec::new(),
    };
    Explanation {
        whole,
        segments,
        rest,
        interval: all.own.change(),
        assignment: listed.assignment,
        common: choice.common,
        searched: choice.searched.iter().sum(),
        reversals,
    }
}

#[cfg(test)]
mod tests;
