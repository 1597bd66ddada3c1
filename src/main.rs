//! The `millrace` command. Each command is a file of `commands`, without logic of its own.

mod arguments;
mod commands;
mod failure;
mod output;
mod progress;
mod settings;

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::Parser;
use millrace_models::clock::Clock;
use tracing_subscriber::EnvFilter;

use crate::arguments::{Arguments, Command, Format};
use crate::failure::Failure;
use crate::settings::Context;

/// The clock of the machine; nothing else reads it.
#[derive(Debug, Clone, Copy)]
struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let format = arguments.format;
    log_to_stderr(&arguments);
    let done = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::from)
        .and_then(|runtime| runtime.block_on(Box::pin(execute(arguments))));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(format == Format::Json),
    }
}

async fn execute(arguments: Arguments) -> Result<(), Failure> {
    let context = Context::new(
        arguments.data_dir,
        arguments.config,
        arguments.format,
        arguments.quiet,
        SystemClock.now(),
    );
    let context = match context {
        Err(failure) if matches!(arguments.command, Command::Doctor) => {
            return commands::doctor::unreadable(arguments.format, &failure);
        }
        context => context?,
    };
    match arguments.command {
        Command::Init => commands::init::run(&context, SystemClock).await,
        Command::Demo(options) => commands::demo::run(&context, &options, SystemClock).await,
        Command::Serve(options) => commands::serve::run(&context, &options, SystemClock).await,
        Command::Worker => commands::worker::run(&context, SystemClock).await,
        Command::Ingest(options) => commands::ingest::run(&context, &options, SystemClock).await,
        Command::Run(options) => commands::run::run(&context, &options, SystemClock).await,
        Command::Upkeep => commands::upkeep::run(&context, SystemClock).await,
        Command::Close(options) => commands::close::close(&context, &options, SystemClock).await,
        Command::Reopen(options) => commands::close::reopen(&context, &options, SystemClock).await,
        Command::Adjustments(options) => commands::adjustments::run(&context, options).await,
        Command::Query(options) => commands::query::run(&context, options).await,
        Command::Drill(options) => commands::drill::run(&context, options).await,
        Command::Drivers(options) => commands::drivers::run(&context, options).await,
        Command::Forecast(options) => commands::forecast::run(&context, options, SystemClock).await,
        Command::Health(options) => commands::health::run(&context, options, SystemClock).await,
        Command::Report(options) => commands::report::run(&context, options, SystemClock).await,
        Command::Targets(options) => commands::targets::run(&context, options, SystemClock).await,
        Command::Metrics(options) => commands::metrics::run(&context, &options).await,
        Command::Schedule(options) => commands::schedule::run(&context, options, SystemClock).await,
        Command::Subscription(options) => {
            commands::subscription::run(&context, options, SystemClock).await
        }
        Command::Status => commands::status::run(&context, SystemClock).await,
        Command::Backup(options) => commands::backup::run(&context, &options, SystemClock).await,
        Command::Restore(options) => commands::restore::run(&context, &options, SystemClock).await,
        Command::Doctor => commands::doctor::run(&context, SystemClock).await,
    }
}

fn log_to_stderr(arguments: &Arguments) {
    let usual = match arguments.command {
        _ if arguments.quiet => "error",
        Command::Serve(_) | Command::Worker => {
            "warn,millrace=info,millrace_dashboard_server=info,millrace_jobs=info"
        }
        _ => "warn",
    };
    let filter = EnvFilter::try_from_env("MILLRACE_LOG").unwrap_or_else(|_| EnvFilter::new(usual));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
}
