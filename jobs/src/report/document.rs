//! What a report says, before it is set as pages, a workbook or a mail.

use serde::Serialize;

/// A report in words, tables and charts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Document {
    /// `zh` or `en`.
    pub language: &'static str,
    /// Its heading.
    pub title: String,
    /// The month, and whether it is over.
    pub subtitle: String,
    /// What is named under the title: whose records, up to when.
    pub facts: Vec<Fact>,
    /// The heading of the conclusions.
    pub conclusions_title: String,
    /// The month in sentences.
    pub conclusions: Vec<Sentence>,
    /// The key figures.
    pub figures: Table,
    /// What is behind them, part by part.
    pub sections: Vec<Section>,
    /// What stands at the foot of each page.
    pub foot: String,
    /// How a page is numbered: `{page}` of `{pages}`.
    pub page: String,
}

/// A name and what it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fact {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// A sentence made from numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sentence {
    /// What it is about.
    pub head: String,
    /// What it says.
    pub text: String,
    /// `good`, `bad` or nothing.
    pub tone: &'static str,
}

/// A part under a heading.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Section {
    /// Which part it is.
    pub id: &'static str,
    /// Its heading.
    pub title: String,
    /// What is said of it first.
    pub lead: Vec<String>,
    /// Its charts.
    pub charts: Vec<Chart>,
    /// Its tables.
    pub tables: Vec<Table>,
}

/// A chart, by the name of its picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Chart {
    /// Its name.
    pub name: String,
    /// Its heading.
    pub title: String,
    /// What it shows, for those who do not see it.
    pub told: String,
    /// The picture.
    pub svg: String,
}

/// A table.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Table {
    /// Its heading.
    pub title: String,
    /// Their heads.
    pub columns: Vec<Column>,
    /// Its rows.
    pub rows: Vec<Vec<Cell>>,
    /// The metric of each row, where rows are numbers of one record set each.
    pub metrics: Vec<String>,
    /// What is to be known of it; empty where there is nothing.
    pub note: String,
}

/// The head of a column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Whether numbers stand under it.
    pub is_number: bool,
}

/// A cell.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Cell {
    /// What it says.
    pub text: String,
    /// `good`, `bad` or nothing.
    pub tone: &'static str,
    /// Whether it stands out.
    pub is_strong: bool,
    /// On few records.
    pub is_faint: bool,
}

impl Cell {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    pub(super) fn toned(text: impl Into<String>, tone: &'static str) -> Self {
        Self {
            tone,
            ..Self::new(text)
        }
    }

    pub(super) fn strong(mut self) -> Self {
        self.is_strong = true;
        self
    }

    pub(super) fn faint(mut self, is_faint: bool) -> Self {
        self.is_faint = is_faint;
        self
    }
}

/// Columns by their names; the first is of words, the others of numbers.
pub(super) fn columns<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<Column> {
    let columns = names.into_iter().enumerate().map(|(place, name)| Column {
        name: name.to_owned(),
        is_number: place > 0,
    });
    columns.collect()
}
