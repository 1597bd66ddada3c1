//! Copy on write: which files of a mart stay when some of its rows are made anew, and what stays of
//! the others.
//!
//! Rows that are new, and what is left of small files, come into one file together; what is left of
//! a large file stays by itself, so that rows which change do not come to lie among many that do
//! not. Small files are put together when there are many.

use std::collections::BTreeMap;
use std::fs::File;

use anyhow::Context;
use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::Int32Type;
use hashbrown::HashSet;
use millrace_lake::{Lake, NewFile, Table, TableFile};
use millrace_models::marts;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use rayon::prelude::*;

use crate::facts::{Mart, Sink};
use crate::partial::{Partial, Rows};
use crate::store::Text;

/// A file of fewer rows is small.
const SMALL_ROWS: u64 = 32 * 1024;
/// So many small files of a partition are put together.
const SMALL_FILES: usize = 8;
/// Two of them already when they have no more rows together: to write those again costs less than to
/// open one file more with each question.
const FEW_ROWS: u64 = 8 * 1024;
const BATCH_ROWS: usize = 32 * 1024;

/// What stays of a mart.
#[derive(Default)]
pub(crate) struct Kept {
    files: Vec<TableFile>,
    /// What stays of large files that lose rows.
    rests: Vec<NewFile>,
}

impl Kept {
    /// The mart with its new rows.
    pub(crate) fn with(self, mut mart: Mart) -> Mart {
        mart.kept = self.files;
        mart.files.extend(self.rests);
        mart
    }
}

/// Finds what stays of a mart, and writes the rows that stay of files that do not.
pub(crate) fn keep(lake: &Lake, partial: &Partial, sink: &Sink) -> anyhow::Result<Kept> {
    if matches!(sink.rows(), Rows::All) {
        return Ok(Kept::default());
    }
    let table = partial.table(sink.table())?;
    let loses = losing(table, sink.rows())?;
    let mut small: BTreeMap<Option<&str>, (usize, u64)> = BTreeMap::new();
    for (file, loses) in table.files().iter().zip(&loses) {
        if !loses && file.rows < SMALL_ROWS {
            let (count, rows) = small.entry(file.partition.as_deref()).or_default();
            *count += 1;
            *rows += file.rows;
        }
    }
    let merged = |file: &TableFile| {
        let (count, rows) = small
            .get(&file.partition.as_deref())
            .copied()
            .unwrap_or_default();
        file.rows < SMALL_ROWS && (count >= SMALL_FILES || count > 1 && rows <= FEW_ROWS)
    };
    let mut kept = Kept::default();
    let mut large = Vec::new();
    for (file, loses) in table.files().iter().zip(loses) {
        if !loses && !merged(file) {
            kept.files.push(file.clone());
        } else if file.rows < SMALL_ROWS {
            each_rest(file, sink.rows(), |batch| {
                sink.write_all(batch, file.partition.clone())
            })?;
        } else {
            large.push(file);
        }
    }
    let rests = large
        .into_par_iter()
        .map(|file| rest(lake, table, file, sink))
        .collect::<anyhow::Result<Vec<_>>>()?;
    kept.rests = rests.into_iter().flatten().collect();
    Ok(kept)
}

fn rest(lake: &Lake, table: &Table, file: &TableFile, sink: &Sink) -> anyhow::Result<Vec<NewFile>> {
    let mut writer = lake.writer(table.name(), sink.schema(), table.partition_column());
    each_rest(file, sink.rows(), |batch| {
        Ok(writer.write(&batch, file.partition.as_deref())?)
    })?;
    Ok(writer.finish()?)
}

/// Which files of a table hold any of the rows. Deals that are under way change most; they lie
/// apart, so their files are looked through first, and the others only for the keys of which not all
/// rows are found there.
fn losing(table: &Table, rows: &Rows) -> anyhow::Result<Vec<bool>> {
    let whole = Whole::of(table, rows);
    let lively = |file: &TableFile| whole.is_some_and(|whole| whole.is_lively(file));
    let first = (table.files().par_iter())
        .map(|file| {
            if lively(file) {
                look(file, rows, whole)
            } else {
                Ok(Found::default())
            }
        })
        .collect::<anyhow::Result<Vec<Found>>>()?;
    let complete: HashSet<Text> = first.iter().flat_map(|own| own.complete.clone()).collect();
    let rest = rows.without(&complete);
    let files = table.files().par_iter().zip(first);
    files
        .map(|(file, found)| {
            if lively(file) {
                Ok(found.any)
            } else {
                Ok(look(file, &rest, None)?.any)
            }
        })
        .collect()
}

/// By what it is known that all rows of a deal were found.
#[derive(Debug, Clone, Copy)]
enum Whole {
    /// An open visit: the deal's others lie in the partitions of deals under way.
    OpenVisit,
    /// Any row: a deal has one.
    Row,
    /// The first episode, still open: there is no other.
    FirstEpisode,
}

const DEAL: &str = "opportunity_id";
const EPISODE: &str = "episode";

impl Whole {
    fn of(table: &Table, rows: &Rows) -> Option<Self> {
        if !matches!(rows, Rows::Of(DEAL, _)) {
            return None;
        }
        match table.name() {
            "marts/stage_visits" => Some(Self::OpenVisit),
            "marts/opportunities" => Some(Self::Row),
            "marts/conversion_cycles" => Some(Self::FirstEpisode),
            _ => None,
        }
    }

    /// Whether a file holds rows of deals that are under way, and hardly others.
    fn is_lively(self, file: &TableFile) -> bool {
        match self {
            Self::OpenVisit => {
                let partition = file.partition.as_deref();
                matches!(partition, Some(marts::VISITS_OPEN | marts::VISITS_RUNNING))
            }
            Self::Row | Self::FirstEpisode => {
                let bounds = file.text_bounds("outcome");
                bounds.is_some_and(|(least, greatest)| least == "open" && greatest == "open")
            }
        }
    }

    /// Of the rows of a lively file that are looked for, those whose deal has no row elsewhere.
    fn complete(self, file: &TableFile, batch: &RecordBatch, found: &BooleanArray) -> Vec<Text> {
        let all = match self {
            Self::OpenVisit if file.partition.as_deref() != Some(marts::VISITS_OPEN) => {
                return Vec::new();
            }
            Self::OpenVisit | Self::Row => None,
            Self::FirstEpisode => {
                let episodes = batch.column_by_name(EPISODE);
                let Some(episodes) = episodes.and_then(|own| own.as_primitive_opt::<Int32Type>())
                else {
                    return Vec::new();
                };
                Some(episodes)
            }
        };
        let Some(ids) = batch
            .column_by_name(DEAL)
            .and_then(|own| own.as_string_opt::<i32>())
        else {
            return Vec::new();
        };
        found
            .values()
            .set_indices()
            .filter(|row| all.is_none_or(|episodes| episodes.value(*row) == 1))
            .map(|row| ids.value(row).trim())
            // With a system's name in front it may be an id as written, too: then there are two rows.
            .filter(|id| !id.contains(':'))
            .map(Text::from)
            .collect()
    }
}

/// What was found of the rows in a file.
#[derive(Default)]
struct Found {
    any: bool,
    /// Keys of which there are no rows in other files.
    complete: Vec<Text>,
}

/// Looks for the rows in a file; for one at least, or for all, where they may make keys complete.
fn look(file: &TableFile, rows: &Rows, whole: Option<Whole>) -> anyhow::Result<Found> {
    let mut found = Found::default();
    if !rows.may_be_in(file) {
        return Ok(found);
    }
    let mut columns = rows.columns();
    if let Some(Whole::FirstEpisode) = whole {
        columns.push(EPISODE);
    }
    for batch in read_some(file, Some(&columns), Some(rows))? {
        let batch = batch?;
        let own = rows.of_batch(&batch)?;
        found.any |= own.true_count() > 0;
        match whole {
            Some(whole) => found.complete.extend(whole.complete(file, &batch, &own)),
            None if found.any => break,
            None => {}
        }
    }
    Ok(found)
}

/// Calls `take` with the rows of a file that stay.
fn each_rest(
    file: &TableFile,
    rows: &Rows,
    mut take: impl FnMut(RecordBatch) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    for batch in read(file, None)? {
        let batch = batch?;
        let gone = rows.of_batch(&batch)?;
        let stays = BooleanArray::new(!gone.values(), None);
        take(filter_record_batch(&batch, &stays)?)?;
    }
    Ok(())
}

/// Reads columns of a file; all without names.
pub(crate) fn read(
    file: &TableFile,
    columns: Option<&[&str]>,
) -> anyhow::Result<ParquetRecordBatchReader> {
    read_some(file, columns, None)
}

/// Reads columns of a file, of the row groups that may hold any of the rows.
fn read_some(
    file: &TableFile,
    columns: Option<&[&str]>,
    rows: Option<&Rows>,
) -> anyhow::Result<ParquetRecordBatchReader> {
    let context = || format!("reading {}", file.path.display());
    let handle = File::open(&file.path).with_context(context)?;
    let metadata =
        ArrowReaderMetadata::load(&handle, ArrowReaderOptions::new()).with_context(context)?;
    let mut groups = Vec::new();
    for group in 0..metadata.metadata().num_row_groups() {
        let may = match rows {
            Some(rows) => rows.may_be_in_group(&handle, &metadata, group),
            None => Ok(true),
        };
        if may.with_context(context)? {
            groups.push(group);
        }
    }
    let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(handle, metadata)
        .with_row_groups(groups)
        .with_batch_size(BATCH_ROWS);
    if let Some(columns) = columns {
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
        builder = builder.with_projection(mask);
    }
    builder.build().with_context(context)
}
