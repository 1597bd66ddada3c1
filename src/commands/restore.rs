//! `millrace restore`: an archive of `backup` into an empty installation.

use std::sync::Arc;

use chrono_tz::Tz;
use millrace_jobs::backup::{ArchiveError, Manifest, Restore, Restored, check, restore};
use millrace_models::clock::Clock;
use serde_json::{Value, json};

use crate::arguments::{Format, RestoreArguments};
use crate::commands::serve::asked_to_end;
use crate::failure::Failure;
use crate::output::{self, value};
use crate::progress::Bytes;
use crate::settings::Context;

/// Restores an archive, or only reads it.
///
/// # Errors
///
/// When the archive is not as it was written, or there is something in the way.
pub(crate) async fn run(
    context: &Context,
    options: &RestoreArguments,
    clock: impl Clock + 'static,
) -> Result<(), Failure> {
    let progress = Arc::new(Bytes::new(context.quiet));
    if options.check {
        let (file, own) = (options.file.clone(), Arc::clone(&progress));
        let read = tokio::task::spawn_blocking(move || check(&file, &*own)).await;
        progress.end();
        let manifest = read.map_err(anyhow::Error::new)?.map_err(refused)?;
        return told(context, &manifest, None);
    }
    let what = Restore {
        file: options.file.clone(),
        data_dir: context.data_dir.clone(),
        place: context.place.clone(),
        force: options.force,
        now: context.now,
    };
    let done = tokio::select! {
        done = Box::pin(restore(&what, progress.clone())) => done,
        () = asked_to_end() => Err(anyhow::anyhow!("stopped: nothing was restored")),
    };
    progress.end();
    let restored = done.map_err(refused)?;
    // What came since the archive was taken is applied now, and not when people want to sign in.
    context.store(Arc::new(clock)).await?.close().await?;
    told(context, &restored.manifest, Some(&restored))
}

/// A bad archive is wrong input.
fn refused(error: anyhow::Error) -> Failure {
    if error.is::<ArchiveError>() {
        Failure::input(error)
    } else {
        error.into()
    }
}

fn told(
    context: &Context,
    manifest: &Manifest,
    restored: Option<&Restored>,
) -> Result<(), Failure> {
    match context.format {
        Format::Json => output::json(&document(manifest, restored))?,
        Format::Csv => {
            let rows = manifest.rows.iter();
            let rows: Vec<[String; 2]> = rows
                .map(|(table, rows)| [table.clone(), rows.to_string()])
                .collect();
            output::csv(&["table", "rows"], rows.iter().map(<[String; 2]>::as_slice))?;
        }
        Format::Table => output::write(&text(context, manifest, restored))?,
    }
    Ok(())
}

fn document(manifest: &Manifest, restored: Option<&Restored>) -> Value {
    json!({
        "format": manifest.header.format,
        "program": manifest.header.program,
        "taken_at": manifest.header.taken_at,
        "company": manifest.company,
        "zone": manifest.zone,
        "database": {"kind": manifest.database.database, "rows": manifest.rows,
                     "log": manifest.database.log},
        "lake": manifest.lake,
        "attachments": manifest.attachments,
        "members": manifest.members.len(),
        "restored": restored.map(|restored| json!({
            "seconds": restored.seconds,
            "aside": restored.aside,
            "aside_schema": restored.aside_schema,
            "settings_taken": restored.settings_taken,
        })),
    })
}

fn text(context: &Context, manifest: &Manifest, restored: Option<&Restored>) -> String {
    let zone = manifest.zone.parse().unwrap_or(context.company.zone);
    let mut text = format!(
        "{} · as of {} ({}) · taken by Millrace {}\n{}",
        manifest.company,
        value::time(manifest.header.taken_at, zone),
        zone.name(),
        manifest.header.program,
        contents(manifest, zone),
    );
    let Some(restored) = restored else {
        text.push_str("the archive is whole: every member has its SHA-256\n");
        return text;
    };
    text.push_str(&format!(
        "restored into {} in {:.1} s\n",
        context.data_dir.display(),
        restored.seconds
    ));
    if let Some(aside) = &restored.aside {
        text.push_str(&format!(
            "what was there before is in {}\n",
            aside.display()
        ));
    }
    if let Some(schema) = &restored.aside_schema {
        text.push_str(&format!(
            "the tables that were there before are in the schema {schema}\n"
        ));
    }
    text.push_str(if restored.settings_taken {
        "the settings are those of the archive: passwords and the place of the database are not among \
         them\n"
    } else {
        "the settings are those that were there\n"
    });
    text.push_str("nobody is signed in; look with `millrace doctor`, then `millrace serve`\n");
    text
}

/// What an archive holds, a line each.
pub(crate) fn contents(manifest: &Manifest, zone: Tz) -> String {
    let log = &manifest.database.log;
    let set = match (manifest.lake.set, manifest.lake.complete_to) {
        (Some(set), Some(to)) => format!("set {set}, complete to {}", value::time(to, zone)),
        _ => "nothing published yet".to_owned(),
    };
    let attachments = &manifest.attachments;
    format!(
        "database     {} rows of {} tables, {} entries of the change log ({})\n\
         lake         {set}, {}\n\
         attachments  {} files, {}\n",
        value::count(i128::from(manifest.all_rows())),
        manifest.rows.len(),
        value::count(i128::from(log.entries)),
        value::bytes(manifest.bytes_of("database")),
        value::bytes(manifest.bytes_of("lake")),
        value::count(i128::from(attachments.files)),
        value::bytes(attachments.bytes),
    )
}
