//! `millrace close`, `millrace reopen`: months whose numbers stay, and all closes that there were.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::anyhow;
use chrono::NaiveDate;
use millrace_jobs::Live;
use millrace_models::clock::Clock;
use millrace_models::period::Grain;
use millrace_operations::entity::month_close;
use millrace_operations::service::month_close::{history, people, standing};
use millrace_operations::{ErrorKind, OperationsError, Store};
use serde_json::{Value, json};

use crate::arguments::{CloseArguments, Format, ReopenArguments};
use crate::failure::Failure;
use crate::output::table::{Align, Table};
use crate::output::{self, value};
use crate::progress::Line;
use crate::settings::Context;

/// Closes a month, or lists all closes.
///
/// # Errors
///
/// When the month cannot be closed now, or the database or the lake not be written.
pub(crate) async fn close(
    context: &Context,
    options: &CloseArguments,
    clock: impl Clock + 'static,
) -> Result<(), Failure> {
    if options.month == "list" {
        let store = context.store(Arc::new(clock)).await?;
        return list(context, store).await;
    }
    let month = month(&options.month)?;
    let live = live(context, clock).await?;
    let progress = Line::new(context.quiet);
    progress.say("bringing in what was written up to now");
    let closed = live.close_month(None, month, options.note.as_deref()).await;
    drop(progress);
    let closed = closed.map_err(refused)?;
    one(context, live.store, &closed).await
}

/// Opens the last closed month again.
///
/// # Errors
///
/// When it is not the last closed month, or the database or the lake cannot be written.
pub(crate) async fn reopen(
    context: &Context,
    options: &ReopenArguments,
    clock: impl Clock + 'static,
) -> Result<(), Failure> {
    let month = month(&options.month)?;
    let live = live(context, clock).await?;
    let opened = live.reopen_month(None, month, &options.reason).await;
    one(context, live.store, &opened.map_err(refused)?).await
}

async fn live(context: &Context, clock: impl Clock + 'static) -> Result<Live, Failure> {
    Ok(Live {
        lake: context.lake().await?,
        store: context.store(Arc::new(clock)).await?,
        company: context.company.clone(),
    })
}

fn month(text: &str) -> Result<NaiveDate, Failure> {
    let first = format!("{text}-01").parse::<NaiveDate>().ok();
    let first = first.filter(|first| Grain::Month.label(*first) == text);
    first.ok_or_else(|| Failure::input(anyhow!("{text:?} is no month: write it as 2026-03")))
}

/// A month that cannot be closed is a wrong command.
fn refused(error: anyhow::Error) -> Failure {
    match error.downcast_ref::<OperationsError>() {
        Some(own) if own.kind() == ErrorKind::Invalid => Failure::input(error),
        _ => error.into(),
    }
}

/// The names of people.
type People = BTreeMap<i64, String>;

/// A close as people read it.
fn shown(context: &Context, people: &People, close: &month_close::Model) -> Value {
    let person = |id: Option<i64>| people.get(&id?);
    let time = |at| value::time(at, context.company.zone);
    json!({
        "month": Grain::Month.label(close.month),
        "status": if close.reopened_at.is_none() { "closed" } else { "reopened" },
        "closed_at": time(close.closed_at),
        "closed_by": person(close.closed_by_id),
        "note": close.note,
        "published_set": close.published_set,
        "reopened_at": close.reopened_at.map(time),
        "reopened_by": person(close.reopened_by_id),
        "reopen_reason": close.reopen_reason,
    })
}

async fn one(context: &Context, store: Store, close: &month_close::Model) -> Result<(), Failure> {
    let shown = shown(context, &people(store.reader()).await?, close);
    let left = standing(store.reader()).await?;
    store.close().await?;
    if context.format == Format::Table {
        let of = |key: &str| value::plain(shown.get(key));
        let closed = left.last().map(|last| Grain::Month.label(last.month));
        let closed = closed.map_or("no month is closed".to_owned(), |last| {
            format!("months are closed up to {last}")
        });
        return Ok(output::write(&format!(
            "{} is {}; {closed}\n",
            of("month"),
            if of("status") == "closed" {
                "closed"
            } else {
                "open again"
            },
        ))?);
    }
    Ok(output::json(&shown)?)
}

async fn list(context: &Context, store: Store) -> Result<(), Failure> {
    const COLUMNS: [&str; 9] = [
        "month",
        "status",
        "closed_at",
        "closed_by",
        "note",
        "published_set",
        "reopened_at",
        "reopened_by",
        "reopen_reason",
    ];
    let people = people(store.reader()).await?;
    let closes = history(store.reader()).await?;
    store.close().await?;
    let rows: Vec<Value> = closes
        .iter()
        .map(|close| shown(context, &people, close))
        .collect();
    let cells = |row: &Value| COLUMNS.map(|name| value::plain(row.get(name))).to_vec();
    match context.format {
        Format::Json => output::json(&rows)?,
        Format::Csv => {
            let cells: Vec<Vec<String>> = rows.iter().map(cells).collect();
            output::csv(&COLUMNS, cells.iter().map(Vec::as_slice))?;
        }
        Format::Table => {
            let mut table = Table::new(COLUMNS.map(|name| (name, Align::Left)));
            for row in &rows {
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
