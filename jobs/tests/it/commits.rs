//! After many small commits the lake is as small, and its marts are the same, as one built at once.

use chrono::TimeDelta;
use millrace_jobs::{Live, upkeep};
use millrace_lake::Lake;
use millrace_models::config::Company;
use millrace_models::entity::Entity;
use millrace_models::marts;

use crate::office::{Dice, Office};
use crate::support::published_rows;

/// Commits of one run; `benches/commits.rs` makes more.
const COMMITS: i64 = 500;

fn names() -> Vec<String> {
    let raw = Entity::all()
        .iter()
        .map(|own| format!("raw/{}", own.name()));
    let marts = marts::built().map(|own| format!("marts/{own}"));
    raw.chain(marts).collect()
}

/// Commits to all tables so far.
async fn commits(lake: &Lake) -> i64 {
    let mut commits = 0;
    for name in names() {
        commits += lake.table(&name).await.unwrap().version();
    }
    commits + lake.table("published").await.unwrap().version()
}

#[tokio::test]
async fn five_hundred_commits_leave_a_lake_as_small_as_a_new_one() {
    let office = Office::on_sqlite().await;
    // Later than any file of this test was written: upkeep removes whatever it may.
    office.clock.advance(TimeDelta::days(3650));
    let folder = tempfile::tempdir().unwrap();
    let live = Live {
        store: office.store.clone(),
        lake: Lake::init(&folder.path().join("lake")).await.unwrap(),
        company: Company::default(),
    };
    let mut dice = Dice::new(11);
    office.work(&mut dice, 60).await;
    let mut rounds = 0;
    while commits(&live.lake).await < COMMITS {
        for _ in 0..4 {
            office.step(&mut dice).await;
        }
        office.settle().await;
        live.round().await.unwrap();
        office.clock.advance(TimeDelta::minutes(2));
        rounds += 1;
        if rounds % 10 == 0 {
            upkeep(&live.lake, &live.store).await.unwrap();
        }
    }
    let fresh = Live {
        lake: Lake::init(&folder.path().join("fresh")).await.unwrap(),
        ..live.clone()
    };
    fresh.round().await.unwrap();
    live.round().await.unwrap();
    for mart in marts::built() {
        let (left, right) = (
            published_rows(&live.lake, mart).await,
            published_rows(&fresh.lake, mart).await,
        );
        assert_eq!(left, right, "{mart}");
    }
    for name in names() {
        let table = live.lake.table(&name).await.unwrap();
        let own = table.extent().unwrap();
        let new = fresh.lake.table(&name).await.unwrap().extent().unwrap();
        assert!(own.files <= new.files + 24, "{name}: {own:?}, new {new:?}");
        assert!(own.log_entries <= 140, "{name}: {own:?}");
    }
}
