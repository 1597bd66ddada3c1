//! `millrace status`: what is in the lake, and what it is complete to.

use std::sync::Arc;

use millrace_ingest::changes_behind;
use millrace_lake::Lake;
use millrace_models::clock::Clock;
use millrace_models::entity::Entity;
use serde_json::{Value, json};

use crate::arguments::Format;
use crate::failure::Failure;
use crate::output::table::{Align, Table};
use crate::output::{self, value};
use crate::settings::Context;

/// Writes what is there on stdout.
///
/// # Errors
///
/// When the database or the lake cannot be read.
pub(crate) async fn run(context: &Context, clock: impl Clock + 'static) -> Result<(), Failure> {
    let lake = context.lake().await?;
    let store = context.store(Arc::new(clock)).await?;
    let behind = changes_behind(&lake, &store).await?;
    store.close().await?;
    let set = lake.latest_set().await?;
    let tables = tables(&lake).await?;
    let zone = context.company.zone;
    match context.format {
        Format::Json => {
            let tables: Vec<Value> = tables
                .iter()
                .map(|(name, version, rows)| json!({"table": name, "version": version, "rows": rows}))
                .collect();
            output::json(&json!({
                "company": context.company.name,
                "zone": zone.name(),
                "data_dir": context.data_dir,
                "set": set,
                "behind": {"entries": behind.entries, "since": behind.since},
                "tables": tables,
            }))?;
        }
        Format::Csv => {
            let rows: Vec<[String; 3]> = tables
                .iter()
                .map(|(name, version, rows)| [name.clone(), version.to_string(), rows.to_string()])
                .collect();
            output::csv(
                &["table", "version", "rows"],
                rows.iter().map(<[String; 3]>::as_slice),
            )?;
        }
        Format::Table => {
            let mut table = Table::new([
                ("table", Align::Left),
                ("version", Align::Right),
                ("rows", Align::Right),
            ]);
            for (name, version, rows) in &tables {
                table.push(vec![
                    name.clone(),
                    version.to_string(),
                    value::count(i128::from(*rows)),
                ]);
            }
            let mut text = table.render();
            text.push_str(&match &set {
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
            text.push_str(&match behind.since {
                Some(since) => format!(
                    "{} changes since {} are not in the lake yet\n",
                    value::count(i128::from(behind.entries)),
                    value::time(since, zone)
                ),
                None => "all changes are in the lake\n".to_owned(),
            });
            output::write(&text)?;
        }
    }
    Ok(())
}

async fn tables(lake: &Lake) -> Result<Vec<(String, i64, u64)>, Failure> {
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
            tables.push((name, table.version(), table.rows()));
        }
    }
    Ok(tables)
}
