//! `millrace health`: scores, their reasons, their proof, and the rules that they go by.

mod backtest;
mod explain;
mod model;
mod rank;
mod scorecard;

use std::sync::Arc;

use anyhow::anyhow;
use chrono::NaiveDate;
use millrace_jobs::health::OrderHistory;
use millrace_models::clock::Clock;

use crate::arguments::{HealthArguments, HealthCommand};
use crate::failure::Failure;
use crate::progress::Line;
use crate::settings::Context;

/// Answers on stdout.
///
/// # Errors
///
/// When nothing is published, the account or the day is wrong, or the lake cannot be read.
pub(crate) async fn run(
    context: &Context,
    options: HealthArguments,
    clock: impl Clock + 'static,
) -> Result<(), Failure> {
    let store = context.store(Arc::new(clock)).await?;
    if let HealthCommand::Scorecard { set, reset } = options.about {
        return scorecard::run(context, store, set.as_deref(), reset).await;
    }
    let rules = millrace_operations::service::scorecard::rules(store.reader()).await?;
    store.close().await?;
    if matches!(options.about, HealthCommand::Model) {
        let lake = context.lake().await?;
        let kept = millrace_jobs::health::kept_models(&lake, &context.company).await?;
        return model::write(context, &kept);
    }
    let line = Line::new(context.quiet);
    line.say("reading orders");
    let lake = context.lake().await?;
    let history = OrderHistory::read(&lake, &context.company)
        .await?
        .ok_or_else(|| {
            Failure::input(anyhow!(
                "nothing is published yet: `millrace ingest`, then `millrace run`"
            ))
        })?
        .by(rules);
    line.say("scoring");
    let today = context
        .now
        .with_timezone(&context.company.zone)
        .date_naive();
    match options.about {
        HealthCommand::Rank { as_of, limit } => {
            let day = seen_until(as_of, today)?;
            let ranking = work(move || history.rank(day)).await?;
            drop(line);
            rank::write(context, ranking, limit)
        }
        HealthCommand::Explain { account, as_of } => {
            let day = seen_until(as_of, today)?;
            let account = explain::account(&history, &account)?;
            let label = account.label.clone();
            let explanation = work(move || history.explain(&account, day)).await?;
            drop(line);
            let explanation = explanation
                .ok_or_else(|| Failure::input(anyhow!("{label} has not ordered by {day}")))?;
            explain::write(context, &explanation)
        }
        HealthCommand::Backtest { cutoff, horizon } => {
            let found = work(move || history.backtest(cutoff, horizon, today)).await?;
            drop(line);
            backtest::write(context, cutoff, horizon, &found.map_err(Failure::input)?)
        }
        // seen to above
        HealthCommand::Scorecard { .. } | HealthCommand::Model => Ok(()),
    }
}

/// Computes on a thread of its own.
async fn work<T: Send + 'static>(
    compute: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(compute).await;
    done.map_err(|error| anyhow::Error::new(error).into())
}

fn seen_until(as_of: Option<NaiveDate>, today: NaiveDate) -> Result<NaiveDate, Failure> {
    match as_of {
        Some(day) if day > today => Err(Failure::input(anyhow!(
            "--as-of is {day}, after today ({today})"
        ))),
        day => Ok(day.unwrap_or(today)),
    }
}
