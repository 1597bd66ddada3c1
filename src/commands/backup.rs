//! `millrace backup`: database, lake and attachments as one archive.

use std::path::Path;
use std::sync::Arc;

use millrace_jobs::backup::{Installation, Taken, daily, take};
use millrace_models::clock::Clock;
use serde_json::{Value, json};

use crate::arguments::{BackupArguments, Format};
use crate::commands::serve::asked_to_end;
use crate::failure::Failure;
use crate::output::{self, value};
use crate::progress::Bytes;
use crate::settings::Context;

/// Takes a backup: into a file, or that of the day.
///
/// # Errors
///
/// When the file is there already or cannot be written, or something of the installation cannot be read;
/// also when attachments are missing or damaged, after the archive was written.
pub(crate) async fn run(
    context: &Context,
    options: &BackupArguments,
    clock: impl Clock + 'static,
) -> Result<(), Failure> {
    let from = Installation {
        lake: context.lake().await?,
        store: context.store(Arc::new(clock)).await?,
        company: context.company.clone(),
        data_dir: context.data_dir.clone(),
        settings_file: context.config_file.clone(),
    };
    let store = from.store.clone();
    let progress = Arc::new(Bytes::new(context.quiet));
    let stop = asked_to_end();
    let done = match &options.file {
        Some(file) => {
            let taken = take(&from, file, options.force, progress.clone(), stop);
            Box::pin(taken).await.map(|taken| (taken, Vec::new()))
        }
        None => Box::pin(daily(&from, &context.backup, progress.clone(), stop))
            .await
            .map(|daily| (daily.taken, daily.removed)),
    };
    progress.end();
    store.close().await?;
    let (taken, removed) = done?;
    match context.format {
        Format::Json => output::json(&document(&taken, &removed))?,
        Format::Csv => output::csv(
            &["file", "bytes", "taken_at"],
            [[
                taken.file.display().to_string(),
                taken.bytes.to_string(),
                taken.manifest.header.taken_at.to_rfc3339(),
            ]]
            .iter()
            .map(<[String; 3]>::as_slice),
        )?,
        Format::Table => output::write(&text(context, &taken, &removed))?,
    }
    let attachments = &taken.manifest.attachments;
    if attachments.is_whole() {
        return Ok(());
    }
    let faults = attachments.missing_count + attachments.damaged.len() as u64;
    let named = attachments.missing.iter().chain(&attachments.damaged);
    let named: Vec<&str> = named.take(3).map(String::as_str).collect();
    let error = anyhow::anyhow!(
        "{faults} attachments are missing or damaged, among them {}; everything else is in the backup",
        named.join(", ")
    );
    Err(Failure::from(error).answered())
}

fn document(taken: &Taken, removed: &[std::path::PathBuf]) -> Value {
    let manifest = &taken.manifest;
    json!({
        "file": taken.file,
        "bytes": taken.bytes,
        "seconds": taken.seconds,
        "pinned_seconds": taken.pinned_seconds,
        "format": manifest.header.format,
        "program": manifest.header.program,
        "taken_at": manifest.header.taken_at,
        "database": {"kind": manifest.database.database, "rows": manifest.all_rows(),
                     "log": manifest.database.log, "bytes": manifest.bytes_of("database")},
        "lake": {"set": manifest.lake.set, "complete_to": manifest.lake.complete_to,
                 "bytes": manifest.bytes_of("lake")},
        "attachments": manifest.attachments,
        "members": manifest.members.len(),
        "removed": removed,
    })
}

fn text(context: &Context, taken: &Taken, removed: &[std::path::PathBuf]) -> String {
    let manifest = &taken.manifest;
    let mut text = format!(
        "{}\n{} in {:.1} s · as of {} ({})\n{}",
        taken.file.display(),
        value::bytes(taken.bytes),
        taken.seconds,
        value::time(manifest.header.taken_at, context.company.zone),
        context.company.zone.name(),
        super::restore::contents(manifest, context.company.zone),
    );
    for file in removed {
        let name = file.file_name().map_or(file.as_path(), Path::new);
        text.push_str(&format!("removed {}\n", name.display()));
    }
    text
}
