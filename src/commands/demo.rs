//! `millrace demo`: a believable manufacturer, by the ordinary way of files, ingest and run.

use std::sync::Arc;

use anyhow::anyhow;
use millrace_jobs::demo::{DemoOptions, generate};
use millrace_models::clock::Clock;

use crate::arguments::{DemoArguments, OnError};
use crate::commands::{ingest, init, run as marts};
use crate::failure::Failure;
use crate::settings::Context;

/// Fills an empty data directory.
///
/// # Errors
///
/// When there are records already, or the data directory cannot be written.
pub(crate) async fn run(
    context: &Context,
    options: &DemoArguments,
    clock: impl Clock + 'static,
) -> Result<(), Failure> {
    let made = init::create(context, Arc::new(clock)).await?;
    if let Some(administrator) = &made.administrator {
        init::introduce(administrator);
    }
    made.store.close().await?;
    let lake = made.lake;
    if !ingest::is_empty(&lake).await? {
        return Err(Failure::input(anyhow!(
            "{} has records already; name an empty directory with --data-dir",
            context.data_dir.display()
        )));
    }
    let zone = context.company.zone;
    let options = DemoOptions {
        accounts: usize::try_from(options.accounts).unwrap_or(usize::MAX),
        months: options.months,
        until: options
            .until
            .unwrap_or_else(|| context.now.with_timezone(&zone).date_naive()),
        seed: options.seed,
    };
    let files = context.data_dir.join("demo");
    let mapping = tokio::task::spawn_blocking(move || generate(&files, &options))
        .await
        .map_err(anyhow::Error::new)??;
    ingest::mapping(context, &lake, &mapping, OnError::Stop, false).await?;
    let built = marts::build(context, &lake, None, Vec::new(), true).await?;
    marts::write(context, &built)?;
    context.say("`millrace serve` shows it");
    Ok(())
}
