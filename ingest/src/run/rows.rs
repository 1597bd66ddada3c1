//! The second pass of files that come in rows.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, StringBuilder};
use millrace_models::entity::Entity;

use super::prepare::Plan;
use super::sink::Sink;
use super::{Job, OnError, Outcome, Run};
use crate::batch::{Block, Builder, block};
use crate::convert::{AttributePlan, FieldPlan, Place, Value, attributes};
use crate::error::{BadCell, IngestError, RowName};
use crate::limits::BAD_CELLS;
use crate::reader::{Flow, Row};
use crate::reject::Rejects;

/// Rows of a block.
const BLOCK_ROWS: usize = 16 * 1024;

pub(super) fn convert(
    run: &Run<'_>,
    job: &Job<'_>,
    plan: &mut Plan,
    sink: &mut Sink<'_>,
    taken: &[PathBuf],
) -> Result<Outcome, IngestError> {
    let options = run.options;
    let strict = plan.table.is_strict();
    let columns = plan.table.columns.clone();
    let sheet = plan.table.sheet.clone();
    let mut rejects = Rejects::new(&job.file, &columns, taken, !options.dry_run);
    let mut building = Building::new(job.source.entity, &plan.fields, &plan.attributes);
    let mut bad: Vec<BadCell> = Vec::new();
    let mut read = 0;
    plan.table.rows(&mut |number, row| {
        read += 1;
        let place = RowPlace {
            file: &job.file,
            sheet: sheet.as_ref(),
            row: RowName::Number(number),
            columns: &columns,
        };
        let wrong = match building.append(row, &place, strict, false) {
            Ok(()) => Vec::new(),
            Err(wrong) => wrong,
        };
        if !wrong.is_empty() {
            match options.on_error {
                OnError::Reject => rejects.add(&place.row, row, &wrong)?,
                OnError::Stop => {
                    bad.extend(wrong);
                    if bad.len() >= BAD_CELLS {
                        return Ok(Flow::Stop);
                    }
                }
            }
        }
        if building.rows == BLOCK_ROWS {
            options.progress.advanced(super::sink::count(building.rows));
            sink.push(building.finish())?;
        }
        Ok(Flow::Go)
    })?;
    if !bad.is_empty() {
        bad.truncate(BAD_CELLS);
        return Err(IngestError::BadCells { cells: bad });
    }
    options.progress.advanced(super::sink::count(building.rows));
    sink.push(building.finish())?;
    let rejected = rejects.count;
    Ok(Outcome {
        read,
        rejected,
        reject_file: rejects.finish()?,
    })
}

/// Where a row is, for messages.
pub(super) struct RowPlace<'a> {
    pub(super) file: &'a Path,
    pub(super) sheet: Option<&'a String>,
    pub(super) row: RowName,
    pub(super) columns: &'a [String],
}

impl RowPlace<'_> {
    pub(super) fn bad(&self, column: String, value: String, expected: String) -> BadCell {
        BadCell {
            file: self.file.to_owned(),
            sheet: self.sheet.cloned(),
            row: self.row.clone(),
            column,
            value,
            expected,
        }
    }
}

/// A block being built row by row.
pub(super) struct Building<'a> {
    entity: Entity,
    fields: &'a [FieldPlan],
    attributes: &'a [AttributePlan],
    builders: Vec<Builder>,
    texts: StringBuilder,
    deleted: Vec<bool>,
    pub(super) rows: usize,
}

impl<'a> Building<'a> {
    pub(super) fn new(
        entity: Entity,
        fields: &'a [FieldPlan],
        attributes: &'a [AttributePlan],
    ) -> Self {
        let builders = fields
            .iter()
            .map(|plan| Builder::new(plan.field.kind))
            .collect();
        Self {
            entity,
            fields,
            attributes,
            builders,
            texts: StringBuilder::new(),
            deleted: Vec::new(),
            rows: 0,
        }
    }

    /// Appends the whole row or nothing of it. Of a row that is deleted only who it was must be
    /// readable.
    pub(super) fn append(
        &mut self,
        row: &dyn Row,
        place: &RowPlace<'_>,
        strict: bool,
        deleted: bool,
    ) -> Result<(), Vec<BadCell>> {
        let mut values: Vec<Value<'_>> = Vec::with_capacity(self.fields.len());
        let mut wrong = Vec::new();
        let mut named = !self.entity.is_named();
        for plan in self.fields {
            let cell = plan.place.cell(row);
            let repeated = matches!(plan.place, Place::Column(index) if row.is_repeated(index));
            match plan.convert(cell, repeated) {
                Ok(Value::Null) if plan.field.required && !deleted => {
                    wrong.push(place.bad(column_of(plan, place), String::new(), plan.expected()));
                }
                Ok(value) => {
                    named |= matches!(plan.field.name, "id" | "name") && value != Value::Null;
                    values.push(value);
                }
                Err(_) if deleted && plan.field.name != "id" => values.push(Value::Null),
                Err(expected) => {
                    wrong.push(place.bad(
                        column_of(plan, place),
                        cell.text().into_owned(),
                        expected,
                    ));
                }
            }
        }
        if !named && wrong.is_empty() {
            let plan = self
                .fields
                .iter()
                .find(|plan| matches!(plan.field.name, "id" | "name"));
            let column = plan.map(|plan| column_of(plan, place)).unwrap_or_default();
            wrong.push(place.bad(column, String::new(), "an id or a name".into()));
        }
        if strict
            && let Some(index) =
                (place.columns.len()..row.len()).find(|index| !row.cell(*index).is_blank())
        {
            let expected = format!(
                "in any of the {} columns: a value that holds the delimiter must stand in quotes",
                place.columns.len()
            );
            let value = row.cell(index).text().into_owned();
            wrong.push(place.bad((index + 1).to_string(), value, expected));
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        for (builder, value) in self.builders.iter_mut().zip(&values) {
            builder.append(value);
        }
        if !self.attributes.is_empty() {
            self.texts.append_option(attributes(self.attributes, row));
        }
        self.deleted.push(deleted);
        self.rows += 1;
        Ok(())
    }

    pub(super) fn finish(&mut self) -> Block {
        let rows = std::mem::take(&mut self.rows);
        let deleted = std::mem::take(&mut self.deleted);
        let columns = self
            .fields
            .iter()
            .zip(&mut self.builders)
            .map(|(plan, builder)| {
                let (column, companion) = builder.finish();
                (plan.field.name, column, companion)
            });
        let columns = columns.collect();
        let texts =
            (!self.attributes.is_empty()).then(|| -> ArrayRef { Arc::new(self.texts.finish()) });
        Block {
            deleted: deleted.contains(&true).then(|| deleted.into()),
            ..block(self.entity, columns, texts, rows)
        }
    }
}

fn column_of(plan: &FieldPlan, place: &RowPlace<'_>) -> String {
    match &plan.place {
        Place::Column(index) => place.columns.get(*index).cloned().unwrap_or_default(),
        Place::Constant(_) => plan.field.name.to_owned(),
    }
}
