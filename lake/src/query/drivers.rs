//! What moved a number: the driver report of a metric between two periods.
//!
//! One scan of each period gives the sums of every unit (a deal, an account) in every combination
//! of the dimensions, through the same selection as a query; the account itself is
//! [`millrace_models::drivers`].

mod factors;
mod facts;

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};
use datafusion::error::DataFusionError;
use millrace_models::drivers::{
    Condition as Own, Explanation, Options, Part, excludes_zero, explain,
};
use millrace_models::metric::{Direction, Measure, Metric, Unit};
use millrace_models::period::compared;
use millrace_models::query::{Compare, Condition, Period, Query};
use millrace_models::scope::Action;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::answer::shown_time;
use super::error::QueryError;
use super::reads;
use super::view::View;
pub use factors::{Factors, FactorsBy, FactorsOf};
use facts::Scanned;

/// Dimensions at most.
const DIMENSIONS: usize = 12;
/// Segments at most.
const SEGMENTS: usize = 30;
/// Of the records of a period, so many entered late are worth a word.
const LATE: f64 = 0.1;

/// What is asked.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DriversRequest {
    /// The metric.
    pub metric: String,
    /// Conditions that all must hold.
    #[serde(rename = "where")]
    pub conditions: Vec<Condition>,
    /// The later period; the last three whole months where left out.
    pub period: Option<Period>,
    /// What it is compared with; the same days a year before where left out.
    pub compare: Option<Compare>,
    /// Dimensions to look in; those of the metric's declaration where left out.
    pub by: Vec<String>,
    /// Conditions of a segment at most, 1 to 3; 3 where left out.
    pub depth: Option<usize>,
    /// Segments at most, 8 where left out.
    pub max: Option<usize>,
    /// Answer as of then; without it the time is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<DateTime<Utc>>,
}

/// Values by dimension.
pub type Values = Map<String, Value>;

/// A part of the account.
#[derive(Debug, Clone, Serialize)]
pub struct Segment {
    /// What its records have in common: the value of each dimension, null for none.
    #[serde(rename = "where")]
    pub values: Values,
    /// Segments whose records are not in it, because they were named before it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<Values>,
    /// What it gave to the change, in the metric's unit.
    pub contribution: f64,
    /// What its own number moved: of a ratio at its mean share; of a sum what a record brings.
    pub rate: f64,
    /// What its weight moved: of a ratio its share, of a sum how many records.
    pub mix: f64,
    /// Its number before; null where it had no records.
    pub before: Option<f64>,
    /// Its number after.
    pub after: Option<f64>,
    /// The records behind `before`.
    pub n_before: i64,
    /// The records behind `after`.
    pub n_after: i64,
    /// Where the contribution lies with 95 % confidence.
    pub ci: [f64; 2],
    /// Whether it deviates beyond chance, all that was searched taken into account.
    pub significant: bool,
}

/// Something to know before the report is believed.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Flag {
    /// Within the values of a dimension the ratio moved one way, as a whole the other (Simpson).
    Reversal {
        /// The dimension.
        dimension: String,
        /// What the values' own changes gave.
        rate: f64,
        /// What the change of their shares gave.
        mix: f64,
    },
    /// Records that are too young to be counted.
    Immature {
        /// Of the earlier period.
        before: i64,
        /// Of the later period.
        after: i64,
    },
    /// The later period is not over.
    Unfinished {
        /// Its last day.
        to: NaiveDate,
    },
    /// Records that were entered more than two working days after they happened: what a period says
    /// was restated by so many.
    Restated {
        /// Of the earlier period.
        before: i64,
        /// Of the later period.
        after: i64,
    },
    /// What the factors of a product gave depends on the dimension that it is split by.
    FactorsDiffer {
        /// The factor that differs most.
        factor: String,
        /// The least that it gave.
        least: f64,
        /// The most that it gave.
        most: f64,
    },
}

/// A driver report.
#[derive(Debug, Clone, Serialize)]
pub struct DriversResult {
    /// The metric.
    pub metric: String,
    /// What it is measured in.
    pub unit: Unit,
    /// Which way is better.
    pub direction: Direction,
    /// The later period.
    pub period: Period,
    /// The earlier one.
    pub compared: Period,
    /// The conditions that all records met.
    #[serde(rename = "where")]
    pub conditions: Vec<Condition>,
    /// The dimensions that were looked in.
    pub by: Vec<String>,
    /// The time of the answer, in the company's zone.
    pub as_of: String,
    /// The versions of the marts that were read.
    pub versions: BTreeMap<String, i64>,
    /// The number before.
    pub before: Option<f64>,
    /// The number after.
    pub after: Option<f64>,
    /// After less before; null where one of them is.
    pub change: Option<f64>,
    /// Where the change lies with 95 % confidence.
    pub ci: Option<[f64; 2]>,
    /// Whether the change as a whole is beyond chance.
    pub significant: bool,
    /// The records behind `before`.
    pub n_before: i64,
    /// The records behind `after`.
    pub n_after: i64,
    /// Disjoint segments, the largest contribution first; with `rest` they sum to the change. Where
    /// none is significant, the values of the one dimension that tells most.
    pub segments: Vec<Segment>,
    /// All other records.
    pub rest: Segment,
    /// Whether no segment deviates beyond chance.
    pub chance: bool,
    /// Whether everything moved alike, and segments are judged against that.
    pub common: bool,
    /// How many segments were searched.
    pub searched: usize,
    /// The part of `rest` that a quantile's straight line leaves unexplained; 0 for other measures.
    pub residual: f64,
    /// What the factors of a product gave, where the metric is one.
    pub factors: Option<Factors>,
    /// What to know before it is believed.
    pub flags: Vec<Flag>,
}

/// The last three whole months before a day.
fn usual_period(today: NaiveDate) -> Period {
    let first = today.with_day(1).unwrap_or(today);
    Period {
        from: first.checked_sub_months(Months::new(3)).unwrap_or(first),
        to: first.pred_opt().unwrap_or(first),
    }
}

/// The words of conditions that were found.
fn worded(scanned: &Scanned, conditions: &[Own]) -> Values {
    conditions
        .iter()
        .map(|(dimension, code)| {
            let dimension = &scanned.dimensions[*dimension];
            (
                dimension.name.clone(),
                dimension.words[*code as usize].clone(),
            )
        })
        .collect()
}

struct Report<'a> {
    scanned: &'a Scanned,
    explanation: &'a Explanation,
}

impl Report<'_> {
    #[allow(clippy::cast_possible_truncation, reason = "counts are far below 2^53")]
    fn segment(&self, part: &Part, index: usize) -> Segment {
        let (scanned, explanation) = (self.scanned, self.explanation);
        let factor = scanned.factor;
        let value = |period: usize| {
            scanned.value(part.sums[period], period, |fact| {
                explanation.assignment[fact] == index
            })
        };
        let except = part.except.iter();
        Segment {
            values: worded(scanned, &part.conditions),
            except: except
                .map(|place| worded(scanned, &explanation.segments[*place].conditions))
                .collect(),
            contribution: part.split.contribution() * factor,
            rate: part.split.rate * factor,
            mix: part.split.mix * factor,
            before: value(0),
            after: value(1),
            n_before: part.sums[0].records as i64,
            n_after: part.sums[1].records as i64,
            ci: part.interval.map(|end| end * factor),
            significant: part.significant,
        }
    }
}

/// Refuses what has no account, and says what has.
fn check(metric: &Metric) -> Result<(), QueryError> {
    match &metric.measure {
        Measure::Compression { of } => Err(QueryError::Unusable(format!(
            "{} compares two periods itself: ask for the drivers of {of}",
            metric.name
        ))),
        Measure::CountBack { .. } => Err(QueryError::Unusable(format!(
            "{} is counted back over months, and segments have no part in that: ask for the drivers of overdue_amount or collection_rate",
            metric.name
        ))),
        _ => Ok(()),
    }
}

#[allow(clippy::too_many_lines, reason = "one step after another")]
pub(super) async fn report(
    view: View<'_>,
    request: &DriversRequest,
    now: DateTime<Utc>,
) -> Result<DriversResult, QueryError> {
    let metric = view.metric(&request.metric, Action::Read)?;
    check(metric)?;
    let depth = request.depth.unwrap_or(3);
    if !(1..=3).contains(&depth) {
        return Err(QueryError::Unusable(format!(
            "the depth is 1, 2 or 3, not {depth}"
        )));
    }
    let most = request.max.unwrap_or(8);
    if !(1..=SEGMENTS).contains(&most) {
        return Err(QueryError::Unusable(format!(
            "there are 1 to {SEGMENTS} segments, not {most}"
        )));
    }
    let as_of = request.as_of.unwrap_or(now);
    let today = as_of.with_timezone(&view.opened.zone).date_naive();
    let period = request.period.unwrap_or_else(|| usual_period(today));
    let before = compared(period, request.compare.unwrap_or(Compare::YearAgo));
    let dimensions = facts::dimensions(view, metric, request)?;
    let scan = facts::Scan {
        view,
        metric,
        conditions: &request.conditions,
        as_of,
        dimensions: &dimensions,
        is_asked: !request.by.is_empty(),
    };
    let scanned = scan.run([before, period]).await?;
    let options = Options {
        depth,
        most,
        proportional: scanned.proportional,
        ..Options::default()
    };
    let (scanned, explanation) = tokio::task::spawn_blocking(move || {
        let explanation = explain(&scanned.facts, scanned.form, options);
        (scanned, explanation)
    })
    .await
    .map_err(|error| QueryError::Engine(DataFusionError::External(Box::new(error))))?;
    let whole = explanation.whole;
    let value = |period: usize| scanned.value(whole[period], period, |_| true);
    let (was, is) = (value(0), value(1));
    let change = is.zip(was).map(|(is, was)| is - was);
    let report = Report {
        scanned: &scanned,
        explanation: &explanation,
    };
    let segments = explanation.segments.iter().enumerate();
    let mut segments: Vec<Segment> = segments
        .map(|(index, part)| report.segment(part, index))
        .collect();
    let mut rest = report.segment(&explanation.rest, explanation.segments.len());
    rest.contribution += scanned.residual;
    rest.ci = rest.ci.map(|end| end + scanned.residual);
    segments.sort_by(|left, right| {
        let size = |segment: &Segment| segment.contribution.abs();
        size(right).total_cmp(&size(left))
    });
    let ci = change.map(|_| {
        explanation
            .interval
            .map(|end| end * scanned.factor + scanned.residual)
    });
    let mut flags: Vec<Flag> = explanation
        .reversals
        .iter()
        .map(|found| Flag::Reversal {
            dimension: scanned.dimensions[found.dimension].name.clone(),
            rate: found.rate * scanned.factor,
            mix: found.mix * scanned.factor,
        })
        .collect();
    if metric.immature.is_some() {
        let [before, after] = facts::immature(&scan, [before, period]).await?;
        if before + after > 0 {
            flags.push(Flag::Immature { before, after });
        }
    }
    if period.to >= today {
        flags.push(Flag::Unfinished { to: period.to });
    }
    let share = |index: usize| scanned.late[index] as f64 / whole[index].records.max(1.0);
    if share(0) > LATE || share(1) > LATE {
        let [before, after] = scanned.late;
        flags.push(Flag::Restated { before, after });
    }
    let names: Vec<String> = scanned
        .dimensions
        .iter()
        .map(|one| one.name.clone())
        .collect();
    let factors = if metric.factors.is_empty() {
        None
    } else {
        let query = Query {
            conditions: request.conditions.clone(),
            period: Some(period),
            compare: Some(Compare::Baseline(before)),
            by: names.clone(),
            as_of: Some(as_of),
            ..Query::default()
        };
        factors::of(view, metric, query, now).await?
    };
    flags.extend(factors.as_ref().and_then(Factors::differ));
    let conditions = request.conditions.iter();
    let read = names.iter().map(String::as_str);
    let read = read.chain(conditions.map(|condition| condition.dimension.as_str()));
    let versions = reads::versions(view, &[metric], &read);
    #[allow(clippy::cast_possible_truncation, reason = "counts are far below 2^53")]
    let records = |index: usize| whole[index].records as i64;
    Ok(DriversResult {
        metric: metric.name.clone(),
        unit: metric.unit,
        direction: metric.direction,
        period,
        compared: before,
        conditions: request.conditions.clone(),
        by: names,
        as_of: shown_time(view.opened, as_of),
        versions,
        before: was,
        after: is,
        change,
        ci,
        significant: ci.is_some_and(|ci| excludes_zero(ci, [was, is])),
        n_before: records(0),
        n_after: records(1),
        chance: explanation.is_chance(),
        segments,
        rest,
        common: explanation.common,
        searched: explanation.searched,
        residual: scanned.residual,
        factors,
        flags,
    })
}
