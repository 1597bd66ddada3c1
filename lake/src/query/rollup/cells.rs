//! The cells of a rollup, column by column.

/// The cells of one file, by day.
#[derive(Debug)]
pub(super) struct Cells {
    /// First days of spans, since 1970; in order.
    days: Vec<i32>,
    /// For each dimension the code of its member.
    pub(super) codes: Vec<Vec<u32>>,
    pub(super) columns: Vec<Column>,
}

/// A column of sums.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) numbers: Numbers,
    /// Which of them there are; all, where there is no list.
    pub(super) there: Option<Vec<bool>>,
}

/// Sums.
#[derive(Debug)]
pub(super) enum Numbers {
    /// Whole.
    Whole(Vec<i64>),
    /// Exact, with so many decimals.
    Exact(Vec<i128>, i8),
    /// As doubles.
    Float(Vec<f64>),
}

impl Numbers {
    fn bytes(&self) -> usize {
        match self {
            Self::Whole(numbers) => numbers.len() * size_of::<i64>(),
            Self::Exact(numbers, _) => numbers.len() * size_of::<i128>(),
            Self::Float(numbers) => numbers.len() * size_of::<f64>(),
        }
    }

    fn ordered(self, order: &[usize]) -> Self {
        fn take<T: Copy>(values: &[T], order: &[usize]) -> Vec<T> {
            order.iter().map(|place| values[*place]).collect()
        }
        match self {
            Self::Whole(numbers) => Self::Whole(take(&numbers, order)),
            Self::Exact(numbers, decimals) => Self::Exact(take(&numbers, order), decimals),
            Self::Float(numbers) => Self::Float(take(&numbers, order)),
        }
    }
}

impl Column {
    /// A column; of what is there, only some where it is said.
    pub(super) fn new(numbers: Numbers, there: Vec<bool>) -> Self {
        let all = there.iter().all(|there| *there);
        Self {
            numbers,
            there: (!all).then_some(there),
        }
    }
}

impl Cells {
    /// Cells in any order.
    pub(super) fn new(days: &[i32], codes: &[Vec<u32>], columns: Vec<Column>) -> Self {
        let mut order: Vec<usize> = (0..days.len()).collect();
        order.sort_by_key(|place| days[*place]);
        let codes = codes.iter();
        Self {
            codes: codes
                .map(|codes| order.iter().map(|place| codes[*place]).collect())
                .collect(),
            columns: columns
                .into_iter()
                .map(|column| Column {
                    numbers: column.numbers.ordered(&order),
                    there: column
                        .there
                        .map(|there| order.iter().map(|place| there[*place]).collect()),
                })
                .collect(),
            days: order.iter().map(|place| days[*place]).collect(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.days.len()
    }

    pub(super) fn bytes(&self) -> usize {
        let columns = self.columns.iter();
        let columns: usize = columns.map(|column| column.numbers.bytes()).sum();
        (self.codes.len() + 1) * self.len() * size_of::<u32>() + columns
    }

    /// The spans of time that there are, each with where its cells are.
    pub(super) fn runs(&self) -> impl Iterator<Item = (i32, std::ops::Range<usize>)> + '_ {
        let mut next = 0;
        std::iter::from_fn(move || {
            let day = *self.days.get(next)?;
            let begin = next;
            next += self.days[begin..].partition_point(|other| *other == day);
            Some((day, begin..next))
        })
    }
}
