//! One JSON object a line. Objects inside become columns `outer.inner`, lists stay JSON text.

use std::path::Path;

use encoding_rs::Encoding;
use hashbrown::HashMap;
use serde_json::{Map, Value};

use super::text::for_lines;
use super::{Flow, OnRow, Row, damaged};
use crate::error::IngestError;
use crate::value::{Cell, OwnedCell};

/// A jsonl file whose columns are known.
pub(crate) struct JsonlInput {
    encoding: &'static Encoding,
    columns: Vec<String>,
    positions: HashMap<String, usize>,
}

struct Object(Vec<OwnedCell>);

impl Row for Object {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn cell(&self, index: usize) -> Cell<'_> {
        self.0.get(index).map_or(Cell::Empty, OwnedCell::cell)
    }
}

impl JsonlInput {
    /// Goes through the file once for the names of its columns.
    pub(super) fn open(path: &Path, encoding: &'static Encoding) -> Result<Self, IngestError> {
        let mut input = Self {
            encoding,
            columns: Vec::new(),
            positions: HashMap::new(),
        };
        for_lines(path, encoding, &mut |number, line| {
            let object = parse(path, number, line)?;
            walk(&object, "", &mut |name, _| {
                if !input.positions.contains_key(name)
                    && input.columns.len() < crate::limits::COLUMNS
                {
                    input.positions.insert(name.to_owned(), input.columns.len());
                    input.columns.push(name.to_owned());
                }
            });
            Ok(Flow::Go)
        })?;
        Ok(input)
    }

    pub(super) fn columns(&self) -> &[String] {
        &self.columns
    }

    pub(super) fn encoding(&self) -> &'static Encoding {
        self.encoding
    }

    pub(super) fn scan(&self, path: &Path, on_row: OnRow<'_>) -> Result<(), IngestError> {
        for_lines(path, self.encoding, &mut |number, line| {
            let object = parse(path, number, line)?;
            let mut cells = vec![OwnedCell::Plain(Cell::Empty); self.columns.len()];
            walk(&object, "", &mut |name, value| {
                if let Some(cell) = self
                    .positions
                    .get(name)
                    .and_then(|index| cells.get_mut(*index))
                {
                    *cell = owned(value);
                }
            });
            on_row(number, &Object(cells))
        })
    }
}

fn parse(path: &Path, number: u64, line: &str) -> Result<Map<String, Value>, IngestError> {
    serde_json::from_str(line).map_err(|error| {
        damaged(
            path,
            "jsonl",
            format!("line {number} is not one JSON object, {error}"),
        )
    })
}

fn walk(object: &Map<String, Value>, prefix: &str, found: &mut dyn FnMut(&str, &Value)) {
    for (name, value) in object {
        let full = if prefix.is_empty() {
            name.clone()
        } else {
            format!("{prefix}.{name}")
        };
        match value {
            Value::Object(inner) => walk(inner, &full, found),
            value => found(&full, value),
        }
    }
}

fn owned(value: &Value) -> OwnedCell {
    match value {
        Value::Null => OwnedCell::Plain(Cell::Empty),
        Value::Bool(truth) => OwnedCell::Plain(Cell::Flag(*truth)),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => OwnedCell::Plain(Cell::Integer(whole)),
            (None, Some(float)) => OwnedCell::Plain(Cell::Number(float)),
            (None, None) => OwnedCell::Text(number.to_string()),
        },
        Value::String(text) => OwnedCell::Text(text.clone()),
        other => OwnedCell::Text(other.to_string()),
    }
}
