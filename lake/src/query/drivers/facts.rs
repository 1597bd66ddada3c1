//! The facts of two periods, scanned through the selection of a query.

use std::collections::HashMap;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type};
use chrono::{DateTime, Utc};
use millrace_models::drivers::influence::{self, Duration};
use millrace_models::drivers::{Facts, Form, Sums};
use millrace_models::metric::{Base, Measure, Metric, Unit, nearest};
use millrace_models::query::{Condition, Period};
use serde_json::Value;

use super::super::compile::{Selection, aggregates};
use super::super::dimension::{Dimension, identifier};
use super::super::error::QueryError;
use super::super::functions::kaplan_meier_median;
use super::super::quantile::exact_quantile;
use super::super::view::View;
use super::{DIMENSIONS, DriversRequest};

/// What stands for no value while texts are compared; no value of a field has it.
const NOTHING: &str = "\u{1}";

/// A dimension of the facts: its values as people read them, by code.
#[derive(Debug)]
pub(super) struct Coded {
    pub(super) name: String,
    pub(super) words: Vec<Value>,
}

/// A record of a quantile: its fact and value, and for a Kaplan-Meier median whether it ended.
#[derive(Debug, Clone, Copy)]
struct Record {
    fact: u32,
    value: f64,
    ended: bool,
}

/// The facts, and how they become the number.
#[derive(Debug)]
pub(super) struct Scanned {
    pub(super) facts: Facts,
    pub(super) form: Form,
    pub(super) dimensions: Vec<Coded>,
    /// What the parts of a sum or ratio of whole smallest units are multiplied by.
    pub(super) factor: f64,
    pub(super) proportional: bool,
    pub(super) residual: f64,
    /// How many records of each period were entered late.
    pub(super) late: [i64; 2],
    quantile: Option<f64>,
    units: [f64; 2],
    records: [Vec<Record>; 2],
}

impl Scanned {
    /// The number of some facts in a period, to the last digit that of a query.
    pub(super) fn value(
        &self,
        sums: Sums,
        period: usize,
        has: impl Fn(usize) -> bool,
    ) -> Option<f64> {
        let own = self.records[period]
            .iter()
            .filter(|one| has(one.fact as usize));
        match self.quantile {
            Some(q) => {
                let mut values: Vec<f64> = own.map(|one| one.value).collect();
                exact_quantile(&mut values, q)
            }
            None if !self.records[0].is_empty() || !self.records[1].is_empty() => {
                let mut values: Vec<Duration> = own.map(|one| (one.value, one.ended)).collect();
                kaplan_meier_median(&mut values)
            }
            None => {
                let [above, below] = self.units;
                match self.form {
                    Form::Sum => Some(sums.above / above),
                    Form::Ratio => {
                        (sums.below != 0.0).then(|| (sums.above / above) / (sums.below / below))
                    }
                }
            }
        }
    }
}

/// The dimensions to look in: those that are asked for, else those declared that the lake has.
pub(super) fn dimensions(
    view: View<'_>,
    metric: &Metric,
    request: &DriversRequest,
) -> Result<Vec<Dimension>, QueryError> {
    let base = view
        .registry
        .base(&metric.entity)
        .ok_or(QueryError::NoMetric)?;
    let fixed = |name: &str| {
        let mut conditions = request.conditions.iter();
        conditions.any(|condition| condition.dimension == name && condition.values.len() == 1)
    };
    if request.by.is_empty() {
        let known = metric.drivers.iter().filter(|name| !fixed(name));
        let found: Vec<Dimension> = known
            .filter_map(|name| view.dimension(metric, base, name).ok())
            .collect();
        if found.is_empty() {
            return Err(QueryError::Unusable(format!(
                "{} has no dimension to look in here: name some with by",
                metric.name
            )));
        }
        return Ok(found);
    }
    let mut found: Vec<Dimension> = Vec::with_capacity(request.by.len());
    for name in &request.by {
        let dimension = view.dimension(metric, base, name)?;
        if dimension.grain.is_some() {
            return Err(QueryError::Unusable(format!(
                "{name} is a span of time: the two periods are compared already"
            )));
        }
        if !found.iter().any(|other| other.name == dimension.name) {
            found.push(dimension);
        }
    }
    if found.len() > DIMENSIONS {
        return Err(QueryError::Unusable(format!(
            "there are at most {DIMENSIONS} dimensions to look in, not {}",
            found.len()
        )));
    }
    Ok(found)
}

/// How a period is scanned.
pub(super) struct Scan<'a> {
    pub(super) view: View<'a>,
    pub(super) metric: &'static Metric,
    pub(super) conditions: &'a [Condition],
    pub(super) as_of: DateTime<Utc>,
    pub(super) dimensions: &'a [Dimension],
    /// Whether the dimensions were asked for by name.
    pub(super) is_asked: bool,
}

/// The text of a dimension's value; a record without one has [`NOTHING`].
fn text(dimension: &Dimension) -> String {
    format!(
        "coalesce(CAST({} AS VARCHAR), '{NOTHING}')",
        dimension.expression
    )
}

/// Facts in the making.
struct Making {
    facts: Facts,
    places: HashMap<(Vec<u32>, u32), u32>,
    codes: Vec<HashMap<String, u32>>,
    records: [Vec<Record>; 2],
    late: [i64; 2],
    scales: [i8; 2],
    /// Dimensions in which one record has several values.
    varied: Vec<bool>,
}

fn code(codes: &mut HashMap<String, u32>, text: &str) -> u32 {
    if let Some(code) = codes.get(text) {
        return *code;
    }
    let code = u32::try_from(codes.len()).unwrap_or(u32::MAX);
    codes.insert(text.to_owned(), code);
    code
}

/// A number for a unit's name, the same whatever the order of the rows: two that share one are
/// drawn together, which changes nothing.
fn unit_of(name: &str) -> u32 {
    let bytes = name.bytes();
    bytes.fold(0x811c_9dc5, |hash: u32, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

/// A column of numbers in whole smallest units, as far as it is exact, and its decimals.
fn numbers(batch: &RecordBatch, name: &str) -> Result<(Vec<f64>, i8), QueryError> {
    let Some(column) = batch.column_by_name(name) else {
        return Ok((vec![0.0; batch.num_rows()], 0));
    };
    if let DataType::Decimal128(_, decimals) = column.data_type() {
        let units = column.as_primitive::<Decimal128Type>().iter();
        let units = units.map(|units| units.map_or(0.0, |units| units as f64));
        return Ok((units.collect(), *decimals));
    }
    let values = cast(column, &DataType::Float64)?;
    let values = values.as_primitive::<Float64Type>().iter();
    Ok((values.map(|value| value.unwrap_or(0.0)).collect(), 0))
}

fn words(batch: &RecordBatch, name: &str) -> Result<arrow::array::StringArray, QueryError> {
    let column = batch.column_by_name(name).ok_or(QueryError::NoMetric)?;
    let column = cast(column, &DataType::Utf8)?;
    Ok(column.as_string::<i32>().clone())
}

impl Making {
    fn take(
        &mut self,
        batch: &RecordBatch,
        period: usize,
        by_record: bool,
    ) -> Result<(), QueryError> {
        let count = self.codes.len();
        let dimensions = (0..count).map(|index| words(batch, &format!("d{index}")));
        let dimensions = dimensions.collect::<Result<Vec<_>, _>>()?;
        let units = words(batch, "u")?;
        let (records, _) = numbers(batch, "n")?;
        let (above, above_decimals) = numbers(batch, "v")?;
        let (below, below_decimals) = numbers(batch, "w")?;
        let (late, _) = numbers(batch, "late")?;
        let (ended, _) = numbers(batch, "e")?;
        self.scales = [above_decimals, below_decimals];
        for (index, least) in dimensions.iter().enumerate() {
            if batch.column_by_name(&format!("x{index}")).is_some() {
                let other = words(batch, &format!("x{index}"))?;
                let mut pairs = least.iter().zip(&other);
                self.varied[index] |= pairs.any(|(least, most)| least != most);
            }
        }
        for row in 0..batch.num_rows() {
            let own = self.codes.iter_mut().zip(&dimensions);
            let codes: Vec<u32> = own
                .map(|(codes, texts)| code(codes, texts.value(row)))
                .collect();
            let unit = unit_of(units.value(row));
            let next = u32::try_from(self.facts.sums.len()).unwrap_or(u32::MAX);
            let fact = *self
                .places
                .entry((codes, unit))
                .or_insert_with_key(|(codes, unit)| {
                    for (column, code) in self.facts.codes.iter_mut().zip(codes) {
                        column.push(*code);
                    }
                    self.facts.units.push(*unit);
                    self.facts.sums.push([Sums::default(); 2]);
                    next
                });
            let sums = &mut self.facts.sums[fact as usize][period];
            *sums = sums.plus(Sums {
                records: records[row],
                above: above[row],
                below: below[row],
            });
            #[allow(clippy::cast_possible_truncation, reason = "counts are far below 2^53")]
            let entered_late = late[row] as i64;
            self.late[period] += entered_late;
            if by_record {
                self.records[period].push(Record {
                    fact,
                    value: above[row],
                    ended: ended[row] > 0.0,
                });
            }
        }
        Ok(())
    }

    /// Leaves dimensions out, and puts facts together that are then the same.
    fn without(&mut self, varied: &[bool]) {
        let old = std::mem::take(&mut self.facts);
        let mut places: HashMap<(Vec<u32>, u32), usize> = HashMap::new();
        let kept = || {
            varied
                .iter()
                .enumerate()
                .filter(|(_, varied)| !**varied)
                .map(|(index, _)| index)
        };
        self.facts.codes = kept().map(|_| Vec::new()).collect();
        for row in 0..old.len() {
            let codes: Vec<u32> = kept().map(|index| old.codes[index][row]).collect();
            let next = self.facts.sums.len();
            let place =
                *places
                    .entry((codes, old.units[row]))
                    .or_insert_with_key(|(codes, unit)| {
                        for (column, code) in self.facts.codes.iter_mut().zip(codes) {
                            column.push(*code);
                        }
                        self.facts.units.push(*unit);
                        self.facts.sums.push([Sums::default(); 2]);
                        next
                    });
            for period in 0..2 {
                let sums = &mut self.facts.sums[place][period];
                *sums = sums.plus(old.sums[row][period]);
            }
        }
        let mut index = 0;
        self.codes.retain(|_| {
            index += 1;
            !varied[index - 1]
        });
    }
}

impl Scan<'_> {
    fn base(&self) -> Result<&'static Base, QueryError> {
        self.view
            .registry
            .base(&self.metric.entity)
            .ok_or(QueryError::NoMetric)
    }

    async fn selection(&self, period: Period) -> Result<Selection<'_>, QueryError> {
        let base = self.base()?;
        let mut selection = Selection::new(
            self.view,
            base,
            self.metric,
            self.conditions,
            Some(period),
            self.as_of,
        )
        .await?;
        for dimension in self.dimensions {
            selection.join(dimension);
        }
        Ok(selection)
    }

    /// The select of a period: `d0`… the dimensions, `u` the unit, `n` the records, `v` above and
    /// `w` below the line, `late` the records entered late; by record for quantiles, with `e` for
    /// whether a duration ended.
    #[allow(
        clippy::too_many_lines,
        reason = "one statement, put together from top to bottom"
    )]
    async fn select(&self, period: Period) -> Result<String, QueryError> {
        let base = self.base()?;
        let mut selection = self.selection(period).await?;
        let metric = self.metric;
        let keys: Vec<String> = base
            .key
            .iter()
            .map(|key| format!("CAST(b.{} AS VARCHAR)", identifier(key)))
            .collect();
        let unit = format!(
            "coalesce(CAST(b.{} AS VARCHAR), '{NOTHING}' || concat_ws('/', {}))",
            identifier(&base.unit),
            keys.join(", ")
        );
        let late = match base.dimensions.get("late_entry") {
            Some(column) => format!(
                "CASE WHEN coalesce(b.{}, false) THEN 1 ELSE 0 END",
                identifier(column)
            ),
            None => "0".to_owned(),
        };
        let expression = |text: &str| selection.expression(text);
        let condition = metric
            .condition
            .as_ref()
            .map(|text| format!("({})", expression(text)));
        let plain = self.dimensions.iter().enumerate();
        let plain: Vec<String> = plain
            .map(|(index, one)| format!("{} AS d{index}", text(one)))
            .collect();
        let least_and_most = || -> Vec<String> {
            let each = self.dimensions.iter().enumerate();
            each.map(|(index, one)| {
                format!("min({0}) AS d{index}, max({0}) AS x{index}", text(one))
            })
            .collect()
        };
        let groups: Vec<String> = self
            .dimensions
            .iter()
            .map(text)
            .chain([unit.clone()])
            .collect();
        let (mut items, mut tail) = (Vec::new(), format!(" GROUP BY {}", groups.join(", ")));
        let mut per_record = None;
        match &metric.measure {
            Measure::Count => items.push("CAST(count(*) AS DOUBLE) AS v".to_owned()),
            Measure::Sum { value } => items.push(format!("sum({}) AS v", expression(value))),
            Measure::Mean { value } => {
                items.push(format!("sum({}) AS v", expression(value)));
                items.push("CAST(count(*) AS DOUBLE) AS w".to_owned());
            }
            Measure::Ratio {
                numerator,
                denominator,
                per: None,
                ..
            } => {
                items.push(format!("sum({}) AS v", expression(numerator)));
                items.push(format!("sum({}) AS w", expression(denominator)));
            }
            Measure::Quantile { value, .. } => {
                items.push(format!(
                    "CAST({} AS DOUBLE) AS v, 1 AS e",
                    expression(value)
                ));
                tail.clear();
            }
            Measure::KmMedian { value, event } => {
                items.push(format!("CAST({} AS DOUBLE) AS v", expression(value)));
                items.push(format!(
                    "CASE WHEN {} THEN 1 ELSE 0 END AS e",
                    expression(event)
                ));
                tail.clear();
            }
            Measure::Distinct { value } => {
                items.push("CAST(1 AS DOUBLE) AS v".to_owned());
                tail = format!(" GROUP BY b.{}", identifier(&expression(value)));
                per_record = Some(None);
            }
            Measure::Ratio {
                numerator,
                denominator,
                per: Some(per),
                inner: Some(inner),
            } => {
                items.push(format!("{inner} AS orders"));
                tail = format!(" GROUP BY b.{}", identifier(per));
                per_record = Some(Some((numerator.clone(), denominator.clone())));
            }
            Measure::Ratio { .. } | Measure::CountBack { .. } | Measure::Compression { .. } => {
                return Err(QueryError::NoMetric);
            }
        }
        if let Some(condition) = condition {
            selection.restrict(condition);
        }
        let by_record = tail.is_empty();
        let (unit, counted, late) = match (&per_record, by_record) {
            (Some(_), _) => (
                format!("min({unit})"),
                "count(*)".to_owned(),
                format!("sum({late})"),
            ),
            (None, true) => (unit, "1".to_owned(), late),
            (None, false) => (unit, "count(*)".to_owned(), format!("sum({late})")),
        };
        let mut all = if per_record.is_some() {
            least_and_most()
        } else {
            plain
        };
        all.push(format!("{unit} AS u, {counted} AS n, {late} AS late"));
        all.extend(items);
        let select = format!("SELECT {} {}{tail}", all.join(", "), selection.from());
        Ok(match per_record {
            Some(Some((numerator, denominator))) => format!(
                "SELECT * EXCEPT (n), 1 AS n, CAST({numerator} AS DOUBLE) AS v, CAST({denominator} AS DOUBLE) AS w FROM ({select}) WHERE orders > 0"
            ),
            _ => select,
        })
    }

    /// Scans the periods, the earlier one first.
    pub(super) async fn run(&self, periods: [Period; 2]) -> Result<Scanned, QueryError> {
        let count = self.dimensions.len();
        let mut making = Making {
            facts: Facts {
                codes: vec![Vec::new(); count],
                ..Facts::default()
            },
            places: HashMap::new(),
            codes: vec![HashMap::new(); count],
            records: [Vec::new(), Vec::new()],
            late: [0, 0],
            scales: [0, 0],
            varied: vec![false; count],
        };
        let by_record = matches!(
            self.metric.measure,
            Measure::Quantile { .. } | Measure::KmMedian { .. }
        );
        for (index, period) in periods.into_iter().enumerate() {
            let sql = self.select(period).await?;
            for batch in self.view.opened.run(&sql).await? {
                making.take(&batch, index, by_record)?;
            }
        }
        making.places = HashMap::new();
        let varied = making.varied.clone();
        let kept = self.kept(&varied)?;
        if kept.len() < count {
            making.without(&varied);
        }
        self.scanned(making, &kept).await
    }

    /// The dimensions in which every record has one value; others cannot be split by.
    fn kept(&self, varied: &[bool]) -> Result<Vec<&Dimension>, QueryError> {
        let pairs = self.dimensions.iter().zip(varied);
        let kept: Vec<&Dimension> = pairs
            .clone()
            .filter(|(_, varied)| !**varied)
            .map(|(one, _)| one)
            .collect();
        let lost: Vec<&str> = pairs
            .filter(|(_, varied)| **varied)
            .map(|(one, _)| one.name.as_str())
            .collect();
        if !lost.is_empty() && (self.is_asked || kept.is_empty()) {
            return Err(QueryError::Dimension {
                metric: format!(
                    "what {} counts has several values in {}; it",
                    self.metric.name,
                    lost.join(", ")
                ),
                name: lost.join(", "),
                suggestions: nearest("account", kept.iter().map(|one| one.name.as_str())),
            });
        }
        Ok(kept)
    }

    async fn scanned(&self, making: Making, kept: &[&Dimension]) -> Result<Scanned, QueryError> {
        let metric = self.metric;
        let mut dimensions = Vec::with_capacity(kept.len());
        let mut facts = making.facts;
        let columns = kept.iter().zip(&making.codes).zip(&mut facts.codes);
        for ((dimension, codes), column) in columns {
            let labels = match dimension.labels {
                Some(labels) => Some(self.view.words(labels).await?),
                None => None,
            };
            // numbered by name, so that the order of the rows says nothing
            let mut sorted: Vec<(&String, u32)> =
                codes.iter().map(|(text, code)| (text, *code)).collect();
            sorted.sort_unstable();
            let mut places = vec![0; sorted.len()];
            for (place, (_, code)) in (0_u32..).zip(&sorted) {
                places[*code as usize] = place;
            }
            for code in column {
                *code = places[*code as usize];
            }
            let word = |text: &str| match (text, &labels) {
                (NOTHING, _) => Value::Null,
                ("true", _) if dimension.flag => Value::Bool(true),
                ("false", _) if dimension.flag => Value::Bool(false),
                (text, Some(labels)) => labels.label(text).into(),
                (text, None) => text.into(),
            };
            let words = sorted.iter().map(|(text, _)| word(text)).collect();
            dimensions.push(Coded {
                name: dimension.name.clone(),
                words,
            });
        }
        facts.cardinalities = dimensions
            .iter()
            .map(|one| u32::try_from(one.words.len()).unwrap_or(u32::MAX))
            .collect();
        let form = match metric.measure {
            Measure::Count | Measure::Sum { .. } | Measure::Distinct { .. } => Form::Sum,
            _ => Form::Ratio,
        };
        let units = making
            .scales
            .map(|decimals| 10_f64.powi(i32::from(decimals)));
        let mut scanned = Scanned {
            form,
            dimensions,
            factor: match form {
                Form::Sum => 1.0 / units[0],
                Form::Ratio => units[1] / units[0],
            },
            proportional: matches!(
                (&metric.measure, metric.unit),
                (
                    Measure::Mean { .. } | Measure::Ratio { .. },
                    Unit::Hours | Unit::Days | Unit::Amount
                )
            ),
            residual: 0.0,
            late: making.late,
            quantile: match metric.measure {
                Measure::Quantile { q, .. } => Some(q),
                _ => None,
            },
            units,
            records: making.records,
            facts,
        };
        if matches!(
            metric.measure,
            Measure::Quantile { .. } | Measure::KmMedian { .. }
        ) {
            scanned.straighten()?;
        }
        Ok(scanned)
    }
}

impl Scanned {
    /// Puts what each record does to a quantile in the place of its value.
    fn straighten(&mut self) -> Result<(), QueryError> {
        let found = if let Some(q) = self.quantile {
            let values = |period: usize| self.records[period].iter().map(|one| one.value).collect();
            influence::of_quantile(&[values(0), values(1)], q)
        } else {
            let values = |period: usize| -> Vec<Duration> {
                let own = self.records[period].iter();
                own.map(|one| (one.value, one.ended)).collect()
            };
            let both = [values(0), values(1)];
            let median = |period: usize| kaplan_meier_median(&mut both[period].clone());
            let medians = median(0).zip(median(1));
            medians.and_then(|(was, is)| influence::of_km_median(&both, [was, is]))
        };
        let Some(found) = found else {
            return Err(QueryError::Unusable(
                "one of the periods has no such number, so there is no change to account for"
                    .to_owned(),
            ));
        };
        for sums in &mut self.facts.sums {
            for period in sums {
                period.above = 0.0;
                period.below = period.records;
            }
        }
        self.facts.scores = vec![[0.0; 2]; self.facts.len()];
        for period in 0..2 {
            let found = found.values[period].iter().zip(&found.scores[period]);
            for (record, (value, score)) in self.records[period].iter().zip(found) {
                self.facts.sums[record.fact as usize][period].above += value;
                self.facts.scores[record.fact as usize][period] += score;
            }
        }
        self.residual = found.residual;
        Ok(())
    }
}

/// How many records of each period are too young.
pub(super) async fn immature(
    scan: &Scan<'_>,
    periods: [Period; 2],
) -> Result<[i64; 2], QueryError> {
    let mut counts = [0, 0];
    for (count, period) in counts.iter_mut().zip(periods) {
        let selection = scan.selection(period).await?;
        let items = aggregates(&selection, scan.metric, 0).join(", ");
        let sql = format!("SELECT {items} {}", selection.from());
        for batch in scan.view.opened.run(&sql).await? {
            if let Some(column) = batch.column_by_name("m0_y") {
                *count = column.as_primitive::<Int64Type>().value(0);
            }
        }
    }
    Ok(counts)
}
