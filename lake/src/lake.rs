//! Opening, reading and committing the tables of a lake.
//!
//! Hazards, and what is done about each:
//!
//! - Two commits at once. Every commit is tried on the snapshot that it was built on and on no
//!   other. [`Mode::Append`] then takes the newest snapshot and looks again whether its
//!   transactions are there; the other modes are refused with [`LakeError::Moved`].
//! - The same input twice. A commit carries a transaction per input and is refused with
//!   [`LakeError::AlreadyApplied`] when the snapshot that it is built on has it.
//! - Racing creation creates a table twice, so only [`Lake::init`] does it, one process at a time.
//! - A commit that fails after its log entry was written: the files stay, since readers may see
//!   them; they are removed only when it is certain that nothing was committed.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use arrow::datatypes::{FieldRef, Schema, SchemaRef};
use deltalake_core::kernel::engine::arrow_conversion::TryIntoKernel;
use deltalake_core::kernel::transaction::{CommitBuilder, CommitProperties, TransactionError};
use deltalake_core::kernel::{Action, Add, MetadataExt, StructType, Transaction};
use deltalake_core::operations::create::CreateBuilder;
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use deltalake_core::{DeltaTable, DeltaTableBuilder, DeltaTableError};
use futures::future::try_join_all;
use millrace_models::entity::Entity;
use millrace_models::marts;
use url::Url;

use crate::error::LakeError;
use crate::files::TableFile;
use crate::log::{checkpoint_file, commit_file};
use crate::published::{self, PUBLISHED, PublishedSet};
use crate::table::Table;
use crate::upkeep::table_names;
use crate::writer::{NewFile, TableWriter};

/// Snapshots kept per table: the newest, those of the published set and those being replaced.
const CACHED_VERSIONS: usize = 6;
/// Held while tables are created.
const LOCK: &str = "init.lock";
/// Files of published sets whose content is kept.
const CACHED_SET_FILES: usize = 256;
/// The application id that every published set is a transaction of.
const APPLICATION: &str = "millrace";

/// The tables of a lake in a local directory. Cloning is cheap; clones share their snapshots.
#[derive(Clone)]
pub struct Lake {
    inner: Arc<Inner>,
}

struct Inner {
    root: PathBuf,
    tables: RwLock<HashMap<String, BTreeMap<i64, Table>>>,
    sets: RwLock<HashMap<PathBuf, Vec<PublishedSet>>>,
}

/// What a commit does to the rows that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Keeps them, whatever was committed in between.
    Append,
    /// Keeps them, but is refused when the table moved: for rows that continue a sequence.
    AppendUnmoved,
    /// Replaces all of them; refused when the table moved.
    Overwrite,
    /// Leaves exactly the rows of the files that are kept, which may be those of an earlier version,
    /// and of the new files; refused when the table moved.
    Replace,
    /// As [`Mode::Replace`], for the same rows in other files: readers of changes see none.
    Rewrite,
}

impl Mode {
    /// Whether the files that stay are named.
    fn names_kept(self) -> bool {
        matches!(self, Self::Replace | Self::Rewrite)
    }
}

/// A change to a table, committed at once or not at all.
#[derive(Debug)]
pub struct Change {
    /// What happens to the rows that are there.
    pub mode: Mode,
    /// The files to add, written by [`Lake::writer`].
    pub files: Vec<NewFile>,
    /// With [`Mode::Replace`] and [`Mode::Rewrite`]: the files that stay, or come back.
    pub kept: Vec<TableFile>,
    /// With [`Mode::Overwrite`] and [`Mode::Replace`]: the new columns, where they differ from
    /// those of the table.
    pub schema: Option<SchemaRef>,
    /// Application id and version of every input that this change brings in. A change that is
    /// refused when the table moved may say again what the table says.
    pub transactions: Vec<(String, i64)>,
}

impl std::fmt::Debug for Lake {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Lake")
            .field("root", &self.inner.root)
            .finish_non_exhaustive()
    }
}

impl Lake {
    /// Creates the lake in the directory `root` (`DIR/lake`): the table `raw/<entity>` of every
    /// entity, `marts/<table>` of every mart, and `published`. Tables that exist stay as they are,
    /// but that raw tables get the columns that their entities got since.
    ///
    /// # Errors
    /// When the directory cannot be written.
    pub async fn init(root: &Path) -> Result<Self, LakeError> {
        std::fs::create_dir_all(root).map_err(LakeError::file(root))?;
        let lake = Self::at(root)?;
        // Of two that create a table at once, Delta lets the second create it again.
        let _lock = lock(root.join(LOCK)).await?;
        let raw = Entity::all()
            .iter()
            .map(|entity| (format!("raw/{}", entity.name()), entity.raw_schema()));
        let marts = marts::TABLES.iter().filter_map(|table| {
            marts::schema(table).map(|schema| (format!("marts/{table}"), schema))
        });
        let raw: Vec<_> = raw.collect();
        let all: Vec<_> = raw.iter().cloned().chain(marts).collect();
        try_join_all(all.iter().map(|(name, schema)| lake.create(name, schema))).await?;
        try_join_all(raw.iter().map(|(name, schema)| lake.widen(name, schema))).await?;
        // Last, because `open` takes it as the sign of a complete lake.
        lake.create(PUBLISHED, &published::schema()).await?;
        Ok(lake)
    }

    /// Opens the lake in the directory `root`. One of an earlier program gets the tables that came
    /// since.
    ///
    /// # Errors
    /// [`LakeError::NotInitialised`] when there is none.
    pub async fn open(root: &Path) -> Result<Self, LakeError> {
        if !is_table(&root.join(PUBLISHED)) {
            return Err(LakeError::NotInitialised {
                root: root.to_owned(),
            });
        }
        let is_missing = |name: &String| !is_table(&root.join(name));
        if table_names().iter().any(is_missing) {
            return Self::init(root).await;
        }
        Self::at(root)
    }

    /// A lake whose files are read and written as others say, without a look at its tables.
    ///
    /// # Errors
    /// When there is no such directory.
    pub fn at(root: &Path) -> Result<Self, LakeError> {
        let root = root.canonicalize().map_err(LakeError::file(root))?;
        let inner = Inner {
            root,
            tables: RwLock::default(),
            sets: RwLock::default(),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// The directory of the lake.
    pub fn root(&self) -> &Path {
        &self.inner.root
    }

    /// The table `name` (`raw/order`, `marts/orders`, `published`) at its newest version.
    ///
    /// # Errors
    /// When there is no such table or its log cannot be read.
    pub async fn table(&self, name: &str) -> Result<Table, LakeError> {
        let cached = self.cached(name, None);
        if let Some(table) = &cached {
            // Versions have no gaps and the oldest log entries go first, so when the entry of this
            // version is there and the next is not, this is the newest.
            let (root, version) = (table.root(), table.version());
            if !commit_file(root, version + 1).exists() && commit_file(root, version).exists() {
                return Ok(table.clone());
            }
        }
        let mut delta = self.delta_table(name, cached.as_ref())?;
        delta.update_state().await.map_err(LakeError::delta(name))?;
        self.remember(name, delta, cached.as_ref())
    }

    /// The table `name` at `version`.
    ///
    /// # Errors
    /// [`LakeError::NoVersion`] when the table has no such version; else as [`Lake::table`].
    pub async fn table_at(&self, name: &str, version: i64) -> Result<Table, LakeError> {
        if let Some(table) = self.cached(name, Some(version)) {
            return Ok(table);
        }
        let mut delta = self.delta_table(name, None)?;
        let wanted = u64::try_from(version).ok();
        let is_there = has_version(&self.directory(name), version);
        let Some(wanted) = wanted.filter(|_| is_there) else {
            let newest = self.table(name).await?.version();
            return Err(LakeError::NoVersion {
                table: name.to_owned(),
                version,
                newest,
            });
        };
        delta
            .load_version(wanted)
            .await
            .map_err(LakeError::delta(name))?;
        self.remember(name, delta, None)
    }

    /// A writer of new files for the table `name`. `schema` has all columns of the table, the
    /// partition column among them.
    pub fn writer(
        &self,
        name: &str,
        schema: SchemaRef,
        partition_column: Option<&str>,
    ) -> TableWriter {
        TableWriter::new(self.directory(name), name, schema, partition_column)
    }

    /// Commits `change`, computed from the snapshot `on`, and returns the new version.
    ///
    /// # Errors
    /// [`LakeError::AlreadyApplied`] when a transaction of the change is in the table already,
    /// [`LakeError::Moved`] when the table moved since `on` and the mode does not allow for it.
    /// The files of a refused change are removed.
    pub async fn commit(&self, on: &Table, change: Change) -> Result<i64, LakeError> {
        let Change {
            mode,
            mut files,
            kept,
            schema,
            mut transactions,
        } = change;
        if mode == Mode::Rewrite {
            // Delta keeps the last of each in the log; with a rewrite they are said again, so that
            // no other writer takes it for one that nothing depends on.
            let known = on.transactions().iter();
            transactions.extend(known.map(|(app, version)| (app.clone(), *version)));
        }
        check_files(on, &files, schema.as_ref(), mode)?;
        let mut base = on.clone();
        loop {
            if !mode.names_kept()
                && let Err(refused) = check_transactions(&base, &transactions)
            {
                files.iter_mut().for_each(NewFile::discard);
                return Err(refused);
            }
            let actions = actions(&base, mode, &files, &kept, schema.as_ref())?;
            files.iter_mut().for_each(NewFile::keep);
            match self.attempt(&base, mode, actions, &transactions).await {
                Err(LakeError::Moved { .. }) => {}
                done => return done,
            }
            let newest = self.table(on.name()).await?;
            let refused = if newest.schema() != on.schema() {
                Some(LakeError::SchemaChanged {
                    table: on.name().to_owned(),
                })
            } else if mode == Mode::Append || mode == Mode::AppendUnmoved && newest.same_rows(on) {
                None
            } else {
                let moved = LakeError::Moved {
                    table: on.name().to_owned(),
                    read: on.version(),
                };
                let applied = if mode.names_kept() {
                    None
                } else {
                    check_transactions(&newest, &transactions).err()
                };
                Some(applied.unwrap_or(moved))
            };
            if let Some(refused) = refused {
                files.iter_mut().for_each(NewFile::discard);
                return Err(refused);
            }
            base = newest;
        }
    }

    /// Publishes `set` under the next number, which is returned; the number in `set` is not used.
    ///
    /// # Errors
    /// When the table `published` cannot be written.
    pub async fn publish(&self, set: PublishedSet) -> Result<i64, LakeError> {
        self.publish_on(set, None).await
    }

    /// Publishes `set` as [`Lake::publish`] does, if `base` is still the newest set (`None`: that
    /// there is none): whoever made a set from one that was replaced meanwhile begins again.
    ///
    /// # Errors
    /// [`LakeError::Moved`] when another set was published since, [`LakeError::Fenced`] when it was
    /// published under a later lease; else as [`Lake::publish`].
    pub async fn publish_after(
        &self,
        set: PublishedSet,
        base: Option<i64>,
    ) -> Result<i64, LakeError> {
        self.publish_on(set, Some(base.unwrap_or(0))).await
    }

    async fn publish_on(&self, mut set: PublishedSet, base: Option<i64>) -> Result<i64, LakeError> {
        loop {
            let table = self.table(PUBLISHED).await?;
            let newest = self.newest_set(&table)?;
            if let Some(newest) = &newest
                && newest.fence > set.fence
                && base.is_some()
            {
                return Err(LakeError::Fenced {
                    token: set.fence,
                    newest: newest.fence,
                });
            }
            let newest = newest.map_or(0, |newest| newest.id);
            if base.is_some_and(|base| base != newest) {
                return Err(LakeError::Moved {
                    table: PUBLISHED.to_owned(),
                    read: table.version(),
                });
            }
            set.id = newest + 1;
            let mut writer = self.writer(PUBLISHED, table.schema(), None);
            writer.write(&published::to_batch(&set)?, None)?;
            let change = Change {
                mode: Mode::AppendUnmoved,
                files: writer.finish()?,
                kept: Vec::new(),
                schema: None,
                transactions: vec![(APPLICATION.to_owned(), set.id)],
            };
            match self.commit(&table, change).await {
                Ok(_) => return Ok(set.id),
                Err(LakeError::Moved { .. } | LakeError::AlreadyApplied { .. }) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The newest published set; none before the first run.
    ///
    /// # Errors
    /// When the table `published` cannot be read.
    pub async fn latest_set(&self) -> Result<Option<PublishedSet>, LakeError> {
        let table = self.table(PUBLISHED).await?;
        self.newest_set(&table)
    }

    /// All published sets, the oldest first.
    ///
    /// # Errors
    /// When the table `published` cannot be read.
    pub async fn sets(&self) -> Result<Vec<PublishedSet>, LakeError> {
        let table = self.table(PUBLISHED).await?;
        let mut sets = Vec::with_capacity(table.files().len());
        for file in table.files() {
            sets.extend(self.sets_of(&file.path)?);
        }
        sets.sort_by_key(|set| set.id);
        Ok(sets)
    }

    fn newest_set(&self, table: &Table) -> Result<Option<PublishedSet>, LakeError> {
        let Some(path) = published::newest_file(table) else {
            return Ok(None);
        };
        Ok(self.sets_of(&path)?.into_iter().max_by_key(|set| set.id))
    }

    /// The sets of one file; files never change, so each is read once.
    fn sets_of(&self, path: &Path) -> Result<Vec<PublishedSet>, LakeError> {
        let cache = self
            .inner
            .sets
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(sets) = cache.get(path) {
            return Ok(sets.clone());
        }
        drop(cache);
        let sets = published::read(path)?;
        let mut cache = self
            .inner
            .sets
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= CACHED_SET_FILES {
            cache.clear();
        }
        cache.insert(path.to_owned(), sets.clone());
        Ok(sets)
    }

    pub(crate) fn directory(&self, name: &str) -> PathBuf {
        self.inner.root.join(name)
    }

    fn url(&self, name: &str) -> Result<Url, LakeError> {
        let path = self.directory(name);
        Url::from_directory_path(&path).map_err(|()| LakeError::Path { path })
    }

    /// A handle of the table, with the state of an earlier snapshot where there is one.
    fn delta_table(&self, name: &str, earlier: Option<&Table>) -> Result<DeltaTable, LakeError> {
        if let Some(earlier) = earlier {
            let mut delta = DeltaTable::new(earlier.log_store().clone());
            // Log entries that are gone cannot be continued from.
            if commit_file(earlier.root(), earlier.version()).exists() {
                delta.state = Some(earlier.state().clone());
            }
            return Ok(delta);
        }
        if !self.directory(name).join("_delta_log").is_dir() {
            return Err(LakeError::NoTable {
                table: name.to_owned(),
            });
        }
        DeltaTableBuilder::from_url(self.url(name)?)
            .and_then(DeltaTableBuilder::build)
            .map_err(LakeError::delta(name))
    }

    async fn create(&self, name: &str, schema: &SchemaRef) -> Result<(), LakeError> {
        let directory = self.directory(name);
        if is_table(&directory) {
            return Ok(());
        }
        std::fs::create_dir_all(&directory).map_err(LakeError::file(&directory))?;
        let columns = struct_type(schema)?;
        let created = CreateBuilder::new()
            .with_location(self.url(name)?)
            .with_save_mode(SaveMode::Ignore)
            .with_columns(columns.fields().cloned())
            .with_partition_columns(partition_column(name))
            .with_configuration(CONFIGURATION)
            .await;
        match created {
            Ok(_) => Ok(()),
            // Another `init` was faster.
            Err(_) if is_table(&directory) => Ok(()),
            Err(error) => Err(LakeError::delta(name)(error)),
        }
    }

    /// Gives a table the columns that it lacks; rows that are there have no value in them. The
    /// table keeps columns that are not in `schema`.
    async fn widen(&self, name: &str, schema: &SchemaRef) -> Result<(), LakeError> {
        loop {
            let base = self.table(name).await?;
            let known = base.schema();
            let lacks = |field: &&FieldRef| known.column_with_name(field.name()).is_none();
            if !schema.fields().iter().any(|field| lacks(&field)) {
                return Ok(());
            }
            // In the order of the entity, so that writers find the table as they write it.
            let gone = known.fields().iter();
            let gone = gone.filter(|field| schema.column_with_name(field.name()).is_none());
            let fields: Vec<FieldRef> = schema.fields().iter().chain(gone).cloned().collect();
            let columns = struct_type(&Schema::new(fields))?;
            let metadata = base.state().metadata().clone().with_schema(&columns);
            let metadata = metadata
                .map_err(DeltaTableError::from)
                .map_err(LakeError::delta(name))?;
            let actions = vec![Action::Metadata(metadata)];
            match self.attempt(&base, Mode::AppendUnmoved, actions, &[]).await {
                Err(LakeError::Moved { .. }) => {}
                done => return done.map(drop),
            }
        }
    }

    /// Commits transactions and nothing else, whatever the table says of them.
    pub(crate) async fn say(
        &self,
        base: &Table,
        transactions: &[(String, i64)],
    ) -> Result<(), LakeError> {
        let said = self.attempt(base, Mode::AppendUnmoved, Vec::new(), transactions);
        said.await.map(drop)
    }

    /// Commits on exactly the snapshot `base`; `Moved` when that is not the newest any more.
    async fn attempt(
        &self,
        base: &Table,
        mode: Mode,
        actions: Vec<Action>,
        transactions: &[(String, i64)],
    ) -> Result<i64, LakeError> {
        let operation = DeltaOperation::Write {
            mode: match mode {
                Mode::Append | Mode::AppendUnmoved => SaveMode::Append,
                Mode::Overwrite | Mode::Replace | Mode::Rewrite => SaveMode::Overwrite,
            },
            partition_by: base
                .partition_column()
                .map(|column| vec![column.to_owned()]),
            predicate: None,
        };
        let transactions = transactions
            .iter()
            .map(|(app, version)| Transaction::new(app, *version));
        let properties = CommitProperties::default()
            .with_max_retries(0)
            .with_cleanup_expired_logs(Some(false))
            .with_application_transactions(transactions.collect());
        let prepared = CommitBuilder::from(properties)
            .with_actions(actions)
            .build(Some(base.state()), base.log_store().clone(), operation)
            .into_prepared_commit_future()
            .await
            .map_err(LakeError::delta(base.name()))?;
        let post_commit = match prepared.await {
            Ok(post_commit) => post_commit,
            Err(
                DeltaTableError::VersionAlreadyExists(_)
                | DeltaTableError::Transaction {
                    source:
                        TransactionError::MaxCommitAttempts(_)
                        | TransactionError::CommitConflict(_)
                        | TransactionError::VersionAlreadyExists(_),
                },
            ) => {
                return Err(LakeError::Moved {
                    table: base.name().to_owned(),
                    read: base.version(),
                });
            }
            Err(error) => return Err(LakeError::delta(base.name())(error)),
        };
        let version = i64::try_from(post_commit.version).unwrap_or(i64::MAX);
        // The commit is made; what follows (checkpoint, snapshot) only saves time later.
        match post_commit.await {
            Ok(done) => {
                let mut delta = DeltaTable::new(base.log_store().clone());
                delta.state = Some(done.snapshot);
                if let Err(error) = self.remember(base.name(), delta, Some(base)) {
                    tracing::warn!(table = base.name(), %error, "snapshot not kept");
                }
            }
            Err(error) => tracing::warn!(table = base.name(), %error, "checkpoint not written"),
        }
        Ok(version)
    }

    fn cached(&self, name: &str, version: Option<i64>) -> Option<Table> {
        let tables = self
            .inner
            .tables
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let versions = tables.get(name)?;
        match version {
            Some(version) => versions.get(&version).cloned(),
            None => versions.last_key_value().map(|(_, table)| table.clone()),
        }
    }

    fn remember(
        &self,
        name: &str,
        delta: DeltaTable,
        earlier: Option<&Table>,
    ) -> Result<Table, LakeError> {
        let log_store = delta.log_store();
        let state = delta.state.ok_or(DeltaTableError::NotInitialized);
        let state = state.map_err(LakeError::delta(name))?;
        let table = Table::new(name, &self.directory(name), state, log_store, earlier)?;
        let mut tables = self
            .inner
            .tables
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let versions = tables.entry(name.to_owned()).or_default();
        versions.insert(table.version(), table.clone());
        while versions.len() > CACHED_VERSIONS {
            versions.pop_first();
        }
        Ok(table)
    }
}

/// What tables are created with. Log entries are removed by upkeep alone, which knows the versions
/// that are still read; checkpoints do not carry files that were removed long ago.
const CONFIGURATION: [(&str, Option<&str>); 2] = [
    ("delta.enableExpiredLogCleanup", Some("false")),
    (
        "delta.deletedFileRetentionDuration",
        Some("interval 2 hours"),
    ),
];

/// Waits until no other process holds the file; held until what is given is dropped.
async fn lock(path: PathBuf) -> Result<File, LakeError> {
    let waiting = tokio::task::spawn_blocking(move || {
        let file = File::create(&path).map_err(LakeError::file(&path))?;
        file.lock().map_err(LakeError::file(&path))?;
        Ok(file)
    });
    waiting.await.map_err(|_| LakeError::Stopped)?
}

/// Whether a version can be loaded: its entry is there, or a checkpoint of its own.
fn has_version(directory: &Path, version: i64) -> bool {
    commit_file(directory, version).exists() || checkpoint_file(directory, version).exists()
}

/// Whether there is a table: its first log entry, or a checkpoint that stands for it.
fn is_table(directory: &Path) -> bool {
    let checkpoint = directory.join("_delta_log/_last_checkpoint");
    commit_file(directory, 0).exists() || checkpoint.exists()
}

/// The column that a table is created partitioned by.
fn partition_column(table: &str) -> Option<&'static str> {
    marts::partition(table.strip_prefix("marts/")?)
}

fn struct_type(schema: &Schema) -> Result<StructType, LakeError> {
    Ok(schema.try_into_kernel()?)
}

fn check_transactions(table: &Table, transactions: &[(String, i64)]) -> Result<(), LakeError> {
    let applied = transactions
        .iter()
        .find(|(app, version)| table.transaction(app).is_some_and(|last| last >= *version));
    match applied {
        None => Ok(()),
        Some((application, version)) => Err(LakeError::AlreadyApplied {
            table: table.name().to_owned(),
            application: application.clone(),
            version: *version,
        }),
    }
}

/// Every file must have been written for this table, with the columns that it will have.
fn check_files(
    on: &Table,
    files: &[NewFile],
    schema: Option<&SchemaRef>,
    mode: Mode,
) -> Result<(), LakeError> {
    let same = |left: &Schema, right: &Schema| {
        left.fields().len() == right.fields().len()
            && left
                .fields()
                .iter()
                .zip(right.fields())
                .all(|(left, right)| {
                    left.name() == right.name() && left.data_type() == right.data_type()
                })
    };
    let table_schema = on.schema();
    let wanted = schema.unwrap_or(&table_schema);
    if !matches!(mode, Mode::Overwrite | Mode::Replace) && !same(wanted, &table_schema) {
        return Err(LakeError::SchemaChanged {
            table: on.name().to_owned(),
        });
    }
    for file in files {
        if file.table != on.name() || file.partition_column.as_deref() != on.partition_column() {
            return Err(LakeError::ForeignFile {
                table: on.name().to_owned(),
                column: on.partition_column().map(str::to_owned),
                path: file.path().to_owned(),
            });
        }
        if !same(&file.schema, wanted) {
            return Err(LakeError::SchemaChanged {
                table: on.name().to_owned(),
            });
        }
    }
    Ok(())
}

fn actions(
    base: &Table,
    mode: Mode,
    files: &[NewFile],
    kept: &[TableFile],
    schema: Option<&SchemaRef>,
) -> Result<Vec<Action>, LakeError> {
    let mut actions = Vec::with_capacity(files.len());
    let data_change = mode != Mode::Rewrite;
    if matches!(mode, Mode::Overwrite | Mode::Replace)
        && let Some(schema) = schema
    {
        let columns = struct_type(schema)?;
        if &columns != base.state().schema().as_ref() {
            let metadata = base.state().metadata().clone().with_schema(&columns);
            let metadata = metadata
                .map_err(DeltaTableError::from)
                .map_err(LakeError::delta(base.name()))?;
            actions.push(Action::Metadata(metadata));
        }
    }
    if mode == Mode::Overwrite {
        actions.extend(base.removals());
    }
    if mode.names_kept() {
        let stays: HashSet<&Path> = kept.iter().map(|file| file.path.as_path()).collect();
        actions.extend(base.removals_but(|path| stays.contains(path), data_change));
        let there: HashSet<&Path> = base.files().iter().map(|own| own.path.as_path()).collect();
        let back = kept.iter().filter(|file| !there.contains(&*file.path));
        for file in back {
            actions.push(Action::Add(add_again(base, file, data_change)?));
        }
    }
    actions.extend(files.iter().map(|file| {
        Action::Add(Add {
            data_change,
            ..add(file)
        })
    }));
    Ok(actions)
}

/// The action that brings a file of an earlier version back.
fn add_again(base: &Table, file: &TableFile, data_change: bool) -> Result<Add, LakeError> {
    let relative = file.path.strip_prefix(base.root()).ok();
    let relative = relative.and_then(Path::to_str).ok_or(LakeError::Path {
        path: file.path.clone(),
    })?;
    let partition = base.partition_column().into_iter();
    Ok(Add {
        path: relative.to_owned(),
        partition_values: partition
            .map(|column| (column.to_owned(), file.partition.clone()))
            .collect(),
        size: i64::try_from(file.size).unwrap_or(i64::MAX),
        modification_time: file.modified_ms,
        data_change,
        stats: file.statistics.as_deref().map(str::to_owned),
        ..Add::default()
    })
}

fn add(file: &NewFile) -> Add {
    let partition = file
        .partition_column
        .iter()
        .map(|column| (column.clone(), file.partition.clone()))
        .collect();
    Add {
        path: file.relative().to_owned(),
        partition_values: partition,
        size: i64::try_from(file.size()).unwrap_or(i64::MAX),
        modification_time: file.modified_ms,
        data_change: true,
        stats: Some(file.statistics.clone()),
        ..Add::default()
    }
}
