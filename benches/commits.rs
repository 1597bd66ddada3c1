//! A lake after very many small commits beside one that was built at once from the same records.
//!
//!     cargo bench --bench commits -- [COMMITS]
//!
//! An office works: in each round, two seconds after the one before, it does three things, and what
//! changed is read, built and published, until there are 50,000 commits, or so many as are asked
//! for. Upkeep is done once an hour of the office's clock. Then a new lake is built from the same
//! database, and both answer the same questions in turns. Prints the time of the rounds, how many
//! files and log entries there were at most and at the end, and the ratio of the median times.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    reason = "a bench stops loudly"
)]

#[allow(dead_code, reason = "the tests that share it use all of it")]
#[path = "../ingest/tests/it/office.rs"]
mod office;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use millrace_jobs::{Live, upkeep};
use millrace_lake::Lake;
use millrace_lake::query::Engine;
use millrace_models::calendar::WorkingCalendar;
use millrace_models::config::Company;
use millrace_models::entity::Entity;
use millrace_models::marts;
use millrace_models::query::Query;
use millrace_models::scope::Access;
use serde_json::{Value, json};

use office::{Dice, Office};

const COMMITS: i64 = 50_000;
/// Things that were done before the first round.
const BEGINNING: usize = 2_000;
/// Times that each question is asked.
const REPEATS: usize = 25;

fn names() -> Vec<String> {
    let raw = Entity::all()
        .iter()
        .map(|own| format!("raw/{}", own.name()));
    let marts = marts::built().map(|own| format!("marts/{own}"));
    raw.chain(marts).chain(["published".to_owned()]).collect()
}

async fn commits(lake: &Lake) -> i64 {
    let mut commits = 0;
    for name in names() {
        commits += lake.table(&name).await.unwrap().version();
    }
    commits
}

/// Files of the newest versions, entries of the longest log, and all files in the folder.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    files: usize,
    longest_log: usize,
    in_folder: usize,
}

impl Size {
    async fn of(lake: &Lake) -> Self {
        let mut size = Self {
            in_folder: files_below(lake.root()),
            ..Self::default()
        };
        for name in names() {
            let own = lake.table(&name).await.unwrap().extent().unwrap();
            size.files += own.files;
            size.longest_log = size.longest_log.max(own.log_entries);
        }
        size
    }

    fn most(self, other: Self) -> Self {
        Self {
            files: self.files.max(other.files),
            longest_log: self.longest_log.max(other.longest_log),
            in_folder: self.in_folder.max(other.in_folder),
        }
    }
}

fn files_below(folder: &Path) -> usize {
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        count += if entry.file_type().unwrap().is_dir() {
            files_below(&entry.path())
        } else {
            1
        };
    }
    count
}

fn questions() -> Vec<Query> {
    let asked = [
        json!({"metrics": ["dwell_mean", "dwell_median"], "by": ["stage"]}),
        json!({"metrics": ["opportunities_opened", "open_amount"], "by": ["region", "owner"]}),
        json!({"metrics": ["win_rate"], "by": ["owner"]}),
        json!({"metrics": ["quote_acceptance_rate"], "by": ["region"]}),
        json!({"metrics": ["order_amount", "order_count"], "by": ["month"]}),
    ];
    asked
        .into_iter()
        .map(|own| serde_json::from_value(own).unwrap())
        .collect()
}

fn engine(lake: &Lake) -> Engine {
    let company = Company::default();
    let calendar = WorkingCalendar::chinese(&company.hours, company.zone, &company.overrides);
    Engine::new(lake.clone(), company.zone, Arc::new(calendar))
}

/// How long an answer takes. Each time is another moment, so that none is remembered.
async fn ask(engine: &Engine, query: &Query, now: DateTime<Utc>) -> (Duration, Value) {
    let query = Query {
        as_of: Some(now),
        ..query.clone()
    };
    let began = Instant::now();
    let answer = engine.query(&Access::everything(), &query, now).await;
    let took = began.elapsed();
    let answer = serde_json::to_value(answer.unwrap()).unwrap();
    (took, json!([answer["rows"], answer["total"]]))
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[tokio::main]
async fn main() {
    let asked = std::env::args().skip(1).find_map(|text| text.parse().ok());
    let wanted: i64 = asked.unwrap_or(COMMITS);
    let office = Office::on_sqlite().await;
    let mut dice = Dice::new(5);
    office.work(&mut dice, BEGINNING).await;
    // Later than any file is written: what an hour of the office's clock makes old may be removed.
    let later = Utc::now() + TimeDelta::days(3) - office.store.now();
    office.clock.advance(later.max(TimeDelta::zero()));

    let folder = tempfile::tempdir().unwrap();
    let live = Live {
        store: office.store.clone(),
        lake: Lake::init(&folder.path().join("lake")).await.unwrap(),
        company: Company::default(),
    };
    live.round().await.unwrap();
    let (mut rounds, mut most) = (Vec::new(), Size::default());
    let began = Instant::now();
    let mut made = 0;
    while made < wanted {
        for _ in 0..3 {
            office.step(&mut dice).await;
        }
        let round = Instant::now();
        live.round().await.unwrap();
        rounds.push(round.elapsed());
        office.clock.advance(TimeDelta::seconds(2));
        if rounds.len() % 100 == 0 {
            made = commits(&live.lake).await;
        }
        if rounds.len() % 1800 == 0 {
            most = most.most(Size::of(&live.lake).await);
            let tidied = Instant::now();
            let done = upkeep(&live.lake, &live.store).await.unwrap();
            println!(
                "{made} commits, {} rounds, {:.0} s: {most:?}; upkeep {:.1} s, {done:?}",
                rounds.len(),
                began.elapsed().as_secs_f64(),
                tidied.elapsed().as_secs_f64()
            );
        }
    }
    let first = median(rounds[..rounds.len().min(500)].to_vec());
    let last = median(rounds[rounds.len().saturating_sub(500)..].to_vec());
    let now = Size::of(&live.lake).await;
    println!("{made} commits in {} rounds", rounds.len());
    println!("a round: {first:.1?} at first, {last:.1?} at last (medians of 500)");
    println!("at most {:?}, at last {now:?}", most.most(now));

    let fresh = Live {
        lake: Lake::init(&folder.path().join("fresh")).await.unwrap(),
        ..live.clone()
    };
    fresh.round().await.unwrap();
    println!("built at once: {:?}", Size::of(&fresh.lake).await);
    let (worn, new) = (engine(&live.lake), engine(&fresh.lake));
    let now = office.store.now();
    for query in questions() {
        let (mut left, mut right) = (Vec::new(), Vec::new());
        for repeat in 0..REPEATS {
            let now = now + TimeDelta::microseconds(i64::try_from(repeat).unwrap());
            let (took, of_worn) = ask(&worn, &query, now).await;
            left.push(took);
            let (took, of_new) = ask(&new, &query, now).await;
            right.push(took);
            assert!(
                same(&of_worn, &of_new),
                "the two lakes answer differently: {of_worn} {of_new}"
            );
        }
        let (left, right) = (median(left), median(right));
        println!(
            "{:44} {left:9.2?} against {right:9.2?} of the new lake: {:.2}",
            format!("{} by {}", query.metrics.join(", "), query.by.join(", ")),
            left.as_secs_f64() / right.as_secs_f64()
        );
    }
}

/// Numbers as near as adding up in another order leaves them, all else the same.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            let pair = left.as_f64().zip(right.as_f64());
            pair.is_some_and(|(left, right)| (left - right).abs() <= 1e-9 * left.abs().max(1.0))
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(own, other)| same(own, other))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(key, own)| right.get(key).is_some_and(|other| same(own, other)))
        }
        _ => left == right,
    }
}
