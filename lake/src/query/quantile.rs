//! `exact_quantile(value, q)`: a quantile by linear interpolation between order statistics
//! (definition 7 of Hyndman and Fan 1996). `DataFusion`'s own rounds the weight to six digits.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, ListArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature,
    TypeSignature, Volatility,
};
use datafusion::physical_expr::expressions::Literal;
use datafusion::scalar::ScalarValue;

/// The function.
pub(super) fn udaf() -> AggregateUDF {
    Kept::default().udaf()
}

/// The values of all groups of one plan, kept when their quantiles are known, so that the quantile
/// of the total needs no second scan. `exact_quantile(value, q, slot)` keeps them in a slot.
#[derive(Debug, Clone, Default)]
pub(super) struct Kept {
    slots: Arc<Mutex<HashMap<i64, Vec<Group>>>>,
}

impl Kept {
    /// The function that keeps them.
    pub(super) fn udaf(&self) -> AggregateUDF {
        let exact = |arguments: &[DataType]| TypeSignature::Exact(arguments.to_vec());
        let two = [DataType::Float64, DataType::Float64];
        let three = [DataType::Float64, DataType::Float64, DataType::Int64];
        AggregateUDF::from(ExactQuantile {
            signature: Signature::one_of(vec![exact(&two), exact(&three)], Volatility::Immutable),
            kept: self.clone(),
        })
    }

    /// The quantile of all that is in a slot; `None` where there is nothing.
    pub(super) fn quantile(&self, slot: i64, q: f64) -> Option<f64> {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let groups = slots.get(&slot)?;
        quantile_of(groups.iter().flat_map(Group::lists), q)
    }

    fn keep(&self, slot: Option<i64>, groups: Vec<Group>) {
        if let Some(slot) = slot {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            slots.entry(slot).or_default().extend(groups);
        }
    }
}

impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.slots, &other.slots)
    }
}

impl Eq for Kept {}

impl Hash for Kept {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.slots).hash(state);
    }
}

/// Above this many values the place of a quantile is first narrowed down by a histogram.
const NARROWED: usize = 1 << 15;
/// A merged list of at least this many values is kept as it is, not copied.
const KEPT: usize = 1024;

/// The quantile `q` of `values`, which are reordered; `None` where there are none.
pub fn exact_quantile(values: &mut [f64], q: f64) -> Option<f64> {
    let (below, weight) = place(values.len(), q)?;
    Some(between(values, below, weight))
}

/// The index of the value at or just below a quantile, and how far it is to the next one.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "q is in 0..=1, so the place is an index"
)]
fn place(count: usize, q: f64) -> Option<(usize, f64)> {
    let place = q.clamp(0.0, 1.0) * count.checked_sub(1)? as f64;
    Some((place.floor() as usize, place.fract()))
}

fn between(values: &mut [f64], below: usize, weight: f64) -> f64 {
    let (_, low, rest) = values.select_nth_unstable_by(below, f64::total_cmp);
    let low = *low;
    if weight == 0.0 {
        return low;
    }
    let high = rest.iter().copied().min_by(f64::total_cmp).unwrap_or(low);
    low + (high - low) * weight
}

/// The sixteen highest bits of a value, so turned that they sort as `f64::total_cmp`.
#[allow(clippy::cast_possible_truncation, reason = "16 bits are left")]
fn bucket(value: f64) -> usize {
    let bits = value.to_bits();
    let turned = if bits >> 63 == 0 {
        bits | 1 << 63
    } else {
        !bits
    };
    (turned >> 48) as usize
}

/// The quantile of all values of some lists. Long ones are read twice, once to count what falls
/// into each bucket, once to take the few buckets that the quantile lies in; nothing is copied.
fn quantile_of<'a>(lists: impl Iterator<Item = &'a [f64]> + Clone, q: f64) -> Option<f64> {
    let count = lists.clone().map(<[f64]>::len).sum();
    let (below, weight) = place(count, q)?;
    if count <= NARROWED {
        let mut values: Vec<f64> = lists.flatten().copied().collect();
        return Some(between(&mut values, below, weight));
    }
    let mut counts = vec![0_usize; 1 << 16];
    for list in lists.clone() {
        for value in list {
            counts[bucket(*value)] += 1;
        }
    }
    let above = (below + 1).min(count - 1);
    let (mut before, mut first, mut last) = (0, None, 0);
    let mut passed = 0;
    for (bucket, held) in counts.iter().enumerate() {
        passed += held;
        if first.is_none() && passed > below {
            first = Some(bucket);
            before = passed - held;
        }
        if passed > above {
            last = bucket;
            break;
        }
    }
    let wanted = first?..=last;
    let mut values = Vec::with_capacity(passed - before);
    for list in lists {
        values.extend(
            list.iter()
                .filter(|value| wanted.contains(&bucket(**value))),
        );
    }
    Some(between(&mut values, below - before, weight))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ExactQuantile {
    signature: Signature,
    kept: Kept,
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

fn slot(arguments: &AccumulatorArgs) -> Option<i64> {
    match arguments.exprs.get(2)?.downcast_ref::<Literal>()?.value() {
        ScalarValue::Int64(slot) => *slot,
        _ => None,
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
            group: Group::default(),
            slot: slot(&arguments),
            kept: self.kept.clone(),
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
            all: Vec::new(),
            slot: slot(&arguments),
            kept: self.kept.clone(),
        }))
    }
}

/// One group.
#[derive(Debug)]
struct All {
    q: f64,
    group: Group,
    slot: Option<i64>,
    kept: Kept,
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
        extend(&mut self.group.own, values[0].as_primitive::<Float64Type>());
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let quantile = quantile_of(self.group.lists(), self.q);
        self.kept
            .keep(self.slot, vec![std::mem::take(&mut self.group)]);
        Ok(ScalarValue::Float64(quantile))
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.group.len() * size_of::<f64>()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let group = std::mem::take(&mut self.group);
        // what only this thread has met goes on without a copy
        let list = if group.merged.is_empty() {
            list_array(OffsetBuffer::from_lengths([group.own.len()]), group.own)?
        } else {
            lists(vec![group])?
        };
        Ok(vec![ScalarValue::List(Arc::new(list))])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        for list in states[0].as_list::<i32>().iter().flatten() {
            self.group.merge(list.as_primitive::<Float64Type>());
        }
        Ok(())
    }
}

/// The values of one group: those met here, and those of other threads as they came.
#[derive(Debug, Default)]
struct Group {
    own: Vec<f64>,
    merged: Vec<Float64Array>,
}

impl Group {
    fn lists(&self) -> impl Iterator<Item = &[f64]> + Clone {
        let merged = self.merged.iter().map(|list| list.values().as_ref());
        std::iter::once(self.own.as_slice()).chain(merged)
    }

    fn merge(&mut self, list: &Float64Array) {
        if list.len() >= KEPT && list.null_count() == 0 {
            self.merged.push(list.clone());
        } else {
            extend(&mut self.own, list);
        }
    }

    fn len(&self) -> usize {
        self.lists().map(<[f64]>::len).sum()
    }
}

/// Many groups at once.
#[derive(Debug)]
struct Groups {
    q: f64,
    all: Vec<Group>,
    slot: Option<i64>,
    kept: Kept,
}

fn lists(groups: Vec<Group>) -> Result<ListArray> {
    let offsets = OffsetBuffer::from_lengths(groups.iter().map(Group::len));
    let mut values = Vec::with_capacity(groups.iter().map(Group::len).sum());
    for group in groups {
        for list in group.lists() {
            values.extend_from_slice(list);
        }
    }
    list_array(offsets, values)
}

fn list_array(offsets: OffsetBuffer<i32>, values: Vec<f64>) -> Result<ListArray> {
    let field = Arc::new(Field::new_list_field(DataType::Float64, true));
    let values = Arc::new(Float64Array::from(values));
    Ok(ListArray::try_new(field, offsets, values, None)?)
}

/// Whether a row counts.
fn kept(values: &Float64Array, filter: Option<&BooleanArray>, row: usize) -> bool {
    values.is_valid(row) && filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row))
}

impl GroupsAccumulator for Groups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.all.resize_with(total, Group::default);
        let values = values[0].as_primitive::<Float64Type>();
        let all = filter.is_none_or(|filter| filter.null_count() == 0 && !filter.has_false());
        if all && values.null_count() == 0 {
            for (group, value) in groups.iter().zip(values.values()) {
                self.all[*group].own.push(*value);
            }
            return Ok(());
        }
        for (row, group) in groups.iter().enumerate() {
            if kept(values, filter, row) {
                self.all[*group].own.push(values.value(row));
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let groups = emit.take_needed(&mut self.all);
        let quantile = |group: &Group| quantile_of(group.lists(), self.q);
        let result: Float64Array = groups.iter().map(quantile).collect();
        self.kept.keep(self.slot, groups);
        Ok(Arc::new(result))
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![Arc::new(lists(emit.take_needed(&mut self.all))?)])
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.all.resize_with(total, Group::default);
        for (list, group) in states[0].as_list::<i32>().iter().zip(groups) {
            if let Some(list) = list {
                self.all[*group].merge(list.as_primitive::<Float64Type>());
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
        let rows = || (0..values.len()).map(|row| kept(values, filter, row));
        let offsets = OffsetBuffer::from_lengths(rows().map(usize::from));
        let counted = rows().zip(values.values()).filter(|(kept, _)| *kept);
        let list = list_array(offsets, counted.map(|(_, value)| *value).collect())?;
        Ok(vec![Arc::new(list)])
    }

    fn size(&self) -> usize {
        let own = |group: &Group| group.own.capacity() * size_of::<f64>();
        let merged = |group: &Group| {
            group
                .merged
                .iter()
                .map(|list| list.len() * size_of::<f64>())
                .sum::<usize>()
        };
        self.all
            .iter()
            .map(|group| own(group) + merged(group))
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn narrows_long_lists_down_to_the_same_value() {
        // signs, magnitudes and repetitions, in an order that is none
        let values: Vec<f64> = (0..3 * NARROWED as u64)
            .map(|index| {
                let mixed = index.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
                (mixed % 50_021) as f64 * if mixed % 3 == 0 { -1e-3 } else { 7.5 }
            })
            .collect();
        let lists = || values.chunks(NARROWED / 2 + 7);
        for q in [0.0, 0.1, 0.333_333, 0.5, 0.9, 0.999_99, 1.0] {
            let expected = exact_quantile(&mut values.clone(), q);
            assert_eq!(quantile_of(lists(), q), expected, "at {q}");
        }
    }
}
