//! `millrace run`: raw tables to marts, published as one set.

use std::sync::Arc;

use anyhow::anyhow;
use millrace_jobs::engine::Local;
use millrace_jobs::{Open, Progress, RunOptions, RunReport, run_leased};
use millrace_lake::Lake;
use millrace_models::clock::Clock;
use millrace_models::marts::TABLES;
use millrace_models::metric::nearest;
use millrace_operations::Store;

use crate::arguments::{Engine, Format, RunArguments};
use crate::failure::Failure;
use crate::output::table::{Align, Table};
use crate::output::{self, value};
use crate::progress::Line;
use crate::settings::Context;

/// Brings the marts up to date.
///
/// # Errors
///
/// When a job is unknown, or the lake cannot be read or written.
pub(crate) async fn run(
    context: &Context,
    options: &RunArguments,
    clock: impl Clock + 'static,
) -> Result<(), Failure> {
    for job in &options.jobs {
        if !TABLES.contains(&job.as_str()) {
            let suggestions = nearest(job, TABLES.iter().copied());
            return Err(Failure::input(anyhow!(
                "there is no job {job:?}; the jobs are {}",
                TABLES.join(", ")
            ))
            .suggesting(suggestions));
        }
    }
    let as_of = context.as_of(options.as_of.as_deref())?;
    let lake = context.lake().await?;
    let store = context.store(Arc::new(clock)).await?;
    let options = RunOptions {
        as_of,
        jobs: options.jobs.clone(),
        full: options.full,
        engine: match options.engine {
            Engine::Local => Arc::new(Local),
        },
        ..all(context)
    };
    let report = build(context, &lake, &store, &options).await?;
    store.close().await?;
    write(context, &report)
}

/// All marts, as far as they changed.
pub(crate) fn all(context: &Context) -> RunOptions {
    RunOptions {
        company: context.company.clone(),
        as_of: None,
        now: context.now,
        jobs: Vec::new(),
        full: false,
        rows_at_once: millrace_jobs::ROWS_AT_ONCE,
        engine: Arc::new(Local),
        gate: Arc::new(Open),
        fence: 0,
        progress: Arc::new(Line::new(context.quiet)),
    }
}

/// Builds marts and publishes them, after those who work on them now.
///
/// # Errors
///
/// When the lake or the database cannot be read or written.
pub(crate) async fn build(
    context: &Context,
    lake: &Lake,
    store: &Store,
    options: &RunOptions,
) -> Result<RunReport, Failure> {
    let report = Box::pin(run_leased(lake, store, options)).await?;
    for warning in &report.warnings {
        context.say(&format!("note: {warning}"));
    }
    Ok(report)
}

/// Writes what was built on stdout.
///
/// # Errors
///
/// When stdout cannot be written.
pub(crate) fn write(context: &Context, report: &RunReport) -> Result<(), Failure> {
    match context.format {
        Format::Json => output::json(report)?,
        Format::Csv => {
            let rows: Vec<[String; 3]> = report
                .marts
                .iter()
                .map(|mart| {
                    [
                        mart.name.clone(),
                        mart.version.to_string(),
                        mart.rows.to_string(),
                    ]
                })
                .collect();
            output::csv(
                &["mart", "version", "rows"],
                rows.iter().map(<[String; 3]>::as_slice),
            )?;
        }
        Format::Table => {
            let mut table = Table::new([
                ("mart", Align::Left),
                ("version", Align::Right),
                ("rows", Align::Right),
            ]);
            for mart in &report.marts {
                table.push(vec![
                    mart.name.clone(),
                    mart.version.to_string(),
                    value::count(i128::from(mart.rows)),
                ]);
            }
            let mut text = table.render();
            text.push_str(&format!(
                "set {} · complete to {} ({})\n",
                report.set,
                value::time(report.complete_to, context.company.zone),
                context.company.zone.name()
            ));
            output::write(&text)?;
        }
    }
    Ok(())
}

impl Progress for Line {
    fn step(&self, name: &str) {
        self.say(name);
    }
}
