//! The first pass: what only a whole column can say, and which ids a file repeats.

use hashbrown::HashSet;
use millrace_models::entity::{Entity, Field, FieldKind};

use super::{Job, Run};
use crate::convert::{AttributePlan, FieldPlan, Place, ZoneClock};
use crate::error::IngestError;
use crate::known::{has_identity, id_hash};
use crate::mapping::{FieldMapping, Origin, Source};
use crate::profile::{self, Profile, Reading, needs_profile};
use crate::reader::{ArrayRow, Flow, Kind, Row, damaged, readable};
use crate::source::Table;
use crate::value::date::Order;

/// A file after its first pass.
pub(super) struct Prepared {
    /// Kept open where the source is one file.
    table: Option<Table>,
    /// One for each mapped field.
    profiles: Vec<Profile>,
    /// What other files of the source decided about the order of dates, for each mapped field.
    others: Vec<Option<Order>>,
}

/// A file that is ready to be converted.
pub(super) struct Plan {
    pub(super) table: Table,
    pub(super) fields: Vec<FieldPlan>,
    pub(super) attributes: Vec<AttributePlan>,
}

/// Goes through the files once. The set holds the ids that a file has more than once, which
/// matters only where rows are compared with those that are known.
pub(super) fn prepare(
    entity: Entity,
    jobs: &[&Job<'_>],
    compared: bool,
) -> Result<(Vec<Prepared>, HashSet<u64>), IngestError> {
    let mut repeated = HashSet::new();
    let mut prepared = Vec::with_capacity(jobs.len());
    for job in jobs {
        let mut table = open(job)?;
        let mut profiles = vec![Profile::default(); job.source.fields.len()];
        let mut ids = Ids::new(entity, job.source, &table, compared);
        let observed = observed(job.source, &table);
        if !observed.is_empty() || ids.is_some() {
            first_pass(
                &mut table,
                job.source,
                &observed,
                &mut profiles,
                ids.as_mut(),
            )?;
        }
        if let Some(ids) = ids {
            repeated.extend(ids.repeated);
        }
        let others = vec![None; profiles.len()];
        let table = (jobs.len() == 1).then_some(table);
        prepared.push(Prepared {
            table,
            profiles,
            others,
        });
    }
    share_orders(jobs, &mut prepared);
    Ok((prepared, repeated))
}

/// A file whose own dates leave the order open follows the other files of its source, where those
/// agree.
fn share_orders(jobs: &[&Job<'_>], prepared: &mut [Prepared]) {
    for index in 0..prepared.len() {
        let mut others = prepared[index].others.clone();
        for (field, order) in others.iter_mut().enumerate() {
            let mut found: Option<Order> = None;
            let mut agree = true;
            for (job, other) in jobs.iter().zip(prepared.iter()) {
                if std::ptr::eq(job.source, jobs[index].source)
                    && let Some(decided) = other.profiles[field].order()
                {
                    agree &= found.is_none_or(|found| found == decided);
                    found = Some(decided);
                }
            }
            *order = found.filter(|_| agree);
        }
        prepared[index].others = others;
    }
}

impl Prepared {
    /// Opens the file again, if need be, and settles how its columns are read.
    pub(super) fn plan(self, run: &Run<'_>, job: &Job<'_>) -> Result<Plan, IngestError> {
        let table = match self.table {
            Some(table) => table,
            None => open(job)?,
        };
        let is_1904 = table.input.is_1904();
        let mut fields = Vec::new();
        for (index, mapping) in job.source.fields.iter().enumerate() {
            let Some(place) = Place::new(&mapping.origin, |name| table.position(name)) else {
                continue;
            };
            let reading = match &mapping.origin {
                Origin::Column(column) => {
                    let what = profile::Place {
                        file: &job.file,
                        sheet: table.sheet.as_deref(),
                        column,
                        field: mapping.field.name,
                    };
                    self.profiles[index].reading(&what, self.others[index], is_1904)?
                }
                Origin::Value(_) => Reading::default(),
            };
            let clock = ZoneClock::new(run.zone, run.options.company_zone);
            let plan = FieldPlan::new(mapping, place, reading, clock);
            check_constant(run, job.source, mapping, &plan)?;
            fields.push(plan);
        }
        let attributes = job.source.attributes.iter().filter_map(|mapping| {
            let place = Place::new(&mapping.origin, |name| table.position(name))?;
            Some(AttributePlan::new(mapping, place))
        });
        let attributes = attributes.collect();
        Ok(Plan {
            table,
            fields,
            attributes,
        })
    }
}

pub(super) fn check_constant(
    run: &Run<'_>,
    source: &Source,
    mapping: &FieldMapping,
    plan: &FieldPlan,
) -> Result<(), IngestError> {
    let Place::Constant(value) = &plan.place else {
        return Ok(());
    };
    let Err(expected) = plan.convert(crate::value::Cell::Text(value), false) else {
        return Ok(());
    };
    Err(IngestError::Setting {
        file: run.mapping.file.clone(),
        place: format!("{}: columns.{}", source.place, mapping.field.name),
        value: value.clone(),
        expected,
    })
}

fn open(job: &Job<'_>) -> Result<Table, IngestError> {
    let wanted: Vec<(String, String)> = job
        .source
        .columns()
        .map(|(column, what)| (column.to_owned(), what))
        .collect();
    Table::open(&job.file, &job.files.options, &wanted)
}

/// Fields that need the first pass: their index, kind and column.
fn observed(source: &Source, table: &Table) -> Vec<(usize, FieldKind, usize)> {
    let fields = source.fields.iter().enumerate();
    let all = fields.filter_map(|(index, mapping)| {
        let Origin::Column(column) = &mapping.origin else {
            return None;
        };
        let position = table.position(column)?;
        let kind = mapping.field.kind;
        (needs_profile(kind) && mapping.format.is_none() && is_text(table, position))
            .then_some((index, kind, position))
    });
    all.collect()
}

/// Whether a column can hold text: in Parquet its type says so.
fn is_text(table: &Table, position: usize) -> bool {
    match &table.input.kind {
        Kind::Parquet(parquet) => {
            let column = parquet.schema().field(position);
            let empty = arrow::array::new_empty_array(column.data_type());
            *readable(&empty).data_type() == arrow::datatypes::DataType::Utf8
        }
        _ => true,
    }
}

/// Finds the ids that a file has more than once.
struct Ids {
    columns: Vec<usize>,
    seen: HashSet<u64>,
    repeated: HashSet<u64>,
}

impl Ids {
    fn new(entity: Entity, source: &Source, table: &Table, compared: bool) -> Option<Ids> {
        if !compared || !has_identity(entity) {
            return None;
        }
        let column = |name: &str| {
            let is_named = |field: &Field| field.name == name;
            let mapping = source
                .fields
                .iter()
                .find(|mapping| is_named(mapping.field))?;
            let Origin::Column(column) = &mapping.origin else {
                return None;
            };
            table.position(column)
        };
        let names = if entity.is_named() {
            &["id", "name"][..]
        } else {
            &["id"]
        };
        let columns = names.iter().filter_map(|name| column(name)).collect();
        Some(Ids {
            columns,
            seen: HashSet::new(),
            repeated: HashSet::new(),
        })
    }

    fn observe(&mut self, row: &dyn Row) {
        let cell = self
            .columns
            .iter()
            .map(|column| row.cell(*column))
            .find(|cell| !cell.is_blank());
        if let Some(cell) = cell {
            let id = id_hash(&cell.text());
            if !self.seen.insert(id) {
                self.repeated.insert(id);
            }
        }
    }
}

fn first_pass(
    table: &mut Table,
    source: &Source,
    observed: &[(usize, FieldKind, usize)],
    profiles: &mut [Profile],
    mut ids: Option<&mut Ids>,
) -> Result<(), IngestError> {
    let mut observe = |number: u64, row: &dyn Row, ids: &mut Option<&mut Ids>| {
        for (index, kind, column) in observed {
            let cell = row.cell(*column);
            let rules = &source.fields[*index].rules;
            if rules.is_empty() || !rules.contains_key(cell.text().as_ref()) {
                profiles[*index].observe(*kind, number, cell);
            }
        }
        if let Some(ids) = ids {
            ids.observe(row);
        }
    };
    let Kind::Parquet(parquet) = &table.input.kind else {
        return table.rows(&mut |number, row| {
            observe(number, row, &mut ids);
            Ok(Flow::Go)
        });
    };
    // Only the columns that are looked at are decoded; the others are filled with nothing.
    let mut wanted: Vec<usize> = observed.iter().map(|(_, _, column)| *column).collect();
    wanted.extend(ids.iter().flat_map(|ids| ids.columns.iter().copied()));
    wanted.sort_unstable();
    wanted.dedup();
    let groups = (0..parquet.row_groups().len()).collect();
    let path = &table.input.path;
    let mut number = 0;
    for batch in parquet.batches(path, &wanted, groups)? {
        let batch = batch.map_err(|error| damaged(path, "parquet", error))?;
        let mut columns =
            vec![
                arrow::array::new_null_array(&arrow::datatypes::DataType::Null, batch.num_rows());
                table.columns.len()
            ];
        for (column, position) in batch.columns().iter().zip(&wanted) {
            columns[*position] = readable(column);
        }
        for index in 0..batch.num_rows() {
            number += 1;
            observe(
                number,
                &ArrayRow {
                    columns: &columns,
                    index,
                },
                &mut ids,
            );
        }
    }
    Ok(())
}
