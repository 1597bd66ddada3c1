//! A condition of a query as a test of stored values: as SQL, or of the cells of a rollup.

use chrono::NaiveDate;
use millrace_models::metric::{Metric, nearest};
use millrace_models::period::Grain;
use millrace_models::query::{Condition, Op};

use super::compile::Selection;
use super::dimension::{Dimension, literal, span};
use super::error::QueryError;

/// Dimensions with as many members as there are records: their members are not listed.
pub(super) const UNLISTED: [&str; 6] = [
    "opportunity",
    "quote",
    "order",
    "contract",
    "instalment",
    "ticket",
];

/// What is asked of the value of a dimension, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Test {
    /// There is none.
    Missing,
    /// It is one of these, or none of them.
    Flags {
        /// None of them.
        not: bool,
        /// The values.
        flags: Vec<bool>,
    },
    /// It lies between two texts, both included.
    Between(String, String),
    /// It is one of these; or none of them, or missing.
    OneOf {
        /// None of them.
        not: bool,
        /// Texts.
        stored: Vec<String>,
    },
    /// The day of the metric's time lies in one of these spans, or in none.
    Spans {
        /// In none.
        not: bool,
        /// First and last days.
        spans: Vec<(NaiveDate, NaiveDate)>,
    },
}

impl Selection<'_> {
    /// What a condition asks of a dimension.
    ///
    /// # Errors
    /// [`QueryError::Value`] for a member that there is not, [`QueryError::Unusable`] for a
    /// condition without the values that it needs.
    pub(super) async fn test(
        &self,
        dimension: &Dimension,
        condition: &Condition,
    ) -> Result<Test, QueryError> {
        if condition.op == Op::IsNull {
            return Ok(Test::Missing);
        }
        if condition.values.is_empty() {
            return Err(QueryError::Unusable(format!(
                "{} is compared with no value",
                dimension.name
            )));
        }
        if condition.op == Op::Between && condition.values.len() != 2 {
            return Err(QueryError::Unusable(format!(
                "{} between needs two values, but has {}",
                dimension.name,
                condition.values.len()
            )));
        }
        let not = condition.op == Op::NotIn;
        if let Some(grain) = dimension.grain {
            return self.spans(grain, dimension, condition);
        }
        if dimension.flag {
            let flags = condition.values.iter().map(|value| {
                value.parse::<bool>().map_err(|_| QueryError::Value {
                    dimension: dimension.name.clone(),
                    value: value.clone(),
                    suggestions: vec!["true".to_owned(), "false".to_owned()],
                })
            });
            let flags = flags.collect::<Result<_, _>>()?;
            return Ok(Test::Flags { not, flags });
        }
        if condition.op == Op::Between {
            let (from, to) = (&condition.values[0], &condition.values[1]);
            return Ok(Test::Between(from.clone(), to.clone()));
        }
        let mut stored = Vec::new();
        for value in &condition.values {
            stored.push(self.stored(dimension, value).await?);
        }
        Ok(Test::OneOf { not, stored })
    }

    /// A test as SQL over the base `b`.
    pub(super) fn sql(&self, metric: &Metric, dimension: &Dimension, test: &Test) -> String {
        let expression = &dimension.expression;
        match test {
            Test::Missing => format!("{expression} IS NULL"),
            Test::Flags { not, flags } => {
                let flags: Vec<_> = flags.iter().map(bool::to_string).collect();
                let not = if *not { "NOT " } else { "" };
                format!("{expression} {not}IN ({})", flags.join(", "))
            }
            Test::Between(from, to) => {
                format!("{expression} BETWEEN {} AND {}", literal(from), literal(to))
            }
            Test::OneOf { not, stored } => {
                let stored: Vec<_> = stored.iter().map(|text| literal(text)).collect();
                let stored = stored.join(", ");
                if *not {
                    format!("({expression} IS NULL OR {expression} NOT IN ({stored}))")
                } else {
                    format!("{expression} IN ({stored})")
                }
            }
            Test::Spans { not, spans } => {
                let column = metric.time.column.as_deref().unwrap_or_default();
                let spans = spans.iter();
                let ranges: Vec<_> = spans
                    .map(|(from, to)| self.range(column, *from, *to))
                    .collect();
                let not = if *not { "NOT " } else { "" };
                format!("{not}({})", ranges.join(" OR "))
            }
        }
    }

    fn spans(
        &self,
        grain: Grain,
        dimension: &Dimension,
        condition: &Condition,
    ) -> Result<Test, QueryError> {
        let mut starts = Vec::new();
        for value in &condition.values {
            starts.push(span(grain, value).ok_or_else(|| {
                let example = self.view.opened.calendar.date_of(self.as_of);
                QueryError::Value {
                    dimension: dimension.name.clone(),
                    value: value.clone(),
                    suggestions: vec![grain.label(example)],
                }
            })?);
        }
        let last = |start| grain.next(start).pred_opt().unwrap_or(start);
        let spans = if condition.op == Op::Between {
            vec![(starts[0], last(starts[1]))]
        } else {
            starts.iter().map(|start| (*start, last(*start))).collect()
        };
        let not = condition.op == Op::NotIn;
        Ok(Test::Spans { not, spans })
    }

    /// The stored form of a member, which must exist; for who does not see all, among their rows.
    async fn stored(&self, dimension: &Dimension, value: &str) -> Result<String, QueryError> {
        let unknown = |suggestions| QueryError::Value {
            dimension: dimension.name.clone(),
            value: value.to_owned(),
            suggestions,
        };
        let whole = self.view.is_whole(self.base, dimension);
        if let Some(labels) = dimension.labels {
            let words = self.view.words(labels).await?;
            if whole {
                return match words.id(value) {
                    Some(id) => Ok(id.to_owned()),
                    None if words.has(value) => Ok(value.to_owned()),
                    // what is gone is known by its id, for who asks about a closed month
                    None if self.was_member(dimension, value).await? => Ok(value.to_owned()),
                    None => Err(unknown(nearest(value, words.all()))),
                };
            }
            let known = self.members(dimension).await?;
            let id = words.id(value).unwrap_or(value);
            if known
                .binary_search_by(|known| known.as_str().cmp(id))
                .is_ok()
            {
                return Ok(id.to_owned());
            }
            let near = known.iter().map(|id| words.label(id));
            return Err(unknown(nearest(value, near)));
        }
        if UNLISTED.contains(&dimension.name.as_str()) {
            return Ok(value.to_owned());
        }
        let known = self.members(dimension).await?;
        if known
            .binary_search_by(|known| known.as_str().cmp(value))
            .is_ok()
        {
            return Ok(value.to_owned());
        }
        let mut suggestions = nearest(value, known.iter().map(String::as_str));
        if suggestions.is_empty() {
            suggestions = known.iter().take(3).cloned().collect();
        }
        Err(unknown(suggestions))
    }
}
