//! `millrace status`: what is in the lake, and what it is complete to.

use std::sync::Arc;

use millrace_ingest::changes_behind;
use millrace_jobs::LEASE;
use millrace_jobs::backup::{Record, read_record};
use millrace_lake::{Extent, Lake, PublishedSet};
use millrace_models::clock::Clock;
use millrace_models::entity::Entity;
use millrace_operations::lease::{Held, holder};
use millrace_operations::log::Behind;
use serde_json::{Value, json};

use crate::arguments::Format;
use crate::failure::Failure;
use crate::output::table::{Align, Table};
use crate::output::{self, value};
use crate::settings::Context;

/// So many of the last runs are told of.
const RUNS: usize = 5;

/// What there is.
struct Standing {
    behind: Behind,
    held: Option<Held>,
    set: Option<PublishedSet>,
    /// The last runs, the newest first.
    runs: Vec<PublishedSet>,
    tables: Vec<Shown>,
    backup: Record,
}

/// Writes what is there on stdout.
///
/// # Errors
///
/// When the database or the lake cannot be read.
pub(crate) async fn run(context: &Context, clock: impl Clock + 'static) -> Result<(), Failure> {
    let lake = context.lake().await?;
    let store = context.store(Arc::new(clock)).await?;
    let behind = changes_behind(&lake, &store).await?;
    let held = holder(&store, LEASE).await?;
    store.close().await?;
    let standing = Standing {
        behind,
        held,
        set: lake.latest_set().await?,
        runs: lake.sets().await?.into_iter().rev().take(RUNS).collect(),
        tables: tables(&lake).await?,
        backup: read_record(&context.data_dir)?,
    };
    match context.format {
        Format::Json => output::json(&document(context, &standing))?,
        Format::Csv => {
            let rows: Vec<[String; 6]> = standing.tables.iter().map(Shown::cells).collect();
            output::csv(
                &["table", "version", "rows", "files", "bytes", "log_entries"],
                rows.iter().map(<[String; 6]>::as_slice),
            )?;
        }
        Format::Table => output::write(&text(context, &standing))?,
    }
    Ok(())
}

fn document(context: &Context, standing: &Standing) -> Value {
    let tables: Vec<Value> = standing
        .tables
        .iter()
        .map(|own| {
            json!({"table": own.name, "version": own.version, "rows": own.rows,
                   "files": own.extent.files, "bytes": own.extent.bytes,
                   "log_entries": own.extent.log_entries})
        })
        .collect();
    let runs: Vec<Value> = standing
        .runs
        .iter()
        .map(|set| {
            json!({"set": set.id, "published_at": set.published_at, "full": set.made.full,
                   "rows_written": set.made.rows, "took_ms": set.made.took_ms})
        })
        .collect();
    let behind = &standing.behind;
    let held = standing.held.as_ref();
    json!({
        "company": context.company.name,
        "zone": context.company.zone.name(),
        "data_dir": context.data_dir,
        "set": standing.set,
        "behind": {"entries": behind.entries, "since": behind.since},
        "at_work": held.map(|held| json!({"holder": held.holder, "lease": held.token})),
        "backup": standing.backup,
        "runs": runs,
        "tables": tables,
    })
}

fn text(context: &Context, standing: &Standing) -> String {
    let zone = context.company.zone;
    let mut table = Table::new([
        ("table", Align::Left),
        ("version", Align::Right),
        ("rows", Align::Right),
        ("files", Align::Right),
        ("bytes", Align::Right),
        ("log entries", Align::Right),
    ]);
    for own in &standing.tables {
        table.push(vec![
            own.name.clone(),
            own.version.to_string(),
            value::count(i128::from(own.rows)),
            own.extent.files.to_string(),
            value::count(i128::from(own.extent.bytes)),
            own.extent.log_entries.to_string(),
        ]);
    }
    let mut text = table.render();
    for set in &standing.runs {
        text.push_str(&format!(
            "set {} · published {} · {} rows written in {} ms{}\n",
            set.id,
            value::time(set.published_at, zone),
            value::count(i128::from(set.made.rows)),
            set.made.took_ms,
            match &set.made.full {
                Some(reason) => format!(" · all marts, as {reason}"),
                None => String::new(),
            }
        ));
    }
    if let Some(held) = &standing.held {
        text.push_str(&format!("{} is at work on the marts\n", held.holder));
    }
    text.push_str(&match &standing.set {
        Some(set) => format!(
            "{} · set {} published {} · complete to {} ({})\n",
            context.company.name,
            set.id,
            value::time(set.published_at, zone),
            value::time(set.complete_to, zone),
            zone.name()
        ),
        None => format!(
            "{} · nothing published yet: `millrace ingest`, then `millrace run`\n",
            context.company.name
        ),
    });
    text.push_str(&backup(context, &standing.backup));
    text.push_str(&match standing.behind.since {
        Some(since) => format!(
            "{} changes since {} are not in the lake yet\n",
            value::count(i128::from(standing.behind.entries)),
            value::time(since, zone)
        ),
        None => "all changes are in the lake\n".to_owned(),
    });
    text
}

fn backup(context: &Context, record: &Record) -> String {
    let zone = context.company.zone;
    let last = match &record.last {
        Some(last) => format!(
            "last backup {} of {}, {}\n",
            last.file.display(),
            value::time(last.taken_at, zone),
            value::bytes(last.bytes)
        ),
        None => "no backup was taken yet: `millrace backup --daily`\n".to_owned(),
    };
    match &record.failed {
        Some(failed) => {
            let at = value::time(failed.at, zone);
            format!("{last}the backup of {at} failed: {}\n", failed.error)
        }
        None => last,
    }
}

/// A table of the lake, and how much of it there is.
struct Shown {
    name: String,
    version: i64,
    rows: u64,
    extent: Extent,
}

impl Shown {
    fn cells(&self) -> [String; 6] {
        [
            self.name.clone(),
            self.version.to_string(),
            self.rows.to_string(),
            self.extent.files.to_string(),
            self.extent.bytes.to_string(),
            self.extent.log_entries.to_string(),
        ]
    }
}

async fn tables(lake: &Lake) -> Result<Vec<Shown>, Failure> {
    let names = Entity::all()
        .iter()
        .map(|entity| format!("raw/{}", entity.name()))
        .chain(
            millrace_models::marts::TABLES
                .iter()
                .map(|table| format!("marts/{table}")),
        );
    let mut tables = Vec::new();
    for name in names {
        let table = lake.table(&name).await?;
        if table.version() > 0 || table.rows() > 0 {
            tables.push(Shown {
                version: table.version(),
                rows: table.rows(),
                extent: table.extent()?,
                name,
            });
        }
    }
    Ok(tables)
}
