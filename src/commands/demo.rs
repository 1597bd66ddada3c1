//! `millrace demo`: a believable manufacturer at work in operations; the lake follows from it.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use millrace_ingest::{WINDOW, ingest_changes};
use millrace_jobs::RunReport;
use millrace_jobs::demo::{DemoOptions, Held, Login, fill, held};
use millrace_lake::Lake;
use millrace_models::clock::Clock;
use millrace_operations::Place;
use millrace_operations::files::Files;
use millrace_operations::sign_in::Password;
use serde_json::json;

use crate::arguments::{DemoArguments, Format};
use crate::commands::{ingest, init, run as marts};
use crate::failure::Failure;
use crate::output;
use crate::output::table::{Align, Table};
use crate::progress::Line;
use crate::settings::Context;

/// Where the logins of a demo are kept, in the data directory.
const LOGINS: &str = "demo-logins.txt";

/// Fills an empty data directory. What an earlier try left that was cut off is begun anew; where only
/// the lake is behind, it follows.
///
/// # Errors
///
/// When there are records already, or the data directory cannot be written.
pub(crate) async fn run(
    context: &Context,
    options: &DemoArguments,
    clock: impl Clock + 'static,
) -> Result<(), Failure> {
    let (lake, _) = init::found(context).await?;
    let clock: Arc<dyn Clock> = Arc::new(clock);
    let options_of_demo = demo_options(context, options);
    let logins = context.data_dir.join(LOGINS);
    match found(context, clock.clone()).await? {
        Held::Nothing if ingest::is_empty(&lake).await? => {}
        Held::CutOff if ingest::is_empty(&lake).await? => begin_anew(context)?,
        Held::Demo(made) if made == options_of_demo && lake.latest_set().await?.is_none() => {
            let report = follow(context, &lake, clock).await?;
            marts::write(context, &report)?;
            context.say(&format!("the logins are in {}", logins.display()));
            return Ok(());
        }
        _ => {
            return Err(Failure::input(anyhow!(
                "{} has records already; name an empty directory with --data-dir",
                context.data_dir.display()
            )));
        }
    }
    let password = match &options.password {
        Some(text) => Password::from(text.clone()),
        None => Password::random()?,
    };
    password.check("").map_err(Failure::input)?;
    let line = Line::new(context.quiet);
    let files = Files::in_folder(&context.attachments_dir())?;
    let (place, company) = (&context.place, &context.company);
    let filled = Box::pin(fill(
        place,
        &files,
        company,
        &options_of_demo,
        &password,
        &line,
    ))
    .await?;
    drop(line);
    let text = table(&filled.logins, password.reveal());
    keep(&logins, &text)
        .with_context(|| format!("the file {} cannot be written", logins.display()))?;
    let people = filled.logins.clone();
    filled.complete().await?;
    let report = follow(context, &lake, clock).await?;
    write(context, &report, &people, &password, &logins, &text)
}

fn demo_options(context: &Context, options: &DemoArguments) -> DemoOptions {
    let zone = context.company.zone;
    let today = context.now.with_timezone(&zone).date_naive();
    DemoOptions {
        accounts: usize::try_from(options.accounts).unwrap_or(usize::MAX),
        months: options.months,
        until: options.until.unwrap_or(today),
        seed: options.seed,
    }
}

/// What the store holds.
async fn found(context: &Context, clock: Arc<dyn Clock>) -> Result<Held, Failure> {
    let store = context.store(clock).await?;
    let found = held(&store).await?;
    store.close().await?;
    Ok(found)
}

/// Removes what a demo left that was cut off: it holds nothing of anybody's, for a demo begins in an
/// empty store.
fn begin_anew(context: &Context) -> Result<(), Failure> {
    let Place::File(file) = &context.place else {
        return Err(Failure::input(anyhow!(
            "the database holds a demo that was cut off while it was filled in; empty it (DROP SCHEMA \
             public CASCADE; CREATE SCHEMA public) and try again"
        )));
    };
    context.say("an earlier demo was cut off; it is begun anew");
    let beside = |ending: &str| {
        let mut name = file.clone().into_os_string();
        name.push(ending);
        PathBuf::from(name)
    };
    for file in [beside("-wal"), beside("-shm"), beside("")] {
        match fs::remove_file(&file) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                let error = anyhow::Error::new(error);
                return Err(error
                    .context(format!("{} cannot be removed", file.display()))
                    .into());
            }
            _ => {}
        }
    }
    Ok(())
}

/// Brings the lake up to the change log.
async fn follow(
    context: &Context,
    lake: &Lake,
    clock: Arc<dyn Clock>,
) -> Result<RunReport, Failure> {
    let store = context.store(clock).await?;
    let line = Line::new(context.quiet);
    line.say("change log");
    Box::pin(ingest_changes(lake, &store, WINDOW, context.now)).await?;
    drop(line);
    let mut report = marts::build(context, lake, &store, &marts::all(context)).await?;
    // who looks after whom follows from the scores
    let more = Box::pin(ingest_changes(lake, &store, WINDOW, context.now)).await?;
    if more.entries > 0 {
        let after = marts::build(context, lake, &store, &marts::all(context)).await?;
        report.set = after.set;
        report.complete_to = after.complete_to;
        for mart in after.marts {
            report.marts.retain(|own| own.name != mart.name);
            report.marts.push(mart);
        }
    }
    store.close().await?;
    Ok(report)
}

/// The logins as a text: a table and the password.
fn table(logins: &[Login], password: &str) -> String {
    let mut table = Table::new([
        ("role", Align::Left),
        ("", Align::Left),
        ("username", Align::Left),
        ("name", Align::Left),
        ("team", Align::Left),
    ]);
    for login in logins {
        table.push(vec![
            login.role_zh.clone(),
            login.role_en.clone(),
            login.username.clone(),
            login.name.clone(),
            login.team.clone().unwrap_or_default(),
        ]);
    }
    let mut text = table.render();
    let _ = writeln!(text, "password of everybody in this demo: {password}");
    text
}

/// Keeps the logins where only the owner of the data directory reads them.
fn keep(file: &Path, text: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(file)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn write(
    context: &Context,
    report: &RunReport,
    people: &[Login],
    password: &Password,
    logins: &Path,
    text: &str,
) -> Result<(), Failure> {
    if context.format == Format::Json {
        return Ok(output::json(&json!({
            "password": password.reveal(),
            "logins": people,
            "logins_in": logins,
            "run": report,
        }))?);
    }
    marts::write(context, report)?;
    if context.format == Format::Table {
        output::write(&format!(
            "\n{text}these logins are kept in {}\n",
            logins.display()
        ))?;
    }
    context.say("`millrace serve` shows it");
    Ok(())
}
