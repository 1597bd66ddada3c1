//! `millrace ingest`: the change log, and files by mapping, into the lake.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::anyhow;
use millrace_ingest::{
    ChangeLogReport, IngestError, IngestOptions, IngestReport, Inspection, WINDOW, changes_behind,
    ingest_changes, ingest_mapping, ingested_mark, inspect,
};
use millrace_lake::Lake;
use millrace_models::clock::Clock;
use millrace_models::entity::Entity;
use serde::Serialize;
use serde_json::json;

use crate::arguments::{Format, IngestArguments, OnError};
use crate::failure::Failure;
use crate::output;
use crate::output::table::{Align, Table};
use crate::output::value::{count, plain};
use crate::progress::Line;
use crate::settings::Context;

/// What was ingested.
#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    files: IngestReport,
    change_log: ChangeLogReport,
}

/// Ingests the change log and what the mapping names, or looks into files.
///
/// # Errors
///
/// When the mapping or a file is wrong, the database cannot be read or the lake cannot be written.
pub(crate) async fn run(
    context: &Context,
    options: &IngestArguments,
    clock: impl Clock + 'static,
) -> Result<(), Failure> {
    if !options.files.is_empty() {
        return look_into(context, &options.files);
    }
    let lake = context.lake().await?;
    let store = context.store(Arc::new(clock)).await?;
    // Files first: what is wrong with them is told before anything is changed.
    let files = match &options.mapping {
        Some(file) => mapping(context, &lake, file, options.on_error, options.dry_run).await?,
        None => IngestReport {
            dry_run: options.dry_run,
            ..IngestReport::default()
        },
    };
    let change_log = if options.dry_run {
        let behind = changes_behind(&lake, &store).await?;
        ChangeLogReport {
            entries: behind.entries,
            mark: ingested_mark(&lake, &store).await?,
            ..ChangeLogReport::default()
        }
    } else {
        Line::new(context.quiet).say("change log".to_owned());
        Box::pin(ingest_changes(&lake, &store, WINDOW, context.now)).await?
    };
    store.close().await?;
    write(context, &Report { files, change_log })
}

/// Ingests what a mapping names.
///
/// # Errors
///
/// When the mapping or a file is wrong, or the lake cannot be written.
pub(crate) async fn mapping(
    context: &Context,
    lake: &Lake,
    file: &Path,
    on_error: OnError,
    dry_run: bool,
) -> Result<IngestReport, Failure> {
    let line = Line::new(context.quiet);
    let options = IngestOptions {
        company_zone: context.company.zone,
        now: context.now,
        on_error: match on_error {
            OnError::Stop => millrace_ingest::OnError::Stop,
            OnError::Reject => millrace_ingest::OnError::Reject,
        },
        dry_run,
        progress: &line,
    };
    Ok(Box::pin(ingest_mapping(lake, file, &options)).await?)
}

/// Whether nothing was ever ingested.
///
/// # Errors
///
/// When the lake cannot be read.
pub(crate) async fn is_empty(lake: &Lake) -> Result<bool, Failure> {
    for entity in Entity::all() {
        let table = lake.table(&format!("raw/{}", entity.name())).await?;
        if table.rows() > 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

impl From<IngestError> for Failure {
    fn from(error: IngestError) -> Self {
        match error {
            IngestError::Lake(error) => error.into(),
            IngestError::Arrow(_)
            | IngestError::RejectFile { .. }
            | IngestError::Unreachable { .. }
            | IngestError::Table { .. }
            | IngestError::Operations(_)
            | IngestError::OtherLog { .. } => anyhow::Error::new(error).into(),
            error => Self::input(error),
        }
    }
}

fn write(context: &Context, whole: &Report) -> Result<(), Failure> {
    if context.format == Format::Json {
        return Ok(output::json(whole)?);
    }
    let report = &whole.files;
    let header = [
        "file",
        "entity",
        "read",
        "added",
        "deleted",
        "unchanged",
        "rejected",
        "rejected_rows_in",
    ];
    let rows: Vec<[String; 8]> = report
        .sources
        .iter()
        .map(|source| {
            let number = |number: u64| match context.format {
                Format::Csv => number.to_string(),
                Format::Table | Format::Json => count(i128::from(number)),
            };
            let mut file = source.file.display().to_string();
            if let Some(sheet) = &source.sheet {
                file = format!("{file} [{sheet}]");
            }
            [
                file,
                source.entity.to_owned(),
                number(source.read),
                number(source.added),
                number(source.deleted),
                number(source.unchanged),
                number(source.rejected),
                source
                    .reject_file
                    .as_ref()
                    .map(|file| file.display().to_string())
                    .unwrap_or_default(),
            ]
        })
        .collect();
    if context.format == Format::Csv {
        return Ok(output::csv(
            &header,
            rows.iter().map(<[String; 8]>::as_slice),
        )?);
    }
    // The last column is for the rare case.
    let shown = if rows.iter().all(|row| row[7].is_empty()) {
        7
    } else {
        8
    };
    let mut table = Table::new(header[..shown].iter().enumerate().map(|(position, name)| {
        let align = if (2..7).contains(&position) {
            Align::Right
        } else {
            Align::Left
        };
        (*name, align)
    }));
    for row in &rows {
        table.push(row[..shown].to_vec());
    }
    let changes = &whole.change_log;
    let entries = count(i128::from(changes.entries));
    let rows = count(i128::from(changes.rows.values().sum::<u64>()));
    let changes = if report.dry_run {
        format!("change log · {entries} entries are not in the lake yet\n")
    } else {
        format!("change log · {entries} entries read, {rows} rows added\n")
    };
    if report.sources.is_empty() {
        return Ok(output::write(&changes)?);
    }
    let mut text = table.render();
    let sum = |of: fn(&millrace_ingest::SourceReport) -> u64| {
        count(i128::from(report.sources.iter().map(of).sum::<u64>()))
    };
    text.push_str(&format!(
        "{} sources · system {} · {} read, {} {}, {} deleted, {} unchanged, {} rejected\n",
        report.sources.len(),
        report.system,
        sum(|source| source.read),
        sum(|source| source.added),
        if report.dry_run {
            "would be added"
        } else {
            "added"
        },
        sum(|source| source.deleted),
        sum(|source| source.unchanged),
        sum(|source| source.rejected),
    ));
    text.push_str(&changes);
    Ok(output::write(&text)?)
}

/// Looks into files without a mapping. All are looked into before the first refusal is told.
fn look_into(context: &Context, files: &[PathBuf]) -> Result<(), Failure> {
    let mut seen: Vec<Inspection> = Vec::new();
    let mut refused = Vec::new();
    for file in files {
        let line = Line::new(context.quiet);
        line.say(file.display().to_string());
        match inspect(file) {
            Ok(inspection) => seen.push(inspection),
            Err(error) => refused.push((file, error)),
        }
    }
    match context.format {
        Format::Json => {
            let refused: Vec<_> = refused
                .iter()
                .map(|(file, error)| json!({"file": file, "reason": error.to_string()}))
                .collect();
            output::json(&json!({"files": seen, "refused": refused}))?;
        }
        Format::Csv => inspected_csv(&seen)?,
        Format::Table => output::write(&seen.iter().map(inspected_table).collect::<String>())?,
    }
    if refused.is_empty() {
        return Ok(());
    }
    let reasons: Vec<String> = refused.iter().map(|(_, error)| error.to_string()).collect();
    Err(Failure::input(anyhow!("{}", reasons.join("\n"))).answered())
}

fn inspected_csv(seen: &[Inspection]) -> anyhow::Result<()> {
    let rows: Vec<[String; 4]> = seen
        .iter()
        .flat_map(|inspection| {
            inspection.columns.iter().map(|column| {
                [
                    inspection.file.display().to_string(),
                    column.name.clone(),
                    kind(column.kind),
                    column.samples.join(" | "),
                ]
            })
        })
        .collect();
    output::csv(
        &["file", "column", "kind", "samples"],
        rows.iter().map(<[String; 4]>::as_slice),
    )
}

fn inspected_table(inspection: &Inspection) -> String {
    let mut table = Table::new([
        ("column", Align::Left),
        ("kind", Align::Left),
        ("samples", Align::Left),
    ]);
    for column in &inspection.columns {
        table.push(vec![
            column.name.clone(),
            kind(column.kind),
            column.samples.join(" | "),
        ]);
    }
    let facts = [
        plain(serde_json::to_value(inspection.format).ok().as_ref()),
        inspection.encoding.unwrap_or_default().to_owned(),
        inspection
            .delimiter
            .as_ref()
            .map(|delimiter| format!("delimiter {delimiter:?}"))
            .unwrap_or_default(),
        inspection
            .sheet
            .as_ref()
            .map(|sheet| format!("sheet {sheet:?} of {}", inspection.sheets.len()))
            .unwrap_or_default(),
        inspection
            .header_row
            .map_or("no header row".to_owned(), |row| {
                format!("header in row {row}")
            }),
        format!("{} rows", count(i128::from(inspection.rows))),
    ];
    let facts: Vec<String> = facts.into_iter().filter(|fact| !fact.is_empty()).collect();
    format!(
        "{}: {}\n{}\n",
        inspection.file.display(),
        facts.join(" · "),
        table.render()
    )
}

fn kind(kind: millrace_ingest::ColumnKind) -> String {
    plain(serde_json::to_value(kind).ok().as_ref())
}
