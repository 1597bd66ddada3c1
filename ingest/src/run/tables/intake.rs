//! The rows of a table on their way into the lake.

use std::path::Path;

use hashbrown::HashSet;
use millrace_lake::Table;
use millrace_models::entity::Entity;
use xxhash_rust::xxh3::xxh3_128;

use super::plans::Plans;
use crate::convert::Place;
use crate::database::{Cells, Page, Reader, Texts, is_deleted};
use crate::error::{BadCell, IngestError, RowName};
use crate::known::has_identity;
use crate::limits::BAD_CELLS;
use crate::reader::Row;
use crate::reject::Rejects;
use crate::run::rows::{Building, RowPlace};
use crate::run::sink::{Sink, count};
use crate::run::{OnError, Run, SourceReport};
use crate::value::{Cell, OwnedCell};

/// Rows of a block.
const BLOCK_ROWS: usize = 16 * 1024;
/// Keys of one statement.
const KEYS: usize = 500;

/// Takes the rows of a table.
pub(super) struct Intake<'a, 'r> {
    run: &'r Run<'r>,
    entity: Entity,
    label: &'a Path,
    plans: &'a Plans<'a>,
    building: Building<'a>,
    sink: &'a mut Sink<'r>,
    /// Records whose rows were read; of orders, the ids as the table has them.
    seen: HashSet<u128>,
    /// Orders that are to be read whole, by the ids as the table has them.
    orders: Vec<String>,
    read: u64,
    bad: Vec<BadCell>,
    rejects: Rejects,
}

impl<'a, 'r> Intake<'a, 'r> {
    pub(super) fn new(
        run: &'r Run<'r>,
        entity: Entity,
        label: &'a Path,
        plans: &'a Plans<'a>,
        sink: &'a mut Sink<'r>,
        rejects: Rejects,
    ) -> Self {
        Self {
            run,
            entity,
            label,
            plans,
            building: Building::new(entity, &plans.fields, &plans.attributes),
            sink,
            seen: HashSet::new(),
            orders: Vec::new(),
            read: 0,
            bad: Vec::new(),
            rejects,
        }
    }

    /// All rows from where the page begins.
    pub(super) async fn all(
        &mut self,
        reader: &mut Reader,
        page: &mut Page,
    ) -> Result<(), IngestError> {
        let columns = reader.columns.clone();
        let is_order = self.entity == Entity::Order;
        let name = self.plans.name;
        let mut irregular = |row: Texts| {
            match row.get(name).cloned().flatten() {
                // with the other lines of its order
                Some(id) if is_order => self.orders.push(id),
                _ => self.row(&Cells::new(row, &columns))?,
            }
            Ok(())
        };
        reader.irregular(page.from, &mut irregular).await?;
        loop {
            let mut regular = |mut row: Texts| {
                if is_order {
                    self.orders.extend(row.pop().flatten());
                    Ok(())
                } else {
                    self.row(&Cells::new(row, &columns))
                }
            };
            let more = reader.next(page, &mut regular).await?;
            self.whole_orders(reader).await?;
            if !more {
                return self.flush();
            }
        }
    }

    /// Reads all lines of the orders of which one was met.
    async fn whole_orders(&mut self, reader: &mut Reader) -> Result<(), IngestError> {
        let mut ids = std::mem::take(&mut self.orders);
        ids.retain(|id| self.seen.insert(xxh3_128(id.as_bytes())));
        let columns = reader.columns.clone();
        for ids in ids.chunks(KEYS) {
            let mut line = |row: Texts| self.row(&Cells::new(row, &columns));
            reader.with_keys(ids, &mut line).await?;
            self.flush()?;
        }
        Ok(())
    }

    fn row(&mut self, cells: &Cells) -> Result<(), IngestError> {
        self.read += 1;
        let place = RowPlace {
            file: self.label,
            sheet: None,
            row: RowName::Value {
                column: self.plans.columns[self.plans.name].clone(),
                value: cells.cell(self.plans.name).text().into_owned(),
            },
            columns: &self.plans.columns,
        };
        let mut wrong = self.unreadable(cells, &place);
        let deleted = match self.plans.deleted {
            None => false,
            Some((when, index)) => {
                let cell = cells.cell(index);
                is_deleted(when, cell).unwrap_or_else(|| {
                    let expected = "yes or no: say which value means a deletion by deleted = { column = \"…\", value = \"…\" }";
                    let value = cell.text().into_owned();
                    wrong.push(place.bad(when.column.clone(), value, expected.into()));
                    false
                })
            }
        };
        let known_by = self.plans.identity(self.entity, cells);
        if known_by.is_none() && self.entity.has_id() {
            let column = self.plans.columns[self.plans.name].clone();
            wrong.push(place.bad(column, String::new(), "an id".into()));
        }
        if wrong.is_empty() {
            wrong = self
                .building
                .append(cells, &place, false, deleted)
                .err()
                .unwrap_or_default();
        }
        if let Some(known_by) = known_by.filter(|_| has_identity(self.entity))
            && !self.seen.insert(known_by)
        {
            return Err(IngestError::SharedId {
                table: self.label.display().to_string(),
                column: self.plans.columns[self.plans.name].clone(),
                id: cells.cell(self.plans.name).text().into_owned(),
                entity: self.entity.name(),
            });
        }
        if !wrong.is_empty() {
            match self.run.options.on_error {
                OnError::Reject => self.rejects.add(&place.row, cells, &wrong)?,
                OnError::Stop => {
                    self.bad.extend(wrong);
                    if self.bad.len() >= BAD_CELLS {
                        return self.stopped();
                    }
                }
            }
        }
        // The lines of an order go together.
        if self.building.rows >= BLOCK_ROWS && self.entity != Entity::Order {
            self.flush()?;
        }
        Ok(())
    }

    /// Cells of attributes that are no text; those of fields are found as they are converted.
    fn unreadable(&self, cells: &Cells, place: &RowPlace<'_>) -> Vec<BadCell> {
        let attributes = self.plans.attributes.iter();
        let wrong = attributes.filter_map(|plan| match (&plan.place, plan.place.cell(cells)) {
            (Place::Column(index), Cell::Error(text)) => {
                let column = self.plans.columns[*index].clone();
                Some(place.bad(column, text.to_owned(), "a text, number or time".into()))
            }
            _ => None,
        });
        wrong.collect()
    }

    fn stopped(&mut self) -> Result<(), IngestError> {
        let mut cells = std::mem::take(&mut self.bad);
        if cells.is_empty() {
            return Ok(());
        }
        cells.truncate(BAD_CELLS);
        Err(IngestError::BadCells { cells })
    }

    fn flush(&mut self) -> Result<(), IngestError> {
        let block = self.building.finish();
        self.run.options.progress.advanced(count(block.rows));
        if self.entity == Entity::Order {
            self.sink.push_orders(&block)
        } else {
            self.sink.push(block)
        }
    }

    /// Compares who is in the table with what the lake has of it: who is there no more is taken back,
    /// who is there and was missed is read.
    pub(super) async fn reconcile(
        &mut self,
        reader: &mut Reader,
        raw: &Table,
    ) -> Result<(), IngestError> {
        self.sink.read_all()?;
        let telling = self.plans.telling();
        let columns: Vec<_> = telling
            .iter()
            .map(|index| reader.columns[*index].clone())
            .collect();
        let mut listed = Listed::default();
        let mut list = |mut row: Texts| {
            let key = row.pop().flatten();
            let mut cells = vec![OwnedCell::Plain(Cell::Empty); self.plans.columns.len()];
            for (index, cell) in telling.iter().zip(Cells::new(row, &columns).0) {
                cells[*index] = cell;
            }
            let cells = Cells(cells);
            let deleted = self
                .plans
                .deleted
                .and_then(|(when, index)| is_deleted(when, cells.cell(index)));
            if let Some(known_by) = self.plans.identity(self.entity, &cells) {
                listed.next(known_by, key, !deleted.unwrap_or(false), self.sink);
            }
            Ok(())
        };
        reader.list(&telling, &mut list).await?;
        listed.end(self.sink);
        self.sink.take_back(raw, &listed.there)?;
        if self.entity == Entity::Order {
            self.orders.extend(listed.missed);
            return self.whole_orders(reader).await;
        }
        let columns = reader.columns.clone();
        for keys in listed.missed.chunks(KEYS) {
            let mut missed = |row: Texts| {
                let cells = Cells::new(row, &columns);
                let known_by = self.plans.identity(self.entity, &cells);
                // One that was read and rejected is missing for its own reason.
                if known_by.is_some_and(|known_by| self.seen.contains(&known_by)) {
                    return Ok(());
                }
                self.row(&cells)
            };
            reader.with_keys(keys, &mut missed).await?;
        }
        self.flush()
    }

    pub(super) fn finish(mut self) -> Result<SourceReport, IngestError> {
        self.stopped()?;
        let rejected = self.rejects.count;
        Ok(SourceReport {
            read: self.read,
            rejected,
            reject_file: self.rejects.finish()?,
            ..SourceReport::of(self.label.to_owned(), self.entity)
        })
    }
}

/// Who is in a table, and of whom the lake has something else.
#[derive(Default)]
struct Listed {
    there: HashSet<u128>,
    /// By the ids as the table has them.
    missed: Vec<String>,
    /// The record whose rows are being counted: its id in the table, and rows.
    current: Option<(u128, Option<String>, u32)>,
}

impl Listed {
    /// The next row; rows of one record follow each other.
    fn next(&mut self, known_by: u128, key: Option<String>, stands: bool, sink: &Sink<'_>) {
        match &mut self.current {
            Some((own, _, rows)) if *own == known_by => *rows += u32::from(stands),
            _ => {
                self.end(sink);
                self.there.insert(known_by);
                self.current = Some((known_by, key, u32::from(stands)));
            }
        }
    }

    fn end(&mut self, sink: &Sink<'_>) {
        if let Some((known_by, key, rows)) = self.current.take()
            && sink.standing(known_by) != rows
        {
            self.missed.extend(key);
        }
    }
}
