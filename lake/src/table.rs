//! A table of the lake at one version.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use deltalake_core::kernel::{Action, LogicalFileView};
use deltalake_core::logstore::LogStoreRef;
use deltalake_core::table::state::DeltaTableState;
use parquet::file::reader::{FileReader, SerializedFileReader};

use crate::error::LakeError;
use crate::files::{FileList, TableFile};
use crate::log::{Transactions, transactions};

/// A table at one version: its columns and files do not change, whatever is committed later.
#[derive(Clone)]
pub struct Table {
    inner: Arc<Inner>,
}

struct Inner {
    list: Arc<FileList>,
    root: PathBuf,
    version: i64,
    schema: SchemaRef,
    partition_column: Option<String>,
    transactions: Transactions,
    state: DeltaTableState,
    log_store: LogStoreRef,
}

impl std::fmt::Debug for Table {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Table")
            .field("name", &self.inner.list.name)
            .field("version", &self.inner.version)
            .field("files", &self.inner.list.files.len())
            .field("rows", &self.inner.list.rows)
            .finish_non_exhaustive()
    }
}

impl Table {
    /// The table that `state` describes; transactions are read from those known at an earlier
    /// version onwards.
    pub(crate) fn new(
        name: &str,
        root: &Path,
        state: DeltaTableState,
        log_store: LogStoreRef,
        earlier: Option<&Table>,
    ) -> Result<Self, LakeError> {
        let version = i64::try_from(state.version()).unwrap_or(i64::MAX);
        let partition_column = state.metadata().partition_columns().first().cloned();
        let mut views: Vec<LogicalFileView> = state.log_data().iter().collect();
        views.sort_by_cached_key(|view| (view.modification_time(), view.path().into_owned()));
        let files = views
            .iter()
            .map(|view| table_file(root, view, partition_column.as_deref()))
            .collect::<Result<Vec<_>, _>>()?;
        let known = earlier
            .filter(|table| table.version() <= version)
            .map(|table| (table.version(), &table.inner.transactions));
        Ok(Self {
            inner: Arc::new(Inner {
                list: Arc::new(FileList {
                    name: name.to_owned(),
                    rows: files.iter().map(|file| file.rows).sum(),
                    files,
                }),
                root: root.to_owned(),
                version,
                schema: state.snapshot().arrow_schema(),
                partition_column,
                transactions: transactions(root, known, version)?,
                state,
                log_store,
            }),
        })
    }

    /// Name in the lake, such as `marts/orders`.
    pub fn name(&self) -> &str {
        &self.inner.list.name
    }

    /// Directory of the table.
    pub fn root(&self) -> &Path {
        &self.inner.root
    }

    /// Version of the table.
    pub fn version(&self) -> i64 {
        self.inner.version
    }

    /// Columns of the table, with the partition column.
    pub fn schema(&self) -> SchemaRef {
        self.inner.schema.clone()
    }

    /// The column that the table is partitioned by. It is not in the files.
    pub fn partition_column(&self) -> Option<&str> {
        self.inner.partition_column.as_deref()
    }

    /// Files of the table, the oldest first.
    pub fn files(&self) -> &[TableFile] {
        &self.inner.list.files
    }

    /// Its files, to be read by whoever is told of them.
    pub fn list(&self) -> Arc<FileList> {
        Arc::clone(&self.inner.list)
    }

    /// Number of rows.
    pub fn rows(&self) -> u64 {
        self.inner.list.rows
    }

    /// Version of the last transaction of application `app` up to this version of the table.
    pub fn transaction(&self, app: &str) -> Option<i64> {
        self.inner.transactions.get(app).copied()
    }

    pub(crate) fn state(&self) -> &DeltaTableState {
        &self.inner.state
    }

    pub(crate) fn log_store(&self) -> &LogStoreRef {
        &self.inner.log_store
    }

    /// One action per file, removing it.
    pub(crate) fn removals(&self) -> impl Iterator<Item = Action> + '_ {
        self.removals_but(|_| false, true)
    }

    /// One action per file, removing it, but for those whose path is to stay.
    pub(crate) fn removals_but<'a>(
        &'a self,
        stays: impl Fn(&Path) -> bool + 'a,
        data_change: bool,
    ) -> impl Iterator<Item = Action> + 'a {
        self.inner
            .state
            .log_data()
            .into_iter()
            .filter(move |view| !stays(&self.inner.root.join(view.path().as_ref())))
            .map(move |view| Action::Remove(view.remove_action(data_change)))
    }

    /// Whether an append-only table holds the same rows as at another version: then only their
    /// files differ.
    pub(crate) fn same_rows(&self, other: &Table) -> bool {
        self.rows() == other.rows() && self.transactions() == other.transactions()
    }

    /// All application transactions of the table.
    pub(crate) fn transactions(&self) -> &Transactions {
        &self.inner.transactions
    }
}

fn table_file(
    root: &Path,
    view: &LogicalFileView,
    partition_column: Option<&str>,
) -> Result<TableFile, LakeError> {
    let path = root.join(view.path().as_ref());
    let rows = match view.num_records() {
        Some(rows) => rows as u64,
        None => rows_in_footer(&path)?,
    };
    let partition = partition_column
        .and_then(|column| view.partition_values_map().remove(column))
        .flatten()
        .filter(|value| !value.is_empty());
    Ok(TableFile {
        path,
        size: u64::try_from(view.size()).unwrap_or_default(),
        rows,
        partition,
        modified_ms: view.modification_time(),
        statistics: view.stats().map(Arc::from),
    })
}

/// The number of rows of a file that was added without statistics, by another program.
fn rows_in_footer(path: &Path) -> Result<u64, LakeError> {
    let file = File::open(path).map_err(LakeError::file(path))?;
    let reader = SerializedFileReader::new(file).map_err(LakeError::parquet(path))?;
    Ok(u64::try_from(reader.metadata().file_metadata().num_rows()).unwrap_or_default())
}
