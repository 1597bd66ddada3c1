//! The exact account of a change by segments that together are everything.

/// What some records sum up to in one period.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sums {
    /// How many records.
    pub records: f64,
    /// The sum, or what stands above the line of a ratio.
    pub above: f64,
    /// What stands below the line; not used by a sum.
    pub below: f64,
}

impl Sums {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            records: self.records + other.records,
            above: self.above + other.above,
            below: self.below + other.below,
        }
    }

    /// Without the other.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self {
            records: self.records - other.records,
            above: self.above - other.above,
            below: self.below - other.below,
        }
    }

    /// The ratio; `None` where nothing stands below the line.
    pub fn ratio(self) -> Option<f64> {
        (self.below != 0.0).then(|| self.above / self.below)
    }
}

/// How sums become the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The sum itself.
    Sum,
    /// Above by below.
    Ratio,
}

impl Form {
    /// The number; of no records a sum is 0 and a ratio nothing.
    pub fn value(self, sums: Sums) -> Option<f64> {
        match self {
            Self::Sum => Some(sums.above),
            Self::Ratio => sums.ratio(),
        }
    }
}

/// What a segment gave to a change.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Split {
    /// What its own number moved: at the mean of its two weights.
    pub rate: f64,
    /// What its weight moved: at the mean of its two numbers, against that of everything.
    pub mix: f64,
}

impl Split {
    /// Both together.
    pub fn contribution(self) -> f64 {
        self.rate + self.mix
    }
}

/// What a segment gave to the change of the whole.
///
/// Of a ratio (Kitagawa 1955): `rate` is the mean share times the change of the segment's ratio,
/// `mix` the change of its share times its mean ratio less that of everything, so that the parts
/// of any partition sum to the change, and swapping the periods only turns the sign. A segment
/// that enters or leaves has one ratio, so that all of it is mix. Of a sum: `rate` is what a
/// record brings, `mix` how many there are.
pub fn split(form: Form, segment: [Sums; 2], whole: [Sums; 2]) -> Split {
    let [before, after] = segment;
    match form {
        Form::Sum => {
            let per = |sums: Sums| (sums.records != 0.0).then(|| sums.above / sums.records);
            let (Some(was), Some(is)) = (per(before), per(after)) else {
                return Split {
                    rate: 0.0,
                    mix: after.above - before.above,
                };
            };
            Split {
                rate: f64::midpoint(before.records, after.records) * (is - was),
                mix: f64::midpoint(was, is) * (after.records - before.records),
            }
        }
        Form::Ratio => {
            let share = |index: usize| {
                let below = whole[index].below;
                if below == 0.0 {
                    0.0
                } else {
                    segment[index].below / below
                }
            };
            let (from, to) = (share(0), share(1));
            let reference = match (whole[0].ratio(), whole[1].ratio()) {
                (Some(was), Some(is)) => f64::midpoint(was, is),
                (one, other) => one.or(other).unwrap_or(0.0),
            };
            let (was, is) = match (before.ratio(), after.ratio()) {
                (Some(was), Some(is)) => (was, is),
                (one, other) => {
                    let only = one.or(other).unwrap_or(reference);
                    (only, only)
                }
            };
            Split {
                rate: f64::midpoint(from, to) * (is - was),
                mix: (f64::midpoint(was, is) - reference) * (to - from),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sums(records: u32, above: f64, each: f64) -> Sums {
        let records = f64::from(records);
        Sums {
            records,
            above: if records == 0.0 { 0.0 } else { above },
            below: records * each,
        }
    }

    fn parts() -> impl Strategy<Value = Vec<[Sums; 2]>> {
        let side = (0_u32..40, -1e4..1e4_f64, 0.1..9.0_f64).prop_map(|(n, a, d)| sums(n, a, d));
        prop::collection::vec([side.clone(), side], 1..12)
    }

    fn whole(parts: &[[Sums; 2]]) -> [Sums; 2] {
        let side = |index: usize| {
            let all = parts.iter().map(|part| part[index]);
            all.fold(Sums::default(), Sums::plus)
        };
        [side(0), side(1)]
    }

    proptest! {
        #[test]
        fn parts_sum_to_the_change(parts in parts()) {
            let whole = whole(&parts);
            for form in [Form::Sum, Form::Ratio] {
                let (Some(was), Some(is)) = (form.value(whole[0]), form.value(whole[1])) else {
                    continue;
                };
                let all: f64 = parts.iter().map(|part| split(form, *part, whole).contribution()).sum();
                let size = parts.iter().map(|part| split(form, *part, whole).contribution().abs()).sum::<f64>();
                prop_assert!((all - (is - was)).abs() <= 1e-9 * size.max(1e-9), "{all} {}", is - was);
            }
        }

        #[test]
        fn swapping_the_periods_turns_the_sign(parts in parts()) {
            let whole = whole(&parts);
            for form in [Form::Sum, Form::Ratio] {
                for part in &parts {
                    let one = split(form, *part, whole);
                    let back = split(form, [part[1], part[0]], [whole[1], whole[0]]);
                    let near = |left: f64, right: f64| (left + right).abs() <= 1e-9 * left.abs().max(1.0);
                    prop_assert!(near(one.rate, back.rate) && near(one.mix, back.mix));
                }
            }
        }
    }

    #[test]
    fn what_enters_is_mix() {
        let whole = [sums(10, 5.0, 1.0), sums(20, 12.0, 1.0)];
        let split = split(Form::Ratio, [sums(0, 0.0, 1.0), sums(5, 4.0, 1.0)], whole);
        assert!(split.rate.abs() < 1e-12);
        // a quarter of what is now, at 0.8 against the mean of 0.5 and 0.6
        assert!((split.mix - 0.25 * (0.8 - 0.55)).abs() < 1e-12);
    }
}
