//! What a copy of the lake must hold: each table as it is now, the versions that published sets name,
//! and nothing that was committed later.
//!
//! Whoever copies sees to it that nothing is cleaned meanwhile. Files never change once they are part
//! of a table, nor do entries of a log; so a copy is one moment, however long it takes.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::error::LakeError;
use crate::lake::Lake;
use crate::published::{PUBLISHED, PublishedSet};
use crate::table::Table;
use crate::upkeep::table_names;

/// The tables of a lake at one moment, and the files that they need.
#[derive(Debug)]
pub struct Pins {
    /// Every table at the version that is copied.
    pub tables: Vec<Table>,
    /// The newest published set.
    pub set: Option<PublishedSet>,
    /// The files, by table.
    pub files: Vec<PinnedFile>,
}

/// A file of a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinnedFile {
    /// Its path below the directory of the lake, with `/`.
    pub name: String,
    /// Where it comes from.
    pub content: Content,
}

/// What a file of a copy holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// What a file holds; its size, where the log says it.
    File(PathBuf, Option<u64>),
    /// These bytes.
    Bytes(Vec<u8>),
}

/// A file that a table needs and that is not as its log says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// The table.
    pub table: String,
    /// The file.
    pub path: PathBuf,
    /// Its size, where it is there.
    pub found: Option<u64>,
    /// The size that it should have.
    pub size: u64,
}

impl Lake {
    /// What a copy must hold. The tables in `first` are looked at before the others: what they say
    /// about the others is then true of the copy, too.
    ///
    /// # Errors
    /// When a table cannot be read, or a version that a set names is gone.
    pub async fn pins(&self, first: &[String]) -> Result<Pins, LakeError> {
        let others = table_names().into_iter();
        let others = others.filter(|name| !first.contains(name));
        let names: Vec<String> = first.iter().cloned().chain(others).collect();
        let mut tables = Vec::with_capacity(names.len());
        let mut hints = Vec::with_capacity(names.len());
        for name in &names {
            // The hint first: it then names no checkpoint after the version that is copied.
            hints.push(self.hint(name)?);
            tables.push(self.table(name).await?);
        }
        let sets = self.sets().await?;
        let mut files = Vec::new();
        for (table, hint) in tables.iter().zip(hints) {
            self.pin(table, &sets, hint, &mut files).await?;
        }
        let set = sets.into_iter().max_by_key(|set| set.id);
        Ok(Pins { tables, set, files })
    }

    async fn pin(
        &self,
        table: &Table,
        sets: &[PublishedSet],
        hint: Option<Vec<u8>>,
        files: &mut Vec<PinnedFile>,
    ) -> Result<(), LakeError> {
        let log = table.root().join("_delta_log");
        for entry in std::fs::read_dir(&log).map_err(LakeError::file(&log))? {
            let entry = entry.map_err(LakeError::file(&log))?;
            let name = entry.file_name();
            let version = name.to_str().and_then(|name| name.get(..20)?.parse().ok());
            if version.is_some_and(|version: i64| version <= table.version()) {
                files.push(self.pinned(entry.path(), None)?);
            }
        }
        if let Some(hint) = hint {
            let path = log.join("_last_checkpoint");
            files.push(PinnedFile {
                content: Content::Bytes(hint),
                ..self.pinned(path, None)?
            });
        }
        let mut seen = BTreeSet::new();
        for table in self.versions(table, sets).await? {
            for file in table.files() {
                if seen.insert(file.path.clone()) {
                    files.push(self.pinned(file.path.clone(), Some(file.size))?);
                }
            }
        }
        Ok(())
    }

    /// The table at this version, and at the versions that sets name.
    async fn versions(
        &self,
        table: &Table,
        sets: &[PublishedSet],
    ) -> Result<Vec<Table>, LakeError> {
        let named = sets.iter().filter_map(|set| set.versions.get(table.name()));
        let named: BTreeSet<i64> = named.copied().collect();
        let mut versions = vec![table.clone()];
        for version in named {
            if version != table.version() {
                versions.push(self.table_at(table.name(), version).await?);
            }
        }
        Ok(versions)
    }

    fn pinned(&self, path: PathBuf, size: Option<u64>) -> Result<PinnedFile, LakeError> {
        let below = path.strip_prefix(self.root()).ok().and_then(Path::to_str);
        let Some(name) = below.map(|below| below.replace('\\', "/")) else {
            return Err(LakeError::Path { path });
        };
        Ok(PinnedFile {
            name,
            content: Content::File(path, size),
        })
    }

    fn hint(&self, table: &str) -> Result<Option<Vec<u8>>, LakeError> {
        let path = self.directory(table).join("_delta_log/_last_checkpoint");
        match std::fs::read(&path) {
            Ok(hint) => Ok(Some(hint)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(LakeError::file(path)(error)),
        }
    }

    /// The files that the newest version of a table and those that sets name need and that are not
    /// there, or not with their size. Nothing is read of them.
    ///
    /// # Errors
    /// When a table cannot be opened, or a version that a set names is gone.
    pub async fn flaws(&self) -> Result<Vec<Flaw>, LakeError> {
        let sets = self.sets().await?;
        let mut flaws = Vec::new();
        for name in table_names() {
            let table = self.table(&name).await?;
            let mut seen = BTreeSet::new();
            for table in self.versions(&table, &sets).await? {
                for file in table.files() {
                    if !seen.insert(file.path.clone()) {
                        continue;
                    }
                    let found = std::fs::metadata(&file.path).ok().map(|own| own.len());
                    if found != Some(file.size) {
                        flaws.push(Flaw {
                            table: name.clone(),
                            path: file.path.clone(),
                            found,
                            size: file.size,
                        });
                    }
                }
            }
        }
        Ok(flaws)
    }

    /// Says in the log of a table up to where an input is in it, whatever it said before: for a copy
    /// whose inputs are counted otherwise.
    ///
    /// # Errors
    /// When the log cannot be written, or another process writes to the table.
    pub async fn restate(
        &self,
        name: &str,
        application: &str,
        version: i64,
    ) -> Result<(), LakeError> {
        let table = self.table(name).await?;
        if table.transaction(application) == Some(version) {
            return Ok(());
        }
        self.say(&table, &[(application.to_owned(), version)]).await
    }
}

impl Pins {
    /// The version of the table of published sets.
    pub fn published(&self) -> Option<i64> {
        let mut tables = self.tables.iter();
        let published = tables.find(|table| table.name() == PUBLISHED);
        published.map(Table::version)
    }
}
