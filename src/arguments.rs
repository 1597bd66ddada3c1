//! The arguments as they are typed.

use std::net::SocketAddr;
use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, Parser, Subcommand, ValueEnum};

/// Sales records in; conversion cycles, dwell times and acceptance rates out, down to the record.
#[derive(Debug, Parser)]
#[command(name = "millrace", version, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Where the settings and the lake are
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "MILLRACE_DATA_DIR",
        default_value = "./millrace-data"
    )]
    pub(crate) data_dir: PathBuf,
    /// The settings file [default: millrace.toml in the data directory]
    #[arg(long, global = true, value_name = "FILE", env = "MILLRACE_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// How the answer is written to stdout
    #[arg(long, global = true, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    /// No progress and no messages, only the answer and errors
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Aligned columns, for people
    Table,
    /// One JSON document
    Json,
    /// Comma-separated values with a header row
    Csv,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create the settings, the database and the lake; harmless when they exist
    Init,
    /// Fill an empty data directory with a believable manufacturer
    Demo(DemoArguments),
    /// Serve the API and the web app
    Serve(ServeArguments),
    /// Keep the numbers fresh and do what is due without serving: ingest, run, publish, schedules,
    /// subscriptions
    Worker,
    /// Read the change log, and the files that a mapping names, into the lake; the same again adds
    /// nothing
    Ingest(IngestArguments),
    /// Bring the marts up to date and publish them
    Run(RunArguments),
    /// Close a month: its numbers stay as they are known now
    Close(CloseArguments),
    /// Open the last closed month again
    Reopen(ReopenArguments),
    /// What was changed of closed months since, by whom and why
    Adjustments(AdjustmentsArguments),
    /// Numbers by any dimension
    Query(QueryArguments),
    /// The records behind a number
    Drill(DrillArguments),
    /// What moved a number between two periods, and what of it is beyond chance
    Drivers(DriversArguments),
    /// What will be won by the end of a month or quarter, and how far off that was before
    Forecast(ForecastArguments),
    /// What metrics are to reach, for the company, teams and people
    Targets(TargetsArguments),
    /// Customer health: who is at risk, why, and how well that has been told before
    Health(HealthArguments),
    /// Reports as files: PDF and workbook
    Report(ReportArguments),
    /// The registry of metrics, or one of them
    Metrics(MetricsArguments),
    /// What is done by itself: when it is next, how it went, run now, end
    Schedule(ScheduleArguments),
    /// What people subscribed to, and what became of each copy
    Subscription(SubscriptionArguments),
    /// What is in the lake, and what it is complete to
    Status,
    /// Put small files of the lake together, and remove what nobody needs any more; `serve` and
    /// `worker` do it by themselves
    Upkeep,
    /// Database, lake and attachments as one consistent archive, while everybody works on
    Backup(BackupArguments),
    /// An archive of `backup` into an empty data directory and database
    Restore(RestoreArguments),
    /// Check the installation, and say what to do
    Doctor,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").required(true).args(["file", "daily"]))]
pub(crate) struct BackupArguments {
    /// The archive, as 2026-11-30.tar.zst
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Into the directory of the settings, and remove backups there that need not be kept
    #[arg(long)]
    pub(crate) daily: bool,
    /// Replace the file when it is there
    #[arg(long, requires = "file")]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArguments {
    /// The archive
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Only read it and check that it is whole
    #[arg(long, conflicts_with = "force")]
    pub(crate) check: bool,
    /// Move what is there aside
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// Number of accounts
    #[arg(long, value_name = "N", default_value_t = 800, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) accounts: u32,
    /// Length of the history in months
    #[arg(long, value_name = "M", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=240))]
    pub(crate) months: u32,
    /// Last day of the history [default: today]
    #[arg(long, value_name = "DATE")]
    pub(crate) until: Option<NaiveDate>,
    /// The same seed and last day give the same records
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,
    /// The password of everybody in the demo, at least 10 characters [default: a random one]
    #[arg(
        long,
        value_name = "TEXT",
        env = "MILLRACE_DEMO_PASSWORD",
        hide_env_values = true
    )]
    pub(crate) password: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// The address to listen on; 0.0.0.0:7300 is reached from other machines
    #[arg(
        long,
        value_name = "ADDR",
        env = "MILLRACE_LISTEN",
        default_value = "127.0.0.1:7300",
        value_parser = parse_address
    )]
    pub(crate) listen: SocketAddr,
    /// Only serve; a `worker` keeps the numbers fresh
    #[arg(long)]
    pub(crate) no_jobs: bool,
}

#[derive(Debug, Args)]
pub(crate) struct IngestArguments {
    /// The mapping file: which file, which entity, which column is which field; without one only
    /// the change log is read
    #[arg(long, value_name = "FILE")]
    pub(crate) mapping: Option<PathBuf>,
    /// Read and check everything, change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// What to do with a row that cannot be read
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = OnError::Stop)]
    pub(crate) on_error: OnError,
    /// With --dry-run: files to look into, without a mapping
    #[arg(value_name = "FILE", requires = "dry_run", conflicts_with = "mapping")]
    pub(crate) files: Vec<PathBuf>,
}

/// What to do with a row that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnError {
    /// Say what is wrong and change nothing
    Stop,
    /// Put it into a file beside the source with its reason, and go on
    Reject,
}

/// Where marts are computed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Engine {
    /// In this process.
    Local,
}

const LOCAL: &str = "local";

fn engine(text: &str) -> Result<Engine, String> {
    match text {
        LOCAL => Ok(Engine::Local),
        _ if text.starts_with("df://") => Err(format!(
            "this build has no cluster support: it computes in one process, {LOCAL}"
        )),
        _ => Err(format!("there is no such engine: write {LOCAL}")),
    }
}

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// Build everything anew
    #[arg(long)]
    pub(crate) full: bool,
    /// Build as it was at this time [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) as_of: Option<String>,
    /// Where it is computed: in this process
    #[arg(long, value_name = "ENGINE", default_value = LOCAL, env = "MILLRACE_ENGINE", value_parser = engine)]
    pub(crate) engine: Engine,
    /// Only these jobs
    #[arg(value_name = "JOB")]
    pub(crate) jobs: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CloseArguments {
    /// The month, as 2026-03: the one after the last that is closed; or `list`
    #[arg(value_name = "MONTH|list")]
    pub(crate) month: String,
    /// What is to be said of it
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ReopenArguments {
    /// The month, as 2026-03: the last that is closed
    #[arg(value_name = "MONTH")]
    pub(crate) month: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
}

#[derive(Debug, Args)]
pub(crate) struct AdjustmentsArguments {
    /// The metric
    #[arg(value_name = "METRIC")]
    pub(crate) metric: String,
    /// Of this closed month only, as 2026-03 [default: all]
    #[arg(long, value_name = "MONTH")]
    pub(crate) month: Option<String>,
    /// Only what was changed in this month
    #[arg(long, value_name = "MONTH")]
    pub(crate) made: Option<String>,
    /// Dimensions to tell records apart by
    #[arg(long, value_name = "D[,D…]", value_delimiter = ',')]
    pub(crate) by: Vec<String>,
    /// Only records whose dimension has one of the values; may be repeated
    #[arg(long = "where", value_name = "D=V[,V…]")]
    pub(crate) conditions: Vec<String>,
    /// At most this many adjustments [default: 100 in a table, all otherwise]
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// Answer as of this time [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) as_of: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Filters {
    /// Only records whose dimension has one of the values; may be repeated
    #[arg(long = "where", value_name = "D=V[,V…]")]
    pub(crate) conditions: Vec<String>,
    /// First day of the period
    #[arg(long, value_name = "DATE", requires = "to")]
    pub(crate) from: Option<NaiveDate>,
    /// Last day of the period, included
    #[arg(long, value_name = "DATE", requires = "from")]
    pub(crate) to: Option<NaiveDate>,
    /// Answer as of this time; what happened later is not seen [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) as_of: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct QueryArguments {
    /// The metrics; `millrace metrics` lists them
    #[arg(
        value_name = "METRIC[,METRIC…]",
        value_delimiter = ',',
        required = true
    )]
    pub(crate) metrics: Vec<String>,
    /// Dimensions to split by; day, week, month, quarter and year are the metric's own time
    #[arg(long, value_name = "D[,D…]", value_delimiter = ',')]
    pub(crate) by: Vec<String>,
    #[command(flatten)]
    pub(crate) filters: Filters,
    /// Compare with another period: previous, `year_ago` or baseline:FROM..TO
    #[arg(long, value_name = "WITH")]
    pub(crate) compare: Option<String>,
    /// Order by this metric, highest first, or with +METRIC lowest first; or by a dimension
    #[arg(long, value_name = "METRIC")]
    pub(crate) order: Option<String>,
    /// Show this many rows, the rest as one
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
}

#[derive(Debug, Args)]
pub(crate) struct DrillArguments {
    /// The metric
    #[arg(value_name = "METRIC")]
    pub(crate) metric: String,
    #[command(flatten)]
    pub(crate) filters: Filters,
    /// Order by this column, -COLUMN for highest first
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    pub(crate) order: Option<String>,
    /// At most this many records [default: 100 in a table, all otherwise]
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
}

#[derive(Debug, Args)]
pub(crate) struct ForecastArguments {
    /// The month or quarter, as 2026-12 or 2026-Q4 [default: this month]
    #[arg(long, value_name = "PERIOD")]
    pub(crate) period: Option<String>,
    /// By what it is split
    #[arg(long, value_name = "D", value_parser = ["team", "owner"])]
    pub(crate) by: Option<String>,
    /// Only deals whose dimension has one of the values; may be repeated
    #[arg(long = "where", value_name = "D=V[,V…]")]
    pub(crate) conditions: Vec<String>,
    /// Forecast as of this time; what happened later is not seen [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) as_of: Option<String>,
    /// Show the open deals with their probabilities
    #[arg(long)]
    pub(crate) deals: bool,
    /// At most this many open deals [default: 20 in a table, all otherwise]
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
}

#[derive(Debug, Args)]
pub(crate) struct DriversArguments {
    /// The metric
    #[arg(value_name = "METRIC")]
    pub(crate) metric: String,
    #[command(flatten)]
    pub(crate) filters: Filters,
    /// What the period [default: the last three whole months] is compared with: previous,
    /// `year_ago` or baseline:FROM..TO [default: `year_ago`]
    #[arg(long, value_name = "WITH")]
    pub(crate) compare: Option<String>,
    /// Dimensions to look in [default: those that the metric declares]
    #[arg(long, value_name = "D[,D…]", value_delimiter = ',')]
    pub(crate) by: Vec<String>,
    /// Conditions of a segment at most, 1 to 3 [default: 3]
    #[arg(long, value_name = "N")]
    pub(crate) depth: Option<usize>,
    /// Segments at most [default: 8]
    #[arg(long, value_name = "N")]
    pub(crate) max: Option<usize>,
}

#[derive(Debug, Args)]
pub(crate) struct MetricsArguments {
    /// The metric [default: all]
    #[arg(value_name = "METRIC")]
    pub(crate) metric: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    #[command(subcommand)]
    pub(crate) which: ReportCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ReportCommand {
    /// The monthly business report: conclusions, figures, and what is behind them
    Monthly {
        /// The month, as 2026-03
        #[arg(long, value_name = "YYYY-MM", value_parser = parse_month)]
        month: NaiveDate,
        /// Where the files are written; made where it is missing
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// The language
        #[arg(long, value_enum, default_value_t = Lang::Zh)]
        lang: Lang,
        /// Only records that meet this condition, such as 'region=华东'; all that are given
        #[arg(long = "where", value_name = "CONDITION")]
        conditions: Vec<String>,
        /// The copy that this user gets, by their rights [default: all records]
        #[arg(long = "for", value_name = "USERNAME")]
        reader: Option<String>,
        /// The published set to make it from, as an earlier report names it [default: the newest]
        #[arg(long, value_name = "N", conflicts_with = "reader")]
        set: Option<i64>,
        /// Write the mail as well, as HTML with its pictures in it
        #[arg(long)]
        mail: bool,
    },
}

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lang {
    /// Chinese
    Zh,
    /// English
    En,
}

/// A month as its first day.
fn parse_month(text: &str) -> Result<NaiveDate, String> {
    let is_short = text.len() == 7;
    let day = is_short
        .then(|| format!("{text}-01").parse().ok())
        .flatten();
    day.ok_or_else(|| format!("{text:?} is not a month: write it as 2026-03"))
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct TargetsArguments {
    /// Of this year [default: this one]
    #[arg(long, value_name = "YEAR", global = true)]
    pub(crate) year: Option<String>,
    /// Of this metric only
    #[arg(long, value_name = "METRIC")]
    pub(crate) metric: Option<String>,
    /// Of these only: company, a team or a person
    #[arg(long = "for", value_name = "WHOM")]
    pub(crate) whom: Option<String>,
    #[command(subcommand)]
    pub(crate) command: Option<TargetsCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TargetsCommand {
    /// Take the targets of a sheet, as a whole or not at all; the same again changes nothing
    Import {
        /// The sheet, as the template is
        #[arg(value_name = "FILE.xlsx")]
        file: PathBuf,
        /// Say what would change, change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Write a sheet with the targets of the year, to be filled in
    Template {
        /// Where it is written
        #[arg(value_name = "FILE.xlsx")]
        file: PathBuf,
        /// The language of its headers
        #[arg(long, value_name = "LANG", default_value = "zh", value_parser = ["zh", "en"])]
        lang: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct HealthArguments {
    #[command(subcommand)]
    pub(crate) about: HealthCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum HealthCommand {
    /// All accounts with an order, the most at risk first
    Rank {
        /// The last day that is seen [default: today]
        #[arg(long, value_name = "DATE")]
        as_of: Option<NaiveDate>,
        /// At most this many accounts [default: 20 in a table, all otherwise]
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
    },
    /// What the score of an account is made of, and what changed in 30 days
    Explain {
        /// Its id or its name
        #[arg(value_name = "ACCOUNT")]
        account: String,
        /// The last day that is seen [default: today]
        #[arg(long, value_name = "DATE")]
        as_of: Option<NaiveDate>,
    },
    /// Scores as of a day in the past, measured by the orders after it
    Backtest {
        /// The last day that the scores see
        #[arg(long, value_name = "DATE")]
        cutoff: NaiveDate,
        /// The days after it in which an order counts
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(i32).range(1..=3_660))]
        horizon: i32,
    },
    /// What the probabilities of kept scores were learned from, and how they did on a day not seen
    Model,
    /// The rules of the scorecard, as TOML
    Scorecard {
        /// Take the rules of this file; what is left out is as shipped
        #[arg(long, value_name = "FILE", conflicts_with = "reset")]
        set: Option<PathBuf>,
        /// Take the rules as they are shipped
        #[arg(long)]
        reset: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ScheduleArguments {
    #[command(subcommand)]
    pub(crate) about: ScheduleCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ScheduleCommand {
    /// All schedules, with their next moment and their last run
    List,
    /// Ask for a run now; a server or worker does it
    Run {
        /// The schedule, by its id
        #[arg(value_name = "SCHEDULE")]
        id: i64,
        /// Do it in this process, and wait for its end
        #[arg(long)]
        wait: bool,
    },
    /// End a run that waits or is under way
    Cancel {
        /// The run, by its id
        #[arg(value_name = "RUN")]
        id: i64,
    },
    /// The last runs of a schedule; of one run its log
    History {
        /// The schedule, by its id
        #[arg(value_name = "SCHEDULE")]
        id: i64,
        /// The log of this run
        #[arg(long, value_name = "RUN")]
        log: Option<i64>,
        /// At most this many runs
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=50))]
        limit: u64,
    },
}

#[derive(Debug, Args)]
pub(crate) struct SubscriptionArguments {
    #[command(subcommand)]
    pub(crate) about: SubscriptionCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SubscriptionCommand {
    /// All subscriptions, with their next moment and what became of the last copies
    List,
    /// Plan copies of one now; a server or worker sends them
    Send {
        /// The subscription, by its id
        #[arg(value_name = "SUBSCRIPTION")]
        id: i64,
        /// Send them in this process, and wait for their receipts
        #[arg(long)]
        wait: bool,
    },
}

/// An address and port; `localhost` is this machine's own.
fn parse_address(text: &str) -> Result<SocketAddr, String> {
    let text = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    text.parse()
        .map_err(|_| "write an address and a port, as 127.0.0.1:7300".to_owned())
}
