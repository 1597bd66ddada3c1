//! The rules of the scorecard.

use std::path::Path;

use anyhow::{Context as _, anyhow};
use millrace_models::health::ScorecardRules;
use millrace_operations::service::scorecard;
use millrace_operations::{Actor, Store};

use crate::arguments::Format;
use crate::failure::Failure;
use crate::output;
use crate::settings::Context;

/// Changes the rules where that is asked for, and writes those in force on stdout.
///
/// # Errors
///
/// When the file cannot be read or its rules cannot be used.
pub(super) async fn run(
    context: &Context,
    store: Store,
    file: Option<&Path>,
    reset: bool,
) -> Result<(), Failure> {
    let wanted = match file {
        Some(path) => Some(read(path)?),
        None => reset.then(ScorecardRules::default),
    };
    if let Some(wanted) = &wanted {
        let actor = Actor::system("command line");
        let work = async |unit| scorecard::set_rules(&unit, wanted).await;
        store.write(&actor, work).await?;
        context.say("in force with the next scoring: `millrace run account_health`");
    }
    let rules = scorecard::rules(store.reader()).await?;
    store.close().await?;
    match context.format {
        Format::Json => output::json(&rules)?,
        Format::Csv | Format::Table => output::write(&rules.to_toml())?,
    }
    Ok(())
}

fn read(path: &Path) -> Result<ScorecardRules, Failure> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("reading {}", path.display()))
        .map_err(Failure::input)?;
    let wrong = |why: String| Failure::input(anyhow!("{}: {why}", path.display()));
    let rules = ScorecardRules::from_toml(&text).map_err(wrong)?;
    rules.check().map_err(|error| wrong(error.to_string()))?;
    Ok(rules)
}
