//! What all sections are made with.

use chrono::{Datelike as _, Months, NaiveDate};
use millrace_lake::query::Row;
use millrace_models::metric::Unit;
use millrace_operations::service::target::Mark;

use super::MonthlyReportError;
use super::asked::{Book, FEW, member, number};
use super::chart::{Pen, Series, Shape};
use super::document::{Cell, Chart};
use super::language::{self, Language, is_zero, moved, short};
use crate::health::KeptModels;
use crate::numbers::change;

/// Months of a chart over time: a year, and the month that it began with.
pub(super) const MONTHS: u32 = 13;

/// The answers, and how they are told.
pub(super) struct Maker<'a> {
    pub(super) book: &'a Book,
    pub(super) language: Language,
    pub(super) pen: Pen,
    /// What the probabilities were tried on.
    pub(super) models: Option<KeptModels>,
    /// Whether the month is over.
    pub(super) is_over: bool,
}

/// A share in whole percent, rounded down.
pub(super) fn percent_down(share: f64, language: Language) -> String {
    let sign = language.of(" %", "%");
    format!("{:.0}{sign}", (share * 100.0 + 1e-9).floor())
}

impl Maker<'_> {
    pub(super) fn of(&self, zh: &str, en: &str) -> String {
        self.language.of(zh, en).to_owned()
    }

    /// A number of an answer as it is told.
    pub(super) fn told(&self, metric: &str, value: Option<f64>) -> String {
        short(value, self.book.measured(metric), self.language)
    }

    /// A number of things in English, as it is told.
    pub(super) fn things(&self, count: Option<f64>, thing: &str) -> String {
        language::things(count.unwrap_or_default(), &self.told("", count), thing)
    }

    /// A number of a row, lighter where it stands on few records.
    pub(super) fn cell(&self, row: &Row, metric: &str) -> Cell {
        let value = number(row, metric);
        let count = number(row, &format!("{metric}_n"));
        let is_rate = !matches!(self.book.measured(metric).unit, Unit::Amount | Unit::Count);
        Cell::new(self.told(metric, value)).faint(is_rate && count.is_some_and(|count| count < FEW))
    }

    /// How far a number is towards what it was to reach; in whole percent, down, so that what is just
    /// missed does not read as reached.
    pub(super) fn reached(&self, mark: &Mark) -> Cell {
        let text = match mark.attainment {
            Some(share) => percent_down(share, self.language),
            None => language::NONE.to_owned(),
        };
        let tone = match (mark.met, self.is_over) {
            (true, _) => "good",
            (false, true) => "bad",
            (false, false) => "",
        };
        Cell::toned(text, tone)
    }

    /// Whether a number can be compared with that of a whole month: a sum of a part of one cannot.
    fn compares(&self, metric: &str) -> bool {
        let unit = self.book.measured(metric).unit;
        self.is_over || !matches!(unit, Unit::Amount | Unit::Count)
    }

    /// How a number of a row moved against what it was.
    pub(super) fn change(&self, row: &Row, metric: &str) -> Cell {
        if !self.compares(metric) {
            return Cell::new(language::NONE);
        }
        let measured = self.book.measured(metric);
        let before = number(row, &format!("{metric}_before"));
        let direction = self.book.direction(metric);
        match change(
            number(row, metric),
            before,
            measured,
            direction,
            self.language,
        ) {
            Some(change) if is_zero(&change.text) => Cell::new(self.language.of("持平", "same")),
            Some(change) => Cell::toned(change.text, change.tone),
            None => Cell::new(language::NONE),
        }
    }

    /// How a number moved, in a sentence: `比 9 月下降 4.5 %`.
    pub(super) fn against(&self, row: &Row, metric: &str, what: &str) -> Option<String> {
        if !self.compares(metric) {
            return None;
        }
        let measured = self.book.measured(metric);
        let before = number(row, &format!("{metric}_before"));
        let (change, text) = moved(number(row, metric), before, measured, self.language)?;
        Some(match self.language {
            Language::Zh if is_zero(&text) => format!("与{what}持平"),
            Language::En if is_zero(&text) => format!("the same as {what}"),
            Language::Zh => format!("比{what}{}{text}", if change > 0.0 { "高 " } else { "低 " }),
            Language::En => format!(
                "{} {text} on {what}",
                if change > 0.0 { "up" } else { "down" }
            ),
        })
    }

    /// What is to be known of a number on few records.
    pub(super) fn few(&self, row: &Row, metric: &str) -> String {
        match number(row, &format!("{metric}_n")) {
            Some(count) if count < FEW => match self.language {
                Language::Zh => format!("(n={count}, 仅供参考)"),
                Language::En => format!(" (n={count}, too few to rely on)"),
            },
            _ => String::new(),
        }
    }

    /// A member of a dimension as people call it.
    pub(super) fn member(&self, row: &Row, dimension: &str) -> String {
        match member(row, dimension) {
            None | Some("") => self.of("(空)", "(none)"),
            Some(code) if dimension == "stage" => language::stage_name(code, self.language),
            Some(code) if dimension == "health_status" => {
                language::status_name(code, self.language)
            }
            Some(name) => name.to_owned(),
        }
    }

    /// The month as people call it, so many months before that of the report.
    pub(super) fn month_name(&self, back: u32) -> String {
        let month = before(self.book.month.from, back);
        let is_same_year = month.year() == self.book.month.from.year();
        match self.language {
            Language::Zh if is_same_year => format!(" {} 月", month.month()),
            Language::Zh => format!(" {} 年 {} 月", month.year(), month.month()),
            Language::En if is_same_year => month.format("%B").to_string(),
            Language::En => month.format("%B %Y").to_string(),
        }
    }

    /// The values of a metric in the months that end with that of the report, so many months back.
    pub(super) fn series(&self, id: &str, metric: &str, count: u32, back: u32) -> Vec<Option<f64>> {
        let rows = self.book.rows(id);
        let of_month = |back: u32| {
            let month = before(self.book.month.from, back)
                .format("%Y-%m")
                .to_string();
            let row = rows
                .iter()
                .find(|row| member(row, "month") == Some(&month))?;
            number(row, metric)
        };
        (0..count)
            .rev()
            .map(|place| of_month(place + back))
            .collect()
    }

    /// The labels of so many months that end with that of the report.
    pub(super) fn month_labels(&self, count: u32, back: u32) -> Vec<String> {
        let labels = (0..count).rev().map(|place| {
            let month = before(self.book.month.from, place + back);
            let is_first = place + 1 == count || month.month() == 1;
            match self.language {
                Language::Zh if is_first => month.format("%y年%-m月").to_string(),
                Language::Zh => month.format("%-m月").to_string(),
                Language::En if is_first => month.format("%b %y").to_string(),
                Language::En => month.format("%b").to_string(),
            }
        });
        labels.collect()
    }

    /// A metric over the 13 months that end with that of the report, beside the same months a year before;
    /// none where there is hardly anything to show.
    pub(super) fn by_month(
        &self,
        metric: &str,
        shape: Shape,
    ) -> Result<Option<Chart>, MonthlyReportError> {
        let now = self.series("months", metric, MONTHS, 0);
        if now.iter().flatten().count() < 2 {
            return Ok(None);
        }
        let before = self.series("months", metric, MONTHS, 12);
        let names = [
            self.of("本月止 13 个月", "13 months"),
            self.of("上年同月", "a year before"),
        ];
        let series =
            [(&names[0], &now), (&names[1], &before)].map(|(name, values)| Series { name, values });
        let has_before = before.iter().flatten().any(|value| *value > 0.0);
        let svg = self.pen.over_time(
            &self.month_labels(MONTHS, 0),
            &series[0],
            has_before.then_some(&series[1]),
            self.book.measured(metric),
            shape,
        );
        let title = self.book.name(metric, self.language);
        let told = match self.language {
            Language::Zh => format!("{title}, 逐月, 与上年同月相比"),
            Language::En => format!("{title} by month, beside the same month a year before"),
        };
        Self::chart(metric, title, told, svg).map(Some)
    }

    /// A chart under its name.
    pub(super) fn chart(
        name: &str,
        title: String,
        told: String,
        svg: Result<String, Box<dyn std::error::Error + Send + Sync>>,
    ) -> Result<Chart, MonthlyReportError> {
        let svg = svg.map_err(MonthlyReportError::Chart)?;
        Ok(Chart {
            name: name.to_owned(),
            title,
            told,
            svg,
        })
    }
}

/// The first day of the month so many before.
pub(super) fn before(month: NaiveDate, count: u32) -> NaiveDate {
    month
        .checked_sub_months(Months::new(count))
        .unwrap_or(month)
}
