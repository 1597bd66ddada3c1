//! `exact_quantile(value, q)`: a quantile by linear interpolation between order statistics
//! (definition 7 of Hyndman and Fan 1996). `DataFusion`'s own rounds the weight to six digits.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Float64Builder, ListArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};
use datafusion::physical_expr::expressions::Literal;
use datafusion::scalar::ScalarValue;

/// The function.
pub(super) fn udaf() -> AggregateUDF {
    AggregateUDF::from(ExactQuantile {
        signature: Signature::exact(
            vec![DataType::Float64, DataType::Float64],
            Volatility::Immutable,
        ),
    })
}

/// The quantile `q` of `values`, which are reordered; `None` where there are none.
pub fn exact_quantile(values: &mut [f64], q: f64) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let place = q.clamp(0.0, 1.0) * (values.len() - 1) as f64;
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "q is in 0..=1, so the place is an index"
    )]
    let below = place.floor() as usize;
    let (_, low, rest) = values.select_nth_unstable_by(below, f64::total_cmp);
    let low = *low;
    let weight = place - below as f64;
    if weight == 0.0 {
        return Some(low);
    }
    let high = rest.iter().copied().min_by(f64::total_cmp).unwrap_or(low);
    Some(low + (high - low) * weight)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ExactQuantile {
    signature: Signature,
}

fn list_type() -> DataType {
    DataType::List(Arc::new(Field::new_list_field(DataType::Float64, true)))
}

fn fraction(arguments: &AccumulatorArgs) -> Result<f64> {
    match arguments.exprs[1]
        .downcast_ref::<Literal>()
        .map(Literal::value)
    {
        Some(ScalarValue::Float64(Some(q))) => Ok(*q),
        _ => Err(DataFusionError::Plan(
            "the second argument of exact_quantile is a number".into(),
        )),
    }
}

impl AggregateUDFImpl for ExactQuantile {
    fn name(&self) -> &'static str {
        "exact_quantile"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(
            format!("{}[values]", arguments.name),
            list_type(),
            true,
        ))])
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(All {
            q: fraction(&arguments)?,
            values: Vec::new(),
        }))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(
        &self,
        arguments: AccumulatorArgs,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Groups {
            q: fraction(&arguments)?,
            values: Vec::new(),
        }))
    }
}

/// One group.
#[derive(Debug)]
struct All {
    q: f64,
    values: Vec<f64>,
}

fn extend(values: &mut Vec<f64>, array: &Float64Array) {
    if array.null_count() == 0 {
        values.extend_from_slice(array.values());
    } else {
        values.extend(array.iter().flatten());
    }
}

impl Accumulator for All {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        extend(&mut self.values, values[0].as_primitive::<Float64Type>());
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Float64(exact_quantile(
            &mut self.values,
            self.q,
        )))
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.values.capacity() * size_of::<f64>()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let list = lists(vec![std::mem::take(&mut self.values)])?;
        Ok(vec![ScalarValue::List(Arc::new(list))])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        for list in states[0].as_list::<i32>().iter().flatten() {
            extend(&mut self.values, list.as_primitive::<Float64Type>());
        }
        Ok(())
    }
}

/// Many groups at once.
#[derive(Debug)]
struct Groups {
    q: f64,
    values: Vec<Vec<f64>>,
}

fn lists(groups: Vec<Vec<f64>>) -> Result<ListArray> {
    let offsets = OffsetBuffer::from_lengths(groups.iter().map(Vec::len));
    let field = Arc::new(Field::new_list_field(DataType::Float64, true));
    let mut values = Vec::with_capacity(groups.iter().map(Vec::len).sum());
    for group in groups {
        values.extend_from_slice(&group);
    }
    Ok(ListArray::try_new(
        field,
        offsets,
        Arc::new(Float64Array::from(values)),
        None,
    )?)
}

impl GroupsAccumulator for Groups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.values.resize_with(total, Vec::new);
        let values = values[0].as_primitive::<Float64Type>();
        if filter.is_none() && values.null_count() == 0 {
            for (group, value) in groups.iter().zip(values.values()) {
                self.values[*group].push(*value);
            }
            return Ok(());
        }
        for (row, group) in groups.iter().enumerate() {
            let kept = filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row));
            if kept && values.is_valid(row) {
                self.values[*group].push(values.value(row));
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let mut result = Float64Builder::new();
        for mut group in emit.take_needed(&mut self.values) {
            result.append_option(exact_quantile(&mut group, self.q));
        }
        Ok(Arc::new(result.finish()))
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![Arc::new(lists(emit.take_needed(&mut self.values))?)])
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.values.resize_with(total, Vec::new);
        for (list, group) in states[0].as_list::<i32>().iter().zip(groups) {
            if let Some(list) = list {
                extend(&mut self.values[*group], list.as_primitive::<Float64Type>());
            }
        }
        Ok(())
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let values = values[0].as_primitive::<Float64Type>();
        let groups = (0..values.len())
            .map(|row| {
                let kept = filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row));
                if kept && values.is_valid(row) {
                    vec![values.value(row)]
                } else {
                    Vec::new()
                }
            })
            .collect();
        Ok(vec![Arc::new(lists(groups)?)])
    }

    fn size(&self) -> usize {
        self.values
            .iter()
            .map(|group| group.capacity() * size_of::<f64>())
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::exact_quantile;

    #[test]
    fn interpolates_between_order_statistics() {
        let check = |values: &[f64], q, expected| {
            assert_eq!(
                exact_quantile(&mut values.to_vec(), q),
                expected,
                "{values:?}"
            );
        };
        check(&[], 0.5, None);
        check(&[3.0], 0.9, Some(3.0));
        check(&[4.0, 1.0, 3.0, 2.0], 0.5, Some(2.5));
        check(&[10.0, 20.0], 0.9, Some(19.0));
    }
}
