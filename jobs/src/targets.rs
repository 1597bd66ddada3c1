//! Targets as a sheet: handed out with those of a year, taken back with what was changed in it.
//!
//! A row is a metric and whom it is for, a column a month, quarter or year. A sheet is taken as a
//! whole or not at all: a cell that cannot be taken is named by its place. An empty cell says nothing:
//! a target is deleted where one sees what is deleted.

mod form;
mod template;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use millrace_operations::service::target::{self, Names, Plan};
use millrace_operations::{Actor, Caller, Store, Unit};
use serde::Serialize;

pub use template::{YEARS, template, year};

/// Rows of a sheet at most.
const MOST_ROWS: usize = 20_000;

/// A cell that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BadTarget {
    /// The sheet.
    pub sheet: String,
    /// The row, counted from 1.
    pub row: u64,
    /// The column, by its letters.
    pub column: String,
    /// What stands in the cell.
    pub value: String,
    /// What is wrong with it.
    pub message: String,
}

/// What a sheet brings.
#[derive(Debug)]
pub enum Taken {
    /// What it changes, or would change.
    Planned(Plan),
    /// Nothing: these cells cannot be taken.
    Faulty(Vec<BadTarget>),
}

/// Takes the targets of a sheet, or with `dry_run` says what taking them would change, in the name of
/// a caller; of who has the program itself in hand without one.
///
/// # Errors
///
/// When the file is no workbook ([`millrace_ingest::IngestError`]), and those of the database.
pub async fn import(
    store: &Store,
    caller: Option<&Caller>,
    file: &Path,
    dry_run: bool,
) -> anyhow::Result<Taken> {
    let path = file.to_owned();
    let read = move || Ok::<_, anyhow::Error>(millrace_ingest::read_form(&path, MOST_ROWS)?);
    let sheet = tokio::task::spawn_blocking(read)
        .await
        .context("the file could not be read")??;
    let names = Names::read(store.reader()).await?;
    let read = form::read(&sheet, &names);
    if !read.faults.is_empty() {
        return Ok(Taken::Faulty(read.faults));
    }
    let plan = if dry_run {
        target::plan(store.reader(), caller, &read.items).await?
    } else {
        let actor = caller.map_or_else(|| Actor::system("millrace targets"), Caller::actor);
        let work = async |unit: Unit| target::take(&unit, caller, &read.items).await;
        store.write(&actor, work).await?
    };
    if plan.refused.is_empty() {
        return Ok(Taken::Planned(plan));
    }
    let places: BTreeMap<usize, &BadTarget> = read.places.iter().enumerate().collect();
    let refused = plan.refused.iter().filter_map(|(item, reason)| {
        let place = places.get(item)?;
        Some(BadTarget {
            message: reason.clone(),
            ..(*place).clone()
        })
    });
    Ok(Taken::Faulty(refused.collect()))
}
