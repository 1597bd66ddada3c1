//! Mapping files: which file or table, which column, which field.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono_tz::Tz;
use encoding_rs::Encoding;
use millrace_models::entity::{Entity, Field};

use crate::error::IngestError;

mod parse;
mod table;

pub use table::{DeletedWhen, Overlap, TableSource};

/// A mapping file, validated.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// The mapping file; `file` of a source is relative to its folder.
    pub file: PathBuf,
    /// Whose ids the sources hold.
    pub system: String,
    /// The zone of times without a zone; the company's where it is not given.
    pub zone: Option<Tz>,
    /// The sources, in the order of the file.
    pub sources: Vec<Source>,
}

/// One `[[source]]`.
#[derive(Debug, Clone)]
pub struct Source {
    /// Where it stands, for messages: `source 2 (stages.csv)`.
    pub place: String,
    /// What it reads.
    pub reads: Reads,
    /// What its rows are.
    pub entity: Entity,
    /// The mapped fields, in the order of the entity.
    pub fields: Vec<FieldMapping>,
    /// The attributes, by name.
    pub attributes: Vec<AttributeMapping>,
}

/// What a source reads.
#[derive(Debug, Clone)]
pub enum Reads {
    /// Files.
    Files(FileSource),
    /// A table of a database.
    Table(TableSource),
}

/// Files of one form.
#[derive(Debug, Clone)]
pub struct FileSource {
    /// The file, or a glob of files, relative to the mapping.
    pub pattern: String,
    /// How they are read, where detection is not enough.
    pub options: ReadOptions,
}

/// How a file is read, where detection is not enough.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// The sheet of a workbook.
    pub sheet: Option<SheetChoice>,
    /// Where the names of the columns are.
    pub header: HeaderChoice,
    /// Rows at the end that are no records, such as totals.
    pub skip_footer: u64,
    /// What stands between two values.
    pub delimiter: Option<Delimiter>,
    /// The widths of the columns of a fixed-width file, in characters.
    pub widths: Option<Vec<usize>>,
    /// The encoding of a text file.
    pub encoding: Option<&'static Encoding>,
}

/// A sheet of a workbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SheetChoice {
    /// By name.
    Name(String),
    /// By position, from 1.
    Position(usize),
}

/// Where the names of the columns are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum HeaderChoice {
    /// To be found.
    #[default]
    Detect,
    /// In this row, counted from 1.
    Row(u64),
    /// Nowhere: the columns are called "1", "2", ….
    Absent,
}

/// What stands between two values of a text file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delimiter {
    /// One byte.
    Byte(u8),
    /// One or more blanks.
    Blank,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A column of the file.
    Column(String),
    /// The same value in every row.
    Value(String),
}

/// A mapped field.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldMapping {
    /// The field.
    pub field: &'static Field,
    /// Where its value comes from.
    pub origin: Origin,
    /// The strftime format of a time or date.
    pub format: Option<String>,
    /// Value as written, and value of the field.
    pub rules: BTreeMap<String, String>,
}

/// A mapped attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct AttributeMapping {
    /// The name of the dimension.
    pub name: String,
    /// Where its value comes from.
    pub origin: Origin,
    /// Value as written, and value of the attribute.
    pub rules: BTreeMap<String, String>,
}

impl Mapping {
    /// Reads and validates a mapping file.
    ///
    /// # Errors
    /// When it cannot be read, is no TOML, or names something that does not exist; the message
    /// names the place and the nearest right name.
    pub fn read(file: &Path) -> Result<Mapping, IngestError> {
        let text = std::fs::read_to_string(file).map_err(|source| IngestError::Unreadable {
            file: file.to_owned(),
            source,
        })?;
        Self::parse(file, &text)
    }

    /// Validates the text of a mapping file; `file` gives its name and the folder of its sources.
    ///
    /// # Errors
    /// As [`Mapping::read`].
    pub fn parse(file: &Path, text: &str) -> Result<Mapping, IngestError> {
        parse::mapping(file, text)
    }

    /// The folder that it lies in.
    pub(crate) fn folder(&self) -> PathBuf {
        match self.file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        }
    }

    /// The files of a source, which stands at `place`, in order of name. Files of rejected rows are
    /// left out.
    ///
    /// # Errors
    /// When there is none, or the pattern is no glob.
    pub fn files(&self, place: &str, source: &FileSource) -> Result<Vec<PathBuf>, IngestError> {
        let folder = self.folder();
        let direct = folder.join(&source.pattern);
        if direct.is_file() {
            return Ok(vec![direct]);
        }
        let escaped = glob::Pattern::escape(&folder.to_string_lossy());
        let pattern = Path::new(&escaped).join(&source.pattern);
        let found =
            glob::glob(&pattern.to_string_lossy()).map_err(|error| IngestError::Setting {
                file: self.file.clone(),
                place: format!("{place}: file"),
                value: source.pattern.clone(),
                expected: format!("a file name or a glob ({})", error.msg),
            })?;
        let mut files: Vec<PathBuf> = found
            .flatten()
            .filter(|path| path.is_file() && !is_reject_file(path))
            .collect();
        files.sort();
        if files.is_empty() {
            return Err(IngestError::NoFiles {
                file: self.file.clone(),
                place: place.to_owned(),
                pattern: source.pattern.clone(),
                folder,
            });
        }
        Ok(files)
    }
}

impl Source {
    /// The columns that it names, each with what is mapped to it, for messages.
    pub fn columns(&self) -> impl Iterator<Item = (&str, String)> {
        let fields = self
            .fields
            .iter()
            .map(|mapping| (&mapping.origin, format!("field `{}`", mapping.field.name)));
        let attributes = self
            .attributes
            .iter()
            .map(|mapping| (&mapping.origin, format!("attribute `{}`", mapping.name)));
        fields
            .chain(attributes)
            .filter_map(|(origin, what)| match origin {
                Origin::Column(column) => Some((column.as_str(), what)),
                Origin::Value(_) => None,
            })
    }

    /// Changes when the same rows would become other records.
    pub(crate) fn fingerprint(&self, zone: Tz, company_zone: Tz) -> String {
        let read: &dyn std::fmt::Debug = match &self.reads {
            Reads::Files(files) => &files.options,
            Reads::Table(table) => &table.deleted,
        };
        format!(
            "1|{zone}|{company_zone}|{}|{read:?}|{:?}|{:?}",
            self.entity.name(),
            self.fields,
            self.attributes
        )
    }
}

/// Whether ingest wrote the file itself, with the rows that it rejected.
fn is_reject_file(path: &Path) -> bool {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy())
        .unwrap_or_default();
    name.strip_suffix(".csv")
        .map(|stem| {
            stem.trim_end_matches(|c: char| c.is_ascii_digit())
                .trim_end_matches('.')
        })
        .is_some_and(|stem| stem.ends_with(".rejected"))
}
