//! Tables of databases, page by page.

mod intake;
mod plans;

use std::path::PathBuf;

use millrace_lake::Table;
use millrace_models::entity::Entity;
use xxhash_rust::xxh3::xxh3_128;

use self::intake::Intake;
use self::plans::{Plans, key_column};
use super::sink::Sink;
use super::{Run, SourceReport};
use crate::batch::Stamp;
use crate::database::{Address, Marks, Page, Reader, Wanted};
use crate::error::IngestError;
use crate::mapping::{Source, TableSource};
use crate::reject::Rejects;

/// A table of one source.
pub(super) struct TableJob<'a> {
    pub(super) order: usize,
    pub(super) source: &'a Source,
    pub(super) table: &'a TableSource,
    /// Whether a null of it is one: no other source of the mapping may know better.
    pub(super) is_whole: bool,
}

/// What came of a table.
pub(super) struct Done {
    pub(super) report: SourceReport,
    /// How far it was read.
    pub(super) transactions: Vec<(String, i64)>,
}

/// Reads what a table has to say since the last time.
pub(super) async fn convert<'r>(
    run: &'r Run<'r>,
    job: &TableJob<'_>,
    raw: &Table,
    sink: &mut Sink<'r>,
    rejects: &[PathBuf],
) -> Result<Done, IngestError> {
    let address = Address::resolve(&job.table.database).map_err(|wrong| IngestError::Setting {
        file: run.mapping.file.clone(),
        place: format!("{}: database", job.source.place),
        value: wrong.value,
        expected: wrong.expected,
    })?;
    let application = application(run, job, &address);
    let mut reader = Reader::open(address, wanted(job)).await?;
    let label = PathBuf::from(&reader.label);
    let plans = Plans::new(run, job, &reader)?;
    run.options.progress.started(&label, 0);
    sink.begin(Stamp {
        system: run.mapping.system.clone(),
        file: reader.label.clone(),
        ingested_at: run.options.now,
        op: if job.is_whole { "update" } else { "upsert" },
    });
    let marks = Marks::of(raw, &application);
    let horizon = reader.begin().await?;
    let mut page = Page::from(reader.below(marks.begin()));
    let beside = run.mapping.folder().join(&job.table.table);
    let rejects = Rejects::new(&beside, &plans.columns, rejects, !run.options.dry_run);
    let mut intake = Intake::new(run, job.source.entity, &label, &plans, sink, rejects);
    intake.all(&mut reader, &mut page).await?;
    if job.table.deletes_vanished {
        intake.reconcile(&mut reader, raw).await?;
    }
    let mut report = intake.finish()?;
    reader.close().await?;
    run.options.progress.finished(&label);
    (report.added, report.deleted, report.unchanged) = sink.counts();
    Ok(Done {
        report,
        transactions: marks.after(horizon, page.seen),
    })
}

/// What the marks of the table are called in the lake: others when the same rows would become other
/// records, so that all are read again.
fn application(run: &Run<'_>, job: &TableJob<'_>, address: &Address) -> String {
    let company_zone = run.options.company_zone;
    let hash = xxh3_128(
        format!(
            "{}|{}|{}|{}",
            address.identity,
            job.table.table,
            job.table.cursor,
            job.source.fingerprint(run.zone, company_zone)
        )
        .as_bytes(),
    );
    let (system, entity) = (&run.mapping.system, job.source.entity.name());
    format!("table:{system}:{entity}:{hash:032x}")
}

fn wanted<'a>(job: &TableJob<'a>) -> Wanted<'a> {
    let mapped = job.source.columns();
    let mut columns: Vec<(String, String)> = mapped
        .map(|(column, what)| (column.to_owned(), what))
        .collect();
    if let Some(when) = &job.table.deleted {
        columns.push((when.column.clone(), "`deleted`".into()));
    }
    let key = key_column(job.source).map(str::to_owned);
    if key.is_none() {
        // by which a row is called in messages
        columns.push((job.table.cursor.clone(), "`cursor`".into()));
    }
    Wanted {
        source: job.table,
        columns,
        key,
        keys_only: job.source.entity == Entity::Order,
    }
}
