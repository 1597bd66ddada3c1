//! `millrace targets`: what metrics are to reach, and targets from a sheet.

use std::path::Path;
use std::sync::Arc;

use anyhow::anyhow;
use millrace_jobs::targets::{self, Taken};
use millrace_models::clock::Clock;
use millrace_models::metric::{Registry, Unit};
use millrace_models::target::{TargetPeriod, Whom, write, year_of};
use millrace_operations::service::target::{self, Changed, Held, Names, Plan};
use serde_json::{Value, json};

use crate::arguments::{Format, TargetsArguments, TargetsCommand};
use crate::failure::Failure;
use crate::output::table::{Align, Table};
use crate::output::{self, value};
use crate::settings::Context;

/// Lists targets, or takes those of a sheet.
///
/// # Errors
///
/// When the database cannot be opened, or the sheet not be taken.
pub(crate) async fn run(
    context: &Context,
    options: TargetsArguments,
    clock: impl Clock + 'static,
) -> Result<(), Failure> {
    match &options.command {
        Some(TargetsCommand::Import { file, dry_run }) => {
            import(context, file, *dry_run, clock).await
        }
        Some(TargetsCommand::Template { file, lang }) => {
            template(context, &options, file, lang == "en", clock).await
        }
        None => list(context, &options, clock).await,
    }
}

fn year(options: &TargetsArguments, context: &Context) -> Result<TargetPeriod, Failure> {
    let Some(text) = &options.year else {
        let today = context
            .now
            .with_timezone(&context.company.zone)
            .date_naive();
        return Ok(year_of(today));
    };
    targets::year(text).ok_or_else(|| {
        let (first, last) = (targets::YEARS.start(), targets::YEARS.end());
        Failure::input(anyhow!(
            "{text:?} is no year from {first} to {last}: write it as 2026"
        ))
    })
}

/// For whom `--for` asks: `company`, a team or a person.
fn whom(names: &Names, text: &str) -> Result<Whom, Failure> {
    if text == "company" {
        return Ok(Whom::Company);
    }
    let team = names.team(text).map(Whom::Team);
    team.or_else(|| names.person(text).map(Whom::Person))
        .ok_or_else(|| {
            Failure::input(anyhow!(
                "there is no team and no person {text:?}; `company` is the company"
            ))
        })
}

const COLUMNS: [&str; 6] = ["metric", "period", "for", "name", "target", "note"];

async fn list(
    context: &Context,
    options: &TargetsArguments,
    clock: impl Clock + 'static,
) -> Result<(), Failure> {
    let year = year(options, context)?;
    let store = context.store(Arc::new(clock)).await?;
    let names = Names::read(store.reader()).await?;
    let only = options.whom.as_deref().map(|text| whom(&names, text));
    let only = only.transpose()?;
    let metrics: Vec<&str> = options.metric.iter().map(String::as_str).collect();
    for metric in &metrics {
        target::metric(metric).map_err(|reason| Failure::input(anyhow!(reason)))?;
    }
    let records = target::read(store.reader(), None, &metrics, year.days()).await?;
    store.close().await?;
    let registry = Registry::shipped().map_err(anyhow::Error::new)?;
    let mut rows = Vec::new();
    for record in &records {
        let (Some(held), Some(metric)) = (Held::of(record), registry.metric(&record.metric)) else {
            continue;
        };
        if only.is_some_and(|only| only != held.whom) {
            continue;
        }
        rows.push(json!({
            "metric": record.metric,
            "period": held.period,
            "for": kind(held.whom),
            "name": names.label(held.whom),
            "target": millrace_models::target::number(metric.unit, held.parts),
            "exactly": write(metric.unit, held.parts),
            "unit": metric.unit,
            "note": record.note,
        }));
    }
    let cells = |row: &Value| {
        COLUMNS.map(|name| match name {
            "target" => value::plain(row.get("exactly")),
            name => value::plain(row.get(name)),
        })
    };
    match context.format {
        Format::Json => output::json(&rows)?,
        Format::Csv => {
            let cells: Vec<[String; 6]> = rows.iter().map(cells).collect();
            output::csv(&COLUMNS, cells.iter().map(<[String; 6]>::as_slice))?;
        }
        Format::Table => {
            let mut table = Table::new(COLUMNS.map(|name| match name {
                "target" => (name, Align::Right),
                _ => (name, Align::Left),
            }));
            for row in &rows {
                let filled = COLUMNS.map(|name| match name {
                    "target" => told(row.get("target"), row.get("unit")),
                    name => match value::plain(row.get(name)) {
                        cell if cell.is_empty() => value::NOTHING.to_owned(),
                        cell => cell,
                    },
                });
                table.push(filled.to_vec());
            }
            let text = table.render();
            output::write(&format!("{text}{} targets of {year}\n", rows.len()))?;
        }
    }
    Ok(())
}

/// A target as people read it.
fn told(target: Option<&Value>, unit: Option<&Value>) -> String {
    value::metric(target, unit.and_then(Value::as_str).unwrap_or_default())
}

fn kind(whom: Whom) -> &'static str {
    match whom {
        Whom::Company => "company",
        Whom::Team(_) => "team",
        Whom::Person(_) => "person",
    }
}

async fn template(
    context: &Context,
    options: &TargetsArguments,
    file: &Path,
    english: bool,
    clock: impl Clock + 'static,
) -> Result<(), Failure> {
    let year = year(options, context)?;
    let store = context.store(Arc::new(clock)).await?;
    let bytes = targets::template(&store, None, year, english).await?;
    store.close().await?;
    std::fs::write(file, bytes)
        .map_err(|error| Failure::input(anyhow!("{}: {error}", file.display())))?;
    context.say(&format!("{} is written", file.display()));
    Ok(())
}

async fn import(
    context: &Context,
    file: &Path,
    dry_run: bool,
    clock: impl Clock + 'static,
) -> Result<(), Failure> {
    let store = context.store(Arc::new(clock)).await?;
    let taken = targets::import(&store, None, file, dry_run).await;
    store.close().await?;
    let plan = match taken.map_err(Failure::input)? {
        Taken::Planned(plan) => plan,
        Taken::Faulty(cells) => {
            let lines = cells.iter().map(|cell| {
                format!(
                    "{}!{}{}: {}{}",
                    cell.sheet,
                    cell.column,
                    cell.row,
                    if cell.value.is_empty() || cell.message.contains(&format!("{:?}", cell.value))
                    {
                        String::new()
                    } else {
                        format!("{:?}: ", cell.value)
                    },
                    cell.message
                )
            });
            let lines: Vec<String> = lines.collect();
            return Err(Failure::input(anyhow!(
                "{}: nothing was taken\n{}",
                file.display(),
                lines.join("\n")
            )));
        }
    };
    shown(context, &plan, dry_run)
}

fn shown(context: &Context, plan: &Plan, dry_run: bool) -> Result<(), Failure> {
    const HEADER: [&str; 5] = ["change", "metric", "period", "for", "target"];
    let number = |unit: Unit, number: f64| told(Some(&json!(number)), Some(&json!(unit)));
    let row = |own: &Changed, change: &str| {
        let after = number(own.unit, own.after);
        vec![
            change.to_owned(),
            own.metric.clone(),
            own.period.to_string(),
            own.name.clone().unwrap_or_else(|| "company".to_owned()),
            match own.before {
                Some(before) => format!("{} -> {after}", number(own.unit, before)),
                None => after,
            },
        ]
    };
    let added = plan.added.iter().map(|own| row(own, "added"));
    let changed = plan.changed.iter().map(|own| row(own, "changed"));
    let rows: Vec<Vec<String>> = added.chain(changed).collect();
    match context.format {
        Format::Json => output::json(plan)?,
        Format::Csv => output::csv(&HEADER, rows.iter().map(Vec::as_slice))?,
        Format::Table => {
            let mut table = Table::new(HEADER.map(|name| match name {
                "target" => (name, Align::Right),
                _ => (name, Align::Left),
            }));
            let count = rows.len();
            for row in rows {
                table.push(row);
            }
            let told = if dry_run { "would be " } else { "" };
            let text = if count == 0 {
                String::new()
            } else {
                table.render()
            };
            output::write(&format!(
                "{text}{} {told}added, {} {told}changed, {} unchanged\n",
                plan.added.len(),
                plan.changed.len(),
                plan.unchanged
            ))?;
        }
    }
    Ok(())
}
