//! Tables: creating, writing, committing, and what is refused.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, Decimal128Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray, new_null_array,
};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use chrono::{DateTime, Utc};
use deltalake_core::kernel::StructType;
use deltalake_core::kernel::engine::arrow_conversion::TryIntoKernel;
use deltalake_core::operations::create::CreateBuilder;
use millrace_lake::{Change, Lake, LakeError, Mode, NewFile, PublishedSet, Table, WrittenFile};
use millrace_models::catalog::Catalog;
use millrace_models::entity::Entity;
use millrace_models::marts;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use tempfile::TempDir;

pub(crate) async fn new_lake() -> (TempDir, Lake) {
    let directory = TempDir::new().unwrap();
    let lake = Lake::init(&directory.path().join("lake")).await.unwrap();
    (directory, lake)
}

/// A batch of `schema` with `_seq` (or the first integer column) counting up from `first`, texts
/// made of the number, and the rest null.
fn batch(schema: &SchemaRef, first: i64, rows: i64) -> RecordBatch {
    let numbers: Vec<i64> = (first..first + rows).collect();
    let length = numbers.len();
    let columns = schema.fields().iter().map(|field| -> ArrayRef {
        match field.data_type() {
            DataType::Int64 => Arc::new(Int64Array::from(numbers.clone())),
            DataType::Utf8 => Arc::new(
                numbers
                    .iter()
                    .map(|number| Some(format!("r{number:05}")))
                    .collect::<StringArray>(),
            ),
            DataType::Timestamp(..) => Arc::new(
                numbers
                    .iter()
                    .map(|number| Some(1_709_258_400_000_001 + number * 1_000_000))
                    .collect::<TimestampMicrosecondArray>()
                    .with_timezone("UTC"),
            ),
            DataType::Decimal128(precision, scale) => Arc::new(
                numbers
                    .iter()
                    .map(|number| Some(i128::from(900_719_925_474_099_317_i64 + number)))
                    .collect::<Decimal128Array>()
                    .with_precision_and_scale(*precision, *scale)
                    .unwrap(),
            ),
            other => new_null_array(other, length),
        }
    });
    RecordBatch::try_new(schema.clone(), columns.collect()).unwrap()
}

pub(crate) fn write(lake: &Lake, table: &Table, first: i64, rows: i64) -> Vec<NewFile> {
    let mut writer = lake.writer(table.name(), table.schema(), table.partition_column());
    writer
        .write(&batch(&table.schema(), first, rows), None)
        .unwrap();
    writer.finish().unwrap()
}

pub(crate) fn change(mode: Mode, files: Vec<NewFile>, transactions: &[(&str, i64)]) -> Change {
    let transactions = transactions
        .iter()
        .map(|(app, version)| ((*app).to_owned(), *version))
        .collect();
    Change {
        mode,
        files,
        kept: Vec::new(),
        schema: None,
        transactions,
    }
}

/// Every value of the integer column `column`, in ascending order.
pub(crate) fn integers(table: &Table, column: &str) -> Vec<i64> {
    let mut values = Vec::new();
    for file in table.files() {
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&file.path).unwrap());
        for batch in reader.unwrap().build().unwrap() {
            let batch = batch.unwrap();
            let found = batch
                .column_by_name(column)
                .unwrap()
                .as_primitive::<Int64Type>();
            values.extend(found.values());
        }
    }
    values.sort_unstable();
    values
}

pub(crate) fn parquet_files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("_delta_log") {
            found.extend(parquet_files(&path));
        } else if path
            .extension()
            .is_some_and(|extension| extension == "parquet")
        {
            found.push(path);
        }
    }
    found
}

fn added(table: &Table, version: i64) -> Vec<serde_json::Value> {
    let entry = table
        .root()
        .join("_delta_log")
        .join(format!("{version:020}.json"));
    let text = std::fs::read_to_string(entry).unwrap();
    text.lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter_map(|line| line.get("add").cloned())
        .collect()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn published(complete_to: &str) -> PublishedSet {
    PublishedSet {
        id: 0,
        published_at: at("2026-01-01T00:00:00Z"),
        complete_to: at(complete_to),
        versions: BTreeMap::from([("marts/orders".to_owned(), 3)]),
        catalog: Catalog::default(),
        inputs: BTreeMap::from([("raw/order".to_owned(), 12)]),
        first_event_at: Some(at("2025-01-01T00:00:00Z")),
        ..PublishedSet::default()
    }
}

#[tokio::test]
async fn init_creates_every_table_and_is_harmless_again() {
    let (directory, lake) = new_lake().await;
    let orders = lake.table("raw/order").await.unwrap();
    lake.commit(
        &orders,
        change(Mode::Append, write(&lake, &orders, 0, 3), &[]),
    )
    .await
    .unwrap();

    let again = Lake::init(&directory.path().join("lake")).await.unwrap();

    for entity in Entity::all() {
        let table = again
            .table(&format!("raw/{}", entity.name()))
            .await
            .unwrap();
        assert_eq!(
            table.schema().fields().len(),
            entity.raw_schema().fields().len()
        );
        for (found, expected) in table
            .schema()
            .fields()
            .iter()
            .zip(entity.raw_schema().fields())
        {
            assert_eq!(
                (found.name(), found.data_type()),
                (expected.name(), expected.data_type())
            );
        }
    }
    for name in marts::TABLES {
        let table = again.table(&format!("marts/{name}")).await.unwrap();
        assert_eq!(table.rows(), 0);
    }
    assert_eq!(again.table("raw/order").await.unwrap().rows(), 3);
}

#[tokio::test]
async fn open_refuses_a_directory_without_a_lake() {
    let directory = TempDir::new().unwrap();
    let error = Lake::open(directory.path()).await.unwrap_err();
    assert!(matches!(error, LakeError::NotInitialised { .. }), "{error}");
    assert!(error.to_string().contains("millrace init"));
}

#[tokio::test]
async fn a_lake_of_an_earlier_program_gets_the_tables_that_came_since() {
    let (directory, lake) = new_lake().await;
    let root = lake.root().to_owned();
    drop(lake);
    for mart in marts::KEPT {
        std::fs::remove_dir_all(root.join("marts").join(mart)).unwrap();
    }
    let lake = Lake::open(&root).await.unwrap();
    for mart in marts::KEPT {
        let table = lake.table(&format!("marts/{mart}")).await.unwrap();
        assert_eq!(table.partition_column(), Some(marts::SCORED_ON));
    }
    drop(directory);
}

#[tokio::test]
async fn refuses_unknown_tables_and_versions() {
    let (_directory, lake) = new_lake().await;
    let error = lake.table("marts/nothing").await.unwrap_err();
    assert!(matches!(error, LakeError::NoTable { .. }), "{error}");
    for version in [7, -1] {
        let error = lake.table_at("raw/order", version).await.unwrap_err();
        assert!(
            matches!(error, LakeError::NoVersion { newest: 0, .. }),
            "{error}"
        );
    }
}

#[tokio::test]
async fn appends_are_seen_by_the_same_and_by_another_lake() {
    let (directory, lake) = new_lake().await;
    let other = Lake::open(&directory.path().join("lake")).await.unwrap();
    assert_eq!(other.table("raw/order").await.unwrap().rows(), 0);
    for part in 0..3 {
        let table = lake.table("raw/order").await.unwrap();
        let files = write(&lake, &table, part * 10, 10);
        let version = lake
            .commit(&table, change(Mode::Append, files, &[]))
            .await
            .unwrap();
        assert_eq!(version, part + 1);
    }
    for lake in [&lake, &other] {
        let table = lake.table("raw/order").await.unwrap();
        assert_eq!(
            (table.version(), table.rows(), table.files().len()),
            (3, 30, 3)
        );
        assert_eq!(integers(&table, "_seq"), (0..30).collect::<Vec<_>>());
    }
    let earlier = other.table_at("raw/order", 2).await.unwrap();
    assert_eq!(integers(&earlier, "_seq"), (0..20).collect::<Vec<_>>());
}

#[tokio::test]
async fn overwrite_replaces_rows_and_columns() {
    let (_directory, lake) = new_lake().await;
    let table = lake.table("marts/accounts").await.unwrap();
    lake.commit(
        &table,
        change(Mode::Append, write(&lake, &table, 0, 5), &[]),
    )
    .await
    .unwrap();

    let table = lake.table("marts/accounts").await.unwrap();
    let mut fields = table.schema().fields().to_vec();
    fields.push(Arc::new(Field::new("attr_级别", DataType::Utf8, true)));
    let schema: SchemaRef = Arc::new(Schema::new(fields));
    let mut writer = lake.writer("marts/accounts", schema.clone(), None);
    writer.write(&batch(&schema, 100, 2), None).unwrap();
    let replacement = Change {
        kept: Vec::new(),
        schema: Some(schema.clone()),
        ..change(
            Mode::Overwrite,
            writer.finish().unwrap(),
            &[("raw/account", 4)],
        )
    };
    lake.commit(&table, replacement).await.unwrap();

    let table = lake.table("marts/accounts").await.unwrap();
    assert_eq!(
        (table.version(), table.rows(), table.files().len()),
        (2, 2, 1)
    );
    assert_eq!(table.transaction("raw/account"), Some(4));
    assert!(table.schema().column_with_name("attr_级别").is_some());
    let before = lake.table_at("marts/accounts", 1).await.unwrap();
    assert_eq!(
        (before.rows(), before.transaction("raw/account")),
        (5, None)
    );
    assert!(before.schema().column_with_name("attr_级别").is_none());
}

#[tokio::test]
async fn stale_overwrite_is_refused_and_its_files_removed() {
    let (_directory, lake) = new_lake().await;
    let stale = lake.table("marts/orders").await.unwrap();
    lake.commit(
        &stale,
        change(Mode::Append, write(&lake, &stale, 0, 5), &[]),
    )
    .await
    .unwrap();

    for mode in [Mode::Overwrite, Mode::AppendUnmoved] {
        let files = write(&lake, &stale, 10, 5);
        let path = files[0].path().to_owned();
        let error = lake
            .commit(&stale, change(mode, files, &[]))
            .await
            .unwrap_err();
        assert!(matches!(error, LakeError::Moved { read: 0, .. }), "{error}");
        assert!(error.is_retryable());
        assert!(!path.exists());
    }
    assert_eq!(lake.table("marts/orders").await.unwrap().rows(), 5);
}

#[tokio::test]
async fn an_append_on_a_stale_snapshot_is_repeated_on_the_newest() {
    let (_directory, lake) = new_lake().await;
    let stale = lake.table("marts/orders").await.unwrap();
    lake.commit(
        &stale,
        change(Mode::Append, write(&lake, &stale, 0, 5), &[]),
    )
    .await
    .unwrap();
    let newest = lake.table("marts/orders").await.unwrap();
    lake.commit(
        &newest,
        change(Mode::Overwrite, write(&lake, &newest, 50, 5), &[]),
    )
    .await
    .unwrap();

    let files = write(&lake, &stale, 100, 5);
    assert_eq!(
        lake.commit(&stale, change(Mode::Append, files, &[]))
            .await
            .unwrap(),
        3
    );
    assert_eq!(lake.table("marts/orders").await.unwrap().rows(), 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn racing_appends_all_arrive_once() {
    let (directory, lake) = new_lake().await;
    let tasks: Vec<_> = (0..12)
        .map(|part| {
            let root = directory.path().join("lake");
            let shared = lake.clone();
            tokio::spawn(async move {
                // Half of them through a handle of their own, as another process would.
                let lake = if part % 2 == 0 {
                    shared
                } else {
                    Lake::open(&root).await.unwrap()
                };
                let table = lake.table("raw/order").await.unwrap();
                let files = write(&lake, &table, part * 10, 10);
                let app = format!("file:{part}");
                lake.commit(&table, change(Mode::Append, files, &[(&app, 1)]))
                    .await
                    .unwrap();
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let table = lake.table("raw/order").await.unwrap();
    assert_eq!(integers(&table, "_seq"), (0..120).collect::<Vec<_>>());
    assert!((0..12).all(|part| table.transaction(&format!("file:{part}")) == Some(1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn racing_commits_of_one_input_arrive_once() {
    let (_directory, lake) = new_lake().await;
    for mode in [Mode::Append, Mode::AppendUnmoved] {
        let table = lake.table("raw/quote").await.unwrap();
        let app = format!("file:{mode:?}");
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let (lake, table, app) = (lake.clone(), table.clone(), app.clone());
                tokio::spawn(async move {
                    let files = write(&lake, &table, 0, 10);
                    lake.commit(&table, change(mode, files, &[(&app, 1)])).await
                })
            })
            .collect();
        let mut committed = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(_) => committed += 1,
                Err(LakeError::AlreadyApplied { application, .. }) => assert_eq!(application, app),
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(committed, 1);
    }
    let table = lake.table("raw/quote").await.unwrap();
    assert_eq!(table.rows(), 20);
    assert_eq!(
        parquet_files(table.root()).len(),
        2,
        "refused files are removed"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_racing_overwrites_one_wins() {
    let (_directory, lake) = new_lake().await;
    let table = lake.table("marts/users").await.unwrap();
    let tasks: Vec<_> = (0..6)
        .map(|part| {
            let (lake, table) = (lake.clone(), table.clone());
            tokio::spawn(async move {
                let files = write(&lake, &table, part * 10, 10);
                lake.commit(&table, change(Mode::Overwrite, files, &[]))
                    .await
                    .is_ok()
            })
        })
        .collect();
    let mut won = 0;
    for task in tasks {
        won += usize::from(task.await.unwrap());
    }
    assert_eq!(
        (won, lake.table("marts/users").await.unwrap().rows()),
        (1, 10)
    );
}

#[tokio::test]
async fn a_transaction_is_applied_once() {
    let (directory, lake) = new_lake().await;
    let table = lake.table("raw/order").await.unwrap();
    let apps = [("file:crm:order:abc", 1)];
    lake.commit(
        &table,
        change(Mode::Append, write(&lake, &table, 0, 5), &apps),
    )
    .await
    .unwrap();

    // From the stale snapshot, from the newest, and from a process that has just started.
    let reopened = Lake::open(&directory.path().join("lake")).await.unwrap();
    let newest = reopened.table("raw/order").await.unwrap();
    assert_eq!(newest.transaction("file:crm:order:abc"), Some(1));
    for on in [&table, &newest] {
        let files = write(&reopened, on, 0, 5);
        let error = reopened
            .commit(on, change(Mode::Append, files, &apps))
            .await
            .unwrap_err();
        assert!(
            matches!(error, LakeError::AlreadyApplied { version: 1, .. }),
            "{error}"
        );
        assert!(!error.is_retryable());
    }
    assert_eq!(reopened.table("raw/order").await.unwrap().rows(), 5);
    assert_eq!(parquet_files(newest.root()).len(), 1);

    let later = [("file:crm:order:abc", 2)];
    lake.commit(
        &newest,
        change(Mode::Append, write(&lake, &newest, 5, 5), &later),
    )
    .await
    .unwrap();
    assert_eq!(
        lake.table("raw/order")
            .await
            .unwrap()
            .transaction("file:crm:order:abc"),
        Some(2)
    );
}

#[tokio::test]
async fn transactions_and_rows_survive_checkpoints() {
    let (directory, lake) = new_lake().await;
    for part in 0..105 {
        let table = lake.table("raw/ticket").await.unwrap();
        let files = if part % 40 == 0 {
            write(&lake, &table, part, 1)
        } else {
            Vec::new()
        };
        let app = format!("file:{part}");
        lake.commit(&table, change(Mode::Append, files, &[(&app, part)]))
            .await
            .unwrap();
    }
    let reopened = Lake::open(&directory.path().join("lake")).await.unwrap();
    let table = reopened.table("raw/ticket").await.unwrap();
    let checkpoints = parquet_files(&table.root().join("_delta_log"));
    assert!(!checkpoints.is_empty());
    assert_eq!((table.version(), table.rows()), (105, 3));
    assert!((0..105).all(|part| table.transaction(&format!("file:{part}")) == Some(part)));
    let earlier = reopened.table_at("raw/ticket", 102).await.unwrap();
    assert_eq!(earlier.transaction("file:101"), Some(101));
    assert_eq!(earlier.transaction("file:102"), None);
}

#[tokio::test]
async fn partitions_are_directories_and_not_columns_of_the_files() {
    let (_directory, lake) = new_lake().await;
    let table = lake.table("marts/stage_visits").await.unwrap();
    assert_eq!(table.partition_column(), Some("left_month"));
    let mut writer = lake.writer(table.name(), table.schema(), table.partition_column());
    for (month, first) in [("2024-03", 0), ("open", 10), ("2024-03", 20)] {
        writer
            .write(&batch(&table.schema(), first, 10), Some(month))
            .unwrap();
    }
    let files = writer.finish().unwrap();
    assert_eq!(files.len(), 2);
    lake.commit(&table, change(Mode::Append, files, &[]))
        .await
        .unwrap();

    let table = lake.table("marts/stage_visits").await.unwrap();
    let mut partitions: Vec<_> = table
        .files()
        .iter()
        .map(|file| (file.partition.as_deref(), file.rows))
        .collect();
    partitions.sort_unstable();
    assert_eq!(partitions, [(Some("2024-03"), 20), (Some("open"), 10)]);
    for file in table.files() {
        let month = format!("left_month={}", file.partition.as_deref().unwrap());
        assert!(file.path.parent().unwrap().ends_with(month));
        let file = File::open(&file.path).unwrap();
        let schema = ParquetRecordBatchReaderBuilder::try_new(file)
            .unwrap()
            .schema()
            .clone();
        assert!(schema.column_with_name("left_month").is_none());
    }
    lake.commit(&table, change(Mode::Overwrite, Vec::new(), &[]))
        .await
        .unwrap();
    assert_eq!(lake.table("marts/stage_visits").await.unwrap().rows(), 0);
}

#[tokio::test]
async fn odd_partition_values_come_back() {
    let (_directory, lake) = new_lake().await;
    let table = lake.table("marts/stage_visits").await.unwrap();
    let mut writer = lake.writer(table.name(), table.schema(), table.partition_column());
    for value in [None, Some("a b/华%"), Some("")] {
        writer.write(&batch(&table.schema(), 0, 1), value).unwrap();
    }
    lake.commit(&table, change(Mode::Append, writer.finish().unwrap(), &[]))
        .await
        .unwrap();
    let table = lake.table("marts/stage_visits").await.unwrap();
    let mut found: Vec<_> = table
        .files()
        .iter()
        .map(|file| file.partition.clone())
        .collect();
    found.sort_unstable();
    assert_eq!(found, [None, Some("a b/华%".to_owned())]);
    assert!(table.files().iter().all(|file| file.path.exists()));
    lake.commit(&table, change(Mode::Overwrite, Vec::new(), &[]))
        .await
        .unwrap();
    assert_eq!(lake.table("marts/stage_visits").await.unwrap().rows(), 0);
}

#[tokio::test]
async fn statistics_bound_the_values() {
    let (_directory, lake) = new_lake().await;
    let table = lake.table("raw/order").await.unwrap();
    lake.commit(
        &table,
        change(Mode::Append, write(&lake, &table, 7, 3), &[]),
    )
    .await
    .unwrap();
    let add = added(&table, 1).remove(0);
    let text = add["stats"].as_str().unwrap();
    let statistics: serde_json::Value = serde_json::from_str(text).unwrap();
    assert_eq!(statistics["numRecords"], 3);
    assert_eq!(
        (
            &statistics["minValues"]["_seq"],
            &statistics["maxValues"]["_seq"]
        ),
        (&7.into(), &9.into())
    );
    assert_eq!(statistics["minValues"]["_file"], "r00007");
    assert_eq!(
        statistics["minValues"]["_ingested_at"],
        "2024-03-01T02:00:07.000Z"
    );
    assert_eq!(
        statistics["maxValues"]["_ingested_at"],
        "2024-03-01T02:00:09.001Z"
    );
    assert_eq!(statistics["nullCount"]["_ingested_at"], 0);
    // An amount of 2^53 + 1 yuan is not a float.
    assert!(text.contains("9007199254740993.24"), "{text}");
}

#[tokio::test]
async fn files_that_are_not_committed_are_removed() {
    let (_directory, lake) = new_lake().await;
    let table = lake.table("raw/order").await.unwrap();
    let mut unfinished = lake.writer("raw/order", table.schema(), None);
    unfinished
        .write(&batch(&table.schema(), 0, 5), None)
        .unwrap();
    let finished = write(&lake, &table, 0, 5);
    assert_eq!(parquet_files(table.root()).len(), 2);
    drop((unfinished, finished));
    assert!(parquet_files(table.root()).is_empty());
}

#[tokio::test]
async fn refuses_what_does_not_fit() {
    let (_directory, lake) = new_lake().await;
    let orders = lake.table("raw/order").await.unwrap();
    let quotes = lake.table("raw/quote").await.unwrap();

    let mut writer = lake.writer("raw/order", orders.schema(), None);
    let error = writer
        .write(&batch(&quotes.schema(), 0, 1), None)
        .unwrap_err();
    assert!(matches!(error, LakeError::Column { .. }), "{error}");
    let error = writer
        .write(&batch(&orders.schema(), 0, 1), Some("2024-03"))
        .unwrap_err();
    assert!(matches!(error, LakeError::NotPartitioned { .. }), "{error}");

    let files = write(&lake, &orders, 0, 1);
    let error = lake
        .commit(&quotes, change(Mode::Append, files, &[]))
        .await
        .unwrap_err();
    assert!(matches!(error, LakeError::ForeignFile { .. }), "{error}");
    assert!(parquet_files(orders.root()).is_empty());
}

#[tokio::test]
async fn published_sets_are_numbered_and_kept() {
    let (directory, lake) = new_lake().await;
    assert_eq!(lake.latest_set().await.unwrap(), None);
    for month in 1..=12 {
        let set = published(&format!("2026-{month:02}-01T00:00:00Z"));
        assert_eq!(lake.publish(set).await.unwrap(), month);
    }
    let reopened = Lake::open(&directory.path().join("lake")).await.unwrap();
    let latest = reopened.latest_set().await.unwrap().unwrap();
    assert_eq!(
        latest,
        PublishedSet {
            id: 12,
            ..published("2026-12-01T00:00:00Z")
        }
    );
    let sets = reopened.sets().await.unwrap();
    assert_eq!(
        sets.iter().map(|set| set.id).collect::<Vec<_>>(),
        (1..=12).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn init_gives_raw_tables_the_columns_that_came_since() {
    let (directory, lake) = new_lake().await;
    let root = lake.root().to_owned();
    drop(lake);
    let table = root.join("raw/team");
    std::fs::remove_dir_all(&table).unwrap();
    std::fs::create_dir_all(&table).unwrap();
    // As an older program made it, with a row.
    let schema = Entity::Team.raw_schema();
    let old = schema.project(&[0, 1, 2, 3, 4, 5, 6, 7, 11]).unwrap();
    assert_eq!(old.field(8).name(), "attributes");
    let columns: StructType = (&old).try_into_kernel().unwrap();
    CreateBuilder::new()
        .with_location(url::Url::from_directory_path(&table).unwrap())
        .with_columns(columns.fields().cloned())
        .await
        .unwrap();
    let lake = Lake::open(&root).await.unwrap();
    let append = async |lake: &Lake, schema: SchemaRef| {
        let on = lake.table("raw/team").await.unwrap();
        let mut writer = lake.writer("raw/team", schema.clone(), None);
        let columns = schema.fields().iter();
        let columns = columns.map(|field| new_null_array(field.data_type(), 1));
        let batch = RecordBatch::try_new(schema.clone(), columns.collect()).unwrap();
        writer.write(&batch, None).unwrap();
        let change = Change {
            mode: Mode::AppendUnmoved,
            files: writer.finish().unwrap(),
            kept: Vec::new(),
            schema: None,
            transactions: vec![("a".to_owned(), on.version() + 1)],
        };
        lake.commit(&on, change).await
    };
    append(&lake, Arc::new(old)).await.unwrap();
    let refused = append(&lake, schema.clone()).await;
    assert!(matches!(refused, Err(LakeError::SchemaChanged { .. })));
    for _ in 0..2 {
        let lake = Lake::init(&root).await.unwrap();
        let widened = lake.table("raw/team").await.unwrap();
        let names = |schema: &SchemaRef| -> Vec<String> {
            let fields = schema.fields().iter();
            fields.map(|field| field.name().clone()).collect()
        };
        assert_eq!(names(&widened.schema()), names(&schema));
        assert_eq!((widened.version(), widened.rows()), (2, 1));
        assert_eq!(widened.transaction("a"), Some(1));
    }
    let lake = Lake::open(&root).await.unwrap();
    append(&lake, schema).await.unwrap();
    drop(directory);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn racing_publishers_get_numbers_of_their_own() {
    let (_directory, lake) = new_lake().await;
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let lake = lake.clone();
            tokio::spawn(async move {
                lake.publish(published("2026-01-01T00:00:00Z"))
                    .await
                    .unwrap()
            })
        })
        .collect();
    let mut ids = Vec::new();
    for task in tasks {
        ids.push(task.await.unwrap());
    }
    ids.sort_unstable();
    assert_eq!(ids, (1..=8).collect::<Vec<_>>());
    assert_eq!(lake.sets().await.unwrap().len(), 8);
}

#[tokio::test]
async fn several_threads_write_one_table() {
    let (_directory, lake) = new_lake().await;
    let table = lake.table("raw/order").await.unwrap();
    let files: Vec<NewFile> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|part| {
                let (lake, table) = (&lake, &table);
                scope.spawn(move || write(lake, table, part * 1000, 1000))
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    lake.commit(&table, change(Mode::Append, files, &[]))
        .await
        .unwrap();
    let table = lake.table("raw/order").await.unwrap();
    assert_eq!(integers(&table, "_seq"), (0..4000).collect::<Vec<_>>());
}

#[tokio::test]
async fn row_groups_are_found_by_the_texts_that_they_hold() {
    let (_directory, lake) = new_lake().await;
    let schema = Arc::new(Schema::new(vec![
        Field::new("_seq", DataType::Int64, false),
        Field::new("id", DataType::Utf8, true),
        Field::new("name", DataType::Utf8, true),
        Field::new("note", DataType::Utf8, true),
    ]));
    let writer = lake.writer("raw/account", schema.clone(), None);
    let mut writer = writer.with_row_group_rows(1024);
    // Least and greatest of the row groups exclude nothing.
    let ids: Vec<String> = (0..2048)
        .map(|row| format!("{}{row:04}", row % 2))
        .collect();
    let mut names = ids.clone();
    names[1500] = " padded".to_owned();
    let texts = |texts: &[String]| Arc::new(StringArray::from_iter_values(texts)) as ArrayRef;
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(0..2048)),
        texts(&ids),
        texts(&names),
        texts(&ids),
    ];
    let rows = RecordBatch::try_new(schema, columns).unwrap();
    writer.write(&rows, None).unwrap();
    let files = writer.finish().unwrap();
    let file = File::open(files[0].path()).unwrap();
    let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).unwrap();
    assert_eq!(metadata.metadata().num_row_groups(), 2);
    let may_hold = |group, column, texts: &[&str]| {
        let texts = texts.iter().copied();
        millrace_lake::may_hold(&file, &metadata, group, column, texts).unwrap()
    };
    assert!(may_hold(0, "id", &["10001"]) && !may_hold(1, "id", &["10001"]));
    assert!(may_hold(1, "id", &["00001", "01500"]) && !may_hold(0, "id", &["00001", "01500"]));
    // What is written with blanks around it is looked up without, so there the filter does not count;
    // nor is there one of a column that nothing is looked up by.
    assert!(may_hold(0, "name", &["q"]));
    assert!(may_hold(0, "note", &["q"]));
}

#[tokio::test]
async fn a_file_of_another_process_is_taken_over_if_it_is_the_one_that_was_told_of() {
    let (_directory, lake) = new_lake().await;
    let name = "raw/order";
    let table = lake.table(name).await.unwrap();
    let told: Vec<String> = write(&lake, &table, 0, 10)
        .into_iter()
        .map(|file| serde_json::to_string(&file.hand_over()).unwrap())
        .collect();
    let [told] = told.as_slice() else {
        panic!("{} files", told.len());
    };
    // the writer is gone, the file stays
    let [path] = &*parquet_files(table.root()) else {
        panic!("no file");
    };
    let take = |told: &str| {
        let told: WrittenFile = serde_json::from_str(told).unwrap();
        lake.take_over(name, table.schema(), None, told)
    };
    let size = std::fs::metadata(path).unwrap().len();
    for wrong in [
        told.replace(&format!("\"size\":{size}"), "\"size\":7"),
        told.replace("part-", "../order/part-"),
        told.replace("part-", "other-"),
    ] {
        assert_ne!(&wrong, told);
        let refused = take(&wrong).unwrap_err();
        assert!(matches!(refused, LakeError::NotTheFile { .. }), "{refused}");
    }
    let taken = vec![take(told).unwrap()];
    lake.commit(&table, change(Mode::Append, taken, &[]))
        .await
        .unwrap();
    let now = lake.table(name).await.unwrap();
    assert_eq!(integers(&now, "_seq"), (0..10).collect::<Vec<_>>());
    assert_eq!(now.list().rows, 10);
    // who takes it over and does not commit removes it
    let other = write(&lake, &now, 10, 5).remove(0).hand_over();
    drop(lake.take_over(name, now.schema(), None, other).unwrap());
    assert_eq!(parquet_files(now.root()).len(), 1);
}
