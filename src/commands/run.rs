//! `millrace run`: raw tables to marts, published as one set.

use std::sync::Arc;

use anyhow::anyhow;
use chrono::{DateTime, Utc};
use millrace_jobs::{Progress, RunOptions, RunReport};
use millrace_lake::Lake;
use millrace_models::marts::TABLES;
use millrace_models::metric::nearest;

use crate::arguments::{Format, RunArguments};
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
pub(crate) async fn run(context: &Context, options: &RunArguments) -> Result<(), Failure> {
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
    let report = build(context, &lake, as_of, options.jobs.clone(), options.full).await?;
    write(context, &report)
}

/// Builds marts (all without `jobs`) and publishes them.
///
/// # Errors
///
/// When the lake cannot be read or written.
pub(crate) async fn build(
    context: &Context,
    lake: &Lake,
    as_of: Option<DateTime<Utc>>,
    jobs: Vec<String>,
    full: bool,
) -> Result<RunReport, Failure> {
    let options = RunOptions {
        company: context.company.clone(),
        as_of,
        now: context.now,
        jobs,
        full,
        progress: Arc::new(Line::new(context.quiet)),
    };
    let report = Box::pin(millrace_jobs::run(lake, &options)).await?;
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
