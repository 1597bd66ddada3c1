//! The application transactions of a table, read from its Delta log.
//!
//! Delta answers for one application id at a time and replays the log for each; a table knows
//! hundreds (one per file that was brought in), so they are read together, and only the entries
//! after those that are known already.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray, StructArray};
use arrow::datatypes::Int64Type;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::Deserialize;

use crate::error::LakeError;

/// Application id to the version of its last transaction.
pub(crate) type Transactions = BTreeMap<String, i64>;

#[derive(Deserialize)]
struct LogLine {
    txn: Option<TransactionLine>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TransactionLine {
    app_id: String,
    version: i64,
}

/// The file of a commit in the log of the table at `root`.
pub(crate) fn commit_file(root: &Path, version: i64) -> PathBuf {
    root.join("_delta_log").join(format!("{version:020}.json"))
}

/// The checkpoint of a version in one file.
pub(crate) fn checkpoint_file(root: &Path, version: i64) -> PathBuf {
    let name = format!("{version:020}.checkpoint.parquet");
    root.join("_delta_log").join(name)
}

/// The transactions up to `version`, continuing from those known at an earlier one.
pub(crate) fn transactions(
    root: &Path,
    known: Option<(i64, &Transactions)>,
    version: i64,
) -> Result<Transactions, LakeError> {
    let (mut next, mut found) = match known {
        Some((at, known)) => (at + 1, known.clone()),
        None => match last_checkpoint(root, version)? {
            Some((at, path)) => (at + 1, from_checkpoint(&path)?),
            None => (0, Transactions::new()),
        },
    };
    while next <= version {
        from_commit(&commit_file(root, next), &mut found)?;
        next += 1;
    }
    Ok(found)
}

fn from_commit(path: &Path, found: &mut Transactions) -> Result<(), LakeError> {
    let text = std::fs::read_to_string(path).map_err(LakeError::file(path))?;
    for line in text.lines().filter(|line| line.starts_with("{\"txn\"")) {
        let line: LogLine = serde_json::from_str(line).map_err(|source| LakeError::LogEntry {
            path: path.to_owned(),
            source,
        })?;
        if let Some(transaction) = line.txn {
            found.insert(transaction.app_id, transaction.version);
        }
    }
    Ok(())
}

/// The newest checkpoint in one file that is not after `version`.
pub(crate) fn last_checkpoint(
    root: &Path,
    version: i64,
) -> Result<Option<(i64, PathBuf)>, LakeError> {
    let directory = root.join("_delta_log");
    let entries = match std::fs::read_dir(&directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(LakeError::file(directory)(error)),
    };
    let mut newest: Option<(i64, PathBuf)> = None;
    for entry in entries {
        let entry = entry.map_err(LakeError::file(&directory))?;
        let name = entry.file_name();
        let at = name
            .to_str()
            .and_then(|name| name.strip_suffix(".checkpoint.parquet"))
            .and_then(|digits| digits.parse::<i64>().ok());
        if let Some(at) = at
            && at <= version
            && newest.as_ref().is_none_or(|(newest, _)| at > *newest)
        {
            newest = Some((at, entry.path()));
        }
    }
    Ok(newest)
}

fn from_checkpoint(path: &Path) -> Result<Transactions, LakeError> {
    let mut found = Transactions::new();
    each_action(path, "txn", |actions| {
        let ids = actions
            .column_by_name("appId")
            .and_then(|column| column.as_string_opt::<i32>());
        let versions = actions
            .column_by_name("version")
            .and_then(|column| column.as_primitive_opt::<Int64Type>());
        let (Some(ids), Some(versions)) = (ids, versions) else {
            return;
        };
        for row in 0..actions.len() {
            if actions.is_valid(row) && ids.is_valid(row) && versions.is_valid(row) {
                found.insert(ids.value(row).to_owned(), versions.value(row));
            }
        }
    })?;
    Ok(found)
}

/// The paths of the files that a checkpoint says the table has, as the log writes them.
pub(crate) fn paths_in_checkpoint(path: &Path) -> Result<Vec<String>, LakeError> {
    let mut found = Vec::new();
    each_action(path, "add", |actions| {
        let paths = actions
            .column_by_name("path")
            .and_then(|column| column.as_string_opt::<i32>());
        let paths = paths.iter().flat_map(|paths| paths.iter()).enumerate();
        let added = paths.filter(|(row, _)| actions.is_valid(*row));
        found.extend(added.filter_map(|(_, path)| path.map(str::to_owned)));
    })?;
    Ok(found)
}

/// Shows the actions of one kind of a checkpoint, a batch at a time.
fn each_action(
    path: &Path,
    kind: &str,
    mut see: impl FnMut(&StructArray),
) -> Result<(), LakeError> {
    let file = File::open(path).map_err(LakeError::file(path))?;
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(file).map_err(LakeError::parquet(path))?;
    let roots = builder.parquet_schema().root_schema().get_fields();
    let Some(index) = roots.iter().position(|field| field.name() == kind) else {
        return Ok(());
    };
    let mask = ProjectionMask::roots(builder.parquet_schema(), [index]);
    let reader = builder
        .with_projection(mask)
        .build()
        .map_err(LakeError::parquet(path))?;
    for batch in reader {
        if let Some(actions) = batch?.column(0).as_struct_opt() {
            see(actions);
        }
    }
    Ok(())
}
