//! The second pass of Parquet files, by columns and in several threads.

use std::path::{Path, PathBuf};

use arrow::array::{ArrayRef, BooleanArray, RecordBatch};
use millrace_lake::NewFile;
use millrace_models::entity::Entity;

use super::prepare::Plan;
use super::sink::{Sink, count, new_writer};
use super::{Job, OnError, Outcome, Run};
use crate::batch::{Stamp, assemble};
use crate::columnar::{self, Bad, cell_text};
use crate::convert::{AttributePlan, FieldPlan, Place};
use crate::error::{BadCell, IngestError, RowName};
use crate::limits::BAD_CELLS;
use crate::reader::{ArrayRow, Kind, ParquetInput, damaged, guarded};
use crate::reject::Rejects;

/// More threads than this only wait for the disk.
const THREADS: usize = 8;

/// What a thread needs: plans whose columns are numbered as in the projected batches.
#[derive(Clone)]
struct Work {
    entity: Entity,
    path: PathBuf,
    projection: Vec<usize>,
    names: Vec<String>,
    fields: Vec<FieldPlan>,
    attributes: Vec<AttributePlan>,
}

pub(super) fn convert(
    run: &Run<'_>,
    job: &Job<'_>,
    plan: &mut Plan,
    sink: &mut Sink<'_>,
    taken: &[PathBuf],
) -> Result<Outcome, IngestError> {
    let Kind::Parquet(parquet) = &plan.table.input.kind else {
        return super::rows::convert(run, job, plan, sink, taken);
    };
    let work = work(job, plan);
    let groups = parquet.row_groups();
    let read: u64 = groups.iter().sum();
    let threads = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(THREADS)
        .min(groups.len());
    if threads > 1
        && sink.keeps_all()
        && run.options.on_error == OnError::Stop
        && !run.options.dry_run
    {
        let Some((stamp, seq)) = sink.position() else {
            return Ok(Outcome {
                read: 0,
                rejected: 0,
                reject_file: None,
            });
        };
        let files = in_threads(run, &work, parquet, &groups, threads, &stamp, seq)?;
        sink.take(files, read)?;
        return Ok(Outcome {
            read,
            rejected: 0,
            reject_file: None,
        });
    }
    let mut rejects = Rejects::new(&job.file, &work.names, taken, !run.options.dry_run);
    let all = (0..groups.len()).collect();
    let mut wrong: Vec<BadCell> = Vec::new();
    each_batch(&work, parquet, all, &mut |first, batch| {
        let (block, bad, columns) =
            columnar::convert(work.entity, &work.fields, &work.attributes, &batch);
        run.options.progress.advanced(count(batch.num_rows()));
        if bad.is_empty() {
            return sink.push(block);
        }
        if run.options.on_error == OnError::Stop {
            wrong.extend(
                bad.iter()
                    .take(BAD_CELLS)
                    .map(|bad| work.bad_cell(bad, first, &columns)),
            );
            return if wrong.len() >= BAD_CELLS {
                Err(stopped(&mut wrong))
            } else {
                Ok(())
            };
        }
        let mut kept = vec![true; block.rows];
        for bad in &bad {
            kept[bad.row] = false;
        }
        for bad in bad.chunk_by(|left, right| left.row == right.row) {
            let cells: Vec<BadCell> = bad
                .iter()
                .map(|bad| work.bad_cell(bad, first, &columns))
                .collect();
            let index = bad.first().map_or(0, |bad| bad.row);
            let row = ArrayRow {
                columns: &columns,
                index,
            };
            rejects.add(&RowName::Number(first + count(index)), &row, &cells)?;
        }
        sink.push(block.filtered(&BooleanArray::from(kept))?)
    })?;
    if !wrong.is_empty() {
        return Err(stopped(&mut wrong));
    }
    let rejected = rejects.count;
    Ok(Outcome {
        read,
        rejected,
        reject_file: rejects.finish()?,
    })
}

fn stopped(wrong: &mut Vec<BadCell>) -> IngestError {
    let mut cells = std::mem::take(wrong);
    cells.truncate(BAD_CELLS);
    IngestError::BadCells { cells }
}

/// Plans over the columns that are read, numbered as they come.
fn work(job: &Job<'_>, plan: &Plan) -> Work {
    let (mut fields, mut attributes) = (plan.fields.clone(), plan.attributes.clone());
    let places = fields.iter_mut().map(|plan| &mut plan.place);
    let mut places: Vec<&mut Place> = places
        .chain(attributes.iter_mut().map(|plan| &mut plan.place))
        .collect();
    let mut projection: Vec<usize> = places
        .iter()
        .filter_map(|place| match place {
            Place::Column(index) => Some(*index),
            Place::Constant(_) => None,
        })
        .collect();
    projection.sort_unstable();
    projection.dedup();
    for place in &mut places {
        if let Place::Column(index) = place {
            *index = projection.binary_search(index).unwrap_or_default();
        }
    }
    let names = projection
        .iter()
        .map(|index| plan.table.columns[*index].clone())
        .collect();
    let path = job.file.clone();
    Work {
        entity: job.source.entity,
        path,
        projection,
        names,
        fields,
        attributes,
    }
}

impl Work {
    fn bad_cell(&self, bad: &Bad, first: u64, columns: &[ArrayRef]) -> BadCell {
        let column = bad.column.and_then(|index| self.names.get(index)).cloned();
        BadCell {
            file: self.path.clone(),
            sheet: None,
            row: RowName::Number(first + count(bad.row)),
            column: column.unwrap_or_else(|| bad.field.to_owned()),
            value: cell_text(columns, bad),
            expected: bad.expected.clone(),
        }
    }
}

/// Calls with each batch of the groups and the number of its first row within the groups, from 1.
fn each_batch(
    work: &Work,
    parquet: &ParquetInput,
    groups: Vec<usize>,
    on_batch: &mut dyn FnMut(u64, RecordBatch) -> Result<(), IngestError>,
) -> Result<(), IngestError> {
    let path: &Path = &work.path;
    let mut batches = parquet.batches(path, &work.projection, groups)?;
    let mut first = 1;
    while let Some(batch) = guarded(path, "parquet", || batches.next())? {
        let batch = batch.map_err(|error| damaged(path, "parquet", error))?;
        let rows = count(batch.num_rows());
        on_batch(first, batch)?;
        first += rows;
    }
    Ok(())
}

/// Converts the row groups in several threads, each a run of neighbouring ones into files of its
/// own: rows are numbered by their place in the file, whoever writes them.
fn in_threads(
    run: &Run<'_>,
    work: &Work,
    parquet: &ParquetInput,
    groups: &[u64],
    threads: usize,
    stamp: &Stamp,
    seq: i64,
) -> Result<Vec<NewFile>, IngestError> {
    let parts = shares(groups, threads);
    let results: Vec<Result<Vec<NewFile>, IngestError>> = std::thread::scope(|scope| {
        let handles: Vec<_> = parts
            .into_iter()
            .map(|(before, part)| {
                let work = work.clone();
                let options = run.options;
                let mut writer = new_writer(run, work.entity);
                scope.spawn(move || {
                    each_batch(&work, parquet, part, &mut |first, batch| {
                        let (block, bad, columns) =
                            columnar::convert(work.entity, &work.fields, &work.attributes, &batch);
                        options.progress.advanced(count(batch.num_rows()));
                        if !bad.is_empty() {
                            let cells = bad.iter().take(BAD_CELLS);
                            let cells =
                                cells.map(|bad| work.bad_cell(bad, before + first, &columns));
                            return Err(IngestError::BadCells {
                                cells: cells.collect(),
                            });
                        }
                        let offset = i64::try_from(before + first - 1).unwrap_or(i64::MAX);
                        writer.write(&assemble(block, stamp, seq + offset)?, None)?;
                        Ok(())
                    })?;
                    Ok(writer.finish()?)
                })
            })
            .collect();
        handles
            .into_iter()
            .map(|handle| {
                handle.join().unwrap_or_else(|_| {
                    Err(damaged(&work.path, "parquet", "it contradicts itself"))
                })
            })
            .collect()
    });
    let mut files = Vec::new();
    for result in results {
        files.extend(result?);
    }
    Ok(files)
}

/// Neighbouring row groups with about the same number of rows each, and the rows before them.
fn shares(groups: &[u64], threads: usize) -> Vec<(u64, Vec<usize>)> {
    let total: u64 = groups.iter().sum();
    let share = total.div_ceil(count(threads.max(1))).max(1);
    let mut parts: Vec<(u64, Vec<usize>)> = Vec::new();
    let mut before = 0;
    for (index, rows) in groups.iter().enumerate() {
        let part = before / share;
        match parts.last_mut() {
            Some((start, part_groups)) if *start / share == part || part_groups.is_empty() => {
                part_groups.push(index);
            }
            _ => parts.push((before, vec![index])),
        }
        before += rows;
    }
    parts
}
