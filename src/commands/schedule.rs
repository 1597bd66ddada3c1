//! `millrace schedule`: what is done by itself, when it is next and how it went.

use std::sync::Arc;

use millrace_models::clock::Clock;
use millrace_operations::entity::schedule_run;
use millrace_operations::service::schedule::{self, Overview};
use millrace_operations::{Actor, Store, Unit};
use serde_json::{Value, json};

use crate::arguments::{Format, ScheduleArguments, ScheduleCommand};
use crate::commands::init;
use crate::commands::serve::{by_itself, state};
use crate::failure::Failure;
use crate::output::table::{Align, Table};
use crate::output::{self, value};
use crate::settings::Context;

/// Lists, runs, ends, or tells how it went.
///
/// # Errors
///
/// When there is no such schedule or run, or the database cannot be read or written.
pub(crate) async fn run(
    context: &Context,
    options: ScheduleArguments,
    clock: impl Clock + 'static,
) -> Result<(), Failure> {
    let actor = Actor::system("millrace schedule");
    if let ScheduleCommand::Run { id, wait: true } = options.about {
        return waited(context, id, clock).await;
    }
    let store = context.store(Arc::new(clock)).await?;
    match options.about {
        ScheduleCommand::List => list(context, &store).await?,
        ScheduleCommand::Run { id, .. } => {
            let work = async |unit: Unit| schedule::run_now(&unit, None, id).await;
            one(context, &store.write(&actor, work).await?)?;
        }
        ScheduleCommand::Cancel { id } => {
            let work = async |unit: Unit| schedule::cancel(&unit, None, id).await;
            one(context, &store.write(&actor, work).await?)?;
        }
        ScheduleCommand::History { log: Some(run), .. } => log(context, &store, run).await?,
        ScheduleCommand::History { id, limit, .. } => {
            let runs = schedule::history(&store, id, limit).await?;
            rows(
                context,
                &RUN,
                &runs
                    .iter()
                    .map(|run| shown(context, run))
                    .collect::<Vec<_>>(),
            )?;
        }
    }
    store.close().await?;
    Ok(())
}

const RUN: [&str; 8] = [
    "id",
    "planned_at",
    "state",
    "manual",
    "began_at",
    "seconds",
    "result",
    "error",
];

/// A run as people read it.
fn shown(context: &Context, run: &schedule_run::Model) -> Value {
    let time = |at| value::time(at, context.company.zone);
    let seconds = run.began_at.zip(run.ended_at);
    json!({
        "id": run.id,
        "planned_at": time(run.planned_at),
        "state": run.state,
        "manual": run.manual,
        "began_at": run.began_at.map(time),
        "seconds": seconds.map(|(began, ended)| (ended - began).num_seconds()),
        "result": run.result,
        "error": run.error,
    })
}

fn one(context: &Context, run: &schedule_run::Model) -> Result<(), Failure> {
    rows(context, &RUN, &[shown(context, run)])
}

async fn waited(context: &Context, id: i64, clock: impl Clock + 'static) -> Result<(), Failure> {
    let made = init::create(context, Arc::new(clock)).await?;
    let actor = Actor::system("millrace schedule");
    let work = async |unit: Unit| schedule::run_now(&unit, None, id).await;
    let asked = made.store.write(&actor, work).await?;
    let (scheduler, _) = by_itself(context, &made, &state(context, &made, None));
    Box::pin(scheduler.round()).await?;
    let runs = schedule::history(&made.store, id, 50).await?;
    let run = runs.into_iter().find(|run| run.id == asked.id);
    let run = run.unwrap_or(asked);
    one(context, &run)?;
    made.store.close().await?;
    match run.state.as_str() {
        "done" => Ok(()),
        state => Err(anyhow::anyhow!("the run is {state}").into()),
    }
}

async fn list(context: &Context, store: &Store) -> Result<(), Failure> {
    const COLUMNS: [&str; 9] = [
        "id",
        "name",
        "work",
        "rule",
        "enabled",
        "next",
        "last",
        "last_state",
        "last_error",
    ];
    let time = |at| value::time(at, context.company.zone);
    let all = schedule::overview(store, None).await?;
    let shown = |own: &Overview| {
        let last = own.runs.first();
        json!({
            "id": own.id,
            "name": own.schedule.name,
            "work": own.schedule.work,
            "rule": own.schedule.rule,
            "enabled": own.schedule.enabled,
            "next": own.next.first().map(|at| time(*at)),
            "last": last.map(|run| time(run.planned_at)),
            "last_state": last.map(|run| run.state.clone()),
            "last_error": last.and_then(|run| run.error.clone()),
        })
    };
    rows(
        context,
        &COLUMNS,
        &all.iter().map(shown).collect::<Vec<_>>(),
    )
}

async fn log(context: &Context, store: &Store, run: i64) -> Result<(), Failure> {
    let lines = schedule::lines(store, None, run).await?;
    let shown = lines
        .iter()
        .map(|line| json!({"at": value::time(line.at, context.company.zone), "text": line.text}));
    rows(context, &["at", "text"], &shown.collect::<Vec<_>>())
}

/// Rows in the format that was asked for.
///
/// # Errors
///
/// When stdout cannot be written.
pub(crate) fn rows(context: &Context, columns: &[&str], rows: &[Value]) -> Result<(), Failure> {
    let cells = |row: &Value| -> Vec<String> {
        let cells = columns.iter().map(|name| value::plain(row.get(*name)));
        cells.collect()
    };
    match context.format {
        Format::Json => output::json(&rows)?,
        Format::Csv => {
            let cells: Vec<Vec<String>> = rows.iter().map(cells).collect();
            output::csv(columns, cells.iter().map(Vec::as_slice))?;
        }
        Format::Table => {
            let mut table = Table::new(columns.iter().map(|name| (*name, Align::Left)));
            for row in rows {
                let filled = cells(row).into_iter().map(|cell| {
                    if cell.is_empty() {
                        value::NOTHING.to_owned()
                    } else {
                        cell
                    }
                });
                table.push(filled.collect());
            }
            output::write(&table.render())?;
        }
    }
    Ok(())
}
