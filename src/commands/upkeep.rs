//! `millrace upkeep`: small files put together, what nobody needs any more removed.

use std::sync::Arc;

use millrace_models::clock::Clock;
use serde_json::json;

use crate::arguments::Format;
use crate::failure::Failure;
use crate::output::{self, value};
use crate::settings::Context;

/// Does all upkeep of the lake, after those who work on it now.
///
/// # Errors
///
/// When the database or the lake cannot be read or written.
pub(crate) async fn run(context: &Context, clock: impl Clock + 'static) -> Result<(), Failure> {
    let lake = context.lake().await?;
    let store = context.store(Arc::new(clock)).await?;
    let done = millrace_jobs::upkeep(&lake, &store).await?;
    store.close().await?;
    let rows = [
        ("merged_files", done.merged_files as u64),
        ("forgotten_sets", done.forgotten_sets as u64),
        ("removed_files", done.removed_files as u64),
        ("removed_bytes", done.removed_bytes),
        ("removed_entries", done.removed_entries as u64),
    ];
    match context.format {
        Format::Json => {
            let object = rows
                .iter()
                .map(|(name, count)| ((*name).to_owned(), json!(count)));
            output::json(&serde_json::Value::Object(object.collect()))?;
        }
        Format::Csv => {
            let rows = rows.map(|(name, count)| [name.to_owned(), count.to_string()]);
            output::csv(&["done", "count"], rows.iter().map(<[String; 2]>::as_slice))?;
        }
        Format::Table => output::write(&format!(
            "{} small files put together, {} sets forgotten, {} files of {} bytes and {} log \
             entries removed\n",
            value::count(done.merged_files as i128),
            value::count(done.forgotten_sets as i128),
            value::count(done.removed_files as i128),
            value::count(i128::from(done.removed_bytes)),
            value::count(done.removed_entries as i128),
        ))?,
    }
    Ok(())
}
