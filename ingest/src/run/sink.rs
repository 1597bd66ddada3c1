//! Blocks of rows to files of a raw table, those that are known left out.

use hashbrown::HashSet;
use millrace_lake::{NewFile, Table, TableWriter};
use millrace_models::entity::Entity;

use super::{Run, table_name};
use crate::batch::{Block, Stamp, assemble};
use crate::error::IngestError;
use crate::known::{Known, last_rows};

/// Takes the rows of one entity, file after file.
pub(super) struct Sink<'a> {
    run: &'a Run<'a>,
    entity: Entity,
    known: Option<Known>,
    writer: Option<TableWriter>,
    written: Vec<NewFile>,
    stamp: Option<Stamp>,
    seq: i64,
    added: u64,
    deleted: u64,
    unchanged: u64,
}

impl<'a> Sink<'a> {
    pub(super) fn new(run: &'a Run<'a>, entity: Entity, known: Option<Known>, seq: i64) -> Self {
        Self {
            run,
            entity,
            known,
            writer: None,
            written: Vec::new(),
            stamp: None,
            seq,
            added: 0,
            deleted: 0,
            unchanged: 0,
        }
    }

    pub(super) fn begin(&mut self, stamp: Stamp) {
        self.stamp = Some(stamp);
        self.added = 0;
        self.deleted = 0;
        self.unchanged = 0;
        if let Some(known) = &mut self.known {
            known.begin();
        }
    }

    /// Whether every row is new, so that their numbers are known beforehand.
    pub(super) fn keeps_all(&self) -> bool {
        self.known.is_none()
    }

    /// Rows of the current file that were new, that took something back, and that were known.
    pub(super) fn counts(&self) -> (u64, u64, u64) {
        (self.added, self.deleted, self.unchanged)
    }

    pub(super) fn push(&mut self, block: Block) -> Result<(), IngestError> {
        let Some(stamp) = &self.stamp else {
            return Ok(());
        };
        let rows = block.rows;
        let block = match &mut self.known {
            None => block,
            Some(known) => {
                let mask = known.new_rows(&block, &stamp.file, self.seq)?;
                if mask.true_count() == mask.len() {
                    block
                } else {
                    block.filtered(&mask)?
                }
            }
        };
        self.unchanged += count(rows - block.rows);
        self.write(block)
    }

    /// Takes whole orders: where the lines of one are others than those that are known, these are
    /// taken back and all of its own written.
    pub(super) fn push_orders(&mut self, block: &Block) -> Result<(), IngestError> {
        let (Some(stamp), Some(known)) = (&self.stamp, &mut self.known) else {
            return Ok(());
        };
        let rows = known.order_rows(block, &stamp.file)?;
        let written = rows.iter().filter(|(_, deleted)| !deleted).count();
        let lines = (0..block.rows).filter(|row| !block.is_deleted(*row));
        self.unchanged += count(lines.count() - written);
        if rows.is_empty() {
            return Ok(());
        }
        self.write(block.taken(&rows)?)
    }

    /// Takes back the records that came from the current file and are not among `there`.
    pub(super) fn take_back(
        &mut self,
        table: &Table,
        there: &HashSet<u128>,
    ) -> Result<(), IngestError> {
        let (Some(stamp), Some(known)) = (&self.stamp, &self.known) else {
            return Ok(());
        };
        let gone = known.vanished(&stamp.file, there);
        if gone.is_empty() {
            return Ok(());
        }
        let system = stamp.system.clone();
        for block in last_rows(table, self.entity, &system, &gone)? {
            self.write(block)?;
        }
        Ok(())
    }

    /// Reads all that the raw table has, to be asked for any of it.
    pub(super) fn read_all(&mut self) -> Result<(), IngestError> {
        match &mut self.known {
            Some(known) => known.read_all(),
            None => Ok(()),
        }
    }

    /// What the raw table has of a record, with what was pushed so far.
    pub(super) fn standing(&self, id: u128) -> u32 {
        self.known.as_ref().map_or(0, |known| known.standing(id))
    }

    /// Writes all rows of a block.
    fn write(&mut self, block: Block) -> Result<(), IngestError> {
        let Some(stamp) = &self.stamp else {
            return Ok(());
        };
        let deleted = (0..block.rows).filter(|row| block.is_deleted(*row)).count();
        self.deleted += count(deleted);
        self.added += count(block.rows - deleted);
        if block.rows == 0 || self.run.options.dry_run {
            return Ok(());
        }
        let batch = assemble(block, stamp, self.seq)?;
        self.seq += i64::try_from(batch.num_rows()).unwrap_or(i64::MAX);
        let writer = self
            .writer
            .get_or_insert_with(|| new_writer(self.run, self.entity));
        writer.write(&batch, None)?;
        Ok(())
    }

    /// The stamp of the current file and the number of its next row, for writers in threads.
    pub(super) fn position(&self) -> Option<(Stamp, i64)> {
        self.stamp.clone().map(|stamp| (stamp, self.seq))
    }

    /// Files that were written in threads, with so many rows from [`Sink::position`] on.
    pub(super) fn take(&mut self, files: Vec<NewFile>, rows: u64) -> Result<(), IngestError> {
        // What was pushed before comes first.
        if let Some(writer) = self.writer.take() {
            self.written.extend(writer.finish()?);
        }
        self.written.extend(files);
        self.added += rows;
        self.seq += i64::try_from(rows).unwrap_or(i64::MAX);
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Vec<NewFile>, IngestError> {
        if let Some(writer) = self.writer.take() {
            self.written.extend(writer.finish()?);
        }
        Ok(self.written)
    }
}

pub(super) fn new_writer(run: &Run<'_>, entity: Entity) -> TableWriter {
    run.lake
        .writer(&table_name(entity), entity.raw_schema(), None)
}

pub(super) fn count(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
}
