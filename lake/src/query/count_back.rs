//! `count_back(at, sales, open, end) -> days`: days sales outstanding by counting back.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Builder, ListBuilder};
use arrow::datatypes::{DataType, Field, Float64Type, TimestampMicrosecondType};
use chrono::{DateTime, NaiveDate};
use datafusion::error::Result;
use datafusion::logical_expr::{Accumulator, Volatility, create_udaf};
use datafusion::prelude::SessionContext;
use datafusion::scalar::ScalarValue;
use millrace_models::calendar::WorkingCalendar;
use millrace_models::entity::timestamp;
use millrace_models::receivables::count_back;

/// Registers the function.
pub(super) fn register(context: &SessionContext, calendar: &Arc<WorkingCalendar>) {
    let list = DataType::List(Arc::new(Field::new_list_field(DataType::Float64, true)));
    let calendar = Arc::clone(calendar);
    context.register_udaf(create_udaf(
        "count_back",
        vec![
            timestamp(),
            DataType::Float64,
            DataType::Float64,
            timestamp(),
        ],
        Arc::new(DataType::Float64),
        Volatility::Immutable,
        Arc::new(move |_| {
            Ok(Box::new(CountBack {
                calendar: Arc::clone(&calendar),
                dues: Vec::new(),
                open: 0.0,
                end_us: i64::MIN,
            }))
        }),
        Arc::new(vec![list.clone(), list, DataType::Float64, DataType::Int64]),
    ));
}

#[derive(Debug)]
struct CountBack {
    calendar: Arc<WorkingCalendar>,
    /// Moments and amounts.
    dues: Vec<(i64, f64)>,
    open: f64,
    end_us: i64,
}

impl CountBack {
    fn date(&self, at_us: i64) -> NaiveDate {
        let at = DateTime::from_timestamp_micros(at_us).unwrap_or_default();
        self.calendar.date_of(at)
    }
}

impl Accumulator for CountBack {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let times = values[0].as_primitive::<TimestampMicrosecondType>();
        let sales = values[1].as_primitive::<Float64Type>();
        let open = values[2].as_primitive::<Float64Type>();
        let ends = values[3].as_primitive::<TimestampMicrosecondType>();
        for row in 0..times.len() {
            if times.is_valid(row) && sales.is_valid(row) && open.is_valid(row) {
                self.dues.push((times.value(row), sales.value(row)));
                self.open += open.value(row);
                self.end_us = ends.value(row);
            }
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let dues = self.dues.iter();
        let dues: Vec<_> = dues.map(|(at_us, due)| (self.date(*at_us), *due)).collect();
        let end = self.date(self.end_us);
        Ok(ScalarValue::Float64(count_back(self.open, &dues, end)))
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.dues.capacity() * size_of::<(i64, f64)>()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let list = |value: fn(&(i64, f64)) -> f64| {
            let mut builder = ListBuilder::new(Float64Builder::new());
            for due in &self.dues {
                builder.values().append_value(value(due));
            }
            builder.append(true);
            ScalarValue::List(Arc::new(builder.finish()))
        };
        Ok(vec![
            list(|(at_us, _)| *at_us as f64),
            list(|(_, due)| *due),
            ScalarValue::Float64(Some(self.open)),
            ScalarValue::Int64(Some(self.end_us)),
        ])
    }

    #[allow(
        clippy::cast_possible_truncation,
        reason = "they were whole microseconds"
    )]
    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let lists = states[0].as_list::<i32>().iter();
        for (times, dues) in lists.zip(states[1].as_list::<i32>().iter()) {
            let (Some(times), Some(dues)) = (times, dues) else {
                continue;
            };
            let times = times.as_primitive::<Float64Type>().values().iter();
            let dues = dues.as_primitive::<Float64Type>().values().iter();
            let own = times.zip(dues).map(|(at_us, due)| (*at_us as i64, *due));
            self.dues.extend(own);
        }
        let open = states[2].as_primitive::<Float64Type>();
        self.open += open.iter().flatten().sum::<f64>();
        let ends = states[3].as_primitive::<arrow::datatypes::Int64Type>();
        self.end_us = ends.iter().flatten().fold(self.end_us, i64::max);
        Ok(())
    }
}
