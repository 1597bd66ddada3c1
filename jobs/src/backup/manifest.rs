//! What an archive says of itself.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use millrace_lake::Pins;
use millrace_operations::snapshot::Shape;
use serde::{Deserialize, Serialize};

/// The form of archives that this program writes, and the newest that it reads.
pub const FORMAT: u32 = 1;
/// The first member: what it is.
pub(super) const HEADER: &str = "millrace-backup.json";
/// The last member: everything that there must be.
pub(super) const MANIFEST: &str = "manifest.json";
/// The settings, without secrets.
pub(super) const SETTINGS: &str = "settings/millrace.toml";
/// Where the rows, the tables of the lake and the attachments are.
pub(super) const FOLDERS: [&str; 4] = ["database", "lake", "attachments", "settings"];

/// What stands first in an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The form of the archive.
    pub format: u32,
    /// The version of the program that wrote it.
    pub program: String,
    /// The moment that it holds.
    pub taken_at: DateTime<Utc>,
}

/// A file of an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its path.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

/// What of the lake is in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LakeManifest {
    /// The newest published set.
    pub set: Option<i64>,
    /// Up to when that is complete.
    pub complete_to: Option<DateTime<Utc>>,
    /// Every table with its version.
    pub versions: BTreeMap<String, i64>,
}

/// The files attached to records.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    /// Files in the archive.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that records name.
    pub named: u64,
    /// Of these, how many were not there, or not with their size.
    pub missing_count: u64,
    /// The first of them.
    pub missing: Vec<String>,
    /// Files whose bytes are not what their name says.
    pub damaged: Vec<String>,
}

/// Everything that an archive holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// As it stands first.
    #[serde(flatten)]
    pub header: Header,
    /// The company's name.
    pub company: String,
    /// The company's zone.
    pub zone: String,
    /// The tables of the database, their migrations, and how far the change log goes.
    pub database: Shape,
    /// How many rows each table has.
    pub rows: BTreeMap<String, u64>,
    /// The lake.
    pub lake: LakeManifest,
    /// The attachments.
    pub attachments: Attached,
    /// Every member but this one.
    pub members: Vec<Member>,
}

impl Header {
    pub(super) fn new(taken_at: DateTime<Utc>) -> Self {
        Self {
            format: FORMAT,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            taken_at,
        }
    }

    pub(super) fn to_json(&self) -> anyhow::Result<Vec<u8>> {
        Ok(serde_json::to_vec_pretty(self)?)
    }
}

impl LakeManifest {
    pub(super) fn of(pins: &Pins) -> Self {
        let versions = pins.tables.iter();
        let versions = versions.map(|table| (table.name().to_owned(), table.version()));
        Self {
            set: pins.set.as_ref().map(|set| set.id),
            complete_to: pins.set.as_ref().map(|set| set.complete_to),
            versions: versions.collect(),
        }
    }
}

impl Attached {
    /// Whether every file that a record names is in the archive as it came in.
    pub fn is_whole(&self) -> bool {
        self.missing_count == 0 && self.damaged.is_empty()
    }
}

impl Manifest {
    /// The bytes of the members that begin so.
    pub fn bytes_of(&self, folder: &str) -> u64 {
        let own = self.members.iter();
        let own = own.filter(|member| member.name.split('/').next() == Some(folder));
        own.map(|member| member.bytes).sum()
    }

    /// How many rows there are in all tables.
    pub fn all_rows(&self) -> u64 {
        self.rows.values().sum()
    }
}

/// The member of so many rows of a table.
pub(super) fn rows_name(table: &str, number: u32) -> String {
    format!("database/{table}/{number:06}.copy")
}
