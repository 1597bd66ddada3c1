//! The functions that plans use beside SQL's own: working hours, spans of time in the company's
//! zone, exact quantiles and the Kaplan-Meier median.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Float64Array, Float64Builder, ListBuilder,
    StringViewArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Date32Type, Field, Float64Type, TimestampMicrosecondType};
use chrono::{Datelike, NaiveDate};
use datafusion::error::Result;
use datafusion::logical_expr::{Accumulator, ColumnarValue, Volatility, create_udaf, create_udf};
use datafusion::prelude::SessionContext;
use datafusion::scalar::ScalarValue;
use millrace_models::calendar::WorkingCalendar;
use millrace_models::entity::timestamp;
use millrace_models::period::Grain;
use millrace_models::stage;

use super::{count_back, quantile};

const EPOCH_FROM_CE: i32 = 719_163;

fn times(array: &ArrayRef) -> &arrow::array::PrimitiveArray<TimestampMicrosecondType> {
    array.as_primitive::<TimestampMicrosecondType>()
}

/// Registers all functions.
pub(super) fn register(context: &SessionContext, calendar: &Arc<WorkingCalendar>) {
    context.register_udaf(quantile::udaf());
    register_km_median(context);
    count_back::register(context, calendar);
    for (name, grain) in Grain::ALL {
        register_span(context, &format!("span_{name}"), grain, calendar);
        register_span_end(context, &format!("end_{name}"), grain, calendar);
    }
    let working = Arc::clone(calendar);
    context.register_udf(create_udf(
        "working_hours",
        vec![timestamp(), timestamp()],
        DataType::Float64,
        Volatility::Immutable,
        Arc::new(move |arguments| between(arguments, |from, to| working.business_hours(from, to))),
    ));
    context.register_udf(create_udf(
        "hours_between",
        vec![timestamp(), timestamp()],
        DataType::Float64,
        Volatility::Immutable,
        Arc::new(|arguments| between(arguments, |from, to| (to - from) as f64 / 3.6e9)),
    ));
    let days = Arc::clone(calendar);
    context.register_udf(create_udf(
        "days_between",
        vec![timestamp(), timestamp(), DataType::Boolean],
        DataType::Float64,
        Volatility::Immutable,
        Arc::new(move |arguments| days_between(arguments, &days)),
    ));
    let hours = calendar.hours_per_day();
    context.register_udf(create_udf(
        "hours_per_day",
        Vec::new(),
        DataType::Float64,
        Volatility::Immutable,
        Arc::new(move |_| Ok(ColumnarValue::Scalar(ScalarValue::Float64(Some(hours))))),
    ));
    register_stage(context, "allowed_days", DataType::Float64, |names| {
        let days: Float64Array = names.iter().map(|name| allowed_days(name?)).collect();
        Arc::new(days)
    });
    register_stage(context, "is_end", DataType::Boolean, |names| {
        let ends = |name| stage::find(name).is_some_and(|stage| stage.terminal);
        let ends: BooleanArray = names.iter().map(|name| Some(ends(name?))).collect();
        Arc::new(ends)
    });
}

/// A function of the name of a stage.
fn register_stage(
    context: &SessionContext,
    name: &str,
    returned: DataType,
    function: fn(&StringViewArray) -> ArrayRef,
) {
    context.register_udf(create_udf(
        name,
        vec![DataType::Utf8View],
        returned,
        Volatility::Immutable,
        Arc::new(move |arguments| {
            let arrays = ColumnarValue::values_to_arrays(arguments)?;
            Ok(ColumnarValue::Array(function(arrays[0].as_string_view())))
        }),
    ));
}

/// Working days that a stage allows; a stage of another pipeline allows the default.
fn allowed_days(name: &str) -> Option<f64> {
    match stage::find(name) {
        Some(known) => known.allowed_days.map(f64::from),
        None => Some(f64::from(stage::DEFAULT_ALLOWED_DAYS)),
    }
}

fn between(arguments: &[ColumnarValue], hours: impl Fn(i64, i64) -> f64) -> Result<ColumnarValue> {
    let arrays = ColumnarValue::values_to_arrays(arguments)?;
    let (from, to) = (times(&arrays[0]), times(&arrays[1]));
    let result: Float64Array = from
        .iter()
        .zip(to)
        .map(|(from, to)| Some(hours(from?, to?)))
        .collect();
    Ok(ColumnarValue::Array(Arc::new(result)))
}

fn days_between(arguments: &[ColumnarValue], calendar: &WorkingCalendar) -> Result<ColumnarValue> {
    let arrays = ColumnarValue::values_to_arrays(arguments)?;
    let (from, to) = (times(&arrays[0]), times(&arrays[1]));
    let whole = arrays[2].as_boolean();
    let result: Float64Array = (0..from.len())
        .map(|row| {
            if from.is_null(row) || to.is_null(row) {
                return None;
            }
            let (from, to) = (from.value(row), to.value(row));
            Some(if whole.is_valid(row) && whole.value(row) {
                (calendar.date(to) - calendar.date(from)).num_days() as f64
            } else {
                (to - from) as f64 / 8.64e10
            })
        })
        .collect();
    Ok(ColumnarValue::Array(Arc::new(result)))
}

/// `span_<grain>(time) -> date`: the first day of the span in the company's zone. Neighbouring
/// rows mostly lie in the same span, so its bounds are kept from one row to the next.
fn register_span(
    context: &SessionContext,
    name: &str,
    grain: Grain,
    calendar: &Arc<WorkingCalendar>,
) {
    let calendar = Arc::clone(calendar);
    context.register_udf(create_udf(
        name,
        vec![timestamp()],
        DataType::Date32,
        Volatility::Immutable,
        Arc::new(move |arguments| {
            let arrays = ColumnarValue::values_to_arrays(arguments)?;
            let times = times(&arrays[0]);
            let (mut from, mut to, mut day) = (0_i64, 0_i64, 0_i32);
            let days: Vec<i32> = (times.values().iter())
                .map(|at| {
                    // what stands where there is no time is masked below
                    if !(from..to).contains(at) {
                        let start = grain.start(calendar.date(*at));
                        from = calendar.start_of_day_us(start);
                        to = calendar.start_of_day_us(grain.next(start));
                        day = start.num_days_from_ce() - EPOCH_FROM_CE;
                    }
                    day
                })
                .collect();
            let result = Date32Array::new(days.into(), times.nulls().cloned());
            Ok(ColumnarValue::Array(Arc::new(result)))
        }),
    ));
}

/// `end_<grain>(time) -> time`: the last moment of the span in the company's zone.
fn register_span_end(
    context: &SessionContext,
    name: &str,
    grain: Grain,
    calendar: &Arc<WorkingCalendar>,
) {
    let calendar = Arc::clone(calendar);
    context.register_udf(create_udf(
        name,
        vec![timestamp()],
        timestamp(),
        Volatility::Immutable,
        Arc::new(move |arguments| {
            let arrays = ColumnarValue::values_to_arrays(arguments)?;
            let end = |at: i64| {
                let next = grain.next(grain.start(calendar.date(at)));
                calendar.start_of_day_us(next) - 1
            };
            let ends: TimestampMicrosecondArray = times(&arrays[0]).unary(end);
            Ok(ColumnarValue::Array(Arc::new(ends.with_timezone("UTC"))))
        }),
    ));
}

/// The day of a `Date32` value.
pub(super) fn date(array: &ArrayRef, row: usize) -> Option<NaiveDate> {
    let days = array.as_primitive::<Date32Type>();
    if days.is_null(row) {
        return None;
    }
    NaiveDate::from_num_days_from_ce_opt(days.value(row).saturating_add(EPOCH_FROM_CE))
}

/// The least t with S(t) <= 0.5 by the product-limit estimate (Kaplan and Meier 1958), `None`
/// where the curve does not fall that far. At equal times events come before censorings.
pub fn kaplan_meier_median(durations: &mut [(f64, bool)]) -> Option<f64> {
    durations.sort_by(|left, right| left.0.total_cmp(&right.0));
    let mut survival = 1.0_f64;
    let mut start = 0;
    while start < durations.len() {
        let time = durations[start].0;
        let mut end = start;
        let mut events = 0_usize;
        while end < durations.len() && durations[end].0.total_cmp(&time).is_eq() {
            events += usize::from(durations[end].1);
            end += 1;
        }
        let at_risk = durations.len() - start;
        survival *= 1.0 - events as f64 / at_risk as f64;
        // products of fractions fall a hair beside one half
        if events > 0 && survival <= 0.5 + 1e-12 {
            return Some(time);
        }
        start = end;
    }
    None
}

#[derive(Debug, Default)]
struct KmMedian {
    durations: Vec<(f64, bool)>,
}

impl Accumulator for KmMedian {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let durations = values[0].as_primitive::<Float64Type>();
        let events = values[1].as_boolean();
        for row in 0..durations.len() {
            if durations.is_valid(row) {
                let event = events.is_valid(row) && events.value(row);
                self.durations.push((durations.value(row), event));
            }
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Float64(kaplan_meier_median(
            &mut self.durations,
        )))
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.durations.capacity() * size_of::<(f64, bool)>()
    }

    // the events, then the censored ones
    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let list = |kept: bool| {
            let mut builder = ListBuilder::new(Float64Builder::new());
            for (duration, event) in &self.durations {
                if *event == kept {
                    builder.values().append_value(*duration);
                }
            }
            builder.append(true);
            ScalarValue::List(Arc::new(builder.finish()))
        };
        Ok(vec![list(true), list(false)])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        for (state, event) in states.iter().zip([true, false]) {
            for list in state.as_list::<i32>().iter().flatten() {
                let values = list.as_primitive::<Float64Type>();
                self.durations
                    .extend(values.values().iter().map(|value| (*value, event)));
            }
        }
        Ok(())
    }
}

fn register_km_median(context: &SessionContext) {
    let list = DataType::List(Arc::new(Field::new_list_field(DataType::Float64, true)));
    context.register_udaf(create_udaf(
        "km_median",
        vec![DataType::Float64, DataType::Boolean],
        Arc::new(DataType::Float64),
        Volatility::Immutable,
        Arc::new(|_| Ok(Box::<KmMedian>::default())),
        Arc::new(vec![list.clone(), list]),
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(durations: &[(f64, bool)], expected: Option<f64>) {
        assert_eq!(
            kaplan_meier_median(&mut durations.to_vec()),
            expected,
            "{durations:?}"
        );
    }

    #[test]
    fn median_survival_counts_the_censored() {
        check(&[], None);
        check(&[(1.0, false), (2.0, false)], None);
        check(&[(1.0, true), (2.0, true), (3.0, true)], Some(2.0));
        check(&[(1.0, true), (2.0, true)], Some(1.0));
        // Freireich et al. 1963, 6-mercaptopurine arm: the published median is 23 weeks
        let times = [6., 6., 6., 7., 10., 13., 16., 22., 23.];
        let censored = [6., 9., 10., 11., 17., 19., 20., 25., 32., 32., 34., 35.];
        let all: Vec<_> = times
            .iter()
            .map(|time| (*time, true))
            .chain(censored.iter().map(|time| (*time, false)))
            .collect();
        check(&all, Some(23.0));
    }
}
