//! How groups are added up from the cells of a rollup: loops over codes and sums.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{Datelike, NaiveDate};
use millrace_models::period::Grain;

use super::cells::{Cells, Column, Numbers};
use super::layout::Places;
use super::{Asked, Dictionary, Rollup, Spec};
use crate::query::condition::Test;
use crate::query::measured::{Groups, Measured, Member, Sum};

/// Days from the beginning of the first year to that of 1970.
const EPOCH_FROM_CE: i32 = 719_163;
/// Up to so many possible groups have their place in a table; more are found by hashing.
const PLACES: usize = 1 << 21;
/// No group yet.
const NONE: u32 = u32::MAX;
/// What the cells are known by that were added up from those of another rollup: no file.
const NARROWED: &str = "narrowed";

/// Spans of days that a time lies in, or in none of.
pub(super) type Spans = (bool, Vec<(NaiveDate, NaiveDate)>);

fn date(day: i32) -> NaiveDate {
    NaiveDate::from_num_days_from_ce_opt(day + EPOCH_FROM_CE).unwrap_or_default()
}

/// A day as cells have it.
fn day_number(day: NaiveDate) -> i32 {
    day.num_days_from_ce() - EPOCH_FROM_CE
}

fn passes(tested: &Test, member: &Member) -> bool {
    let word = match member {
        Member::Text(word) => Some(word.as_str()),
        _ => None,
    };
    match tested {
        Test::Missing => *member == Member::None,
        Test::Flags { not, flags } => {
            matches!(member, Member::Flag(flag) if flags.contains(flag) != *not)
        }
        Test::Between(from, to) => {
            word.is_some_and(|word| from.as_str() <= word && word <= to.as_str())
        }
        Test::OneOf { not: false, stored } => {
            word.is_some_and(|word| stored.iter().any(|own| own == word))
        }
        Test::OneOf { not: true, stored } => {
            word.is_none_or(|word| !stored.iter().any(|own| own == word))
        }
        Test::Spans { .. } => true,
    }
}

/// The codes of a dimension that pass all of its tests; all where it has none.
fn passing(dictionary: &Dictionary, tests: &[&Test]) -> Option<Vec<bool>> {
    let members = dictionary.members.iter();
    let all = |member| tests.iter().all(|test| passes(test, member));
    (!tests.is_empty()).then(|| members.map(all).collect())
}

/// What is summed of a group.
struct Adder {
    whole: Vec<i128>,
    float: Vec<f64>,
    there: Vec<bool>,
    decimals: Option<i8>,
}

impl Adder {
    fn new(groups: usize) -> Self {
        Self {
            whole: vec![0; groups],
            float: vec![0.0; groups],
            there: vec![false; groups],
            decimals: None,
        }
    }

    fn add(&mut self, column: &Column, picked: &[(u32, u32)]) {
        let each = picked
            .iter()
            .map(|(cell, group)| (*cell as usize, *group as usize));
        let each = each.filter(|(cell, _)| column.there.as_ref().is_none_or(|there| there[*cell]));
        match &column.numbers {
            Numbers::Whole(numbers) => {
                self.decimals = Some(0);
                for (cell, group) in each {
                    self.whole[group] += i128::from(numbers[cell]);
                    self.there[group] = true;
                }
            }
            Numbers::Exact(numbers, decimals) => {
                self.decimals = Some(*decimals);
                for (cell, group) in each {
                    self.whole[group] += numbers[cell];
                    self.there[group] = true;
                }
            }
            Numbers::Float(numbers) => {
                for (cell, group) in each {
                    self.float[group] += numbers[cell];
                    self.there[group] = true;
                }
            }
        }
    }

    fn column(self) -> Column {
        let numbers = match self.decimals {
            Some(decimals) => Numbers::Exact(self.whole, decimals),
            None => Numbers::Float(self.float),
        };
        Column::new(numbers, self.there)
    }

    fn sum(&self, group: usize) -> Option<Sum> {
        self.there[group].then(|| match self.decimals {
            Some(decimals) => Sum::Exact(self.whole[group], decimals),
            None => Sum::Float(self.float[group]),
        })
    }
}

/// Numbers groups by their spans of time and the codes of their members.
struct Numbering {
    places: Option<Vec<u32>>,
    found: HashMap<usize, u32>,
    /// One for each group.
    groups: Vec<usize>,
}

impl Numbering {
    fn new(possible: Option<usize>) -> Self {
        Self {
            places: possible
                .filter(|possible| *possible <= PLACES)
                .map(|possible| vec![NONE; possible]),
            found: HashMap::new(),
            groups: Vec::new(),
        }
    }

    fn number(&mut self, index: usize) -> u32 {
        let slot = match &mut self.places {
            Some(places) => &mut places[index],
            None => self.found.entry(index).or_insert(NONE),
        };
        if *slot == NONE {
            *slot = u32::try_from(self.groups.len()).unwrap_or(NONE);
            self.groups.push(index);
        }
        *slot
    }
}

/// The spans of time that groups are by, and which of them each day of the cells belongs to.
struct Times {
    all: Vec<Vec<NaiveDate>>,
    /// None for a day that is not asked for.
    of: HashMap<i32, Option<usize>>,
}

/// Which cells count in which groups.
struct Picked {
    numbering: Numbering,
    /// For each part its cells and their groups.
    parts: Vec<Vec<(u32, u32)>>,
}

impl Rollup {
    /// The place of a dimension.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.spec.dimensions.iter().position(|own| own == name)
    }

    fn runs(&self) -> impl Iterator<Item = i32> + '_ {
        let parts = self.parts.iter();
        parts.flat_map(|(_, cells)| cells.runs().map(|(day, _)| day))
    }

    fn times(&self, grains: &[Grain], spans: &[Spans]) -> Times {
        let spans = spans.iter().map(|(not, spans)| {
            let days = spans.iter();
            let days = days.map(|(from, to)| (day_number(*from), day_number(*to)));
            (*not, days.collect())
        });
        let spans: Vec<(bool, Vec<(i32, i32)>)> = spans.collect();
        let in_time = |day: i32| {
            spans.iter().all(|(not, spans)| {
                let inside = spans.iter().any(|(from, to)| (*from..=*to).contains(&day));
                inside != *not
            })
        };
        let mut all: Vec<Vec<NaiveDate>> = Vec::new();
        let mut known: HashMap<Vec<NaiveDate>, usize> = HashMap::new();
        let mut of: HashMap<i32, Option<usize>> = HashMap::new();
        for day in self.runs() {
            of.entry(day).or_insert_with(|| {
                in_time(day).then(|| {
                    let time: Vec<_> = grains.iter().map(|grain| grain.start(date(day))).collect();
                    *known.entry(time.clone()).or_insert_with(|| {
                        all.push(time);
                        all.len() - 1
                    })
                })
            });
        }
        Times { all, of }
    }

    /// The cells that pass, by the groups that they count in.
    fn pick(&self, by: &[usize], tests: &[(usize, Test)], times: &Times) -> Option<Picked> {
        let passing: Vec<Option<Vec<bool>>> = (self.dictionaries.iter().enumerate())
            .map(|(place, dictionary)| {
                let own = tests.iter().filter(|(tested, _)| *tested == place);
                passing(dictionary, &own.map(|(_, test)| test).collect::<Vec<_>>())
            })
            .collect();
        let possible = (by.iter().map(|place| self.size(*place)))
            .try_fold(times.all.len(), usize::checked_mul);
        let mut numbering = Numbering::new(possible);
        let mut parts = Vec::with_capacity(self.parts.len());
        for (_, cells) in &self.parts {
            parts.push(self.pick_of(cells, by, &passing, times, &mut numbering)?);
        }
        Some(Picked { numbering, parts })
    }

    fn pick_of(
        &self,
        cells: &Cells,
        by: &[usize],
        passing: &[Option<Vec<bool>>],
        times: &Times,
        numbering: &mut Numbering,
    ) -> Option<Vec<(u32, u32)>> {
        let tested: Vec<(&[u32], &[bool])> = (cells.codes.iter().zip(passing))
            .filter_map(|(codes, passing)| Some((codes.as_slice(), passing.as_deref()?)))
            .collect();
        let by: Vec<(&[u32], usize)> = (by.iter())
            .map(|place| (cells.codes[*place].as_slice(), self.size(*place)))
            .collect();
        let mut picked = Vec::new();
        for (day, run) in cells.runs() {
            let Some(time) = times.of.get(&day).copied().flatten() else {
                continue;
            };
            for cell in run {
                let code = |codes: &[u32]| codes[cell] as usize;
                if tested.iter().all(|(codes, passing)| passing[code(codes)]) {
                    let index =
                        (by.iter()).fold(time, |index, (codes, size)| index * size + code(codes));
                    picked.push((u32::try_from(cell).ok()?, numbering.number(index)));
                }
            }
        }
        Some(picked)
    }

    /// How many members a dimension has.
    fn size(&self, place: usize) -> usize {
        self.dictionaries[place].members.len()
    }

    /// The sums of the groups, by the column that they are of.
    fn sums(&self, places: &[Places], picked: &Picked) -> HashMap<usize, Adder> {
        let mut adders: HashMap<usize, Adder> = HashMap::new();
        for places in places {
            let all = [Some(places.records), places.above, places.below];
            for place in all.into_iter().flatten() {
                adders.entry(place).or_insert_with(|| {
                    let mut adder = Adder::new(picked.numbering.groups.len());
                    for ((_, cells), picked) in self.parts.iter().zip(&picked.parts) {
                        adder.add(&cells.columns[place], picked);
                    }
                    adder
                });
            }
        }
        adders
    }

    /// The members of a group, in the order of what it is by.
    fn key(&self, index: usize, asked: &Asked<'_>, by: &[usize], times: &Times) -> Vec<Member> {
        let mut rest = index;
        let mut members = Vec::with_capacity(by.len());
        for place in by.iter().rev() {
            let size = self.size(*place);
            members.push(self.dictionaries[*place].members[rest % size].clone());
            rest /= size;
        }
        let mut days = times.all[rest].iter();
        let key = asked.by.iter().map(|name| {
            if Grain::from_name(name).is_some() {
                days.next().map_or(Member::None, |day| Member::Day(*day))
            } else {
                members.pop().unwrap_or(Member::None)
            }
        });
        key.collect()
    }

    /// The same by fewer dimensions and a coarser span, added up from this; none where it lacks any.
    pub(super) fn narrowed(&self, spec: &Spec) -> Option<Rollup> {
        let names = spec.dimensions.iter();
        let by: Vec<usize> = names.map(|name| self.place(name)).collect::<Option<_>>()?;
        let times = self.times(&[spec.grain], &[]);
        let picked = self.pick(&by, &[], &times)?;
        let count = picked.numbering.groups.len();
        let mut days = Vec::with_capacity(count);
        let mut codes: Vec<Vec<u32>> = vec![Vec::with_capacity(count); by.len()];
        for index in &picked.numbering.groups {
            let mut rest = *index;
            for (place, codes) in by.iter().zip(&mut codes).rev() {
                codes.push(u32::try_from(rest % self.size(*place)).ok()?);
                rest /= self.size(*place);
            }
            days.push(times.all[rest].first().map_or(0, |day| day_number(*day)));
        }
        let columns = (0..self.layout.columns.len()).map(|place| {
            let mut adder = Adder::new(count);
            for ((_, cells), picked) in self.parts.iter().zip(&picked.parts) {
                adder.add(&cells.columns[place], picked);
            }
            adder.column()
        });
        let cells = Cells::new(&days, &codes, columns.collect());
        let dictionaries = by.iter().map(|place| self.dictionaries[*place].clone());
        Some(Rollup {
            spec: spec.clone(),
            table: self.table.clone(),
            versions: self.versions.clone(),
            basis: self.basis,
            layout: self.layout.clone(),
            dictionaries: dictionaries.collect(),
            parts: vec![(NARROWED.to_owned(), Arc::new(cells))],
        })
    }

    /// The groups of the cells that pass; none where it does not have what is asked for.
    pub(super) fn groups(
        &self,
        asked: &Asked<'_>,
        tests: &[(usize, Test)],
        spans: &[Spans],
    ) -> Option<Groups> {
        let grains = asked.by.iter().filter_map(|name| Grain::from_name(name));
        let names = asked
            .by
            .iter()
            .filter(|name| Grain::from_name(name).is_none());
        let by: Vec<usize> = names.map(|name| self.place(name)).collect::<Option<_>>()?;
        let metrics = asked.metrics.iter();
        let places: Vec<Places> = metrics
            .map(|(_, metric)| self.layout.of(metric))
            .collect::<Option<_>>()?;
        let times = self.times(&grains.collect::<Vec<_>>(), spans);
        let picked = self.pick(&by, tests, &times)?;
        let sums = self.sums(&places, &picked);
        let mut groups = Groups::new();
        for (number, index) in picked.numbering.groups.iter().enumerate() {
            let sum = |place: Option<usize>| sums.get(&place?)?.sum(number);
            let metrics = asked.metrics.iter().zip(&places);
            let measured = metrics.map(|((index, _), places)| {
                let records = match sum(Some(places.records)) {
                    Some(Sum::Exact(records, _)) => i64::try_from(records).unwrap_or(i64::MAX),
                    _ => 0,
                };
                let measured = Measured {
                    above: sum(places.above),
                    below: sum(places.below),
                    records,
                    ..Measured::default()
                };
                (*index, measured)
            });
            groups.insert(self.key(*index, asked, &by, &times), measured.collect());
        }
        // of no records the one group without dimensions is there all the same
        if asked.by.is_empty() && groups.is_empty() {
            let nothing = asked.metrics.iter();
            let nothing = nothing.map(|(index, _)| (*index, Measured::default()));
            groups.insert(Vec::new(), nothing.collect());
        }
        Some(groups)
    }
}
