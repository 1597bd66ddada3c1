//! Texts as small numbers: what repeats is kept once, and written as a dictionary.

use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray, Int32Array, StringArray};
use arrow::datatypes::Int32Type;
use hashbrown::HashMap;

use crate::store::Text;

/// The number of no text, and of no member.
pub(crate) const NONE: u32 = u32::MAX;

/// Texts by number.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    all: Vec<Text>,
    numbers: HashMap<Text, u32>,
}

impl Texts {
    /// The number of a text.
    pub(crate) fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = u32::try_from(self.all.len()).unwrap_or(NONE);
        let text = Text::from(text);
        self.all.push(text.clone());
        self.numbers.insert(text, number);
        number
    }

    /// The text of a number.
    pub(crate) fn get(&self, number: u32) -> Option<&str> {
        self.all.get(number as usize).map(AsRef::as_ref)
    }

    /// All texts, by number.
    pub(crate) fn array(&self) -> ArrayRef {
        Arc::new(StringArray::from_iter_values(self.all.iter()))
    }
}

/// A column of numbers of `values`, [`NONE`] for null.
pub(crate) fn coded(
    numbers: impl Iterator<Item = u32>,
    values: &ArrayRef,
) -> anyhow::Result<ArrayRef> {
    let keys: Int32Array = numbers
        .map(|number| (number != NONE).then_some(number.cast_signed()))
        .collect();
    Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(
        keys,
        values.clone(),
    )?))
}
