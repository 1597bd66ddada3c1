//! The models behind kept scores: what each was learned from, and how it did on a day that it had not
//! seen.

use anyhow::Context;
use arrow::array::RecordBatch;
use chrono::{DateTime, NaiveDate, TimeZone, Utc};
use millrace_lake::{Lake, PublishedSet};
use millrace_models::config::Company;
use millrace_models::health::{Model, Target, Version};
use serde::Serialize;

use super::reader::batches;
use super::row::Row;
use super::{date, day_number};
use crate::columns::{Columns, dates, flags, numbers, texts, times, wholes};
use crate::facts::table_name;

const MART: &str = "health_models";

/// What a probability was learned from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScoringModel {
    /// What the probability is of: `order`, `shrink`, `non_renewal`.
    pub target: String,
    /// Where it comes from: `fitted`, `purchase_process`, `not_enough_history`.
    pub kind: String,
    /// The days ahead that it is about.
    pub horizon_days: i32,
    /// The first of the days that it was learned from; none where there are none.
    pub learned_from: Option<NaiveDate>,
    /// The last of them.
    pub learned_to: Option<NaiveDate>,
    /// How many they are.
    pub learned_days: i32,
    /// Accounts (of contracts: those) on these days.
    pub learned_rows: i32,
    /// Those that it came true of.
    pub learned_positives: i32,
    /// Whether it was calibrated on a day that it had not seen.
    pub calibrated: bool,
    /// What a model of the earlier of these days said of the last one: accounts on it.
    pub trial_rows: Option<i32>,
    /// Those of them that it came true of.
    pub trial_positives: Option<i32>,
    /// The area under the curve.
    pub auc: Option<f64>,
    /// The average precision.
    pub average_precision: Option<f64>,
    /// The mean squared error.
    pub brier: Option<f64>,
}

impl From<&Version> for ScoringModel {
    fn from(own: &Version) -> Self {
        let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        let kind = match own.kind {
            Model::Fitted => "fitted",
            Model::PurchaseProcess => "purchase_process",
            Model::NotEnoughHistory => "not_enough_history",
        };
        let trial = own.trial;
        Self {
            target: own.target.name().to_owned(),
            kind: kind.to_owned(),
            horizon_days: own.horizon_days,
            learned_from: own.learned_days.last().copied().map(date),
            learned_to: own.learned_days.first().copied().map(date),
            learned_days: count(own.learned_days.len()),
            learned_rows: count(own.rows),
            learned_positives: count(own.positives),
            calibrated: own.is_calibrated,
            trial_rows: trial.map(|trial| count(trial.accounts)),
            trial_positives: trial.map(|trial| count(trial.positives)),
            auc: trial.and_then(|trial| trial.auc),
            average_precision: trial.and_then(|trial| trial.average_precision),
            brier: trial.and_then(|trial| trial.brier),
        }
    }
}

/// The models of a kept scoring.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KeptModels {
    /// The day that was scored.
    pub as_of: NaiveDate,
    /// Of an order, of shrinking, of a contract that is not renewed.
    pub models: Vec<ScoringModel>,
}

/// The rows of `health_models` of a scored day.
pub(super) fn rows(
    mut columns: Columns,
    models: &[ScoringModel],
    as_of_us: i64,
) -> anyhow::Result<RecordBatch> {
    let own = || models.iter();
    let day = |day: Option<NaiveDate>| day.map(day_number);
    columns
        .set("as_of", times(own().map(|_| Some(as_of_us))))?
        .set("target", texts(own().map(|own| Some(&*own.target))))?
        .set("kind", texts(own().map(|own| Some(&*own.kind))))?
        .set(
            "horizon_days",
            wholes(own().map(|own| Some(own.horizon_days))),
        )?
        .set(
            "learned_from",
            dates(own().map(|own| day(own.learned_from))),
        )?
        .set("learned_to", dates(own().map(|own| day(own.learned_to))))?
        .set(
            "learned_days",
            wholes(own().map(|own| Some(own.learned_days))),
        )?
        .set(
            "learned_rows",
            wholes(own().map(|own| Some(own.learned_rows))),
        )?
        .set(
            "learned_positives",
            wholes(own().map(|own| Some(own.learned_positives))),
        )?
        .set("calibrated", flags(own().map(|own| Some(own.calibrated))))?
        .set("trial_rows", wholes(own().map(|own| own.trial_rows)))?
        .set(
            "trial_positives",
            wholes(own().map(|own| own.trial_positives)),
        )?
        .set("auc", numbers(own().map(|own| own.auc)))?
        .set(
            "average_precision",
            numbers(own().map(|own| own.average_precision)),
        )?
        .set("brier", numbers(own().map(|own| own.brier)))?;
    columns.finish()
}

/// The models of the kept scorings of the newest set, the latest first.
///
/// # Errors
///
/// When the lake cannot be read.
pub async fn kept(lake: &Lake, company: &Company) -> anyhow::Result<Vec<KeptModels>> {
    match lake.latest_set().await? {
        Some(set) => kept_in(lake, company, &set).await,
        None => Ok(Vec::new()),
    }
}

/// The same as a published set has them.
///
/// # Errors
///
/// When the lake cannot be read.
pub async fn kept_in(
    lake: &Lake,
    company: &Company,
    set: &PublishedSet,
) -> anyhow::Result<Vec<KeptModels>> {
    let table = table_name(MART);
    let Some(version) = set.versions.get(&table).copied() else {
        return Ok(Vec::new());
    };
    let files = lake.table_at(&table, version).await?.files().to_vec();
    let zone = company.zone;
    let read = move || -> anyhow::Result<Vec<KeptModels>> {
        let mut kept: Vec<KeptModels> = Vec::new();
        for batch in batches(&files, &COLUMNS)? {
            for row in Row::all(&batch) {
                let at = row.time("as_of");
                let at = at.and_then(DateTime::<Utc>::from_timestamp_micros);
                let at = at.context("a model of no time")?;
                let as_of = zone.from_utc_datetime(&at.naive_utc()).date_naive();
                let model = model(&row);
                match kept.iter_mut().find(|own| own.as_of == as_of) {
                    Some(own) => own.models.push(model),
                    None => kept.push(KeptModels {
                        as_of,
                        models: vec![model],
                    }),
                }
            }
        }
        kept.sort_by_key(|own| std::cmp::Reverse(own.as_of));
        let place = |own: &ScoringModel| {
            let mut all = Target::ALL.iter();
            all.position(|target| target.name() == own.target)
        };
        for own in &mut kept {
            own.models.sort_by_key(place);
        }
        Ok(kept)
    };
    tokio::task::spawn_blocking(read)
        .await
        .context("reading the models stopped")?
}

const COLUMNS: [&str; 15] = [
    "as_of",
    "target",
    "kind",
    "horizon_days",
    "learned_from",
    "learned_to",
    "learned_days",
    "learned_rows",
    "learned_positives",
    "calibrated",
    "trial_rows",
    "trial_positives",
    "auc",
    "average_precision",
    "brier",
];

fn model(row: &Row<'_>) -> ScoringModel {
    let text = |name: &str| row.text(name).unwrap_or_default().to_owned();
    let whole = |name: &str| row.whole(name).unwrap_or_default();
    ScoringModel {
        target: text("target"),
        kind: text("kind"),
        horizon_days: whole("horizon_days"),
        learned_from: row.day("learned_from"),
        learned_to: row.day("learned_to"),
        learned_days: whole("learned_days"),
        learned_rows: whole("learned_rows"),
        learned_positives: whole("learned_positives"),
        calibrated: row.flag("calibrated"),
        trial_rows: row.whole("trial_rows"),
        trial_positives: row.whole("trial_positives"),
        auc: row.number("auc"),
        average_precision: row.number("average_precision"),
        brier: row.number("brier"),
    }
}
