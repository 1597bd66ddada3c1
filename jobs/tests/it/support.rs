//! A lake with raw rows as JSON, and the marts read back as JSON.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array,
    RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float64Type, Int32Type, Schema, TimestampMicrosecondType,
};
use chrono::{DateTime, NaiveDate, Utc};
use millrace_ingest::{WINDOW, ingest_changes};
use millrace_jobs::demo::{DemoOptions, fill};
use millrace_jobs::engine::Local;
use millrace_jobs::{Open, RunOptions, RunReport, Silent, run};
use millrace_lake::query::Engine;
use millrace_lake::{Change, Lake, Mode};
use millrace_models::calendar::WorkingCalendar;
use millrace_models::clock::FixedClock;
use millrace_models::config::Company;
use millrace_models::entity::Entity;
use millrace_operations::files::Files;
use millrace_operations::sign_in::Password;
use millrace_operations::{Place, Store};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Map, Value, json};

/// A lake in a folder of its own.
pub(crate) struct TestLake {
    pub(crate) lake: Lake,
    _folder: tempfile::TempDir,
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// The moment as the company's clock shows it.
pub(crate) fn local(text: &str) -> i64 {
    DateTime::parse_from_rfc3339(&format!("{text}:00+08:00"))
        .unwrap()
        .timestamp_micros()
}

fn moment(text: &str) -> (i64, bool) {
    if text.len() == 10 {
        (local(&format!("{text}T00:00")), true)
    } else {
        (local(text), false)
    }
}

impl TestLake {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lake = Lake::init(folder.path()).await.unwrap();
        Self {
            lake,
            _folder: folder,
        }
    }

    /// What answers queries over it.
    pub(crate) fn engine(&self) -> Engine {
        let company = Company::default();
        let calendar = WorkingCalendar::chinese(&company.hours, company.zone, &company.overrides);
        Engine::new(self.lake.clone(), company.zone, Arc::new(calendar))
    }

    /// Another with the same tables.
    pub(crate) async fn copied(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(self.lake.root(), folder.path());
        let lake = Lake::init(folder.path()).await.unwrap();
        Self {
            lake,
            _folder: folder,
        }
    }

    /// Appends rows to a raw table. Times are written `2024-03-01` or `2024-03-01T09:00`; amounts
    /// as numbers; `_source` is `crm` and `_ingested_at` 2024-01-01 unless given.
    pub(crate) async fn raw(&mut self, entity: Entity, rows: Value) {
        let rows: Vec<Map<String, Value>> = serde_json::from_value(rows).unwrap();
        let schema = entity.raw_schema();
        let name = format!("raw/{}", entity.name());
        let get = |row: &Map<String, Value>, name: &str| {
            let default = match name {
                "_source" => json!("crm"),
                "_op" => json!("upsert"),
                "_ingested_at" => json!("2024-01-01"),
                _ => Value::Null,
            };
            row.get(name).cloned().unwrap_or(default)
        };
        let table = self.lake.table(&name).await.unwrap();
        let from = table.rows() as i64;
        let columns = schema.fields().iter().map(|field| -> ArrayRef {
            let name = field.name().as_str();
            let text = |row: &Map<String, Value>| get(row, name).as_str().map(str::to_owned);
            match field.data_type() {
                DataType::Int64 if name == "_seq" => {
                    Arc::new(Int64Array::from_iter_values(from..from + rows.len() as i64))
                }
                DataType::Int64 => Arc::new(
                    rows.iter()
                        .map(|row| get(row, name).as_i64())
                        .collect::<Int64Array>(),
                ),
                DataType::Float64 => Arc::new(
                    rows.iter()
                        .map(|row| get(row, name).as_f64())
                        .collect::<Float64Array>(),
                ),
                DataType::Timestamp(..) => Arc::new(
                    rows.iter()
                        .map(|row| text(row).map(|text| moment(&text).0))
                        .collect::<TimestampMicrosecondArray>()
                        .with_timezone("UTC"),
                ),
                DataType::Boolean => {
                    let of = name.trim_end_matches("_is_date");
                    let is_date = |row: &Map<String, Value>| {
                        get(row, of)
                            .as_str()
                            .map(|text| moment(text).1)
                            .or(get(row, name).as_bool())
                    };
                    Arc::new(rows.iter().map(is_date).collect::<BooleanArray>())
                }
                DataType::Date32 => Arc::new(
                    rows.iter()
                        .map(|row| {
                            let day: NaiveDate = text(row)?.parse().unwrap();
                            Some((day - NaiveDate::default()).num_days() as i32)
                        })
                        .collect::<Date32Array>(),
                ),
                DataType::Decimal128(..) => Arc::new(
                    rows.iter()
                        .map(|row| Some((get(row, name).as_f64()? * 100.0).round() as i128))
                        .collect::<Decimal128Array>()
                        .with_precision_and_scale(18, 2)
                        .unwrap(),
                ),
                DataType::Utf8 if name == "attributes" => Arc::new(
                    rows.iter()
                        .map(|row| row.get(name).map(ToString::to_string))
                        .collect::<StringArray>(),
                ),
                _ => Arc::new(rows.iter().map(text).collect::<StringArray>()),
            }
        });
        let batch = RecordBatch::try_new(schema.clone(), columns.collect()).unwrap();
        let mut writer = self.lake.writer(&name, schema, None);
        writer.write(&batch, None).unwrap();
        let change = Change {
            mode: Mode::Append,
            files: writer.finish().unwrap(),
            kept: Vec::new(),
            schema: None,
            transactions: Vec::new(),
        };
        self.lake.commit(&table, change).await.unwrap();
    }

    pub(crate) async fn run(&self) -> RunReport {
        run(&self.lake, &options()).await.unwrap()
    }

    /// Publishes a mart as a program wrote it that did not know these columns.
    pub(crate) async fn without(&self, name: &str, unknown: &[&str]) {
        let name = format!("marts/{name}");
        let table = self.lake.table(&name).await.unwrap();
        let fields = table.schema();
        let fields = fields.fields().iter();
        let fields = fields.filter(|field| !unknown.contains(&field.name().as_str()));
        let schema = Arc::new(Schema::new(fields.cloned().collect::<Vec<_>>()));
        let mut writer = self
            .lake
            .writer(&name, schema.clone(), table.partition_column());
        for file in table.files() {
            let opened = File::open(&file.path).unwrap();
            let reader = ParquetRecordBatchReaderBuilder::try_new(opened).unwrap();
            for batch in reader.build().unwrap() {
                writer
                    .write(&batch.unwrap(), file.partition.as_deref())
                    .unwrap();
            }
        }
        let change = Change {
            mode: Mode::Overwrite,
            files: writer.finish().unwrap(),
            kept: Vec::new(),
            schema: Some(schema),
            transactions: Vec::new(),
        };
        let version = self.lake.commit(&table, change).await.unwrap();
        let mut set = self.lake.latest_set().await.unwrap().unwrap();
        set.versions.insert(name, version);
        self.lake.publish(set).await.unwrap();
    }

    /// The rows of a mart in the published set, in the order of their texts; times exact.
    pub(crate) async fn published(&self, name: &str) -> Vec<String> {
        published_rows(&self.lake, name).await
    }

    /// The rows of a mart, ordered by the given columns, as JSON: times as the company's clock
    /// shows them, amounts as numbers, nulls left out.
    pub(crate) async fn mart(&self, name: &str, order: &[&str]) -> Vec<Value> {
        let table = self.lake.table(&format!("marts/{name}")).await.unwrap();
        let mut rows = Vec::new();
        for file in table.files() {
            let reader =
                ParquetRecordBatchReaderBuilder::try_new(File::open(&file.path).unwrap()).unwrap();
            for batch in reader.build().unwrap() {
                let batch = batch.unwrap();
                for row in 0..batch.num_rows() {
                    let mut object = to_json(&batch, row);
                    if let Some(partition) = &file.partition {
                        object.insert("partition".to_owned(), json!(partition));
                    }
                    rows.push(Value::Object(object));
                }
            }
        }
        let key = |row: &Value| {
            order
                .iter()
                .map(|name| row[*name].to_string())
                .collect::<Vec<_>>()
        };
        rows.sort_by_key(key);
        rows
    }
}

/// The rows of a mart in the published set, in the order of their texts; times exact.
pub(crate) async fn published_rows(lake: &Lake, name: &str) -> Vec<String> {
    let set = lake.latest_set().await.unwrap().unwrap();
    let name = format!("marts/{name}");
    let table = lake.table_at(&name, set.versions[&name]).await;
    let mut rows = Vec::new();
    for file in table.unwrap().files() {
        let file_of = File::open(&file.path).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(file_of).unwrap();
        for batch in reader.build().unwrap() {
            let batch = batch.unwrap();
            for row in 0..batch.num_rows() {
                let mut object = to_json(&batch, row);
                for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
                    let times = column.as_primitive_opt::<TimestampMicrosecondType>();
                    if let Some(times) = times.filter(|times| times.is_valid(row)) {
                        object.insert(field.name().clone(), times.value(row).into());
                    }
                }
                let partition = file.partition.clone().unwrap_or_default();
                rows.push(format!("{partition} {}", Value::Object(object)));
            }
        }
    }
    rows.sort_unstable();
    rows
}

pub(crate) fn options() -> RunOptions {
    RunOptions {
        company: Company::default(),
        as_of: None,
        now: "2026-01-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap(),
        jobs: Vec::new(),
        full: true,
        rows_at_once: millrace_jobs::ROWS_AT_ONCE,
        engine: Arc::new(Local),
        gate: Arc::new(Open),
        fence: 0,
        progress: Arc::new(Silent),
    }
}

/// Columns of rows, as arrays.
pub(crate) fn columns(rows: &[Value], names: &[&str]) -> Value {
    rows.iter()
        .map(|row| {
            names
                .iter()
                .map(|name| row[*name].clone())
                .collect::<Value>()
        })
        .collect()
}

pub(crate) fn to_json(batch: &RecordBatch, row: usize) -> Map<String, Value> {
    let mut object = Map::new();
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        if column.is_null(row) {
            continue;
        }
        let value = match field.data_type() {
            DataType::Utf8 => json!(column.as_string::<i32>().value(row)),
            DataType::Int32 => json!(column.as_primitive::<Int32Type>().value(row)),
            DataType::Float64 => json!(column.as_primitive::<Float64Type>().value(row)),
            DataType::Boolean => json!(column.as_boolean().value(row)),
            DataType::Decimal128(..) => {
                json!(column.as_primitive::<Decimal128Type>().value(row) as f64 / 100.0)
            }
            DataType::Date32 => {
                let days = column.as_primitive::<Date32Type>().value(row);
                let day = NaiveDate::default() + chrono::Days::new(u64::try_from(days).unwrap());
                json!(day.to_string())
            }
            DataType::Timestamp(..) => {
                let at = column.as_primitive::<TimestampMicrosecondType>().value(row);
                let at = DateTime::from_timestamp_micros(at).unwrap();
                let zone = Company::default().zone;
                json!(at.with_timezone(&zone).format("%Y-%m-%dT%H:%M").to_string())
            }
            other => panic!("{other}"),
        };
        object.insert(field.name().clone(), value);
    }
    object
}

/// The demo in a folder: its records in operations, and their change log in a lake.
pub(crate) async fn demo_records(folder: &Path, options: &DemoOptions, now: DateTime<Utc>) -> Lake {
    let place = Place::File(folder.join("operations.db"));
    let files = Files::in_folder(&folder.join("attachments")).unwrap();
    let company = Company::default();
    let password = Password::from("a demo password".to_owned());
    let filled = fill(&place, &files, &company, options, &password, &Silent)
        .await
        .unwrap();
    filled.complete().await.unwrap();
    let store = Store::open(&place, Arc::new(FixedClock(now)), &company)
        .await
        .unwrap();
    let lake = Lake::init(&folder.join("lake")).await.unwrap();
    ingest_changes(&lake, &store, WINDOW, now).await.unwrap();
    lake
}

/// Builds all marts, with that as the present.
pub(crate) async fn run_at(lake: &Lake, now: DateTime<Utc>) {
    let options = RunOptions { now, ..options() };
    run(lake, &options).await.unwrap();
}

/// Lets so many commits pass, and then none.
pub(crate) struct Shut {
    left: std::sync::atomic::AtomicI64,
}

impl Shut {
    pub(crate) fn after(commits: u8) -> Arc<Self> {
        Arc::new(Self {
            left: i64::from(commits).into(),
        })
    }

    /// Whether it was found shut.
    pub(crate) fn was_shut(&self) -> bool {
        self.left.load(std::sync::atomic::Ordering::SeqCst) < 0
    }
}

impl millrace_jobs::Gate for Shut {
    fn pass<'a>(&'a self, _: &'a str) -> futures::future::BoxFuture<'a, anyhow::Result<()>> {
        let left = self.left.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
        Box::pin(async move {
            anyhow::ensure!(left > 0, "shut");
            Ok(())
        })
    }
}
