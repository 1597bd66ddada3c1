//! A lake and a folder of sources that live as long as a test.

use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use millrace_ingest::{IngestError, IngestOptions, IngestReport, OnError, Silent, ingest_mapping};
use millrace_lake::Lake;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tempfile::TempDir;

/// A lake in one folder, sources in another.
pub(crate) struct Bench {
    folder: TempDir,
    pub(crate) lake: Lake,
}

pub(crate) fn now() -> DateTime<Utc> {
    "2026-11-01T00:00:00Z".parse().unwrap()
}

/// Ingests by a mapping into a lake.
pub(crate) async fn ingest_into(
    lake: &Lake,
    mapping: &Path,
    on_error: OnError,
    dry_run: bool,
) -> Result<IngestReport, IngestError> {
    let options = IngestOptions {
        company_zone: Tz::Asia__Shanghai,
        now: now(),
        on_error,
        dry_run,
        progress: &Silent,
    };
    ingest_mapping(lake, mapping, &options).await
}

impl Bench {
    pub(crate) async fn new() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let lake = Lake::init(&folder.path().join("lake")).await.unwrap();
        Bench { folder, lake }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    pub(crate) async fn ingest_with(
        &self,
        mapping: &Path,
        on_error: OnError,
        dry_run: bool,
    ) -> Result<IngestReport, IngestError> {
        ingest_into(&self.lake, mapping, on_error, dry_run).await
    }

    /// Writes the mapping `crm.toml` and ingests by it.
    pub(crate) async fn ingest(&self, mapping: &str) -> Result<IngestReport, IngestError> {
        let path = self.write("crm.toml", mapping);
        self.ingest_with(&path, OnError::Stop, false).await
    }

    /// The rows of a raw table in the order of their numbers, some columns as text, `-` for null.
    pub(crate) async fn rows(&self, entity: &str, columns: &[&str]) -> Vec<String> {
        let mut rows: Vec<(i64, String)> = Vec::new();
        for batch in self.batches(entity).await {
            let seqs = batch.column_by_name("_seq").unwrap();
            let seqs = seqs.as_primitive::<arrow::datatypes::Int64Type>();
            for row in 0..batch.num_rows() {
                let texts: Vec<String> = columns
                    .iter()
                    .map(|column| text(&batch, column, row))
                    .collect();
                rows.push((seqs.value(row), texts.join("|")));
            }
        }
        rows.sort();
        let gapless: Vec<i64> = (0..i64::try_from(rows.len()).unwrap()).collect();
        assert_eq!(
            rows.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(),
            gapless
        );
        rows.into_iter().map(|(_, row)| row).collect()
    }

    pub(crate) async fn batches(&self, entity: &str) -> Vec<RecordBatch> {
        let table = self.lake.table(&format!("raw/{entity}")).await.unwrap();
        let mut batches = Vec::new();
        for file in table.files() {
            let file = std::fs::File::open(&file.path).unwrap();
            let reader = ParquetRecordBatchReaderBuilder::try_new(file)
                .unwrap()
                .build()
                .unwrap();
            batches.extend(reader.map(Result::unwrap));
        }
        batches
    }
}

pub(crate) fn text(batch: &RecordBatch, column: &str, row: usize) -> String {
    let column = batch
        .column_by_name(column)
        .unwrap_or_else(|| panic!("no column {column}"));
    if column.is_null(row) {
        return "-".into();
    }
    if *column.data_type() == DataType::Utf8 {
        return column.as_string::<i32>().value(row).to_owned();
    }
    let options = FormatOptions::default();
    ArrayFormatter::try_new(column, &options)
        .unwrap()
        .value(row)
        .to_string()
}

/// How many files of a folder, and of those in it, hold a word.
pub(crate) fn files_with(folder: &Path, word: &[u8]) -> usize {
    let entries = std::fs::read_dir(folder).unwrap();
    let found = entries.map(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return files_with(&path, word);
        }
        let bytes = std::fs::read(&path).unwrap();
        usize::from(bytes.windows(word.len()).any(|part| part == word))
    });
    found.sum()
}

/// The folder of test data that is no part of the project; `None`, said aloud, where it is absent.
pub(crate) fn test_data(folder: &str) -> Option<PathBuf> {
    let root = std::env::var_os("MILLRACE_TEST_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        PathBuf::from,
    );
    let path = root.join(folder);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: {} is absent", path.display());
    None
}
