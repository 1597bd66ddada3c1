//! `code(text) -> integer`: numbers for the few words of a column, which group faster than the
//! words. They mean something to one open set only, which turns them back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Int32Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int32Type};
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Volatility, create_udf};

/// Dictionaries whose numbers are kept: each row group of a file brings one.
const REMEMBERED: usize = 16;

/// The words that were met, and their numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct Codes {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    texts: Vec<String>,
    codes: HashMap<String, i32>,
    /// The numbers of the words of whole dictionaries, the newest last.
    dictionaries: Vec<(ArrayRef, Arc<Vec<Option<i32>>>)>,
}

/// A column that `code` takes, as it is read.
pub(super) fn coded() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

impl Codes {
    /// The word of a number.
    pub(super) fn text(&self, code: i32) -> Option<String> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.texts.get(usize::try_from(code).ok()?).cloned()
    }

    /// The function.
    pub(super) fn udf(&self) -> ScalarUDF {
        let codes = self.clone();
        create_udf(
            "code",
            vec![coded()],
            DataType::Int32,
            Volatility::Immutable,
            Arc::new(move |arguments| {
                let arrays = ColumnarValue::values_to_arrays(arguments)?;
                Ok(ColumnarValue::Array(codes.numbers(&arrays[0])?))
            }),
        )
    }

    fn numbers(&self, array: &ArrayRef) -> Result<ArrayRef> {
        let array = cast(array, &coded())?;
        let dictionary: &DictionaryArray<Int32Type> = array.as_dictionary();
        let numbers = self.of(dictionary.values());
        let keys = dictionary.keys();
        #[allow(clippy::cast_sign_loss, reason = "keys are indices")]
        let number = |key: i32| numbers.get(key as usize).copied().flatten();
        let result: Int32Array = if keys.null_count() == 0 && !numbers.contains(&None) {
            keys.values()
                .iter()
                .map(|key| number(*key).unwrap_or_default())
                .collect::<Vec<i32>>()
                .into()
        } else {
            keys.iter().map(|key| number(key?)).collect()
        };
        Ok(Arc::new(result))
    }

    fn of(&self, values: &ArrayRef) -> Arc<Vec<Option<i32>>> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let known = inner
            .dictionaries
            .iter()
            .find(|(known, _)| Arc::ptr_eq(known, values));
        if let Some((_, numbers)) = known {
            return Arc::clone(numbers);
        }
        let numbers: Vec<Option<i32>> = values
            .as_string::<i32>()
            .iter()
            .map(|text| text.map(|text| inner.number(text)))
            .collect();
        let numbers = Arc::new(numbers);
        if inner.dictionaries.len() == REMEMBERED {
            inner.dictionaries.remove(0);
        }
        inner
            .dictionaries
            .push((Arc::clone(values), Arc::clone(&numbers)));
        numbers
    }
}

impl Inner {
    fn number(&mut self, text: &str) -> i32 {
        if let Some(number) = self.codes.get(text) {
            return *number;
        }
        let number = i32::try_from(self.texts.len()).unwrap_or(i32::MAX);
        self.texts.push(text.to_owned());
        self.codes.insert(text.to_owned(), number);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_turn_back_into_their_words() {
        let codes = Codes::default();
        let check = |words: &[Option<&str>]| {
            let array: DictionaryArray<Int32Type> = words.iter().copied().collect();
            let array: ArrayRef = Arc::new(array);
            let numbers = codes.numbers(&array).unwrap();
            let back = numbers.as_primitive::<Int32Type>().iter();
            let back: Vec<Option<String>> = back
                .map(|number| number.and_then(|number| codes.text(number)))
                .collect();
            let back: Vec<Option<&str>> = back.iter().map(Option::as_deref).collect();
            assert_eq!(back, words);
        };
        check(&[Some("华东"), None, Some("华南"), Some("华东")]);
        check(&[Some("华南"), Some("西北"), Some("")]);
        assert_eq!(codes.text(0).as_deref(), Some("华东"));
        assert_eq!(codes.text(-1), None);
    }
}
