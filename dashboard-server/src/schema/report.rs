//! The shapes of reports.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

/// A report as the app shows it.
#[derive(Serialize, ToSchema)]
pub(crate) struct MonthlyReportShown {
    /// The first day of the month.
    pub(crate) month: NaiveDate,
    /// The published set that it was made from.
    pub(crate) set: i64,
    /// What it says.
    pub(crate) document: ReportDocument,
}

/// A report in words, tables and charts.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReportDocument {
    /// `zh` or `en`.
    pub(crate) language: String,
    /// Its heading.
    pub(crate) title: String,
    /// The month, and whether it is over.
    pub(crate) subtitle: String,
    /// What is named under the title: whose records, up to when.
    pub(crate) facts: Vec<ReportFact>,
    /// The heading of the conclusions.
    pub(crate) conclusions_title: String,
    /// The month in sentences.
    pub(crate) conclusions: Vec<ReportSentence>,
    /// The key figures.
    pub(crate) figures: ReportTable,
    /// What is behind them, part by part.
    pub(crate) sections: Vec<ReportSection>,
    /// What stands at the foot of each page.
    pub(crate) foot: String,
    /// How a page is numbered: `{page}` of `{pages}`.
    pub(crate) page: String,
}

/// A name and what it is.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReportFact {
    /// Its name.
    pub(crate) name: String,
    /// Its value.
    pub(crate) value: String,
}

/// A sentence made from numbers.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReportSentence {
    /// What it is about.
    pub(crate) head: String,
    /// What it says.
    pub(crate) text: String,
    /// `good`, `bad` or nothing.
    pub(crate) tone: String,
}

/// A part under a heading.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReportSection {
    /// Which part it is.
    pub(crate) id: String,
    /// Its heading.
    pub(crate) title: String,
    /// What is said of it first.
    pub(crate) lead: Vec<String>,
    /// Its charts.
    pub(crate) charts: Vec<ReportChart>,
    /// Its tables.
    pub(crate) tables: Vec<ReportTable>,
}

/// A chart, by the name of its picture.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReportChart {
    /// Its name.
    pub(crate) name: String,
    /// Its heading.
    pub(crate) title: String,
    /// What it shows, for those who do not see it.
    pub(crate) told: String,
    /// The picture.
    pub(crate) svg: String,
}

/// A table.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReportTable {
    /// Its heading.
    pub(crate) title: String,
    /// Their heads.
    pub(crate) columns: Vec<ReportColumn>,
    /// Its rows.
    pub(crate) rows: Vec<Vec<ReportCell>>,
    /// The metric of each row, where rows are numbers of one record set each.
    pub(crate) metrics: Vec<String>,
    /// What is to be known of it; empty where there is nothing.
    pub(crate) note: String,
}

/// The head of a column.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReportColumn {
    /// Its name.
    pub(crate) name: String,
    /// Whether numbers stand under it.
    pub(crate) is_number: bool,
}

/// A cell.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReportCell {
    /// What it says.
    pub(crate) text: String,
    /// `good`, `bad` or nothing.
    pub(crate) tone: String,
    /// Whether it stands out.
    pub(crate) is_strong: bool,
    /// On few records.
    pub(crate) is_faint: bool,
}
