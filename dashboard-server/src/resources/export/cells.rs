//! Records as rows of a sheet: names for ids, units as people count them.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use millrace_lake::query::DrillColumn;
use millrace_operations::resource::{Field, Hidden, Kind, Resource};
use millrace_operations::resources::{self, Labels};
use millrace_operations::{Caller, Result, Store};
use serde_json::Value;

use super::words;
use crate::answer::Row;
use crate::export::Language;

/// How the records of a resource are written for somebody.
pub(crate) struct Cells {
    resource: &'static Resource,
    fields: Vec<&'static Field>,
    language: Language,
    zone: Tz,
}

impl Cells {
    /// With the fields that the caller sees, in the order of the resource.
    pub(crate) fn new(
        resource: &'static Resource,
        caller: &Caller,
        language: Language,
        zone: Tz,
    ) -> Self {
        let shown = |field: &&Field| {
            let masked = field.hidden == Some(Hidden::Phone);
            !field.secret && field.name != "deleted_at" && (masked || caller.sees(field))
        };
        Self {
            resource,
            fields: resource.fields.iter().filter(shown).collect(),
            language,
            zone,
        }
    }

    pub(crate) fn columns(&self) -> Vec<DrillColumn> {
        let column = |field: &&'static Field| DrillColumn {
            name: field.name.to_owned(),
            kind: kind(field).to_owned(),
            unit: None,
            label: words::field(self.resource, field),
        };
        self.fields.iter().map(column).collect()
    }

    /// The rows with what they refer to by name.
    pub(crate) async fn write(
        &self,
        store: &Store,
        caller: &Caller,
        rows: Vec<Row>,
    ) -> Result<Vec<Row>> {
        let resource = self.resource;
        let referring = rows.iter().map(|row| (resource, row));
        let labels = resources::labels(store, caller, referring).await?;
        let written = rows.into_iter().map(|mut row| {
            let cells = self.fields.iter().filter_map(|field| {
                let value = row.remove(field.name)?;
                Some((field.name.to_owned(), self.cell(field, value, &labels)))
            });
            cells.collect()
        });
        Ok(written.collect())
    }

    fn cell(&self, field: &'static Field, value: Value, labels: &Labels) -> Value {
        match (field.kind, &value) {
            (_, Value::Null) => Value::Null,
            (Kind::Money, Value::Number(_)) => parts(&value, 100.0),
            (Kind::UnitPrice | Kind::Rate, Value::Number(_)) => parts(&value, 1_000_000.0),
            (Kind::Quantity, Value::Number(_)) => parts(&value, 1_000.0),
            (Kind::BasisPoints, Value::Number(_)) => parts(&value, 10_000.0),
            (Kind::Reference(target), Value::Number(number)) => {
                let id = number.as_i64().unwrap_or_default();
                let label = labels.get(target).and_then(|found| found.get(&id));
                // Somebody who may not read the other record keeps its id.
                label
                    .map_or_else(|| id.to_string(), |label| self.named(label))
                    .into()
            }
            (Kind::Choice(_), Value::String(word)) => {
                words::choice(self.resource, field, word, self.language).into()
            }
            (Kind::Time, Value::String(text)) => match text.parse::<DateTime<Utc>>() {
                Ok(at) => at.with_timezone(&self.zone).to_rfc3339().into(),
                Err(_) => value,
            },
            (Kind::Json, Value::Object(_) | Value::Array(_)) => value.to_string().into(),
            _ => value,
        }
    }

    fn named(&self, label: &resources::Label) -> String {
        let name = match self.language {
            Language::Zh => label.label_zh.as_ref(),
            Language::En => label.label_en.as_ref(),
        };
        name.unwrap_or(&label.label).clone()
    }
}

/// A whole number of parts as the number of wholes.
fn parts(value: &Value, of_a_whole: f64) -> Value {
    value
        .as_i64()
        .map_or(Value::Null, |parts| (parts as f64 / of_a_whole).into())
}

/// The kind of column that a field is.
fn kind(field: &Field) -> &'static str {
    match field.kind {
        Kind::Integer => "count",
        Kind::Money => "amount",
        Kind::UnitPrice | Kind::BasisPoints | Kind::Rate | Kind::Quantity => "number",
        Kind::Flag => "flag",
        Kind::Time => "time",
        Kind::Date => "date",
        Kind::Text | Kind::Choice(_) | Kind::Json | Kind::Reference(_) => "text",
    }
}
