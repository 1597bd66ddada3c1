//! What delta-rs by itself would let through: each of these doubled rows, or lost them, when its own
//! operations were used.

use chrono::{DateTime, TimeDelta, Utc};
use millrace_lake::{Lake, LakeError, Mode, PublishedSet, Table, TableFile, Upkept, kept_sets};
use tempfile::TempDir;

use crate::storage::{change, integers, new_lake, parquet_files, write};

async fn filled(name: &str, parts: i64) -> (TempDir, Lake, Table) {
    let (directory, lake) = new_lake().await;
    for part in 0..parts {
        append(&lake, name, part * 10).await;
    }
    let table = lake.table(name).await.unwrap();
    (directory, lake, table)
}

async fn append(lake: &Lake, name: &str, first: i64) {
    let table = lake.table(name).await.unwrap();
    let files = write(lake, &table, first, 10);
    let mark = [("file", first + 1)];
    let commit = lake.commit(&table, change(Mode::AppendUnmoved, files, &mark));
    commit.await.unwrap();
}

async fn numbers(lake: &Lake, name: &str) -> Vec<i64> {
    integers(&lake.table(name).await.unwrap(), "_seq")
}

fn counted(rows: i64) -> Vec<i64> {
    (0..rows).collect()
}

#[tokio::test]
async fn of_overlapping_compactions_one_is_refused() {
    let (_directory, lake, table) = filled("raw/order", 9).await;
    let other = Lake::open(lake.root()).await.unwrap();
    let again = write(&other, &table, 0, 90);
    assert_eq!(lake.compact("raw/order").await.unwrap(), 9);
    let stale = other
        .commit(&table, change(Mode::Rewrite, again, &[]))
        .await;
    assert!(matches!(stale, Err(LakeError::Moved { .. })), "{stale:?}");
    assert_eq!(numbers(&lake, "raw/order").await, counted(90));
    assert_eq!(lake.compact("raw/order").await.unwrap(), 0);
}

#[tokio::test]
async fn an_overwrite_that_is_stale_by_a_compaction_is_refused() {
    let (_directory, lake, table) = filled("raw/order", 8).await;
    let other = Lake::open(lake.root()).await.unwrap();
    let files = write(&other, &table, 500, 5);
    lake.compact("raw/order").await.unwrap();
    let stale = other
        .commit(&table, change(Mode::Overwrite, files, &[]))
        .await;
    assert!(matches!(stale, Err(LakeError::Moved { .. })), "{stale:?}");
    assert_eq!(numbers(&lake, "raw/order").await, counted(80));
}

#[tokio::test]
async fn what_follows_the_rows_goes_on_behind_a_compaction_and_not_behind_other_rows() {
    let (_directory, lake, stale) = filled("raw/order", 8).await;
    lake.compact("raw/order").await.unwrap();
    let newest = lake.table("raw/order").await.unwrap();
    assert_eq!(newest.files().len(), 1);
    assert_eq!(newest.transaction("file"), Some(71));
    let more = change(
        Mode::AppendUnmoved,
        write(&lake, &stale, 80, 10),
        &[("file", 81)],
    );
    lake.commit(&stale, more).await.unwrap();
    assert_eq!(numbers(&lake, "raw/order").await, counted(90));
    let refused = change(
        Mode::AppendUnmoved,
        write(&lake, &stale, 80, 10),
        &[("file", 82)],
    );
    let refused = lake.commit(&stale, refused).await;
    assert!(
        matches!(refused, Err(LakeError::Moved { .. })),
        "{refused:?}"
    );
    assert_eq!(numbers(&lake, "raw/order").await, counted(90));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn racing_creation_makes_one_table() {
    let directory = TempDir::new().unwrap();
    let root = directory.path().join("lake");
    let makers = (0..6).map(|_| {
        let root = root.clone();
        tokio::spawn(async move { Lake::init(&root).await })
    });
    let makers: Vec<_> = makers.collect();
    for maker in makers {
        maker.await.unwrap().unwrap();
    }
    let lake = Lake::open(&root).await.unwrap();
    assert_eq!(lake.table("raw/order").await.unwrap().version(), 0);
    append(&lake, "raw/order", 0).await;
    Lake::init(&root).await.unwrap();
    assert_eq!(numbers(&lake, "raw/order").await, counted(10));
}

#[tokio::test]
async fn a_repeated_or_lower_transaction_is_refused_on_the_newest_snapshot_too() {
    let (_directory, lake, _) = filled("raw/order", 2).await;
    let newest = lake.table("raw/order").await.unwrap();
    for version in [11, 5] {
        let files = write(&lake, &newest, 20, 10);
        let again = lake.commit(&newest, change(Mode::Append, files, &[("file", version)]));
        let again = again.await;
        assert!(
            matches!(again, Err(LakeError::AlreadyApplied { .. })),
            "{again:?}"
        );
    }
    assert_eq!(numbers(&lake, "raw/order").await, counted(20));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rows_that_come_in_during_compactions_are_there_once() {
    let (_directory, lake, _) = filled("raw/order", 8).await;
    let other = Lake::open(lake.root()).await.unwrap();
    let compacting = tokio::spawn(async move {
        let mut merged = 0;
        for _ in 0..40 {
            match other.compact("raw/order").await {
                Ok(files) => merged += files,
                Err(LakeError::Moved { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        merged
    });
    for part in 8..40 {
        append(&lake, "raw/order", part * 10).await;
    }
    let merged = compacting.await.unwrap();
    lake.compact("raw/order").await.unwrap();
    assert_eq!(numbers(&lake, "raw/order").await, counted(400));
    assert!(merged >= 8, "{merged}");
}

/// A run that was broken off left a mart ahead of the published version; the next brings back what
/// was published, less what it replaces.
#[tokio::test]
async fn files_of_an_earlier_version_come_back() {
    let (_directory, lake) = new_lake().await;
    let name = "marts/orders";
    for first in [0, 10, 20] {
        let table = lake.table(name).await.unwrap();
        let files = write(&lake, &table, first, 10);
        lake.commit(&table, change(Mode::Append, files, &[]))
            .await
            .unwrap();
    }
    let published = lake.table(name).await.unwrap();
    let ahead = change(Mode::Overwrite, write(&lake, &published, 90, 5), &[]);
    lake.commit(&published, ahead).await.unwrap();

    let head = lake.table(name).await.unwrap();
    let kept: Vec<TableFile> = published.files()[..2].to_vec();
    let mut next = change(Mode::Replace, write(&lake, &head, 30, 1), &[]);
    next.kept.clone_from(&kept);
    lake.commit(&head, next).await.unwrap();
    let now = Lake::open(lake.root())
        .await
        .unwrap()
        .table(name)
        .await
        .unwrap();
    let mut rows: Vec<u64> = now.files().iter().map(|file| file.rows).collect();
    rows.sort_unstable();
    assert_eq!(rows, [1, 10, 10]);
    for file in kept {
        let back = now
            .files()
            .iter()
            .find(|own| own.path == file.path)
            .unwrap();
        assert_eq!(back.text_bounds("order_id"), file.text_bounds("order_id"));
    }
    assert_eq!(published.rows(), 30);
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn set(at: DateTime<Utc>, version: i64) -> PublishedSet {
    PublishedSet {
        published_at: at,
        complete_to: at,
        versions: [("marts/orders".to_owned(), version)].into(),
        ..PublishedSet::default()
    }
}

#[tokio::test]
async fn a_set_made_from_one_that_was_replaced_is_not_published() {
    let (_directory, lake) = new_lake().await;
    let now = at("2026-03-01T00:00:00Z");
    assert_eq!(lake.publish_after(set(now, 1), None).await.unwrap(), 1);
    assert_eq!(lake.publish_after(set(now, 2), Some(1)).await.unwrap(), 2);
    for base in [None, Some(1)] {
        let refused = lake.publish_after(set(now, 3), base).await;
        assert!(
            matches!(refused, Err(LakeError::Moved { .. })),
            "{refused:?}"
        );
    }
    // Whoever took the lease later is not overtaken by who held it before.
    let by = |fence| PublishedSet {
        fence,
        ..set(now, 4)
    };
    assert_eq!(lake.publish_after(by(7), Some(2)).await.unwrap(), 3);
    let refused = lake.publish_after(by(6), Some(3)).await;
    assert!(
        matches!(refused, Err(LakeError::Fenced { .. })),
        "{refused:?}"
    );
    assert_eq!(lake.publish_after(by(7), Some(3)).await.unwrap(), 4);
}

#[tokio::test]
async fn old_sets_are_forgotten_and_their_files_go_when_they_are_old() {
    let (_directory, lake) = new_lake().await;
    let name = "marts/orders";
    let begin = at("2026-03-01T00:00:00Z");
    for part in 0..70 {
        let table = lake.table(name).await.unwrap();
        let mut next = change(Mode::Replace, write(&lake, &table, part, 1), &[]);
        next.kept.clear();
        let version = lake.commit(&table, next).await.unwrap();
        let at = begin + TimeDelta::hours(part);
        lake.publish(set(at, version)).await.unwrap();
    }
    let table = lake.table(name).await.unwrap();
    let last = begin + TimeDelta::hours(69);
    assert_eq!(lake.forget_sets(last).await.unwrap(), 21);
    assert_eq!(lake.forget_sets(last).await.unwrap(), 0);
    let kept = lake.sets().await.unwrap();
    assert_eq!(kept.len(), 49);
    assert_eq!(lake.latest_set().await.unwrap().unwrap().id, 70);
    // Files are younger than a day: they were written just now.
    let wall = DateTime::<Utc>::from(
        table.files()[0]
            .path
            .metadata()
            .unwrap()
            .modified()
            .unwrap(),
    );
    assert_eq!(lake.clean(wall).await.unwrap().removed_files, 0);
    let done = lake.clean(wall + TimeDelta::days(2)).await.unwrap();
    assert!(done.removed_files > 0, "{done:?}");
    assert_eq!(
        lake.clean(wall + TimeDelta::days(2)).await.unwrap(),
        Upkept::default()
    );
    let again = Lake::open(lake.root()).await.unwrap();
    for set in &kept {
        let table = again.table_at(name, set.versions[name]).await.unwrap();
        assert!(table.files().iter().all(|file| file.path.exists()));
        assert_eq!(table.rows(), 1);
    }
    assert!(parquet_files(table.root()).len() < 70);
}

#[test]
fn sets_are_thinned_with_their_age() {
    let now = at("2026-03-10T12:30:00Z");
    let ages = [
        1,
        30,
        59,
        61,
        70,
        100,
        130,
        60 * 47,
        60 * 50,
        60 * 51,
        60 * 24 * 36,
    ];
    let sets: Vec<PublishedSet> = (1..)
        .zip(ages.iter().rev())
        .map(|(id, minutes)| PublishedSet {
            id,
            ..set(now - TimeDelta::minutes(*minutes), id)
        })
        .collect();
    // 36 days ago: gone; 8 March: the last, 47 hours ago; then the last of the hours of 10:50 and
    // 11:31, and all since.
    let kept: Vec<i64> = kept_sets(&sets, now).into_iter().collect();
    assert_eq!(kept, [4, 6, 9, 10, 11]);
}

#[tokio::test]
async fn logs_are_cut_at_checkpoints_and_tables_stay_whole() {
    let (_directory, lake) = new_lake().await;
    for part in 0..230 {
        append(&lake, "raw/order", part * 10).await;
        if part % 20 == 19 {
            lake.compact("raw/order").await.unwrap();
        }
    }
    let table = lake.table("raw/order").await.unwrap();
    let before = table.extent().unwrap();
    assert!(before.log_entries > 230 && before.files < 30, "{before:?}");
    let wall = DateTime::<Utc>::from(
        table.files()[0]
            .path
            .metadata()
            .unwrap()
            .modified()
            .unwrap(),
    );
    let done = lake.clean(wall + TimeDelta::days(2)).await.unwrap();
    assert!(
        done.removed_entries >= 200 && done.removed_files > 150,
        "{done:?}"
    );
    let reopened = Lake::init(lake.root()).await.unwrap();
    let table = reopened.table("raw/order").await.unwrap();
    assert!(table.extent().unwrap().log_entries < 100);
    assert_eq!(integers(&table, "_seq"), counted(2300));
    assert_eq!(table.transaction("file"), Some(2291));
    append(&reopened, "raw/order", 2300).await;
    assert_eq!(numbers(&lake, "raw/order").await, counted(2310));
}

#[tokio::test]
async fn the_log_of_a_long_history_is_short_and_every_kept_set_can_be_read() {
    let (_directory, lake) = new_lake().await;
    let name = "marts/orders";
    let wall = |table: &Table| {
        let modified = table.files()[0].path.metadata().unwrap().modified();
        DateTime::<Utc>::from(modified.unwrap())
    };
    append(&lake, "raw/order", 0).await;
    // Every file was written before the history begins: upkeep removes whatever it may.
    let begin = wall(&lake.table("raw/order").await.unwrap()) + TimeDelta::days(2);
    for part in 0..220 {
        let now = begin + TimeDelta::minutes(14 * part);
        let table = lake.table(name).await.unwrap();
        let mut next = change(Mode::Replace, write(&lake, &table, part, 1), &[]);
        // Of the rows before, the last three stay.
        let stays = |file: &&TableFile| {
            let bounds = file.text_bounds("order_id");
            bounds.is_some_and(|(least, _)| least >= format!("r{:05}", (part - 3).max(0)))
        };
        next.kept = table.files().iter().filter(stays).cloned().collect();
        let version = lake.commit(&table, next).await.unwrap();
        lake.publish(set(now, version)).await.unwrap();
        if part % 40 == 39 {
            lake.forget_sets(now).await.unwrap();
            lake.clean(now).await.unwrap();
        }
    }
    let last = begin + TimeDelta::minutes(14 * 219);
    lake.clean(last).await.unwrap();
    let again = Lake::open(lake.root()).await.unwrap();
    let sets = again.sets().await.unwrap();
    assert!(sets.len() > 45 && sets.len() < 130, "{}", sets.len());
    let mut needed = std::collections::BTreeSet::new();
    for set in &sets {
        let table = again.table_at(name, set.versions[name]).await.unwrap();
        let part = set.id - 1;
        let rows = ((part - 3).max(0)..=part).map(|row| format!("r{row:05}"));
        let mut found: Vec<String> = (table.files().iter())
            .map(|file| file.text_bounds("order_id").unwrap().0)
            .collect();
        found.sort_unstable();
        assert_eq!(found, rows.collect::<Vec<_>>(), "set {}", set.id);
        assert!(table.files().iter().all(|file| file.path.exists()));
        needed.extend(table.files().iter().map(|file| file.path.clone()));
    }
    let table = again.table(name).await.unwrap();
    // An hour of commits, and what lies between two checkpoints.
    let log = std::fs::read_dir(table.root().join("_delta_log")).unwrap();
    assert!(table.extent().unwrap().log_entries <= 120);
    assert!(log.count() <= 120 + sets.len() + 4);
    assert!(parquet_files(table.root()).len() <= needed.len() + 130);
    // A reader that knows nothing but the hint finds the newest version.
    let reopened = Lake::open(lake.root()).await.unwrap();
    assert_eq!(
        reopened.table(name).await.unwrap().version(),
        table.version()
    );
    assert_eq!(lake.clean(last).await.unwrap(), Upkept::default());
}
