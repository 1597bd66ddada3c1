//! The monthly business report: a page of conclusions in words, then the numbers behind them, as PDF,
//! workbook and mail.
//!
//! A report asks queries and driver reports of one published set, by the rights of its reader, and
//! nothing else: so each number in it opens to its records, a regional manager's copy holds that
//! region only, and the same set gives the same bytes, whenever it is made.

mod asked;
mod chart;
mod document;
mod language;
mod letter;
mod maker;
mod print;
mod sections;
mod workbook;

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;

use anyhow::Context as _;
use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use chrono_tz::Tz;
use millrace_lake::query::{Engine, QueryError};
use millrace_lake::{Lake, PublishedSet};
use millrace_models::config::Company;
use millrace_models::period::Grain;
use millrace_models::query::{Condition, Period};
use millrace_models::scope::Access;
use millrace_operations::{Caller, Store};
use thiserror::Error;

use crate::health::{KeptModels, kept_models_in};
use crate::mail::{Content, File, Foot};
use asked::{Book, Reader};
use chart::Pen;
pub use document::{Cell, Chart, Column, Document, Fact, Section, Sentence, Table};
pub use language::Language;
use maker::Maker;
pub use print::Fonts;
use print::Paper;

/// Charts in the mail at most.
const PICTURES: usize = 2;
const TEMPLATE: &str = include_str!("report/template.typ");
/// A chart alone on a page of its size.
const PICTURE: &str = "#set page(width: 540pt, height: auto, margin: 0pt, fill: white)\n\
    #for name in json(\"names.json\") { image(\"charts/\" + name + \".svg\", width: 100%); pagebreak(weak: true) }\n";

/// Why there is no report.
#[derive(Debug, Error)]
pub enum MonthlyReportError {
    /// No font to write it in.
    #[error(
        "no font with Chinese letters is installed: reports need one, such as Debian's fonts-noto-cjk"
    )]
    Font,
    /// The month has not begun.
    #[error("{month} has not begun: the records end on {until}")]
    Future {
        /// The month.
        month: String,
        /// The day that the records reach to.
        until: NaiveDate,
    },
    /// A query was refused.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// A chart could not be drawn.
    #[error("a chart cannot be drawn")]
    Chart(#[source] Box<dyn Error + Send + Sync>),
    /// The pages could not be set.
    #[error("the pages cannot be set: {0}")]
    Template(String),
    /// The workbook could not be written.
    #[error("the workbook cannot be written")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    /// The report could not be told to the template.
    #[error("the report cannot be written down")]
    Json(#[from] serde_json::Error),
}

/// Which report.
#[derive(Debug, Clone)]
pub struct MonthlyRequest {
    /// Any day of the month.
    pub month: NaiveDate,
    /// Its language.
    pub language: Language,
    /// Whose records it is about, as it says of itself.
    pub scope: String,
    /// Conditions that all records meet.
    pub conditions: Vec<Condition>,
    /// The number of the published set to make it from; the newest where left out.
    pub set: Option<i64>,
}

/// Where it is read what the numbers were to reach, and whose targets are shown.
#[derive(Debug, Clone, Copy)]
pub struct Aims<'a> {
    /// The records of daily work.
    pub store: &'a Store,
    /// Who reads the report; nobody in particular sees all targets.
    pub caller: Option<&'a Caller>,
}

/// A report that can be written in any form.
#[derive(Debug)]
pub struct MonthlyReport {
    /// The first day of the month.
    pub month: NaiveDate,
    /// The number of the published set that it was made from.
    pub set: i64,
    language: Language,
    document: Document,
    book: Book,
    made_at: DateTime<Utc>,
    zone: Tz,
    fonts: Arc<Fonts>,
}

/// Asks everything that a monthly report says, by the rights of its reader. Targets are those of the
/// present: they are no part of a published set.
///
/// # Errors
///
/// When the month has not begun, the lake cannot be read, no font has Chinese letters, or the set is
/// gone.
pub async fn monthly(
    lake: &Lake,
    engine: &Engine,
    company: &Company,
    access: &Access,
    aims: Option<Aims<'_>>,
    request: &MonthlyRequest,
) -> anyhow::Result<MonthlyReport> {
    let fonts = tokio::task::spawn_blocking(Fonts::system)
        .await
        .context("looking for fonts stopped")??;
    let (engine, set) = engine.held(request.set).await?;
    let month = whole_month(request.month);
    let until = set.published_at.with_timezone(&company.zone).date_naive();
    if until < month.from {
        let month = month.from.format("%Y-%m").to_string();
        return Err(MonthlyReportError::Future { month, until }.into());
    }
    let reader = Reader {
        engine: &engine,
        access,
        conditions: &request.conditions,
        now: set.published_at,
    };
    let book = Box::pin(Book::ask(&reader, aims, month)).await?;
    let models = proof(lake, company, &set, month).await?;
    let maker = Maker {
        book: &book,
        language: request.language,
        pen: Pen {
            font: fonts.family.clone(),
            language: request.language,
        },
        models,
        is_over: until > month.to,
    };
    let document = write(&maker, &set, company.zone, request)?;
    Ok(MonthlyReport {
        month: month.from,
        set: set.id,
        language: request.language,
        document,
        book,
        made_at: set.published_at,
        zone: company.zone,
        fonts,
    })
}

fn whole_month(day: NaiveDate) -> Period {
    let from = Grain::Month.start(day);
    Period {
        from,
        to: Grain::Month.next(from).pred_opt().unwrap_or(from),
    }
}

/// What the probabilities of the last scoring of the month were tried on; of the first one after it,
/// where models have been kept only since then.
async fn proof(
    lake: &Lake,
    company: &Company,
    set: &PublishedSet,
    month: Period,
) -> anyhow::Result<Option<KeptModels>> {
    let until = set.published_at.with_timezone(&company.zone).date_naive();
    let last = month.to.min(until);
    let kept = kept_models_in(lake, company, set).await?;
    let of_month = kept.iter().find(|own| own.as_of <= last);
    Ok(of_month.or(kept.last()).cloned())
}

fn write(
    maker: &Maker<'_>,
    set: &PublishedSet,
    zone: Tz,
    request: &MonthlyRequest,
) -> Result<Document, MonthlyReportError> {
    let language = maker.language;
    let mut versions: BTreeMap<&str, i64> = BTreeMap::new();
    for own in &maker.book.asked {
        versions.extend(
            own.result
                .versions
                .iter()
                .map(|(name, version)| (name.as_str(), *version)),
        );
    }
    let versions: Vec<(String, i64)> = versions
        .into_iter()
        .map(|(name, version)| (name.to_owned(), version))
        .collect();
    let day = maker.book.month.from;
    let subtitle = match language {
        Language::Zh => format!("{} 年 {} 月", day.year(), day.month()),
        Language::En => day.format("%B %Y").to_string(),
    };
    let so_far = if maker.is_over {
        ""
    } else {
        language.of("(月内, 未完)", " (so far)")
    };
    let at = |moment: DateTime<Utc>| {
        moment
            .with_timezone(&zone)
            .format("%Y-%m-%d %H:%M")
            .to_string()
    };
    let fact = |zh: &str, en: &str, value: String| Fact {
        name: maker.of(zh, en),
        value,
    };
    let mut facts = vec![
        fact("范围", "scope", request.scope.clone()),
        fact("数据至", "complete to", at(set.complete_to)),
        fact("时区", "zone", zone.name().to_owned()),
        fact("数据集", "data set", set.id.to_string()),
    ];
    if !request.conditions.is_empty() {
        let told = request
            .conditions
            .iter()
            .map(|own| told_condition(maker, own));
        let told = told.collect::<Vec<_>>().join("; ");
        facts.insert(1, fact("筛选", "filter", told));
    }
    let conclusions = sections::conclusions(maker);
    let figures = sections::figures(maker);
    let mut sections: Vec<Section> = sections::all(maker, &versions)?;
    if figures.rows.is_empty() {
        sections.retain(|section| section.id == "definitions");
    }
    let title = maker.of("经营月报", "Monthly business report");
    Ok(Document {
        language: language.of("zh", "en"),
        foot: format!("{title} {subtitle} · {}", request.scope),
        title,
        subtitle: format!("{subtitle}{so_far}"),
        facts,
        conclusions_title: maker.of("结论", "Conclusions"),
        conclusions: if conclusions.is_empty() {
            vec![Sentence {
                head: maker.of("无数据", "Nothing"),
                text: maker.of(
                    "这个月没有可以看到的记录。",
                    "There are no records of this month to be seen.",
                ),
                tone: "",
            }]
        } else {
            conclusions
        },
        figures: if figures.rows.is_empty() {
            Table::default()
        } else {
            figures
        },
        sections,
        page: maker.of("第 {page} 页, 共 {pages} 页", "Page {page} of {pages}"),
    })
}

fn told_condition(maker: &Maker<'_>, condition: &Condition) -> String {
    use millrace_models::query::Op;
    let name = maker.book.dimension(&condition.dimension, maker.language);
    let values = maker.language.list(&condition.values);
    match condition.op {
        Op::In => format!("{name} = {values}"),
        Op::NotIn => format!("{name} ≠ {values}"),
        Op::Between => format!("{name} {}", condition.values.join(" – ")),
        Op::IsNull => format!("{name} {}", maker.language.of("为空", "is empty")),
    }
}

impl MonthlyReport {
    /// What it says.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The name of its files, without an extension.
    pub fn file_name(&self) -> String {
        format!(
            "monthly-{}-{}",
            self.month.format("%Y-%m"),
            self.language.of("zh", "en")
        )
    }

    /// As a tagged PDF.
    ///
    /// # Errors
    ///
    /// When the pages cannot be set.
    pub fn pdf(&self) -> Result<Vec<u8>, MonthlyReportError> {
        let mut told = serde_json::to_value(&self.document)?;
        if let Some(told) = told.as_object_mut() {
            told.insert("font".to_owned(), self.fonts.family.clone().into());
        }
        let charts = self
            .document
            .sections
            .iter()
            .flat_map(|section| &section.charts);
        let mut files: Vec<(String, Vec<u8>)> = charts
            .map(|chart| {
                (
                    format!("charts/{}.svg", chart.name),
                    chart.svg.clone().into_bytes(),
                )
            })
            .collect();
        files.push(("report.json".to_owned(), serde_json::to_vec(&told)?));
        let identity = format!("{} {}", self.file_name(), self.set);
        Paper::new(Arc::clone(&self.fonts), TEMPLATE, files)?.pdf(&identity)
    }

    /// As a workbook: a sheet for each question with its query, and the definitions.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn workbook(&self) -> Result<Vec<u8>, MonthlyReportError> {
        let facts: Vec<(String, String)> = self
            .document
            .facts
            .iter()
            .map(|fact| (fact.name.clone(), fact.value.clone()))
            .collect();
        let at = self.made_at.with_timezone(&self.zone).naive_local();
        Ok(workbook::write(
            &self.document,
            &self.book,
            self.language,
            at,
            &facts,
        )?)
    }

    /// As a mail, with PDF and workbook beside it; `link` is where the app is reached, `foot` what stands
    /// below.
    ///
    /// # Errors
    ///
    /// When a picture, the pages or the workbook cannot be made.
    pub fn mail(
        &self,
        link: Option<&str>,
        foot: Option<&Foot>,
    ) -> Result<Content, MonthlyReportError> {
        let charts = self
            .document
            .sections
            .iter()
            .flat_map(|section| &section.charts);
        let wanted = ["won_amount", "order_amount", "dwell"];
        let mut charts: Vec<&Chart> = charts
            .filter(|chart| wanted.contains(&chart.name.as_str()))
            .collect();
        charts.sort_by_key(|chart| wanted.iter().position(|name| *name == chart.name));
        charts.truncate(PICTURES);
        let mut files: Vec<(String, Vec<u8>)> = charts
            .iter()
            .map(|chart| {
                (
                    format!("charts/{}.svg", chart.name),
                    chart.svg.clone().into_bytes(),
                )
            })
            .collect();
        let names: Vec<&str> = charts.iter().map(|chart| chart.name.as_str()).collect();
        files.push(("names.json".to_owned(), serde_json::to_vec(&names)?));
        let pictures = if charts.is_empty() {
            Vec::new()
        } else {
            Paper::new(Arc::clone(&self.fonts), PICTURE, files)?.pictures()?
        };
        let pictures = charts.iter().zip(pictures);
        let name = self.file_name();
        let envelope = letter::Envelope {
            language: self.language,
            link,
            foot,
            pictures: pictures
                .map(|(chart, png)| {
                    (
                        chart.name.clone(),
                        chart.title.clone(),
                        chart.told.clone(),
                        png,
                    )
                })
                .collect(),
            files: vec![
                File {
                    name: format!("{name}.pdf"),
                    media_type: "application/pdf".to_owned(),
                    bytes: self.pdf()?,
                },
                File {
                    name: format!("{name}.xlsx"),
                    media_type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
                        .to_owned(),
                    bytes: self.workbook()?,
                },
            ],
        };
        Ok(letter::write(&self.document, envelope))
    }
}
